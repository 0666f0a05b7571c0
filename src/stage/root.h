/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system of a container with a user namespace of ours: a mount tree in which the
 * files have the ids of that namespace, whatever the engine has put at root.path.
 */
#ifndef HR_STAGE_ROOT_H
#define HR_STAGE_ROOT_H

#include "stage/overlay.h"

/*
 * Could what is at `rootfs` (absolute, without links) have the ids of `userns`? Tried as far as
 * nothing is changed by it. The error says what is missing, "the overlay at ...: ...": HR_DENIED,
 * HR_UNTRUSTED, HR_SYSTEM.
 */
int stage_root_check(const char *rootfs, int userns, struct hr_error *err);

/*
 * The tree, detached, with the ids of with->userns (not -1). An overlay that is mounted at
 * `rootfs` is mounted anew in its place, which stage/overlay.h tells of, and the tree is a clone
 * of it: the engine still sees and unmounts its own. Of anything else (a bind mount, a directory)
 * the tree is an idmapped clone with all that is mounted below, and nothing changes in its place.
 * The flags of the mounts stay. ret_tree is the caller's to close. Errors as above.
 */
int stage_root(const char *rootfs, const struct stage_overlay *with, int *ret_tree,
	       struct hr_error *err);

#endif
