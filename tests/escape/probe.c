/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: probe [--json | --list] [--only E18,E23]
 * One line a probe: "E18 ptrace  REACHED" or "E18 ptrace  refused (EPERM)"; see probe.h for
 * what that means. It also builds without make: cd tests/escape && gcc -static *.c
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

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_LIST };

struct verdict {
	bool reached;
	const char *by; /* what stopped it: EPERM, SIGSYS, empty */
};

static const struct {
	int vector;
	const char *title;
} titles[] = {
	{4, "file system contexts (CVE-2022-0185)"},
	{5, "mount, cgroup release_agent (CVE-2022-0492)"},
	{7, "pipe splicing (CVE-2022-0847, Dirty Pipe)"},
	{10, "nf_tables netlink (CVE-2024-1086)"},
	{17, "kernel keyrings"},
	{18, "ptrace, another process's memory"},
	{19, "open by handle (shocker)"},
	{20, "file handles"},
	{21, "userfaultfd (holds the kernel in a fault)"},
	{22, "io_uring"},
	{23, "bpf"},
	{24, "perf_event_open"},
	{25, "new user namespace"},
	{26, "setns"},
	{27, "the new mount API"},
	{28, "core_pattern"},
	{29, "modprobe path, sysrq, binfmt_misc"},
	{33, "making a device node"},
	{34, "kernel modules"},
	{35, "writing to sysfs and procfs"},
	{36, "writing to cgroups"},
	{37, "AF_VSOCK (the hypervisor)"},
	{38, "socket families with high bits set"},
	{39, "AF_ALG (kernel crypto)"},
	{40, "packet, raw and XDP sockets"},
	{42, "netlink protocols"},
	{43, "typing into a terminal (TIOCSTI)"},
	{44, "personality (address randomisation off)"},
	{45, "foreign ABIs (i386, x32)"},
	{46, "segments and I/O ports"},
	{48, "message queues (heap spray)"},
	{49, "programs without a file"},
	{51, "kernel addresses and internals in /proc"},
	{52, "the machine: kexec, reboot, clock, swap"},
	{53, "other processes' descriptors and pages"},
	{59, "setuid programs (no_new_privs unset)"},
};

static const char *title_of(int vector)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (titles[i].vector == vector)
			return titles[i].title;
	}
	return "";
}

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

static const char *stop_name(int stop)
{
	const char *name = stop == STOPPED_EMPTY ? "empty"
			   : stop == STOPPED_SET ? "set"
						 : strerrorname_np(stop);

	return name ? name : "unknown";
}

/* A filter kills by SIGSYS, a kernel without the ABI by SIGSEGV; a try that hangs or dies
 * otherwise was not turned away. */
static struct verdict judge(int status)
{
	if (WIFEXITED(status))
		return (struct verdict){WEXITSTATUS(status) == REACHED,
					stop_name(WEXITSTATUS(status))};
	if (WTERMSIG(status) == SIGSYS)
		return (struct verdict){false, "SIGSYS"};
	return (struct verdict){WTERMSIG(status) != SIGSEGV, "SIGSEGV"};
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
	*ret = judge(status);
	return 0;
}

static void print_verdict(const struct probe *probe, struct verdict verdict, enum format format)
{
	if (format == FORMAT_JSON)
		printf("{\"vector\":\"E%d\",\"probe\":\"%s\",\"reached\":%s,\"by\":\"%s\","
		       "\"intended\":%s}\n",
		       probe->vector, probe->name, verdict.reached ? "true" : "false",
		       verdict.reached ? "" : verdict.by, probe->intended ? "true" : "false");
	else if (verdict.reached)
		printf("E%-3d %-24s REACHED\n", probe->vector, probe->name);
	else
		printf("E%-3d %-24s refused (%s)\n", probe->vector, probe->name, verdict.by);
}

static int run_all(const struct probe *const *probes, size_t count, enum format format)
{
	for (size_t i = 0; i < count; i++) {
		struct verdict verdict;

		if (format == FORMAT_LIST) {
			printf("E%d\t%s\t%s\t%s\n", probes[i]->vector, probes[i]->name,
			       probes[i]->intended ? "intended" : "-", title_of(probes[i]->vector));
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
	const struct probes *const tables[] = {&probes_calls, &probes_files, &probes_processes,
					       &probes_sockets};
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
		if (strcmp(argv[i], "--json") == 0) {
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
