/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

__attribute__((noreturn)) static void become(const char *path, char *const argv[],
					     char *const envp[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 && dup2(null, 2) == 2)
		execve(path, argv, envp);
	_exit(127);
}

/* Read until the end, the deadline, or too much. */
static int collect(int fd, int timeout_ms, size_t max, struct text *text, struct hr_error *err)
{
	long end = now_ms() + timeout_ms;
	char block[8192];

	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		long left = end - now_ms();
		ssize_t got;

		if (left <= 0 || poll(&wait, 1, (int)left) == 0)
			return hr_fail(err, HR_SYSTEM, "no answer within %d ms", timeout_ms);
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

int child_capture(const char *path, char *const argv[], char *const envp[], int timeout_ms,
		  size_t max, char **ret, size_t *ret_len, int *ret_status, struct hr_error *err)
{
	text_auto struct text text = {0};
	int ends[2], result;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "pipe");
	pid = fork();
	if (pid == 0)
		become(path, argv, envp, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return hr_fail_errno(err, errno, "fork");
	}
	result = collect(ends[0], timeout_ms, max, &text, err);
	close(ends[0]);
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
