/* SPDX-License-Identifier: Apache-2.0 */
/* Which capability a call will be asked for: the calls are not made, only looked at. */
#include "watch/process.h"

#include "unit.h"

#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>

static pid_t other; /* of user and group 1234 */

static void begin(void)
{
	int ends[2];
	char ready;

	need_root();
	scratch_make();
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	other = fork();
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234) ||
		      write(ends[1], "x", 1) != 1 || pause());
	}
	cr_assert_eq(read(ends[0], &ready, 1), 1);
	close(ends[0]);
	close(ends[1]);
}

static void end(void)
{
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	scratch_drop();
}

TestSuite(watch_privilege, .init = begin, .fini = end, .timeout = 30);

static const struct sockaddr_in port80 = {.sin_family = AF_INET, .sin_port = 0x5000};
static const struct sockaddr_in port0 = {.sin_family = AF_INET};
static const struct sockaddr_in port8080 = {.sin_family = AF_INET, .sin_port = 0x901f};
static const struct sockaddr_in6 port443 = {.sin6_family = AF_INET6, .sin6_port = 0xbb01};
static const struct sockaddr unix_address = {.sa_family = AF_UNIX, .sa_data = {0, 80}};
static const struct clone_args new_net = {.flags = CLONE_NEWNET};
static const struct clone_args new_user_net = {.flags = CLONE_NEWNET | CLONE_NEWUSER};
static const struct timex reads = {.modes = 0}, sets = {.modes = ADJ_OFFSET};
static const struct rlimit endless = {RLIM_INFINITY, RLIM_INFINITY}, none = {0, 0};
static const struct {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t rest[4];
} fifo = {.policy = SCHED_FIFO}, batch = {.policy = SCHED_BATCH}, boost = {.nice = -5};
static const int priority5 = 5, priority7 = 7, immutable = 0x10, nodump = 0x40;

#define P(value) ((uint64_t)(uintptr_t)(value))
#define MINUS1	 ((uint64_t)UINT32_MAX)
#define OTHER	 0x0badbeefULL /* the process of another user */
#define US	 0x0badcafeULL

