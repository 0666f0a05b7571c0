/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshots that a container stands on: containerd names each by the layers up to it. */
#include "base/cleanup.h"
#include "image/bind_private.h"

#include <stdlib.h>
#include <string.h>

static enum bind_code parent_of(struct containerd *client, const char *snapshotter, const char *key,
				char **ret, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE], other[TEXT_SHOWN_SIZE];

	switch (containerd_parent(client, snapshotter, key, ret, err)) {
	case CONTAINERD_OK:
		return BIND_OK;
	case CONTAINERD_NONE:
		return bind_fail(err, BIND_UNBOUND, "the snapshotter %s has no snapshot %s",
				 text_shown_z(snapshotter, shown), bind_shown(key, other));
	case CONTAINERD_FAILED:
	case CONTAINERD_RESULTS:
		break;
	}
	hr_context(err, "containerd, snapshot");
	return BIND_UNREACHABLE;
}

static enum bind_code add(struct bind_chain *chain, const char *name, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (chain->count == IMAGE_LAYERS_MAX)
		return bind_fail(err, BIND_UNBOUND, "more than %d snapshots below the container",
				 IMAGE_LAYERS_MAX);
	if (!image_digest_sound(name))
		return bind_fail(err, BIND_UNBOUND,
				 "the snapshot %s below the container is no layer of an image: a "
				 "copy with other owners (user namespaces without idmapped "
				 "mounts), or made by hand",
				 bind_shown(name, shown));
	memcpy(chain->names[chain->count++], name, IMAGE_DIGEST_SIZE);
	return BIND_OK;
}

enum bind_code bind_chain_read(struct containerd *client, const char *snapshotter, const char *key,
			       struct bind_chain *ret, struct hr_error *err)
{
	hr_autofree char *at = strdup(key);

	ret->count = 0;
	ret->names = calloc(IMAGE_LAYERS_MAX, sizeof(*ret->names));
	if (!at || !ret->names)
		return bind_fail(err, BIND_UNREACHABLE, "out of memory");
	for (;;) {
		hr_autofree char *parent = NULL;
		enum bind_code code = parent_of(client, snapshotter, at, &parent, err);

		if (code != BIND_OK)
			return code;
		if (!parent || !parent[0])
			break;
		code = add(ret, parent, err);
		if (code != BIND_OK)
			return code;
		free(at);
		at = hr_steal(parent);
	}
	if (ret->count > 0)
		return BIND_OK;
	return bind_fail(err, BIND_UNBOUND,
			 "the container's snapshot stands on no layer of an image");
}

bool bind_chain_fits(const struct bind_chain *chain, const struct diff_ids *ids)
{
	char name[IMAGE_DIGEST_SIZE] = "";

	if (ids->count == 0 || ids->count != chain->count)
		return false;
	for (size_t i = 0; i < ids->count; i++) {
		chain_next(name, ids->digests[i]);
		if (strcmp(name, chain->names[ids->count - 1 - i]) != 0)
			return false;
	}
	return true;
}

void bind_chain_done(struct bind_chain *chain)
{
	free(chain->names);
	*chain = (struct bind_chain){0};
}
