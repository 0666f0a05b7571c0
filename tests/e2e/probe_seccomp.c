/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a container: try each call of tests/seccomp/probes.def and what programs must be able
 * to do, and print a line for each: NAME, a tab, what was expected, a tab, what came.
 * usage: probe_seccomp [open]   open: only calls that reach the kernel (to be run without a
 * filter, for comparison)
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REACHED 500 /* the kernel answered without an error */

/* Run `body` in a child and print how it ends. */
static void report(const char *name, const char *expected, int (*body)(const void *),
		   const void *argument)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int code;

		alarm(10);
		code = body(argument);
		_exit(code == REACHED ? 255 : code);
	}
	waitpid(pid, &status, 0);
	printf("%s\t%s\t", name, expected);
	if (WIFSIGNALED(status))
		printf("%s\n", WTERMSIG(status) == SIGSYS ? "killed" : strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 255)
		printf("ok\n");
	else
		printf("%s\n", strerrorname_np(WEXITSTATUS(status)));
}

struct probe {
	const char *call;
	long nr;
	int expected;
	uint64_t args[3];
};

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static const struct probe probes[] = {
#if defined(__x86_64__)
#define MACHINE(call, error, a, b, c) {#call, SYS_##call, error, {a, b, c}},
#else
#define MACHINE(call, error, a, b, c)
#endif
#define ANSWER(call, error, a, b, c) {#call, SYS_##call, error, {a, b, c}},
#include "../seccomp/probes.def"
};

static int probe(const void *argument)
{
	const struct probe *p = argument;
	pid_t self = getpid();
	long rc = syscall(p->nr, p->args[0], p->args[1], p->args[2], 0L, 0L, 0L);

	if (getpid() != self)
		_exit(0);
	return rc == -1 ? errno : REACHED;
}

static void probe_all(bool open)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		const struct probe *p = &probes[i];
		char name[128];

		if (open && p->expected != 0)
			continue;
		snprintf(name, sizeof(name), "%s(%#lx, %#lx, %#lx)", p->call,
			 (unsigned long)p->args[0], (unsigned long)p->args[1],
			 (unsigned long)p->args[2]);
		report(name, p->expected == 0 ? "kernel" : strerrorname_np(p->expected), probe, p);
	}
}

/* --- Other ABIs, and numbers that are no call ----------------------------------------- */

static int number(const void *argument)
{
	long rc = syscall(*(const long *)argument, 0L, 0L, 0L, 0L, 0L, 0L);

	return rc == -1 ? errno : REACHED;
}

#if defined(__x86_64__)
/* getpid of the 32-bit ABI. */
static int int80(const void *argument)
{
	long rc = 20;

	(void)argument;
	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory", "r8", "r9", "r10", "r11");
	return rc < 0 ? (int)-rc : REACHED;
}
#endif

static void numbers(void)
{
	static const long unknown[] = {999, 4000, 0x3FFFFFFF};
	char name[64];

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		snprintf(name, sizeof(name), "number %ld", unknown[i]);
		report(name, "ENOSYS", number, &unknown[i]);
	}
#if defined(__x86_64__)
	static const long x32[] = {0x40000000 | 39, 0x40000000 | 520, 0x40000000 | 321};

	report("i386 getpid", "killed", int80, NULL);
	for (size_t i = 0; i < sizeof(x32) / sizeof(x32[0]); i++) {
		snprintf(name, sizeof(name), "x32 %ld", x32[i] & 0xFFFF);
		report(name, "killed", number, &x32[i]);
	}
#endif
}

/* --- What must work: the C library's ways, not bare numbers ---------------------------- */

#define NEED(condition)                             \
	do {                                        \
		if (!(condition))                   \
			return errno ? errno : EIO; \
	} while (0)

