/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A runtime that starts nothing and writes down how it was called. Installed as PATH, it
 * makes a folder PATH.d/calls/TIME-PID with
 *	argv, environ	as the kernel has them (each ended by NUL)
 *	cwd		one line
 *	fds		a line each: number, "cloexec" or "open", seals (fcntl(2)) or "-", target
 *	stdin		for update, or where PATH.d/stdin exists
 *	config.json	the bundle's, process.json: --process's, resources.json: --resources's
 *	done		empty, made last
 * and is steered by files in PATH.d: exit (status), stdout and stderr (copied there), sleep
 * (seconds), state (create makes ROOT/ID/state.json, or status for crun*, as the runtimes
 * do, and fails where it is).
 * Without PATH.d it only answers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char base[PATH_MAX], folder[PATH_MAX + 64];

static const char *in(const char *dir, const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void copy(int from, int to)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return;
}

/* Copies the file `from` into the call's folder, or (to >= 0) to a descriptor. */
static void copy_file(const char *from, const char *name, int to)
{
	int source = open(from, O_RDONLY);

	if (source < 0)
		return;
	if (to < 0)
		to = open(in(folder, name), O_WRONLY | O_CREAT, 0644);
	copy(source, to);
	close(source);
}

static void write_fds(FILE *out, int own, int dirfd, DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name), flags, seals;
		char target[PATH_MAX] = "", text[16] = "-";

		if (entry->d_name[0] == '.' || fd == dirfd || fd == own)
			continue;
		if (readlinkat(dirfd, entry->d_name, target, sizeof(target) - 1) < 0)
			continue;
		flags = fcntl(fd, F_GETFD);
		seals = fcntl(fd, F_GET_SEALS);
		if (seals >= 0)
			snprintf(text, sizeof(text), "%d", seals);
		fprintf(out, "%d\t%s\t%s\t%s\n", fd, flags & FD_CLOEXEC ? "cloexec" : "open", text,
			target);
	}
}

static void record_fds(void)
{
	FILE *out = fopen(in(folder, "fds"), "w");
	DIR *dir = opendir("/proc/self/fd");

	if (!out || !dir)
		return;
	write_fds(out, fileno(out), dirfd(dir), dir);
	closedir(dir);
	fclose(out);
}

/* The value of --NAME V, --NAME=V, -S V, or `otherwise`; the last one counts. */
static const char *option(char *argv[], const char *name, char letter, const char *otherwise)
{
	const char *value = otherwise, key[3] = {'-', letter, '\0'};
	size_t len = strlen(name);

	for (int i = 1; argv[i]; i++) {
		bool named = strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, len) == 0;

		if (named && argv[i][2 + len] == '=')
			value = argv[i] + 3 + len;
		else if (((named && !argv[i][2 + len]) || strcmp(argv[i], key) == 0) && argv[i + 1])
			value = argv[i + 1];
	}
	return value;
}

