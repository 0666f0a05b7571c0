/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: planted NAME:COUNT...
 * Makes the calls that planted.tsv names, each by its number and COUNT times, in a child of its
 * own, and prints a line "NAME ERRNO" (0: it worked; several if the answers differ). What is
 * let through here must do no harm: pointers and descriptors are bad wherever a call would
 * change more than its own process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_CWD	(-100)
#define CHILD	17 /* SIGCHLD */
#define HIGH	0x100000000
#define BAD	(-1)
#define TEXT(s) ((long)(s))

struct plant {
	const char *name;
	long number;
	long arguments[6];
};

/* Calls that are younger than the system's headers. */
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#ifndef SYS_lsm_set_self_attr
#define SYS_lsm_set_self_attr 460
#endif

static const struct plant plants[] = {
	/* Mounts, roots, namespaces. */
	{"mount", SYS_mount, {TEXT("none"), TEXT("/nowhere"), TEXT("tmpfs"), 0, 0}},
	{"umount2", SYS_umount2, {TEXT("/nowhere"), 2}},
	{"pivot_root", SYS_pivot_root, {TEXT("/nowhere"), TEXT("/nowhere")}},
	{"chroot", SYS_chroot, {TEXT("/var/empty")}},
	{"open_tree", SYS_open_tree, {BAD, TEXT("nowhere"), 0}},
	{"move_mount", SYS_move_mount, {BAD, TEXT("nowhere"), BAD, TEXT("nowhere"), 0}},
	{"fsopen", SYS_fsopen, {TEXT("tmpfs"), 0}},
	{"fsconfig", SYS_fsconfig, {BAD, 0, 0, 0, 0}},
	{"fsmount", SYS_fsmount, {BAD, 0, 0}},
	{"fspick", SYS_fspick, {BAD, TEXT("nowhere"), 0}},
	{"mount_setattr", SYS_mount_setattr, {BAD, TEXT("nowhere"), 0, 0, 0}},
	{"setns", SYS_setns, {BAD, 0x40000000}},
	{"unshare-user", SYS_unshare, {0x10000000}},
	{"unshare-two", SYS_unshare, {0x20000000 | 0x40000000}},

	/* The machine. */
	{"reboot", SYS_reboot, {1, 2, 3, 0}},
	{"kexec_load", SYS_kexec_load, {0, 99, 0, 0}},
	{"kexec_file_load", SYS_kexec_file_load, {BAD, BAD, 0, 0, 0}},
	{"init_module", SYS_init_module, {0, 0, 0}},
	{"finit_module", SYS_finit_module, {BAD, 0, 0}},
	{"delete_module", SYS_delete_module, {0, 0}},
	{"settimeofday", SYS_settimeofday, {1, 1}},
	{"clock_settime", SYS_clock_settime, {0, 1}},
	{"adjtimex", SYS_adjtimex, {1}},
	{"clock_adjtime", SYS_clock_adjtime, {0, 1}},
	{"sethostname", SYS_sethostname, {1, 4}},
	{"setdomainname", SYS_setdomainname, {1, 4}},
	{"swapon", SYS_swapon, {0, 0}},
	{"swapoff", SYS_swapoff, {0}},
	{"acct", SYS_acct, {1}},
	{"quotactl", SYS_quotactl, {0, 0, 0, 0}},
	{"quotactl_fd", SYS_quotactl_fd, {BAD, 0, 0, 0}},
	{"syslog", SYS_syslog, {3, 0, 0}},
	{"vhangup", SYS_vhangup, {0}},

	/* Other processes. */
	{"ptrace", SYS_ptrace, {2, BAD, 0, 0}},
	{"process_vm_readv", SYS_process_vm_readv, {BAD, 0, 0, 0, 0, 0}},
	{"process_vm_writev", SYS_process_vm_writev, {BAD, 0, 0, 0, 0, 0}},
	{"process_madvise", SYS_process_madvise, {BAD, 0, 0, 0, 0}},
	{"kcmp", SYS_kcmp, {BAD, BAD, 0, 0, 0}},
	{"pidfd_getfd", SYS_pidfd_getfd, {BAD, 0, 0}},
	{"bpf", SYS_bpf, {5, 0, 0}},
	{"perf_event_open", SYS_perf_event_open, {0, 0, BAD, BAD, 0}},
	{"userfaultfd", SYS_userfaultfd, {1}},
	{"open_by_handle_at", SYS_open_by_handle_at, {BAD, 0, 0}},
	{"name_to_handle_at", SYS_name_to_handle_at, {AT_CWD, TEXT("/"), 0, 0, 0}},
	{"fanotify_init", SYS_fanotify_init, {0, 0}},
	{"fanotify_mark", SYS_fanotify_mark, {BAD, 0, 0, BAD, 0}},

	/* As by a kernel without them. */
	{"keyctl", SYS_keyctl, {0, BAD, 0}},
	{"add_key", SYS_add_key, {0, 0, 0, 0, 0}},
	{"request_key", SYS_request_key, {0, 0, 0, 0}},
	{"io_uring_setup", SYS_io_uring_setup, {1, 0}},
	{"io_uring_enter", SYS_io_uring_enter, {BAD, 0, 0, 0, 0, 0}},
	{"io_uring_register", SYS_io_uring_register, {BAD, 0, 0, 0}},
	{"io_setup", SYS_io_setup, {1, 0}},
	{"msgget", SYS_msgget, {77, 0}},
	{"msgsnd", SYS_msgsnd, {BAD, 0, 0, 0}},
	{"mq_open", SYS_mq_open, {0, 0, 0, 0}},
	{"mq_unlink", SYS_mq_unlink, {0}},
	{"mbind", SYS_mbind, {0, 0, 9, 0, 0, 0}},
	{"move_pages", SYS_move_pages, {0, 1, 1, 1, 1, 0}},
	{"migrate_pages", SYS_migrate_pages, {BAD, 0, 0, 0}},
	{"get_mempolicy", SYS_get_mempolicy, {1, 0, 0, 0, 0}},
	{"set_mempolicy_home_node", SYS_set_mempolicy_home_node, {0, 0, 0, 1}},
	{"vmsplice", SYS_vmsplice, {BAD, 0, 0, 0}},
	{"tee", SYS_tee, {BAD, BAD, 1, 0}},
	{"memfd_secret", SYS_memfd_secret, {0xff}},
	{"clone3", SYS_clone3, {0, 0}},
	{"execveat", SYS_execveat, {BAD, TEXT("nowhere"), 0, 0, 0}},
	{"sched_setscheduler", SYS_sched_setscheduler, {0, 1, 0}},
	{"ioprio_set", SYS_ioprio_set, {0, 0, 0}},
	{"remap_file_pages", SYS_remap_file_pages, {0, 0, 0, 0, 0}},

	/* Refused for some arguments. */
	{"alg", SYS_socket, {38, 5, 0}},
	{"alg-high", SYS_socket, {HIGH | 38, 5 | 02000000, 0}},
	{"vsock", SYS_socket, {40, 1, 0}},
	{"packet", SYS_socket, {17, 3, 0x0300}},
	{"bluetooth", SYS_socket, {31, 3, 1}},
	{"xdp", SYS_socket, {44, 3, 0}},
	{"family-99", SYS_socket, {99, 1, 0}},
	{"netlink-audit", SYS_socket, {16, 3, 9}},
	{"netlink-netfilter", SYS_socket, {16, 3, 12}},
	{"netlink-generic", SYS_socket, {16, 3 | 02000000, 16}},
	{"sctp", SYS_socket, {2, 1, 132}},
	{"sctp6", SYS_socket, {10, 1, 132}},
	{"mptcp", SYS_socket, {2, 1, 262}},
	{"udplite", SYS_socket, {2, 2, 136}},
	{"seqpacket", SYS_socket, {2, 5, 0}},
	{"raw", SYS_socket, {2, 3, 1}},
	{"raw6", SYS_socket, {10, 3 | 04000, 58}},
	{"pair-inet", SYS_socketpair, {2, 1, 0, 0}},
	{"pair-tipc", SYS_socketpair, {30, 1, 0, 0}},
	{"tiocsti", SYS_ioctl, {BAD, 0x5412, 0}},
	{"tiocsti-high", SYS_ioctl, {BAD, HIGH * 7 | 0x5412, 0}},
	{"tioclinux", SYS_ioctl, {BAD, 0x541c, 0}},
	{"tiocsetd", SYS_ioctl, {BAD, 0x5423, 0}},
	{"tioccons", SYS_ioctl, {BAD, 0x541d, 0}},
	{"siocethtool", SYS_ioctl, {BAD, 0x8946, 0}},
	{"ioctl-unknown", SYS_ioctl, {BAD, 0xdeadbeef, 0}},
	{"prctl-ptracer", SYS_prctl, {0x59616d61, 0, 0, 0, 0}},
	{"prctl-mm", SYS_prctl, {35, 0, 0, 0, 0}},
	{"prctl-speculation", SYS_prctl, {53, 0, 0, 0, 0}},
	{"prctl-dispatch", SYS_prctl, {59, 9, 0, 0, 0}},
	{"prctl-unknown", SYS_prctl, {4711, 0, 0, 0, 0}},
	{"arch-cpuid", SYS_arch_prctl, {0x1012, 1}},
	{"clone-user", SYS_clone, {0x10000000 | CHILD, 0, 0, 0, 0}},
	{"clone-net-pid", SYS_clone, {0x60000000 | CHILD, 0, 0, 0, 0}},
	{"mknod-device", SYS_mknod, {TEXT("/tmp/device"), 020600, 0x103}},
	{"mknodat-block", SYS_mknodat, {AT_CWD, TEXT("/tmp/block"), 060600, 0x700}},
	{"tcp-ulp", SYS_setsockopt, {BAD, 6, 31, 0, 0}},
	{"tcp-md5", SYS_setsockopt, {BAD, 6, 14, 0, 0}},
	{"udp-encap", SYS_setsockopt, {BAD, 17, 100, 0, 0}},
	{"sockopt-odd", SYS_setsockopt, {BAD, 263, 31, 0, 0}},
	{"personality-norandom", SYS_personality, {0x0040000}},
	{"personality-32", SYS_personality, {8}},
	{"personality-query", SYS_personality, {0xffffffff}},
	{"seccomp-listener", SYS_seccomp, {1, 8, 0}},
#ifdef __x86_64__
	{"iopl", SYS_iopl, {3}},
	{"ioperm", SYS_ioperm, {0x80, 1, 1}},
	{"modify_ldt", SYS_modify_ldt, {9, 0, 0}},
	{"lookup_dcookie", SYS_lookup_dcookie, {0, 0, 0}},
#endif

	/* Answered, but younger than what libseccomp 2.5 has a name for. */
	{"unnamed", SYS_lsm_set_self_attr, {0, 0, 0, 0}},

	/* Under restricted. */
	{"setuid", SYS_setuid, {4242}},
	{"setgid", SYS_setgid, {4242}},
	{"setgroups", SYS_setgroups, {0, 0}},
	{"capset", SYS_capset, {0, 0}},
	{"chown", SYS_chown, {TEXT("/nowhere"), 1, 1}},
	{"lchown", SYS_lchown, {TEXT("/nowhere"), 1, 1}},
	{"setpriority", SYS_setpriority, {0, 0, 5}},
	{"mknod-fifo", SYS_mknod, {TEXT("/tmp/fifo"), 010600, 0}},
	{"mlockall", SYS_mlockall, {0}},
	{"pkey_alloc", SYS_pkey_alloc, {0, 9}},
	{"shmget", SYS_shmget, {77, 0, 0}},
	{"sched_getparam", SYS_sched_getparam, {0, 0}},
	{"getdents", SYS_getdents, {BAD, 0, 0}},
	{"utime", SYS_utime, {TEXT("/nowhere"), 0}},
	{"syncfs", SYS_syncfs, {BAD}},
};

static long call(const struct plant *plant)
{
	const long *a = plant->arguments;
	long result = syscall(plant->number, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (plant->number == SYS_clone && result == 0)
		_exit(0);
	return result;
}

static void plant_one(const struct plant *plant, long count)
{
	int answer = -1;

	for (long i = 0; i < count; i++) {
		int got = call(plant) < 0 ? errno : 0;

		if (got != answer)
			dprintf(1, "%s %s\n", plant->name, got ? strerrorname_np(got) : "0");
		answer = got;
	}
}

static int plant_word(char *word)
{
	char *colon = strchr(word, ':');
	long count = colon ? strtol(colon + 1, NULL, 10) : 1;

	if (colon)
		*colon = '\0';
	for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		if (strcmp(plants[i].name, word) != 0)
			continue;
		pid_t child = fork();
		if (child == 0) {
			plant_one(&plants[i], count);
			_exit(0);
		}
		return child < 0 || waitpid(child, NULL, 0) != child;
	}
	dprintf(2, "planted: no call %s\n", word);
	return 2;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc == 1) {
		for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++)
			puts(plants[i].name);
		return 0;
	}
	for (int i = 1; i < argc; i++)
		status |= plant_word(argv[i]);
	return status;
}
