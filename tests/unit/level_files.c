/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of SELinux levels: files that are not as they should be, a node without a free
 * level, and claimers that die. Needs root. */
#include "levels.h"

#include "base/text.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

TestSuite(level_files, .init = start, .fini = scratch_drop, .timeout = 120);

/* ---- hostile files --------------------------------------------------------------------- */

#define HOLDER(root, id, rest) \
	"{\"root\":\"" root "\",\"id\":\"" id "\",\"pod\":\"" id "\"" rest "}"

static const struct {
	const char *text;
	bool readable; /* then nobody in it counts */
} hostile[] = {
	{"", false},
	{"{", false},
	{"{}", false},
	{"[]", false},
	{"null", false},
	{"{\"holders\":null}", false},
	{"{\"holders\":{}}", false},
	{"{\"holders\":7}", false},
	{"{\"holders\":[]}", true},
	{"{\"holders\":[]}{}", false},
	{"{\"holders\":[null]}", false},
	{"{\"holders\":[7]}", false},
	{"{\"holders\":[{}]}", false},
	{"{\"holders\":[" HOLDER("/", "x", "") "]}", false},
	{"{\"holders\":[" HOLDER("/", "x", ",\"pid\":1") "]}", false},
	{"{\"holders\":[" HOLDER("/", "x", ",\"pid\":\"1\",\"start\":2") "]}", false},
	{"{\"holders\":[" HOLDER("/", "x", ",\"pid\":1.5,\"start\":2") "]}", false},
	{"{\"holders\":[" HOLDER("/", "no-such", ",\"pid\":1,\"start\":0") "]}", true},
	{"{\"holders\":[" HOLDER("/", "no-such", ",\"pid\":-1,\"start\":5") "]}", true},
	{"{\"holders\":[" HOLDER("/", "no-such", ",\"pid\":4294967297,\"start\":5") "]}", true},
	{"{\"holders\":[" HOLDER("/", "no-such", ",\"pid\":0,\"start\":0") "]}", true},
	{"{\"holders\":[" HOLDER("", "", ",\"pid\":1,\"start\":0") "]}", false}, /* /: is there */
};

/* What cannot be read is in use: asked for it is an error or taken, and nobody else waits. */
static void check_hostile(const __typeof__(hostile[0]) *row, size_t i)
{
	struct hr_error err = {0};
	struct level first, level;
	char got[LEVEL_SIZE];
	int result;

	start();
	make_levels();
	level_propose(root, "c1", NULL, &first);
	put_slot(first.name, row->text);
	claim_ok("c1", NULL, NULL, got);
	cr_expect_eq(strcmp(got, first.name) == 0, row->readable, "row %zu: %s", i, got);
	level_withdraw(statedir, root, "c1", got);
	if (row->readable)
		goto out;
	result = claim("c2", NULL, first.name, &level, &err);
	if (result < 0)
		expect_error(result, &err, HR_UNTRUSTED, "so it is taken for used");
	else
		cr_expect(level.taken, "row %zu", i);
	cr_expect_eq(access(file_of(first.name), F_OK), 0);
out:
	scratch_drop();
}
ROWS(level_files_hostile, hostile)

static void claim_past(const char *what)
{
	struct level first, level;
	struct hr_error err = {0};
	char got[LEVEL_SIZE];

	level_propose(root, "c1", NULL, &first);
	claim_ok("c1", NULL, NULL, got);
	cr_expect_str_neq(got, first.name, "%s", what);
	expect_error(claim("c2", NULL, first.name, &level, &err), &err, HR_UNTRUSTED,
		     "taken for used");
}

