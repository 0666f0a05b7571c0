/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities that are asked for because of what the arguments say. */
#include "watch/privilege.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "watch/proc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* A number in a file of /proc/sys; `otherwise` where there is none. */
static long sysctl(const char *path, long otherwise)
{
	hr_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 ? strtol(text, NULL, 10) : otherwise;
}

/* --- Devices and sockets ---------------------------------------------------------------------- */

/* A character device 0:0 is an overlay's whiteout, which anybody may make. */
bool asks_mknod(const struct privilege *who)
{
	unsigned at = strcmp(who->name, "mknod") ? 2 : 1;
	mode_t mode = (mode_t)who->call->args[at];

	return S_ISBLK(mode) || (S_ISCHR(mode) && (uint32_t)who->call->args[at + 1] != 0);
}

struct port_question {
	pid_t pid;
	long first;
};

static int read_first_port(void *data, int *ret, struct hr_error *err)
{
	static const char name[] = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
	const struct port_question *question = data;
	char path[PROC_PATH];
	hr_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", question->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return hr_fail(err, HR_SYSTEM, "%s", path);
	*ret = (int)sysctl(name, 1024);
	return 0;
}

/* The first port that needs nothing: /proc/sys shows that of the reader's network namespace, so a
 * child goes there. */
static long first_port(pid_t pid)
{
	struct port_question question = {.pid = pid};
	struct hr_error ignored = {.code = HR_OK};
	int first = 1024;

	return child_work(0, read_first_port, &question, &first, &ignored) ? 1024 : first;
}

bool asks_bind(const struct privilege *who)
{
	struct sockaddr_in address = {0};
	long port;

	if (watch_bytes(who->call, who->call->args[1], &address, sizeof(address)) <
	    offsetof(struct sockaddr_in, sin_addr))
		return false;
	/* The port of sockaddr_in6 is at the same place. */
	port = ntohs(address.sin_port);
	return (address.sin_family == AF_INET || address.sin_family == AF_INET6) && port > 0 &&
	       port < first_port(who->call->thread);
}

bool asks_socket(const struct privilege *who)
{
	int domain = privilege_int(who, 0), type = privilege_int(who, 1) & 0xf;

	return domain == AF_PACKET || domain == AF_XDP ||
	       ((domain == AF_INET || domain == AF_INET6) && type == SOCK_RAW);
}

bool asks_sockopt(const struct privilege *who)
{
	int level = privilege_int(who, 1), option = privilege_int(who, 2), value = 0;

	if (level == SOL_SOCKET && option == SO_PRIORITY)
		return watch_bytes(who->call, who->call->args[3], &value, sizeof(value)) ==
			       sizeof(value) &&
		       (value < 0 || value > 6);
	if (level == SOL_SOCKET)
		return option == SO_MARK || option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE;
	if (level == IPPROTO_IP)
		return option == IP_TRANSPARENT || option == 64; /* IPT_SO_SET_REPLACE */
	return level == IPPROTO_IPV6 && (option == IPV6_TRANSPARENT || option == 64);
}

bool asks_ioctl_net(const struct privilege *who)
{
	static const uint32_t requests[] = {
		0x890b,	    /* SIOCADDRT */ 0x890c,	 /* SIOCDELRT */
		0x8914,	    /* SIOCSIFFLAGS */ 0x8916,	 /* SIOCSIFADDR */
		0x891c,	    /* SIOCSIFNETMASK */ 0x8922, /* SIOCSIFMTU */
		0x8923,	    /* SIOCSIFNAME */ 0x8924,	 /* SIOCSIFHWADDR */
		0x400454ca,				 /* TUNSETIFF */
	};

	for (size_t i = 0; i < hr_count(requests); i++)
		if ((uint32_t)who->call->args[1] == requests[i])
			return true;
	return false;
}

/* Typing into a terminal, and console output taken away. */
bool asks_ioctl_tty(const struct privilege *who)
{
	uint32_t request = (uint32_t)who->call->args[1];

	return request == 0x541d || /* TIOCCONS */
	       (request == 0x5412 && sysctl("/proc/sys/dev/tty/legacy_tiocsti", 1) == 0);
}

bool asks_ioctl_flags(const struct privilege *who)
{
	int flags = 0;

	return (uint32_t)who->call->args[1] == (uint32_t)FS_IOC_SETFLAGS &&
	       watch_bytes(who->call, who->call->args[2], &flags, sizeof(flags)) == sizeof(flags) &&
	       (flags & (FS_APPEND_FL | FS_IMMUTABLE_FL));
}

/* --- Namespaces ------------------------------------------------------------------------------- */

