/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the record of a container to the manifests that may be what it runs: each snapshot below it
 * must have the name that its layers give it, and names of images are only where to look.
 */
#include "base/cleanup.h"
#include "image/bind_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOKED_UP_MAX  4  /* manifests of which the indexes are asked for */
#define HINTS_READ_MAX 16 /* blobs that are read because of labels, which anybody's images have */
#define LISTED_MAX     32 /* of an answer to a question for labels */

/* Bytes of a manifest or index that a label leads to: anybody who can have images pulled can have
 * many that are large, and time is short. */
#define HINT_MAX ((size_t)256 * 1024)

/* Labels that containerd puts on content, for its garbage collector; anybody may set others. */
#define LABEL_CONFIG "containerd.io/gc.ref.content.config"
#define LABEL_CHILD  "containerd.io/gc.ref.content.m."

static const char *const label_config[] = {LABEL_CONFIG, NULL};
static const char *const label_child[] = {LABEL_CHILD "0",
					  LABEL_CHILD "1",
					  LABEL_CHILD "2",
					  LABEL_CHILD "3",
					  LABEL_CHILD "4",
					  LABEL_CHILD "5",
					  LABEL_CHILD "6",
					  LABEL_CHILD "7",
					  LABEL_CHILD "8",
					  LABEL_CHILD "9",
					  LABEL_CHILD "10",
					  LABEL_CHILD "11",
					  LABEL_CHILD "12",
					  LABEL_CHILD "13",
					  LABEL_CHILD "14",
					  LABEL_CHILD "15",
					  NULL};

struct finder {
	struct containerd *client;
	struct content content;
	struct containerd_container container;
	struct bind_cri cri;
	struct bind_chain chain;
	struct bind_walk walk;
};

static enum bind_code unreachable(struct hr_error *err, const char *what)
{
	hr_context(err, "%s", what);
	return BIND_UNREACHABLE;
}

/* ---- the container --------------------------------------------------------------------- */

static enum bind_code read_container(struct finder *finder, const char *id, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	switch (containerd_container(finder->client, id, &finder->container, err)) {
	case CONTAINERD_OK:
		break;
	case CONTAINERD_NONE:
		return bind_fail(err, BIND_UNBOUND,
				 "containerd has no record of the container %s in this namespace",
				 text_shown_z(id, shown));
	case CONTAINERD_FAILED:
	case CONTAINERD_RESULTS:
		return unreachable(err, "containerd, record of the container");
	}
	if (!finder->container.snapshotter || !finder->container.snapshotter[0] ||
	    !finder->container.snapshot_key || !finder->container.snapshot_key[0])
		return bind_fail(err, BIND_UNBOUND,
				 "the container has no snapshot in containerd: its root file "
				 "system comes from elsewhere");
	return BIND_OK;
}

/*
 * What the pod asked for, where the kubelet says it (Kubernetes 1.28, containerd 1.7). The record's
 * own name is any one that this image has on the node: who pulls it under another name could choose
 * the scope, or shut others out.
 */
static enum bind_code read_names(struct finder *finder, struct binding *ret, struct hr_error *err)
{
	enum bind_code code = bind_name(ret, finder->cri.names[0], finder->cri.config, err);

	if (code != BIND_OK || ret->name_count > 0)
		return code;
	code = bind_name(ret, finder->container.image, finder->cri.config, err);
	for (size_t i = 1; i < hr_count(finder->cri.names) && code == BIND_OK; i++)
		code = bind_name(ret, finder->cri.names[i], finder->cri.config, err);
	return code;
}

static enum bind_code take_snapshot(struct finder *finder, struct binding *ret,
				    struct hr_error *err)
{
	ret->snapshotter = strdup(finder->container.snapshotter);
	ret->snapshot_key = strdup(finder->container.snapshot_key);
	if (!ret->snapshotter || !ret->snapshot_key)
		return bind_fail(err, BIND_UNREACHABLE, "out of memory");
	return BIND_OK;
}

/* ---- configurations -------------------------------------------------------------------- */

