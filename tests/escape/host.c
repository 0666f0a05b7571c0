/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of what the host may have left inside: descriptors, sockets, processes, labels.
 * They look and open; nothing is sent, read beyond one line, or written.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 1024
#define MEMORY_FILE	 "/memfd:" /* how procfs names one */

static bool is_runtime(const char *name)
{
	static const char *const names[] = {"runc",   "crun",	"runsc", "hardrun", "containerd",
					    "docker", "podman", "crio",	 "conmon"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

/* A program that runs cannot be written to, an attacker would wait for its end: so is done
 * here, for a while. If it goes on, only time is missing. */
static int try_busy(const char *link)
{
	char path[64];
	int fd = open(link, O_RDONLY | O_CLOEXEC);
	int stop = fd < 0 ? errno : ETXTBSY;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int tries = 0; stop == ETXTBSY && tries < 200; tries++) {
		stop = try_write(path);
		usleep(10000);
	}
	return stop == ETXTBSY ? REACHED : stop;
}

/* The program of a runtime's process (CVE-2019-5736), opened for writing. Runtimes show a
 * copy in memory, or their file on a mount of its own, which is named "/". */
static int try_program(const char *pid)
{
	char link[64], target[PATH_MAX];
	ssize_t len;
	int stop;

	snprintf(link, sizeof(link), "/proc/%.20s/exe", pid);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0 || target[0] != '/')
		return ENOENT;
	target[len] = 0;
	if (strncmp(target, MEMORY_FILE, strlen(MEMORY_FILE)) == 0)
		return is_runtime(target + strlen(MEMORY_FILE)) ? STOPPED_SET : ENOENT;
	if (strcmp(target, "/") != 0 && !is_runtime(strrchr(target, '/') + 1))
		return ENOENT;
	stop = try_write(link);
	return stop == ETXTBSY ? try_busy(link) : stop;
}

static int run_runtime(const struct probe *probe)
{
	DIR *dir = opendir("/proc");
	int stop = STOPPED_OWN;

	(void)probe;
	for (const struct dirent *entry; dir && stop != REACHED && (entry = readdir(dir));) {
		int other = try_program(entry->d_name);

		if (other != ENOENT)
			stop = other;
	}
	return stop;
}

/* Abstract sockets (CVE-2020-15257) belong to a network namespace: its own has none. */
static int run_abstract(const struct probe *probe)
{
	FILE *sockets = fopen(probe->path, "re");
	char line[4096];

	if (!sockets)
		return errno;
	while (fgets(line, sizeof(line), sockets)) {
		if (strstr(line, " @"))
			return REACHED;
	}
	return STOPPED_EMPTY;
}

/* A descriptor beyond the three streams (CVE-2024-21626). This program opens none before. */
static int run_descriptors(const struct probe *probe)
{
	(void)probe;
	for (int fd = 3; fd < MOST_DESCRIPTORS; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			return REACHED;
	}
	return STOPPED_EMPTY;
}

/* A stream that is a directory: openat() goes up from there. */
static int run_streams(const struct probe *probe)
{
	struct stat status;

	(void)probe;
	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
			return REACHED;
	}
	return STOPPED_EMPTY;
}

/* A directory that lies outside of the root has no name. */
static int run_directory(const struct probe *probe)
{
	char path[PATH_MAX];

	(void)probe;
	return !getcwd(path, sizeof(path)) || path[0] != '/' ? REACHED : STOPPED_OWN;
}

/* An engine's door: it need not even be opened. */
static int run_socket_file(const struct probe *probe)
{
	struct stat status;

	if (stat(probe->path, &status) < 0)
		return errno;
	return S_ISSOCK(status.st_mode) ? REACHED : STOPPED_OWN;
}

/* With the host's processes there is kthreadd; a container's own pid 2 is nothing like it. */
static int run_kthreadd(const struct probe *probe)
{
	char name[16] = "";
	FILE *file = fopen(probe->path, "re");

	if (!file)
		return errno == ENOENT ? STOPPED_OWN : errno;
	return fgets(name, sizeof(name), file) && strcmp(name, "kthreadd\n") == 0 ? REACHED
										  : STOPPED_OWN;
}

