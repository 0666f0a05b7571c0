/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of an overlay with the ids of a user namespace, and an overlay mounted over them.
 * Most layers are below one directory, of which one clone does for all. A layer that is elsewhere,
 * or is itself a mount there (of which the clone has but the empty directory below it), has one of
 * its own. The upper and the work directory must come through the same.
 */
#ifndef HR_STAGE_OVERLAY_CLONES_H
#define HR_STAGE_OVERLAY_CLONES_H

#include "stage/overlay_layers.h"

struct overlay_clones {
	struct overlay_clone {
		char *at; /* where it is on the host, and where it is attached: absolute */
		int fd;	  /* detached, idmapped */
	} * list;	  /* in the order of attaching: what comes later lies on what was before */
	size_t count;
	uint32_t base, size; /* the ids of the user namespace: 0 to size-1 are these */
};

/*
 * Make them, which changes nothing. Each layer is the same directory through its clone as by its
 * own name. HR_DENIED names the layer that cannot be mapped, and why; HR_SYSTEM. *ret is to be
 * freed in any case.
 */
int overlay_clones_make(const struct overlay_options *options, const struct overlay_layers *layers,
			int userns, struct overlay_clones *ret, struct hr_error *err);
void overlay_clones_done(struct overlay_clones *clones);

/* What mount(2) is told. */
struct overlay_how {
	const char *source;
	const char *data;
	unsigned long flags;
};

/*
 * Mount an overlay over the clones, in a mount namespace that nobody else sees and with a root in
 * which they are where the layers are on the host: so every name in how->data, absolute or
 * relative to layers->base, is that of before. ret_tree: the new mount, detached. HR_SYSTEM.
 */
int overlay_clones_mount(const struct overlay_clones *clones, const struct overlay_options *options,
			 const struct overlay_layers *layers, const struct overlay_how *how,
			 int *ret_tree, struct hr_error *err);

#endif