/* *ret_there: the configuration is on the node; *ret_fits: with the container's layers. */
static enum bind_code check_config(const struct finder *finder, const char *digest, int64_t size,
				   bool *ret_there, bool *ret_fits, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	struct diff_ids ids = {0};
	struct blob blob = {0};
	enum bind_code code;

	*ret_there = *ret_fits = false;
	switch (content_read(&finder->content, digest, IMAGE_CONFIG_MAX, &bytes, &blob.len, err)) {
	case CONTENT_READ:
		break;
	case CONTENT_NONE:
		return BIND_OK;
	case CONTENT_FAILED:
	case CONTENT_RESULTS:
		hr_context(err, "configuration");
		if (!strstr(err->msg, digest))
			hr_context(err, "%s", digest);
		return err->code == HR_SYSTEM ? BIND_UNREACHABLE : BIND_DAMAGED;
	}
	*ret_there = true;
	memcpy(blob.digest, digest, IMAGE_DIGEST_SIZE);
	blob.bytes = bytes;
	code = bind_check_size(&blob, size, err);
	if (code != BIND_OK)
		return code;
	if (diff_ids_read(bytes, blob.len, &ids, err) < 0) {
		hr_context(err, "configuration %s", digest);
		return err->code == HR_SYSTEM ? BIND_UNREACHABLE : BIND_DAMAGED;
	}
	*ret_fits = bind_chain_fits(&finder->chain, &ids);
	diff_ids_done(&ids);
	return BIND_OK;
}

/* The configuration that CRI started the container with. */
static enum bind_code check_known(const struct finder *finder, struct hr_error *err)
{
	bool there, fits;
	enum bind_code code = check_config(finder, finder->cri.config, -1, &there, &fits, err);

	if (code != BIND_OK || fits)
		return code;
	if (!there)
		return bind_fail(err, BIND_UNBOUND,
				 "the configuration %s of the container's image is gone: pull the "
				 "image again",
				 finder->cri.config);
	return bind_fail(err, BIND_UNBOUND,
			 "the layers of %s, the configuration of the container's image, are not "
			 "the %zu snapshots below the container",
			 finder->cri.config, finder->chain.count);
}

static enum bind_code fits_known(struct bind_walk *walk, const char *digest,
				 const struct manifest *manifest, bool ours, bool *ret,
				 struct hr_error *err)
{
	const struct finder *finder = walk->data;

	(void)ours;
	(void)err;
	*ret = strcmp(manifest->config, finder->cri.config) == 0;
	if (!*ret)
		bind_note(walk, "%s has the configuration %s, and the container %s", digest,
			  manifest->config, finder->cri.config);
	return BIND_OK;
}

/* Any manifest with the container's layers may have been the one. */
static enum bind_code fits_unknown(struct bind_walk *walk, const char *digest,
				   const struct manifest *manifest, bool ours, bool *ret,
				   struct hr_error *err)
{
	bool there;
	enum bind_code code =
		check_config(walk->data, manifest->config, manifest->config_size, &there, ret, err);

	if (code != BIND_OK)
		return code;
	if (!there && ours)
		return bind_fail(err, BIND_UNBOUND,
				 "the configuration %s of %s is gone, so that it cannot be told "
				 "whether it is what runs: pull the image again",
				 manifest->config, digest);
	if (!*ret)
		bind_note(walk, "%s has other layers than the container", digest);
	return BIND_OK;
}

/* ---- where to look --------------------------------------------------------------------- */

static enum bind_code look_at_name(struct finder *finder, const char *name, struct hr_error *err)
{
	hr_autofree char *digest = NULL;
	char buf[TEXT_SHOWN_SIZE];
	enum bind_code code;
	const char *shown;

	if (!name || !name[0])
		return BIND_OK;
	shown = bind_shown(name, buf);
	switch (containerd_image(finder->client, name, &digest, err)) {
	case CONTAINERD_OK:
		break;
	case CONTAINERD_NONE:
		bind_note(&finder->walk,
			  "there is no record of the image %s (deleted): pull the image again",
			  shown);
		return BIND_OK;
	case CONTAINERD_FAILED:
	case CONTAINERD_RESULTS:
		return unreachable(err, "containerd, record of the image");
	}
	if (!image_digest_sound(digest)) {
		bind_note(&finder->walk, "the image %s has no sha256 digest", shown);
		return BIND_OK;
	}
	code = bind_target(&finder->walk, digest, -1, shown, err);
	if (code == BIND_OK && finder->walk.binding->count == 0)
		bind_note(&finder->walk, "%s is %s by now: create the container again", shown,
			  digest);
	return code;
}

static enum bind_code look_at_names(struct finder *finder, struct hr_error *err)
{
	const struct binding *binding = finder->walk.binding;
	const char *digest = finder->cri.digest;
	enum bind_code code = BIND_OK;

	if (digest[0])
		code = bind_target(&finder->walk, digest, -1, "CRI's record", err);
	if (!finder->container.image || !finder->container.image[0])
		bind_note(&finder->walk, "the container's record names no image");
	for (size_t i = 0; i < binding->name_count && code == BIND_OK; i++)
		code = look_at_name(finder, binding->names[i], err);
	/* CRI keeps each image under its id too, and so may a name be one. */
	if (code == BIND_OK)
		code = look_at_name(finder, finder->cri.config, err);
	if (code == BIND_OK && binding->count == 0)
		code = look_at_name(finder, finder->container.image, err);
	return code;
}

