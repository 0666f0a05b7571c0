/* SPDX-License-Identifier: Apache-2.0 */
#include "ints.h"

#include "base/cleanup.h"

#include <string.h>

/*
 * The indices of the arguments that are int, unsigned int, pid_t, uid_t, umode_t, key_t,
 * clockid_t and the like in the kernel's SYSCALL_DEFINEs (6.x). clone's flags are unsigned
 * long, and cut by lower_32_bits(). What is long (ptrace, unshare, mount's flags, the file
 * descriptor of readv) is not here.
 */
static const struct {
	const char *call;
	const char *ints;
} table[] = {
	/* clang-format off */
	{"accept", "0"}, {"accept4", "03"}, {"access", "1"},
	{"alarm", "0"}, {"arch_prctl", "0"}, {"bind", "02"},
	{"bpf", "02"}, {"chmod", "1"}, {"chown", "12"},
	{"clock_adjtime", "0"}, {"clock_getres", "0"}, {"clock_gettime", "0"},
	{"clock_nanosleep", "01"}, {"clock_settime", "0"}, {"clone", "0"},
	{"close", "0"}, {"close_range", "012"}, {"connect", "02"},
	{"copy_file_range", "025"}, {"creat", "1"}, {"delete_module", "1"},
	{"dup", "0"}, {"dup2", "01"}, {"dup3", "012"},
	{"epoll_create", "0"}, {"epoll_create1", "0"}, {"epoll_ctl", "012"},
	{"epoll_pwait", "023"}, {"epoll_pwait2", "02"}, {"epoll_wait", "023"},
	{"eventfd2", "01"}, {"exit", "0"}, {"exit_group", "0"},
	{"faccessat", "02"}, {"faccessat2", "023"}, {"fadvise64", "03"},
	{"fallocate", "01"}, {"fanotify_init", "01"}, {"fanotify_mark", "013"},
	{"fchdir", "0"}, {"fchmod", "01"}, {"fchmodat", "02"},
	{"fchmodat2", "023"}, {"fchown", "012"}, {"fchownat", "0234"},
	{"fcntl", "01"}, {"fdatasync", "0"}, {"fgetxattr", "0"},
	{"finit_module", "02"}, {"flistxattr", "0"}, {"flock", "01"},
	{"fremovexattr", "0"}, {"fsconfig", "014"}, {"fsetxattr", "04"},
	{"fsmount", "012"}, {"fsopen", "1"}, {"fspick", "02"},
	{"fstat", "0"}, {"fstatfs", "0"}, {"fsync", "0"},
	{"ftruncate", "0"}, {"futex", "125"}, {"getdents", "02"},
	{"getdents64", "02"}, {"getgroups", "0"}, {"getitimer", "0"},
	{"getpeername", "0"}, {"getpgid", "0"}, {"getpriority", "01"},
	{"getrandom", "2"}, {"getrlimit", "0"}, {"getrusage", "0"},
	{"getsid", "0"}, {"getsockname", "0"}, {"getsockopt", "012"},
	{"inotify_add_watch", "02"}, {"inotify_init1", "0"}, {"inotify_rm_watch", "01"},
	{"ioctl", "01"}, {"ioperm", "2"}, {"iopl", "0"},
	{"kcmp", "012"}, {"kexec_file_load", "01"}, {"keyctl", "0"},
	{"kill", "01"}, {"landlock_add_rule", "013"}, {"landlock_create_ruleset", "2"},
	{"landlock_restrict_self", "01"}, {"lchown", "12"}, {"linkat", "024"},
	{"listen", "01"}, {"lseek", "02"}, {"lsetxattr", "4"},
	{"madvise", "2"}, {"map_shadow_stack", "2"}, {"membarrier", "012"},
	{"memfd_create", "1"}, {"mkdir", "1"}, {"mkdirat", "02"},
	{"mknod", "12"}, {"mknodat", "023"}, {"mlock2", "2"},
	{"mlockall", "0"}, {"mount_setattr", "02"}, {"move_mount", "024"},
	{"msync", "2"}, {"name_to_handle_at", "04"}, {"newfstatat", "03"},
	{"open", "12"}, {"open_by_handle_at", "02"}, {"open_tree", "02"},
	{"openat", "023"}, {"openat2", "0"}, {"perf_event_open", "123"},
	{"personality", "0"}, {"pidfd_getfd", "012"}, {"pidfd_open", "01"},
	{"pidfd_send_signal", "013"}, {"pipe2", "1"}, {"pkey_free", "0"},
	{"pkey_mprotect", "3"}, {"poll", "12"}, {"ppoll", "1"},
	{"prctl", "0"}, {"pread64", "0"}, {"preadv2", "5"},
	{"prlimit64", "01"}, {"process_madvise", "034"}, {"process_vm_readv", "0"},
	{"process_vm_writev", "0"}, {"pselect6", "0"}, {"pwrite64", "0"},
	{"pwritev2", "5"}, {"quotactl", "02"}, {"quotactl_fd", "012"},
	{"read", "0"}, {"readahead", "0"}, {"readlink", "2"},
	{"readlinkat", "03"}, {"reboot", "012"}, {"recvfrom", "03"},
	{"recvmmsg", "023"}, {"recvmsg", "02"}, {"renameat", "02"},
	{"renameat2", "024"}, {"rseq", "123"}, {"rt_sigaction", "0"},
	{"rt_sigprocmask", "0"}, {"rt_sigqueueinfo", "01"}, {"sched_get_priority_max", "0"},
	{"sched_get_priority_min", "0"}, {"sched_getaffinity", "01"}, {"sched_getattr", "023"},
	{"sched_getparam", "0"}, {"sched_getscheduler", "0"}, {"sched_setaffinity", "01"},
	{"seccomp", "01"}, {"select", "0"}, {"semctl", "012"},
	{"semget", "012"}, {"semop", "02"}, {"semtimedop", "02"},
	{"sendfile", "01"}, {"sendmmsg", "023"}, {"sendmsg", "02"},
	{"sendto", "035"}, {"setdomainname", "1"}, {"setgid", "0"},
	{"setgroups", "0"}, {"sethostname", "1"}, {"setitimer", "0"},
	{"setns", "01"}, {"setpgid", "01"}, {"setpriority", "012"},
	{"setregid", "01"}, {"setresgid", "012"}, {"setresuid", "012"},
	{"setreuid", "01"}, {"setrlimit", "0"}, {"setsockopt", "0124"},
	{"setuid", "0"}, {"setxattr", "4"}, {"shmat", "02"},
	{"shmctl", "01"}, {"shmget", "02"}, {"shutdown", "01"},
	{"signalfd4", "03"}, {"socket", "012"}, {"socketpair", "012"},
	{"splice", "025"}, {"statx", "023"}, {"swapon", "1"},
	{"symlinkat", "1"}, {"sync_file_range", "03"}, {"syncfs", "0"},
	{"syslog", "02"}, {"tgkill", "012"}, {"timer_create", "0"},
	{"timer_delete", "0"}, {"timer_getoverrun", "0"}, {"timer_gettime", "0"},
	{"timer_settime", "01"}, {"timerfd_create", "01"}, {"timerfd_gettime", "0"},
	{"timerfd_settime", "01"}, {"tkill", "01"}, {"umask", "0"},
	{"umount2", "1"}, {"unlinkat", "02"}, {"userfaultfd", "0"},
	{"utimensat", "03"}, {"wait4", "02"}, {"waitid", "013"},
	{"write", "0"},
	/* clang-format on */
};

unsigned ints_of(const char *call)
{
	unsigned ints = 0;

	for (size_t i = 0; i < hr_count(table); i++) {
		if (strcmp(table[i].call, call) != 0)
			continue;
		for (const char *index = table[i].ints; *index; index++)
			ints |= 1u << (*index - '0');
	}
	return ints;
}
