/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest or index: read the same way twice, sound in all that is handed on, never both. */
#include "fuzz.h"

#include "image/limits.h"
#include "image/manifest.h"

static bool has_key(const struct json *object, const char *key)
{
	json_each(member, object)
		if (strcasecmp(member->key, key) == 0 && member->type != JSON_NULL)
			return true;
	return false;
}

/* As a decoder would see it that does not tell upper from lower case. */
static void must_be_one(const uint8_t *data, size_t size, const struct manifest *manifest)
{
	json_auto struct json_doc *doc = NULL;
	bool image = manifest->kind == MANIFEST_IMAGE;

	must(json_parse("fuzz", (const char *)data, size, false, &doc, NULL) == 0);
	must(has_key(json_root(doc), "manifests") != image);
	must(has_key(json_root(doc), "config") == image);
	must(image || !has_key(json_root(doc), "layers"));
	must(!has_key(json_root(doc), "fsLayers"));
}

static void must_be_same(const struct manifest *a, const struct manifest *b)
{
	must(a->kind == b->kind && a->count == b->count && a->artifact == b->artifact);
	must(strcmp(a->config, b->config) == 0 && a->config_size == b->config_size);
	for (size_t i = 0; i < a->count; i++) {
		must(strcmp(a->digests[i], b->digests[i]) == 0);
		must(a->items[i].size == b->items[i].size && a->items[i].size >= -1);
		must(image_digest_sound(a->digests[i]));
		must(a->kind == MANIFEST_IMAGE ||
		     manifest_lists(a, a->digests[i]) >= (a->items[i].kind == MANIFEST_IMAGE));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest = {0}, again = {0};
	struct hr_error err = {0};

	if (manifest_read((const char *)data, size, &manifest, &err) < 0) {
		must_be_told(&err);
		must(!manifest.digests && !manifest.items);
		return 0;
	}
	must(manifest_read((const char *)data, size, &again, &err) == 0);
	must(manifest.kind < MANIFEST_KINDS);
	must(manifest.count <=
	     (size_t)(manifest.kind == MANIFEST_IMAGE ? IMAGE_LAYERS_MAX : IMAGE_MANIFESTS_MAX));
	must(image_digest_sound(manifest.config) == (manifest.kind == MANIFEST_IMAGE));
	must_be_same(&manifest, &again);
	must_be_one(data, size, &manifest);
	manifest_done(&manifest);
	manifest_done(&again);
	return 0;
}
