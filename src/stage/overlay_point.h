/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place where an overlay is mounted: the directory above it, which root alone may change,
 * held open, so that the place stays the same whatever is in the way to it later.
 */
#ifndef HR_STAGE_OVERLAY_POINT_H
#define HR_STAGE_OVERLAY_POINT_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct overlay_point {
	char path[PATH_MAX]; /* plain, absolute */
	const char *name;    /* the last component of it */
	int parent;	     /* the directory that has it; -1: none */
};

/* `rootfs`: absolute. HR_DENIED for one that is no plain path; HR_UNTRUSTED, HR_SYSTEM. *ret is
 * to be freed in any case, and not to be copied. */
int overlay_point_open(const char *rootfs, struct overlay_point *ret, struct hr_error *err);
void overlay_point_done(struct overlay_point *point);

/* A path to it by way of the open directory. */
void overlay_point_path(const struct overlay_point *point, char ret[PATH_MAX]);

/*
 * Unmount what is there. With `await` the overlay itself has to end, which a copy of the mount
 * in another namespace prevents. ret_gone: it is unmounted, whatever follows. HR_SYSTEM.
 */
int overlay_point_clear(const struct overlay_point *point, bool await, bool *ret_gone,
			struct hr_error *err);

/* The directory that the mount was on (O_PATH), and that nothing is mounted on now. HR_SYSTEM. */
int overlay_point_bare(const struct overlay_point *point, int *ret, struct hr_error *err);

/* A wrong one is not left to anybody, even if somebody has it open by now. */
void overlay_point_drop(const struct overlay_point *point);

#endif
