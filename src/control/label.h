/* SPDX-License-Identifier: Apache-2.0 */
/* What apparmor and selinux share: what is kept of a label, and that an exec gets it. */
#ifndef HR_CONTROL_LABEL_H
#define HR_CONTROL_LABEL_H

#include "control/control.h"

/* The state as far as it is of use to the container: runsc gives no process a label. */
enum host_lsm label_state(const struct control_in *in, enum host_lsm state);

/* Values of the option missing. */
extern const char *const label_missing[];

/* True where the profile wants this module, or ("either") one of the two and `other` is not
 * enforcing. */
bool label_required(const struct control_in *in, enum host_lsm other);

/* Why there is no label, for a module that is not on. */
const char *label_why_not(enum host_lsm state, const char *why);

/*
 * Keep member `key` of the container's process as the ceiling, with what the kernel was and
 * what the profile says for a kernel without: {label, kernel, missing, verify}. `ceiling` is
 * made in change_notes() and may hold more; `on` names a kernel that enforces.
 */
void label_remember(const struct control_in *in, struct change *out, const char *key,
		    enum host_lsm state, const char *on, struct json *ceiling);

/* Give an exec the remembered label, and none where the container has none. */
void label_repeat(const struct control_in *in, struct change *out, const char *key);

#endif
