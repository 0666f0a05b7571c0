/* SPDX-License-Identifier: Apache-2.0 */
/* For a build without libapparmor. */
#include "host/lsm.h"

enum host_lsm lsm_apparmor(void)
{
	return HOST_LSM_NOT_BUILT;
}

bool lsm_apparmor_mode(const char *profile, char ret[HOST_MODE])
{
	(void)profile;
	ret[0] = '\0';
	return false;
}

bool lsm_apparmor_of(pid_t pid, char ret[LSM_LABEL])
{
	(void)pid;
	ret[0] = '\0';
	return false;
}
