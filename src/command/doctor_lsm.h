/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: AppArmor and SELinux as the kernel has them, and the profiles that are in use here.
 * Private to src/command/doctor_lsm.c, doctor_apparmor.c, doctor_selinux.c.
 */
#ifndef HR_COMMAND_DOCTOR_LSM_H
#define HR_COMMAND_DOCTOR_LSM_H

#include "command/doctor.h"
#include "host/lsm.h"

#define LSM_PROFILES	 "/sys/kernel/security/apparmor/profiles"
#define LSM_SELINUX	 "/sys/fs/selinux"
#define LSM_SELINUX_FILE "/etc/selinux/config"

struct lsm {
	bool apparmor;
	char *profiles; /* those that are loaded, a line each: NAME (MODE); NULL: cannot be read */
	enum host_lsm selinux;
	bool levels;
	struct used *used;
	size_t used_len;
	const struct node *node;
	struct findings *to;
};

/* True where the profile's mode leaves the control out. */
bool lsm_is_off(const struct used *used, const char *control);

/* Of what the control refuses: in mode audit nothing fails for it. */
enum severity lsm_severity(const struct used *used, const char *control);

/* What is wrong with the AppArmor profiles that are to be loaded; with SELinux's state, its
 * types, and what engines do of it. */
void lsm_judge_apparmor(const struct lsm *lsm);
void lsm_judge_selinux(const struct lsm *lsm);

#endif
