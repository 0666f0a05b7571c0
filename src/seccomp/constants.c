/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that may stand in a source, each table sorted by name. Numbers and not the
 * headers' macros: a profile is compiled for any architecture on any, and build machines
 * have older headers.
 */
#include "base/cleanup.h"
#include "seccomp/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ERRNOS_END 134 /* above Linux's EHWPOISON */

#define SAME(name, value)          \
	{                          \
		name, value, value \
	}

static const struct constant families[] = {
	SAME("AF_ALG", 38),    SAME("AF_APPLETALK", 5), SAME("AF_ATMPVC", 8),
	SAME("AF_ATMSVC", 20), SAME("AF_AX25", 3),	SAME("AF_BLUETOOTH", 31),
	SAME("AF_BRIDGE", 7),  SAME("AF_CAIF", 37),	SAME("AF_CAN", 29),
	SAME("AF_DECnet", 12), SAME("AF_IB", 27),	SAME("AF_IEEE802154", 36),
	SAME("AF_INET", 2),    SAME("AF_INET6", 10),	SAME("AF_IPX", 4),
	SAME("AF_ISDN", 34),   SAME("AF_IUCV", 32),	SAME("AF_KCM", 41),
	SAME("AF_KEY", 15),    SAME("AF_LLC", 26),	SAME("AF_MCTP", 45),
	SAME("AF_MPLS", 28),   SAME("AF_NETLINK", 16),	SAME("AF_NETROM", 6),
	SAME("AF_NFC", 39),    SAME("AF_PACKET", 17),	SAME("AF_PHONET", 35),
	SAME("AF_PPPOX", 24),  SAME("AF_QIPCRTR", 42),	SAME("AF_RDS", 21),
	SAME("AF_ROSE", 11),   SAME("AF_RXRPC", 33),	SAME("AF_SMC", 43),
	SAME("AF_TIPC", 30),   SAME("AF_UNIX", 1),	SAME("AF_UNSPEC", 0),
	SAME("AF_VSOCK", 40),  SAME("AF_X25", 9),	SAME("AF_XDP", 44),
};

/* The kernel keeps SOCK_CLOEXEC and SOCK_NONBLOCK in the bits above the type. */
static const struct constant socket_types[] = {
	SAME("SOCK_DCCP", 6),	SAME("SOCK_DGRAM", 2),	     SAME("SOCK_PACKET", 10),
	SAME("SOCK_RAW", 3),	SAME("SOCK_RDM", 4),	     SAME("SOCK_SEQPACKET", 5),
	SAME("SOCK_STREAM", 1), SAME("SOCK_TYPE_MASK", 0xF),
};

static const struct constant protocols[] = {
	SAME("IPPROTO_DCCP", 33),
	SAME("IPPROTO_ICMP", 1),
	SAME("IPPROTO_ICMPV6", 58),
	SAME("IPPROTO_IP", 0),
	SAME("IPPROTO_L2TP", 115),
	SAME("IPPROTO_MPTCP", 262),
	SAME("IPPROTO_RAW", 255),
	SAME("IPPROTO_SCTP", 132),
	SAME("IPPROTO_SMC", 256),
	SAME("IPPROTO_TCP", 6),
	SAME("IPPROTO_UDP", 17),
	SAME("IPPROTO_UDPLITE", 136),
	SAME("NETLINK_AUDIT", 9),
	SAME("NETLINK_CONNECTOR", 11),
	SAME("NETLINK_CRYPTO", 21),
	SAME("NETLINK_GENERIC", 16),
	SAME("NETLINK_KOBJECT_UEVENT", 15),
	SAME("NETLINK_NETFILTER", 12),
	SAME("NETLINK_ROUTE", 0),
	SAME("NETLINK_SOCK_DIAG", 4),
	SAME("NETLINK_XFRM", 6),
};

static const struct constant clone_flags[] = {
	SAME("CLONE_NEWCGROUP", 0x02000000),
	SAME("CLONE_NEWIPC", 0x08000000),
	SAME("CLONE_NEWNET", 0x40000000),
	SAME("CLONE_NEWNS", 0x00020000),
	SAME("CLONE_NEWPID", 0x20000000),
	SAME("CLONE_NEWUSER", 0x10000000),
	SAME("CLONE_NEWUTS", 0x04000000),
	SAME("CLONE_NEW_ANY", 0x7E020000), /* the seven others */
};

