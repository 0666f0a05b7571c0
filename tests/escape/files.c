/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of files of the kernel. To open one of procfs, sysfs or cgroupfs for writing, and
 * to close it, changes nothing: only write() does, and there is none here. Nothing is
 * truncated or made (no O_TRUNC, no O_CREAT). Of files to read one byte is read; none of
 * them forgets what was read (/proc/kmsg would, and is not here).
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int try_write(const char *path)
{
	return open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) < 0 ? errno : REACHED;
}

static int run_write(const struct probe *probe)
{
	return try_write(probe->path);
}

/* Masked files are there and empty. */
static int run_read(const struct probe *probe)
{
	int fd = open(probe->path, O_RDONLY | O_CLOEXEC);
	char byte;
	ssize_t got;

	if (fd < 0)
		return errno;
	got = read(fd, &byte, 1);
	if (got < 0)
		return errno;
	return got == 0 ? STOPPED_EMPTY : REACHED;
}

/* A file of this cgroup: at the top (version 2), or in a controller's directory (1). */
static int run_cgroup(const struct probe *probe)
{
	char path[PATH_MAX];
	DIR *dir = opendir("/sys/fs/cgroup");
	int stop;

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", probe->path);
	stop = try_write(path);
	for (const struct dirent *entry; dir && stop != REACHED && (entry = readdir(dir));) {
		int other;

		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%s", entry->d_name, probe->path);
		other = entry->d_name[0] == '.' ? ENOENT : try_write(path);
		if (other != ENOENT && other != ENOTDIR)
			stop = other;
	}
	return stop;
}

/* On a host the directory may be an automount point: it is gone into only where binfmt_misc
 * is mounted already, so that looking mounts nothing. */
static int run_binfmt(const struct probe *probe)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (strstr(line, " - binfmt_misc "))
			return try_write(probe->path);
	}
	return ENOENT;
}

#define WRITE(vector, name, path)                            \
	{                                                    \
		vector, name, false, run_write, 0, {0}, path \
	}
#define READ(vector, path)                                           \
	{                                                            \
		vector, path, false, run_read, 0, {0}, "/proc/" path \
	}
#define CGROUP(vector, name)                                  \
	{                                                     \
		vector, name, false, run_cgroup, 0, {0}, name \
	}

static const struct probe rows[] = {
	CGROUP(5, "release_agent"),
	WRITE(28, "core_pattern", "/proc/sys/kernel/core_pattern"),
	WRITE(29, "modprobe", "/proc/sys/kernel/modprobe"),
	WRITE(29, "sysrq-trigger", "/proc/sysrq-trigger"),
	WRITE(29, "uevent_helper", "/sys/kernel/uevent_helper"),
	{29, "binfmt_misc", false, run_binfmt, 0, {0}, "/proc/sys/fs/binfmt_misc/register"},
	WRITE(35, "irq affinity", "/proc/irq/default_smp_affinity"),
	WRITE(35, "panic_on_oom", "/proc/sys/vm/panic_on_oom"),
	WRITE(35, "transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled"),
	WRITE(35, "cpu1/online", "/sys/devices/system/cpu/cpu1/online"),
	CGROUP(36, "devices.allow"),
	CGROUP(36, "pids.max"),
	READ(51, "config.gz"),
	READ(51, "interrupts"),
	READ(51, "iomem"),
	READ(51, "ioports"),
	READ(51, "kallsyms"),
	READ(51, "kcore"),
	READ(51, "keys"),
	READ(51, "modules"),
	READ(51, "pagetypeinfo"),
	READ(51, "slabinfo"),
	READ(51, "swaps"),
	READ(51, "timer_list"),
	READ(51, "vmallocinfo"),
};

const struct probes probes_files = {rows, sizeof(rows) / sizeof(rows[0])};