static enum bind_code list(struct finder *finder, const char *const *keys, const char *value,
			   char ***ret, struct hr_error *err)
{
	*ret = NULL;
	if (containerd_list(finder->client, keys, value, LISTED_MAX, ret, err) == CONTAINERD_FAILED)
		return unreachable(err, "containerd, content by label");
	return BIND_OK;
}

/* Manifests whose configuration is the container's, whatever their names are by now. */
static enum bind_code look_at_labels(struct finder *finder, struct hr_error *err)
{
	char **digests = NULL;
	enum bind_code code = list(finder, label_config, finder->cri.config, &digests, err);

	for (size_t i = 0; code == BIND_OK && digests && digests[i] && i < HINTS_READ_MAX; i++)
		if (image_digest_sound(digests[i]))
			code = bind_target(&finder->walk, digests[i], -1, "content", err);
	containerd_list_done(digests);
	return code;
}

/* Signatures are often those of an index that lists the manifest. */
static enum bind_code look_for_indexes(struct finder *finder, struct hr_error *err)
{
	const struct binding *binding = finder->walk.binding;
	enum bind_code code = BIND_OK;
	size_t left = HINTS_READ_MAX;

	for (size_t i = 0; i < binding->count && i < LOOKED_UP_MAX && code == BIND_OK; i++) {
		char **digests = NULL;

		code = list(finder, label_child, binding->candidates[i].manifest.digest, &digests,
			    err);
		for (size_t j = 0; code == BIND_OK && digests && digests[j] && left > 0;
		     j++, left--)
			if (image_digest_sound(digests[j]))
				code = bind_index(&finder->walk, digests[j], err);
		containerd_list_done(digests);
	}
	return code;
}

static enum bind_code find(struct finder *finder, struct hr_error *err)
{
	enum bind_code code = BIND_OK;

	if (finder->walk.lenient)
		code = check_known(finder, err);
	if (code == BIND_OK)
		code = look_at_names(finder, err);
	finder->walk.max = HINT_MAX;
	if (code == BIND_OK && finder->walk.lenient)
		code = look_at_labels(finder, err);
	if (code == BIND_OK)
		code = bind_end(&finder->walk, err);
	return code == BIND_OK ? look_for_indexes(finder, err) : code;
}

/* ---- all of it ------------------------------------------------------------------------- */

static enum bind_code read_mounts(struct finder *finder, struct binding *ret, struct hr_error *err)
{
	switch (containerd_mounts(finder->client, ret->snapshotter, ret->snapshot_key, &ret->mounts,
				  err)) {
	case CONTAINERD_OK:
		return BIND_OK;
	case CONTAINERD_NONE:
		return bind_fail(err, BIND_UNBOUND, "the container's snapshot is gone");
	case CONTAINERD_FAILED:
	case CONTAINERD_RESULTS:
		break;
	}
	return unreachable(err, "containerd, mounts of the snapshot");
}

static enum bind_code run(struct finder *finder, const char *id, struct binding *ret,
			  struct hr_error *err)
{
	enum bind_code code = read_container(finder, id, err);

	if (code == BIND_OK)
		code = bind_cri_read(finder->container.cri, id, &finder->cri, err);
	if (code == BIND_OK)
		code = read_names(finder, ret, err);
	if (code == BIND_OK)
		code = take_snapshot(finder, ret, err);
	if (code == BIND_OK)
		code = bind_chain_read(finder->client, ret->snapshotter, ret->snapshot_key,
				       &finder->chain, err);
	ret->config_known = finder->walk.lenient = finder->cri.container;
	finder->walk.fits = finder->walk.lenient ? fits_known : fits_unknown;
	if (code == BIND_OK)
		code = find(finder, err);
	return code == BIND_OK ? read_mounts(finder, ret, err) : code;
}

enum bind_code bind_containerd(struct containerd *client, const char *id,
			       const struct content *store, struct binding *ret,
			       struct hr_error *err)
{
	struct finder finder = {.client = client, .content = containerd_content(client)};
	enum bind_code code;

	*ret = (struct binding){.source = "containerd"};
	finder.walk.content = &finder.content;
	finder.walk.store = store;
	finder.walk.max = IMAGE_MANIFEST_MAX;
	finder.walk.binding = ret;
	finder.walk.failed = BIND_UNREACHABLE;
	finder.walk.data = &finder;
	code = run(&finder, id, ret, err);
	text_free(&finder.walk.notes);
	bind_chain_done(&finder.chain);
	json_free(finder.cri.doc);
	containerd_container_done(&finder.container);
	return code;
}
