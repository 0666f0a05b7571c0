/* SPDX-License-Identifier: Apache-2.0 */
/* What apparmor and selinux share: an exec gets the label of its container. */
#ifndef HR_CONTROL_LABEL_H
#define HR_CONTROL_LABEL_H

#include "control/control.h"

/* Remember member `key` of the container's process as the ceiling. */
void label_remember(const struct control_in *in, struct change *out, const char *key);

/* Give an exec the remembered label, and none where the container has none. */
void label_repeat(const struct control_in *in, struct change *out, const char *key);

#endif
