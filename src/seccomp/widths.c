/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The int arguments of system calls that profiles put conditions on, from the prototypes in
 * the kernel's include/linux/syscalls.h. clone takes a long and casts it (kernel_clone_args,
 * since 5.5).
 */
#include "seccomp/widths.h"

#include "base/cleanup.h"

#include <string.h>

static const struct {
	const char *call;
	unsigned ints; /* bit N: argument N */
} widths[] = {
	{"accept", 0x1},
	{"accept4", 0x9},
	{"access", 0x2},
	{"arch_prctl", 0x1},
	{"bind", 0x5},
	{"bpf", 0x5},
	{"chmod", 0x2},
	{"clock_adjtime", 0x1},
	{"clock_settime", 0x1},
	{"clone", 0x1},
	{"connect", 0x5},
	{"dup2", 0x3},
	{"dup3", 0x7},
	{"epoll_ctl", 0x7},
	{"eventfd2", 0x3},
	{"execveat", 0x11},
	{"faccessat", 0x5},
	{"faccessat2", 0xD},
	{"fanotify_init", 0x3},
	{"fanotify_mark", 0xB},
	{"fchmod", 0x3},
	{"fchmodat", 0x5},
	{"fchmodat2", 0xD},
	{"fcntl", 0x3},
	{"finit_module", 0x5},
	{"flock", 0x3},
	{"futex", 0x26},
	{"getsockopt", 0x7},
	{"io_uring_setup", 0x1},
	{"ioctl", 0x3},
	{"iopl", 0x1},
	{"ioprio_set", 0x7},
	{"keyctl", 0x1},
	{"kill", 0x3},
	{"linkat", 0x15},
	{"listen", 0x3},
	{"lseek", 0x5},
	{"madvise", 0x4},
	{"membarrier", 0x7},
	{"memfd_create", 0x2},
	{"mkdir", 0x2},
	{"mkdirat", 0x5},
	{"mknod", 0x6},
	{"mknodat", 0xD},
	{"mlock2", 0x4},
	{"mlockall", 0x1},
	{"modify_ldt", 0x1},
	{"msgget", 0x3},
	{"open", 0x6},
	{"openat", 0xD},
	{"perf_event_open", 0xE},
	{"personality", 0x1},
	{"pidfd_getfd", 0x7},
	{"pidfd_open", 0x3},
	{"pidfd_send_signal", 0xB},
	{"pipe2", 0x2},
	{"prctl", 0x1},
	{"prlimit64", 0x3},
	{"process_madvise", 0x19},
	{"quotactl", 0x1},
	{"reboot", 0x7},
	{"recvfrom", 0x9},
	{"recvmsg", 0x5},
	{"renameat2", 0x15},
	{"sched_setscheduler", 0x3},
	{"seccomp", 0x3},
	{"semget", 0x7},
	{"sendmsg", 0x5},
	{"sendto", 0x29},
	{"setns", 0x3},
	{"setpriority", 0x7},
	{"setresgid", 0x7},
	{"setresuid", 0x7},
	{"setrlimit", 0x1},
	{"setsockopt", 0x17},
	{"setuid", 0x1},
	{"setgid", 0x1},
	{"shmget", 0x5},
	{"shutdown", 0x3},
	{"socket", 0x7},
	{"socketpair", 0x7},
	{"syslog", 0x5},
	{"tgkill", 0x7},
	{"timerfd_create", 0x3},
	{"tkill", 0x3},
	{"umount2", 0x2},
	{"unlinkat", 0x5},
	{"userfaultfd", 0x1},
	{"wait4", 0x5},
	{"waitid", 0x9},
};

unsigned widths_ints(const char *call)
{
	for (size_t i = 0; i < hr_count(widths); i++)
		if (strcmp(widths[i].call, call) == 0)
			return widths[i].ints;
	return 0;
}