static bool has(char *argv[], const char *word)
{
	for (int i = 1; argv[i]; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

static void record_documents(char *argv[])
{
	const char *resources = option(argv, "resources", 'r', NULL);
	const char *process = option(argv, "process", 'p', NULL);

	if (has(argv, "create") || has(argv, "run") || has(argv, "restore"))
		copy_file(in(option(argv, "bundle", 'b', "."), "config.json"), "config.json", -1);
	if (has(argv, "exec") && process)
		copy_file(process, "process.json", -1);
	if (has(argv, "update") && resources && strcmp(resources, "-") != 0)
		copy_file(resources, "resources.json", -1);
	if ((has(argv, "update") && resources && strcmp(resources, "-") == 0) ||
	    access(in(base, "stdin"), F_OK) == 0)
		copy(0, open(in(folder, "stdin"), O_WRONLY | O_CREAT, 0644));
}

static bool record(char *argv[])
{
	struct timespec now;
	char cwd[PATH_MAX] = "";
	FILE *out;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(folder, sizeof(folder), "%s/calls/%010ld%09ld-%d", base, (long)now.tv_sec,
		 now.tv_nsec, (int)getpid());
	if (mkdir(folder, 0755) < 0)
		return false;
	record_fds();
	copy_file("/proc/self/cmdline", "argv", -1);
	copy_file("/proc/self/environ", "environ", -1);
	out = fopen(in(folder, "cwd"), "w");
	if (out && getcwd(cwd, sizeof(cwd)))
		fprintf(out, "%s\n", cwd);
	if (out)
		fclose(out);
	record_documents(argv);
	return true;
}

static long number(const char *name)
{
	char text[32] = "";
	int fd = open(in(base, name), O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	close(fd);
	return atol(text);
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0711);
		*slash = '/';
	}
}

/* As runc (crun): ROOT/ID is what says that a container is there. */
static int make_state(char *argv[], bool crun)
{
	const char *id = argv[1], *bundle = option(argv, "bundle", 'b', "."), *root;
	char dir[PATH_MAX], real[PATH_MAX] = "";
	FILE *out;

	for (int i = 1; argv[i]; i++)
		id = argv[i];
	root = option(argv, "root", '\0', crun ? "/run/crun" : "/run/runc");
	snprintf(dir, sizeof(dir), "%s/%s", root, id);
	make_parents(dir);
	if (mkdir(dir, 0711) < 0) {
		fprintf(stderr, "stub: %s: %s\n", dir, strerror(errno));
		return 1;
	}
	out = fopen(in(dir, crun ? "status" : "state.json"), "w");
	if (!out || !realpath(bundle, real))
		return 1;
	if (crun)
		fprintf(out, "{\"pid\":%d,\"bundle\":\"%s\",\"rootfs\":\"%s/rootfs\"}\n",
			(int)getpid(), real, real);
	else
		fprintf(out,
			"{\"id\":\"%s\",\"init_process_pid\":%d,"
			"\"config\":{\"rootfs\":\"%s/rootfs\",\"labels\":[\"bundle=%s\"]}}\n",
			id, (int)getpid(), real, real);
	fclose(out);
	return 0;
}

static const char features[] =
	"{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.2.1\",\"hooks\":[\"prestart\"],"
	"\"mountOptions\":[\"ro\"],\"linux\":{\"namespaces\":[\"pid\"],\"seccomp\":{\"enabled\":"
	"true,"
	"\"knownFlags\":[\"SECCOMP_FILTER_FLAG_LOG\"]},\"mountExtensions\":{\"idmap\":"
	"{\"enabled\":true}}},\"potentiallyUnsafeConfigAnnotations\":[\"stub.unsafe.\"]}";

static void answer(char *argv[], const char *name)
{
	if (argv[1] && strcmp(argv[1], "--version") == 0)
		printf("%s version 9.9.9\nspec: 1.2.1\n",
		       strncmp(name, "crun", 4) == 0 ? "crun" : "runc");
	else if (argv[1] && strcmp(argv[1], "features") == 0)
		puts(features);
	fflush(stdout);
}

int main(int argc, char *argv[])
{
	char self[PATH_MAX - 64] = "";
	bool recorded;

	(void)argc;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 125;
	snprintf(base, sizeof(base), "%s.d", self);
	recorded = record(argv);
	answer(argv, strrchr(self, '/') + 1);
	copy_file(in(base, "stdout"), NULL, 1);
	copy_file(in(base, "stderr"), NULL, 2);
	sleep((unsigned)number("sleep"));
	if (recorded)
		close(open(in(folder, "done"), O_WRONLY | O_CREAT, 0644));
	if (has(argv, "create") && access(in(base, "state"), F_OK) == 0 &&
	    make_state(argv, strncmp(strrchr(self, '/') + 1, "crun", 4) == 0) != 0)
		return 1;
	return (int)number("exit");
}
