/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

struct deadline {
	int timeout_ms; /* as it was asked for, for the message */
	long end;
};

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

__attribute__((noreturn)) static void become_program(const char *path, char *const argv[],
						     char *const envp[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 && dup2(null, 2) == 2)
		execve(path, argv, envp);
	_exit(127);
}

/* A caller may have us ignore SIGCHLD, and then a child's status is lost. */
static void wait_ourselves(void)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	(void)sigaction(SIGCHLD, &usual, NULL);
}

/* Wait until there is something to read from `fd`, or, for a pidfd, until it has ended. */
static int wait_for(int fd, const struct deadline *deadline, struct hr_error *err)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	for (;;) {
		long left = deadline->end - now_ms();
		int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;

		if (ready > 0)
			return 0;
		if (ready == 0 || errno != EINTR)
			return hr_fail(err, HR_SYSTEM, "no answer within %d ms",
				       deadline->timeout_ms);
	}
}

/* Read until the end, the deadline, or too much. */
static int collect(int fd, const struct deadline *deadline, size_t max, struct text *text,
		   struct hr_error *err)
{
	char block[8192];

	for (;;) {
		ssize_t got;

		if (wait_for(fd, deadline, err) < 0)
			return -1;
		got = read(fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hr_fail_errno(err, errno, "read");
		if (got == 0)
			return 0;
		text_add(text, block, (size_t)got);
		if (text->len > max)
			return hr_fail(err, HR_SYSTEM, "more than %zu bytes of output", max);
	}
}

/* It may have closed its output and go on all the same. */
static int wait_end(pid_t pid, const struct deadline *deadline, struct hr_error *err)
{
	hr_autoclose int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return hr_fail_errno(err, errno, "pidfd_open (needs Linux 5.3)");
	return wait_for(fd, deadline, err);
}

int child_capture(const char *path, char *const argv[], char *const envp[], int timeout_ms,
		  size_t max, char **ret, size_t *ret_len, int *ret_status, struct hr_error *err)
{
	text_auto struct text text = {0};
	const struct deadline deadline = {timeout_ms, now_ms() + timeout_ms};
	int ends[2], result;
	pid_t pid;

	wait_ourselves();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0)
		become_program(path, argv, envp, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return hr_fail_errno(err, errno, "fork");
	}
	result = collect(ends[0], &deadline, max, &text, err);
	close(ends[0]);
	if (result == 0)
		result = wait_end(pid, &deadline, err);
	if (result < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
	if (result < 0)
		return hr_context(err, "%s", path);
	text_add(&text, "", 0);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", path);
	*ret_len = text.len;
	*ret = hr_steal(text.data);
	return 0;
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
