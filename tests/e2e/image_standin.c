/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In hardrun-image's place: answers what it was told. Installed as PATH, it writes PATH.d/request
 * (what it was asked) and PATH.d/fds (its descriptors, a line each: number and target), adds a byte
 * to PATH.d/asked, and is steered by files in PATH.d: sleep (milliseconds), signal (by which it
 * ends itself, before it answers), answer (written as it is), status.
 * With another word than "answer" behind its name it prints its arguments.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char base[PATH_MAX];

static const char *in(const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s.d/%s", base, name);
	return path;
}

static void copy(int from, int to)
{
	char buf[65536];
	ssize_t n;

	while (from >= 0 && (n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return;
}

static long number(const char *name)
{
	FILE *file = fopen(in(name), "r");
	long value = 0;

	if (!file || fscanf(file, "%ld", &value) != 1)
		value = 0;
	if (file)
		fclose(file);
	return value;
}

static void note_fds(void)
{
	FILE *file = fopen(in("fds"), "w");
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (file && dir && (entry = readdir(dir))) {
		char target[PATH_MAX], link[64];
		int fd = atoi(entry->d_name);
		ssize_t len;

		if (entry->d_name[0] == '.' || fd == dirfd(dir) || fd == fileno(file))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		fprintf(file, "%d %.*s\n", fd, len < 0 ? 0 : (int)len, target);
	}
	fclose(file);
}

int main(int argc, char *argv[])
{
	ssize_t len = readlink("/proc/self/exe", base, sizeof(base) - 1);
	struct timespec time;
	long ms;

	if (len < 0)
		return 70;
	base[len] = '\0';
	if (argc != 2 || strcmp(argv[1], "answer") != 0) {
		for (int i = 0; i < argc; i++)
			printf("%s\n", argv[i]);
		return 0;
	}
	note_fds();
	copy(3, open(in("request"), O_WRONLY | O_CREAT | O_TRUNC, 0644));
	(void)!write(open(in("asked"), O_WRONLY | O_CREAT | O_APPEND, 0644), "x", 1);
	ms = number("sleep");
	time = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	nanosleep(&time, NULL);
	if (number("signal"))
		raise((int)number("signal"));
	copy(open(in("answer"), O_RDONLY), 5);
	return (int)number("status");
}
