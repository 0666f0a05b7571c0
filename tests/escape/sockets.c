/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of socket families and protocols. No socket here is bound, connected or used. */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_FLAGS 0x100000L /* of a type: none that the kernel knows, EINVAL for any family */
#define DCCP	 6	   /* SOCK_DCCP */

/*
 * Sockets that need no capability: what keeps a program from them is a filter. Flags that do
 * not exist pass through it and are refused by the kernel before any module of the family is
 * loaded, so nothing is loaded or made on the host: where modules can be loaded, that is the
 * verdict. On a kernel without modules (no modprobe) a real try tells whether it has the
 * family (a line in its log may say that it is an old one); and whether the filter stops
 * only the flags.
 * number: domain; args: protocol, type.
 */
static int run_family(const struct probe *probe)
{
	bool modules = access("/proc/sys/kernel/modprobe", F_OK) == 0;
	const long *a = probe->args;
	int stop, passed;

	stop = syscall(SYS_socket, probe->number, a[1] | NO_FLAGS, a[0]) < 0 ? errno : REACHED;
	passed = stop == EINVAL;
	if (modules)
		return passed ? REACHED : stop;
	if (syscall(SYS_socket, probe->number, a[1] | SOCK_CLOEXEC, a[0]) >= 0)
		return REACHED;
	if (passed && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ||
		       errno == ESOCKTNOSUPPORT || errno == EINVAL))
		return STOPPED_ABSENT;
	return passed ? answer(-1) : errno;
}

/* Sockets that need CAP_NET_RAW: only a real try tells. Their code is part of the kernel or
 * in use on every host (DHCP); a packet socket of protocol 0 receives nothing. */
static int run_socket(const struct probe *probe)
{
	if (syscall(SYS_socket, probe->number, probe->args[1] | SOCK_CLOEXEC, probe->args[0]) < 0)
		return errno;
	return REACHED;
}

/* A pair of a family that has none: refused after its module was looked for, but flags that
 * do not exist are refused before. */
static int run_pair(const struct probe *probe)
{
	int pair[2];

	if (syscall(SYS_socketpair, probe->number, SOCK_STREAM | NO_FLAGS, 0, pair) < 0)
		return errno == EINVAL ? REACHED : errno;
	return REACHED;
}

#define INET(vector_, name_, domain, type, protocol)                           \
	.vector = vector_, .name = name_, .run = run_family, .number = domain, \
	.args = {protocol, type}
#define FAMILY(vector, domain)		FAMILY_AS(vector, #domain, domain)
#define FAMILY_AS(vector, name, domain) INET(vector, name, domain, SOCK_DGRAM, 0)
#define STREAM(vector, domain)		INET(vector, #domain, domain, SOCK_STREAM, 0)
#define SEQPACKET(vector, domain)	INET(vector, #domain, domain, SOCK_SEQPACKET, 0)
#define NETLINK(vector, protocol)	INET(vector, #protocol, AF_NETLINK, SOCK_RAW, protocol)
#define RAW(name_, domain, type, protocol) \
	.vector = 40, .name = name_, .run = run_socket, .number = domain, .args = {protocol, type}

