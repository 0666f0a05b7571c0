/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: hostile NAME
 * Programs that make it hard to watch them by processes and signals. Each prints what must be
 * the same with and without a watcher. The call that is refused is keyctl (ENOSYS), in the
 * handler of a signal chroot (EPERM).
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int refused(void)
{
	return syscall(SYS_keyctl, 0, -1, 0) < 0 ? errno : 0;
}

static int rooted(const char *path)
{
	return syscall(SYS_chroot, path) < 0 ? errno : 0;
}

/* How often each answer came. */
struct answers {
	long nosys, intr, other;
};

static void answer(struct answers *answers, int got)
{
	if (got == ENOSYS)
		answers->nosys++;
	else if (got == EINTR)
		answers->intr++;
	else
		answers->other++;
}

static void say(const struct answers *answers)
{
	printf("ENOSYS %ld EINTR %ld other %ld\n", answers->nosys, answers->intr, answers->other);
}

static int forks(char **argv)
{
	(void)argv;
	int right = 0, status;

	for (int i = 0; i < 500; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(refused() == ENOSYS ? 0 : 1);
		if (child < 0)
			printf("fork: %s\n", strerrorname_np(errno));
	}
	while (wait(&status) > 0)
		right += status == 0;
	printf("right %d\n", right);
	return 0;
}

static void *thread(void *argument)
{
	struct answers *answers = argument;

	for (int i = 0; i < 100; i++)
		answer(answers, refused());
	return NULL;
}

static int threads(char **argv)
{
	(void)argv;
	static struct answers answers[50];
	struct answers sum = {0};
	pthread_t ids[50];

	for (int i = 0; i < 50; i++)
		pthread_create(&ids[i], NULL, thread, &answers[i]);
	for (int i = 0; i < 50; i++) {
		pthread_join(ids[i], NULL);
		sum.nosys += answers[i].nosys;
		sum.other += answers[i].other + answers[i].intr;
	}
	say(&sum);
	return 0;
}

static int many(char **argv)
{
	(void)argv;
	struct answers sum = {0};

	for (int i = 0; i < 100000; i++)
		answer(&sum, refused());
	say(&sum);
	return 0;
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static int storm(int flags, int calls)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
	struct itimerval every = {{0, 200}, {0, 200}};
	struct answers sum = {0};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (int i = 0; i < calls || alarms < 200; i++) {
		if (i < calls)
			answer(&sum, refused());
	}
	every = (struct itimerval){{0, 0}, {0, 0}};
	setitimer(ITIMER_REAL, &every, NULL);
	say(&sum);
	return 0;
}

static void on_user(int signal)
{
	int before = errno;

	(void)signal;
	if (rooted("/in-handler") == EPERM)
		alarms++;
	errno = before;
}

/* A refused call in the handler of a signal that comes while another is refused. */
static int nested(char **argv)
{
	(void)argv;
	struct sigaction action = {.sa_handler = on_user, .sa_flags = SA_RESTART};
	struct answers sum = {0};
	pid_t child;

	sigaction(SIGUSR1, &action, NULL);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 100; i++) {
			kill(getppid(), SIGUSR1);
			usleep(300);
		}
		_exit(0);
	}
	while (waitpid(child, NULL, WNOHANG) == 0)
		answer(&sum, refused());
	printf("wrong %ld, handlers %s\n", sum.intr + sum.other,
	       alarms > 0 ? "ran" : "did not run");
	return 0;
}

/* Killed while it waits for an answer, again and again. */
static int killed(char **argv)
{
	(void)argv;
	int by_kill = 0, status;

	for (int i = 0; i < 100; i++) {
		pid_t child = fork();
		if (child == 0)
			for (;;)
				refused();
		usleep(1000);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		by_kill += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	printf("killed %d\n", by_kill);
	return 0;
}

static int vforks(char **argv)
{
	static int got;
	int status;

	for (int i = 0; i < 20; i++) {
		pid_t child = vfork();
		if (child == 0) {
			got = refused();
			execl(argv[0], argv[0], "one", NULL);
			_exit(9);
		}
		waitpid(child, &status, 0);
		printf("%s %d\n", strerrorname_np(got), WEXITSTATUS(status));
	}
	return 0;
}

static int deaf(char **argv)
{
	(void)argv;
	int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	puts("deaf");
	fflush(stdout);
	while (!alarms) {
		refused();
		usleep(10000);
	}
	return 0;
}

/* What outlives the first process, which ends at once. */
static int orphans(char **argv)
{
	(void)argv;
	for (int i = 0; i < 50; i++) {
		if (fork() == 0)
			for (;;)
				refused();
	}
	usleep(50000);
	return 5;
}

static int one(char **argv)
{
	(void)argv;
	return refused() == ENOSYS ? 0 : 1;
}

static int storm_restart(char **argv)
{
	(void)argv;
	return storm(SA_RESTART, 20000);
}

static int storm_plain(char **argv)
{
	(void)argv;
	return storm(0, 20000);
}

static const struct {
	const char *name;
	int (*run)(char **argv);
} programs[] = {
	{"one", one},	    {"forks", forks},	      {"threads", threads},
	{"many", many},	    {"storm", storm_restart}, {"storm-plain", storm_plain},
	{"nested", nested}, {"killed", killed},	      {"vforks", vforks},
	{"deaf", deaf},	    {"orphans", orphans},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			return programs[i].run(argv);
	return 2;
}