Test(level_files, no_files)
{
	struct level first;

	make_levels();
	level_propose(root, "c1", NULL, &first);
	cr_assert_eq(mkdir(file_of(first.name), 0700), 0);
	claim_past("directory");
	cr_assert_eq(rmdir(file_of(first.name)), 0);
	make_file("target", "{\"holders\":[]}");
	cr_assert_eq(symlink(in_scratch("target"), file_of(first.name)), 0);
	claim_past("link");
	cr_assert_eq(unlink(file_of(first.name)), 0);
	cr_assert_eq(mkfifo(file_of(first.name), 0600), 0);
	claim_past("fifo");
	cr_assert_eq(unlink(file_of(first.name)), 0);
	put_slot(first.name, "{\"holders\":[]}");
	cr_assert_eq(chown(file_of(first.name), 1000, 0), 0);
	claim_past("another's");
	cr_assert_eq(chown(file_of(first.name), 0, 0), 0);
	cr_assert_eq(chmod(file_of(first.name), 0622), 0);
	claim_past("others can write");
}

static const struct {
	const char *what;
	uid_t uid;
	mode_t mode;
} directories[] = {{"link", 0, 0}, {"file", 0, 0}, {"", 1000, 0700}, {"", 0, 0777}};

static void check_directories(const __typeof__(directories[0]) *row, size_t i)
{
	struct hr_error err = {0};
	struct level level;

	start();
	make_levels();
	if (row->what[0])
		cr_assert_eq(rmdir(in_scratch(LEVELS)), 0);
	if (strcmp(row->what, "link") == 0)
		make_link(LEVELS, scratch);
	else if (row->what[0])
		make_file(LEVELS, "");
	else
		cr_assert(chown(in_scratch(LEVELS), row->uid, 0) == 0 &&
			  chmod(in_scratch(LEVELS), row->mode) == 0);
	cr_expect_eq(claim("c1", NULL, NULL, &level, &err), -1, "row %zu", i);
	cr_expect_not_null(strstr(err.msg, "hardrun/levels"), "%s", err.msg);
	expect_no_trap(err.msg);
	scratch_drop();
}
ROWS(level_files_directories, directories)

/* The record says nothing any more: what lives keeps its level. */
static const char *const records[] = {"", "{", "[]", "{\"level\":7}", NULL};

static void check_records(const char *const *row, size_t i)
{
	char level[LEVEL_SIZE], path[NAME_MAX + 64];
	DIR *dir;

	start();
	create("c1", NULL, NULL, true, level);
	dir = fdopendir(record_open(statedir));
	for (const struct dirent *entry; (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "state/hardrun/records/%s", entry->d_name);
		if (entry->d_name[0] == '.')
			continue;
		if (*row)
			make_file(path, *row);
		else
			cr_assert_eq(unlink(in_scratch(path)), 0);
	}
	closedir(dir);
	/* A whole record without a level is one of a container without. */
	cr_expect_eq(is_taken("x", level), i != 2 && i != 3, "row %zu", i);
	scratch_drop();
}
ROWS(level_files_records, records)

/* The pod's level cannot be told: no other is made up. */
Test(level_files, record_of_the_sandbox)
{
	struct hr_error err = {0};
	struct level mine;
	char level[LEVEL_SIZE], path[NAME_MAX + 64];
	DIR *dir;

	create("pod", NULL, NULL, true, level);
	dir = fdopendir(record_open(statedir));
	for (const struct dirent *entry; (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "state/hardrun/records/%s", entry->d_name);
		if (entry->d_name[0] != '.')
			make_file(path, "{");
	}
	closedir(dir);
	expect_error(claim("c1", "pod", NULL, &mine, &err), &err, HR_UNTRUSTED,
		     "the pod's level: the container's record cannot be read");
	claim_ok("c2", NULL, NULL, level);
}

/* ---- exhaustion ------------------------------------------------------------------------ */

Test(level_files, none_is_left)
{
	struct hr_error err = {0};
	struct level level;
	char name[LEVEL_SIZE];

	make_levels();
	for (unsigned n = 0; n < LEVEL_TRIES; n++) {
		level_nth(root, "c1", n, name);
		put_slot(name, "");
	}
	expect_error(claim("c1", NULL, NULL, &level, &err), &err, HR_SYSTEM,
		     "no free SELinux level");
	claim_ok("c2", NULL, NULL, name);
	level_nth(root, "c1", LEVEL_TRIES - 1, name);
	cr_assert_eq(unlink(file_of(name)), 0);
	cr_assert_eq(claim("c1", NULL, NULL, &level, NULL), 0);
	cr_expect_str_eq(level.name, name);
}

