/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are in a learned profile although nobody called them, and where names stand. */
#include "base/cleanup.h"
#include "seccomp/recording_data.h"

#include <string.h>

/*
 * The start of a program, its memory, locks and signals with any C library. write,
 * restart_syscall and rt_sigreturn are never seen (watched.c). rt_sigsuspend hangs on time: a shell
 * makes it only where its child has not ended yet, and spins without it. A program that a tracer on
 * the host watches is killed without uretprobe and uprobe.
 */
const char *const seccomp_floor[] = {
	"read",		  "write",	   "close",	 "mmap",
	"munmap",	  "brk",	   "futex",	 "rt_sigaction",
	"rt_sigprocmask", "exit",	   "exit_group", "clock_gettime",
	"rt_sigreturn",	  "rt_sigsuspend", "sigreturn",	 "restart_syscall",
	"uretprobe",	  "uprobe",	   NULL};

/* Measured with runc 1.1 (Go, which may start a thread or collect garbage meanwhile) and
 * crun 1.8; see LIMITS in hardrun-seccomp(5). */
const char *const recording_runtimes[] = {
	"close",	  "write",	  "getpid",	 "openat",     "fstatfs",
	"getdents64",	  "futex",	  "execve",	 "umask",      "read",
	"fcntl",	  "mmap",	  "munmap",	 "madvise",    "rt_sigaction",
	"rt_sigprocmask", "rt_sigreturn", "sigaltstack", "gettid",     "tgkill",
	"nanosleep",	  "epoll_ctl",	  "epoll_pwait", "newfstatat", "exit_group",
	"sched_yield",	  "clone",	  NULL};

/*
 * Where glibc 2.36 and 2.41, musl and Go make different calls for the same function. Kept short:
 * each of these is one more call that a container can make and was not seen to need.
 */
const struct recording_family recording_families[] = {
	{{"open", "openat"}},
	{{"stat", "fstat", "newfstatat"}},
	{{"fork", "vfork"}},
	{{"fork", "clone"}},
	{{"wait4", "waitid"}},
	{{"poll", "ppoll"}},
	{{"select", "pselect6"}},
	{{"epoll_wait", "epoll_pwait"}},
	{{"epoll_create", "epoll_create1"}},
	{{"pipe", "pipe2"}},
	{{"dup2", "dup3"}},
	{{"tkill", "tgkill"}},
	{{"nanosleep", "clock_nanosleep"}},
	{{"faccessat", "faccessat2"}},
	{{NULL}},
};

/* aarch64 and riscv64 never had the older of these forms, so that is what the others become
 * there. */
const struct recording_family recording_younger[] = {
	{{"open", "openat"}},
	{{"stat", "lstat", "newfstatat"}},
	{{"access", "faccessat", "faccessat2"}},
	{{"readlink", "readlinkat"}},
	{{"mkdir", "mkdirat"}},
	{{"unlink", "rmdir", "unlinkat"}},
	{{"rename", "renameat", "renameat2"}},
	{{"link", "linkat"}},
	{{"symlink", "symlinkat"}},
	{{"chmod", "fchmodat"}},
	{{"chown", "lchown", "fchownat"}},
	{{"utime", "utimes", "utimensat"}},
	{{"getdents", "getdents64"}},
	{{"poll", "ppoll"}},
	{{"select", "pselect6"}},
	{{"epoll_create", "epoll_create1"}},
	{{"epoll_wait", "epoll_pwait"}},
	{{"pipe", "pipe2"}},
	{{"dup2", "dup3"}},
	{{"inotify_init", "inotify_init1"}},
	{{"alarm", "setitimer"}},
	{{"pause", "rt_sigsuspend"}},
	{{"getpgrp", "getpgid"}},
	{{"time", "gettimeofday"}},
	{{"getrlimit", "prlimit64"}},
	{{"setrlimit", "prlimit64"}},
	{{NULL}},
};

/* What the names of a part begin with, or are ("=NAME"). */
static const struct {
	const char *title;
	const char *names;
} sections[RECORDING_SECTIONS] = {
	{"Files", ""},
	{"Events", " =poll =ppoll =select =_newselect =pselect6 epoll_ eventfd signalfd timerfd_ "
		   "inotify_ fanotify_ io_uring_ =io_setup =io_submit =io_destroy =io_cancel "
		   "=io_getevents =io_pgetevents "},
	{"Memory", " =brk =mmap =munmap =mremap =mprotect =msync =madvise =membarrier =mseal "
		   "=map_shadow_stack mlock munlock pkey_ shm sem msg mq_ =mbind =set_mempolicy "
		   "=get_mempolicy =memfd_secret =mincore =set_mempolicy_home_node =move_pages "
		   "=migrate_pages =remap_file_pages =process_madvise =userfaultfd "},
	{"Processes and threads",
	 " =fork =vfork =clone =clone3 execve exit wait =set_tid_address =set_robust_list "
	 "=get_robust_list =rseq futex pidfd_ =getpid =getppid =gettid =getpgid =getpgrp =getsid "
	 "=setpgid =setsid =arch_prctl =prctl =uretprobe =uprobe sched_ =getpriority "
	 "=setpriority =getcpu prlimit =getrusage =times =sysinfo =uname =getrlimit =setrlimit "
	 "landlock_ =seccomp =getrandom =personality =ptrace process_vm_ =kcmp =unshare =setns "
	 "riscv_ ioprio_ =set_thread_area =get_thread_area "},
	{"Users, groups, capabilities",
	 " =getuid =geteuid =getgid =getegid =getgroups getres =setuid =setgid =setgroups "
	 "=setreuid =setregid =setresuid =setresgid =setfsuid =setfsgid =capget =capset "},
	{"Signals", " rt_sig =sigaltstack =kill =tkill =tgkill =pause =restart_syscall "},
	{"Time",
	 " =time =gettimeofday clock_ =nanosleep =alarm =setitimer =getitimer timer_ =adjtimex "
	 "=settimeofday =stime "},
	{"Network",
	 " =socket =socketpair =bind =connect =listen accept =shutdown =getsockname "
	 "=getpeername =getsockopt =setsockopt =send =sendto =sendmsg =sendmmsg =recv =recvfrom "
	 "=recvmsg =recvmmsg =socketcall "},
	{"Devices", " =ioctl "},
};

static bool stands_in(const char *call, const char *names)
{
	size_t len;

	for (names += strspn(names, " "); *names != '\0'; names += strspn(names, " ")) {
		bool whole = *names == '=';

		names += whole;
		len = strcspn(names, " ");
		if (strncmp(call, names, len) == 0 && (!whole || call[len] == '\0'))
			return true;
		names += len;
	}
	return false;
}

unsigned recording_section(const char *call)
{
	for (unsigned i = 1; i < RECORDING_SECTIONS; i++)
		if (stands_in(call, sections[i].names))
			return i;
	return 0;
}

const char *recording_section_title(unsigned section)
{
	return sections[section].title;
}
