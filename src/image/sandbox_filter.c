/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter is made by hand: libseccomp's compiler costs more time than all else that the program
 * does. Written for machines with 64-bit little-endian words, of which two are known here.
 */
#include "image/sandbox_filter.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#define OUR_ARCH 0 /* nothing is parsed here: sandbox_filter fails */
#endif

enum rule_kind {
	ALLOW,
	DENY,	 /* EPERM: libraries try it and go on without */
	WITHOUT, /* allowed when argument `arg` has none of `bits`, otherwise the end */
	WITH,	 /* allowed when argument `arg` has all of `bits` (one), otherwise EPERM */
	MAPS,	 /* mmap: nothing to be executed or shared */
	UP_TO,	 /* allowed when argument `arg` is not above `bits`, otherwise EPERM */
};

struct rule {
	uint32_t call;
	enum rule_kind kind;
	uint32_t arg;
	uint32_t bits;
};

/* What is not here ends the process. */
static const struct rule rules[] = {
	{SYS_read, ALLOW, 0, 0},
	{SYS_write, ALLOW, 0, 0},
	{SYS_recvfrom, ALLOW, 0, 0},
	{SYS_sendto, ALLOW, 0, 0},
	{SYS_recvmsg, ALLOW, 0, 0},
	{SYS_sendmsg, ALLOW, 0, 0},
	{SYS_readv, ALLOW, 0, 0},
	{SYS_writev, ALLOW, 0, 0},
	{SYS_pread64, ALLOW, 0, 0},
#ifdef SYS_poll
	{SYS_poll, ALLOW, 0, 0},
#endif
	{SYS_ppoll, ALLOW, 0, 0},
	{SYS_restart_syscall, ALLOW, 0, 0},
	{SYS_close, ALLOW, 0, 0},
	{SYS_lseek, ALLOW, 0, 0},
	{SYS_fstat, ALLOW, 0, 0},
	/* fstat(2) of newer libraries. By a path it would tell what there is on the machine. */
	{SYS_newfstatat, WITH, 3, AT_EMPTY_PATH},
	{SYS_statx, WITH, 2, AT_EMPTY_PATH},
	{SYS_openat2, ALLOW, 0, 0},
	{SYS_getdents64, ALLOW, 0, 0},
	{SYS_fcntl, UP_TO, 1, F_SETFL}, /* and F_GETFL, F_SETFD, F_GETFD, F_DUPFD */
	{SYS_brk, ALLOW, 0, 0},
	{SYS_mmap, MAPS, 0, 0},
	{SYS_mprotect, WITHOUT, 2, PROT_EXEC},
	{SYS_munmap, ALLOW, 0, 0},
	{SYS_mremap, ALLOW, 0, 0},
	{SYS_madvise, ALLOW, 0, 0},
	{SYS_futex, ALLOW, 0, 0},
	{SYS_clock_gettime, ALLOW, 0, 0},
	{SYS_gettimeofday, ALLOW, 0, 0},
	{SYS_getrandom, ALLOW, 0, 0},
	{SYS_getpid, ALLOW, 0, 0},
	{SYS_gettid, ALLOW, 0, 0},
	{SYS_sysinfo, ALLOW, 0, 0}, /* qsort(3) asks how much memory there is */
	{SYS_rt_sigreturn, ALLOW, 0, 0},
	{SYS_exit, ALLOW, 0, 0},
	{SYS_exit_group, ALLOW, 0, 0},
#ifdef SYS_open
	{SYS_open, DENY, 0, 0},
	{SYS_stat, DENY, 0, 0},
	{SYS_access, DENY, 0, 0},
	{SYS_readlink, DENY, 0, 0},
#endif
	{SYS_openat, DENY, 0, 0},
	{SYS_faccessat, DENY, 0, 0},
	{SYS_readlinkat, DENY, 0, 0},
	{SYS_ioctl, DENY, 0, 0},
	{SYS_uname, DENY, 0, 0},
	{SYS_prlimit64, DENY, 0, 0},
	{SYS_sched_getaffinity, DENY, 0, 0},
};

