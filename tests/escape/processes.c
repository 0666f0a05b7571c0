/* SPDX-License-Identifier: Apache-2.0 */
/* Probes that need more than one call or arguments in memory. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH_BIT (1UL << 32) /* clone drops it, a filter that compares 64 bits sees it */

/* Inode 2 is the root directory of most file systems: opened to read and closed again. The
 * handle is made by hand, because name_to_handle_at may be refused. */
static int run_open_by_handle(const struct probe *probe)
{
	const struct {
		unsigned bytes;
		int type;
		uint32_t inode, generation;
	} handle = {8, 1 /* FILEID_INO32_GEN */, 2, 0};
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)probe;
	return answer(
		syscall(SYS_open_by_handle_at, root, &handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* A program of no instructions: none can be loaded. */
static int run_bpf_program(const struct probe *probe)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER};

	(void)probe;
	return answer(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

/* An event that never happens, of this child alone, disabled. */
static int run_perf(const struct probe *probe)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	(void)probe;
	return answer(syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

/* A child in a user namespace that has no mappings, and is gone with the child. A limit on
 * namespaces (ENOSPC, EUSERS) keeps an attacker out as well as a filter does. */
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
	(void)probe;
	return unshare(CLONE_NEWUSER) < 0 ? errno : REACHED;
}

static int run_clone(const struct probe *probe)
{
	return end_of_clone(syscall(SYS_clone, (unsigned long)probe->number | SIGCHLD, 0, 0, 0, 0));
}

static int run_clone3(const struct probe *probe)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	(void)probe;
	return end_of_clone(syscall(SYS_clone3, &args, sizeof(args)));
}

/* Block device 0:0 has no driver and cannot be opened; the node is taken away at once. (A
 * character device 0:0 would be a whiteout, which needs no capability.) */
static int run_mknod(const struct probe *probe)
{
	char path[64];

	(void)probe;
	snprintf(path, sizeof(path), "/dev/shm/.hardrun-probe-%d", (int)getpid());
	if (mknod(path, S_IFBLK | 0600, makedev(0, 0)) < 0)
		return errno;
	unlink(path);
	return REACHED;
}

#ifdef __x86_64__
/* getpid in the other ABI. What kills the child must not dump core on the host. */
static int run_i386(const struct probe *probe)
{
	long result = 20; /* __NR_getpid of i386 */

	(void)probe;
	prctl(PR_SET_DUMPABLE, 0);
	__asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
	result = (int)result;
	if (result < 0)
		errno = (int)-result;
	return answer(result < 0 ? -1 : result);
}

static int run_x32(const struct probe *probe)
{
	(void)probe;
	prctl(PR_SET_DUMPABLE, 0);
	return answer(syscall(0x40000000L | SYS_getpid));
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

/* Asks only. */
static int run_no_new_privs(const struct probe *probe)
{
	(void)probe;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? STOPPED_SET : REACHED;
}

static const struct probe rows[] = {
	{19, "open_by_handle_at", false, run_open_by_handle, 0, {0}, NULL},
	{23, "bpf program", false, run_bpf_program, 0, {0}, NULL},
	{24, "perf_event_open", false, run_perf, 0, {0}, NULL},
	{25, "unshare", false, run_unshare, 0, {0}, NULL},
	{25, "clone", false, run_clone, CLONE_NEWUSER, {0}, NULL},
	{25, "clone, high bit", false, run_clone, CLONE_NEWUSER | HIGH_BIT, {0}, NULL},
	{25, "clone3", false, run_clone3, 0, {0}, NULL},
	{33, "mknod", false, run_mknod, 0, {0}, NULL},
#ifdef __x86_64__
	{45, "i386 (int 0x80)", false, run_i386, 0, {0}, NULL},
	{45, "x32", false, run_x32, 0, {0}, NULL},
#endif
	{52, "vhangup", false, run_vhangup, 0, {0}, NULL},
	{59, "no_new_privs", false, run_no_new_privs, 0, {0}, NULL},
};

const struct probes probes_processes = {rows, sizeof(rows) / sizeof(rows[0])};
