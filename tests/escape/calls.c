/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes that are one system call with arguments that it must reject, or that ask for
 * nothing. Every call is made in a child that ends right after it, so what a call does to
 * its own process is gone with the child.
 */
#include "probe.h"

#include <fcntl.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* A map of no entries: none can be made. */
static int run_bpf_map(const struct probe *probe)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4};

	(void)probe;
	return answer(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
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

/* The memory of the parent, which is this program: opened and closed again. */
static int run_parents_memory(const struct probe *probe)
{
	char path[64];

	(void)probe;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return try_write(path);
}

static const struct probe rows[] = {
	/* No descriptors to splice. */
	{CALL(7, splice, NO_FD, 0, NO_FD, 0, 1, 0), INTENDED("Go copies between sockets with it")},
	{CALL(7, tee, NO_FD, NO_FD, 1, 0)},
	{CALL(7, vmsplice, NO_FD, 0, 0, 0)},

	/* The name of a keyring that this thread does not have and that is not to be made;
	 * key types at NOWHERE. */
	{CALL(17, keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0)},
	{CALL_AS(17, "keyctl-high-bit", keyctl, HIGH_BIT, KEY_SPEC_THREAD_KEYRING, 0)},
	{CALL(17, add_key, NOWHERE, NOWHERE, 0, 0, KEY_SPEC_THREAD_KEYRING)},
	{CALL(17, request_key, NOWHERE, NOWHERE, 0, 0)},

	/* No process has pid -1; nothing is read or written with no vectors. Traced by its
	 * parent, which does not wait for stops, this child just ends. */
	{CALL_AS(18, "ptrace-peek", ptrace, PTRACE_PEEKDATA, -1, 0, 0)},
	{CALL_AS(18, "ptrace-traceme", ptrace, PTRACE_TRACEME, 0, 0, 0)},
	{CALL(18, process_vm_readv, -1, 0, 0, 0, 0, 0)},
	{CALL(18, process_vm_writev, -1, 0, 0, 0, 0, 0)},
	{.vector = 18,
	 .name = "proc-mem",
	 .run = run_parents_memory,
	 INTENDED("processes of one user in one container are not kept apart")},

	{.vector = 19, .name = "open_by_handle_at", .run = run_open_by_handle},
	/* Reads the path and then fails to store the handle. */
	{CALL(20, name_to_handle_at, AT_FDCWD, (long)"/", NOWHERE, NOWHERE, 0)},

	/* Descriptors for faults of this child, which watch no memory. */
	{CALL_AS(21, "userfaultfd-user", userfaultfd, 1 /* UFFD_USER_MODE_ONLY */ | O_CLOEXEC)},
	{CALL_AS(21, "userfaultfd-kernel", userfaultfd, O_CLOEXEC)},

	/* The ring's parameters are at NOWHERE; there is no ring. */
	{CALL(22, io_uring_setup, 1, NOWHERE)},
	{CALL(22, io_uring_enter, NO_FD, 0, 0, 0, 0, 0)},
	{CALL(22, io_uring_register, NO_FD, 0, 0, 0)},

	/* The attributes are at NOWHERE. */
	{CALL(23, bpf, BPF_OBJ_GET, NOWHERE, 16)},
	{CALL_AS(23, "bpf-high-bit", bpf, BPF_OBJ_GET | HIGH_BIT, NOWHERE, 16)},
	{.vector = 23, .name = "bpf-program", .run = run_bpf_program},
	{.vector = 23, .name = "bpf-map", .run = run_bpf_map},
	{CALL_AS(24, "perf-nothing", perf_event_open, NOWHERE, 0, -1, -1, 0)},
	{.vector = 24, .name = "perf-event", .run = run_perf},

	/* Queues and messages at NOWHERE; no queue has that key or that id. */
	{CALL(48, mq_open, NOWHERE, O_RDONLY, 0, 0)},
	{CALL(48, mq_unlink, NOWHERE)},
	{CALL(48, mq_timedsend, NO_FD, NOWHERE, 0, 0, 0)},
	{CALL(48, mq_notify, NO_FD, NOWHERE)},
	{CALL(48, msgget, 0x6872706e, 0)},
	{CALL(48, msgsnd, -1, NOWHERE, 0, 0)},
	{CALL(48, msgrcv, -1, NOWHERE, 0, 0, 0)},
	{CALL(48, msgctl, -1, 2 /* IPC_STAT */, NOWHERE)},
	/* The name is at NOWHERE. */
	{CALL(48, setxattr, (long)"/", NOWHERE, NOWHERE, 1, 0),
	 INTENDED("archives and package managers keep attributes")},

	/* No descriptor, no process; none of this child's pages. */
	{CALL(53, pidfd_getfd, NO_FD, NO_FD, 0)},
	{CALL(53, kcmp, -1, -1, 0, 0, 0)},
	{CALL(53, process_madvise, NO_FD, 0, 0, 20 /* MADV_COLD */, 0)},
	{CALL(53, process_mrelease, NO_FD, 0)},
	{CALL(53, move_pages, 0, 0, 0, 0, 0, 0)},
	{CALL(53, migrate_pages, -1, 0, 0, 0)},
	{CALL(53, mbind, 0, 0, 0, 0, 0, 0)},
	{CALL(53, set_mempolicy, -1, 0, 0)},
	{CALL(53, get_mempolicy, NOWHERE, 0, 0, 0, 0)},
	{CALL(53, set_mempolicy_home_node, 0, 0, 0, 0)},
	{CALL(53, get_robust_list, 1, NOWHERE, NOWHERE)},
	{CALL(53, rt_tgsigqueueinfo, -1, -1, 0, NOWHERE)},
};

PROBES(probes_calls, rows);
