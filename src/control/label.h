/* SPDX-License-Identifier: Apache-2.0 */
/* What apparmor and selinux share: what is kept of a label, and that an exec gets it. */
#ifndef HR_CONTROL_LABEL_H
#define HR_CONTROL_LABEL_H

#include "control/control.h"

/* True where the profile says "missing": "fail". */
bool label_required(const struct control_in *in);

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
