/* SPDX-License-Identifier: Apache-2.0 */
/* Every control, a line each; the order is in table.c. */
#ifndef HR_CONTROL_TABLE_H
#define HR_CONTROL_TABLE_H

#include "control/control.h"

extern const struct control control_document;
extern const struct control control_privileged;
extern const struct control control_runtime;
extern const struct control control_capabilities;
extern const struct control control_no_new_privs;
extern const struct control control_user;
extern const struct control control_environment;
extern const struct control control_args;
extern const struct control control_rlimits;
extern const struct control control_oom_score;
extern const struct control control_scheduling;
extern const struct control control_namespaces;
extern const struct control control_annotations;
extern const struct control control_hooks;
extern const struct control control_mounts;
extern const struct control control_paths;
extern const struct control control_cwd;
extern const struct control control_rootfs;
extern const struct control control_restore;
extern const struct control control_seccomp;
extern const struct control control_devices;
extern const struct control control_sysctls;
extern const struct control control_resources;
extern const struct control control_cgroups;
extern const struct control control_extras;
extern const struct control control_image;
extern const struct control control_apparmor;
extern const struct control control_selinux;
extern const struct control control_userns;

#endif