#define GROUP	  8 /* rules; a jump goes over at most 255 instructions */
#define STEPS_MAX 8 /* instructions of one rule, and its share of its group's */

struct program {
	struct sock_filter steps[8 + hr_count(rules) * STEPS_MAX];
	unsigned short count;
};

static void step(struct program *program, int code, uint32_t k, uint8_t yes, uint8_t no)
{
	program->steps[program->count++] =
		(struct sock_filter){.code = (uint16_t)code, .jt = yes, .jf = no, .k = k};
}

static void end(struct program *program, uint32_t verdict)
{
	step(program, BPF_RET | BPF_K, verdict, 0, 0);
}

/* The lower half of an argument: all that the kernel looks at of flags and commands. */
static void load(struct program *program, uint32_t arg)
{
	step(program, BPF_LD | BPF_W | BPF_ABS,
	     (uint32_t)offsetof(struct seccomp_data, args) + arg * 8, 0, 0);
}

/* What stands behind the comparison of the call's number, and always ends. */
static void add_body(struct program *program, const struct rule *rule)
{
	const uint32_t denied = SECCOMP_RET_ERRNO | EPERM;

	switch (rule->kind) {
	case ALLOW:
		end(program, SECCOMP_RET_ALLOW);
		return;
	case DENY:
		end(program, denied);
		return;
	case WITHOUT:
	case WITH:
		load(program, rule->arg);
		step(program, BPF_JMP | BPF_JSET | BPF_K, rule->bits, 1, 0);
		end(program, rule->kind == WITH ? denied : SECCOMP_RET_ALLOW);
		end(program, rule->kind == WITH ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
		return;
	case MAPS:
		load(program, 2);
		step(program, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 3, 0);
		load(program, 3);
		step(program, BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 1, 0);
		end(program, SECCOMP_RET_ALLOW);
		end(program, SECCOMP_RET_KILL_PROCESS);
		return;
	case UP_TO:
		load(program, rule->arg);
		step(program, BPF_JMP | BPF_JGT | BPF_K, rule->bits, 1, 0);
		end(program, SECCOMP_RET_ALLOW);
		end(program, denied);
		return;
	}
}

static void add_rule(struct program *program, const struct rule *rule)
{
	struct sock_filter *compare = &program->steps[program->count];

	step(program, BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, 0);
	add_body(program, rule);
	compare->jf = (uint8_t)(&program->steps[program->count] - compare - 1);
}

static void sort(struct rule *list, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct rule moved = list[i];
		size_t at = i;

		for (; at > 0 && list[at - 1].call > moved.call; at--)
			list[at] = list[at - 1];
		list[at] = moved;
	}
}

/* In groups by number: the kernel runs the filter once for each call there is, to learn which ones
 * it always allows. A number of the x32 calls has bit 30 set, and is none of these. */
static void make(struct program *program)
{
	struct rule list[hr_count(rules)];

	memcpy(list, rules, sizeof(rules));
	sort(list, hr_count(list));
	step(program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	step(program, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
	end(program, SECCOMP_RET_KILL_PROCESS);
	step(program, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < hr_count(list); i += GROUP) {
		struct sock_filter *compare = &program->steps[program->count];
		size_t next = i + GROUP < hr_count(list) ? i + GROUP : hr_count(list);

		step(program, BPF_JMP | BPF_JGE | BPF_K,
		     next < hr_count(list) ? list[next].call : UINT32_MAX, 0, 0);
		for (size_t k = i; k < next; k++)
			add_rule(program, &list[k]);
		end(program, SECCOMP_RET_KILL_PROCESS);
		compare->jt = (uint8_t)(&program->steps[program->count] - compare - 1);
	}
	end(program, SECCOMP_RET_KILL_PROCESS);
}

int sandbox_filter(struct hr_error *err)
{
	struct program program = {.count = 0};
	struct sock_fprog loaded = {.filter = program.steps};

	if (OUR_ARCH == 0)
		return hr_fail(err, HR_SYSTEM, "no seccomp filter is known for this machine");
	make(&program);
	loaded.len = program.count;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) != 0)
		return hr_fail_errno(err, errno, "seccomp");
	return 0;
}