static int fork_and_wait(const void *argument)
{
	int status;
	pid_t pid = fork();

	(void)argument;
	if (pid == 0)
		_exit(7);
	NEED(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	return REACHED;
}

static int vfork_and_exec(const void *argument)
{
	char program[] = "/probe", word[] = "nothing", *const argv[] = {program, word, NULL};
	int status;
	pid_t pid = vfork();

	(void)argument;
	if (pid == 0) {
		execv("/probe", argv);
		_exit(9);
	}
	NEED(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 0);
	return REACHED;
}

/* clone3 in newer C libraries, with a fall-back. */
static int spawn(const void *argument)
{
	char program[] = "/probe", word[] = "nothing", *const argv[] = {program, word, NULL};
	int status, rc;
	pid_t pid;

	(void)argument;
	rc = posix_spawn(&pid, "/probe", NULL, NULL, argv, NULL);
	if (rc != 0)
		return rc;
	NEED(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 0);
	return REACHED;
}

static void *thread(void *argument)
{
	return argument;
}

static int threads(const void *argument)
{
	int numbers_of[8];
	pthread_t ids[8];
	void *back;

	for (size_t i = 0; i < 8; i++) {
		int rc = pthread_create(&ids[i], NULL, thread, &numbers_of[i]);

		if (rc != 0)
			return rc;
	}
	for (size_t i = 0; i < 8; i++)
		NEED(pthread_join(ids[i], &back) == 0 && back == &numbers_of[i]);
	(void)argument;
	return REACHED;
}

static int files(const void *argument)
{
	struct stat status;
	int fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	(void)argument;
	NEED(fd >= 0 && write(fd, "abc", 3) == 3 && fsync(fd) == 0 && fstat(fd, &status) == 0);
	NEED(status.st_size == 3 && rename("/tmp/file", "/tmp/other") == 0);
	NEED(chmod("/tmp/other", 0640) == 0 && chown("/tmp/other", 1, 1) == 0);
	NEED(unlink("/tmp/other") == 0 && mkfifo("/tmp/fifo", 0600) == 0);
	return REACHED;
}

static int memory(const void *argument)
{
	void *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	NEED(page != MAP_FAILED && mprotect(page, 4096, PROT_READ) == 0);
	NEED(mlock(page, 4096) == 0 && munlock(page, 4096) == 0);
	NEED(mlock2(page, 4096, MLOCK_ONFAULT) == 0);
	NEED((mlockall(MCL_CURRENT) == 0 || errno == ENOMEM || errno == EPERM) &&
	     munlockall() == 0);
	NEED(munmap(page, 8192) == 0);
	return REACHED;
}

static int shared_memory(const void *argument)
{
	int shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	int sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	struct sembuf up = {0, 1, 0};
	void *at;

	(void)argument;
	NEED(shm >= 0 && sem >= 0);
	at = shmat(shm, NULL, 0);
	NEED(at != (void *)-1 && shmdt(at) == 0 && shmctl(shm, IPC_RMID, NULL) == 0);
	NEED(semop(sem, &up, 1) == 0 && semctl(sem, 0, IPC_RMID) == 0);
	return REACHED;
}

static int events(const void *argument)
{
	struct itimerspec soon = {.it_value.tv_nsec = 1000000};
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);

	(void)argument;
	NEED(epoll >= 0 && timer >= 0 && eventfd(0, 0) >= 0);
	NEED(timerfd_settime(timer, 0, &soon, NULL) == 0);
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0);
	NEED(epoll_wait(epoll, &event, 1, 1000) == 1);
	return REACHED;
}

static int network(const void *argument)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), peer, pair[2];

	(void)argument;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	NEED(server >= 0 && client >= 0);
	NEED(bind(server, (struct sockaddr *)&address, len) == 0 && listen(server, 1) == 0);
	NEED(getsockname(server, (struct sockaddr *)&address, &len) == 0);
	NEED(connect(client, (struct sockaddr *)&address, len) == 0);
	peer = accept(server, NULL, NULL);
	NEED(peer >= 0 && send(client, "x", 1, 0) == 1 && shutdown(client, SHUT_WR) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && write(pair[0], "x", 1) == 1);
	return REACHED;
}

static volatile sig_atomic_t caught;

static void catch (int signal)
{
	caught = signal;
}

static int signals(const void *argument)
{
	(void)argument;
	NEED(signal(SIGUSR1, catch) != SIG_ERR && raise(SIGUSR1) == 0 && caught == SIGUSR1);
	return REACHED;
}

static int limits(const void *argument)
{
	struct rlimit limit;
	uint64_t old[2];

	(void)argument;
	NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
	NEED(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, old) == 0);
#if defined(__x86_64__)
	NEED(syscall(SYS_getrlimit, RLIMIT_NOFILE, old) == 0);
	NEED(syscall(SYS_setrlimit, RLIMIT_NOFILE, old) == 0);
#endif
	return REACHED;
}

static int step_down(const void *argument)
{
	(void)argument;
	NEED(setgroups(0, NULL) == 0 && setresgid(9, 9, 9) == 0 && setresuid(9, 9, 9) == 0);
	NEED(getuid() == 9 && getegid() == 9);
	return REACHED;
}

static const struct {
	const char *name;
	int (*body)(const void *);
} works[] = {
	{"fork and wait", fork_and_wait},
	{"vfork and exec", vfork_and_exec},
	{"posix_spawn", spawn},
	{"threads", threads},
	{"files and a pipe by name", files},
	{"memory and locks on it", memory},
	{"shared memory, semaphores", shared_memory},
	{"epoll, timers", events},
	{"TCP and UNIX sockets", network},
	{"signals", signals},
	{"limits", limits},
	{"stepping down", step_down},
};

int main(int argc, char **argv)
{
	bool open = argc > 1 && strcmp(argv[1], "open") == 0;

	if (argc > 1 && strcmp(argv[1], "nothing") == 0)
		return 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	probe_all(open);
	if (!open)
		numbers();
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		report(works[i].name, "ok", works[i].body, NULL);
	return 0;
}
