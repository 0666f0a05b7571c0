/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount of an overlay, as opposed to the overlay itself: that it is the only one at its
 * place, its flags, how it propagates.
 */
#ifndef HR_STAGE_OVERLAY_MOUNT_H
#define HR_STAGE_OVERLAY_MOUNT_H

#include "host/mountinfo.h"

#include <stdbool.h>

/* The one mount at `point`, on which and in which nothing is mounted; its strings are the
 * table's. HR_DENIED names what is in the way. */
int overlay_mount_find(const struct mountinfo *table, const char *point, struct mount_entry *ret,
		       struct hr_error *err);

/* That it is a whole overlay and was mounted in this mount namespace. HR_DENIED. */
int overlay_mount_check(const struct mount_entry *mount, struct hr_error *err);

/* Flags for mount(2) from "rw,nosuid,relatime". HR_DENIED names an unknown one. */
int overlay_mount_flags(const char *options, unsigned long *ret, struct hr_error *err);

/* True if it has the propagation "shared:", "master:" (of whatever number), "unbindable". */
bool overlay_mount_tagged(const struct mount_entry *mount, const char *tag);

#endif
