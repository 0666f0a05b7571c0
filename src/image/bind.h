/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which image is it that runs? By digests, from the container's record down to its snapshots, each
 * time; names select rules and prove nothing. A binding is one or more candidates, each a manifest
 * whose configuration has exactly the layers that the container has.
 */
#ifndef HR_IMAGE_BIND_H
#define HR_IMAGE_BIND_H

#include "image/containerd.h"
#include "image/limits.h"
#include "image/manifest.h"

#define BIND_INDEXES_MAX 8

struct blob {
	char digest[IMAGE_DIGEST_SIZE];
	const char *bytes; /* the binding's; NULL: not at hand */
	size_t len;
};

struct candidate {
	struct blob manifest;
	struct blob indexes[BIND_INDEXES_MAX]; /* that list the manifest; hashed; may be none */
	size_t index_count;
	char config[IMAGE_DIGEST_SIZE]; /* "" where it was not looked at */
};

struct binding {
	struct candidate *candidates; /* each of them may be what runs */
	size_t count;
	/* The configuration is known to be this container's (CRI): one accepted candidate is
	 * enough. Otherwise one is needed for each configuration. */
	bool config_known;
	char *names[IMAGE_NAMES_MAX]; /* as they were found */
	size_t name_count;
	char *snapshotter; /* NULL for none */
	char *snapshot_key;
	struct json_doc *mounts; /* of the snapshot, as containerd_mounts; NULL for none */
	const char *source;	 /* "containerd", "layout", "umoci", "descriptor" */
	char **kept;		 /* the bytes of the blobs */
	size_t kept_count, kept_bytes;
};

enum bind_code {
	BIND_OK,
	BIND_UNBOUND,	  /* it cannot be told which image runs */
	BIND_DAMAGED,	  /* content is not what its digest says, or no image */
	BIND_UNREACHABLE, /* no answer, or none that can be understood; not readable */
	BIND_CODES
};

/* Names: as they were found, without those that are a digest or an id, and without duplicates.
 *
 * Each fills *ret, which the caller frees with binding_done in any case, and err otherwise than
 * with BIND_OK. `store`: a second place for manifests and indexes; may be NULL. */
enum bind_code bind_containerd(struct containerd *client, const char *id,
			       const struct content *store, struct binding *ret,
			       struct hr_error *err);
enum bind_code bind_layout(int fd, const char *tag, const char *digest, const char *name,
			   struct binding *ret, struct hr_error *err);
/* A bundle that umoci unpacked, or its umoci.json opened for reading (umoci makes the directory
 * 0700): it names the manifest, whose bytes may be in the store. */
enum bind_code bind_umoci(int fd, const char *name, const struct content *store,
			  struct binding *ret, struct hr_error *err);
/* A digest alone (containerd's image verifier plugin). */
enum bind_code bind_descriptor(const char *digest, const char *name, const struct content *store,
			       struct binding *ret, struct hr_error *err);
void binding_done(struct binding *binding);

#endif
