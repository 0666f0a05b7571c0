/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of device nodes: making one, and opening one. Opened is only what a driver that is
 * loaded already has registered, read-only or without any request behind it, and closed
 * again; so no module is loaded. Never a watchdog, which starts when it is opened.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A node in FOLDER that is taken away at once; before that, opened to read if TO_OPEN. */
static int make_node(const char *folder, mode_t mode, dev_t device, bool to_open)
{
	char path[64];
	int stop = REACHED;

	snprintf(path, sizeof(path), "%s/.hardrun-probe-%d", folder, (int)getpid());
	if (syscall(SYS_mknodat, AT_FDCWD, path, mode | 0600, device) < 0)
		return errno;
	if (to_open && open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) < 0)
		stop = errno;
	unlink(path);
	return stop;
}

/* Devices 0:0 have no driver and cannot be opened. (A character device 0:0 would be a
 * whiteout, which needs no capability.) args: type, minor number. */
static int run_mknod(const struct probe *probe)
{
	return make_node("/dev/shm", (mode_t)probe->args[0], makedev(0, (unsigned)probe->args[1]),
			 false);
}

#ifdef SYS_mknod
/* The same by the older call. The mode has 16 bits in the kernel. */
static int run_old_mknod(const struct probe *probe)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/shm/.hardrun-probe-%d", (int)getpid());
	if (syscall(SYS_mknod, path, probe->args[0] | 0600, makedev(0, 0)) < 0)
		return errno;
	unlink(path);
	return REACHED;
}
#endif

/* The first disk of the machine by its number, from a node of one's own. */
static int run_open_disk(const struct probe *probe)
{
	FILE *partitions = fopen("/proc/partitions", "re");
	unsigned major, minor;
	char line[256];
	int stop = STOPPED_ABSENT;

	(void)probe;
	while (partitions && stop == STOPPED_ABSENT && fgets(line, sizeof(line), partitions)) {
		if (sscanf(line, "%u %u", &major, &minor) == 2)
			stop = make_node("/dev", S_IFBLK, makedev(major, minor), true);
	}
	return stop;
}

/* A device that every kernel has, from a node of one's own. number: its minor number. */
static int run_open_memory(const struct probe *probe)
{
	return make_node("/dev", S_IFCHR, makedev(1, (unsigned)probe->number), true);
}

/* Is it a driver of that name, loaded? */
static bool is_misc(const char *name)
{
	FILE *misc = fopen("/proc/misc", "re");
	char line[128], found[128];
	bool is = false;

	while (misc && !is && fgets(line, sizeof(line), misc))
		is = sscanf(line, "%*u %127s", found) == 1 && strcmp(found, name) == 0;
	if (misc)
		fclose(misc);
	return is;
}

/* A node that an engine or a hook put there. */
static int run_open_misc(const struct probe *probe)
{
	if (access(probe->path, F_OK) != 0)
		return errno;
	if (!is_misc(probe->name))
		return STOPPED_ABSENT;
	return open(probe->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) < 0 ? errno : REACHED;
}

/* Terminals and memory: part of every kernel. */
static int run_open_node(const struct probe *probe)
{
	return open(probe->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) < 0 ? errno
										   : REACHED;
}

#define NODE(name_, run_, type, minor) \
	.vector = 33, .name = name_, .run = run_, .args = {type, minor}
#define MISC(name_, path_) .vector = 33, .name = name_, .run = run_open_misc, .path = path_
#define OPEN(name_, path_) .vector = 33, .name = name_, .run = run_open_node, .path = path_

static const struct probe rows[] = {
	{NODE("mknodat-block", run_mknod, S_IFBLK, 0)},
	{NODE("mknodat-char", run_mknod, S_IFCHR, 1)},
#ifdef SYS_mknod
	{NODE("mknod-block", run_old_mknod, S_IFBLK, 0)},
	{NODE("mknod-block-high-bit", run_old_mknod, S_IFBLK | HIGH_BIT, 0)},
	{NODE("mknod-block-bit-16", run_old_mknod, S_IFBLK | 1L << 16, 0)},
#endif
	{.vector = 33, .name = "disk-by-number", .run = run_open_disk},
	{.vector = 33, .name = "mem-by-number", .run = run_open_memory, .number = 1},
	{.vector = 33, .name = "port-by-number", .run = run_open_memory, .number = 4},
	{.vector = 33, .name = "kmsg-by-number", .run = run_open_memory, .number = 11},
	{OPEN("dev-kmsg", "/dev/kmsg")},
	{OPEN("dev-mem", "/dev/mem")},
	{OPEN("dev-tty0", "/dev/tty0")},
	{OPEN("dev-vcs", "/dev/vcs")},
	{MISC("autofs", "/dev/autofs")},
	{MISC("btrfs-control", "/dev/btrfs-control")},
	{MISC("device-mapper", "/dev/mapper/control")},
	{MISC("fuse", "/dev/fuse")},
	{MISC("kvm", "/dev/kvm")},
	{MISC("loop-control", "/dev/loop-control")},
	{MISC("tun", "/dev/net/tun")},
	{MISC("userfaultfd", "/dev/userfaultfd")},
	{MISC("vhost-net", "/dev/vhost-net")},
	{MISC("vsock", "/dev/vsock")},
};

PROBES(probes_devices, rows);
