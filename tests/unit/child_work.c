/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"

#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void end(void)
{
	/* No child is left behind. */
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

TestSuite(child_work, .fini = end, .timeout = 30);

static int known; /* memory is not shared */

static int answer(void *data, int *ret, struct hr_error *err)
{
	(void)err;
	known = 2;
	*ret = *(const int *)data + *ret;
	return 0;
}

Test(child_work, result)
{
	struct hr_error err = {0};
	int data = 40, ret = 2;

	cr_assert_ok(child_work(0, answer, &data, &ret, &err), err);
	cr_expect_eq(ret, 42);
	cr_expect_eq(known, 0);
}

static int fail(void *data, int *ret, struct hr_error *err)
{
	*ret = 7;
	return hr_fail(err, HR_DENIED, "%s", (const char *)data);
}

Test(child_work, error_comes_back)
{
	struct hr_error err = {0}, first = {0};
	int ret = 0;

	expect_error(child_work(0, fail, (char[]){"100% of it"}, &ret, &err), &err, HR_DENIED,
		     "100% of it");
	cr_expect_eq(ret, 7);
	cr_expect_eq(child_work(0, fail, (char[]){"x"}, NULL, NULL), -1);
	/* As everywhere the first error stays. */
	hr_fail(&first, HR_SPEC, "first");
	cr_expect_eq(child_work(0, fail, (char[]){"x"}, &ret, &first), -1);
	cr_expect_str_eq(first.msg, "first");
}

static int die(void *data, int *ret, struct hr_error *err)
{
	const int *number = data;

	*ret = 1;
	(void)err;
	/* A sanitizer would take SIGSEGV for an error of the program's. */
	signal(*number, SIG_DFL);
	kill(getpid(), *number);
	return 0;
}

Test(child_work, killed)
{
	int signals[] = {SIGKILL, SIGSEGV, SIGTERM};

	for (size_t i = 0; i < hr_count(signals); i++) {
		struct hr_error err = {0};
		int ret = 0;

		expect_error(child_work(0, die, &signals[i], &ret, &err), &err, HR_SYSTEM, "died");
		cr_expect_eq(ret, 0);
	}
}

static int open_one(void *data, int *ret, struct hr_error *err)
{
	(void)err;
	*ret = open(data, O_RDONLY | O_CLOEXEC);
	return *ret < 0 || chdir("/usr") < 0 ? -1 : 0;
}

Test(child_work, descriptors_are_shared_and_the_directory_is_not)
{
	struct hr_error err = {0};
	struct stat ours, theirs, after;
	int fd = -1;

	cr_assert_eq(stat(".", &ours), 0);
	cr_assert_ok(child_work(0, open_one, (char[]){"/etc/passwd"}, &fd, &err), err);
	cr_assert_eq(fstat(fd, &theirs), 0);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(stat("/etc/passwd", &after), 0);
	cr_expect_eq(theirs.st_ino, after.st_ino);
	cr_assert_eq(stat(".", &after), 0);
	cr_expect_eq(after.st_ino, ours.st_ino);
	close(fd);
}

static int own_namespace(void *data, int *ret, struct hr_error *err)
{
	struct stat st;

	(void)err;
	if (stat(data, &st) < 0)
		return -1;
	*ret = (int)(st.st_ino & 0x7fffffff);
	return 0;
}

Test(child_work, namespaces)
{
	struct hr_error err = {0};
	struct stat st;
	int ret = 0;
	char path[] = "/proc/self/ns/mnt";

	need_root();
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_ok(child_work(0, own_namespace, path, &ret, &err), err);
	cr_expect_eq(ret, (int)(st.st_ino & 0x7fffffff));
	cr_assert_ok(child_work(CLONE_NEWNS, own_namespace, path, &ret, &err), err);
	cr_expect_neq(ret, (int)(st.st_ino & 0x7fffffff));
}

Test(child_work, no_child_to_be_had)
{
	struct hr_error err = {0};
	int ret = 0, data = 0;

	/* A pid namespace of the parent's threads: no kernel gives that. */
	expect_error(child_work(CLONE_THREAD, answer, &data, &ret, &err), &err, HR_SYSTEM,
		     "clone3");
}

static int nothing(void *data, int *ret, struct hr_error *err)
{
	(void)data, (void)ret, (void)err;
	return 0;
}

Test(child_work, sigchld_ignored_by_the_caller)
{
	struct hr_error err = {0};

	cr_assert_neq(signal(SIGCHLD, SIG_IGN), SIG_ERR);
	cr_assert_ok(child_work(0, nothing, NULL, NULL, &err), err);
}

/* --- Who dies with whom ------------------------------------------------------------------------
 */

static int tell_and_sleep(void *data, int *ret, struct hr_error *err)
{
	int fd = *(const int *)data;
	pid_t own = getpid();

	(void)ret, (void)err;
	while (write(fd, &own, sizeof(own)) == sizeof(own))
		pause();
	return 0;
}

static void work_for_ever(int fd)
{
	child_work(0, tell_and_sleep, &fd, NULL, NULL);
}

static void hold_for_ever(int fd)
{
	pid_t pid;

	if (child_hold(0, NULL, NULL, &pid, NULL) == 0 &&
	    write(fd, &pid, sizeof(pid)) == sizeof(pid))
		pause();
}

static void (*const parents[])(int fd) = {work_for_ever, hold_for_ever};

/* Its pidfd is readable when it has ended. */
static void check_parents(void (*const *row)(int fd), size_t i)
{
	struct pollfd gone = {.events = POLLIN};
	int ends[2];
	pid_t parent, child = 0;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		(*row)(ends[1]);
		_exit(0);
	}
	cr_assert_eq(read(ends[0], &child, sizeof(child)), (ssize_t)sizeof(child));
	gone.fd = (int)syscall(SYS_pidfd_open, child, 0);
	cr_assert(gone.fd >= 0);
	cr_expect_eq(poll(&gone, 1, 100), 0, "%zu: it lives with its parent", i);
	kill(parent, SIGKILL);
	cr_expect_eq(waitpid(parent, NULL, 0), parent);
	cr_expect_eq(poll(&gone, 1, 10000), 1, "%zu: and no longer", i);
	close(gone.fd);
	close(ends[0]);
	close(ends[1]);
}
ROWS(child_work, parents)

/* --- One that only is there --------------------------------------------------------------------
 */

static int enter(void *data)
{
	return *(const int *)data;
}

Test(child_work, held)
{
	struct hr_error err = {0};
	int result = 0;
	pid_t pid = 0;

	cr_assert_ok(child_hold(0, enter, &result, &pid, &err), err);
	cr_expect_eq(kill(pid, 0), 0);
	child_end(pid);
	cr_expect_eq(kill(pid, 0), -1);
	result = EPERM;
	expect_error(child_hold(0, enter, &result, &pid, &err), &err, HR_SYSTEM, "setns");
}

static int kill_self(void *data)
{
	(void)data;
	return kill(getpid(), SIGKILL);
}

Test(child_work, held_and_died)
{
	struct hr_error err = {0};
	pid_t pid = 0;

	expect_error(child_hold(0, kill_self, NULL, &pid, &err), &err, HR_SYSTEM, "died");
}
