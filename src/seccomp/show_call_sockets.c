/* SPDX-License-Identifier: Apache-2.0 */
/* Names of what sockets and devices are asked for: protocols, levels, options, requests. */
#include "base/cleanup.h"
#include "seccomp/show_call_names.h"

#include <linux/if_tun.h>
#include <linux/loop.h>
#include <linux/sockios.h>
#include <linux/vt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define SAME(name, value)          \
	{                          \
		name, value, value \
	}
#define NAMED(name) SAME(#name, (uint32_t)(name))
#define LIST(list)                   \
	{                            \
		list, hr_count(list) \
	}

static const struct constant internet[] = {
	SAME("IPPROTO_ICMP", 1),      SAME("IPPROTO_IGMP", 2),	 SAME("IPPROTO_TCP", 6),
	SAME("IPPROTO_UDP", 17),      SAME("IPPROTO_DCCP", 33),	 SAME("IPPROTO_GRE", 47),
	SAME("IPPROTO_ICMPV6", 58),   SAME("IPPROTO_L2TP", 115), SAME("IPPROTO_SCTP", 132),
	SAME("IPPROTO_UDPLITE", 136), SAME("IPPROTO_RAW", 255),	 SAME("IPPROTO_SMC", 256),
	SAME("IPPROTO_MPTCP", 262),
};

static const struct constant netlink[] = {
	SAME("NETLINK_ROUTE", 0),	SAME("NETLINK_USERSOCK", 2),
	SAME("NETLINK_SOCK_DIAG", 4),	SAME("NETLINK_NFLOG", 5),
	SAME("NETLINK_XFRM", 6),	SAME("NETLINK_SELINUX", 7),
	SAME("NETLINK_ISCSI", 8),	SAME("NETLINK_AUDIT", 9),
	SAME("NETLINK_FIB_LOOKUP", 10), SAME("NETLINK_CONNECTOR", 11),
	SAME("NETLINK_NETFILTER", 12),	SAME("NETLINK_KOBJECT_UEVENT", 15),
	SAME("NETLINK_GENERIC", 16),	SAME("NETLINK_RDMA", 20),
	SAME("NETLINK_CRYPTO", 21),
};

static const struct constant packets[] = {
	SAME("ETH_P_ALL", 0x0300),
	SAME("ETH_P_IP", 0x0008),
	SAME("ETH_P_ARP", 0x0608),
};

static const struct constants internet_names = LIST(internet), netlink_names = LIST(netlink),
			      packet_names = LIST(packets);

const struct constants *shown_protocols(uint32_t family)
{
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return &internet_names;
	case AF_NETLINK:
		return &netlink_names;
	case AF_PACKET:
		/* In the network's order of bytes. */
		return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? &packet_names : NULL;
	default:
		return NULL;
	}
}

static const struct constant levels[] = {
	SAME("SOL_IP", 0),	 SAME("SOL_SOCKET", SOL_SOCKET), SAME("SOL_TCP", 6),
	SAME("SOL_UDP", 17),	 SAME("SOL_IPV6", 41),		 SAME("SOL_ICMPV6", 58),
	SAME("SOL_SCTP", 132),	 SAME("SOL_UDPLITE", 136),	 SAME("SOL_RAW", 255),
	SAME("SOL_PACKET", 263), SAME("SOL_NETLINK", 270),	 SAME("SOL_ALG", 279),
	SAME("SOL_TLS", 282),	 SAME("SOL_XDP", 283),		 SAME("SOL_MPTCP", 284),
};
const struct constants shown_levels = LIST(levels);

static const struct constant socket_level[] = {
	NAMED(SO_REUSEADDR),	 NAMED(SO_BROADCAST),	  NAMED(SO_SNDBUF),
	NAMED(SO_RCVBUF),	 NAMED(SO_KEEPALIVE),	  NAMED(SO_PRIORITY),
	NAMED(SO_LINGER),	 NAMED(SO_REUSEPORT),	  NAMED(SO_PASSCRED),
	NAMED(SO_RCVTIMEO),	 NAMED(SO_SNDTIMEO),	  NAMED(SO_BINDTODEVICE),
	NAMED(SO_ATTACH_FILTER), NAMED(SO_DETACH_FILTER), NAMED(SO_MARK),
	NAMED(SO_SNDBUFFORCE),	 NAMED(SO_RCVBUFFORCE),	  NAMED(SO_ATTACH_BPF),
	NAMED(SO_BUSY_POLL),	 NAMED(SO_TXTIME),
};