static const struct constant modes[] = {
	SAME("S_IFBLK", 0060000), SAME("S_IFCHR", 0020000), SAME("S_IFIFO", 0010000),
	SAME("S_IFMT", 0170000),  SAME("S_IFREG", 0100000), SAME("S_IFSOCK", 0140000),
};

static const struct constant options[] = {
	SAME("PR_CAPBSET_DROP", 24),
	SAME("PR_CAPBSET_READ", 23),
	SAME("PR_CAP_AMBIENT", 47),
	SAME("PR_GET_AUXV", 0x41555856),
	SAME("PR_GET_CHILD_SUBREAPER", 37),
	SAME("PR_GET_DUMPABLE", 3),
	SAME("PR_GET_IO_FLUSHER", 58),
	SAME("PR_GET_KEEPCAPS", 7),
	SAME("PR_GET_MDWE", 66),
	SAME("PR_GET_MEMORY_MERGE", 68),
	SAME("PR_GET_NAME", 16),
	SAME("PR_GET_NO_NEW_PRIVS", 39),
	SAME("PR_GET_PDEATHSIG", 2),
	SAME("PR_GET_SECCOMP", 21),
	SAME("PR_GET_SECUREBITS", 27),
	SAME("PR_GET_SHADOW_STACK_STATUS", 74),
	SAME("PR_GET_SPECULATION_CTRL", 52),
	SAME("PR_GET_TAGGED_ADDR_CTRL", 56),
	SAME("PR_GET_THP_DISABLE", 42),
	SAME("PR_GET_TID_ADDRESS", 40),
	SAME("PR_GET_TIMERSLACK", 30),
	SAME("PR_GET_TSC", 25),
	SAME("PR_LOCK_SHADOW_STACK_STATUS", 76),
	SAME("PR_MCE_KILL", 33),
	SAME("PR_PAC_GET_ENABLED_KEYS", 61),
	SAME("PR_PAC_RESET_KEYS", 54),
	SAME("PR_PAC_SET_ENABLED_KEYS", 60),
	SAME("PR_RISCV_V_GET_CONTROL", 70),
	SAME("PR_RISCV_V_SET_CONTROL", 69),
	SAME("PR_SCHED_CORE", 62),
	SAME("PR_SET_CHILD_SUBREAPER", 36),
	SAME("PR_SET_DUMPABLE", 4),
	SAME("PR_SET_IO_FLUSHER", 57),
	SAME("PR_SET_KEEPCAPS", 8),
	SAME("PR_SET_MDWE", 65),
	SAME("PR_SET_MEMORY_MERGE", 67),
	SAME("PR_SET_MM", 35),
	SAME("PR_SET_NAME", 15),
	SAME("PR_SET_NO_NEW_PRIVS", 38),
	SAME("PR_SET_PDEATHSIG", 1),
	SAME("PR_SET_PTRACER", 0x59616D61),
	SAME("PR_SET_SECCOMP", 22),
	SAME("PR_SET_SECUREBITS", 28),
	SAME("PR_SET_SHADOW_STACK_STATUS", 75),
	SAME("PR_SET_SPECULATION_CTRL", 53),
	SAME("PR_SET_SYSCALL_USER_DISPATCH", 59),
	SAME("PR_SET_TAGGED_ADDR_CTRL", 55),
	SAME("PR_SET_THP_DISABLE", 41),
	SAME("PR_SET_TIMERSLACK", 29),
	SAME("PR_SET_TSC", 26),
	SAME("PR_SET_VMA", 0x53564D41),
	SAME("PR_SME_GET_VL", 64),
	SAME("PR_SME_SET_VL", 63),
	SAME("PR_SVE_GET_VL", 51),
	SAME("PR_SVE_SET_VL", 50),
};

/* asm-generic/ioctl.h has 2 bits of direction above 14 of size, powerpc 3 above 13. */
#define CODE(type, nr, size)	  ((uint32_t)(type) << 8 | (nr) | (uint32_t)(size) << 16)
#define POWER_IO(type, nr)	  (0x20000000 | CODE(type, nr, 0))
#define POWER_IOR(type, nr, size) (0x40000000 | CODE(type, nr, size))
#define POWER_IOW(type, nr, size) (0x80000000 | CODE(type, nr, size))
#define IO(name, type, nr)                                  \
	{                                                   \
		name, CODE(type, nr, 0), POWER_IO(type, nr) \
	}
