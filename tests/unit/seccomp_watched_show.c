/* SPDX-License-Identifier: Apache-2.0 */
/* Calls as people read them. */
#include "seccomp/show_call.h"
#include "seccomp/watched.h"
#include "unit.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define LONGEST 120

static const struct {
	const char *call, *shown;
	uint64_t args[6];
} rows[] = {
	{"socket", "socket(AF_ALG, SOCK_SEQPACKET, 0)", {38, 5, 0}},
	{"socket", "socket(AF_ALG, SOCK_SEQPACKET|SOCK_CLOEXEC, 0)", {38, 5 | SOCK_CLOEXEC, 0}},
	{"socket",
	 "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_MPTCP)",
	 {2, 1 | SOCK_CLOEXEC | SOCK_NONBLOCK, 262}},
	{"socket", "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)", {2, 3, 1}},
	{"socket", "socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)", {10, 3, 58}},
	{"socket", "socket(AF_INET, SOCK_DGRAM, 0)", {2, 2, 0}},
	{"socket", "socket(AF_INET, SOCK_STREAM, 0x63)", {2, 1, 99}},
	{"socket", "socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)", {16, 3, 9}},
	{"socket", "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)", {16, 3, 0}},
	{"socket", "socket(AF_NETLINK, SOCK_DGRAM, 0x1e)", {16, 2, 30}},
	{"socket", "socket(AF_PACKET, SOCK_RAW, ETH_P_ALL)", {17, 3, 0x300}},
	{"socket", "socket(AF_VSOCK, SOCK_STREAM, 0)", {40, 1, 0}},
	{"socket", "socket(AF_PPPOX, SOCK_STREAM, 0)", {24, 1, 0}},
	{"socket", "socket(0x3f, 0, 0)", {63, 0, 0}},
	{"socket", "socket(AF_UNSPEC, 0xf, 7)", {0, 15, 7}},
	/* The kernel reads ints. */
	{"socket", "socket(AF_UNIX, SOCK_STREAM, 0)", {0x500000001, 0x100000001, 1ULL << 40}},
	{"socket", "socket(AF_UNIX, SOCK_STREAM|0x100, 0)", {1, 0x101, 0}},
	{"socketpair", "socketpair(AF_INET, SOCK_STREAM, 0)", {2, 1, 0, 0x7fff0000}},
	{"clone", "clone(flags: CLONE_NEWUSER)", {CLONE_NEWUSER | 17}},
	{"clone", "clone(flags: CLONE_NEWNS|CLONE_NEWPID)", {CLONE_NEWPID | CLONE_NEWNS | 17, 1}},
	{"clone", "clone(flags: 0)", {17}},
	{"clone", "clone(flags: CLONE_VFORK|CLONE_VM)", {CLONE_VM | CLONE_VFORK | 17}},
	{"clone",
	 "clone(flags: CLONE_THREAD|CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_SYSVSEM|"
	 "0x380000)",
	 {0x3D0F00}},
	{"clone",
	 "clone(flags: CLONE_NEWUSER|CLONE_NEWNS|CLONE_NEWPID|CLONE_NEWNET|CLONE_NEWIPC|"
	 "0x6000000)",
	 {0x7E020011}},
	{"clone3", "clone3(...)", {0x7ffff000, 88}},
	{"unshare", "unshare(flags: CLONE_NEWUSER)", {CLONE_NEWUSER}},
	{"unshare", "unshare(flags: CLONE_NEWNS|CLONE_NEWTIME)", {CLONE_NEWNS | 0x80}},
	{"unshare", "unshare(flags: 0)", {0}},
	{"setns", "setns(type: CLONE_NEWNET)", {7, CLONE_NEWNET}},
	{"setns", "setns(type: 0)", {7, 0}},
	{"ioctl", "ioctl(request: TIOCSTI)", {0, TIOCSTI, 0x7fff}},
	{"ioctl", "ioctl(request: TIOCLINUX)", {0, 0x541C}},
	{"ioctl", "ioctl(request: TUNSETIFF)", {3, 0x400454CA}},
	{"ioctl", "ioctl(request: SIOCSIFFLAGS)", {3, 0x8914}},
	{"ioctl", "ioctl(request: BLKGETSIZE64)", {3, 0x80081272}},
	/* musl extends the sign. */
	{"ioctl", "ioctl(request: TIOCGPTN)", {3, 0xFFFFFFFF80045430}},
	{"ioctl", "ioctl(request: 0xdeadbeef)", {3, 0xDEADBEEF}},
	{"prctl", "prctl(option: PR_SET_MM)", {35, 6}},
	{"prctl", "prctl(option: PR_SET_PTRACER)", {0x59616D61, 1}},
	{"prctl", "prctl(option: PR_MCE_KILL)", {33}},
	{"prctl", "prctl(option: 0x270f)", {9999}},
	{"arch_prctl", "arch_prctl(code: ARCH_SHSTK_UNLOCK)", {0x5004}},
	{"arch_prctl", "arch_prctl(code: 0x1012)", {0x1012}},
	{"personality", "personality(persona: ADDR_NO_RANDOMIZE)", {0x40000}},
	{"personality", "personality(persona: PER_QUERY)", {0xFFFFFFFF}},
	{"personality", "personality(persona: 0x400000)", {0x400000}},
	{"mknod", "mknod(mode: S_IFCHR|0666)", {0x1000, 020666, 0x103}},
	{"mknod", "mknod(mode: S_IFBLK|0600)", {0x1000, 060600}},
	{"mknod", "mknod(mode: 0644)", {0x1000, 0644}},
	{"mknodat", "mknodat(mode: S_IFCHR|0)", {0xFFFFFF9C, 0x1000, 020000}},
	{"setsockopt", "setsockopt(level: SOL_TCP, option: TCP_ULP)", {3, 6, 31}},
	{"setsockopt", "setsockopt(level: SOL_TCP, option: TCP_MD5SIG)", {3, 6, 14}},
	{"setsockopt", "setsockopt(level: SOL_UDP, option: UDP_ENCAP)", {3, 17, 100}},
	{"setsockopt",
	 "setsockopt(level: SOL_SOCKET, option: SO_REUSEADDR)",
	 {3, SOL_SOCKET, SO_REUSEADDR}},
	{"setsockopt", "setsockopt(level: SOL_ALG, option: 1)", {3, 279, 1}},
	{"setsockopt", "setsockopt(level: 0x1000, option: 0x20)", {3, 4096, 32}},
	{"ptrace", "ptrace(request: PTRACE_TRACEME)", {0}},
	{"ptrace", "ptrace(request: PTRACE_ATTACH)", {16, 1}},
	{"ptrace", "ptrace(request: PTRACE_SEIZE)", {0x4206, 1}},
	{"ptrace", "ptrace(request: 0x4321)", {0x4321}},
	{"bpf", "bpf(command: BPF_PROG_LOAD)", {5, 0x7fff, 128}},
	{"bpf", "bpf(command: 0x63)", {99}},
	{"keyctl", "keyctl(operation: KEYCTL_JOIN_SESSION_KEYRING)", {1}},
	{"keyctl", "keyctl(operation: KEYCTL_READ)", {11, 5}},
	{"seccomp",
	 "seccomp(operation: SECCOMP_SET_MODE_FILTER, flags: SECCOMP_FILTER_FLAG_NEW_LISTENER)",
	 {1, 8, 0x7fff}},
	{"openat", "openat(flags: O_WRONLY|O_CREAT|O_TRUNC)", {0, 0, O_WRONLY | O_CREAT | O_TRUNC}},
	{"open", "open(flags: O_RDONLY)", {0x7fff, 0}},
	{"open", "open(flags: O_TMPFILE|O_RDWR)", {0x7fff, O_TMPFILE | O_RDWR}},
	{"open_by_handle_at", "open_by_handle_at(flags: O_RDONLY)", {3, 0x7fff, 0}},
	{"mmap",
	 "mmap(prot: PROT_READ|PROT_WRITE|PROT_EXEC, flags: MAP_PRIVATE|MAP_ANONYMOUS)",
	 {0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS}},
	{"mprotect", "mprotect(prot: PROT_EXEC)", {0x7f00, 4096, 4}},
	{"mprotect", "mprotect(prot: PROT_NONE)", {0x7f00, 4096, 0}},
	{"reboot", "reboot(command: LINUX_REBOOT_CMD_RESTART)", {0xfee1dead, 672274793, 0x1234567}},
	{"reboot", "reboot(command: LINUX_REBOOT_CMD_CAD_OFF)", {0xfee1dead, 672274793, 0}},
	{"syslog", "syslog(action: SYSLOG_ACTION_READ_ALL)", {3, 0x7fff, 10}},
	{"quotactl", "quotactl(command: Q_GETQUOTA)", {0x80000700}},
	{"iopl", "iopl(3)", {3}},
	{"ioperm", "ioperm(from: 0x80, count: 1, on: 1)", {0x80, 1, 1}},
	{"clock_settime", "clock_settime(clock: CLOCK_REALTIME)", {0}},
	{"sched_setscheduler", "sched_setscheduler(policy: SCHED_FIFO)", {0, 1}},
	{"set_mempolicy", "set_mempolicy(mode: MPOL_BIND)", {2}},
	{"userfaultfd", "userfaultfd(flags: UFFD_USER_MODE_ONLY|O_CLOEXEC)", {1 | O_CLOEXEC}},
	{"perf_event_open", "perf_event_open(cpu: -1, flags: 8)", {0x7fff, 0, 0xFFFFFFFF, -1U, 8}},
	{"io_uring_setup", "io_uring_setup(entries: 32)", {32, 0x7fff}},
	{"io_setup", "io_setup(128)", {128, 0x7fff}},
	{"umount2", "umount2(flags: MNT_DETACH)", {0x7fff, 2}},
	{"kcmp", "kcmp(type: KCMP_FILE)", {1, 2, 0}},
	{"kill", "kill(signal: SIGKILL)", {1, 9}},
	{"tgkill", "tgkill(signal: SIGABRT)", {1, 1, 6}},
	{"kill", "kill(signal: 64)", {1, 64}},
	{"setuid", "setuid(0)", {0}},
	{"setresgid", "setresgid(33, 33, -1)", {33, 33, 0xFFFFFFFF}},
	{"mount", "mount(...)", {1, 2, 3, 4, 5}},
	{"chroot", "chroot(...)", {1}},
	{"vhangup", "vhangup()", {1}},
	{"frobnicate", "frobnicate(...)", {1}},
};

