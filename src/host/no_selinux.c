/* SPDX-License-Identifier: Apache-2.0 */
/* For a build without libselinux. */
#include "host/lsm.h"

enum host_lsm lsm_selinux(void)
{
	return HOST_LSM_NOT_BUILT;
}

bool lsm_selinux_levels(void)
{
	return false;
}

bool lsm_selinux_known(const char *context)
{
	(void)context;
	return false;
}

bool lsm_selinux_enforced(const char *context)
{
	(void)context;
	return false;
}

bool lsm_selinux_starts(const char *runtime, const char *context, bool no_new_privs)
{
	(void)runtime;
	(void)context;
	(void)no_new_privs;
	return false;
}

bool lsm_selinux_runs(const char *context, const char *path)
{
	(void)context;
	(void)path;
	return false;
}

bool lsm_selinux_maps(const char *context, const char *path)
{
	(void)context;
	(void)path;
	return false;
}

bool lsm_selinux_reads(const char *context, const char *path)
{
	(void)context;
	(void)path;
	return false;
}

bool lsm_selinux_of(pid_t pid, char ret[LSM_LABEL])
{
	(void)pid;
	ret[0] = '\0';
	return false;
}
