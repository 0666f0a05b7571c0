/* SPDX-License-Identifier: Apache-2.0 */
/* The host's ids for pods: one line in either of two files, and what others say of them. Needs
 * root: the files are root's. */
#include "host/subid.h"

#include "unit.h"

#include <ctype.h>

TestSuite(subid, .init = scratch_make, .fini = scratch_drop, .timeout = 60);

#define USUAL  "hardrun:1879048192:268304384\n"
#define PASSWD "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n"
#define GROUP  "root:x:0:\nnogroup:x:65534:\nusers:x:100:root,a\n"
#define HARD   "hardrun:x:998:998::/:/bin/false\n"
#define NONE   NULL /* the file is not there */

static void put(const char *name, const char *text)
{
	unlink(in_scratch(name));
	if (text)
		make_file(name, text);
}

static void put_all(const char *subuid, const char *subgid, const char *passwd, const char *group)
{
	put("subuid", subuid);
	put("subgid", subgid);
	put("passwd", passwd);
	put("group", group);
}

/* ---- good ones ------------------------------------------------------------------------- */

static const struct {
	const char *subuid, *subgid, *passwd, *group;
	uint32_t first, slots;
} good[] = {
	{USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{USUAL, USUAL, NONE, NONE, 1879048192, 4094},
	{USUAL, USUAL, "", "", 1879048192, 4094},
	{"hardrun:1879048192:268304384", "hardrun:1879048192:268304384", PASSWD, GROUP, 1879048192,
	 4094},
	{"hardrun:65536:65536\n", "hardrun:65536:65536\n", PASSWD, GROUP, 65536, 1},
	{"hardrun:4294836224:65536\n", "hardrun:4294836224:65536\n", PASSWD, GROUP, 4294836224U, 1},
	{"hardrun:65536:4294836224\n", "hardrun:65536:4294836224\n", PASSWD, GROUP, 65536, 65534},
	{"# ids\n\n  \t\n" USUAL "\n", "\n\n#" USUAL USUAL, PASSWD, GROUP, 1879048192, 4094},
	{"#hardrun:5:5\n \t#x\n" USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{"a:100000:65536\n" USUAL "b:165536:65536\n", "a:100000:65536\n" USUAL, PASSWD, GROUP,
	 1879048192, 4094},
	{"a:1879048191:1\n" USUAL "b:2147352576:1\n", USUAL, PASSWD, GROUP, 1879048192, 4094},
	{USUAL, "a:0:1879048192\nb:2147352576:4294967296\n" USUAL, PASSWD, GROUP, 1879048192, 4094},
	{"a:1879048192:0\n" USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{"1000:100000:65536\n" USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{"DOM\\a user:100000:65536\n" USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{"hardrunner:1:5\nhardru:7:7\n" USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{USUAL, USUAL, PASSWD HARD, GROUP, 1879048192, 4094},
	{"998:1879048192:65536\n", "998:1879048192:65536\n", PASSWD HARD, GROUP, 1879048192, 1},
	{"hardrun:1879048192:65536\n", "998:1879048192:65536\n", PASSWD HARD, GROUP, 1879048192, 1},
	{"998:1:1\n" USUAL, USUAL, PASSWD, GROUP, 1879048192, 4094},
	{USUAL, USUAL, "+\n-x\n+::::::\n#c\n" PASSWD, "+:::\n+x\n\n" GROUP, 1879048192, 4094},
	{USUAL, USUAL, "a:x:1879048191:2147352576::/:\n", "g:x:1879048191:\n", 1879048192, 4094},
	{USUAL, USUAL, "a:x:4294967295:4294967296:::\n", "g:x:2147352576:\n", 1879048192, 4094},
};

static void check_good(const __typeof__(good[0]) *row, size_t i)
{
	struct hr_error err = {0};
	struct subid_pool pool = {0};

	need_root();
	scratch_make();
	put_all(row->subuid, row->subgid, row->passwd, row->group);
	cr_expect_eq(subid_pool(scratch, &pool, &err), 0, "row %zu: %s", i, err.msg);
	cr_expect_eq(pool.first, row->first, "row %zu: %u", i, pool.first);
	cr_expect_eq(pool.slots, row->slots, "row %zu: %u", i, pool.slots);
	scratch_drop();
}
ROWS(subid_good, good)

/* ---- wrong ones ------------------------------------------------------------------------ */

#define WORDS "cannot be read as NAME:FIRST:COUNT"

static const struct {
	const char *subuid, *subgid, *passwd, *group;
	const char *where; /* FILE:LINE, or FILE */
	const char *words;
	uint32_t first; /* what the remedy gives; 0: it is words */
} wrong[] = {
	/* missing */
	{NONE, NONE, PASSWD, GROUP, "subuid", "no line gives user hardrun ids", 1879048192},
	{"", "", PASSWD, GROUP, "subuid", "no line gives user hardrun ids", 1879048192},
	{"a:100000:65536", "a:100000:65536", PASSWD, GROUP, "subuid", "no line", 1879048192},
	{"#" USUAL, "#" USUAL, PASSWD, GROUP, "subuid", "no line", 1879048192},
	{"root:1879048192:65536\n", "", PASSWD, GROUP, "subuid", "no line", 1879113728},
	{"a:1900000000:5\n", "", PASSWD, GROUP, "subuid", "no line", 1900019712},
	{"a:1:4294967295\n", "", PASSWD, GROUP, "subuid", "no line", 0},
	{"a:1879048192:268304384\n", "", PASSWD, GROUP, "subuid", "no line", 65536},
	{"a:65536:2147418112\n", "", PASSWD, GROUP, "subuid", "no line", 2147483648U},
	{"998:1879048192:65536\n", "", PASSWD, GROUP, "subuid", "no line", 1879113728},
	{USUAL, NONE, PASSWD, GROUP, "subgid", "has in subuid", 1879048192},
	{NONE, USUAL, PASSWD, GROUP, "subuid", "has in subgid", 1879048192},
	{"hardrun:65536:65536\n", "x:9:1", PASSWD, GROUP, "subgid", "has in subuid", 65536},
	/* several, unequal */
	{USUAL "hardrun:65536:65536\n", USUAL, PASSWD, GROUP, "subuid:1", "more lines", 1879048192},
	{USUAL, "\n" USUAL USUAL, PASSWD, GROUP, "subgid:2", "more lines", 1879048192},
	{"998:65536:65536\n" USUAL, USUAL, PASSWD HARD, GROUP, "subuid:1", "more lines", 65536},
	{"0998:65536:65536\n" USUAL, USUAL, PASSWD HARD, GROUP, "subuid:1", "more", 65536},
	{"hardrun:65536:65536\n", "hardrun:131072:65536\n", PASSWD, GROUP, "subgid:1",
	 "not the ids that subuid has", 65536},
	{"hardrun:65536:65536\n", "hardrun:65536:131072\n", PASSWD, GROUP, "subgid:1", "not the",
	 65536},
	/* numbers */
	{"hardrun:0:65536\n", "hardrun:0:65536\n", PASSWD, GROUP, "subuid:1", "the host's own",
	 1879048192},
	{"hardrun:100000:65536\n", "hardrun:100000:65536\n", PASSWD, GROUP, "subuid:1",
	 "the first id is no multiple", 1879048192},
	{"hardrun:131072:1000\n", "hardrun:131072:1000\n", PASSWD, GROUP, "subuid:1",
	 "the count is no multiple", 1879048192},
	{"hardrun:131072:0\n", USUAL, PASSWD, GROUP, "subuid:1", "no ids", 1879048192},
	{USUAL, "hardrun:131072:0\n", PASSWD, GROUP, "subgid:1", "no ids", 1879048192},
	{"hardrun:4294901760:65536\n", USUAL, PASSWD, GROUP, "subuid:1", "beyond id", 1879048192},
	{"hardrun:65536:4294901760\n", USUAL, PASSWD, GROUP, "subuid:1", "beyond id", 1879048192},
	{"hardrun:65536:18446744073709551615\n", USUAL, PASSWD, GROUP, "subuid:1", "no multiple",
	 1879048192},
	{"hardrun:65536:18446744073709486080\n", USUAL, PASSWD, GROUP, "subuid:1", "", 1879048192},
	{"hardrun:4294967296:65536\n", USUAL, PASSWD, GROUP, "subuid:1", "beyond id", 1879048192},
	/* overlaps */
	{"a:1879048192:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:2",
	 "overlaps a:1879048192:1 (SCRATCH/subuid:1)", 1879113728},
	{USUAL "a:2147352575:1\n", USUAL, PASSWD, GROUP, "subuid:1", "overlaps a:2147352575:1",
	 1879048192},
	{USUAL, USUAL "\n\na:1500000000:1000000000\n", PASSWD, GROUP, "subuid:1",
	 "(SCRATCH/subgid:4)", 65536},
	{USUAL "kubelet:65536:4294901760\n", USUAL, PASSWD, GROUP, "subuid:1", "kubelet", 0},
	{"a:1879048193:1\n", USUAL, PASSWD, GROUP, "subgid:1", "overlaps", 1879113728},
	{USUAL, USUAL, PASSWD "a:x:1879048192:5::/:\n", GROUP, "subuid:1",
	 "overlaps an id of a (SCRATCH/passwd:3)", 1879113728},
	{USUAL, USUAL, PASSWD "a:x:5:2147352575::/:\n", GROUP, "subuid:1", "an id of a",
	 1879048192},
	{USUAL, USUAL, PASSWD, GROUP "g:x:2000000000:\n", "subuid:1",
	 "overlaps an id of g (SCRATCH/group:4)", 2000027648},
	{USUAL, USUAL, "hardrun:x:1879048199:5::/:\n", GROUP, "subuid:1", "an id of hardrun",
	 1879113728},
	/* lines that say nothing sure */
	{"a\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a::1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{":1:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:1:\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:1:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:0x10:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:010:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a: 1:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:1 \n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:+1:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:-1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:1\r\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:1:1e3\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{"a:18446744073709551616:1\n" USUAL, USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{USUAL, USUAL "\n<<<<<<< mine\n", PASSWD, GROUP, "subgid:3", WORDS, 0},
	{"hardrun:1879048192\n", USUAL, PASSWD, GROUP, "subuid:1", WORDS, 0},
	{USUAL, USUAL, PASSWD "a:x\n", GROUP, "passwd:3", "NAME:PASSWORD:UID:GID", 0},
	{USUAL, USUAL, PASSWD "a:x:1:y::\n", GROUP, "passwd:3", "NAME:PASSWORD:UID:GID", 0},
	{USUAL, USUAL, PASSWD, GROUP "g:x::\n", "group:4", "NAME:PASSWORD:GID", 0},
	{USUAL, USUAL, "\xff\x01", GROUP, "passwd:1", "\\xFF\\x01", 0},
};

/* SCRATCH stands for the directory. */
static const char *with_scratch(const char *words)
{
	static char text[PATH_MAX * 2];
	const char *at = strstr(words, "SCRATCH");

	if (!at)
		return words;
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - words), words, scratch,
		 at + strlen("SCRATCH"));
	return text;
}

static void expect_where(const struct subid_wrong *fault, const char *where, size_t i)
{
	const char *colon = strchr(where, ':');
	char file[64];

	snprintf(file, sizeof(file), "%.*s", (int)strcspn(where, ":"), where);
	cr_expect_str_eq(fault->file, in_scratch(file), "row %zu: %s", i, fault->file);
	cr_expect_eq(fault->line, colon ? (unsigned)atoi(colon + 1) : 0, "row %zu: %u", i,
		     fault->line);
}

/* What is told to be done is done, and then all is well. */
static void expect_mended(const char *remedy, uint32_t first, size_t i)
{
	struct hr_error err = {0};
	struct subid_pool pool;

	if (first == 0) {
		cr_expect(isupper((unsigned char)remedy[0]), "row %zu: %s", i, remedy);
		return;
	}
	cr_expect(islower((unsigned char)remedy[0]), "row %zu: %s", i, remedy);
	cr_expect_eq(system(remedy), 0, "row %zu: %s", i, remedy);
	cr_assert_eq(subid_pool(scratch, &pool, &err), 0, "row %zu: %s: %s", i, remedy, err.msg);
	cr_expect_eq(pool.first, first, "row %zu: %s: %u", i, remedy, pool.first);
}

static void check_wrong(const __typeof__(wrong[0]) *row, size_t i)
{
	struct hr_error err = {0}, whole = {0};
	struct subid_pool pool = {7, 7};
	struct subid_wrong fault;

	need_root();
	scratch_make();
	put_all(row->subuid, row->subgid, row->passwd, row->group);
	if (subid_judge(scratch, &pool, &fault, &err) == 0) {
		cr_expect_fail("row %zu: taken: %u %u", i, pool.first, pool.slots);
		goto out;
	}
	expect_error(-1, &err, HR_POLICY, with_scratch(row->words));
	cr_expect_eq(pool.first, 7, "row %zu", i);
	expect_where(&fault, row->where, i);
	cr_expect_eq(subid_pool(scratch, &pool, &whole), -1);
	cr_expect(text_starts(whole.msg, err.msg), "row %zu: %s", i, whole.msg);
	cr_expect(text_ends(whole.msg, fault.remedy.data + 1), "row %zu: %s", i, whole.msg);
	expect_mended(fault.remedy.data, row->first, i);
out:
	subid_wrong_free(&fault);
	scratch_drop();
}
ROWS(subid_wrong, wrong)

/* For a node with nothing at all, both commands. */
Test(subid, tells_both_commands)
{
	struct hr_error err = {0};
	struct subid_pool pool;
	char wanted[PATH_MAX * 3];

	need_root();
	cr_expect_eq(subid_pool(scratch, &pool, &err), -1);
	snprintf(wanted, sizeof(wanted),
		 "; run: echo hardrun:1879048192:268304384 >>%s/subuid && "
		 "echo hardrun:1879048192:268304384 >>%s/subgid",
		 scratch, scratch);
	cr_expect(text_ends(err.msg, wanted), "%s", err.msg);
}

/* ---- files that are not root's --------------------------------------------------------- */

static const char *const files[] = {"subuid", "subgid", "passwd", "group"};

static void expect_untrusted(const char *what)
{
	struct hr_error err = {0};
	struct subid_pool pool;

	cr_expect_eq(subid_pool(scratch, &pool, &err), -1, "%s", what);
	cr_expect_eq(err.code, HR_UNTRUSTED, "%s: %s", what, err.msg);
	cr_expect_not_null(strstr(err.msg, scratch), "%s: %s", what, err.msg);
	expect_no_trap(err.msg);
}

static void check_files(const char *const *row, size_t i)
{
	struct hr_error err = {0};
	struct subid_pool pool;
	char path[PATH_MAX * 2];

	(void)i;
	need_root();
	scratch_make();
	snprintf(path, sizeof(path), "%s/%s", scratch, *row);
	put_all(USUAL, USUAL, PASSWD, GROUP);
	cr_assert_eq(chown(path, 1000, 0), 0);
	expect_untrusted("another's");
	cr_assert_eq(chown(path, 0, 0), 0);
	cr_assert_eq(chmod(path, 0664), 0);
	expect_untrusted("the group can write");
	cr_assert_eq(chmod(path, 0646), 0);
	expect_untrusted("others can write");
	cr_assert_eq(chmod(path, 0640), 0);
	cr_expect_ok(subid_pool(scratch, &pool, &err), err);
	cr_assert_eq(rename(path, in_scratch("elsewhere")), 0);
	make_link(*row, "elsewhere");
	cr_expect_ok(subid_pool(scratch, &pool, &err), err);
	cr_assert_eq(chmod(in_scratch("elsewhere"), 0666), 0);
	expect_untrusted("behind a link");
	put(*row, NULL);
	cr_assert_eq(mkfifo(in_scratch(*row), 0600), 0);
	expect_untrusted("fifo");
	put(*row, NULL);
	make_dir(*row, 0755, 0, 0);
	expect_untrusted("directory");
	scratch_drop();
}
ROWS(subid_files, files)

Test(subid, directory)
{
	need_root();
	put_all(USUAL, USUAL, PASSWD, GROUP);
	cr_assert_eq(chmod(scratch, 0777), 0);
	expect_untrusted("others can write the directory");
}

/* A zero byte ends no line. */
Test(subid, zero_byte)
{
	struct hr_error err = {0};
	struct subid_pool pool;
	hr_autoclose int fd = -1;

	need_root();
	put_all(USUAL, USUAL, PASSWD, GROUP);
	fd = open(in_scratch("subgid"), O_WRONLY | O_APPEND | O_CLOEXEC);
	cr_assert_eq(write(fd, "a:1\0:1\n", 7), 7);
	expect_error(subid_pool(scratch, &pool, &err), &err, HR_POLICY, "subgid:2");
}

/* ---- other users ----------------------------------------------------------------------- */

static const struct {
	const char *subuid, *subgid, *passwd;
	bool has;
	uint32_t free;
} others[] = {
	{NONE, NONE, PASSWD, false, 671088640},
	{USUAL, USUAL, PASSWD, false, 671088640},
	{USUAL "kubelet:65536:65536\n", USUAL, PASSWD, false, 671088640},
	{USUAL "kubelet:65536:65536\n", "kubelet:65536:65536\n" USUAL, PASSWD, false, 671088640},
	{USUAL "kubelet:65536:65536\n", "kubelet:65536:65536\n" USUAL, "kubelet:x:7:7:::\n", true,
	 671088640},
	{"7:65536:65536\n", "kubelet:65536:65536\n", "kubelet:x:7:7:::\n", true, 671088640},
	{"7:65536:65536\n", "kubelet:65536:65536\n", PASSWD, false, 671088640},
	{"a:671088640:5\n", "", PASSWD, false, 671154176},
	{"a:1:1878000000\n", "", PASSWD, false, 0},
	{"a:1:4294967290\n", "", PASSWD, false, 0},
	{"a:x:5\n", "", PASSWD, false, 0},
};

static void check_others(const __typeof__(others[0]) *row, size_t i)
{
	uint32_t first = 7;

	need_root();
	scratch_make();
	put_all(row->subuid, row->subgid, row->passwd, GROUP);
	cr_expect_eq(subid_has(scratch, "kubelet", 110, &first), row->has, "row %zu", i);
	cr_expect_eq(first, row->free, "row %zu: %u", i, first);
	scratch_drop();
}
ROWS(subid_others, others)

/* A thousand users of a directory service's export, each with ids, are read at once. */
Test(subid, many)
{
	text_auto struct text lines = {0}, users = {0};
	struct hr_error err = {0};
	struct subid_pool pool;

	need_root();
	for (unsigned i = 0; i < 20000; i++) {
		text_addf(&lines, "%u:%u:65536\n", 5000 + i, 100000 + i * 65536 % 1800000000);
		text_addf(&users, "u%u:x:%u:%u:::\n", i, 5000 + i, 5000 + i);
	}
	text_adds(&lines, USUAL);
	put_all(lines.data, lines.data, users.data, GROUP);
	cr_expect_ok(subid_pool(scratch, &pool, &err), err);
}