/* ---- death ----------------------------------------------------------------------------- */

/* Claimers are killed wherever they are: what one held is free again, and what is left can be
 * read. */
Test(level_files, killed)
{
	for (unsigned i = 0; i < 200; i++) {
		const struct timespec pause = {.tv_nsec = (long)(i * 7919 % 3000) * 1000};
		pid_t pid = fork();

		if (pid == 0) {
			for (;;) {
				struct level level;

				claim("c1", NULL, "s0:c1,c2", &level, NULL);
				level_withdraw(statedir, root, "c1", "s0:c1,c2");
			}
		}
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		cr_assert_not(is_taken("c2", "s0:c1,c2"), "turn %u", i);
		level_withdraw(statedir, root, "c2", "s0:c1,c2");
		cr_assert_eq(count_files(LEVELS), 0, "turn %u", i);
	}
}

/* System calls that change what others see: before and after each of them is all there is. */
static const long altering[] = {SYS_openat, SYS_write,	  SYS_fchown,	 SYS_fchmod, SYS_unlinkat,
				SYS_flock,  SYS_renameat, SYS_renameat2, SYS_mkdir,  SYS_close};

static bool alters(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	for (size_t i = 0; i < hr_count(altering); i++)
		if (info.entry.nr == (uint64_t)altering[i])
			return true;
	return false;
}

static void claim_and_go(bool withdraw)
{
	struct level level = {0};

	if (withdraw && claim("c1", NULL, "s0:c1,c2", &level, NULL) < 0)
		_exit(2);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(3);
	if (withdraw)
		level_withdraw(statedir, root, "c1", level.name);
	else if (claim("c1", NULL, "s0:c1,c2", &level, NULL) < 0)
		_exit(4);
	_exit(level.taken ? 5 : 0);
}

/* Kill it in front of the n-th such call. False when it has ended before. */
static bool kill_at(unsigned n, bool withdraw)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		claim_and_go(withdraw);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSTOPPED(status) &&
			  ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD) == 0,
		  "ptrace: %x", (unsigned)status);
	for (unsigned seen = 0; seen <= n; seen += alters(pid)) {
		cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			cr_assert_eq(WEXITSTATUS(status), 0);
			return false;
		}
	}
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return true;
}

static const bool withdrawals[] = {false, true};

static void check_withdrawals(const bool *row, size_t i)
{
	unsigned n = 0;

	(void)i;
	start();
	while (kill_at(n, *row)) {
		cr_assert_not(is_taken("c2", "s0:c1,c2"), "point %u", n);
		level_withdraw(statedir, root, "c2", "s0:c1,c2");
		cr_assert_eq(count_files(LEVELS), 0, "point %u", n);
		n++;
	}
	cr_expect_gt(n, 10, "%u points", n);
	scratch_drop();
}
ROWS(level_files_killed_at, withdrawals)

/* ---- one level in a pod that only a namespace tells ------------------------------------- */

static bool joined(const char *of_root, const char *id, const void *data)
{
	cr_expect(text_ends(of_root, "/root"), "%s", of_root);
	return strcmp(id, data) == 0;
}

/* A holder that the container joins is of its pod; any other, and one whose create is not over,
 * is not. */
Test(level_files, joins_the_holder)
{
	struct slot_holder who = {.root = root, .id = "b", .pod = "b", .joins = joined};
	char name[LEVEL_SIZE];
	struct level level;
	struct hr_error err = {0};

	create("a", NULL, "s0:c1,c2", true, name);
	who.data = "other";
	cr_assert_ok(level_claim_joined(statedir, &who, name, false, &level, &err), err);
	cr_expect(level.taken);
	who.data = "a";
	cr_assert_ok(level_claim_joined(statedir, &who, name, false, &level, &err), err);
	cr_expect_not(level.taken);
	/* This process holds it by now for b, and lives. */
	who = (struct slot_holder){root, "c", "c", joined, "b"};
	cr_assert_ok(level_claim_joined(statedir, &who, name, false, &level, &err), err);
	cr_expect(level.taken);
}
