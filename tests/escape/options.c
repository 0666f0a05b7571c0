/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of calls that are let through and have many commands: prctl and its like on this
 * child alone, options of sockets that are this child's own and not connected, and commands
 * with a bad descriptor or with their argument at NOWHERE.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/seccomp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_wake
#define SYS_futex_wake 454
#endif
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#endif
#define MEMORY_MERGE 67	     /* PR_SET_MEMORY_MERGE */
#define BAD_ADDRESS  0x1000L /* below the lowest that can be mapped */

#define NEW_ADD_KEY 38	   /* TCP_AO_ADD_KEY */
#define MAP_VDSO_64 0x2003 /* ARCH_MAP_VDSO_64 */
#define REPLACE	    64	   /* IPT_SO_SET_REPLACE, IP6T_SO_SET_REPLACE */
#define SET_ENTRIES 128	   /* EBT_SO_SET_ENTRIES */

/* Tables of no entries and bad values; larger than any structure that is read. */
static const char zeros[1024];
static const int no_value = 0x7fffffff;

/*
 * An option of a fresh socket, its value at NOWHERE or not valid. A kernel without it says
 * so; where it is there, the value is refused. number: type of the socket; args: level,
 * option, value, size.
 */
static int run_option(const struct probe *probe)
{
	const long *a = probe->args;
	long fd = syscall(SYS_socket, a[0] == SOL_IPV6 ? AF_INET6 : AF_INET,
			  probe->number | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (syscall(SYS_setsockopt, fd, a[0], a[1], a[2], a[3]) == 0)
		return REACHED;
	return errno == ENOPROTOOPT || errno == EOPNOTSUPP ? STOPPED_ABSENT : answer(-1);
}

/* A byte out of band between two sockets of this child. */
static int run_out_of_band(const struct probe *probe)
{
	int pair[2];

	(void)probe;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return errno;
	if (send(pair[0], "", 1, MSG_OOB) < 0)
		return errno == EOPNOTSUPP ? STOPPED_ABSENT : errno;
	return REACHED;
}

/* To poison a page takes a page: nothing is mapped there. A kernel that cannot does not know
 * the advice. */
static int run_poison(const struct probe *probe)
{
	(void)probe;
	if (syscall(SYS_madvise, BAD_ADDRESS, 4096, MADV_HWPOISON) < 0 && errno == EINVAL)
		return STOPPED_ABSENT;
	return answer(-1);
}

/* A page of this child at address 0: what the kernel reads there by mistake is then ours. */
static int run_map_null(const struct probe *probe)
{
	(void)probe;
	return answer(syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			      -1, 0));
}

