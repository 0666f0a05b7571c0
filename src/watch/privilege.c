/* SPDX-License-Identifier: Apache-2.0 */
/* Which capability the kernel asks for in which call: capabilities(7). */
#include "watch/privilege.h"

#include "base/cleanup.h"
#include "watch/proc.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CAP(name) CAP_##name, "CAP_" #name

/* OWN: it is enough to have it in the caller's user namespace (ns_capable); HOST: only the host's
 * counts (capable). */
enum where { OWN, HOST };

static const struct rule {
	const char *call;
	unsigned number;
	const char *capability;
	enum where where;
	privilege_fn *asks; /* NULL: always */
} rules[] = {
	{"acct", CAP(SYS_PACCT), HOST, NULL},
	{"adjtimex", CAP(SYS_TIME), HOST, asks_adjtime},
	{"bind", CAP(NET_BIND_SERVICE), OWN, asks_bind},
	{"bpf", CAP(BPF), HOST, asks_bpf},
	{"chmod", CAP(FOWNER), OWN, asks_chmod},
	{"chown", CAP(CHOWN), OWN, asks_chown},
	{"chroot", CAP(SYS_CHROOT), OWN, NULL},
	{"clock_adjtime", CAP(SYS_TIME), HOST, asks_adjtime},
	{"clock_settime", CAP(SYS_TIME), HOST, asks_clock},
	{"clone", CAP(SYS_ADMIN), OWN, asks_clone},
	{"clone3", CAP(SYS_ADMIN), OWN, asks_clone3},
	{"delete_module", CAP(SYS_MODULE), HOST, NULL},
	{"fanotify_init", CAP(SYS_ADMIN), HOST, asks_fanotify},
	{"fchmod", CAP(FOWNER), OWN, asks_chmod},
	{"fchmodat", CAP(FOWNER), OWN, asks_chmod},
	{"fchmodat2", CAP(FOWNER), OWN, asks_chmod},
	{"fchown", CAP(CHOWN), OWN, asks_chown},
	{"fchownat", CAP(CHOWN), OWN, asks_chown},
	{"finit_module", CAP(SYS_MODULE), HOST, NULL},
	{"fsetxattr", CAP(SYS_ADMIN), HOST, asks_xattr_trusted},
	{"fsetxattr", CAP(SETFCAP), OWN, asks_xattr_fcap},
	{"fsetxattr", CAP(SYS_ADMIN), HOST, asks_xattr_security},
	{"fsmount", CAP(SYS_ADMIN), OWN, NULL},
	{"fsopen", CAP(SYS_ADMIN), OWN, NULL},
	{"fspick", CAP(SYS_ADMIN), OWN, NULL},
	{"init_module", CAP(SYS_MODULE), HOST, NULL},
	{"ioctl", CAP(NET_ADMIN), OWN, asks_ioctl_net},
	{"ioctl", CAP(SYS_ADMIN), HOST, asks_ioctl_tty},
	{"ioctl", CAP(LINUX_IMMUTABLE), HOST, asks_ioctl_flags},
	{"ioperm", CAP(SYS_RAWIO), HOST, NULL},
	{"iopl", CAP(SYS_RAWIO), HOST, NULL},
	{"ioprio_set", CAP(SYS_NICE), HOST, asks_ioprio},
	{"kcmp", CAP(SYS_PTRACE), OWN, asks_other},
	{"kexec_file_load", CAP(SYS_BOOT), HOST, NULL},
	{"kexec_load", CAP(SYS_BOOT), HOST, NULL},
	{"kill", CAP(KILL), OWN, asks_kill},
	{"lchown", CAP(CHOWN), OWN, asks_chown},
	{"lsetxattr", CAP(SYS_ADMIN), HOST, asks_xattr_trusted},
	{"lsetxattr", CAP(SETFCAP), OWN, asks_xattr_fcap},
	{"lsetxattr", CAP(SYS_ADMIN), HOST, asks_xattr_security},
	{"mknod", CAP(MKNOD), HOST, asks_mknod},
	{"mknodat", CAP(MKNOD), HOST, asks_mknod},
	{"mlock", CAP(IPC_LOCK), HOST, asks_mlock},
	{"mlock2", CAP(IPC_LOCK), HOST, asks_mlock},
	{"mlockall", CAP(IPC_LOCK), HOST, asks_mlockall},
	{"mount", CAP(SYS_ADMIN), OWN, NULL},
	{"mount_setattr", CAP(SYS_ADMIN), OWN, NULL},
	{"move_mount", CAP(SYS_ADMIN), OWN, NULL},
	{"open_by_handle_at", CAP(DAC_READ_SEARCH), HOST, NULL},
	{"open_tree", CAP(SYS_ADMIN), OWN, asks_tree},
	{"perf_event_open", CAP(PERFMON), HOST, asks_perf},
	{"pivot_root", CAP(SYS_ADMIN), OWN, NULL},
	{"prctl", CAP(SETPCAP), OWN, asks_prctl_setpcap},
	{"prctl", CAP(SYS_RESOURCE), HOST, asks_prctl_mm},
	{"prlimit64", CAP(SYS_RESOURCE), HOST, asks_limit},
	{"process_vm_readv", CAP(SYS_PTRACE), OWN, asks_other},
	{"process_vm_writev", CAP(SYS_PTRACE), OWN, asks_other},
	{"ptrace", CAP(SYS_PTRACE), OWN, asks_ptrace},
	{"quotactl", CAP(SYS_ADMIN), HOST, NULL},
	{"quotactl_fd", CAP(SYS_ADMIN), HOST, NULL},
	{"reboot", CAP(SYS_BOOT), OWN, NULL},
	{"rt_sigqueueinfo", CAP(KILL), OWN, asks_kill},
	{"sched_setattr", CAP(SYS_NICE), HOST, asks_scheduler},
	{"sched_setscheduler", CAP(SYS_NICE), HOST, asks_scheduler},
	{"seccomp", CAP(SYS_ADMIN), OWN, asks_seccomp},
	{"setdomainname", CAP(SYS_ADMIN), OWN, NULL},
	{"setfsgid", CAP(SETGID), OWN, asks_setfsgid},
	{"setfsuid", CAP(SETUID), OWN, asks_setfsuid},
	{"setgid", CAP(SETGID), OWN, asks_setgid},
	{"setgroups", CAP(SETGID), OWN, NULL},
	{"sethostname", CAP(SYS_ADMIN), OWN, NULL},
	{"setns", CAP(SYS_ADMIN), OWN, NULL},
	{"setpriority", CAP(SYS_NICE), HOST, asks_nice},
	{"setregid", CAP(SETGID), OWN, asks_setregid},
	{"setresgid", CAP(SETGID), OWN, asks_setresgid},
	{"setresuid", CAP(SETUID), OWN, asks_setresuid},
	{"setreuid", CAP(SETUID), OWN, asks_setreuid},
	{"setrlimit", CAP(SYS_RESOURCE), HOST, asks_limit},
	{"setsockopt", CAP(NET_ADMIN), OWN, asks_sockopt},
	{"settimeofday", CAP(SYS_TIME), HOST, NULL},
	{"setuid", CAP(SETUID), OWN, asks_setuid},
	{"setxattr", CAP(SYS_ADMIN), HOST, asks_xattr_trusted},
	{"setxattr", CAP(SETFCAP), OWN, asks_xattr_fcap},
	{"setxattr", CAP(SYS_ADMIN), HOST, asks_xattr_security},
	{"socket", CAP(NET_RAW), OWN, asks_socket},
	{"swapoff", CAP(SYS_ADMIN), HOST, NULL},
	{"swapon", CAP(SYS_ADMIN), HOST, NULL},
	{"syslog", CAP(SYSLOG), HOST, asks_syslog},
	{"tgkill", CAP(KILL), OWN, asks_kill},
	{"timer_create", CAP(WAKE_ALARM), HOST, asks_alarm},
	{"timerfd_create", CAP(WAKE_ALARM), HOST, asks_alarm},
	{"tkill", CAP(KILL), OWN, asks_kill},
	{"umount2", CAP(SYS_ADMIN), OWN, NULL},
	{"unshare", CAP(SYS_ADMIN), OWN, asks_clone},
	{"userfaultfd", CAP(SYS_PTRACE), HOST, asks_uffd},
	{"vhangup", CAP(SYS_TTY_CONFIG), HOST, NULL},
};

