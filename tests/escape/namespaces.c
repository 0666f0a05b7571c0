/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of mounts and namespaces. No path here is the place of a mount, and a namespace is
 * made by a child only, without mappings and without anything in it: it is gone with the
 * child.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than Debian 12's headers; the same on every architecture. */
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#ifndef SYS_listmount
#define SYS_listmount 458
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#ifndef SYS_listns
#define SYS_listns 470
#endif

/* A limit on namespaces (ENOSPC, EUSERS) keeps an attacker out as well as a filter does. */
static int end_of_clone(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	waitpid((pid_t)pid, NULL, 0);
	return REACHED;
}

static int run_unshare(const struct probe *probe)
{
	return syscall(SYS_unshare, probe->number) < 0 ? errno : REACHED;
}

static int run_clone(const struct probe *probe)
{
	return end_of_clone(syscall(SYS_clone, (unsigned long)probe->number | SIGCHLD, 0, 0, 0, 0));
}

static int run_clone3(const struct probe *probe)
{
	struct clone_args args = {.flags = (unsigned long)probe->number, .exit_signal = SIGCHLD};

	return end_of_clone(syscall(SYS_clone3, &args, sizeof(args)));
}

/* To join a namespace that one is in already leaves everything as it is. */
static int run_join_own(const struct probe *probe)
{
	int fd = open(probe->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : answer(syscall(SYS_setns, fd, 0));
}

#define UNSHARE(vector_, name_, flags) \
	.vector = vector_, .name = name_, .run = run_unshare, .number = (long)(flags)
#define CLONE(vector_, name_, flags) \
	.vector = vector_, .name = name_, .run = run_clone, .number = (long)(flags)
#define CLONE3(vector_, name_, flags) \
	.vector = vector_, .name = name_, .run = run_clone3, .number = (long)(flags)

static const struct probe rows[] = {
	/* No such flags; a negative descriptor is refused before the command is looked at. */
	{CALL(4, fsopen, NOWHERE, -1)},
	{CALL(4, fsconfig, NO_FD, 0, NOWHERE, NOWHERE, 0)},

	/* A new mount without a file system type is EINVAL, whoever asks. */
	{CALL(5, mount, 0, (long)"/", 0, 0, 0)},
	/* Nothing can be mounted on a directory of a process. */
	{CALL(5, umount2, (long)"/proc/self", 0)},
	/* Both paths are at NOWHERE. */
	{CALL(5, pivot_root, NOWHERE, NOWHERE)},
	/* The root that this child has. */
	{CALL(5, chroot, (long)"/")},

	/* What an overlay in a user namespace begins with. */
	{UNSHARE(9, "unshare-user-mount", CLONE_NEWUSER | CLONE_NEWNS)},

	{UNSHARE(25, "unshare-user", CLONE_NEWUSER)},
	{UNSHARE(25, "unshare-mount", CLONE_NEWNS)},
	{UNSHARE(25, "unshare-net", CLONE_NEWNET)},
	{UNSHARE(25, "unshare-cgroup", CLONE_NEWCGROUP)},
	{UNSHARE(25, "unshare-time", CLONE_NEWTIME)},
	{CLONE(25, "clone-user", CLONE_NEWUSER)},
	{CLONE(25, "clone-user-high-bit", CLONE_NEWUSER | HIGH_BIT)},
	{CLONE(25, "clone-user-sign-bits", CLONE_NEWUSER | SIGN_BITS)},
	{CLONE(25, "clone-user-net", CLONE_NEWUSER | CLONE_NEWNET)},
	{CLONE(25, "clone-mount", CLONE_NEWNS)},
	{CLONE(25, "clone-pid", CLONE_NEWPID)},
	{CLONE(25, "clone-net", CLONE_NEWNET)},
	{CLONE(25, "clone-net-high-bit", CLONE_NEWNET | HIGH_BIT)},
	/* Its flags are in memory, where no filter sees them. */
	{CLONE3(25, "clone3-user", CLONE_NEWUSER)},
	{CLONE3(25, "clone3", 0)},

	{CALL(26, setns, NO_FD, 0)},
	{.vector = 26, .name = "setns-own-net", .run = run_join_own, .path = "/proc/self/ns/net"},
	{.vector = 26, .name = "setns-own-mount", .run = run_join_own, .path = "/proc/self/ns/mnt"},

	/* No descriptors, paths at NOWHERE; and a descriptor of this root, as open() gives one. */
	{CALL(27, open_tree, AT_FDCWD, (long)"/", 0)},
	{CALL_AS(27, "open_tree-clone", open_tree, NO_FD, NOWHERE, OPEN_TREE_CLONE)},
	{CALL(27, open_tree_attr, NO_FD, NOWHERE, OPEN_TREE_CLONE, NOWHERE, MOUNT_ATTR_SIZE_VER0)},
	{CALL(27, move_mount, NO_FD, NOWHERE, NO_FD, NOWHERE, 0)},
	{CALL(27, fspick, NO_FD, NOWHERE, 0)},
	{CALL(27, fsmount, NO_FD, 0, 0)},
	{CALL(27, mount_setattr, NO_FD, NOWHERE, 0, NOWHERE, MOUNT_ATTR_SIZE_VER0)},
	/* Questions at NOWHERE. */
	{CALL(27, statmount, NOWHERE, NOWHERE, 0, 0)},
	{CALL(27, listmount, NOWHERE, NOWHERE, 0, 0)},
	{CALL(27, listns, NOWHERE, NOWHERE, 0, 0)},
};

PROBES(probes_namespaces, rows);
