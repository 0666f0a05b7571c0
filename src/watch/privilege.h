/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to watch/: the conditions under which the kernel asks for a capability. Each is true
 * when it will be asked for; where that cannot be told, it says false.
 */
#ifndef HR_WATCH_PRIVILEGE_H
#define HR_WATCH_PRIVILEGE_H

#include "watch/process.h"

/* A call and who makes it. */
struct privilege {
	const char *name;
	const struct watch_call *call;
	const struct watch_process *process;
};

typedef bool privilege_fn(const struct privilege *who);

/* Ids (privilege_ids.c): the caller's own need nothing. */
privilege_fn asks_setuid, asks_setreuid, asks_setresuid, asks_setfsuid;
privilege_fn asks_setgid, asks_setregid, asks_setresgid, asks_setfsgid;
privilege_fn asks_chown, asks_chmod, asks_kill, asks_other;

/* Devices, sockets, limits, ... (privilege_asks.c). */
privilege_fn asks_mknod, asks_bind, asks_socket, asks_sockopt, asks_nice, asks_scheduler;
privilege_fn asks_ioprio, asks_mlock, asks_mlockall, asks_limit, asks_clone, asks_clone3;
privilege_fn asks_clock, asks_adjtime, asks_alarm, asks_syslog, asks_ptrace, asks_bpf;
privilege_fn asks_perf, asks_seccomp, asks_uffd, asks_tree, asks_fanotify;
privilege_fn asks_prctl_setpcap, asks_prctl_mm, asks_xattr_trusted, asks_xattr_security;
privilege_fn asks_xattr_fcap, asks_ioctl_tty, asks_ioctl_net, asks_ioctl_flags;

/* For the others: argument N of the call; int arguments by their low 32 bits. */
static inline int privilege_int(const struct privilege *who, unsigned at)
{
	return (int)(uint32_t)who->call->args[at];
}

/* The id of the host behind one of the caller's user namespace; false for one without. `map`:
 * "uid_map" or "gid_map". */
bool privilege_host_id(const struct privilege *who, const char *map, uint32_t id, uint32_t *ret);

/* One of the caller's supplementary groups, as the host counts. */
bool privilege_in_group(const struct privilege *who, uint32_t gid);

#endif