const char *const watch_privileged[] = {
	"acct",
	"adjtimex",
	"bind",
	"bpf",
	"chmod",
	"chown",
	"chroot",
	"clock_adjtime",
	"clock_settime",
	"clone",
	"clone3",
	"delete_module",
	"fanotify_init",
	"fchmod",
	"fchmodat",
	"fchmodat2",
	"fchown",
	"fchownat",
	"finit_module",
	"fsetxattr",
	"fsmount",
	"fsopen",
	"fspick",
	"init_module",
	"ioctl",
	"ioperm",
	"iopl",
	"ioprio_set",
	"kcmp",
	"kexec_file_load",
	"kexec_load",
	"kill",
	"lchown",
	"lsetxattr",
	"mknod",
	"mknodat",
	"mlock",
	"mlock2",
	"mlockall",
	"mount",
	"mount_setattr",
	"move_mount",
	"open_by_handle_at",
	"open_tree",
	"perf_event_open",
	"pivot_root",
	"prctl",
	"prlimit64",
	"process_vm_readv",
	"process_vm_writev",
	"ptrace",
	"quotactl",
	"quotactl_fd",
	"reboot",
	"rt_sigqueueinfo",
	"sched_setattr",
	"sched_setscheduler",
	"seccomp",
	"setdomainname",
	"setfsgid",
	"setfsuid",
	"setgid",
	"setgroups",
	"sethostname",
	"setns",
	"setpriority",
	"setregid",
	"setresgid",
	"setresuid",
	"setreuid",
	"setrlimit",
	"setsockopt",
	"settimeofday",
	"setuid",
	"setxattr",
	"socket",
	"swapoff",
	"swapon",
	"syslog",
	"tgkill",
	"timer_create",
	"timerfd_create",
	"tkill",
	"umount2",
	"unshare",
	"userfaultfd",
	"vhangup",
	NULL,
};

/* In another user namespace than ours: the host's capabilities are not to be had there. */
static bool is_confined(const struct watch_process *process)
{
	char path[PROC_PATH];
	struct stat its, ours;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", process->pid);
	return !stat(path, &its) && !stat("/proc/self/ns/user", &ours) && its.st_ino != ours.st_ino;
}

static bool has(const struct watch_process *process, const struct rule *rule)
{
	return ((process->capabilities >> rule->number) & 1) &&
	       (rule->where == OWN || !is_confined(process));
}

const char *watch_capability(const char *name, const struct watch_call *call,
			     const struct watch_process *process)
{
	const struct privilege who = {.name = name, .call = call, .process = process};

	if (process->pid <= 0)
		return NULL;
	for (size_t i = 0; i < hr_count(rules); i++)
		if (!strcmp(rules[i].call, name) && !has(process, &rules[i]) &&
		    (!rules[i].asks || rules[i].asks(&who)))
			return rules[i].capability;
	return NULL;
}
