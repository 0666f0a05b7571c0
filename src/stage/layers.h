/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it a container's snapshot that is mounted on its root directory? By the directories behind
 * the mount, each by device and inode, against what the snapshotter says of the snapshot.
 */
#ifndef HR_STAGE_LAYERS_H
#define HR_STAGE_LAYERS_H

#include "host/mountinfo.h"
#include "json/json.h"

/*
 * `root`: the root directory, absolute and without links. `mounts`: array of {type, source,
 * options} as containerd gives them: one overlay or one bind. Error: HR_DENIED and HR_UNTRUSTED,
 * a clause about "it", which is what is mounted there; HR_SYSTEM.
 *
 * Of an overlay that containerd mounted through idmapped clones of its layers, which are gone
 * since, there are but names: the upper directory is compared as ever, of the lower ones their
 * number and what their names end in.
 */
int layers_check(const char *root, const struct json *mounts, struct hr_error *err);

/* The part of it that is about an overlay: a line of mountinfo and one of those mounts. */
int layers_overlay(const struct mount_entry *mounted, const struct json *mount,
		   struct hr_error *err);

#endif
