/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a container: make the calls of /points, each in a child, and print what came of each:
 * its name, a tab, "ok", "killed" (SIGSYS) or the name of the error. A line of /points is
 * what `prove points` prints: NAME, ABI, number and six arguments, tabs between.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DONE 255 /* exit status: the kernel answered without an error */

struct point {
	char name[128], abi[16];
	long nr;
	uint64_t args[6];
};

static int parse(char *line, struct point *ret)
{
	const char *name = strtok(line, "\t\n"), *abi = strtok(NULL, "\t\n");
	const char *nr = strtok(NULL, "\t\n");

	if (!nr)
		return -1;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	snprintf(ret->abi, sizeof(ret->abi), "%s", abi);
	ret->nr = strtol(nr, NULL, 0);
	for (size_t i = 0; i < 6; i++) {
		const char *arg = strtok(NULL, "\t\n");

		ret->args[i] = arg ? strtoull(arg, NULL, 0) : 0;
	}
	return 0;
}

#if defined(__x86_64__)
/* The 32-bit ABI; three arguments do. */
static long int80(const struct point *point)
{
	long rc = point->nr;

	__asm__ volatile("int $0x80"
			 : "+a"(rc)
			 : "b"(point->args[0]), "c"(point->args[1]), "d"(point->args[2])
			 : "memory", "r8", "r9", "r10", "r11");
	return rc;
}
#endif

static int call(const struct point *point)
{
	pid_t self = getpid();
	long rc;

#if defined(__x86_64__)
	if (strcmp(point->abi, "i386") == 0) {
		rc = int80(point);
		return rc < 0 && rc > -4096 ? (int)-rc : DONE;
	}
#endif
	rc = syscall(point->nr, point->args[0], point->args[1], point->args[2], point->args[3],
		     point->args[4], point->args[5]);
	if (getpid() != self)
		_exit(0); /* the child of a clone that went through */
	return rc == -1 ? errno : DONE;
}

static void report(const struct point *point)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(10);
		_exit(call(point));
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s\t%s\n", point->name,
		       WTERMSIG(status) == SIGSYS ? "killed" : strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == DONE)
		printf("%s\tok\n", point->name);
	else
		printf("%s\t%s\n", point->name,
		       WEXITSTATUS(status) == 0 ? "0" : strerrorname_np(WEXITSTATUS(status)));
}

int main(void)
{
	FILE *points = fopen("/points", "r");
	char line[512];

	if (!points) {
		perror("/points");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), points)) {
		struct point point;

		if (parse(line, &point) < 0)
			return 1;
		report(&point);
	}
	fclose(points);
	return 0;
}
