/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of files that tell what the kernel and the machine are made of. Of each a few
 * bytes are read; none of them forgets what was read (/proc/kmsg would: it is opened only). Masked
 * files and directories are there and empty.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Eight: of some files each page of memory is a word of that size. */
static int run_read(const struct probe *probe)
{
	int fd = open(probe->path, O_RDONLY | O_CLOEXEC);
	char word[8];
	ssize_t got;

	if (fd < 0)
		return errno;
	got = read(fd, word, sizeof(word));
	if (got < 0)
		return errno;
	return got == 0 ? STOPPED_EMPTY : REACHED;
}

/* Where in the machine's memory is this page? Without CAP_SYS_ADMIN the place is hidden. */
static int run_pagemap(const struct probe *probe)
{
	int fd = open(probe->path, O_RDONLY | O_CLOEXEC);
	uint64_t page = 1;
	off_t at = (off_t)((uintptr_t)&page / (size_t)sysconf(_SC_PAGESIZE) * sizeof(page));

	if (fd < 0 || pread(fd, &page, sizeof(page), at) != sizeof(page))
		return errno;
	return page << 9 ? REACHED : STOPPED_EMPTY;
}

static int run_open(const struct probe *probe)
{
	return open(probe->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) < 0 ? errno : REACHED;
}

static int run_list(const struct probe *probe)
{
	DIR *dir = opendir(probe->path);
	int stop = STOPPED_EMPTY;

	if (!dir)
		return errno;
	for (const struct dirent *entry; stop == STOPPED_EMPTY && (entry = readdir(dir));) {
		if (entry->d_name[0] != '.')
			stop = REACHED;
	}
	return stop;
}

#define READ(path_)	.vector = 51, .name = path_, .run = run_read, .path = "/proc/" path_
#define READ_SYS(path_) .vector = 51, .name = path_, .run = run_read, .path = "/sys/" path_
#define LIST(path_)	.vector = 51, .name = path_, .run = run_list, .path = "/" path_

static const struct probe rows[] = {
	{READ("allocinfo")},
	{READ("bootconfig")},
	{READ("buddyinfo")},
	{READ("config.gz")},
	{READ("interrupts")},
	{READ("iomem")},
	{READ("ioports")},
	{READ("kallsyms")},
	{READ("kcore")},
	{READ("key-users")},
	{READ("keys")},
	{READ("kpagecgroup")},
	{READ("kpagecount")},
	{READ("kpageflags")},
	{READ("latency_stats")},
	{READ("lockdep")},
	{READ("modules")},
	{READ("mtrr")},
	{READ("pagetypeinfo")},
	{READ("sched_debug")},
	{READ("slabinfo")},
	{READ("swaps")},
	{READ("timer_list")},
	{READ("timer_stats")},
	{READ("vmallocinfo")},
	{READ("1/stack")},
	{.vector = 51, .name = "pagemap", .run = run_pagemap, .path = "/proc/self/pagemap"},
	{.vector = 51, .name = "kmsg", .run = run_open, .path = "/proc/kmsg"},
	{READ_SYS("kernel/boot_params/data")},
	{READ_SYS("kernel/btf/vmlinux")},
	{READ_SYS("kernel/notes")},
	{READ_SYS("kernel/slab/kmalloc-64/objects")},
	{READ_SYS("kernel/vmcoreinfo")},
	{LIST("proc/acpi")},
	{LIST("proc/asound")},
	{LIST("proc/scsi")},
	{.vector = 51,
	 .name = "thermal_throttle",
	 .run = run_list,
	 .path = "/sys/devices/system/cpu/cpu0/thermal_throttle",
	 KNOWN("paths: a path for each processor, of which there is no minimum")},
	{LIST("sys/devices/virtual/powercap")},
	{LIST("sys/firmware")},
	{LIST("sys/kernel/debug")},
	{LIST("sys/kernel/irq")},
	{LIST("sys/kernel/security")},
	{LIST("sys/kernel/tracing")},
};

PROBES(probes_secrets, rows);
