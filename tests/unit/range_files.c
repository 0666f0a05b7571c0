/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of ranges: files that are not as they should be, a node without a free range, and
 * claimers that die. Needs root. */
#include "ranges.h"

#include "base/text.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

TestSuite(range_files, .init = start, .fini = scratch_drop, .timeout = 300);

/* ---- the order's file ------------------------------------------------------------------ */

#define HEAD "hrrange1"

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
} orders[] = {
	{"empty", "", 0},
	{"short", HEAD, 5},
	{"without a counter", HEAD "\1\0", 10},
	{"another's", "hrrange2\0\0\0\0\0\0\0\0", 16},
	{"text", "{\"holders\": []} and more of that", 32},
	{"counter lost", HEAD "\0\0\0\0\0\0\0\0", 16},
	{"counter at its end", HEAD "\xff\xff\xff\xff\xff\xff\xff\xff", 16},
};

/* Put bytes over the beginning, and with `cut` leave nothing behind them. */
static void damage(const char *bytes, size_t len, bool cut)
{
	hr_autoclose int fd = open(in_scratch(ORDER), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(pwrite(fd, bytes, len, 0), (ssize_t)len);
	if (cut)
		cr_assert_eq(ftruncate(fd, (off_t)len), 0);
}

/* Whatever it holds, pods get ranges of their own, and the order is kept from then on. */
static void expect_order_anew(const char *what)
{
	for (unsigned i = 0; i < 12; i++) {
		struct range proposed;
		uint32_t base;

		range_propose(statedir, &small, &proposed);
		base = create("c", NULL, &small, true);
		cr_expect_neq(base, nth(0), "%s: turn %u: another pod lives there", what, i);
		cr_expect_eq(base, proposed.base, "%s: turn %u", what, i);
		cr_expect_eq(base, nth(1 + i % 3), "%s: turn %u: %u", what, i, base);
		end_container("c");
	}
}

static void check_orders(const __typeof__(orders[0]) *row, size_t i)
{
	(void)i;
	for (int cut = 0; cut < 2; cut++) {
		start();
		create("lives", NULL, &small, true);
		create("d", NULL, &small, false);
		damage(row->bytes, row->len, cut);
		/* The file of d's slot stays until it is swept. */
		create("e", NULL, &small, false);
		create("f", NULL, &small, false);
		for (unsigned turn = 0; turn < 3; turn++) {
			uint32_t base = create("g", NULL, &small, false);

			cr_expect_neq(base, nth(0), "%s", row->what);
		}
		cr_expect(has_file(nth(0)), "%s", row->what);
		scratch_drop();
	}
	start();
	create("lives", NULL, &small, true);
	damage(row->bytes, row->len, true);
	if (row->len < 16 || memcmp(row->bytes, HEAD, 8) != 0)
		expect_order_anew(row->what);
	scratch_drop();
}
ROWS(range_files_orders, orders)

/* The counter is behind the stamps: they would be used again before those that are older. */
Test(range_files, counter_is_behind)
{
	create("lives", NULL, &small, true);
	for (unsigned i = 0; i < 9; i++) {
		create("c", NULL, &small, true);
		end_container("c");
	}
	claim_of(&small, "d"); /* sweeps the last one */
	withdraw("d", nth(1));
	damage(HEAD "\1\0\0\0\0\0\0\0", 16, false);
	expect_order_anew("counter");
}

/* Things in its place go, or there is no order: nobody waits, nothing fails. */
Test(range_files, order_is_no_file)
{
	hr_autofree char *target = NULL;

	make_ranges();
	make_file("target", "as it was");
	make_link(ORDER, in_scratch("target"));
	create("lives", NULL, &small, true);
	expect_order_anew("link");
	target = text_of("target");
	cr_expect_str_eq(target, "as it was");
	cr_assert_eq(unlink(in_scratch(ORDER)), 0);
	cr_assert_eq(mkfifo(in_scratch(ORDER), 0600), 0);
	expect_order_anew("fifo");
	cr_assert_eq(unlink(in_scratch(ORDER)), 0);
	damage("hrrange1\0\0\0\0\0\0\0\0", 16, true);
	cr_assert_eq(chown(in_scratch(ORDER), 1000, 0), 0);
	expect_order_anew("another's");
	cr_assert_eq(unlink(in_scratch(ORDER)), 0);
	make_dir(ORDER, 0700, 0, 0);
	cr_expect_eq(claim_of(&small, "x"), nth(1), "directory");
	cr_expect_eq(claim_of(&small, "y"), nth(2), "directory");
}

/* ---- files of slots -------------------------------------------------------------------- */

static void claim_past(uint32_t base, const char *what)
{
	static const struct subid_pool two = {FIRST, 2};
	struct hr_error err = {0};
	struct range range;
	uint32_t mine = claim_of(&two, "c1");

	cr_expect_neq(mine, base, "%s", what);
	expect_error(range_claim(statedir, root, "c2", NULL, &two, &range, &err), &err, HR_SYSTEM,
		     "no free range of ids: all 2 from");
	withdraw("c1", mine);
	cr_assert_eq(access(file_of(base), F_OK), 0, "%s", what);
}

/* What cannot be read is in use. */
Test(range_files, no_files)
{
	uint32_t base = FIRST;

	make_ranges();
	put_slot(base, "{");
	claim_past(base, "cut");
	put_slot(base, "");
	claim_past(base, "empty");
	put_slot(base, "{\"holders\":7}");
	claim_past(base, "strange");
	put_slot(base, "{\"holders\":[]}");
	cr_assert_eq(chmod(file_of(base), 0622), 0);
	claim_past(base, "others can write");
	cr_assert_eq(unlink(file_of(base)), 0);
	cr_assert_eq(mkdir(file_of(base), 0700), 0);
	claim_past(base, "directory");
	cr_assert_eq(rmdir(file_of(base)), 0);
	make_file("target", "{\"holders\":[]}");
	cr_assert_eq(symlink(in_scratch("target"), file_of(base)), 0);
	claim_past(base, "link");
	cr_assert_eq(unlink(file_of(base)), 0);
	cr_assert_eq(mkfifo(file_of(base), 0600), 0);
	claim_past(base, "fifo");
}

/* The pod's own cannot be read: no other is made up. */
Test(range_files, slot_of_the_pod)
{
	struct hr_error err = {0};
	struct range range;
	uint32_t pod = create("pod", NULL, &small, true);

	put_slot(pod, "{");
	expect_error(range_claim(statedir, root, "a", "pod", NULL, &range, &err), &err,
		     HR_UNTRUSTED, "so it is taken for used");
}

/* Names that are no slots are nobody's, and stay; half-written files go. */
Test(range_files, other_names)
{
	static const char *const names[] = {"0.json",	       "65535.json", "01879048192.json",
					    "1879048193.json", "x.json",     ".json",
					    "4294901760.json", "1879048192"};
	char path[PATH_MAX];

	make_ranges();
	for (size_t i = 0; i < hr_count(names); i++) {
		snprintf(path, sizeof(path), RANGES "/%s", names[i]);
		make_file(path, "{");
	}
	make_file(RANGES "/.hardrun.1.leftover", "x");
	cr_expect_eq(claim_of(&small, "c1"), nth(0));
	cr_expect_eq(count_slots(), hr_count(names) + 1);
}

Test(range_files, directory)
{
	struct hr_error err = {0};
	struct range range;

	make_ranges();
	cr_assert_eq(chmod(in_scratch(RANGES), 0777), 0);
	expect_error(range_claim(statedir, root, "c1", NULL, &small, &range, &err), &err,
		     HR_UNTRUSTED, "is not root's alone");
}

/* ---- exhaustion ------------------------------------------------------------------------ */

Test(range_files, none_is_left)
{
	struct hr_error err = {0};
	struct range range = {.base = 7};
	char id[16];

	for (unsigned i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		create(id, NULL, &small, true);
	}
	expect_error(range_claim(statedir, root, "x", NULL, &small, &range, &err), &err, HR_SYSTEM,
		     "all 4 from 1879048192 to 1879310335 are in use by pods");
	cr_expect_eq(range.base, 7);
	range_propose(statedir, &small, &range);
	cr_expect(range.taken);
	cr_expect_eq(range.base, nth(0));
	end_container("c2");
	cr_expect_eq(claim_of(&small, "x"), nth(2));
	withdraw("x", nth(2));
	end_container("c1");
	end_container("c3");
	cr_expect_eq(create("y", NULL, &small, true), nth(2));
	cr_expect_eq(claim_of(&small, "z"), nth(1), "the older of what has ended");
}

/* As many pods as there are slots, all of them ended: the next claim goes on. */
Test(range_files, all_have_ended)
{
	static const struct subid_pool some = {FIRST, 100};
	char text[128 + PATH_MAX];

	make_ranges();
	for (unsigned i = 0; i < some.slots; i++) {
		snprintf(text, sizeof(text),
			 "{\"holders\":[{\"root\":\"%s\",\"id\":\"c%u\",\"pod\":\"c%u\","
			 "\"pid\":1,\"start\":1}]}",
			 root, i, i);
		put_slot(nth(i), text);
	}
	cr_expect_eq(claim_of(&some, "x"), nth(0));
	cr_expect_eq(claim_of(&some, "y"), nth(1));
}

/* ---- death ----------------------------------------------------------------------------- */

static const struct subid_pool one = {FIRST, 1};

/* What a killed claimer held is free again, and what is left can be read. */
static void expect_free(unsigned turn)
{
	cr_assert_eq(claim_of(&one, "c2"), FIRST, "turn %u", turn);
	withdraw("c2", FIRST);
	cr_assert_eq(count_slots(), 0, "turn %u", turn);
}

Test(range_files, killed)
{
	for (unsigned i = 0; i < 200; i++) {
		const struct timespec pause = {.tv_nsec = (long)(i * 7919 % 3000) * 1000};
		pid_t pid = fork();

		if (pid == 0) {
			for (;;) {
				struct range range;

				range_claim(statedir, root, "c1", NULL, &one, &range, NULL);
				withdraw("c1", FIRST);
			}
		}
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		expect_free(i);
	}
}

/* System calls that change what others see: before and after each of them is all there is. */
static const long altering[] = {SYS_openat,    SYS_write,    SYS_pwrite64,  SYS_fchown,
				SYS_fchmod,    SYS_unlinkat, SYS_flock,	    SYS_renameat,
				SYS_renameat2, SYS_mkdir,    SYS_ftruncate, SYS_close};

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

enum act { ACT_CLAIM, ACT_WITHDRAW, ACT_RECLAIM };

static void act_and_go(enum act act)
{
	struct range range = {0};

	if (act == ACT_WITHDRAW && range_claim(statedir, root, "c1", NULL, &one, &range, NULL) < 0)
		_exit(2);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		_exit(3);
	if (act == ACT_WITHDRAW)
		withdraw("c1", FIRST);
	else if (range_claim(statedir, root, "c1", NULL, &one, &range, NULL) < 0)
		_exit(4);
	_exit(range.base == FIRST && !range.taken ? 0 : 5);
}

/* Kill it in front of the n-th such call. False when it has ended before. */
static bool kill_at(unsigned n, enum act act)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		act_and_go(act);
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

static const enum act acts[] = {ACT_CLAIM, ACT_WITHDRAW, ACT_RECLAIM};

static void check_acts(const enum act *row, size_t i)
{
	unsigned n = 0;

	(void)i;
	start();
	for (;; n++) {
		/* Of a pod that has ended, for the claim that drops it. */
		if (*row == ACT_RECLAIM)
			create("dead", NULL, &one, false);
		if (!kill_at(n, *row))
			break;
		expect_free(n);
	}
	cr_expect_gt(n, 10, "%u points", n);
	scratch_drop();
}
ROWS(range_files_killed_at, acts)
