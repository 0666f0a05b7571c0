/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of values that are shown and may not stand in a source. Macros where architectures
 * differ; numbers where the headers of a build machine may be too old.
 */
#include "seccomp/show_call_names.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#define SAME(name, value)          \
	{                          \
		name, value, value \
	}
#define NAMED(name)	  SAME(#name, (uint32_t)(name))
#define TABLE(what, list) const struct constants shown_##what = {list, hr_count(list)}

static const struct constant clone_flags[] = {
	SAME("CLONE_NEWUSER", 0x10000000),
	SAME("CLONE_NEWNS", 0x20000),
	SAME("CLONE_NEWPID", 0x20000000),
	SAME("CLONE_NEWNET", 0x40000000),
	SAME("CLONE_NEWIPC", 0x8000000),
	SAME("CLONE_NEWUTS", 0x4000000),
	SAME("CLONE_NEWCGROUP", 0x2000000),
	SAME("CLONE_THREAD", 0x10000),
	SAME("CLONE_VFORK", 0x4000),
	SAME("CLONE_VM", 0x100),
	SAME("CLONE_FS", 0x200),
	SAME("CLONE_FILES", 0x400),
	SAME("CLONE_SIGHAND", 0x800),
	SAME("CLONE_PIDFD", 0x1000),
	SAME("CLONE_PTRACE", 0x2000),
	SAME("CLONE_PARENT", 0x8000),
	SAME("CLONE_SYSVSEM", 0x40000),
	SAME("CLONE_IO", 0x80000000),
};
TABLE(clone, clone_flags);

/* Of unshare and setns; clone has a signal in these bits. */
static const struct constant namespaces[] = {
	SAME("CLONE_NEWUSER", 0x10000000),
	SAME("CLONE_NEWNS", 0x20000),
	SAME("CLONE_NEWPID", 0x20000000),
	SAME("CLONE_NEWNET", 0x40000000),
	SAME("CLONE_NEWIPC", 0x8000000),
	SAME("CLONE_NEWUTS", 0x4000000),
	SAME("CLONE_NEWCGROUP", 0x2000000),
	SAME("CLONE_NEWTIME", 0x80),
	SAME("CLONE_FS", 0x200),
	SAME("CLONE_FILES", 0x400),
	SAME("CLONE_SYSVSEM", 0x40000),
};
TABLE(namespaces, namespaces);

/* Those of several bits first. */
static const struct constant open_flags[] = {
	NAMED(O_TMPFILE),
	NAMED(O_SYNC),
	NAMED(O_WRONLY),
	NAMED(O_RDWR),
	NAMED(O_CREAT),
	NAMED(O_EXCL),
	NAMED(O_NOCTTY),
	NAMED(O_TRUNC),
	NAMED(O_APPEND),
	NAMED(O_NONBLOCK),
	NAMED(O_DSYNC),
	NAMED(O_ASYNC),
	NAMED(O_DIRECT),
	NAMED(O_DIRECTORY),
	NAMED(O_NOFOLLOW),
	NAMED(O_NOATIME),
	NAMED(O_CLOEXEC),
	NAMED(O_PATH),
	SAME("O_LARGEFILE", 0100000),
	SAME("O_RDONLY", 0),
};
TABLE(open, open_flags);

static const struct constant protections[] = {
	NAMED(PROT_NONE),
	NAMED(PROT_READ),
	NAMED(PROT_WRITE),
	NAMED(PROT_EXEC),
};
TABLE(protections, protections);

static const struct constant map_flags[] = {
	NAMED(MAP_SHARED_VALIDATE), NAMED(MAP_SHARED),	  NAMED(MAP_PRIVATE),
	NAMED(MAP_FIXED),	    NAMED(MAP_ANONYMOUS), NAMED(MAP_GROWSDOWN),
	NAMED(MAP_LOCKED),	    NAMED(MAP_NORESERVE), NAMED(MAP_POPULATE),
	NAMED(MAP_STACK),	    NAMED(MAP_HUGETLB),	  SAME("MAP_FIXED_NOREPLACE", 0x100000),
};
TABLE(map, map_flags);