static const struct constant tcp_level[] = {
	NAMED(TCP_NODELAY),
	NAMED(TCP_MAXSEG),
	NAMED(TCP_CORK),
	NAMED(TCP_KEEPIDLE),
	NAMED(TCP_KEEPINTVL),
	NAMED(TCP_KEEPCNT),
	NAMED(TCP_DEFER_ACCEPT),
	NAMED(TCP_QUICKACK),
	NAMED(TCP_CONGESTION),
	SAME("TCP_MD5SIG", 14),
	SAME("TCP_USER_TIMEOUT", 18),
	SAME("TCP_REPAIR", 19),
	SAME("TCP_FASTOPEN", 23),
	SAME("TCP_ULP", 31),
	SAME("TCP_MD5SIG_EXT", 32),
	SAME("TCP_AO_ADD_KEY", 38),
	SAME("TCP_AO_DEL_KEY", 39),
	SAME("TCP_AO_INFO", 40),
};

static const struct constant udp_level[] = {
	SAME("UDP_CORK", 1),
	SAME("UDP_ENCAP", 100),
	SAME("UDP_SEGMENT", 103),
	SAME("UDP_GRO", 104),
};

static const struct constant ip_level[] = {
	NAMED(IP_TOS),
	NAMED(IP_TTL),
	NAMED(IP_HDRINCL),
	NAMED(IP_OPTIONS),
	NAMED(IP_PKTINFO),
	NAMED(IP_MTU_DISCOVER),
	NAMED(IP_TRANSPARENT),
	NAMED(IP_FREEBIND),
	NAMED(IP_MULTICAST_IF),
	NAMED(IP_ADD_MEMBERSHIP),
	SAME("IPT_SO_SET_REPLACE", 64),
};

static const struct constants socket_names = LIST(socket_level), tcp_names = LIST(tcp_level),
			      udp_names = LIST(udp_level), ip_names = LIST(ip_level);

const struct constants *shown_options(uint32_t level)
{
	switch (level) {
	case SOL_SOCKET:
		return &socket_names;
	case IPPROTO_TCP:
		return &tcp_names;
	case IPPROTO_UDP:
		return &udp_names;
	case IPPROTO_IP:
		return &ip_names;
	default:
		return NULL;
	}
}

static const struct constant requests[] = {
	NAMED(TUNSETIFF),
	NAMED(SIOCADDRT),
	NAMED(SIOCDELRT),
	NAMED(SIOCSIFADDR),
	NAMED(SIOCSIFFLAGS),
	NAMED(SIOCSIFNETMASK),
	NAMED(SIOCSIFMTU),
	NAMED(SIOCSIFHWADDR),
	NAMED(SIOCSIFNAME),
	NAMED(SIOCSIFTXQLEN),
	NAMED(SIOCSARP),
	NAMED(SIOCDARP),
	NAMED(SIOCBRADDBR),
	NAMED(SIOCBRDELBR),
	NAMED(SIOCGSKNS),
	NAMED(BLKGETSIZE64),
	NAMED(BLKGETSIZE),
	NAMED(BLKSSZGET),
	NAMED(BLKFLSBUF),
	NAMED(BLKRRPART),
	NAMED(BLKROGET),
	NAMED(BLKROSET),
	NAMED(LOOP_SET_FD),
	NAMED(LOOP_CLR_FD),
	NAMED(LOOP_CTL_GET_FREE),
	NAMED(VT_OPENQRY),
	NAMED(VT_GETSTATE),
	NAMED(VT_ACTIVATE),
	NAMED(TIOCMGET),
	NAMED(TIOCMSET),
	NAMED(TIOCVHANGUP),
	NAMED(TIOCGSERIAL),
	NAMED(TIOCSSERIAL),
	SAME("KDSETMODE", 0x4B3A),
	SAME("KDGKBTYPE", 0x4B33),
	SAME("FIFREEZE", (uint32_t)_IOWR('X', 119, int)),
	SAME("FITHAW", (uint32_t)_IOWR('X', 120, int)),
	SAME("FITRIM", (uint32_t)_IOWR('X', 121, uint64_t[3])),
	SAME("KVM_GET_API_VERSION", (uint32_t)_IO(0xAE, 0)),
	SAME("KVM_CREATE_VM", (uint32_t)_IO(0xAE, 1)),
	SAME("NS_GET_USERNS", (uint32_t)_IO(0xB7, 1)),
	SAME("NS_GET_PARENT", (uint32_t)_IO(0xB7, 2)),
	SAME("FS_IOC_SETVERSION", (uint32_t)_IOW('v', 2, long)),
	SAME("FS_IOC_ADD_ENCRYPTION_KEY", (uint32_t)_IOWR('f', 23, char[80])),
	SAME("UFFDIO_API", (uint32_t)_IOWR(0xAA, 0x3F, uint64_t[3])),
};
const struct constants shown_requests = LIST(requests);
