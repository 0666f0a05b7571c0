/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A caller may have us ignore SIGCHLD, and then a child's status is lost. */
static void wait_ourselves(void)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	(void)sigaction(SIGCHLD, &usual, NULL);
}

int child_start(void (*become)(void *data), void *data, pid_t *ret, struct hr_error *err)
{
	pid_t parent = getpid(), pid;

	wait_ourselves();
	pid = fork();
	if (pid == 0) {
		/* We may be gone already, and then nobody kills it. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
			become(data);
		_exit(126);
	}
	if (pid < 0)
		return hr_fail_errno(err, errno, "fork");
	*ret = pid;
	return 0;
}

/* --- One that works for us ------------------------------------------------------------------- */

/* As fork(2), which cannot share descriptors or make namespaces. */
static pid_t start(unsigned long flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* False when the parent, whose death kills us from here on, is gone already. In a new namespace of
 * processes it has no number. */
static bool bind_to(pid_t parent)
{
	pid_t now;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return false;
	now = getppid();
	return now == parent || now == 0;
}

static int await(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

struct report {
	struct hr_error err;
	int result, ret;
	bool done; /* the rest is written */
};

static int fail_start(struct hr_error *err)
{
	if (errno == ENOSPC || errno == EUSERS)
		return hr_fail_errno(err, errno,
				     "no more namespaces (sysctl user.max_*_namespaces)");
	return hr_fail_errno(err, errno, "clone3");
}

static int work_in_child(unsigned long flags,
			 int (*work)(void *data, int *ret, struct hr_error *err), void *data,
			 struct report *report, struct hr_error *err)
{
	pid_t parent = getpid(), pid;
	int status;

	wait_ourselves();
	pid = start(flags | CLONE_FILES);
	if (pid == 0) {
		if (bind_to(parent)) {
			report->result = work(data, &report->ret, &report->err);
			report->done = true;
		}
		_exit(0);
	}
	if (pid < 0)
		return fail_start(err);
	status = await(pid);
	if (report->done)
		return 0;
	return hr_fail(err, HR_SYSTEM, "a child of ours died (status %#x)", (unsigned)status);
}

int child_work(unsigned long flags, int (*work)(void *data, int *ret, struct hr_error *err),
	       void *data, int *ret, struct hr_error *err)
{
	struct report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	if (report == MAP_FAILED)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (ret)
		report->ret = *ret;
	result = work_in_child(flags, work, data, report, err);
	if (result == 0) {
		/* It may have parsed what came from outside, and have been taken over. */
		report->err.msg[sizeof(report->err.msg) - 1] = '\0';
		result = report->result;
		if (ret)
			*ret = report->ret;
		if (result < 0)
			hr_fail(err, report->err.code, "%s", report->err.msg);
	}
	munmap(report, sizeof(*report));
	return result;
}

/* --- One that only is there ------------------------------------------------------------------ */

__attribute__((noreturn)) static void hold(pid_t parent, int (*enter)(void *data), void *data,
					   int ready)
{
	int failed = bind_to(parent) && enter ? enter(data) : 0;

	/* Other credentials forget whose death was to kill us. */
	if (bind_to(parent) && write(ready, &failed, sizeof(failed)) == sizeof(failed) && !failed)
		for (;;)
			pause();
	_exit(0);
}

static int await_ready(int fd, struct hr_error *err)
{
	int failed;
	ssize_t got;

	do
		got = read(fd, &failed, sizeof(failed));
	while (got < 0 && errno == EINTR);
	if (got != sizeof(failed))
		return hr_fail(err, HR_SYSTEM, "a child of ours died");
	return failed ? hr_fail_errno(err, failed, "setns") : 0;
}

int child_hold(unsigned long flags, int (*enter)(void *data), void *data, pid_t *ret,
	       struct hr_error *err)
{
	pid_t parent = getpid(), pid;
	int ends[2], result;

	wait_ourselves();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "pipe");
	pid = start(flags);
	if (pid == 0)
		hold(parent, enter, data, ends[1]);
	close(ends[1]);
	result = pid < 0 ? fail_start(err) : await_ready(ends[0], err);
	close(ends[0]);
	if (result == 0)
		*ret = pid;
	else if (pid > 0)
		child_end(pid);
	return result;
}

void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	await(pid);
}

/* --- One that stays --------------------------------------------------------------------------- */

static bool is_kept(int fd, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kept[i] == fd)
			return true;
	return false;
}

/* In the gaps between those that are kept, which are few. */
static bool close_others(const int *kept, size_t count)
{
	unsigned from = 3;
	int last = 2;

	for (size_t i = 0; i < count; i++)
		last = kept[i] > last ? kept[i] : last;
	for (int fd = 3; fd <= last; fd++) {
		if (!is_kept(fd, kept, count))
			continue;
		if ((unsigned)fd > from && close_range(from, (unsigned)fd - 1, 0))
			return false;
		from = (unsigned)fd + 1;
	}
	return !close_range(from, ~0U, 0);
}

static bool be_alone(const int *kept, size_t count)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || (null != fd && dup2(null, fd) < 0))
			return false;
	return close_others(kept, count) && !chdir("/") && !sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child in between, which is no longer there when we go on. */
__attribute__((noreturn)) static void leave(void (*work)(void *data), void *data, const int *kept,
					    size_t count)
{
	pid_t pid = setsid() < 0 ? -1 : fork();

	if (pid == 0) {
		if (be_alone(kept, count))
			work(data);
		_exit(0);
	}
	_exit(pid < 0);
}

int child_leave(void (*work)(void *data), void *data, const int *kept, size_t count,
		struct hr_error *err)
{
	pid_t pid;

	for (size_t i = 0; i < count; i++)
		if (count > CHILD_KEPT_MAX || kept[i] < 3)
			return hr_fail(err, HR_SYSTEM, "a descriptor that cannot be kept");
	wait_ourselves();
	pid = fork();
	if (pid == 0)
		leave(work, data, kept, count);
	if (pid < 0)
		return hr_fail_errno(err, errno, "fork");
	return await(pid) ? hr_fail(err, HR_SYSTEM, "no process of its own is to be had") : 0;
}
