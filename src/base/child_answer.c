/* SPDX-License-Identifier: Apache-2.0 */
/* Children whose output is wanted, all of it, until a deadline. */
#include "base/child.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define KILLED_MS 250 /* how long one that was killed is waited for: it may hang in the kernel */

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- Until a deadline ------------------------------------------------------------------------- */

/* Wait until there is something to read from `fd`, or, for a pidfd, until it has ended; false at
 * the deadline. */
static bool wait_for(int fd, long end)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	for (;;) {
		long left = end - now_ms();
		int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;

		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}

/* Read until the end, the deadline, or too much. */
static enum child_outcome collect(int fd, long end, size_t max, struct text *text)
{
	char block[8192];

	for (;;) {
		ssize_t got;

		if (!wait_for(fd, end))
			return CHILD_LATE;
		got = read(fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return CHILD_ENDED;
		text_add(text, block, (size_t)got);
		if (text->len > max)
			return CHILD_TOO_MUCH;
	}
}

struct started {
	pid_t pid;
	int pidfd;
	int output; /* the end of a pipe, of which it has the other one */
};

static void send_signal(const struct started *child, int signal)
{
	(void)syscall(SYS_pidfd_send_signal, child->pidfd, signal, NULL, 0);
}

/* With one that does not go even then the kernel is occupied; it is not to hold us. */
static int reap(const struct started *child, bool ended)
{
	int status = SIGKILL, options = 0;

	if (!ended) {
		send_signal(child, SIGKILL);
		if (!wait_for(child->pidfd, now_ms() + KILLED_MS))
			options = WNOHANG;
	}
	while (waitpid(child->pid, &status, options) < 0 && errno == EINTR)
		;
	return status;
}

static enum child_outcome await(struct started *child, long end, size_t max, struct text *text,
				int *ret_status)
{
	enum child_outcome outcome = collect(child->output, end, max, text);

	close(child->output);
	/* It may have closed its output and go on all the same. */
	if (outcome == CHILD_ENDED && !wait_for(child->pidfd, end))
		outcome = CHILD_LATE;
	*ret_status = reap(child, outcome == CHILD_ENDED);
	close(child->pidfd);
	text_add(text, "", 0);
	return outcome;
}

/* `ends`: a pipe; its second end is closed here and not in the child. */
static int start(void (*become)(void *data), void *data, const int ends[2], struct started *ret,
		 struct hr_error *err)
{
	int result = child_start(become, data, &ret->pid, err);

	close(ends[1]);
	ret->output = ends[0];
	if (result == 0) {
		ret->pidfd = (int)syscall(SYS_pidfd_open, ret->pid, 0);
		if (ret->pidfd >= 0)
			return 0;
		hr_fail_errno(err, errno, "pidfd_open (needs Linux 5.3)");
		child_end(ret->pid);
	}
	close(ends[0]);
	return -1;
}

/* --- By its path, its standard output --------------------------------------------------------- */

struct capture {
	const char *path;
	char *const *argv, *const *envp;
	int out;
};

static void become_capture(void *data)
{
	const struct capture *what = data;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0 && dup2(null, 0) == 0 && dup2(what->out, 1) == 1 && dup2(null, 2) == 2)
		execve(what->path, what->argv, what->envp);
	_exit(127);
}

int child_capture(const char *path, char *const argv[], char *const envp[], int timeout_ms,
		  size_t max, char **ret, size_t *ret_len, int *ret_status, struct hr_error *err)
{
	text_auto struct text text = {0};
	struct capture what = {.path = path, .argv = argv, .envp = envp};
	long end = now_ms() + timeout_ms;
	enum child_outcome outcome;
	struct started child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "pipe");
	what.out = ends[1];
	if (start(become_capture, &what, ends, &child, err) < 0)
		return -1;
	outcome = await(&child, end, max, &text, ret_status);
	if (outcome == CHILD_LATE)
		return hr_fail(err, HR_SYSTEM, "%s: no answer within %d ms", path, timeout_ms);
	if (outcome == CHILD_TOO_MUCH)
		return hr_fail(err, HR_SYSTEM, "%s: more than %zu bytes of output", path, max);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", path);
	*ret_len = text.len;
	*ret = hr_steal(text.data);
	return 0;
}

/* --- By its descriptor, with descriptors of its own ------------------------------------------- */

struct answer {
	const struct child_program *program;
	int out;
};

/* Each in its place, and all others gone. First they are moved to where no place is. */
static bool place(const struct child_program *program, int null, int out)
{
	int first = 3, behind = first + (int)program->fd_count;
	int moved[CHILD_FDS_MAX + 1];

	for (size_t i = 0; i < program->fd_count; i++) {
		int fd = i == program->answer ? out : program->fds[i];

		moved[i] = fcntl(fd >= 0 ? fd : null, F_DUPFD, behind + 1);
		if (moved[i] < 0)
			return false;
	}
	moved[program->fd_count] = fcntl(program->fd, F_DUPFD, behind + 1);
	for (size_t i = 0; i < program->fd_count; i++)
		if (dup2(moved[i], first + (int)i) < 0)
			return false;
	for (int fd = 0; fd < first; fd++)
		if (dup2(null, fd) < 0)
			return false;
	return moved[program->fd_count] >= 0 &&
	       dup3(moved[program->fd_count], behind, O_CLOEXEC) == behind &&
	       syscall(SYS_close_range, behind + 1, ~0U, 0) == 0;
}

static char *const nothing[] = {NULL};

int child_become(int fd, char *const argv[], struct hr_error *err)
{
	syscall(SYS_execveat, fd, "", argv, nothing, AT_EMPTY_PATH);
	return hr_fail_errno(err, errno, "%s cannot be started", argv[0]);
}

static void become_answer(void *data)
{
	const struct answer *what = data;
	const struct child_program *program = what->program;
	/* Above all places, or it would be closed by one that is filled. */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high = null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, 3 + CHILD_FDS_MAX + 2);

	if (high >= 0 && place(program, high, what->out))
		syscall(SYS_execveat, 3 + (int)program->fd_count, "", program->argv, nothing,
			AT_EMPTY_PATH);
	_exit(127);
}

int child_answer(const struct child_program *program, int timeout_ms, size_t max,
		 struct child_answer *ret, struct hr_error *err)
{
	struct answer what = {.program = program};
	long end = now_ms() + timeout_ms;
	text_auto struct text text = {0};
	struct started child;
	int ends[2];

	*ret = (struct child_answer){0};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "pipe");
	what.out = ends[1];
	if (start(become_answer, &what, ends, &child, err) < 0)
		return -1;
	if (program->signal)
		send_signal(&child, program->signal);
	ret->outcome = await(&child, end, max, &text, &ret->status);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	ret->len = text.len;
	ret->text = hr_steal(text.data);
	return 0;
}