/* A new user namespace comes first, and its owner has all capabilities in it. */
static bool is_new_namespace(uint64_t flags)
{
	return !(flags & CLONE_NEWUSER) &&
	       (flags & (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
			 CLONE_NEWPID | CLONE_NEWNET)) != 0;
}

bool asks_clone(const struct privilege *who)
{
	/* Of s390x the stack comes first. */
#ifdef __s390x__
	unsigned at = !strcmp(who->name, "clone");
#else
	unsigned at = 0;
#endif

	return is_new_namespace(who->call->args[at]) ||
	       (!strcmp(who->name, "unshare") && (who->call->args[0] & CLONE_NEWTIME) &&
		!(who->call->args[0] & CLONE_NEWUSER));
}

bool asks_clone3(const struct privilege *who)
{
	uint64_t flags = 0;

	return watch_bytes(who->call, who->call->args[0], &flags, sizeof(flags)) == sizeof(flags) &&
	       is_new_namespace(flags);
}

bool asks_tree(const struct privilege *who)
{
	return (who->call->args[2] & OPEN_TREE_CLONE) != 0;
}

/* --- The kernel itself ------------------------------------------------------------------------ */

bool asks_clock(const struct privilege *who)
{
	return privilege_int(who, 0) == CLOCK_REALTIME;
}

/* Without modes it only reads. */
bool asks_adjtime(const struct privilege *who)
{
	unsigned at = strcmp(who->name, "adjtimex") ? 1 : 0, modes = 0;

	return watch_bytes(who->call, who->call->args[at], &modes, sizeof(modes)) ==
		       sizeof(modes) &&
	       modes != 0;
}

bool asks_alarm(const struct privilege *who)
{
	int clock = privilege_int(who, 0);

	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

bool asks_syslog(const struct privilege *who)
{
	enum { READ_ALL = 3, SIZE_BUFFER = 10 };
	int type = privilege_int(who, 0);

	return (type != READ_ALL && type != SIZE_BUFFER) ||
	       sysctl("/proc/sys/kernel/dmesg_restrict", 1) != 0;
}

bool asks_ptrace(const struct privilege *who)
{
	long request = (long)who->call->args[0];

	return (request == PTRACE_ATTACH || request == PTRACE_SEIZE) && asks_other(who);
}

bool asks_bpf(const struct privilege *who)
{
	(void)who;
	return sysctl("/proc/sys/kernel/unprivileged_bpf_disabled", 0) != 0;
}

bool asks_perf(const struct privilege *who)
{
	(void)who;
	return sysctl("/proc/sys/kernel/perf_event_paranoid", 2) > 2;
}

bool asks_seccomp(const struct privilege *who)
{
	char status[PROC_STATUS];
	const char *field = NULL;

	if (privilege_int(who, 0) == 1 && /* SECCOMP_SET_MODE_FILTER */
	    proc_read(who->call->thread, "status", status, sizeof(status)))
		field = proc_field(status, "NoNewPrivs");
	return field && *field == '0';
}

/* Without UFFD_USER_MODE_ONLY it could hold up the kernel. */
bool asks_uffd(const struct privilege *who)
{
	return !(who->call->args[0] & 1) && sysctl("/proc/sys/vm/unprivileged_userfaultfd", 0) == 0;
}

/* Without file handles it gives descriptors of files. */
bool asks_fanotify(const struct privilege *who)
{
	return !(who->call->args[0] & FAN_REPORT_FID) ||
	       (who->call->args[0] & (FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT));
}

bool asks_prctl_setpcap(const struct privilege *who)
{
	int option = privilege_int(who, 0);

	return option == PR_CAPBSET_DROP || option == PR_SET_SECUREBITS;
}

bool asks_prctl_mm(const struct privilege *who)
{
	return privilege_int(who, 0) == PR_SET_MM;
}

/* --- Extended attributes ---------------------------------------------------------------------- */

static bool is_attribute(const struct privilege *who, const char *prefix)
{
	char name[256];

	return watch_string(who->call, who->call->args[1], name, sizeof(name)) &&
	       text_starts(name, prefix);
}

bool asks_xattr_trusted(const struct privilege *who)
{
	return is_attribute(who, "trusted.");
}

bool asks_xattr_fcap(const struct privilege *who)
{
	return is_attribute(who, "security.capability");
}

/* SELinux and Smack have rules of their own. */
bool asks_xattr_security(const struct privilege *who)
{
	return is_attribute(who, "security.") && !is_attribute(who, "security.capability") &&
	       !is_attribute(who, "security.selinux");
}