/* Another root directory than one's own. */
static int run_root(const struct probe *probe)
{
	struct stat own, other;

	if (stat("/", &own) < 0 || stat(probe->path, &other) < 0)
		return errno;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino ? STOPPED_OWN : REACHED;
}

/* In a namespace of its own a process is at the top of every hierarchy. */
static int run_cgroup_path(const struct probe *probe)
{
	FILE *cgroups = fopen(probe->path, "re");
	char line[4096];

	if (!cgroups)
		return errno;
	while (fgets(line, sizeof(line), cgroups)) {
		const char *path = strrchr(line, ':');

		if (path && strcmp(path, ":/\n") != 0)
			return REACHED;
	}
	return STOPPED_OWN;
}

/* A label that confines nothing. Without a security module there is none to read. */
static int run_label(const struct probe *probe)
{
	static const char *const free_labels[] = {"unconfined", "kernel", ":unconfined_t", ":spc_t",
						  ":init_t"};
	char label[256] = "";
	int fd = open(probe->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, label, sizeof(label) - 1) <= 0)
		return STOPPED_ABSENT;
	for (size_t i = 0; i < sizeof(free_labels) / sizeof(free_labels[0]); i++) {
		const char *at = strstr(label, free_labels[i]);

		if (at && (at == label || free_labels[i][0] == ':'))
			return REACHED;
	}
	return STOPPED_SET;
}

static int run_write(const struct probe *probe)
{
	return try_write(probe->path);
}

#define SOCKET_FILE(name_, path_) .vector = 30, .name = name_, .run = run_socket_file, .path = path_

#define OWN_LABEL INTENDED("a process's own label: what may be written the module decides")

static const struct probe rows[] = {
	{.vector = 1, .name = "runtime-program", .run = run_runtime},
	{.vector = 5, .name = "cgroup-path", .run = run_cgroup_path, .path = "/proc/self/cgroup"},
	{.vector = 2, .name = "abstract-sockets", .run = run_abstract, .path = "/proc/net/unix"},

	{.vector = 11, .name = "leaked-descriptor", .run = run_descriptors},
	{.vector = 11, .name = "leaked-stream", .run = run_streams},
	{.vector = 11, .name = "leaked-directory", .run = run_directory},

	{.vector = 15,
	 .name = "unconfined-label",
	 .run = run_label,
	 .path = "/proc/self/attr/current"},

	{SOCKET_FILE("docker.sock", "/var/run/docker.sock")},
	{SOCKET_FILE("run-docker.sock", "/run/docker.sock")},
	{SOCKET_FILE("containerd.sock", "/run/containerd/containerd.sock")},
	{SOCKET_FILE("crio.sock", "/run/crio/crio.sock")},
	{SOCKET_FILE("podman.sock", "/run/podman/podman.sock")},
	{SOCKET_FILE("dbus", "/run/dbus/system_bus_socket")},
	{SOCKET_FILE("systemd", "/run/systemd/private")},

	{.vector = 32, .name = "kthreadd", .run = run_kthreadd, .path = "/proc/2/comm"},
	{.vector = 32, .name = "root-of-init", .run = run_root, .path = "/proc/1/root/"},

	/* Opened and closed again. */
	{.vector = 47,
	 .name = "attr-current",
	 .run = run_write,
	 .path = "/proc/self/attr/current",
	 OWN_LABEL},
	{.vector = 47,
	 .name = "attr-exec",
	 .run = run_write,
	 .path = "/proc/self/attr/exec",
	 OWN_LABEL},
	{.vector = 47,
	 .name = "attr-fscreate",
	 .run = run_write,
	 .path = "/proc/self/attr/fscreate",
	 OWN_LABEL},
};

PROBES(probes_host, rows);
