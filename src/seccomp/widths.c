/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The int arguments of system calls that profiles put conditions on, from the prototypes in
 * the kernel's include/linux/syscalls.h. clone takes a long and casts it (kernel_clone_args,
 * since 5.5).
 */
#include "seccomp/widths.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static const struct width {
	const char *call;
	unsigned ints; /* bit N: argument N */
} widths[] = {
	/* In the order of their bytes, which a test sees to. */
	/* clang-format off */
	{"accept", 0x1}, {"accept4", 0x9}, {"access", 0x2}, {"alarm", 0x1},
	{"arch_prctl", 0x1}, {"bind", 0x5}, {"bpf", 0x5}, {"chmod", 0x2}, {"chown", 0x6},
	{"clock_adjtime", 0x1}, {"clock_getres", 0x1}, {"clock_gettime", 0x1},
	{"clock_nanosleep", 0x3}, {"clock_settime", 0x1}, {"clone", 0x1}, {"close", 0x1},
	{"close_range", 0x7}, {"connect", 0x5}, {"copy_file_range", 0x25}, {"creat", 0x2},
	{"delete_module", 0x2}, {"dup", 0x1}, {"dup2", 0x3}, {"dup3", 0x7},
	{"epoll_create", 0x1}, {"epoll_create1", 0x1}, {"epoll_ctl", 0x7},
	{"epoll_pwait", 0xD}, {"epoll_wait", 0xD}, {"eventfd2", 0x3}, {"execveat", 0x11},
	{"exit", 0x1}, {"exit_group", 0x1}, {"faccessat", 0x5}, {"faccessat2", 0xD},
	{"fadvise64", 0x9}, {"fallocate", 0x3}, {"fanotify_init", 0x3}, {"fanotify_mark", 0xB},
	{"fchdir", 0x1}, {"fchmod", 0x3}, {"fchmodat", 0x5}, {"fchmodat2", 0xD},
	{"fchown", 0x7}, {"fchownat", 0x1D}, {"fcntl", 0x3}, {"fdatasync", 0x1},
	{"fgetxattr", 0x1}, {"finit_module", 0x5}, {"flistxattr", 0x1}, {"flock", 0x3},
	{"fremovexattr", 0x1}, {"fsconfig", 0x13}, {"fsetxattr", 0x11}, {"fsmount", 0x7},
	{"fsopen", 0x2}, {"fspick", 0x5}, {"fstat", 0x1}, {"fstatfs", 0x1}, {"fsync", 0x1},
	{"ftruncate", 0x1}, {"futex", 0x26}, {"futimesat", 0x1}, {"getdents", 0x5},
	{"getdents64", 0x5}, {"getgroups", 0x1}, {"getitimer", 0x1}, {"getpeername", 0x1},
	{"getpgid", 0x1}, {"getpriority", 0x3}, {"getrandom", 0x4}, {"getrlimit", 0x1},
	{"getrusage", 0x1}, {"getsid", 0x1}, {"getsockname", 0x1}, {"getsockopt", 0x7},
	{"inotify_add_watch", 0x5}, {"inotify_init1", 0x1}, {"inotify_rm_watch", 0x3},
	{"io_uring_enter", 0xF}, {"io_uring_register", 0xB}, {"io_uring_setup", 0x1},
	{"ioctl", 0x3}, {"ioperm", 0x4}, {"iopl", 0x1}, {"ioprio_get", 0x3},
	{"ioprio_set", 0x7}, {"kcmp", 0x7}, {"kexec_file_load", 0x3}, {"keyctl", 0x1},
	{"kill", 0x3}, {"landlock_add_rule", 0xB}, {"landlock_create_ruleset", 0x4},
	{"landlock_restrict_self", 0x3}, {"lchown", 0x6}, {"linkat", 0x15}, {"listen", 0x3},
	{"lseek", 0x5}, {"lsetxattr", 0x10}, {"madvise", 0x4}, {"mbind", 0x20},
	{"membarrier", 0x7}, {"memfd_create", 0x2}, {"memfd_secret", 0x1}, {"mkdir", 0x2},
	{"mkdirat", 0x5}, {"mknod", 0x6}, {"mknodat", 0xD}, {"mlock2", 0x4}, {"mlockall", 0x1},
	{"modify_ldt", 0x1}, {"mount_setattr", 0x5}, {"move_mount", 0x15}, {"msgctl", 0x3},
	{"msgget", 0x3}, {"msgrcv", 0x11}, {"msgsnd", 0x9}, {"msync", 0x4},
	{"name_to_handle_at", 0x11}, {"newfstatat", 0x9}, {"open", 0x6},
	{"open_by_handle_at", 0x5}, {"open_tree", 0x5}, {"openat", 0xD}, {"openat2", 0x1},
	{"perf_event_open", 0xE}, {"personality", 0x1}, {"pidfd_getfd", 0x7},
	{"pidfd_open", 0x3}, {"pidfd_send_signal", 0xB}, {"pipe2", 0x2}, {"pkey_free", 0x1},
	{"pkey_mprotect", 0x8}, {"poll", 0x6}, {"ppoll", 0x2}, {"prctl", 0x1},
	{"pread64", 0x1}, {"prlimit64", 0x3}, {"process_madvise", 0x19},
	{"process_mrelease", 0x3}, {"pselect6", 0x1}, {"pwrite64", 0x1}, {"quotactl", 0x5},
	{"read", 0x1}, {"readahead", 0x1}, {"readlinkat", 0x9}, {"reboot", 0x7},
	{"recvfrom", 0x9}, {"recvmmsg", 0xD}, {"recvmsg", 0x5}, {"renameat", 0x5},
	{"renameat2", 0x15}, {"rt_sigaction", 0x1}, {"rt_sigprocmask", 0x1},
	{"rt_sigqueueinfo", 0x3}, {"sched_get_priority_max", 0x1},
	{"sched_get_priority_min", 0x1}, {"sched_getaffinity", 0x3}, {"sched_getattr", 0xD},
	{"sched_getparam", 0x1}, {"sched_getscheduler", 0x1}, {"sched_setaffinity", 0x3},
	{"sched_setattr", 0x5}, {"sched_setparam", 0x1}, {"sched_setscheduler", 0x3},
	{"seccomp", 0x3}, {"select", 0x1}, {"semctl", 0x7}, {"semget", 0x7}, {"semop", 0x5},
	{"semtimedop", 0x5}, {"sendmmsg", 0xD}, {"sendmsg", 0x5}, {"sendto", 0x29},
	{"setdomainname", 0x2}, {"setfsgid", 0x1}, {"setfsuid", 0x1}, {"setgid", 0x1},
	{"setgroups", 0x1}, {"sethostname", 0x2}, {"setitimer", 0x1}, {"setns", 0x3},
	{"setpgid", 0x3}, {"setpriority", 0x7}, {"setregid", 0x3}, {"setresgid", 0x7},
	{"setresuid", 0x7}, {"setreuid", 0x3}, {"setrlimit", 0x1}, {"setsockopt", 0x17},
	{"setuid", 0x1}, {"setxattr", 0x10}, {"shmat", 0x5}, {"shmctl", 0x3}, {"shmget", 0x5},
	{"shutdown", 0x3}, {"signalfd4", 0x9}, {"socket", 0x7}, {"socketpair", 0x7},
	{"splice", 0x25}, {"statx", 0xD}, {"symlinkat", 0x2}, {"sync_file_range", 0x9},
	{"syncfs", 0x1}, {"syslog", 0x5}, {"tee", 0xB}, {"tgkill", 0x7}, {"timer_create", 0x1},
	{"timer_delete", 0x1}, {"timer_getoverrun", 0x1}, {"timer_gettime", 0x1},
	{"timer_settime", 0x3}, {"timerfd_create", 0x3}, {"timerfd_gettime", 0x1},
	{"timerfd_settime", 0x3}, {"tkill", 0x3}, {"umask", 0x1}, {"umount2", 0x2},
	{"unlinkat", 0x5}, {"userfaultfd", 0x1}, {"utimensat", 0x9}, {"vmsplice", 0x9},
	{"wait4", 0x5}, {"waitid", 0x9}, {"write", 0x1},
	/* clang-format on */
};

static int by_name(const void *name, const void *width)
{
	return strcmp(name, ((const struct width *)width)->call);
}

unsigned widths_ints(const char *call)
{
	const struct width *found =
		bsearch(call, widths, hr_count(widths), sizeof(widths[0]), by_name);

	return found ? found->ints : 0;
}
