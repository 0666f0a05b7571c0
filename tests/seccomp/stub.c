/* SPDX-License-Identifier: Apache-2.0 */
#include "stub.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#define X32_BIT 0x40000000u

/* The names that runc's specconv takes, and what the kernel calls the ABI. */
static const struct {
	const char *name;
	uint32_t token;
	uint32_t audit;
} architectures[] = {
	{"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386},
	{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM},
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64},
	{"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS, AUDIT_ARCH_MIPS},
	{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64, AUDIT_ARCH_MIPS64},
	{"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32, AUDIT_ARCH_MIPS64N32},
	{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL, AUDIT_ARCH_MIPSEL},
	{"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL64},
	{"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32, AUDIT_ARCH_MIPSEL64N32},
	{"SCMP_ARCH_PPC", SCMP_ARCH_PPC, AUDIT_ARCH_PPC},
	{"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64, AUDIT_ARCH_PPC64},
	{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, AUDIT_ARCH_PPC64LE},
	{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64},
	{"SCMP_ARCH_S390", SCMP_ARCH_S390, AUDIT_ARCH_S390},
	{"SCMP_ARCH_S390X", SCMP_ARCH_S390X, AUDIT_ARCH_S390X},
};

unsigned stub_arch(const char *name)
{
	for (size_t i = 0; i < hr_count(architectures); i++) {
		if (strcmp(architectures[i].name, name) == 0)
			return architectures[i].token;
	}
	return 0;
}

/* The highest number that the document names in that ABI; 0 for none. A name that only
 * other ABIs have is negative. */
static int highest(const struct document *document, uint32_t token)
{
	int last = 0;

	for (size_t i = 0; i < document->count; i++) {
		json_each(name, document->entries[i].names) {
			int nr = seccomp_syscall_resolve_name_arch(token, name->text);

			if (nr > last)
				last = nr;
		}
	}
	return last;
}

static bool wanted(const struct document *document, bool native, size_t arch)
{
	return json_has_string(document->architectures, architectures[arch].name) ||
	       (native && architectures[arch].token == seccomp_arch_native());
}

/* One ABI: for its numbers, which on x86 the x32 bit tells apart, all above `last` are
 * ENOSYS. Every path but that one goes on behind the section. */
static size_t section(struct sock_filter *at, size_t arch, uint32_t last)
{
	uint32_t token = architectures[arch].token;
	size_t n = 0, head, jumps[4], count = 0;

	at[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4);
	jumps[count++] = n;
	at[n++] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ, architectures[arch].audit, 0, 255);
	at[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	if (token == SCMP_ARCH_X86_64 || token == SCMP_ARCH_X32) {
		jumps[count++] = n;
		at[n++] =
			token == SCMP_ARCH_X32
				? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET, X32_BIT, 0, 255)
				: (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET, X32_BIT, 255, 0);
	}
	if (token == SCMP_ARCH_S390 || token == SCMP_ARCH_S390X) {
		/* setup(2), which a number too large for the machine turns into. */
		at[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 0, 1);
		at[n++] = (struct sock_filter)BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | ENOSYS);
	}
	jumps[count++] = n;
	at[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT, last, 0, 255);
	at[n++] = (struct sock_filter)BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | ENOSYS);
	for (head = 0; head < count; head++) {
		struct sock_filter *jump = &at[jumps[head]];
		unsigned char behind = (unsigned char)(n - jumps[head] - 1);

		jump->jt = jump->jt == 255 ? behind : jump->jt;
		jump->jf = jump->jf == 255 ? behind : jump->jf;
	}
	return n;
}

static bool lets_through(const char *action)
{
	return strcmp(action, "SCMP_ACT_ALLOW") == 0 || strcmp(action, "SCMP_ACT_LOG") == 0 ||
	       strcmp(action, "SCMP_ACT_TRACE") == 0;
}

size_t stub_make(const struct document *document, bool native, struct sock_filter ret[STUB_MAX])
{
	size_t n = 0;

	/* runc compares defaultErrnoRet with the whole action value of ERRNO(ENOSYS). */
	if (document->has_errno && document->errno_ret == (SECCOMP_RET_ERRNO | ENOSYS))
		return 0;
	if (lets_through(document->default_action))
		return 0;
	for (size_t i = 0; i < hr_count(architectures); i++) {
		int last;

		if (!wanted(document, native, i))
			continue;
		last = highest(document, architectures[i].token);
		if (last > 0)
			n += section(&ret[n], i, (uint32_t)last);
	}
	return n;
}