static const struct {
	const char *call;
	uint64_t args[6];
	const char *wanted;
} calls[] = {
	/* always */
	{"mount", {0}, "CAP_SYS_ADMIN"},
	{"umount2", {0}, "CAP_SYS_ADMIN"},
	{"pivot_root", {0}, "CAP_SYS_ADMIN"},
	{"chroot", {0}, "CAP_SYS_CHROOT"},
	{"sethostname", {0}, "CAP_SYS_ADMIN"},
	{"reboot", {0}, "CAP_SYS_BOOT"},
	{"settimeofday", {0}, "CAP_SYS_TIME"},
	{"init_module", {0}, "CAP_SYS_MODULE"},
	{"setgroups", {0}, "CAP_SETGID"},
	{"open_by_handle_at", {0}, "CAP_DAC_READ_SEARCH"},
	{"swapon", {0}, "CAP_SYS_ADMIN"},
	{"acct", {0}, "CAP_SYS_PACCT"},
	{"iopl", {3}, "CAP_SYS_RAWIO"},
	/* never */
	{"read", {0}, NULL},
	{"getpid", {0}, NULL},
	{"", {0}, NULL},
	/* ids */
	{"setuid", {0}, NULL},
	{"setuid", {1000}, "CAP_SETUID"},
	{"setgid", {0}, NULL},
	{"setgid", {1000}, "CAP_SETGID"},
	{"setreuid", {MINUS1, 0}, NULL},
	{"setreuid", {MINUS1, 33}, "CAP_SETUID"},
	{"setregid", {33, MINUS1}, "CAP_SETGID"},
	{"setresuid", {MINUS1, MINUS1, MINUS1}, NULL},
	{"setresuid", {0, 0, 7}, "CAP_SETUID"},
	{"setresgid", {MINUS1, 7, MINUS1}, "CAP_SETGID"},
	{"setfsuid", {MINUS1}, NULL},
	{"setfsuid", {5}, "CAP_SETUID"},
	{"setfsgid", {0}, NULL},
	/* files: scratch/ours is root's, scratch/theirs user 1234's, scratch/link leads to it */
	{"chown", {P("ours"), 0, MINUS1}, NULL},
	{"chown", {P("ours"), 33, MINUS1}, "CAP_CHOWN"},
	{"chown", {P("ours"), MINUS1, 33}, "CAP_CHOWN"},
	{"chown", {P("ours"), MINUS1, MINUS1}, NULL},
	{"chown", {P("theirs"), 1234, MINUS1}, "CAP_CHOWN"},
	{"chown", {P("link"), 0, MINUS1}, "CAP_CHOWN"},
	{"lchown", {P("link"), 0, MINUS1}, NULL},
	{"fchownat", {MINUS1 - 99, P("link"), 0, MINUS1, AT_SYMLINK_NOFOLLOW}, NULL},
	{"fchownat", {MINUS1 - 99, P("link"), 0, MINUS1, 0}, "CAP_CHOWN"},
	{"chown", {P("missing"), 33, 33}, NULL},
	{"chown", {8, 33, 33}, NULL},
	{"chmod", {P("ours"), 0600}, NULL},
	{"chmod", {P("theirs"), 0600}, "CAP_FOWNER"},
	{"fchmodat", {MINUS1 - 99, P("theirs"), 0600}, "CAP_FOWNER"},
	{"mknod", {P("x"), S_IFREG | 0600, 0}, NULL},
	{"mknod", {P("x"), S_IFIFO | 0600, 0}, NULL},
	{"mknod", {P("x"), S_IFCHR | 0600, 0x103}, "CAP_MKNOD"},
	{"mknod", {P("x"), S_IFCHR | 0600, 0}, NULL},
	{"mknodat", {0, P("x"), S_IFBLK | 0600, 0x800}, "CAP_MKNOD"},
	{"setxattr", {P("x"), P("user.x")}, NULL},
	{"setxattr", {P("x"), P("trusted.x")}, "CAP_SYS_ADMIN"},
	{"lsetxattr", {P("x"), P("security.capability")}, "CAP_SETFCAP"},
	{"fsetxattr", {3, P("security.ima")}, "CAP_SYS_ADMIN"},
	{"fsetxattr", {3, P("security.selinux")}, NULL},
	/* processes */
	{"kill", {US, SIGTERM}, NULL},
	{"kill", {OTHER, SIGTERM}, "CAP_KILL"},
	{"kill", {OTHER, 0}, "CAP_KILL"},
	{"kill", {0, SIGTERM}, NULL},
	{"kill", {MINUS1, SIGTERM}, NULL},
	{"kill", {0x7fffffff, SIGTERM}, NULL},
	{"tkill", {OTHER, SIGTERM}, "CAP_KILL"},
	{"tgkill", {US, OTHER, SIGTERM}, "CAP_KILL"},
	{"ptrace", {PTRACE_ATTACH, OTHER}, "CAP_SYS_PTRACE"},
	{"ptrace", {PTRACE_ATTACH, US}, NULL},
	{"ptrace", {PTRACE_TRACEME, OTHER}, NULL},
	{"process_vm_readv", {OTHER}, "CAP_SYS_PTRACE"},
	{"process_vm_readv", {US}, NULL},
	/* priorities and limits */
	{"setpriority", {PRIO_PROCESS, 0, 5}, NULL},
	{"setpriority", {PRIO_PROCESS, 0, (uint64_t)-5}, "CAP_SYS_NICE"},
	{"sched_setscheduler", {0, SCHED_OTHER}, NULL},
	{"sched_setscheduler", {0, SCHED_FIFO}, "CAP_SYS_NICE"},
	{"sched_setscheduler", {0, SCHED_RR | SCHED_RESET_ON_FORK}, "CAP_SYS_NICE"},
	{"sched_setattr", {0, P(&fifo)}, "CAP_SYS_NICE"},
	{"sched_setattr", {0, P(&boost)}, "CAP_SYS_NICE"},
	{"sched_setattr", {0, P(&batch)}, NULL},
	{"ioprio_set", {1, 0, 1 << 13}, "CAP_SYS_NICE"},
	{"ioprio_set", {1, 0, 2 << 13}, NULL},
	{"mlock", {0, 1UL << 46}, "CAP_IPC_LOCK"},
	{"mlock", {0, 4096}, NULL},
	{"mlockall", {MCL_CURRENT}, "CAP_IPC_LOCK"},
	{"prlimit64", {0, RLIMIT_NOFILE, P(&endless)}, "CAP_SYS_RESOURCE"},
	{"prlimit64", {0, RLIMIT_NOFILE, P(&none)}, NULL},
	{"prlimit64", {0, RLIMIT_NOFILE, 0}, NULL},
	{"setrlimit", {RLIMIT_NOFILE, P(&endless)}, "CAP_SYS_RESOURCE"},
	/* network */
	{"bind", {3, P(&port80), sizeof(port80)}, "CAP_NET_BIND_SERVICE"},
	{"bind", {3, P(&port443), sizeof(port443)}, "CAP_NET_BIND_SERVICE"},
	{"bind", {3, P(&port8080), sizeof(port8080)}, NULL},
	{"bind", {3, P(&port0), sizeof(port0)}, NULL},
	{"bind", {3, P(&unix_address), sizeof(unix_address)}, NULL},
	{"bind", {3, 8, 16}, NULL},
	{"socket", {AF_INET, SOCK_STREAM}, NULL},
	{"socket", {AF_INET, SOCK_RAW | SOCK_CLOEXEC}, "CAP_NET_RAW"},
	{"socket", {AF_INET6, SOCK_RAW}, "CAP_NET_RAW"},
	{"socket", {AF_PACKET, SOCK_DGRAM}, "CAP_NET_RAW"},
	{"socket", {AF_NETLINK, SOCK_RAW}, NULL},
	{"setsockopt", {3, SOL_SOCKET, SO_REUSEADDR}, NULL},
	{"setsockopt", {3, SOL_SOCKET, SO_MARK}, "CAP_NET_ADMIN"},
	{"setsockopt", {3, SOL_SOCKET, SO_PRIORITY, P(&priority5)}, NULL},
	{"setsockopt", {3, SOL_SOCKET, SO_PRIORITY, P(&priority7)}, "CAP_NET_ADMIN"},
	{"setsockopt", {3, IPPROTO_IP, IP_TRANSPARENT}, "CAP_NET_ADMIN"},
	{"ioctl", {3, 0x8914}, "CAP_NET_ADMIN"},
	{"ioctl", {3, 0x5413}, NULL},
	{"ioctl", {3, 0x40086602, P(&immutable)}, "CAP_LINUX_IMMUTABLE"},
	{"ioctl", {3, 0x40086602, P(&nodump)}, NULL},
	/* namespaces */
	{"unshare", {CLONE_NEWNS}, "CAP_SYS_ADMIN"},
	{"unshare", {CLONE_NEWNS | CLONE_NEWUSER}, NULL},
	{"unshare", {CLONE_FILES}, NULL},
	{"unshare", {CLONE_NEWTIME}, "CAP_SYS_ADMIN"},
	{"clone", {SIGCHLD}, NULL},
	{"clone", {CLONE_NEWPID | SIGCHLD}, "CAP_SYS_ADMIN"},
	{"clone3", {P(&new_net), sizeof(new_net)}, "CAP_SYS_ADMIN"},
	{"clone3", {P(&new_user_net), sizeof(new_user_net)}, NULL},
	/* time, log, and others */
	{"clock_settime", {CLOCK_REALTIME}, "CAP_SYS_TIME"},
	{"adjtimex", {P(&reads)}, NULL},
	{"adjtimex", {P(&sets)}, "CAP_SYS_TIME"},
	{"clock_adjtime", {CLOCK_REALTIME, P(&sets)}, "CAP_SYS_TIME"},
	{"timer_create", {CLOCK_MONOTONIC}, NULL},
	{"timer_create", {CLOCK_REALTIME_ALARM}, "CAP_WAKE_ALARM"},
	{"timerfd_create", {CLOCK_BOOTTIME_ALARM}, "CAP_WAKE_ALARM"},
	{"syslog", {5}, "CAP_SYSLOG"},
	{"prctl", {PR_CAPBSET_DROP, 1}, "CAP_SETPCAP"},
	{"prctl", {PR_SET_NAME}, NULL},
	{"prctl", {PR_SET_MM}, "CAP_SYS_RESOURCE"},
	{"seccomp", {0}, NULL},
	{"fanotify_init", {FAN_CLASS_NOTIF}, "CAP_SYS_ADMIN"},
	{"fanotify_init", {FAN_REPORT_FID}, NULL},
	{"open_tree", {0, 0, OPEN_TREE_CLONE}, "CAP_SYS_ADMIN"},
	{"open_tree", {0, 0, 0}, NULL},
};