#define IOR(name, type, nr, size)                                                  \
	{                                                                          \
		name, 0x80000000 | CODE(type, nr, size), POWER_IOR(type, nr, size) \
	}
#define IOW(name, type, nr, size)                                                  \
	{                                                                          \
		name, 0x40000000 | CODE(type, nr, size), POWER_IOW(type, nr, size) \
	}
#define IOWR(name, type, nr, size) SAME(name, 0xC0000000 | CODE(type, nr, size))

static const struct constant requests[] = {
	IOW("FICLONE", 0x94, 9, 4),
	IOW("FICLONERANGE", 0x94, 13, 32),
	IOWR("FIDEDUPERANGE", 0x94, 54, 24),
	IO("FIGETBSZ", 0, 2),
	{"FIOASYNC", 0x5452, POWER_IOW('f', 125, 4)},
	{"FIOCLEX", 0x5451, POWER_IO('f', 1)},
	SAME("FIOGETOWN", 0x8903),
	{"FIONBIO", 0x5421, POWER_IOW('f', 126, 4)},
	{"FIONCLEX", 0x5450, POWER_IO('f', 2)},
	{"FIONREAD", 0x541B, POWER_IOR('f', 127, 4)},
	SAME("FIOSETOWN", 0x8901),
	IOWR("FS_IOC_FIEMAP", 'f', 11, 32),
	IOR("FS_IOC_FSGETXATTR", 'X', 31, 28),
	IOW("FS_IOC_FSSETXATTR", 'X', 32, 28),
	IOR("FS_IOC_GETFLAGS", 'f', 1, 8),
	IOR("FS_IOC_GETVERSION", 'v', 1, 8),
	IOW("FS_IOC_SETFLAGS", 'f', 2, 8),
	SAME("SIOCATMARK", 0x8905),
	SAME("SIOCETHTOOL", 0x8946),
	SAME("SIOCGARP", 0x8954),
	SAME("SIOCGIFADDR", 0x8915),
	SAME("SIOCGIFBRDADDR", 0x8919),
	SAME("SIOCGIFCONF", 0x8912),
	SAME("SIOCGIFCOUNT", 0x8938),
	SAME("SIOCGIFDSTADDR", 0x8917),
	SAME("SIOCGIFFLAGS", 0x8913),
	SAME("SIOCGIFHWADDR", 0x8927),
	SAME("SIOCGIFINDEX", 0x8933),
	SAME("SIOCGIFMAP", 0x8970),
	SAME("SIOCGIFMETRIC", 0x891D),
	SAME("SIOCGIFMTU", 0x8921),
	SAME("SIOCGIFNAME", 0x8910),
	SAME("SIOCGIFNETMASK", 0x891B),
	SAME("SIOCGIFPFLAGS", 0x8935),
	SAME("SIOCGIFTXQLEN", 0x8942),
	SAME("SIOCGPGRP", 0x8904),
	SAME("SIOCGRARP", 0x8961),
	SAME("SIOCGSTAMP", 0x8906),
	SAME("SIOCGSTAMPNS", 0x8907),
	SAME("SIOCOUTQNSD", 0x894B),
	SAME("SIOCSPGRP", 0x8902),
	{"TCFLSH", 0x540B, POWER_IO('t', 31)},
	{"TCGETA", 0x5405, POWER_IOR('t', 23, 20)},
	{"TCGETS", 0x5401, POWER_IOR('t', 19, 44)},
	{"TCGETS2", 0x802C542A, CONSTANT_ABSENT},
	{"TCSBRK", 0x5409, POWER_IO('t', 29)},
	SAME("TCSBRKP", 0x5425),
	{"TCSETA", 0x5406, POWER_IOW('t', 24, 20)},
	{"TCSETAF", 0x5408, POWER_IOW('t', 28, 20)},
	{"TCSETAW", 0x5407, POWER_IOW('t', 25, 20)},
	{"TCSETS", 0x5402, POWER_IOW('t', 20, 44)},
	{"TCSETS2", 0x402C542B, CONSTANT_ABSENT},
	{"TCSETSF", 0x5404, POWER_IOW('t', 22, 44)},
	{"TCSETSF2", 0x402C542D, CONSTANT_ABSENT},
	{"TCSETSW", 0x5403, POWER_IOW('t', 21, 44)},
	{"TCSETSW2", 0x402C542C, CONSTANT_ABSENT},
	{"TCXONC", 0x540A, POWER_IO('t', 30)},
	SAME("TIOCCBRK", 0x5428),
	SAME("TIOCCONS", 0x541D),
	SAME("TIOCEXCL", 0x540C),
	IOR("TIOCGDEV", 'T', 0x32, 4),
	SAME("TIOCGETD", 0x5424),
	IOR("TIOCGEXCL", 'T', 0x40, 4),
	{"TIOCGPGRP", 0x540F, POWER_IOR('t', 119, 4)},
	IOR("TIOCGPKT", 'T', 0x38, 4),
	IOR("TIOCGPTLCK", 'T', 0x39, 4),
	IOR("TIOCGPTN", 'T', 0x30, 4),
	{"TIOCGPTPEER", 0x5441, POWER_IO('T', 0x41)},
	SAME("TIOCGSID", 0x5429),
	{"TIOCGWINSZ", 0x5413, POWER_IOR('t', 104, 8)},
	SAME("TIOCLINUX", 0x541C),
	SAME("TIOCNOTTY", 0x5422),
	SAME("TIOCNXCL", 0x540D),
	{"TIOCOUTQ", 0x5411, POWER_IOR('t', 115, 4)},
	SAME("TIOCPKT", 0x5420),
	SAME("TIOCSBRK", 0x5427),
	SAME("TIOCSCTTY", 0x540E),
	SAME("TIOCSETD", 0x5423),
	{"TIOCSPGRP", 0x5410, POWER_IOW('t', 118, 4)},
	IOW("TIOCSPTLCK", 'T', 0x31, 4),
	SAME("TIOCSTI", 0x5412),
	{"TIOCSWINSZ", 0x5414, POWER_IOW('t', 103, 8)},
};

