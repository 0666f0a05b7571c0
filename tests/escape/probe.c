/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: probe [--json | --list] [--only E18,E23]
 * One line a probe: "E17 keyctl  REACHED" or "E17 keyctl  refused (ENOSYS)"; see probe.h for
 * what that means. --list: the table itself, and why a probe is marked. It also builds
 * without make: cd tests/escape && gcc -static *.c
 */
#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_TRY 5 /* seconds */
#define MOST_PROBES 1024
#define FOREIGN_ABI 45

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_LIST };

struct verdict {
	bool reached;
	const char *by; /* what stopped it: EPERM, SIGSYS, empty */
};

int answer(long result)
{
	if (result >= 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS))
		return REACHED;
	return errno;
}

int run_call(const struct probe *probe)
{
	const long *a = probe->args;

	return answer(syscall(probe->number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

int run_call_no_fd(const struct probe *probe)
{
	int stop = run_call(probe);

	return stop == REACHED && errno != EBADF ? errno : stop;
}

static const char *stop_name(int stop)
{
	static const char *const others[] = {"empty", "set", "own", "absent"};
	const char *name = stop >= STOPPED_EMPTY && stop <= STOPPED_ABSENT
				   ? others[stop - STOPPED_EMPTY]
				   : strerrorname_np(stop);

	return name ? name : "unknown";
}

/* A filter kills by SIGSYS, a kernel without the i386 ABI by SIGSEGV; a try that hangs or dies
 * otherwise was not turned away. */
static struct verdict judge(const struct probe *probe, int status)
{
	if (WIFEXITED(status))
		return (struct verdict){WEXITSTATUS(status) == REACHED,
					stop_name(WEXITSTATUS(status))};
	if (WTERMSIG(status) == SIGSYS)
		return (struct verdict){false, "SIGSYS"};
	return (struct verdict){probe->vector != FOREIGN_ABI || WTERMSIG(status) != SIGSEGV,
				"SIGSEGV"};
}

static int try(const struct probe *probe, struct verdict *ret)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		alarm(LONGEST_TRY);
		_exit(probe->run(probe));
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	*ret = judge(probe, status);
	return 0;
}

static const char *mark_of(const struct probe *probe)
{
	return probe->intended ? "intended" : probe->known ? "known" : "-";
}

/* Vector, name, mark, title; why it is marked, if it is. */
static void print_row(const struct probe *probe)
{
	const char *why = probe->intended ? probe->intended : probe->known;

	printf("E%d\t%s\t%s%s%s\t%s\n", probe->vector, probe->name, mark_of(probe), why ? ": " : "",
	       why ? why : "", title_of(probe->vector));
}

static void print_verdict(const struct probe *probe, struct verdict verdict, enum format format)
{
	if (format == FORMAT_JSON)
		printf("{\"vector\":\"E%d\",\"probe\":\"%s\",\"reached\":%s,\"by\":\"%s\","
		       "\"mark\":\"%s\"}\n",
		       probe->vector, probe->name, verdict.reached ? "true" : "false",
		       verdict.reached ? "" : verdict.by, mark_of(probe));
	else if (verdict.reached)
		printf("E%-3d %-32s REACHED\n", probe->vector, probe->name);
	else
		printf("E%-3d %-32s refused (%s)\n", probe->vector, probe->name, verdict.by);
}

static int run_all(const struct probe *const *probes, size_t count, enum format format)
{
	for (size_t i = 0; i < count; i++) {
		struct verdict verdict;

		if (format == FORMAT_LIST) {
			print_row(probes[i]);
			continue;
		}
		if (try(probes[i], &verdict) < 0) {
			perror("probe: cannot fork");
			return 1;
		}
		print_verdict(probes[i], verdict, format);
		fflush(stdout); /* before the next fork */
	}
	return 0;
}

/* ONLY is "E18,E23", or NULL for all. */
static bool wanted(const char *only, int vector)
{
	char name[16];
	size_t len = (size_t)snprintf(name, sizeof(name), "E%d", vector);

	if (!only)
		return true;
	for (;; only++) {
		size_t word = strcspn(only, ",");

		if (word == len && strncmp(only, name, len) == 0)
			return true;
		only += word;
		if (!*only)
			return false;
	}
}

static int by_vector(const void *left, const void *right)
{
	const struct probe *a = *(const struct probe *const *)left;
	const struct probe *b = *(const struct probe *const *)right;

	if (a->vector != b->vector)
		return a->vector < b->vector ? -1 : 1;
	return strcmp(a->name, b->name);
}

static size_t collect(const struct probe *ret_probes[MOST_PROBES], const char *only)
{
	const struct probes *const tables[] = {
		&probes_calls,	  &probes_devices, &probes_files,      &probes_host,
		&probes_ioctls,	  &probes_machine, &probes_namespaces, &probes_options,
		&probes_programs, &probes_secrets, &probes_sockets};
	size_t count = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (size_t i = 0; i < tables[t]->count && count < MOST_PROBES; i++) {
			if (wanted(only, tables[t]->rows[i].vector))
				ret_probes[count++] = &tables[t]->rows[i];
		}
	}
	qsort(ret_probes, count, sizeof(ret_probes[0]), by_vector);
	return count;
}

int main(int argc, char *argv[])
{
	const struct probe *probes[MOST_PROBES];
	enum format format = FORMAT_TEXT;
	const char *only = NULL;
	size_t count;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], RAN_OPTION) == 0) {
			return RAN_STATUS;
		} else if (strcmp(argv[i], "--json") == 0) {
			format = FORMAT_JSON;
		} else if (strcmp(argv[i], "--list") == 0) {
			format = FORMAT_LIST;
		} else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
			only = argv[++i];
		} else {
			fputs("usage: probe [--json | --list] [--only E18,E23]\n", stderr);
			return 2;
		}
	}
	count = collect(probes, only);
	if (count == 0) {
		fprintf(stderr, "probe: no probe of %s\n", only);
		return 2;
	}
	return run_all(probes, count, format);
}