static uint64_t argument(uint64_t value)
{
	if (value == OTHER)
		return (uint64_t)other;
	return value == US ? (uint64_t)getpid() : value;
}

static void make_files(void)
{
	make_file("ours", "");
	make_file("theirs", "");
	cr_assert_eq(chown(in_scratch("theirs"), 1234, 1234), 0);
	make_link("link", "theirs");
	cr_assert_eq(chdir(scratch), 0);
}

static void check_calls(const __typeof__(calls[0]) *row, size_t number)
{
	struct watch_call call = {.thread = getpid()};
	struct watch_process process = {.pid = getpid(), .name = "x"};
	/* Root without any file of its own to fall back on: endless limits need nothing. */
	struct rlimit small = {.rlim_cur = 65536, .rlim_max = 65536}, files = {512, 512};
	const char *got;

	(void)number;
	make_files();
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &small), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	for (unsigned i = 0; i < WATCH_ARGS; i++)
		call.args[i] = argument(row->args[i]);
	got = watch_capability(row->call, &call, &process);
	cr_expect(got == row->wanted || (got && row->wanted && !strcmp(got, row->wanted)),
		  "%s (row %zu): %s, wanted %s", row->call, number, got ? got : "none",
		  row->wanted ? row->wanted : "none");
	/* Who has all of them is asked for none. */
	process.capabilities = ~0ULL;
	got = watch_capability(row->call, &call, &process);
	cr_expect_null(got, "%s: %s although it has it", row->call, got);
	cr_expect_eq(chdir("/"), 0);
}

