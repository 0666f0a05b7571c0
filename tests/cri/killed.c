/* SPDX-License-Identifier: Apache-2.0 */
/* In the place of a runtime: becomes PROGRAM, and some of its calls die by SIGKILL after a
 * while. Which and when says PLAN, a file of 32-bit numbers: where the next one is comes first,
 * then one for each call, in microseconds, negative for a call that is spared. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The next number; spared when there is none. */
static int32_t next(void)
{
	int fd = open(PLAN, O_RDWR | O_CLOEXEC);
	int32_t at = 0, wait = -1;

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX) == 0 && pread(fd, &at, 4, 0) == 4 &&
	    pread(fd, &wait, 4, 4 + 4 * (off_t)at) == 4) {
		at++;
		if (pwrite(fd, &at, 4, 0) != 4)
			wait = -1;
	}
	close(fd);
	return wait;
}

/* By a grandchild, which keeps nothing open but our pidfd and is nobody's to wait for. */
static void kill_later(int32_t wait)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	pid_t child = fork();

	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		dup2(self, 0);
		syscall(SYS_close_range, 1, ~0U, 0);
		usleep((useconds_t)wait);
		syscall(SYS_pidfd_send_signal, 0, SIGKILL, NULL, 0);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	close(self);
}

int main(int argc, char **argv)
{
	int32_t wait = next();

	if (argc < 1)
		return 2;
	if (wait >= 0)
		kill_later(wait);
	execv(PROGRAM, argv);
	return 127;
}