static void check_rows(const void *row, size_t at)
{
	text_auto struct text text = {0};

	(void)row;
	seccomp_show_call(rows[at].call, rows[at].args, &text);
	cr_expect_str_eq(text.data, rows[at].shown);
	cr_expect_leq(text.len, LONGEST);
}
ROWS(seccomp_watched_show, rows)

/* What is in `text` stays. */
Test(seccomp_watched_show, is_added_to_a_text)
{
	const uint64_t args[6] = {3};
	text_auto struct text text = {0};

	text_adds(&text, "1 ");
	seccomp_show_call("iopl", args, &text);
	cr_expect_str_eq(text.data, "1 iopl(3)");
}

/* Every call with all bits, single bits and none: plain, short, and closed at its end. */
Test(seccomp_watched_show, is_plain_and_short_for_every_call)
{
	char name[NAMES_SIZE];

	for (int nr = 0; nr < NAMES_NUMBERS; nr++) {
		if (!seccomp_call_name(nr, seccomp_native(), name))
			continue;
		for (unsigned bit = 0; bit <= 65; bit++) {
			uint64_t value = bit < 64 ? 1ULL << bit : bit == 64 ? 0 : UINT64_MAX;
			const uint64_t args[6] = {value, value, value, value, value, value};
			text_auto struct text text = {0};

			seccomp_show_call(name, args, &text);
			cr_assert_leq(text.len, LONGEST, "%s", text.data);
			cr_assert(text_starts(text.data, name) && text_ends(text.data, ")"), "%s",
				  text.data);
			for (const char *at = text.data; *at; at++)
				cr_assert(*at >= ' ' && *at < 127, "%s", text.data);
		}
	}
}

/* bsearch needs it: each call of the table is found, and what is shown of it exists. */
Test(seccomp_watched_show, finds_every_call_of_the_rows)
{
	for (size_t i = 0; i < hr_count(rows); i++)
		cr_expect(shown_find(rows[i].call) || shown_none(rows[i].call) ||
				  text_ends(rows[i].shown, "(...)"),
			  "%s", rows[i].call);
}
