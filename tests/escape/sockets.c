/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of socket families and protocols. No socket here is bound, connected or used. */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGH_BIT (1L << 32) /* the kernel drops it, a filter that compares 64 bits sees it */
#define NO_TYPE	 15	    /* the kernel knows 1 to 10: EINVAL for any family */

/*
 * Sockets that need no capability: what keeps a program from them is a filter. A type that
 * does not exist passes through it and is refused by the kernel before any module of the
 * family is loaded, so nothing is loaded or made on the host. Only where that is stopped is
 * a real type tried, because a filter may tell types apart; and on a kernel that has no
 * modules to load (no modprobe), where only the real type tells whether it has the family.
 * number: domain; args: protocol, type.
 */
static int run_family(const struct probe *probe)
{
	if (access("/proc/sys/kernel/modprobe", F_OK) == 0 &&
	    syscall(SYS_socket, probe->number, NO_TYPE, probe->args[0]) < 0 && errno == EINVAL)
		return REACHED;
	if (syscall(SYS_socket, probe->number, probe->args[1] | SOCK_CLOEXEC, probe->args[0]) < 0)
		return errno;
	return REACHED;
}

/* Sockets that need CAP_NET_RAW: only a real try tells. Their code is part of the kernel or
 * in use on every host (DHCP); a packet socket of protocol 0 receives nothing. */
static int run_socket(const struct probe *probe)
{
	if (syscall(SYS_socket, probe->number, probe->args[1] | SOCK_CLOEXEC, probe->args[0]) < 0)
		return errno;
	return REACHED;
}

#define FAMILY(vector, name, domain)                                               \
	{                                                                          \
		vector, name, false, run_family, domain, {0, SOCK_SEQPACKET}, NULL \
	}
#define NETLINK(vector, name, protocol)                                                 \
	{                                                                               \
		vector, name, false, run_family, AF_NETLINK, {protocol, SOCK_RAW}, NULL \
	}
#define SOCKET(vector, name, domain, type, protocol)                            \
	{                                                                       \
		vector, name, false, run_socket, domain, {protocol, type}, NULL \
	}

static const struct probe rows[] = {
	NETLINK(10, "NETLINK_NETFILTER", NETLINK_NETFILTER),
	FAMILY(37, "AF_VSOCK", AF_VSOCK),
	FAMILY(38, "AF_ALG, high bit", AF_ALG | HIGH_BIT),
	FAMILY(38, "AF_VSOCK, high bit", AF_VSOCK | HIGH_BIT),
	FAMILY(39, "AF_ALG", AF_ALG),
	SOCKET(40, "AF_PACKET", AF_PACKET, SOCK_RAW, 0),
	SOCKET(40, "AF_XDP", AF_XDP, SOCK_RAW, 0),
	SOCKET(40, "raw ICMP", AF_INET, SOCK_RAW, IPPROTO_ICMP),
	NETLINK(42, "NETLINK_AUDIT", NETLINK_AUDIT),
	NETLINK(42, "NETLINK_CONNECTOR", NETLINK_CONNECTOR),
	NETLINK(42, "NETLINK_GENERIC", NETLINK_GENERIC),
	NETLINK(42, "NETLINK_KOBJECT_UEVENT", NETLINK_KOBJECT_UEVENT),
	NETLINK(42, "NETLINK_SOCK_DIAG", NETLINK_SOCK_DIAG),
	NETLINK(42, "NETLINK_XFRM", NETLINK_XFRM),
};

const struct probes probes_sockets = {rows, sizeof(rows) / sizeof(rows[0])};