/* 0xFFFFFFFF asks for the present one. */
static const struct constant personas[] = {
	SAME("ADDR_NO_RANDOMIZE", 0x40000),
	SAME("PER_LINUX", 0),
	SAME("PER_QUERY", 0xFFFFFFFF),
};

static const struct constant levels[] = {
	SAME("SOL_IP", 0),  SAME("SOL_IPV6", 41), SAME("SOL_SOCKET", 1),
	SAME("SOL_TCP", 6), SAME("SOL_UDP", 17),
};

static const struct constant socket_options[] = {
	SAME("TCP_AO_ADD_KEY", 38),
	SAME("TCP_MD5SIG", 14),
	SAME("TCP_ULP", 31),
	SAME("UDP_ENCAP", 100),
};

static const struct constant seccomp_flags[] = {
	SAME("SECCOMP_FILTER_FLAG_NEW_LISTENER", 8),
	SAME("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 32),
};

static const struct constant arch_codes[] = {
	SAME("ARCH_CET_STATUS", 0x3001),
	SAME("ARCH_GET_FS", 0x1003),
	SAME("ARCH_GET_GS", 0x1004),
	SAME("ARCH_GET_XCOMP_GUEST_PERM", 0x1024),
	SAME("ARCH_GET_XCOMP_PERM", 0x1022),
	SAME("ARCH_GET_XCOMP_SUPP", 0x1021),
	SAME("ARCH_REQ_XCOMP_GUEST_PERM", 0x1025),
	SAME("ARCH_REQ_XCOMP_PERM", 0x1023),
	SAME("ARCH_SET_FS", 0x1002),
	SAME("ARCH_SET_GS", 0x1001),
	SAME("ARCH_SHSTK_DISABLE", 0x5002),
	SAME("ARCH_SHSTK_ENABLE", 0x5001),
	SAME("ARCH_SHSTK_LOCK", 0x5003),
	SAME("ARCH_SHSTK_STATUS", 0x5005),
	SAME("ARCH_SHSTK_UNLOCK", 0x5004),
};

#define TABLE(list)                  \
	{                            \
		list, hr_count(list) \
	}

static const struct argument arguments[] = {
	{"socket", "domain", TABLE(families), 0, 0},
	{"socket", "type", TABLE(socket_types), 1, 1},
	{"socket", "protocol", TABLE(protocols), 2, 2},
	{"socketpair", "domain", TABLE(families), 0, 0},
	{"socketpair", "type", TABLE(socket_types), 1, 1},
	{"socketpair", "protocol", TABLE(protocols), 2, 2},
	{"clone", "flags", TABLE(clone_flags), 0, 1},
	{"unshare", "flags", TABLE(clone_flags), 0, 0},
	{"setns", "type", TABLE(clone_flags), 1, 1},
	{"mknod", "mode", TABLE(modes), 1, 1},
	{"mknodat", "mode", TABLE(modes), 2, 2},
	{"ioctl", "request", TABLE(requests), 1, 1},
	{"prctl", "option", TABLE(options), 0, 0},
	{"personality", "persona", TABLE(personas), 0, 0},
	{"setsockopt", "level", TABLE(levels), 1, 1},
	{"setsockopt", "option", TABLE(socket_options), 2, 2},
	{"seccomp", "flags", TABLE(seccomp_flags), 1, 1},
	{"arch_prctl", "code", TABLE(arch_codes), 0, 0},
};

/* Any call's arguments by number. */
static const struct argument numbered[SECCOMP_ARGS] = {
	{"", "arg0", {NULL, 0}, 0, 0}, {"", "arg1", {NULL, 0}, 1, 1}, {"", "arg2", {NULL, 0}, 2, 2},
	{"", "arg3", {NULL, 0}, 3, 3}, {"", "arg4", {NULL, 0}, 4, 4}, {"", "arg5", {NULL, 0}, 5, 5},
};

const struct argument *argument_find(const char *call, const char *name)
{
	for (size_t i = 0; i < hr_count(arguments); i++)
		if (strcmp(arguments[i].call, call) == 0 && strcmp(arguments[i].name, name) == 0)
			return &arguments[i];
	for (size_t i = 0; i < hr_count(numbered); i++)
		if (strcmp(numbered[i].name, name) == 0)
			return &numbered[i];
	return NULL;
}

const struct argument *argument_at(const char *call, unsigned index)
{
	bool s390x = strcmp(seccomp_native(), "s390x") == 0;

	for (size_t i = 0; i < hr_count(arguments); i++)
		if (strcmp(arguments[i].call, call) == 0 &&
		    (s390x ? arguments[i].index_s390x : arguments[i].index) == index)
			return &arguments[i];
	return index < hr_count(numbered) ? &numbered[index] : NULL;
}

void argument_names(const char *call, struct text *ret)
{
	for (size_t i = 0; i < hr_count(arguments); i++)
		if (strcmp(arguments[i].call, call) == 0)
			text_addf(ret, "%s, ", arguments[i].name);
	text_adds(ret, "arg0 to arg5");
}

static int by_name(const void *name, const void *constant)
{
	return strcmp(name, ((const struct constant *)constant)->name);
}

const struct constant *constant_find(const struct constants *table, const char *name)
{
	if (table->count == 0)
		return NULL;
	return bsearch(name, table->list, table->count, sizeof(table->list[0]), by_name);
}

const char *constant_name(const struct constants *table, uint32_t value)
{
	bool power = strcmp(seccomp_native(), "ppc64le") == 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct constant *constant = &table->list[i];

		if ((power ? constant->power : constant->value) == value)
			return constant->name;
	}
	return NULL;
}

const char *constant_nearest(const struct constants *table, const char *name)
{
	const char *nearest = NULL;
	unsigned best = 3;

	for (size_t i = 0; i < table->count; i++) {
		unsigned far = text_distance(name, table->list[i].name);

		if (far >= best)
			continue;
		best = far;
		nearest = table->list[i].name;
	}
	return nearest;
}

int errno_find(const char *name)
{
	for (int number = 1; number < ERRNOS_END; number++) {
		const char *known = strerrorname_np(number);

		if (known && strcmp(known, name) == 0)
			return number;
	}
	return 0;
}
