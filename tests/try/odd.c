/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: odd NAME [ARGUMENT]
 * As hostile.c: unusual ways to make calls, and to look for a watcher.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refused(void)
{
	return syscall(SYS_keyctl, 0, -1, 0) < 0 ? errno : 0;
}

static int rooted(const char *path)
{
	return syscall(SYS_chroot, path) < 0 ? errno : 0;
}

static int ids(char **argv)
{
	(void)argv;
	printf("%u %u %u %u, %s\n", getuid(), geteuid(), getgid(), getegid(),
	       strerrorname_np(refused()));
	return 0;
}

static int as_setuid(char **argv)
{
	return execl(argv[2], argv[2], "ids", NULL);
}

static int closed(char **argv)
{
	(void)argv;
	syscall(SYS_close_range, 0, ~0U, 0);
	return refused() == ENOSYS && rooted("/closed") == EPERM ? 7 : 8;
}

static void listed(const char *directory)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort);

	printf("%s:", directory);
	for (int i = 0; i < n; i++)
		printf(" %s", entries[i]->d_name);
	puts("");
}

static void lines(const char *path, const char *with)
{
	char line[4096];
	FILE *file = fopen(path, "re");

	printf("%s: %s\n", path, file ? "" : strerrorname_np(errno));
	while (file && fgets(line, sizeof(line), file))
		if (!with || strncmp(line, with, strlen(with)) == 0)
			fputs(line, stdout);
	if (file)
		fclose(file);
}

/* Everything by which a process could see that it is watched. */
static int finder(char **argv)
{
	(void)argv;
	lines("/proc/self/status", "Seccomp");
	lines("/proc/self/status", "NoNewPrivs");
	lines("/proc/self/status", "Cap");
	lines("/proc/self/status", "TracerPid");
	lines("/proc/self/status", "PPid");
	lines("/proc/1/comm", NULL);
	lines("/proc/net/unix", NULL);
	lines("/proc/self/limits", NULL);
	listed("/proc/self/fd");
	listed("/proc/self/task");
	listed("/run");
	printf("kill all: %s\n", kill(-1, SIGKILL) < 0 ? strerrorname_np(errno) : "0");
	printf("kill group: %s\n", kill(0, SIGUSR2 * 0) < 0 ? strerrorname_np(errno) : "0");
	printf("session %d group %d parent %d\n", getsid(0), getpgrp(), getppid());
	printf("refused %s\n", strerrorname_np(refused()));
	return 0;
}

/* A filter of its own on top: what it answers to keyctl and lets through else. */
static int filter(unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		printf("no filter: %s\n", strerrorname_np(errno));
	printf("%s\n", strerrorname_np(refused()));
	printf("%s\n", strerrorname_np(rooted("/filtered")));
	return 0;
}

static int filtered(char **argv)
{
	static const struct {
		const char *name;
		unsigned int action;
	} actions[] = {
		{"errno", SECCOMP_RET_ERRNO | EACCES}, {"log", SECCOMP_RET_LOG},
		{"trace", SECCOMP_RET_TRACE},	       {"trap", SECCOMP_RET_TRAP},
		{"kill", SECCOMP_RET_KILL_PROCESS},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(argv[2], actions[i].name) == 0)
			return filter(actions[i].action);
	return 2;
}

/* Names and paths that must not reach a terminal or break JSON. */
static int names(char **argv)
{
	(void)argv;
	static char path[5000];

	prctl(PR_SET_NAME, "a\033[31m\n\"\\\xff", 0, 0, 0);
	printf("%s\n", strerrorname_np(rooted("/esc\033[2J\nrefused calls\n\"\\\xff\xfe")));
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	printf("%s\n", strerrorname_np(rooted(path)));
	printf("%s\n", strerrorname_np(rooted((char *)1)));
	printf("%s\n", strerrorname_np(rooted(NULL)));
	printf("%s\n", strerrorname_np(rooted("")));
	return 0;
}

/* As many different rows as a table may get. */
static int different(char **argv)
{
	long right = 0;

	(void)argv;
	for (long i = 0; i < 20000; i++)
		right += syscall(SYS_ioctl, -1, 0x1000000 + i, 0) < 0 && errno == ENOSYS;
	printf("right %ld\n", right);
	return 0;
}

static int aborts(char **argv)
{
	(void)argv;
	abort();
}

#ifdef __x86_64__
static int i386(char **argv)
{
	(void)argv;
	long result = 20; /* getpid */

	puts("before");
	fflush(stdout);
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	printf("after %ld\n", result);
	return 0;
}

static int x32(char **argv)
{
	(void)argv;
	puts("before");
	fflush(stdout);
	errno = 0;
	printf("after %ld %s\n", syscall(0x40000000 + 39), strerrorname_np(errno));
	return 0;
}
#endif

static const struct {
	const char *name;
	int (*run)(char **argv);
} programs[] = {
	{"ids", ids},	      {"setuid", as_setuid}, {"closed", closed},       {"finder", finder},
	{"filter", filtered}, {"names", names},	     {"different", different}, {"abort", aborts},
#ifdef __x86_64__
	{"i386", i386},	      {"x32", x32},
#endif
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			return programs[i].run(argv);
	return 2;
}
