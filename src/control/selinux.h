/* SPDX-License-Identifier: Apache-2.0 */
/* Private to selinux*.c: the parts of the control `selinux`. */
#ifndef HR_CONTROL_SELINUX_H
#define HR_CONTROL_SELINUX_H

#include "control/control.h"

#define SELINUX_LABEL 256 /* longest context that is looked at, with its end */
#define LABEL_FIELD   "process.selinuxLabel"
#define MOUNT_FIELD   "linux.mountLabel"

/* USER:ROLE:TYPE[:LEVEL], in parts. */
struct context {
	char text[SELINUX_LABEL];
	const char *user, *role, *type;
	const char *level; /* "" for none */
};

/* False for what is no context. */
bool context_split(const char *label, struct context *ret);

/* `context`, which has no level, with one ("" for none). False when that is too long. */
bool context_join(const char *context, const char *level, char ret[SELINUX_LABEL]);

/* One document while it is judged. */
struct labels {
	const struct control_in *in;
	struct change *out;
	const char *asked, *asked_mount; /* "" for none */
	const char *level;		 /* of the pod; "" where contexts have none */
	bool narrowed;			 /* the level was asked without categories */
	char label[SELINUX_LABEL];	 /* what the container gets; "" when that was refused */
	char mount[SELINUX_LABEL];
};

/* Refuse at `field`; `option` of the policy decided. */
void selinux_refuse(const struct labels *labels, const char *field, const char *option,
		    const char *value, const char *why, const char *remedy);

/* --- selinux_asked.c: what the engine set --- */

/* Judge the label, and narrow it to the pod's level where it has none. */
void selinux_judge_label(struct labels *labels);
/* Judge the label of mounts, or supply it where the container's was asked alone. */
void selinux_judge_mount(struct labels *labels);

/* --- selinux_fit.c: whether the container can live under the label --- */

void selinux_judge_fit(struct labels *labels);

#endif
