/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories behind an overlay: where their relative names start, whether anybody but root
 * could have put another one there, and whether they, and what the overlay shows, are the same
 * afterwards.
 */
#ifndef HR_STAGE_OVERLAY_LAYERS_H
#define HR_STAGE_OVERLAY_LAYERS_H

#include "stage/overlay_options.h"

#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

struct overlay_layers {
	char base[PATH_MAX]; /* where relative names start; "" when that is not known */
	bool relative;	     /* a name needs it */
	int at;		     /* the base, opened; -1 without one */
	struct overlay_place {
		dev_t dev;
		ino_t ino;
		uid_t uid; /* who has it on disk */
		gid_t gid;
	} * places; /* of the lower ones in order, the upper one, the work directory */
	size_t count;
};

/*
 * Find and open the layers of the overlay at `point`. Engines shorten long lists of layers by
 * mounting from within the directory that has them all (containerd: the lower ones alone; Docker
 * and Podman: the upper one and the work directory too), and the kernel shows what it was told.
 * HR_DENIED: not to be resolved; HR_UNTRUSTED: a component above a layer can be changed by others
 * than root (the layer itself is the container's, and may be anything); HR_SYSTEM.
 */
int overlay_layers_open(const struct overlay_options *options, const char *point,
			struct overlay_layers *ret, struct hr_error *err);
void overlay_layers_done(struct overlay_layers *layers);

/* Are the names, from the working directory (the base), still those directories? HR_SYSTEM. */
int overlay_layers_same(const struct overlay_layers *layers, const struct overlay_options *options,
			struct hr_error *err);

/* The absolute path of layer number i, in the order of the places. */
void overlay_layers_path(const struct overlay_layers *layers, const struct overlay_options *options,
			 size_t i, char ret[PATH_MAX]);

/* Ids in a container: `base` is its 0, and at most the `size` ids from there on are its own. */
struct overlay_ids {
	uint32_t base;
	uint32_t size; /* 4294967295: all */
};

/* What the root directory of an overlay shows: its own mode and owner, and for each entry name,
 * mode, owner (as they are in `ids`), size and target, in a sum. Two overlays of the same layers
 * give the same. */
int overlay_layers_view(int dirfd, const char *path, const struct overlay_ids *ids, uint64_t *ret,
			struct hr_error *err);

/*
 * What was added to the ids on disk, for an overlay that an earlier call mounted with others: by
 * its root directory, whose owner is that of the topmost layer. HR_DENIED when it is not one
 * number, HR_SYSTEM.
 */
int overlay_layers_shift(const struct overlay_layers *layers, const struct overlay_options *options,
			 int dirfd, const char *path, uint32_t *ret, struct hr_error *err);

/* As text_shown_z, but of a long path it is the end that is shown. */
const char *overlay_shown(const char *path, char buf[TEXT_SHOWN_SIZE]);

#endif
