/* SPDX-License-Identifier: Apache-2.0 */
/* Every control, a line each; the order is in table.c. */
#ifndef HR_CONTROL_TABLE_H
#define HR_CONTROL_TABLE_H

#include "control/control.h"

extern const struct control control_document;
extern const struct control control_capabilities;
extern const struct control control_no_new_privs;
extern const struct control control_namespaces;
extern const struct control control_annotations;
extern const struct control control_hooks;
extern const struct control control_paths;
extern const struct control control_cwd;
extern const struct control control_rootfs;
extern const struct control control_restore;
extern const struct control control_seccomp;
extern const struct control control_devices;
extern const struct control control_apparmor;
extern const struct control control_selinux;

#endif
