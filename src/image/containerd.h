/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's gRPC API (v1, services containers, images, content, snapshots), of which eight calls
 * are used, over a connected socket, one after the other, until a deadline. What the server says is
 * bounded and checked; any surprise is an error.
 */
#ifndef HR_IMAGE_CONTAINERD_H
#define HR_IMAGE_CONTAINERD_H

#include "base/error.h"
#include "image/content.h"
#include "json/json.h"

#include <stdint.h>

struct containerd;

/* Speak to the server on `fd` (connected, not blocking or set so), which stays the caller's, in
 * `space` (the namespace), until `deadline_ms` of CLOCK_MONOTONIC. Error: HR_SYSTEM. */
int containerd_open(int fd, const char *space, int64_t deadline_ms, struct containerd **ret,
		    struct hr_error *err);
void containerd_close(struct containerd *client);

/* What a lookup finds. */
enum containerd_result {
	CONTAINERD_OK,
	CONTAINERD_NONE,   /* gRPC status 5 */
	CONTAINERD_FAILED, /* err: HR_SYSTEM */
	CONTAINERD_RESULTS
};

struct containerd_container {
	char *image; /* name; "" for none */
	char *snapshotter;
	char *snapshot_key;
	char *cri; /* JSON of the extension io.cri-containerd.container.metadata, or
		      io.cri-containerd.sandbox.metadata; NULL for none */
};
enum containerd_result containerd_container(struct containerd *client, const char *id,
					    struct containerd_container *ret, struct hr_error *err);
void containerd_container_done(struct containerd_container *container);

/* The digest that an image's name has now; the caller frees *ret. */
enum containerd_result containerd_image(struct containerd *client, const char *name, char **ret,
					struct hr_error *err);

/* The parent of a snapshot; "" for the lowest. The caller frees *ret. */
enum containerd_result containerd_parent(struct containerd *client, const char *snapshotter,
					 const char *key, char **ret, struct hr_error *err);

/* How a snapshot is mounted: an array of {"type", "source", "options": [...]}. */
enum containerd_result containerd_mounts(struct containerd *client, const char *snapshotter,
					 const char *key, struct json_doc **ret,
					 struct hr_error *err);

/* Digests of content with one of these labels (`keys`: NULL-terminated, at most 16), as the filters
 * `labels."KEY"==VALUE` of one request find it (any of them): hints, nothing more, the first `max`,
 * what is more is left out. *ret: NULL-terminated, freed with containerd_list_done. */
enum containerd_result containerd_list(struct containerd *client, const char *const *keys,
				       const char *value, size_t max, char ***ret,
				       struct hr_error *err);
void containerd_list_done(char **list);

/* Blobs. */
struct content containerd_content(struct containerd *client);

#endif
