/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCI and Docker manifests, indexes and configurations: as much of them as tells which layers an
 * image has. Parsed after their digest was checked, and still hostile.
 */
#ifndef HR_IMAGE_MANIFEST_H
#define HR_IMAGE_MANIFEST_H

#include "base/error.h"
#include "image/digest.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum manifest_kind { MANIFEST_IMAGE, MANIFEST_INDEX, MANIFEST_KINDS };

/* What a descriptor says of the blob whose digest stands at the same place. */
struct manifest_item {
	int64_t size;		 /* bytes; -1: not given */
	enum manifest_kind kind; /* of an index's: by its mediaType; MANIFEST_KINDS: neither, and no
				    runtime descends into it */
	bool foreign;		 /* of an image's: a layer that need not be distributed */
};

struct manifest {
	enum manifest_kind kind;
	char (*digests)[IMAGE_DIGEST_SIZE]; /* image: the layers; index: the manifests */
	struct manifest_item *items;	    /* as many */
	size_t count;
	char config[IMAGE_DIGEST_SIZE]; /* image */
	int64_t config_size;		/* -1: not given */
	/* Image: no container image (a signature, an attestation, a chart), by its media types.
	 * containerd runs it all the same when its configuration is one of an image. */
	bool artifact;
};

/* The kind is told by mediaType, or by "config" or "manifests" where there is none; both at once,
 * or a mediaType that contradicts, is an error. Error: HR_SPEC; HR_SYSTEM (memory). */
int manifest_read(const char *bytes, size_t len, struct manifest *ret, struct hr_error *err);
void manifest_done(struct manifest *manifest);

/* True if the index lists the digest as that of an image's manifest. */
bool manifest_lists(const struct manifest *index, const char *digest);

/* The kind that a mediaType (NULL for none) stands for; MANIFEST_KINDS for another. */
enum manifest_kind manifest_kind_of(const char *media_type);

/* Refuse a member of the object that is spelled otherwise than one of `keys` (NULL-terminated) and
 * that Go's decoder takes for it. Error: HR_SPEC. */
int manifest_keys_plain(const struct json *object, const char *const *keys, struct hr_error *err);

/* The digest and size (-1: none) of a descriptor. Error: HR_SPEC, also for another algorithm. */
int manifest_descriptor(const struct json *descriptor, char ret[IMAGE_DIGEST_SIZE],
			int64_t *ret_size, struct hr_error *err);

/* json_parse, and no deeper than IMAGE_DEPTH_MAX, and an object. */
int manifest_parse(const char *name, const char *bytes, size_t len, struct json_doc **ret,
		   struct hr_error *err);

/* Digests of the uncompressed layers in a configuration (rootfs.diff_ids), the lowest first; none
 * where there is no rootfs (an artifact's). */
struct diff_ids {
	char (*digests)[IMAGE_DIGEST_SIZE];
	size_t count;
};
int diff_ids_read(const char *config, size_t len, struct diff_ids *ret, struct hr_error *err);
void diff_ids_done(struct diff_ids *ids);

/* Chain ID of the lowest `count` layers (image-spec, config.md "Layer ChainID"); count > 0. */
void chain_id(const struct diff_ids *ids, size_t count, char ret[IMAGE_DIGEST_SIZE]);

/* From the chain ID of all layers below ("" for none) to that with one more on top. */
void chain_next(char chain[IMAGE_DIGEST_SIZE], const char *diff_id);

#endif
