/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes that are one system call with arguments that it must reject, or that ask for
 * nothing. Every call is made in a child that ends right after it, so what a call does to
 * its own process is gone with the child.
 */
#include "probe.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#define HIGH_BIT (1L << 32) /* the kernel drops it, a filter that compares 64 bits sees it */

#define CALL(vector, call, ...)                                                 \
	{                                                                       \
		vector, #call, false, run_call, SYS_##call, {__VA_ARGS__}, NULL \
	}
#define CALL_AS(vector, name, call, ...)                                       \
	{                                                                      \
		vector, name, false, run_call, SYS_##call, {__VA_ARGS__}, NULL \
	}
#define INTENDED_CALL(vector, call, ...)                                       \
	{                                                                      \
		vector, #call, true, run_call, SYS_##call, {__VA_ARGS__}, NULL \
	}

static struct timex question; /* modes 0: adjtimex changes nothing and answers */

static const struct probe rows[] = {
	/* No such flags; a negative descriptor is refused before the command is looked at. */
	CALL(4, fsopen, NOWHERE, -1),
	CALL(4, fsconfig, NO_FD, 0, NOWHERE, NOWHERE, 0),

	/* A new mount without a file system type is EINVAL, whoever asks. */
	CALL(5, mount, 0, (long)"/", 0, 0, 0),
	/* Both paths are at NOWHERE. */
	CALL(5, pivot_root, NOWHERE, NOWHERE),

	/* No descriptors to splice. Go copies sockets with splice: it stays. */
	INTENDED_CALL(7, splice, NO_FD, 0, NO_FD, 0, 1, 0),
	CALL(7, tee, NO_FD, NO_FD, 1, 0),
	CALL(7, vmsplice, NO_FD, 0, 0, 0),

	/* The name of a keyring that this thread does not have and that is not to be made;
	 * key types at NOWHERE. */
	CALL(17, keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0),
	CALL(17, add_key, NOWHERE, NOWHERE, 0, 0, KEY_SPEC_THREAD_KEYRING),
	CALL(17, request_key, NOWHERE, NOWHERE, 0, 0),

	/* No process has pid -1; nothing is read or written with no vectors. */
	CALL(18, ptrace, PTRACE_PEEKDATA, -1, 0, 0),
	CALL(18, process_vm_readv, -1, 0, 0, 0, 0, 0),
	CALL(18, process_vm_writev, -1, 0, 0, 0, 0, 0),

	/* Reads the path and then fails to store the handle. */
	CALL(20, name_to_handle_at, AT_FDCWD, (long)"/", NOWHERE, NOWHERE, 0),

	/* A descriptor for faults of this child's user mode, which watches no memory. */
	CALL(21, userfaultfd, 1 /* UFFD_USER_MODE_ONLY */ | O_CLOEXEC),

	/* The ring's parameters are at NOWHERE; there is no ring. */
	CALL(22, io_uring_setup, 1, NOWHERE),
	CALL(22, io_uring_enter, NO_FD, 0, 0, 0, 0, 0),

	/* The attributes are at NOWHERE. */
	CALL(23, bpf, BPF_OBJ_GET, NOWHERE, 16),

	/* No namespace, no mounts, no file system context; all paths are at NOWHERE. */
	CALL(26, setns, NO_FD, 0),
	CALL(27, open_tree, NO_FD, NOWHERE, OPEN_TREE_CLONE),
	CALL(27, move_mount, NO_FD, NOWHERE, NO_FD, NOWHERE, 0),
	CALL(27, fspick, NO_FD, NOWHERE, 0),
	CALL(27, fsmount, NO_FD, 0, 0),
	CALL(27, mount_setattr, NO_FD, NOWHERE, 0, NOWHERE, MOUNT_ATTR_SIZE_VER0),

	/* Shorter than an ELF header; no descriptor and no such flags; a name at NOWHERE. */
	CALL(34, init_module, NOWHERE, 0, NOWHERE),
	CALL(34, finit_module, NO_FD, NOWHERE, -1),
	CALL(34, delete_module, NOWHERE, 0),

	/* The descriptor is looked up before the request is. */
	CALL_AS(43, "TIOCSTI", ioctl, NO_FD, TIOCSTI, NOWHERE),
	CALL_AS(43, "TIOCSTI, high bit", ioctl, NO_FD, TIOCSTI | HIGH_BIT, NOWHERE),
	CALL_AS(43, "TIOCLINUX", ioctl, NO_FD, TIOCLINUX, NOWHERE),
	CALL_AS(43, "TIOCSETD", ioctl, NO_FD, TIOCSETD, NOWHERE),
	CALL_AS(43, "TIOCCONS", ioctl, NO_FD, TIOCCONS, NOWHERE),

	/* Of this child. */
	CALL_AS(44, "ADDR_NO_RANDOMIZE", personality, ADDR_NO_RANDOMIZE),
	CALL_AS(44, "READ_IMPLIES_EXEC", personality, READ_IMPLIES_EXEC),
	CALL_AS(44, "PER_LINUX32", personality, PER_LINUX32),

#ifdef __x86_64__
	/* Read no bytes of this child's table; ask for the level it has; for no ports. */
	CALL(46, modify_ldt, 0, 0, 0),
	CALL(46, iopl, 0),
	CALL(46, ioperm, 0, 0, 0),
#endif

	/* The queue's name and the message are at NOWHERE. */
	CALL(48, mq_open, NOWHERE, O_RDONLY, 0, 0),
	CALL(48, msgsnd, -1, NOWHERE, 0, 0),

	/* Names at NOWHERE. Runtimes, JITs and compilers use memfd_create: it stays. */
	CALL(49, execveat, NO_FD, NOWHERE, 0, 0, 0),
	INTENDED_CALL(49, memfd_create, NOWHERE, 0),

	/* Flags that do not exist, and above the most segments: never "no segments", which
	 * would unload an image that is there. */
	CALL(52, kexec_load, 0, -1, 0, 0x8000),
	CALL(52, kexec_file_load, NO_FD, NO_FD, 0, 0, 0x40000000),
	/* Neither magic number is right, and there is no such command. */
	CALL(52, reboot, 0, 0, 0x5a5a5a5a, 0),
	/* Paths at NOWHERE (acct's must not be NULL, which would switch accounting off). */
	CALL(52, swapon, NOWHERE, 0),
	CALL(52, swapoff, NOWHERE),
	CALL(52, acct, NOWHERE),
	/* Neither a time nor a zone to set: only the permission is looked at. */
	CALL(52, settimeofday, 0, 0),
	CALL(52, adjtimex, (long)&question),
	/* The size of the kernel's log. */
	CALL(52, syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, 0, 0),
	/* Quota type 255 does not exist. */
	CALL(52, quotactl, 0xff, 0, 0, 0),
	/* A negative length. */
	CALL(52, sethostname, NOWHERE, -1),
	CALL(52, setdomainname, NOWHERE, -1),

	/* No descriptor, no process; none of this child's pages. */
	CALL(53, pidfd_getfd, NO_FD, NO_FD, 0),
	CALL(53, kcmp, -1, -1, 0, 0, 0),
	CALL(53, process_madvise, NO_FD, 0, 0, 20 /* MADV_COLD */, 0),
	CALL(53, move_pages, 0, 0, 0, 0, 0, 0),
	CALL(53, migrate_pages, -1, 0, 0, 0),
	CALL(53, mbind, 0, 0, 0, 0, 0, 0),
};

const struct probes probes_calls = {rows, sizeof(rows) / sizeof(rows[0])};
