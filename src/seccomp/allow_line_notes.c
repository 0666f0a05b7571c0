/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes with a call that is let through: the capability that the kernel asks for, or what
 * else is opened. From the manual pages and the kernel's capable() calls.
 */
#include "base/cleanup.h"
#include "seccomp/allow_line.h"

#include <string.h>

#define SYS_ADMIN "needs CAP_SYS_ADMIN"
#define NET_ADMIN "needs CAP_NET_ADMIN"
#define NET_RAW	  "needs CAP_NET_RAW"
#define SYS_TIME  "needs CAP_SYS_TIME"
#define OTHERS	  "of another user's processes: needs CAP_SYS_PTRACE"
#define OTHER_ID  "for an identity that it does not have: needs "
#define REALTIME  "for real-time and higher priorities: needs CAP_SYS_NICE or a limit"
#define LOCKED	  "beyond RLIMIT_MEMLOCK: needs CAP_IPC_LOCK"
#define FOREIGN	  "for files of others: needs "

#define NEW_USER      0x10000000U /* CLONE_NEWUSER */
#define NEW_TIME      0x80U	  /* CLONE_NEWTIME; of clone it is part of the signal */
#define NEW_ANY	      0x7E020080U
#define NEW_USER_NOTE "opens user namespaces, in which one has every capability"

/* clone takes its first two arguments in the other order on s390x. */
#if defined(__s390x__)
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif

/* Groups, and what they open. */
static const struct {
	const char *name, *note;
	const char *calls[8];
} groups[] = {
	{"@aio",
	 "opens io_setup, io_destroy, io_submit, io_cancel, io_getevents, io_pgetevents",
	 {"io_setup", "io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents"}},
	{"@chroot", "needs CAP_SYS_CHROOT", {"chroot"}},
	{"@fanotify",
	 "opens fanotify_init, fanotify_mark; needs CAP_SYS_ADMIN for more than one's own files",
	 {"fanotify_init", "fanotify_mark"}},
	{"@io_uring",
	 "opens io_uring_setup, io_uring_enter, io_uring_register; no filter sees what is done "
	 "through them",
	 {"io_uring_setup", "io_uring_enter", "io_uring_register"}},
	{"@mqueue",
	 "opens mq_open, mq_unlink, mq_timedsend, mq_timedreceive, mq_notify, mq_getsetattr",
	 {"mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr"}},
	{"@mptcp", NULL, {NULL}},
	{"@pkey",
	 "opens pkey_alloc, pkey_free, pkey_mprotect",
	 {"pkey_alloc", "pkey_free", "pkey_mprotect"}},
	{"@raw-net", "opens raw and packet sockets of every protocol; needs CAP_NET_RAW", {NULL}},
	{"@sysvmsg",
	 "opens msgget, msgsnd, msgrcv, msgctl",
	 {"msgget", "msgsnd", "msgrcv", "msgctl"}},
	{"@sysvsem",
	 "opens semget, semop, semctl, semtimedop",
	 {"semget", "semop", "semctl", "semtimedop"}},
	{"@sysvshm", "opens shmget, shmat, shmdt, shmctl", {"shmget", "shmat", "shmdt", "shmctl"}},
	{"@tcp-keys", "opens TCP_MD5SIG and TCP_AO_ADD_KEY", {NULL}},
};

const char *allow_group(const char *call)
{
	for (size_t i = 0; i < hr_count(groups); i++)
		if (text_in(call, groups[i].calls))
			return groups[i].name;
	return NULL;
}

const char *allow_group_note(const char *group)
{
	for (size_t i = 0; i < hr_count(groups); i++)
		if (strcmp(groups[i].name, group) == 0)
			return groups[i].note;
	return NULL;
}

