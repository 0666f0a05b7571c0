/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rootfs that an engine mounted, mounted anew in its place: an overlay takes another
 * SELinux context, and layers with other ids, only when its superblock is made. The mount table
 * is all there is to tell what was mounted; what cannot be told from it, or would be lost, is
 * refused.
 */
#ifndef HR_STAGE_OVERLAY_H
#define HR_STAGE_OVERLAY_H

#include "base/error.h"

/* How the rootfs is to be mounted anew. */
struct stage_overlay {
	const char *context; /* SELinux context of every file; NULL: as it is mounted now */
	int userns;	     /* whose ids the files are to have; -1: those that they have on disk */
};

/*
 * The engine's overlay at `rootfs` (absolute, a mount point, no symbolic link in it) is mounted
 * anew in its place, in the mount namespace that we are in, with every option that it had: of the
 * overlay, of the mount, and how it propagates. With a context all contexts that it was mounted
 * with are replaced by it.
 *
 * With a user namespace (userns_make's) its layers, the upper one too, are idmapped: a file that
 * is root's on disk is root's in the container, and what the container writes is on disk as it
 * would be without one. Which ids it had before, by an earlier call, makes no difference. Linux
 * 5.19.
 *
 * Where it has exactly that context and no other ids are asked for, nothing is done.
 *
 * An error before the old mount is gone leaves everything as it was; after it the rootfs is left
 * unmounted, and the message says so. A kill at any instant leaves the old mount, none, or the
 * new one. To be called before the namespace is left that the engine mounted it in. The working
 * directory is changed meanwhile. Linux 5.12.
 *
 * Error, with the mount and the option in it: HR_DENIED (of a form that cannot be made again, or
 * whose layers cannot be idmapped), HR_UNTRUSTED (others than root could have put another layer
 * there), HR_SYSTEM.
 */
int stage_overlay(const char *rootfs, const struct stage_overlay *with, struct hr_error *err);

/* Could stage_overlay do it, as far as that can be told? Errors as above; nothing is changed. */
int stage_overlay_check(const char *rootfs, const struct stage_overlay *with, struct hr_error *err);

#endif
