/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time programs against each other: fork, exec, wait, ROUNDS times and in turn, so that a
 * machine that gets slower is so for all of them.
 *
 * usage: rounds ROUNDS -- NAME COMMAND... [:: CLEANUP...] [-- NAME COMMAND... [:: ...]]...
 * Each CLEANUP runs behind its command and is not timed. Prints for each a line
 *	NAME MIN MEDIAN P90 CPU PEAK STATUS
 * microseconds from fork to wait, then of processor time at the median, which other work on
 * the machine disturbs less; peak resident memory in KiB (what the command and its programs
 * after exec had at most); the last status that was not 0, as of wait(2), or 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 16

struct variant {
	const char *name;
	char **command, **cleanup;
	double *times, *cpu;
	long peak;
	int status;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double microseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e6 + (double)time->tv_usec;
}

static int run(char **command, struct rusage *ret_usage)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, 0);
		dup2(null, 1);
		if (!getenv("ROUNDS_SHOW"))
			dup2(null, 2);
		execv(command[0], command);
		_exit(127);
	}
	while (pid > 0 && wait4(pid, &status, 0, ret_usage) < 0 && errno == EINTR)
		;
	return pid > 0 ? status : 127 << 8;
}

static void round_of(struct variant *variant, unsigned i)
{
	struct rusage usage = {0};
	double begun = now();
	int status = run(variant->command, &usage);

	variant->times[i] = now() - begun;
	variant->cpu[i] = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
	if (usage.ru_maxrss > variant->peak)
		variant->peak = usage.ru_maxrss;
	if (status != 0)
		variant->status = status;
	if (variant->cleanup)
		run(variant->cleanup, &usage);
}

static int by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Cut argv into variants; the separators become NULL. */
static unsigned split(int argc, char **argv, struct variant *variants)
{
	unsigned count = 0;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0 && count < MOST && i + 2 < argc) {
			argv[i] = NULL;
			variants[count].name = argv[i + 1];
			variants[count++].command = &argv[i + 2];
			i++;
		} else if (strcmp(argv[i], "::") == 0 && count > 0) {
			argv[i] = NULL;
			variants[count - 1].cleanup = &argv[i + 1];
		}
	}
	return count;
}

int main(int argc, char **argv)
{
	struct variant variants[MOST] = {0};
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	unsigned count = split(argc, argv, variants);

	if (rounds == 0 || count == 0) {
		fprintf(stderr, "usage: rounds ROUNDS -- NAME COMMAND... [:: CLEANUP...] ...\n");
		return 2;
	}
	for (unsigned v = 0; v < count; v++) {
		variants[v].times = calloc(rounds, sizeof(variants[v].times[0]));
		variants[v].cpu = calloc(rounds, sizeof(variants[v].cpu[0]));
		if (!variants[v].times || !variants[v].cpu)
			return 1;
	}
	/* One round that does not count, then every other round the other way round: who
	 * comes first finds colder caches. */
	for (unsigned v = 0; v < count; v++)
		round_of(&variants[v], 0);
	for (unsigned i = 0; i < rounds; i++)
		for (unsigned v = 0; v < count; v++)
			round_of(&variants[i % 2 ? count - 1 - v : v], i);
	for (unsigned v = 0; v < count; v++) {
		struct variant *variant = &variants[v];

		qsort(variant->times, rounds, sizeof(variant->times[0]), by_time);
		qsort(variant->cpu, rounds, sizeof(variant->cpu[0]), by_time);
		printf("%s %.0f %.0f %.0f %.0f %ld %d\n", variant->name, variant->times[0],
		       variant->times[rounds / 2], variant->times[rounds * 9 / 10],
		       variant->cpu[rounds / 2], variant->peak, variant->status);
		free(variant->times);
		free(variant->cpu);
	}
	return 0;
}
