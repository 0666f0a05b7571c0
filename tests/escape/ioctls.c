/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of ioctl requests that work on what every container can open: terminals, sockets,
 * files, its own namespaces. The descriptor is looked up before the request is, so that no
 * driver sees any of them; EBADF is the kernel's answer.
 */
#include "probe.h"

#include <asm/ioctls.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/kd.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <sys/syscall.h>

/* Of headers that Debian 12 lacks or that clash with libc's. */
#define PIDFD_GET_USER_NAMESPACE_ 0xff09L /* _IO(PIDFS_IOCTL_MAGIC, 9) */
#define BTRFS_IOC_SNAP_CREATE_V2_ 0x50009417L
#define EXT4_IOC_MOVE_EXT_	  0xc028660fL
#define FS_IOC_SHUTDOWN_	  0x8004587dL /* of XFS, ext4, f2fs */

#define REQUEST(name_, request)                                                  \
	.vector = 43, .name = name_, .run = run_call_no_fd, .number = SYS_ioctl, \
	.args = {NO_FD, (long)(request), NOWHERE}

static const struct probe rows[] = {
	/* Typing into a terminal, of whoever reads from it. */
	{REQUEST("TIOCSTI", TIOCSTI)},
	{REQUEST("TIOCSTI-high-bit", TIOCSTI | HIGH_BIT)},
	{REQUEST("TIOCSTI-sign-bits", TIOCSTI | SIGN_BITS)},
	/* Pasting on a virtual console. */
	{REQUEST("TIOCLINUX", TIOCLINUX)},
	{REQUEST("TIOCLINUX-high-bit", TIOCLINUX | HIGH_BIT)},
	/* Line disciplines, each a module that is loaded for whoever asks. */
	{REQUEST("TIOCSETD", TIOCSETD)},
	{REQUEST("TIOCSETD-high-bit", TIOCSETD | HIGH_BIT)},
	/* The kernel's console to another terminal; keys; hanging up; locks; signals. */
	{REQUEST("TIOCCONS", TIOCCONS)},
	{REQUEST("TIOCCONS-high-bit", TIOCCONS | HIGH_BIT)},
	{REQUEST("KDSKBENT", KDSKBENT)},
	{REQUEST("KDSKBSENT", KDSKBSENT)},
	{REQUEST("TIOCVHANGUP", TIOCVHANGUP)},
	{REQUEST("TIOCSLCKTRMIOS", TIOCSLCKTRMIOS)},
	{REQUEST("TIOCSIG", TIOCSIG)},

	/* On any socket these load the modules of bridges, VLANs and frame relay, before any
	 * capability is asked for; then driver requests, which hide commands of their own. */
	{REQUEST("SIOCBRADDBR", SIOCBRADDBR)},
	{REQUEST("SIOCSIFBR", SIOCSIFBR)},
	{REQUEST("SIOCSIFVLAN", SIOCSIFVLAN)},
	{REQUEST("SIOCADDDLCI", 0x8980)},
	{REQUEST("SIOCETHTOOL", SIOCETHTOOL)},
	{REQUEST("SIOCDEVPRIVATE", SIOCDEVPRIVATE)},
	{REQUEST("SIOCSIFFLAGS", SIOCSIFFLAGS)},
	{REQUEST("SIOCADDRT", SIOCADDRT)},

	/* On any file of a file system that has them. */
	{REQUEST("FIBMAP", FIBMAP)},
	{REQUEST("FIFREEZE", FIFREEZE)},
	{REQUEST("FITRIM", FITRIM)},
	{REQUEST("FS_IOC_SHUTDOWN", FS_IOC_SHUTDOWN_)},
	{REQUEST("FS_IOC_ENABLE_VERITY", FS_IOC_ENABLE_VERITY)},
	{REQUEST("FS_IOC_ADD_ENCRYPTION_KEY", FS_IOC_ADD_ENCRYPTION_KEY)},
	{REQUEST("EXT4_IOC_MOVE_EXT", EXT4_IOC_MOVE_EXT_)},
	{REQUEST("BTRFS_IOC_SNAP_CREATE", BTRFS_IOC_SNAP_CREATE_V2_)},
	{REQUEST("FICLONE", FICLONE), INTENDED("cp --reflink and databases share extents")},
	{REQUEST("FIDEDUPERANGE", FIDEDUPERANGE), INTENDED("as FICLONE")},

	/* On namespaces, pidfds and descriptors of userfaultfd and seccomp. */
	{REQUEST("NS_GET_PARENT", NS_GET_PARENT)},
	{REQUEST("NS_GET_USERNS", NS_GET_USERNS)},
	{REQUEST("PIDFD_GET_USER_NAMESPACE", PIDFD_GET_USER_NAMESPACE_)},
	{REQUEST("UFFDIO_API", UFFDIO_API)},
	{REQUEST("SECCOMP_IOCTL_NOTIF_ADDFD", SECCOMP_IOCTL_NOTIF_ADDFD)},
};

PROBES(probes_ioctls, rows);
