/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for an answer, who makes them, and how they are counted. */
#include "watch/watch.h"

#include "watch/process.h"
#include "watch/tally.h"
#include "watch_caller.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

TestSuite(watch, .init = need_root, .timeout = 30);

static const int sync_only[] = {SYS_sync, -1};

static int errno_of_sync(void)
{
	return syscall(SYS_sync, 11L, 22L, 33L, 44L, 55L, 66L) ? errno : 0;
}

/* --- Answers ---------------------------------------------------------------------------------- */

Test(watch, call_has_number_arch_and_arguments)
{
	struct caller caller = caller_start(sync_only, errno_of_sync);
	struct watch_call call;

	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_expect_eq(call.number, SYS_sync);
	cr_expect_eq(call.arch, CALLER_ARCH);
	cr_expect_eq(call.thread, caller.pid);
	for (unsigned i = 0; i < WATCH_ARGS; i++)
		cr_expect_eq(call.args[i], (i + 1) * 11);
	cr_expect(watch_waits(caller.listener, &call));
	cr_expect(watch_refuse(caller.listener, &call, EDOM));
	cr_expect_not(watch_waits(caller.listener, &call));
	cr_expect_not(watch_refuse(caller.listener, &call, EPERM), "answered twice");
	cr_expect_eq(caller_end(&caller), EDOM);
}

/* An answer that cannot be made up: that of a call which was not made is 0. */
static int is_in_a_group(void)
{
	return syscall(SYS_getpgid, 0) > 1 ? 0 : 1;
}

Test(watch, passed_call_is_made)
{
	static const int numbers[] = {SYS_getpgid, -1};
	struct caller caller = caller_start(numbers, is_in_a_group);
	struct watch_call call;

	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_expect(watch_pass(caller.listener, &call));
	cr_expect_eq(caller_end(&caller), 0);
}

Test(watch, unanswered_call_gets_enosys_when_we_go)
{
	struct caller caller = caller_start(sync_only, errno_of_sync);
	struct watch_call call;

	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_expect_eq(caller_end(&caller), ENOSYS);
}

Test(watch, caller_that_is_gone)
{
	struct caller caller = caller_start(sync_only, errno_of_sync);
	struct hr_error err = {.code = HR_OK};
	struct pollfd ready = {.fd = caller.listener, .events = POLLIN};
	struct watch_call call;

	/* Killed before we have taken its call, and after. */
	cr_assert_eq(poll(&ready, 1, 2000), 1);
	cr_assert_eq(kill(caller.pid, SIGKILL), 0);
	cr_assert_eq(waitpid(caller.pid, NULL, 0), caller.pid);
	cr_expect_eq(watch_receive(caller.listener, &call, &err), WATCH_OVER);
	close(caller.listener);

	caller = caller_start(sync_only, errno_of_sync);
	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_assert_eq(kill(caller.pid, SIGKILL), 0);
	cr_assert_eq(waitpid(caller.pid, NULL, 0), caller.pid);
	cr_expect_not(watch_waits(caller.listener, &call));
	cr_expect_not(watch_pass(caller.listener, &call));
	cr_expect_not(watch_refuse(caller.listener, &call, EPERM));
	cr_expect_eq(watch_receive(caller.listener, &call, &err), WATCH_OVER);
	close(caller.listener);
}

static int wait_a_second(void)
{
	usleep(400000);
	return 5;
}

Test(watch, nothing_waits_does_not_block)
{
	struct caller caller = caller_start(sync_only, wait_a_second);
	struct hr_error err = {.code = HR_OK};
	struct watch_call call;

	cr_expect_eq(watch_receive(caller.listener, &call, &err), WATCH_NOTHING);
	cr_expect_eq(caller_end(&caller), 5);
}

Test(watch, receiving_from_something_else)
{
	hr_autoclose int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct hr_error err = {.code = HR_OK};
	struct watch_call call;

	expect_error(watch_receive(fd, &call, &err), &err, HR_SYSTEM, "receiving");
}

/* --- Who -------------------------------------------------------------------------------------- */

static int named(void)
{
	prctl(PR_SET_NAME, "a b\"\x1b]");
	if (setresgid(7, 8, 9) || setresuid(1234, 1235, 1236))
		return 98;
	return errno_of_sync();
}