/* A stack that grows, of this child. */
static int run_map_stack(const struct probe *probe)
{
	(void)probe;
	return answer(syscall(SYS_mmap, 0, 4096, PROT_READ,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
}

#define PRCTL(option, ...) CALL_AS(62, #option, prctl, option, __VA_ARGS__)
#define OPTION(name_, type, level, option, value, size)                 \
	.vector = 63, .name = name_, .run = run_option, .number = type, \
	.args = {level, option, value, size}
#define COMMAND(name_, call, ...)                                                 \
	.vector = 64, .name = name_, .run = run_call_no_fd, .number = SYS_##call, \
	.args = {NO_FD, __VA_ARGS__}

static const struct probe rows[] = {
	/* A mitigation off, traps, another map of memory: questions, what is set already, and
	 * no more than this child. */
	{CALL_AS(62, "PR_SET_SPECULATION_CTRL", prctl, PR_SET_SPECULATION_CTRL,
		 PR_SPEC_STORE_BYPASS, PR_SPEC_ENABLE, 0, 0)},
	{CALL_AS(62, "PR_SET_SPECULATION_CTRL-high-bit", prctl, PR_SET_SPECULATION_CTRL | HIGH_BIT,
		 PR_SPEC_STORE_BYPASS, PR_SPEC_ENABLE, 0, 0)},
	{PRCTL(PR_SET_MM, PR_SET_MM_MAP_SIZE, NOWHERE, 0, 0)},
	{PRCTL(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0)},
	{PRCTL(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0)},
	{PRCTL(PR_SET_PTRACER, 0, 0, 0, 0)},
	{PRCTL(PR_SCHED_CORE, -1, 0, 0, 0)},
	{CALL_AS(62, "PR_SET_MEMORY_MERGE", prctl, MEMORY_MERGE, 0, 0, 0, 0)},
	{PRCTL(PR_MCE_KILL, -1, 0, 0, 0)},

	/* Upper protocols, signatures and tunnels: rarely used code, ciphers by name. */
	{OPTION("TCP_ULP", SOCK_STREAM, IPPROTO_TCP, TCP_ULP, NOWHERE, 4)},
	{OPTION("TCP_ULP-high-bit", SOCK_STREAM, IPPROTO_TCP, TCP_ULP | HIGH_BIT, NOWHERE, 4)},
	{OPTION("TCP_AO_ADD_KEY", SOCK_STREAM, IPPROTO_TCP, NEW_ADD_KEY, (long)zeros,
		sizeof(zeros))},
	{OPTION("TCP_MD5SIG", SOCK_STREAM, IPPROTO_TCP, TCP_MD5SIG, (long)zeros, sizeof(zeros))},
	{OPTION("UDP_ENCAP", SOCK_DGRAM, IPPROTO_UDP, UDP_ENCAP, NOWHERE, 4)},
	/* Programs for packets. */
	{OPTION("SO_ATTACH_FILTER", SOCK_DGRAM, SOL_SOCKET, SO_ATTACH_FILTER, NOWHERE,
		sizeof(struct sock_fprog)),
	 INTENDED("servers filter packets; seccomp(2) reaches the same compiler")},
	{OPTION("SO_ATTACH_REUSEPORT_CBPF", SOCK_DGRAM, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
		NOWHERE, sizeof(struct sock_fprog)),
	 INTENDED("servers spread connections with it")},
	{OPTION("SO_ZEROCOPY", SOCK_STREAM, SOL_SOCKET, SO_ZEROCOPY, NOWHERE, 4),
	 INTENDED("servers send large answers with it")},
	/* What asks for CAP_NET_ADMIN: a value that is none, policies and tables of nothing. */
	{OPTION("TCP_REPAIR", SOCK_STREAM, IPPROTO_TCP, TCP_REPAIR, (long)&no_value, 4)},
	{OPTION("IP_XFRM_POLICY", SOCK_DGRAM, SOL_IP, IP_XFRM_POLICY, (long)zeros, 4)},
	{OPTION("IPT_SO_SET_REPLACE", SOCK_DGRAM, SOL_IP, REPLACE, (long)zeros, sizeof(zeros))},
	{OPTION("IP6T_SO_SET_REPLACE", SOCK_DGRAM, SOL_IPV6, REPLACE, (long)zeros, sizeof(zeros))},
	{OPTION("EBT_SO_SET_ENTRIES", SOCK_DGRAM, SOL_IP, SET_ENTRIES, (long)zeros, sizeof(zeros))},

	{.vector = 64, .name = "MADV_HWPOISON", .run = run_poison},
	/* Nothing is mapped there, so there is nothing to merge. */
	{CALL_AS(64, "MADV_MERGEABLE", madvise, BAD_ADDRESS, 4096, MADV_MERGEABLE),
	 INTENDED("allocators call madvise too often for a look at its advice")},
	{.vector = 64, .name = "mmap-null", .run = run_map_null},
	{.vector = 64,
	 .name = "MAP_GROWSDOWN",
	 .run = run_map_stack,
	 INTENDED("mmap is called too often for a look at its flags")},
	{COMMAND("F_NOTIFY", fcntl, F_NOTIFY, 0),
	 INTENDED("fcntl is called too often for a look at its command")},
	{COMMAND("F_SETPIPE_SZ", fcntl, F_SETPIPE_SZ, 4096), INTENDED("Go sizes pipes with it")},
	{CALL_AS(64, "FUTEX_LOCK_PI", futex, NOWHERE, FUTEX_LOCK_PI, 0, 0, 0, 0),
	 INTENDED("mutexes with priority inheritance; every lock is a futex")},
	{CALL_AS(64, "FUTEX_CMP_REQUEUE_PI", futex, NOWHERE, FUTEX_CMP_REQUEUE_PI, 1, 0, NOWHERE,
		 0),
	 INTENDED("mutexes with priority inheritance; every lock is a futex")},
	{.vector = 64,
	 .name = "AF_UNIX-MSG_OOB",
	 .run = run_out_of_band,
	 INTENDED("its flag is an argument of every send")},
	/* What to do is at NOWHERE. */
	{CALL_AS(64, "timer-of-processor-time", timer_create, CLOCK_PROCESS_CPUTIME_ID, NOWHERE,
		 NOWHERE),
	 INTENDED("profilers of language runtimes")},
	/* The filter is at NOWHERE. */
	{CALL_AS(64, "seccomp-filter", seccomp, SECCOMP_SET_MODE_FILTER, 0, NOWHERE),
	 INTENDED("programs may confine themselves further")},
	{CALL_AS(64, "seccomp-listener", seccomp, SECCOMP_SET_MODE_FILTER,
		 SECCOMP_FILTER_FLAG_NEW_LISTENER, NOWHERE)},
#ifdef __x86_64__
	/* There is one already: EEXIST. */
	{CALL_AS(64, "ARCH_MAP_VDSO_64", arch_prctl, MAP_VDSO_64, 0)},
#endif
	/* Newer and rarer cousins of ordinary calls: nothing at NOWHERE, no descriptor, no pages
	 * (the kernel's log says once that remap_file_pages is old). */
	{CALL(64, futex_waitv, NOWHERE, 1, 0, 0, 0)},
	{CALL(64, futex_wake, NOWHERE, 1, 1, 0)},
	{CALL(64, io_setup, 0, NOWHERE)},
	{CALL(64, io_submit, 0, 1, NOWHERE)},
	{CALL(64, memfd_secret, -1)},
	{CALL(64, remap_file_pages, 0, 0, 0, 0, 0)},
	{CALL(64, mincore, BAD_ADDRESS, 4096, NOWHERE)},
	{CALL(64, cachestat, NO_FD, NOWHERE, NOWHERE, 0)},
};

PROBES(probes_options, rows);