static const struct constant ptrace_requests[] = {
	SAME("PTRACE_TRACEME", 0),
	SAME("PTRACE_PEEKTEXT", 1),
	SAME("PTRACE_PEEKDATA", 2),
	SAME("PTRACE_PEEKUSER", 3),
	SAME("PTRACE_POKETEXT", 4),
	SAME("PTRACE_POKEDATA", 5),
	SAME("PTRACE_POKEUSER", 6),
	SAME("PTRACE_CONT", 7),
	SAME("PTRACE_KILL", 8),
	SAME("PTRACE_SINGLESTEP", 9),
#if defined(__x86_64__)
	SAME("PTRACE_GETREGS", 12),
	SAME("PTRACE_SETREGS", 13),
	SAME("PTRACE_GETFPREGS", 14),
	SAME("PTRACE_SETFPREGS", 15),
#endif
	SAME("PTRACE_ATTACH", 16),
	SAME("PTRACE_DETACH", 17),
	SAME("PTRACE_SYSCALL", 24),
	SAME("PTRACE_SETOPTIONS", 0x4200),
	SAME("PTRACE_GETEVENTMSG", 0x4201),
	SAME("PTRACE_GETSIGINFO", 0x4202),
	SAME("PTRACE_SETSIGINFO", 0x4203),
	SAME("PTRACE_GETREGSET", 0x4204),
	SAME("PTRACE_SETREGSET", 0x4205),
	SAME("PTRACE_SEIZE", 0x4206),
	SAME("PTRACE_INTERRUPT", 0x4207),
	SAME("PTRACE_LISTEN", 0x4208),
	SAME("PTRACE_SECCOMP_GET_FILTER", 0x420C),
	SAME("PTRACE_GET_SYSCALL_INFO", 0x420E),
};
TABLE(ptrace, ptrace_requests);

static const struct constant bpf_commands[] = {
	SAME("BPF_MAP_CREATE", 0),	  SAME("BPF_MAP_LOOKUP_ELEM", 1),
	SAME("BPF_MAP_UPDATE_ELEM", 2),	  SAME("BPF_MAP_DELETE_ELEM", 3),
	SAME("BPF_MAP_GET_NEXT_KEY", 4),  SAME("BPF_PROG_LOAD", 5),
	SAME("BPF_OBJ_PIN", 6),		  SAME("BPF_OBJ_GET", 7),
	SAME("BPF_PROG_ATTACH", 8),	  SAME("BPF_PROG_DETACH", 9),
	SAME("BPF_PROG_TEST_RUN", 10),	  SAME("BPF_PROG_GET_NEXT_ID", 11),
	SAME("BPF_MAP_GET_NEXT_ID", 12),  SAME("BPF_PROG_GET_FD_BY_ID", 13),
	SAME("BPF_MAP_GET_FD_BY_ID", 14), SAME("BPF_OBJ_GET_INFO_BY_FD", 15),
	SAME("BPF_PROG_QUERY", 16),	  SAME("BPF_RAW_TRACEPOINT_OPEN", 17),
	SAME("BPF_BTF_LOAD", 18),	  SAME("BPF_BTF_GET_FD_BY_ID", 19),
	SAME("BPF_LINK_CREATE", 28),	  SAME("BPF_TOKEN_CREATE", 36),
};
TABLE(bpf, bpf_commands);

static const struct constant keyctl_operations[] = {
	SAME("KEYCTL_GET_KEYRING_ID", 0),
	SAME("KEYCTL_JOIN_SESSION_KEYRING", 1),
	SAME("KEYCTL_UPDATE", 2),
	SAME("KEYCTL_REVOKE", 3),
	SAME("KEYCTL_CHOWN", 4),
	SAME("KEYCTL_SETPERM", 5),
	SAME("KEYCTL_DESCRIBE", 6),
	SAME("KEYCTL_CLEAR", 7),
	SAME("KEYCTL_LINK", 8),
	SAME("KEYCTL_UNLINK", 9),
	SAME("KEYCTL_SEARCH", 10),
	SAME("KEYCTL_READ", 11),
	SAME("KEYCTL_INSTANTIATE", 12),
	SAME("KEYCTL_NEGATE", 13),
	SAME("KEYCTL_SET_REQKEY_KEYRING", 14),
	SAME("KEYCTL_SET_TIMEOUT", 15),
	SAME("KEYCTL_GET_SECURITY", 17),
	SAME("KEYCTL_GET_PERSISTENT", 22),
	SAME("KEYCTL_CAPABILITIES", 31),
};
TABLE(keyctl, keyctl_operations);

static const struct constant reboot_commands[] = {
	SAME("LINUX_REBOOT_CMD_CAD_OFF", 0),
	SAME("LINUX_REBOOT_CMD_RESTART", 0x01234567),
	SAME("LINUX_REBOOT_CMD_POWER_OFF", 0x4321FEDC),
	SAME("LINUX_REBOOT_CMD_KEXEC", 0x45584543),
	SAME("LINUX_REBOOT_CMD_CAD_ON", 0x89ABCDEF),
	SAME("LINUX_REBOOT_CMD_RESTART2", 0xA1B2C3D4),
	SAME("LINUX_REBOOT_CMD_HALT", 0xCDEF0123),
	SAME("LINUX_REBOOT_CMD_SW_SUSPEND", 0xD000FCE2),
};
TABLE(reboot, reboot_commands);

