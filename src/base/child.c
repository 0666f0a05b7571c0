/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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

	sigaction(SIGCHLD, &usual, NULL);
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
