/* SPDX-License-Identifier: Apache-2.0 */
/* kill_at [-p] N PROGRAM ARG...: run it, and kill a process right before system call number N of
 * it and its children together, from 1 on: the process that makes the call, or with -p the program
 * itself, whoever makes the call. Prints the call and whose it is ("53 child"), or nothing when
 * there were less. Ends with the program's status, 137 when it was killed. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif

/* struct __ptrace_syscall_info of linux/ptrace.h, which does not go with sys/ptrace.h */
struct info {
	unsigned char op, pad[3];
	unsigned arch;
	unsigned long long ip, sp, nr, args[6];
};
#define ENTRY 1

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0)
			execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static bool enters(pid_t pid, struct info *info)
{
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*info), info) > 0 &&
	       info->op == ENTRY;
}

/* The signal that the process is to have gone on with. */
static int passed_on(int status)
{
	int sig = WSTOPSIG(status);

	return sig == (SIGTRAP | 0x80) || sig == SIGTRAP || sig == SIGSTOP ? 0 : sig;
}

static int trace(pid_t program, bool whole, long left)
{
	int status, last = -1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct info info;

		if (!WIFSTOPPED(status)) {
			last = pid == program ? status : last;
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && enters(pid, &info) && --left == 0) {
			printf("%llu %s\n", info.nr, pid == program ? "self" : "child");
			kill(whole ? program : pid, SIGKILL);
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)passed_on(status));
	}
	return WIFSIGNALED(last) ? 128 + WTERMSIG(last) : WEXITSTATUS(last);
}

int main(int argc, char **argv)
{
	bool whole = argc > 1 && strcmp(argv[1], "-p") == 0;
	char **rest = argv + 1 + whole;
	pid_t pid;

	if (argc < 3 + whole || (pid = start(rest + 1)) < 0 || waitpid(pid, NULL, 0) != pid ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			    PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL)) < 0 ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0)
		return 2;
	return trace(pid, whole, strtol(rest[0], NULL, 10));
}