static const struct constant syslog_actions[] = {
	SAME("SYSLOG_ACTION_CLOSE", 0),		SAME("SYSLOG_ACTION_OPEN", 1),
	SAME("SYSLOG_ACTION_READ", 2),		SAME("SYSLOG_ACTION_READ_ALL", 3),
	SAME("SYSLOG_ACTION_READ_CLEAR", 4),	SAME("SYSLOG_ACTION_CLEAR", 5),
	SAME("SYSLOG_ACTION_CONSOLE_OFF", 6),	SAME("SYSLOG_ACTION_CONSOLE_ON", 7),
	SAME("SYSLOG_ACTION_CONSOLE_LEVEL", 8), SAME("SYSLOG_ACTION_SIZE_UNREAD", 9),
	SAME("SYSLOG_ACTION_SIZE_BUFFER", 10),
};
TABLE(syslog, syslog_actions);

static const struct constant clocks[] = {
	SAME("CLOCK_REALTIME", 0),
	SAME("CLOCK_MONOTONIC", 1),
	SAME("CLOCK_BOOTTIME", 7),
	SAME("CLOCK_TAI", 11),
};
TABLE(clocks, clocks);

static const struct constant policies[] = {
	SAME("SCHED_OTHER", 0), SAME("SCHED_FIFO", 1), SAME("SCHED_RR", 2),
	SAME("SCHED_BATCH", 3), SAME("SCHED_IDLE", 5), SAME("SCHED_DEADLINE", 6),
};
TABLE(policies, policies);

static const struct constant memory_policies[] = {
	SAME("MPOL_DEFAULT", 0),    SAME("MPOL_PREFERRED", 1), SAME("MPOL_BIND", 2),
	SAME("MPOL_INTERLEAVE", 3), SAME("MPOL_LOCAL", 4),
};
TABLE(memory_policies, memory_policies);

static const struct constant io_scopes[] = {
	SAME("IOPRIO_WHO_PROCESS", 1),
	SAME("IOPRIO_WHO_PGRP", 2),
	SAME("IOPRIO_WHO_USER", 3),
};
TABLE(io_scopes, io_scopes);

static const struct constant seccomp_operations[] = {
	SAME("SECCOMP_SET_MODE_STRICT", 0),
	SAME("SECCOMP_SET_MODE_FILTER", 1),
	SAME("SECCOMP_GET_ACTION_AVAIL", 2),
	SAME("SECCOMP_GET_NOTIF_SIZES", 3),
};
TABLE(seccomp, seccomp_operations);

static const struct constant filter_flags[] = {
	SAME("SECCOMP_FILTER_FLAG_TSYNC", 1),
	SAME("SECCOMP_FILTER_FLAG_LOG", 2),
	SAME("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4),
	SAME("SECCOMP_FILTER_FLAG_NEW_LISTENER", 8),
	SAME("SECCOMP_FILTER_FLAG_TSYNC_ESRCH", 16),
	SAME("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 32),
};
TABLE(filter_flags, filter_flags);

static const struct constant userfault_flags[] = {
	SAME("UFFD_USER_MODE_ONLY", 1),
	NAMED(O_CLOEXEC),
	NAMED(O_NONBLOCK),
};
TABLE(userfault, userfault_flags);

static const struct constant quota_commands[] = {
	SAME("Q_SYNC", 0x800001),	  SAME("Q_QUOTAON", 0x800002),
	SAME("Q_QUOTAOFF", 0x800003),	  SAME("Q_GETFMT", 0x800004),
	SAME("Q_GETINFO", 0x800005),	  SAME("Q_SETINFO", 0x800006),
	SAME("Q_GETQUOTA", 0x800007),	  SAME("Q_SETQUOTA", 0x800008),
	SAME("Q_GETNEXTQUOTA", 0x800009),
};
TABLE(quota, quota_commands);

static const struct constant umount_flags[] = {
	SAME("MNT_FORCE", 1),
	SAME("MNT_DETACH", 2),
	SAME("MNT_EXPIRE", 4),
	SAME("UMOUNT_NOFOLLOW", 8),
};
TABLE(umount, umount_flags);

static const struct constant compared[] = {
	SAME("KCMP_FILE", 0),	 SAME("KCMP_VM", 1),	    SAME("KCMP_FILES", 2),
	SAME("KCMP_FS", 3),	 SAME("KCMP_SIGHAND", 4),   SAME("KCMP_IO", 5),
	SAME("KCMP_SYSVSEM", 6), SAME("KCMP_EPOLL_TFD", 7),
};
TABLE(compared, compared);

static const struct constant lock_flags[] = {
	SAME("MCL_CURRENT", 1),
	SAME("MCL_FUTURE", 2),
	SAME("MCL_ONFAULT", 4),
};
TABLE(lock, lock_flags);

static const struct constant memfd_flags[] = {
	SAME("MFD_CLOEXEC", 1),	    SAME("MFD_ALLOW_SEALING", 2), SAME("MFD_HUGETLB", 4),
	SAME("MFD_NOEXEC_SEAL", 8), SAME("MFD_EXEC", 16),
};
TABLE(memfd, memfd_flags);

static const struct constant ipc_commands[] = {
	SAME("IPC_RMID", 0),
	SAME("IPC_SET", 1),
	SAME("IPC_STAT", 2),
	SAME("IPC_INFO", 3),
};
TABLE(ipc, ipc_commands);
