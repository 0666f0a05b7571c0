/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of system calls and architectures, as libseccomp knows them. names.c is the only
 * file that includes it.
 */
#ifndef HR_SECCOMP_NAMES_H
#define HR_SECCOMP_NAMES_H

#include <stdbool.h>

enum seccomp_arch {
	SECCOMP_X86_64,
	SECCOMP_AARCH64,
	SECCOMP_RISCV64,
	SECCOMP_PPC64LE,
	SECCOMP_S390X,
	SECCOMP_ARCHES
};

#define SECCOMP_EVERYWHERE ((1U << SECCOMP_ARCHES) - 1)
#define SECCOMP_ON(arch)   (1U << (arch))

/* The architecture of that name; SECCOMP_ARCHES for others. */
enum seccomp_arch names_arch(const char *name);

/* "SCMP_ARCH_X86_64": how the runtime-spec calls it. */
const char *names_oci(enum seccomp_arch arch);

#define NAMES_NUMBERS 1024 /* above every system call number of the supported architectures */
#define NAMES_SIZE    40   /* bytes of the longest name of a call, with the NUL and to spare */

/* The name of a call number, in `buf`; NULL when the library knows none. */
const char *names_numbered(int number, enum seccomp_arch arch, char buf[NAMES_SIZE]);

/* True if the library knows the call on this architecture, multiplexed ones included. */
bool names_on(const char *call, enum seccomp_arch arch);

/* An architecture on which the library knows the call; SECCOMP_ARCHES if there is none. */
enum seccomp_arch names_somewhere(const char *call);

/* True if the library knows the name at all, be it of a 32-bit ABI. */
bool names_known(const char *call);

/* True for calls younger than the oldest supported library (2.5.4). */
bool names_recent(const char *call);

/* The known name that is at most two letters off; NULL for none. */
const char *names_nearest(const char *call, char buf[NAMES_SIZE]);

#endif
