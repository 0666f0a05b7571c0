/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of files that change the kernel. To open one of procfs, sysfs or cgroupfs for
 * writing, and to close it, changes nothing: only write() does, and there is none here.
 * Nothing is truncated or made (no O_TRUNC, no O_CREAT).
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int try_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), stop = REACHED;
	struct stat st;

	if (fd < 0)
		return errno;
	/* A masked file is /dev/null. */
	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		stop = STOPPED_EMPTY;
	close(fd);
	return stop;
}

static int run_write(const struct probe *probe)
{
	return try_write(probe->path);
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

/* A new cgroup beside the one that the process is in, or below it; taken away at once. Only
 * where the directory is a cgroup: mkdir in a plain one would prove nothing. */
static int run_new_cgroup(const struct probe *probe)
{
	char path[64];
	bool unified = access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0;

	(void)probe;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s.hardrun-probe-%d", unified ? "" : "pids/",
		 (int)getpid());
	if (mkdir(path, 0700) < 0)
		return errno;
	rmdir(path);
	return REACHED;
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

/* A module's parameter: the first of the kernel's own that is a file to write. */
static int run_parameter(const struct probe *probe)
{
	char path[PATH_MAX];
	DIR *dir = opendir(probe->path);
	int stop = ENOENT;

	for (const struct dirent *entry; dir && stop != REACHED && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "%s/%s", probe->path, entry->d_name);
		if (entry->d_type == DT_REG)
			stop = try_write(path);
	}
	return stop;
}

#define WRITE(vector_, name_, path_) \
	.vector = vector_, .name = name_, .run = run_write, .path = path_
#define CGROUP(vector_, file) .vector = vector_, .name = file, .run = run_cgroup, .path = file

static const struct probe rows[] = {
	{CGROUP(5, "release_agent")},
	{CGROUP(5, "notify_on_release")},

	{WRITE(28, "core_pattern", "/proc/sys/kernel/core_pattern")},
	{WRITE(28, "core_pipe_limit", "/proc/sys/kernel/core_pipe_limit")},
	{WRITE(28, "suid_dumpable", "/proc/sys/fs/suid_dumpable")},
	{WRITE(29, "modprobe", "/proc/sys/kernel/modprobe")},
	{WRITE(29, "hotplug", "/proc/sys/kernel/hotplug")},
	{WRITE(29, "poweroff_cmd", "/proc/sys/kernel/poweroff_cmd")},
	{WRITE(29, "usermodehelper", "/proc/sys/kernel/usermodehelper/bset")},
	{WRITE(29, "sysrq", "/proc/sys/kernel/sysrq")},
	{WRITE(29, "sysrq-trigger", "/proc/sysrq-trigger")},
	{WRITE(29, "uevent_helper", "/sys/kernel/uevent_helper")},
	{.vector = 29,
	 .name = "binfmt_misc",
	 .run = run_binfmt,
	 .path = "/proc/sys/fs/binfmt_misc/register"},

	{WRITE(35, "irq-affinity", "/proc/irq/default_smp_affinity")},
	{WRITE(35, "panic_on_oom", "/proc/sys/vm/panic_on_oom")},
	{WRITE(35, "drop_caches", "/proc/sys/vm/drop_caches")},
	{WRITE(35, "randomize_va_space", "/proc/sys/kernel/randomize_va_space")},
	{WRITE(35, "kptr_restrict", "/proc/sys/kernel/kptr_restrict")},
	{WRITE(35, "protected_symlinks", "/proc/sys/fs/protected_symlinks")},
	{WRITE(35, "ip_forward", "/proc/sys/net/ipv4/ip_forward")},
	{WRITE(35, "dynamic_debug", "/proc/dynamic_debug/control")},
	{WRITE(35, "write-mtrr", "/proc/mtrr")},
	{WRITE(35, "pressure", "/proc/pressure/memory")},
	{WRITE(35, "acpi-wakeup", "/proc/acpi/wakeup")},
	{WRITE(35, "scsi", "/proc/scsi/scsi")},
	{WRITE(35, "pci-config", "/proc/bus/pci/00/00.0")},
	{WRITE(35, "transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled")},
	{WRITE(35, "ksm", "/sys/kernel/mm/ksm/run")},
	{WRITE(35, "cpu1-online", "/sys/devices/system/cpu/cpu1/online")},
	{WRITE(35, "smt", "/sys/devices/system/cpu/smt/control")},
	{WRITE(35, "power-state", "/sys/power/state")},
	{WRITE(35, "reboot-mode", "/sys/kernel/reboot/mode")},
	{WRITE(35, "profiling", "/sys/kernel/profiling")},
	{WRITE(35, "rcu_expedited", "/sys/kernel/rcu_expedited")},
	{WRITE(35, "pci-rescan", "/sys/bus/pci/rescan")},
	{.vector = 35,
	 .name = "kernel-parameters",
	 .run = run_parameter,
	 .path = "/sys/module/kernel/parameters"},
	{WRITE(35, "trace_marker", "/sys/kernel/tracing/trace_marker")},

	{CGROUP(36, "devices.allow")},
	{CGROUP(36, "cgroup.procs")},
	{CGROUP(36, "cgroup.freeze")},
	{CGROUP(36, "freezer.state")},
	{CGROUP(36, "cgroup.subtree_control")},
	{CGROUP(36, "cpu.shares")},
	{CGROUP(36, "memory.max")},
	{CGROUP(36, "memory.limit_in_bytes")},
	{CGROUP(36, "pids.max")},
	{.vector = 36, .name = "new-cgroup", .run = run_new_cgroup},
};

PROBES(probes_files, rows);
