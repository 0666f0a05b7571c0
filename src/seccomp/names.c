/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/names.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/watched.h"

#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *oci;
	uint32_t token;
} arches[SECCOMP_ARCHES] = {
	[SECCOMP_X86_64] = {"x86_64", "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
	[SECCOMP_AARCH64] = {"aarch64", "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
	[SECCOMP_RISCV64] = {"riscv64", "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
	[SECCOMP_PPC64LE] = {"ppc64le", "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
	[SECCOMP_S390X] = {"s390x", "SCMP_ARCH_S390X", SCMP_ARCH_S390X},
};

/* Without this list a misspelled name could not be told from one that the library is too
 * old for. */
static const char *const recent[] = {
	"cachestat",
	"fchmodat2",
	"file_getattr",
	"file_setattr",
	"futex_requeue",
	"futex_wait",
	"futex_wake",
	"getxattrat",
	"listmount",
	"listns",
	"listxattrat",
	"lsm_get_self_attr",
	"lsm_set_self_attr",
	"lsm_list_modules",
	"map_shadow_stack",
	"mseal",
	"open_tree_attr",
	"removexattrat",
	"riscv_hwprobe",
	"rseq_slice_yield",
	"setxattrat",
	"statmount",
	"uprobe",
	"uretprobe",
	NULL,
};

const char *seccomp_native(void)
{
#if defined(__x86_64__)
	return "x86_64";
#elif defined(__aarch64__)
	return "aarch64";
#elif defined(__riscv) && __riscv_xlen == 64
	return "riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	return "ppc64le";
#elif defined(__s390x__)
	return "s390x";
#else
#error "no seccomp profile for this architecture: add it to src/seccomp/names.c"
#endif
}

enum seccomp_arch names_arch(const char *name)
{
	enum seccomp_arch arch = 0;

	while (arch < SECCOMP_ARCHES && strcmp(arches[arch].name, name) != 0)
		arch++;
	return arch;
}

const char *names_oci(enum seccomp_arch arch)
{
	return arches[arch].oci;
}

/* The library's own numbers below zero: -1 is unknown, -101 to -120 and -201 to -224 are
 * calls that go through socketcall(2) and ipc(2), all else is absent on this
 * architecture. Only ppc64le and s390x have these two of the five. */
static bool there(int number, enum seccomp_arch arch)
{
	bool multiplexed = (number <= -101 && number >= -120) || (number <= -201 && number >= -224);

	return number >= 0 || (multiplexed && (arch == SECCOMP_PPC64LE || arch == SECCOMP_S390X));
}

bool names_on(const char *call, enum seccomp_arch arch)
{
	return there(seccomp_syscall_resolve_name_arch(arches[arch].token, call), arch);
}

enum seccomp_arch names_somewhere(const char *call)
{
	enum seccomp_arch native = names_arch(seccomp_native()), arch = 0;

	if (names_on(call, native))
		return native;
	while (arch < SECCOMP_ARCHES && !names_on(call, arch))
		arch++;
	return arch;
}

bool names_known(const char *call)
{
	return seccomp_syscall_resolve_name(call) != __NR_SCMP_ERROR;
}

bool names_recent(const char *call)
{
	return text_in(call, recent);
}

const char *names_numbered(int number, enum seccomp_arch arch, char buf[NAMES_SIZE])
{
	hr_autofree char *name = NULL;

	/* Below zero are numbers of the library's own. */
	if (number < 0)
		return NULL;
	name = seccomp_syscall_resolve_num_arch(arches[arch].token, number);
	if (!name || strlen(name) >= NAMES_SIZE)
		return NULL;
	snprintf(buf, NAMES_SIZE, "%s", name);
	return buf;
}

const char *seccomp_call_name(int number, const char *arch, char buf[NAMES_SIZE])
{
	enum seccomp_arch known = names_arch(arch);

	return known == SECCOMP_ARCHES ? NULL : names_numbered(number, known, buf);
}

/* The library's tokens are the kernel's numbers. */
uint32_t seccomp_audit_arch(const char *arch)
{
	enum seccomp_arch known = names_arch(arch);

	return known == SECCOMP_ARCHES ? 0 : arches[known].token;
}

const char *names_nearest(const char *call, char buf[NAMES_SIZE])
{
	enum seccomp_arch arch = names_arch(seccomp_native());
	unsigned best = 3;

	if (strlen(call) >= NAMES_SIZE)
		return NULL;
	for (int number = 0; number < NAMES_NUMBERS; number++) {
		char name[NAMES_SIZE];
		unsigned far;

		if (!names_numbered(number, arch, name))
			continue;
		far = text_distance(call, name);
		if (far < best) {
			best = far;
			snprintf(buf, NAMES_SIZE, "%s", name);
		}
	}
	return best < 3 ? buf : NULL;
}