Test(watch, process_of_a_call)
{
	struct caller caller = caller_start(sync_only, named);
	struct watch_process process;
	struct watch_call call;

	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_assert(watch_process(&call, &process));
	cr_expect_eq(process.pid, caller.pid);
	cr_expect_str_eq(process.name, "a\\x20b\\x22\\x1B]");
	cr_expect_eq(process.uid, 1235);
	cr_expect_eq(process.fsuid, 1235);
	cr_expect_eq(process.gid, 8);
	cr_expect_eq(process.capabilities, 0);
	cr_expect_not(process.runtime);
	watch_pass(caller.listener, &call);
	cr_expect_eq(caller_end(&caller), 0);
	cr_expect_not(watch_process(&call, &process), "it is gone");
	cr_expect_str_eq(process.name, "?");
	cr_expect_eq(process.pid, 0);
}

static void *thread_calls(void *data)
{
	(void)data;
	prctl(PR_SET_NAME, "worker");
	return (void *)(intptr_t)errno_of_sync();
}

static int in_a_thread(void)
{
	pthread_t thread;
	void *result = NULL;

	prctl(PR_SET_NAME, "server");
	if (pthread_create(&thread, NULL, thread_calls, NULL) || pthread_join(thread, &result))
		return 97;
	return (int)(intptr_t)result;
}

Test(watch, thread_has_the_name_of_its_process)
{
	struct caller caller = caller_start(sync_only, in_a_thread);
	struct watch_process process;
	struct watch_call call;

	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_expect_neq(call.thread, caller.pid);
	cr_assert(watch_process(&call, &process));
	cr_expect_eq(process.pid, caller.pid);
	cr_expect_str_eq(process.name, "server");
	watch_refuse(caller.listener, &call, ERANGE);
	cr_expect_eq(caller_end(&caller), ERANGE);
}

/* runc's first process: its program is on no mount that it sees. */
static const struct {
	const char *name;
	bool outside, runtime;
} runtimes[] = {
	{"runc:[2:INIT]", true, true}, {"crun", true, true},
	{"exe", true, true},	       {"7", true, true},
	{"python3", true, false},      {"runc:[2:INIT]", false, false},
	{"crun", false, false},	       {"7z", true, false},
};

static size_t runtimes_row;

static int as_runtime(void)
{
	/* A root of its own without the program: what it runs is then on a foreign mount. */
	if (runtimes[runtimes_row].outside &&
	    (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	     mount("none", scratch, "tmpfs", 0, NULL) || chdir(scratch) ||
	     syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH)))
		return 96;
	prctl(PR_SET_NAME, runtimes[runtimes_row].name);
	return errno_of_sync();
}

static void check_runtimes(const __typeof__(runtimes[0]) *row, size_t number)
{
	struct watch_process process;
	struct watch_call call;
	struct caller caller;

	runtimes_row = number;
	scratch_make();
	caller = caller_start(sync_only, as_runtime);
	cr_assert_eq(caller_next(&caller, &call), WATCH_CALL);
	cr_assert(watch_process(&call, &process));
	cr_expect_eq(process.runtime, row->runtime, "%s", row->name);
	cr_expect_str_eq(process.name, row->name);
	watch_pass(caller.listener, &call);
	cr_expect_eq(caller_end(&caller), 0);
	scratch_drop();
}

ROWS(watch, runtimes)

/* --- Memory ----------------------------------------------------------------------------------- */

Test(watch, strings_up_to_the_end_of_memory)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, page * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct watch_call us = {.thread = getpid()};
	uint64_t at = (uint64_t)(uintptr_t)pages;
	char got[64];

	munmap(pages + 2 * page, page);
	memset(pages, 'x', page * 2);
	memcpy(pages + 2 * page - 4, "end", 4);
	cr_expect(watch_string(&us, at + 2 * page - 4, got, sizeof(got)));
	cr_expect_str_eq(got, "end");
	memcpy(pages + page - 3, "across", 7);
	cr_expect(watch_string(&us, at + page - 3, got, sizeof(got)));
	cr_expect_str_eq(got, "across");
	cr_expect_not(watch_string(&us, at, got, sizeof(got)), "longer than the room");
	pages[2 * page - 1] = 'x';
	cr_expect_not(watch_string(&us, at + 2 * page - 4, got, sizeof(got)), "no end");
	cr_expect_not(watch_string(&us, 0, got, sizeof(got)));
	cr_expect_not(watch_string(&us, UINT64_MAX - 2, got, sizeof(got)));
	cr_expect_eq(watch_bytes(&us, at + 2 * page - 2, got, 8), 2);
	cr_expect_eq(watch_bytes(&us, 8, got, 8), 0);
	cr_expect_eq(watch_bytes(&(struct watch_call){.thread = 0}, at, got, 8), 0);
	munmap(pages, page * 2);
}

