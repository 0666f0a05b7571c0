/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of calls that change the whole machine: modules, clocks, swap, the processor. With
 * these arguments they fail, or ask, or set what is set already in this child alone.
 */
#include "probe.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

/* Newer than Debian 12's headers; the same on every architecture. */
#ifndef SYS_lsm_get_self_attr
#define SYS_lsm_get_self_attr 459
#endif
#ifndef SYS_lsm_set_self_attr
#define SYS_lsm_set_self_attr 460
#endif
#ifndef SYS_lsm_list_modules
#define SYS_lsm_list_modules 461
#endif

#define QUOTA_SYNC 0x80000100L /* QCMD(Q_SYNC, USRQUOTA) */

static struct timex question; /* modes 0: adjtimex changes nothing and answers */

#ifdef __x86_64__
/* Whoever is killed must not dump core on the host. */
static int not_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 0);
}

/* A call of the other ABI that takes nothing and changes nothing. */
static int run_i386(const struct probe *probe)
{
	long result = probe->number;

	not_dumpable();
	__asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
	result = (int)result;
	if (result < 0)
		errno = (int)-result;
	return answer(result < 0 ? -1 : result);
}

static int run_x32(const struct probe *probe)
{
	not_dumpable();
	return answer(syscall(0x40000000L | probe->number));
}
#endif

/* Hangs up the controlling terminal of the caller: in a new session there is none. */
static int run_vhangup(const struct probe *probe)
{
	(void)probe;
	if (setsid() < 0)
		return errno;
	return answer(syscall(SYS_vhangup));
}

static const struct probe rows[] = {
	/* Shorter than an ELF header; no descriptor and no such flags; a name at NOWHERE. */
	{CALL(34, init_module, NOWHERE, 0, NOWHERE)},
	{CALL(34, finit_module, NO_FD, NOWHERE, -1)},
	{CALL(34, delete_module, NOWHERE, 0)},

	/* Of this child. */
	{CALL_AS(44, "ADDR_NO_RANDOMIZE", personality, ADDR_NO_RANDOMIZE)},
	{CALL_AS(44, "ADDR_NO_RANDOMIZE-high-bit", personality, ADDR_NO_RANDOMIZE | HIGH_BIT)},
	{CALL_AS(44, "READ_IMPLIES_EXEC", personality, READ_IMPLIES_EXEC)},
	{CALL_AS(44, "MMAP_PAGE_ZERO", personality, MMAP_PAGE_ZERO)},
	{CALL_AS(44, "PER_LINUX32", personality, PER_LINUX32)},

#ifdef __x86_64__
	{.vector = 45, .name = "i386-getpid", .run = run_i386, .number = 20},
	{.vector = 45, .name = "i386-getuid", .run = run_i386, .number = 24},
	{.vector = 45, .name = "x32-getpid", .run = run_x32, .number = SYS_getpid},
	{.vector = 45, .name = "x32-execveat", .run = run_x32, .number = 545},

	/* Read no bytes of this child's table, write no entry; ask for the level it has; for
	 * no ports. */
	{CALL_AS(46, "modify_ldt-read", modify_ldt, 0, 0, 0)},
	{CALL_AS(46, "modify_ldt-write", modify_ldt, 1, 0, 0)},
	{CALL(46, iopl, 0)},
	{CALL(46, ioperm, 0, 0, 0)},
#endif

	/* No such attribute, answers and questions at NOWHERE. */
	{CALL(47, lsm_set_self_attr, 0, NOWHERE, 0, 0)},
	{CALL(47, lsm_get_self_attr, 0, NOWHERE, NOWHERE, 0)},
	{CALL(47, lsm_list_modules, NOWHERE, NOWHERE, 0)},

	/* Flags that do not exist, and above the most segments: never "no segments", which
	 * would unload an image that is there. */
	{CALL(52, kexec_load, 0, -1, 0, 0x8000)},
	{CALL(52, kexec_file_load, NO_FD, NO_FD, 0, 0, 0x40000000)},
	/* Neither magic number is right, and there is no such command. */
	{CALL(52, reboot, 0, 0, 0x5a5a5a5a, 0)},
	/* Paths at NOWHERE (acct's must not be NULL, which would switch accounting off). */
	{CALL(52, swapon, NOWHERE, 0)},
	{CALL(52, swapoff, NOWHERE)},
	{CALL(52, acct, NOWHERE)},
	/* Neither a time nor a zone to set: only the permission is looked at. A clock that
	 * cannot be set, to a time at NOWHERE. */
	{CALL(52, settimeofday, 0, 0)},
	{CALL(52, clock_settime, CLOCK_MONOTONIC, NOWHERE)},
	{CALL(52, adjtimex, (long)&question)},
	{CALL(52, clock_adjtime, CLOCK_REALTIME, (long)&question)},
	/* The size of the kernel's log. */
	{CALL(52, syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, 0, 0)},
	/* Quota type 255 does not exist; no descriptor. */
	{CALL(52, quotactl, 0xff, 0, 0, 0)},
	{CALL(52, quotactl_fd, NO_FD, QUOTA_SYNC, 0, 0)},
	/* A negative length. */
	{CALL(52, sethostname, NOWHERE, -1)},
	{CALL(52, setdomainname, NOWHERE, -1)},
	{.vector = 52, .name = "vhangup", .run = run_vhangup},
	/* No such flags; no group to mark in. */
	{CALL(52, fanotify_init, -1, 0)},
	{CALL(52, fanotify_mark, NO_FD, 0, 0, NO_FD, NOWHERE)},
	/* No process has pid -1; parameters at NOWHERE; no such class. */
	{CALL(52, sched_setscheduler, -1, SCHED_FIFO, NOWHERE)},
	{CALL(52, sched_setattr, 0, NOWHERE, 0)},
	{CALL(52, ioprio_set, IOPRIO_WHO_PROCESS, 0, 7 << IOPRIO_CLASS_SHIFT)},
#ifdef SYS_sysfs
	/* How many file systems there are; statistics at NOWHERE; a name at NOWHERE. */
	{CALL(52, sysfs, 3)},
	{CALL(52, ustat, 0, NOWHERE)},
	{CALL(52, uselib, NOWHERE)},
#endif
};

PROBES(probes_machine, rows);
