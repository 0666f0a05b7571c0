/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments of a call say something: numbers, never what a pointer leads to. */
#include "base/cleanup.h"
#include "seccomp/show_call.h"
#include "seccomp/show_call_names.h"

#include <stdlib.h>
#include <string.h>

/* clone takes its first two in the other order on s390x. */
#if defined(__s390x__)
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif

/* In the order of their bytes, which a test sees to. */
static const struct shown_call calls[] = {
	{"arch_prctl", false, {{"code", 0, SHOW_VALUE, NULL}}},
	{"bpf", false, {{"command", 0, SHOW_VALUE, &shown_bpf}}},
	{"chmod", false, {{"mode", 1, SHOW_MODE, NULL}}},
	{"clock_adjtime", false, {{"clock", 0, SHOW_VALUE, &shown_clocks}}},
	{"clock_settime", false, {{"clock", 0, SHOW_VALUE, &shown_clocks}}},
	{"clone", false, {{"flags", CLONE_FLAGS_AT, SHOW_CLONE, &shown_clone}}},
	{"creat", false, {{"mode", 1, SHOW_MODE, NULL}}},
	{"delete_module", false, {{"flags", 1, SHOW_FLAGS, &shown_open}}},
	{"execveat", false, {{"flags", 4, SHOW_VALUE, NULL}}},
	{"fanotify_init",
	 false,
	 {{"flags", 0, SHOW_VALUE, NULL}, {"event_flags", 1, SHOW_FLAGS, &shown_open}}},
	{"fanotify_mark", false, {{"flags", 1, SHOW_VALUE, NULL}}},
	{"fchmod", false, {{"mode", 1, SHOW_MODE, NULL}}},
	{"fchmodat", false, {{"mode", 2, SHOW_MODE, NULL}}},
	{"fchmodat2", false, {{"mode", 2, SHOW_MODE, NULL}}},
	{"fcntl", false, {{"command", 1, SHOW_NUMBER, NULL}}},
	{"finit_module", false, {{"flags", 2, SHOW_VALUE, NULL}}},
	{"fsconfig", false, {{"command", 1, SHOW_NUMBER, NULL}}},
	{"fsmount", false, {{"flags", 1, SHOW_VALUE, NULL}, {"attributes", 2, SHOW_VALUE, NULL}}},
	{"fsopen", false, {{"flags", 1, SHOW_VALUE, NULL}}},
	{"fspick", false, {{"flags", 2, SHOW_VALUE, NULL}}},
	{"futex", false, {{"operation", 1, SHOW_VALUE, NULL}}},
	{"get_mempolicy", false, {{"flags", 4, SHOW_VALUE, NULL}}},
	{"getsockopt",
	 false,
	 {{"level", 1, SHOW_VALUE, &shown_levels}, {"option", 2, SHOW_OPTION, NULL}}},
	{"io_setup", true, {{"value", 0, SHOW_NUMBER, NULL}}},
	{"io_uring_register", false, {{"operation", 1, SHOW_NUMBER, NULL}}},
	{"io_uring_setup", false, {{"entries", 0, SHOW_NUMBER, NULL}}},
	{"ioctl", false, {{"request", 1, SHOW_VALUE, NULL}}},
	{"ioperm",
	 false,
	 {{"from", 0, SHOW_VALUE, NULL},
	  {"count", 1, SHOW_NUMBER, NULL},
	  {"on", 2, SHOW_NUMBER, NULL}}},
	{"iopl", true, {{"value", 0, SHOW_NUMBER, NULL}}},
	{"ioprio_get", false, {{"which", 0, SHOW_VALUE, &shown_io_scopes}}},
	{"ioprio_set",
	 false,
	 {{"which", 0, SHOW_VALUE, &shown_io_scopes}, {"priority", 2, SHOW_VALUE, NULL}}},
	{"ipc", false, {{"call", 0, SHOW_NUMBER, NULL}}},
	{"kcmp", false, {{"type", 2, SHOW_VALUE, &shown_compared}}},
	{"kexec_file_load", false, {{"flags", 4, SHOW_VALUE, NULL}}},
	{"kexec_load", false, {{"flags", 3, SHOW_VALUE, NULL}}},
	{"keyctl", false, {{"operation", 0, SHOW_VALUE, &shown_keyctl}}},
	{"kill", false, {{"signal", 1, SHOW_SIGNAL, NULL}}},
	{"mbind",
	 false,
	 {{"mode", 2, SHOW_VALUE, &shown_memory_policies}, {"flags", 5, SHOW_VALUE, NULL}}},
	{"memfd_create", false, {{"flags", 1, SHOW_FLAGS, &shown_memfd}}},
	{"memfd_secret", false, {{"flags", 0, SHOW_FLAGS, &shown_open}}},
	{"mknod", false, {{"mode", 1, SHOW_MODE, NULL}}},
	{"mknodat", false, {{"mode", 2, SHOW_MODE, NULL}}},
	{"mlock2", false, {{"flags", 2, SHOW_VALUE, NULL}}},
	{"mlockall", false, {{"flags", 0, SHOW_FLAGS, &shown_lock}}},
	{"mmap",
	 false,
	 {{"prot", 2, SHOW_FLAGS, &shown_protections}, {"flags", 3, SHOW_FLAGS, &shown_map}}},
	{"modify_ldt", false, {{"function", 0, SHOW_NUMBER, NULL}}},
	{"mount_setattr", false, {{"flags", 2, SHOW_VALUE, NULL}}},
	{"move_mount", false, {{"flags", 4, SHOW_VALUE, NULL}}},
	{"mprotect", false, {{"prot", 2, SHOW_FLAGS, &shown_protections}}},
	{"mq_open", false, {{"flags", 1, SHOW_FLAGS, &shown_open}}},
	{"msgctl", false, {{"command", 1, SHOW_VALUE, &shown_ipc}}},
	{"name_to_handle_at", false, {{"flags", 4, SHOW_VALUE, NULL}}},
	{"open", false, {{"flags", 1, SHOW_FLAGS, &shown_open}}},
	{"open_by_handle_at", false, {{"flags", 2, SHOW_FLAGS, &shown_open}}},
	{"open_tree", false, {{"flags", 2, SHOW_VALUE, NULL}}},
	{"openat", false, {{"flags", 2, SHOW_FLAGS, &shown_open}}},
	{"perf_event_open", false, {{"cpu", 2, SHOW_NUMBER, NULL}, {"flags", 4, SHOW_VALUE, NULL}}},
	{"personality", false, {{"persona", 0, SHOW_VALUE, NULL}}},
	{"pidfd_send_signal", false, {{"signal", 1, SHOW_SIGNAL, NULL}}},
	{"pkey_mprotect", false, {{"prot", 2, SHOW_FLAGS, &shown_protections}}},
	{"prctl", false, {{"option", 0, SHOW_VALUE, NULL}}},
	{"prlimit64", false, {{"resource", 1, SHOW_NUMBER, NULL}}},
	{"process_madvise", false, {{"advice", 3, SHOW_NUMBER, NULL}}},
	{"ptrace", false, {{"request", 0, SHOW_VALUE, &shown_ptrace}}},
	{"quotactl", false, {{"command", 0, SHOW_COMMAND, &shown_quota}}},
	{"quotactl_fd", false, {{"command", 1, SHOW_COMMAND, &shown_quota}}},
	{"reboot", false, {{"command", 2, SHOW_VALUE, &shown_reboot}}},
	{"rt_sigqueueinfo", false, {{"signal", 1, SHOW_SIGNAL, NULL}}},
	{"rt_tgsigqueueinfo", false, {{"signal", 2, SHOW_SIGNAL, NULL}}},
	{"sched_setscheduler", false, {{"policy", 1, SHOW_VALUE, &shown_policies}}},
	{"seccomp",
	 false,
	 {{"operation", 0, SHOW_VALUE, &shown_seccomp},
	  {"flags", 1, SHOW_FLAGS, &shown_filter_flags}}},
	{"semctl", false, {{"command", 2, SHOW_NUMBER, NULL}}},
	{"set_mempolicy", false, {{"mode", 0, SHOW_VALUE, &shown_memory_policies}}},
	{"setfsgid", true, {{"value", 0, SHOW_NUMBER, NULL}}},
	{"setfsuid", true, {{"value", 0, SHOW_NUMBER, NULL}}},
	{"setgid", true, {{"value", 0, SHOW_NUMBER, NULL}}},
	{"setns", false, {{"type", 1, SHOW_FLAGS, &shown_namespaces}}},
	{"setpriority", false, {{"which", 0, SHOW_NUMBER, NULL}, {"nice", 2, SHOW_NUMBER, NULL}}},
	{"setregid", true, {{"value", 0, SHOW_NUMBER, NULL}, {"value", 1, SHOW_NUMBER, NULL}}},
	{"setresgid",
	 true,
	 {{"value", 0, SHOW_NUMBER, NULL},
	  {"value", 1, SHOW_NUMBER, NULL},
	  {"value", 2, SHOW_NUMBER, NULL}}},
	{"setresuid",
	 true,
	 {{"value", 0, SHOW_NUMBER, NULL},
	  {"value", 1, SHOW_NUMBER, NULL},
	  {"value", 2, SHOW_NUMBER, NULL}}},
	{"setreuid", true, {{"value", 0, SHOW_NUMBER, NULL}, {"value", 1, SHOW_NUMBER, NULL}}},
	{"setrlimit", false, {{"resource", 0, SHOW_NUMBER, NULL}}},
	{"setsockopt",
	 false,
	 {{"level", 1, SHOW_VALUE, &shown_levels}, {"option", 2, SHOW_OPTION, NULL}}},
	{"setuid", true, {{"value", 0, SHOW_NUMBER, NULL}}},
	{"shmctl", false, {{"command", 1, SHOW_VALUE, &shown_ipc}}},
	{"socket",
	 true,
	 {{"domain", 0, SHOW_VALUE, NULL},
	  {"type", 1, SHOW_TYPE, NULL},
	  {"protocol", 2, SHOW_PROTOCOL, NULL}}},
	{"socketcall", false, {{"call", 0, SHOW_NUMBER, NULL}}},
	{"socketpair",
	 true,
	 {{"domain", 0, SHOW_VALUE, NULL},
	  {"type", 1, SHOW_TYPE, NULL},
	  {"protocol", 2, SHOW_PROTOCOL, NULL}}},
	{"splice", false, {{"flags", 5, SHOW_VALUE, NULL}}},
	{"swapon", false, {{"flags", 1, SHOW_VALUE, NULL}}},
	{"syslog", false, {{"action", 0, SHOW_VALUE, &shown_syslog}}},
	{"tee", false, {{"flags", 3, SHOW_VALUE, NULL}}},
	{"tgkill", false, {{"signal", 2, SHOW_SIGNAL, NULL}}},
	{"timer_create", false, {{"clock", 0, SHOW_VALUE, &shown_clocks}}},
	{"tkill", false, {{"signal", 1, SHOW_SIGNAL, NULL}}},
	{"umount2", false, {{"flags", 1, SHOW_FLAGS, &shown_umount}}},
	{"unshare", false, {{"flags", 0, SHOW_FLAGS, &shown_namespaces}}},
	{"userfaultfd", false, {{"flags", 0, SHOW_FLAGS, &shown_userfault}}},
	{"vmsplice", false, {{"flags", 3, SHOW_VALUE, NULL}}},
};

static int by_name(const void *name, const void *call)
{
	return strcmp(name, ((const struct shown_call *)call)->name);
}

const struct shown_call *shown_find(const char *name)
{
	return bsearch(name, calls, hr_count(calls), sizeof(calls[0]), by_name);
}

bool shown_none(const char *name)
{
	static const char *const none[] = {
		"fork",	      "getegid", "geteuid",	    "getgid",	    "getpgrp",
		"getpid",     "getppid", "gettid",	    "getuid",	    "inotify_init",
		"munlockall", "pause",	 "restart_syscall", "rt_sigreturn", "sched_yield",
		"setsid",     "sync",	 "vfork",	    "vhangup",	    NULL};

	return text_in(name, none);
}
