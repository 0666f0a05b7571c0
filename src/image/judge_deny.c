/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused whatever is signed. */
#include "image/judge_private.h"

#include "base/cleanup.h"
#include "image/limits.h"
#include "image/manifest.h"

#include <string.h>

#define DENIED_READ_MAX 64 /* indexes that are read for their manifests */

const char *judging_listed(const struct requirement_entry *entry, const char *list,
			   const struct candidate *candidate)
{
	if (requirement_lists(entry, list, candidate->manifest.digest))
		return candidate->manifest.digest;
	for (size_t i = 0; i < candidate->index_count; i++)
		if (requirement_lists(entry, list, candidate->indexes[i].digest))
			return candidate->indexes[i].digest;
	if (candidate->config[0] && requirement_lists(entry, list, candidate->config))
		return candidate->config;
	return NULL;
}

/* True if the bytes are an index that has the manifest in it. */
static bool lists_manifest(const char *bytes, size_t len, const char *digest)
{
	struct manifest manifest;
	bool found = false;

	if (manifest_read(bytes, len, &manifest, NULL) < 0)
		return false;
	for (size_t i = 0; manifest.kind == MANIFEST_INDEX && i < manifest.count; i++)
		found = found || strcmp(manifest.digests[i], digest) == 0;
	manifest_done(&manifest);
	return found;
}

/* A container that was not started from the index, but from one of its manifests, has no index: if
 * the store knows the denied one, its manifests are denied. */
static const char *denied_by_index(const struct requirement_entry *entry,
				   const struct content *store, const struct candidate *candidate)
{
	size_t left = DENIED_READ_MAX;

	json_each(denied, json_get(entry->json, "deny")) {
		hr_autofree char *bytes = NULL;
		size_t len;

		if (left-- == 0)
			return NULL;
		if (content_read(store, denied->text, IMAGE_MANIFEST_MAX, &bytes, &len, NULL) ==
			    CONTENT_READ &&
		    lists_manifest(bytes, len, candidate->manifest.digest))
			return denied->text;
	}
	return NULL;
}

const char *judging_denied(struct judging *self, const struct candidate **ret)
{
	const struct content store = store_content(&self->store_fd);

	for (size_t i = 0; i < self->binding->count; i++) {
		const struct candidate *candidate = &self->binding->candidates[i];

		*ret = candidate;
		for (size_t k = 0; k < self->requirement->count; k++) {
			const struct requirement_entry *entry = &self->requirement->entries[k];
			const char *digest = judging_listed(entry, "deny", candidate);

			if (!digest && self->store_fd >= 0)
				digest = denied_by_index(entry, &store, candidate);
			if (digest)
				return digest;
		}
	}
	return NULL;
}
