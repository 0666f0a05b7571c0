/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/file_capabilities.h"

#include "base/cleanup.h"
#include "watch/proc.h"
#include "watch/process.h"

#include <endian.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>

#define NAME(name) [CAP_##name] = "CAP_" #name

static const char *const names[] = {
	NAME(CHOWN),
	NAME(DAC_OVERRIDE),
	NAME(DAC_READ_SEARCH),
	NAME(FOWNER),
	NAME(FSETID),
	NAME(KILL),
	NAME(SETGID),
	NAME(SETUID),
	NAME(SETPCAP),
	NAME(LINUX_IMMUTABLE),
	NAME(NET_BIND_SERVICE),
	NAME(NET_BROADCAST),
	NAME(NET_ADMIN),
	NAME(NET_RAW),
	NAME(IPC_LOCK),
	NAME(IPC_OWNER),
	NAME(SYS_MODULE),
	NAME(SYS_RAWIO),
	NAME(SYS_CHROOT),
	NAME(SYS_PTRACE),
	NAME(SYS_PACCT),
	NAME(SYS_ADMIN),
	NAME(SYS_BOOT),
	NAME(SYS_NICE),
	NAME(SYS_RESOURCE),
	NAME(SYS_TIME),
	NAME(SYS_TTY_CONFIG),
	NAME(MKNOD),
	NAME(LEASE),
	NAME(AUDIT_WRITE),
	NAME(AUDIT_CONTROL),
	NAME(SETFCAP),
	NAME(MAC_OVERRIDE),
	NAME(MAC_ADMIN),
	NAME(SYSLOG),
	NAME(WAKE_ALARM),
	NAME(BLOCK_SUSPEND),
	NAME(AUDIT_READ),
	NAME(PERFMON),
	NAME(BPF),
	NAME(CHECKPOINT_RESTORE),
};

const char *watch_capability_name(unsigned number)
{
	return number < hr_count(names) ? names[number] : NULL;
}

static uint64_t bounding(pid_t pid)
{
	char status[PROC_STATUS];
	const char *field;

	if (!proc_read(pid, "status", status, sizeof(status)))
		return UINT64_MAX;
	field = proc_field(status, "CapBnd");
	return field ? strtoull(field, NULL, 16) : UINT64_MAX;
}

uint64_t file_capabilities_missing(int fd, pid_t pid)
{
	struct vfs_ns_cap_data data;
	char path[32];
	uint64_t permitted;
	ssize_t got;

	/* A descriptor of O_PATH has no extended attributes of its own. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	got = getxattr(path, "security.capability", &data, sizeof(data));
	if (got < (ssize_t)sizeof(struct vfs_cap_data) ||
	    !(le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE))
		return 0;
	permitted = le32toh(data.data[0].permitted) | (uint64_t)le32toh(data.data[1].permitted)
							      << 32;
	return permitted & ~bounding(pid);
}