/* Whatever the arguments are. */
static const struct {
	const char *call, *note;
} notes[] = {
	{"acct", "needs CAP_SYS_PACCT"},
	{"adjtimex", "to set anything: needs CAP_SYS_TIME"},
	{"bpf", "needs CAP_BPF"},
	{"chown", FOREIGN "CAP_CHOWN"},
	{"clock_adjtime", "to set anything: needs CAP_SYS_TIME"},
	{"clock_settime", SYS_TIME},
	{"clone3", "opens new namespaces: no filter sees its flags"},
	{"delete_module", "needs CAP_SYS_MODULE"},
	{"fchown", FOREIGN "CAP_CHOWN"},
	{"fchownat", FOREIGN "CAP_CHOWN"},
	{"finit_module", "needs CAP_SYS_MODULE"},
	{"fsconfig", SYS_ADMIN},
	{"fsmount", SYS_ADMIN},
	{"fsopen", SYS_ADMIN},
	{"fspick", SYS_ADMIN},
	{"init_module", "needs CAP_SYS_MODULE"},
	{"ioperm", "needs CAP_SYS_RAWIO"},
	{"iopl", "needs CAP_SYS_RAWIO"},
	{"ioprio_set", "for the real-time class: needs CAP_SYS_NICE"},
	{"kcmp", OTHERS},
	{"kexec_file_load", "needs CAP_SYS_BOOT"},
	{"kexec_load", "needs CAP_SYS_BOOT"},
	{"lchown", FOREIGN "CAP_CHOWN"},
	{"lookup_dcookie", SYS_ADMIN},
	{"migrate_pages", "needs CAP_SYS_NICE for another user's processes"},
	{"mlock", LOCKED},
	{"mlock2", LOCKED},
	{"mlockall", LOCKED},
	{"mount", SYS_ADMIN},
	{"mount_setattr", SYS_ADMIN},
	{"move_mount", SYS_ADMIN},
	{"move_pages", "needs CAP_SYS_NICE for another user's processes"},
	{"nfsservctl", SYS_ADMIN},
	{"open_by_handle_at", "needs CAP_DAC_READ_SEARCH"},
	{"open_tree", "for a copy of a mount: needs CAP_SYS_ADMIN"},
	{"open_tree_attr", SYS_ADMIN},
	{"perf_event_open", "as /proc/sys/kernel/perf_event_paranoid says: needs CAP_PERFMON"},
	{"pidfd_getfd", OTHERS},
	{"pivot_root", SYS_ADMIN},
	{"process_madvise", "for another process: needs CAP_SYS_NICE"},
	{"process_vm_readv", OTHERS},
	{"process_vm_writev", OTHERS},
	{"ptrace", OTHERS},
	{"quotactl", SYS_ADMIN},
	{"quotactl_fd", SYS_ADMIN},
	{"reboot", "needs CAP_SYS_BOOT"},
	{"sched_setattr", REALTIME},
	{"sched_setparam", REALTIME},
	{"sched_setscheduler", REALTIME},
	{"setdomainname", SYS_ADMIN},
	{"setfsgid", OTHER_ID "CAP_SETGID"},
	{"setfsuid", OTHER_ID "CAP_SETUID"},
	{"setgid", OTHER_ID "CAP_SETGID"},
	{"setgroups", "needs CAP_SETGID"},
	{"sethostname", SYS_ADMIN},
	{"setns", SYS_ADMIN},
	{"setpriority", REALTIME},
	{"setregid", OTHER_ID "CAP_SETGID"},
	{"setresgid", OTHER_ID "CAP_SETGID"},
	{"setresuid", OTHER_ID "CAP_SETUID"},
	{"setreuid", OTHER_ID "CAP_SETUID"},
	{"settimeofday", SYS_TIME},
	{"setuid", OTHER_ID "CAP_SETUID"},
	{"stime", SYS_TIME},
	{"swapoff", SYS_ADMIN},
	{"swapon", SYS_ADMIN},
	{"syslog", "as /proc/sys/kernel/dmesg_restrict says: needs CAP_SYSLOG"},
	{"umount", SYS_ADMIN},
	{"umount2", SYS_ADMIN},
	{"userfaultfd", "for faults of the kernel: needs CAP_SYS_PTRACE"},
	{"vhangup", "needs CAP_SYS_TTY_CONFIG"},
};

/* By one argument, in its lower half. */
static const struct {
	const char *call;
	unsigned index;
	uint32_t mask, value;
	const char *note;
} valued[] = {
	{"ioctl", 1, UINT32_MAX, 0x5412, "TIOCSTI on another's terminal: needs CAP_SYS_ADMIN"},
	{"ioctl", 1, UINT32_MAX, 0x541C, "TIOCLINUX: in part needs CAP_SYS_ADMIN"},
	{"ioctl", 1, UINT32_MAX, 0x541D, "TIOCCONS: needs CAP_SYS_ADMIN"},
	{"ioctl", 1, UINT32_MAX, 0x8914, NET_ADMIN},	 /* SIOCSIFFLAGS */
	{"ioctl", 1, UINT32_MAX, 0x8916, NET_ADMIN},	 /* SIOCSIFADDR */
	{"ioctl", 1, UINT32_MAX, 0x891C, NET_ADMIN},	 /* SIOCSIFNETMASK */
	{"ioctl", 1, UINT32_MAX, 0x8922, NET_ADMIN},	 /* SIOCSIFMTU */
	{"ioctl", 1, UINT32_MAX, 0x8924, NET_ADMIN},	 /* SIOCSIFHWADDR */
	{"ioctl", 1, UINT32_MAX, 0x890B, NET_ADMIN},	 /* SIOCADDRT */
	{"ioctl", 1, UINT32_MAX, 0x400454CA, NET_ADMIN}, /* TUNSETIFF */
	{"mknod", 1, 0170000, 0020000, "needs CAP_MKNOD"},
	{"mknod", 1, 0170000, 0060000, "needs CAP_MKNOD"},
	{"mknodat", 2, 0170000, 0020000, "needs CAP_MKNOD"},
	{"mknodat", 2, 0170000, 0060000, "needs CAP_MKNOD"},
	{"prctl", 0, UINT32_MAX, 35, "needs CAP_SYS_RESOURCE"}, /* PR_SET_MM */
	{"socket", 0, UINT32_MAX, 15, NET_ADMIN},		/* AF_KEY */
	{"socket", 0, UINT32_MAX, 26, NET_RAW},			/* AF_LLC */
	{"socket", 0, UINT32_MAX, 44, NET_RAW},			/* AF_XDP */
	{"unshare", 0, NEW_USER, NEW_USER, NEW_USER_NOTE},
	{"unshare", 0, NEW_ANY, 0, NULL},
	{"unshare", 0, NEW_USER, 0, SYS_ADMIN},
	{"clone", CLONE_FLAGS_AT, NEW_USER, NEW_USER, NEW_USER_NOTE},
	{"clone", CLONE_FLAGS_AT, NEW_ANY & ~NEW_TIME, 0, NULL},
	{"clone", CLONE_FLAGS_AT, NEW_USER, 0, SYS_ADMIN},
};

const char *allow_note(const char *call, const uint64_t args[SECCOMP_ARGS])
{
	for (size_t i = 0; i < hr_count(notes); i++)
		if (strcmp(notes[i].call, call) == 0)
			return notes[i].note;
	for (size_t i = 0; i < hr_count(valued); i++)
		if (strcmp(valued[i].call, call) == 0 &&
		    ((uint32_t)args[valued[i].index] & valued[i].mask) == valued[i].value)
			return valued[i].note;
	return NULL;
}
