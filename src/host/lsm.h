/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor and SELinux as the running kernel has them. Without their library (configure
 * --without-apparmor, --without-selinux) the kernel is not asked: HOST_LSM_NOT_BUILT.
 */
#ifndef HR_HOST_LSM_H
#define HR_HOST_LSM_H

#include "host/host.h"

#include <string.h>
#include <sys/types.h>

/* A label with its end; the kernel's attr files hold a page at most. */
#define LSM_LABEL 4096

enum host_lsm lsm_apparmor(void);

/*
 * The mode of a loaded profile as the kernel names it: "enforce", "complain", "kill",
 * "unconfined". False when there is none of that name, or the list cannot be read.
 */
bool lsm_apparmor_mode(const char *profile, char ret[HOST_MODE]);

/* True for a mode in which a profile refuses: complain and unconfined refuse nothing, prompt asks
 * somebody. */
static inline bool lsm_apparmor_enforces(const char *mode)
{
	return strcmp(mode, "enforce") == 0 || strcmp(mode, "kill") == 0;
}

/* The profile that a process is under; with its mode behind it, "NAME (complain)", when that is
 * one in which nothing is refused. False when it cannot be told. */
bool lsm_apparmor_of(pid_t pid, char ret[LSM_LABEL]);

enum host_lsm lsm_selinux(void);

/* True where the loaded policy's contexts have a level: s0:c1,c2. */
bool lsm_selinux_levels(void);

/* True for a context that the loaded policy knows, level included. */
bool lsm_selinux_known(const char *context);

/* False for a domain that the loaded policy has permissive: nothing is refused to it. */
bool lsm_selinux_enforced(const char *context);

/*
 * True if a process of `runtime`, the program, started by us, may give a process the context:
 * process { transition }, and with no_new_privs process2 { nnp_transition }, without which the
 * runtime's last exec fails with EPERM.
 */
bool lsm_selinux_starts(const char *runtime, const char *context, bool no_new_privs);

/* True if a process may be started under the context from files labelled as `path` is. */
bool lsm_selinux_runs(const char *context, const char *path);

/* True if a process under the context may execute files labelled as `path` is, opened by others. */
bool lsm_selinux_maps(const char *context, const char *path);

/* True if the context may search the directory, or read the file. Anything else is not asked. */
bool lsm_selinux_reads(const char *context, const char *path);

/* The context of a process. False when that cannot be told. */
bool lsm_selinux_of(pid_t pid, char ret[LSM_LABEL]);

#endif