static const struct probe rows[] = {
	{NETLINK(10, NETLINK_NETFILTER)},
	{INET(10, "NETLINK_NETFILTER-dgram", AF_NETLINK, SOCK_DGRAM, NETLINK_NETFILTER)},
	{INET(10, "NETLINK_NETFILTER-high-bit", AF_NETLINK, SOCK_RAW,
	      NETLINK_NETFILTER | HIGH_BIT)},

	{STREAM(37, AF_VSOCK)},
	{INET(37, "AF_VSOCK-dgram", AF_VSOCK, SOCK_DGRAM, 0)},
	{INET(38, "AF_VSOCK-high-bit", AF_VSOCK | HIGH_BIT, SOCK_STREAM, 0)},
	{INET(38, "AF_VSOCK-sign-bits", AF_VSOCK | SIGN_BITS, SOCK_STREAM, 0)},
	{INET(38, "AF_ALG-high-bit", AF_ALG | HIGH_BIT, SOCK_SEQPACKET, 0)},
	{INET(38, "AF_ALG-sign-bits", AF_ALG | SIGN_BITS, SOCK_SEQPACKET, 0)},
	{INET(38, "AF_NETLINK-high-bit", AF_NETLINK | HIGH_BIT, SOCK_RAW, NETLINK_NETFILTER)},
	{INET(38, "AF_INET-high-bit", AF_INET | HIGH_BIT, SOCK_STREAM, IPPROTO_SCTP)},
	{SEQPACKET(39, AF_ALG)},

	{RAW("AF_PACKET", AF_PACKET, SOCK_RAW, 0)},
	{RAW("AF_PACKET-dgram", AF_PACKET, SOCK_DGRAM, 0)},
	{RAW("AF_XDP", AF_XDP, SOCK_RAW, 0)},
	{RAW("raw-icmp", AF_INET, SOCK_RAW, IPPROTO_ICMP)},
	{RAW("raw-icmpv6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)},
	{RAW("raw-any", AF_INET, SOCK_RAW, IPPROTO_RAW)},
	{INET(40, "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
	 INTENDED("ping without a capability; net.ipv4.ping_group_range says who may")},

	/* Each of these is a module that a plain socket() loads where it is there. */
	{FAMILY(41, AF_AX25)},
	{FAMILY(41, AF_IPX)},
	{FAMILY(41, AF_APPLETALK)},
	{SEQPACKET(41, AF_NETROM)},
	{FAMILY(41, AF_ATMPVC)},
	{SEQPACKET(41, AF_X25)},
	{SEQPACKET(41, AF_ROSE)},
	{SEQPACKET(41, AF_DECnet)},
	{INET(41, "AF_KEY", AF_KEY, SOCK_RAW, 2)},
	{FAMILY(41, AF_ATMSVC)},
	{SEQPACKET(41, AF_RDS)},
	{FAMILY(41, AF_IRDA)},
	{STREAM(41, AF_PPPOX)},
	{STREAM(41, AF_LLC)},
	{INET(41, "AF_CAN", AF_CAN, SOCK_RAW, 1)},
	{STREAM(41, AF_TIPC)},
	{SEQPACKET(41, AF_BLUETOOTH)},
	{STREAM(41, AF_IUCV)},
	{INET(41, "AF_RXRPC", AF_RXRPC, SOCK_DGRAM, AF_INET)},
	{INET(41, "AF_ISDN", AF_ISDN, SOCK_RAW, 0)},
	{FAMILY(41, AF_PHONET)},
	{FAMILY(41, AF_IEEE802154)},
	{SEQPACKET(41, AF_CAIF)},
	{SEQPACKET(41, AF_NFC)},
	{FAMILY(41, AF_KCM)},
	{FAMILY(41, AF_QIPCRTR)},
	{STREAM(41, AF_SMC)},
	{FAMILY_AS(41, "AF_MCTP", 45)},
	/* A family that no kernel has yet. */
	{FAMILY_AS(41, "AF-unknown", 63)},
	{.vector = 41, .name = "pair-AF_TIPC", .run = run_pair, .number = AF_TIPC},
	{.vector = 41, .name = "pair-AF_BLUETOOTH", .run = run_pair, .number = AF_BLUETOOTH},

	/* So do these of the ordinary families, by protocol or by type alone. */
	{INET(41, "sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP)},
	{INET(41, "sctp-seqpacket", AF_INET, SOCK_SEQPACKET, 0)},
	{INET(41, "sctp6", AF_INET6, SOCK_STREAM, IPPROTO_SCTP)},
	{INET(41, "dccp", AF_INET, DCCP, IPPROTO_DCCP)},
	{INET(41, "dccp-by-type", AF_INET, DCCP, 0)},
	{INET(41, "dccp6", AF_INET6, DCCP, IPPROTO_DCCP)},
	{INET(41, "l2tp", AF_INET, SOCK_DGRAM, 115)},
	{INET(41, "l2tp6", AF_INET6, SOCK_DGRAM, 115)},
	{INET(41, "udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE)},
	{INET(41, "udplite6", AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE)},
	{INET(41, "smc", AF_INET, SOCK_STREAM, 256)},
	{INET(41, "protocol-unknown", AF_INET, SOCK_STREAM, 253)},
	{INET(41, "mptcp", AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */)},

	{NETLINK(42, NETLINK_ROUTE), INTENDED("C libraries ask it for addresses and routes")},
	{NETLINK(42, NETLINK_USERSOCK)},
	{NETLINK(42, NETLINK_FIREWALL)},
	{NETLINK(42, NETLINK_SOCK_DIAG)},
	{NETLINK(42, NETLINK_NFLOG)},
	{NETLINK(42, NETLINK_XFRM)},
	{INET(42, "NETLINK_XFRM-high-bit", AF_NETLINK, SOCK_RAW, NETLINK_XFRM | HIGH_BIT)},
	{NETLINK(42, NETLINK_SELINUX)},
	{NETLINK(42, NETLINK_ISCSI)},
	{NETLINK(42, NETLINK_AUDIT)},
	{NETLINK(42, NETLINK_FIB_LOOKUP)},
	{NETLINK(42, NETLINK_CONNECTOR)},
	{NETLINK(42, NETLINK_IP6_FW)},
	{NETLINK(42, NETLINK_DNRTMSG)},
	{NETLINK(42, NETLINK_KOBJECT_UEVENT)},
	{NETLINK(42, NETLINK_GENERIC)},
	{NETLINK(42, NETLINK_SCSITRANSPORT)},
	{NETLINK(42, NETLINK_ECRYPTFS)},
	{NETLINK(42, NETLINK_RDMA)},
	{NETLINK(42, NETLINK_CRYPTO)},
	{NETLINK(42, NETLINK_SMC)},
};

PROBES(probes_sockets, rows);