/* --- Counting --------------------------------------------------------------------------------- */

static void count(struct watch_tally *tally, const char *what, const char *process, bool runtime)
{
	struct watch_row row = {.runtime = runtime};

	snprintf(row.what, sizeof(row.what), "%s", what);
	snprintf(row.process, sizeof(row.process), "%s", process);
	watch_count(tally, &row);
}

Test(watch, same_rows_are_one)
{
	struct watch_tally tally = {0};

	for (int i = 0; i < 3; i++)
		count(&tally, "chroot(...)", "sshd", false);
	count(&tally, "mount(...)", "sshd", false);
	for (int i = 0; i < 9; i++)
		count(&tally, "mount(...)", "runc", true);
	for (int i = 0; i < 5; i++)
		count(&tally, "chroot(...)", "bash", false);
	watch_sort(&tally);
	cr_assert_eq(tally.count, 4);
	cr_expect_str_eq(tally.rows[0].process, "bash");
	cr_expect_eq(tally.rows[0].count, 5);
	cr_expect_eq(tally.rows[1].count, 3);
	cr_expect_str_eq(tally.rows[2].what, "mount(...)");
	cr_expect(tally.rows[3].runtime, "the runtime's come last");
	cr_expect_eq(tally.rows[3].count, 9);
	cr_expect_eq(tally.beyond, 0);
	watch_tally_free(&tally);
	cr_expect_eq(tally.count, 0);
	watch_sort(&tally);
	watch_tally_free(&tally);
}

Test(watch, tally_is_bounded)
{
	struct watch_tally tally = {0};
	char what[32];

	for (int i = 0; i < WATCH_ROWS + 7; i++) {
		snprintf(what, sizeof(what), "call%d", i);
		count(&tally, what, "p", false);
	}
	count(&tally, "call3", "p", false);
	cr_expect_eq(tally.count, WATCH_ROWS);
	cr_expect_eq(tally.beyond, 7);
	cr_expect_eq(tally.rows[3].count, 2);
	cr_expect_str_eq(tally.rows[WATCH_ROWS - 1].what, "call1023");
	watch_tally_free(&tally);
}

static uint64_t count_of(const struct watch_tally *tally, const char *what, const char *process)
{
	for (size_t i = 0; i < tally->count; i++)
		if (!strcmp(tally->rows[i].what, what) && !strcmp(tally->rows[i].process, process))
			return tally->rows[i].count;
	return 0;
}

Test(tally, names_and_arguments_hide_nothing)
{
	struct watch_tally tally = {0};
	struct watch_row row = {.answer = "EPERM"};

	for (int i = 0; i < 2000; i++) {
		snprintf(row.what, sizeof(row.what), "chroot(...)");
		snprintf(row.process, sizeof(row.process), "j%d", i);
		watch_count(&tally, &row);
		snprintf(row.what, sizeof(row.what), "socket(%d)", i);
		snprintf(row.process, sizeof(row.process), "one");
		watch_count(&tally, &row);
	}
	snprintf(row.what, sizeof(row.what), "mount(...)");
	snprintf(row.process, sizeof(row.process), "evil");
	watch_count(&tally, &row);
	cr_expect_eq(count_of(&tally, "mount(...)", "evil"), 1);
	cr_expect_eq(count_of(&tally, "chroot(...)", "others"), 2000 - WATCH_NAMES);
	cr_expect_eq(count_of(&tally, "socket(others)", "others"), 2000 - WATCH_CALLS);
	cr_expect_eq(tally.beyond, 0);
	snprintf(row.what, sizeof(row.what), "chroot(...)");
	snprintf(row.process, sizeof(row.process), "j1999");
	watch_uncount(&tally, &row);
	cr_expect_eq(count_of(&tally, "chroot(...)", "others"), 1999 - WATCH_NAMES);
	watch_tally_free(&tally);
}