ROWS(watch_privilege, calls)

/* Every call that is listed can be said something of, in some row or always. */
Test(watch_privilege, list_and_table_agree)
{
	size_t listed = 0;

	for (size_t i = 0; watch_privileged[i]; i++)
		if (i)
			cr_expect(strcmp(watch_privileged[i - 1], watch_privileged[i]) < 0, "%s",
				  watch_privileged[i]);
	for (size_t i = 0; i < hr_count(calls); i++) {
		bool is = false;

		for (size_t j = 0; watch_privileged[j]; j++)
			is = is || !strcmp(watch_privileged[j], calls[i].call);
		cr_expect(is || !calls[i].wanted, "%s is not listed", calls[i].call);
		listed += is;
	}
	cr_expect_gt(listed, 100);
}

/* --- In a user namespace ---------------------------------------------------------------------- */

static pid_t in_namespace(void)
{
	char path[64], ready;
	int ends[2], go[2];
	pid_t pid;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(unshare(CLONE_NEWUSER) || write(ends[1], "x", 1) != 1 ||
		      read(go[0], &ready, 1) != 1 || setresuid(0, 0, 0) ||
		      write(ends[1], "x", 1) != 1 || pause());
	}
	cr_assert_eq(read(ends[0], &ready, 1), 1);
	for (int i = 0; i < 2; i++) {
		hr_autoclose int fd = -1;

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, i ? "gid_map" : "uid_map");
		fd = open(path, O_WRONLY | O_CLOEXEC);
		cr_assert_eq(write(fd, "0 100000 65536\n", 15), 15);
	}
	cr_assert_eq(write(go[1], "x", 1), 1);
	cr_assert_eq(read(ends[0], &ready, 1), 1);
	return pid;
}

Test(watch_privilege, ids_as_the_container_counts)
{
	pid_t pid = in_namespace();
	struct watch_call call = {.thread = pid};
	struct watch_process process;

	cr_assert(watch_process(&call, &process));
	cr_expect_eq(process.uid, 100000);
	process.capabilities = 0;
	cr_expect_null(watch_capability("setuid", &call, &process), "its own 0");
	call.args[0] = 100000;
	cr_expect_null(watch_capability("setuid", &call, &process), "it has no such id");
	call.args[0] = 7;
	cr_expect_str_eq(watch_capability("setuid", &call, &process), "CAP_SETUID");
	/* All of its own capabilities, and none of the host's. */
	process.capabilities = ~0ULL;
	cr_expect_null(watch_capability("setuid", &call, &process));
	cr_expect_null(watch_capability("mount", &call, &process));
	cr_expect_str_eq(watch_capability("settimeofday", &call, &process), "CAP_SYS_TIME");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The port from which on binding is free is that of the caller's network namespace. */
Test(watch_privilege, ports_of_the_network_namespace)
{
	struct watch_process process = {.name = "x"};
	struct watch_call call = {.args = {3, P(&port80), sizeof(port80)}};
	char ready;
	int ends[2];
	pid_t pid;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		int fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET))
			_exit(1);
		fd = open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC);
		_exit(write(fd, "80\n", 3) != 3 || write(ends[1], "x", 1) != 1 || pause());
	}
	close(ends[1]);
	cr_assert_eq(read(ends[0], &ready, 1), 1, "no network namespace to be had");
	call.thread = process.pid = pid;
	cr_expect_null(watch_capability("bind", &call, &process));
	call.thread = process.pid = getpid();
	cr_expect_str_eq(watch_capability("bind", &call, &process), "CAP_NET_BIND_SERVICE");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(watch_privilege, nobody_is_asked_for_nothing)
{
	const struct watch_call call = {.thread = 0};
	const struct watch_process gone = {.name = "?"};

	cr_expect_null(watch_capability("mount", &call, &gone));
}
