/* SPDX-License-Identifier: Apache-2.0 */
#include "image/manifest.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const image_types[] = {"application/vnd.oci.image.manifest.v1+json",
					  "application/vnd.docker.distribution.manifest.v2+json",
					  NULL};
static const char *const index_types[] = {
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json", NULL};
static const char *const config_types[] = {"application/vnd.oci.image.config.v1+json",
					   "application/vnd.docker.container.image.v1+json", NULL};

/* Members that decide what is read. Others may be there: the formats are extensible. */
static const char *const manifest_keys[] = {"schemaVersion", "mediaType", "config", "layers",
					    "manifests",     "fsLayers",  NULL};
static const char *const descriptor_keys[] = {"mediaType", "digest", "size", NULL};
static const char *const config_keys[] = {"rootfs", NULL};
static const char *const rootfs_keys[] = {"type", "diff_ids", NULL};

static int fail_at(const struct json *value, struct hr_error *err, const char *what,
		   const char *shown)
{
	unsigned line, column;

	json_where(value, &line, &column);
	return hr_fail(err, HR_SPEC, "%s:%u:%u: %s%s", json_name(value->doc), line, column, what,
		       shown);
}

/*
 * The next character as Go's decoder compares keys (unicode.SimpleFold): letters without case, and
 * the only two others that fold into ASCII: U+017F (s) and U+212A (k).
 */
static unsigned char folded(const char **at)
{
	const unsigned char *c = (const unsigned char *)*at;

	if (c[0] == 0xC5 && c[1] == 0xBF) {
		*at += 2;
		return 's';
	}
	if (c[0] == 0xE2 && c[1] == 0x84 && c[2] == 0xAA) {
		*at += 3;
		return 'k';
	}
	*at += 1;
	return c[0] >= 'A' && c[0] <= 'Z' ? (unsigned char)(c[0] - 'A' + 'a') : c[0];
}

static bool folds(const char *a, const char *b)
{
	while (*a && *b)
		if (folded(&a) != folded(&b))
			return false;
	return *a == *b;
}

int manifest_keys_plain(const struct json *object, const char *const *keys, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (!object || object->type != JSON_OBJECT)
		return 0;
	json_each(member, object)
		for (size_t i = 0; keys[i]; i++)
			if (strcmp(member->key, keys[i]) != 0 && folds(member->key, keys[i]))
				return fail_at(member, err, "a key that decoders read as another: ",
					       text_shown_z(member->key, shown));
	return 0;
}

static bool too_deep(const struct json *value, unsigned levels)
{
	if (value->type != JSON_ARRAY && value->type != JSON_OBJECT)
		return false;
	if (levels == 0)
		return true;
	json_each(child, value)
		if (too_deep(child, levels - 1))
			return true;
	return false;
}

int manifest_parse(const char *name, const char *bytes, size_t len, struct json_doc **ret,
		   struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;

	if (json_parse(name, bytes, len, false, &doc, err) < 0)
		return -1;
	if (json_root(doc)->type != JSON_OBJECT)
		return fail_at(json_root(doc), err, "is no object", "");
	if (too_deep(json_root(doc), IMAGE_DEPTH_MAX))
		return fail_at(json_root(doc), err, "nested deeper than 32 levels", "");
	*ret = hr_steal(doc);
	return 0;
}

enum manifest_kind manifest_kind_of(const char *media_type)
{
	if (media_type && text_in(media_type, image_types))
		return MANIFEST_IMAGE;
	if (media_type && text_in(media_type, index_types))
		return MANIFEST_INDEX;
	return MANIFEST_KINDS;
}

/* *ret: NULL when there is none. */
static int text_of(const struct json *object, const char *key, const char **ret,
		   struct hr_error *err)
{
	const struct json *value = json_get(object, key);

	if (value && value->type != JSON_STRING)
		return fail_at(value, err, key, " is no string");
	*ret = value ? value->text : NULL;
	return 0;
}

static int digest_of(const struct json *value, char ret[IMAGE_DIGEST_SIZE], struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (value->type != JSON_STRING || !image_digest_sound(value->text))
		return fail_at(value, err, "is no sha256 digest: ",
			       value->text ? text_shown(value->text, value->len, shown) : "");
	memcpy(ret, value->text, IMAGE_DIGEST_SIZE);
	return 0;
}

int manifest_descriptor(const struct json *descriptor, char ret[IMAGE_DIGEST_SIZE],
			int64_t *ret_size, struct hr_error *err)
{
	const struct json *digest = json_get(descriptor, "digest");
	const struct json *size = json_get(descriptor, "size");

	if (descriptor->type != JSON_OBJECT)
		return fail_at(descriptor, err, "is no descriptor", "");
	if (manifest_keys_plain(descriptor, descriptor_keys, err) < 0)
		return -1;
	if (!digest)
		return fail_at(descriptor, err, "a descriptor without a digest", "");
	*ret_size = -1;
	if (size && (!json_int(size, ret_size) || *ret_size < 0))
		return fail_at(size, err, "is no size", "");
	return digest_of(digest, ret, err);
}

static bool is_layer(const char *media_type)
{
	return media_type && (text_starts(media_type, "application/vnd.oci.image.layer.") ||
			      text_starts(media_type, "application/vnd.docker.image.rootfs."));
}

static int read_item(const struct json *descriptor, struct manifest *manifest, struct hr_error *err)
{
	struct manifest_item *item = &manifest->items[manifest->count];
	const char *type = NULL;

	if (manifest_descriptor(descriptor, manifest->digests[manifest->count], &item->size, err) <
		    0 ||
	    text_of(descriptor, "mediaType", &type, err) < 0)
		return -1;
	manifest->count++;
	item->kind = manifest_kind_of(type);
	item->foreign =
		type && (strstr(type, ".nondistributable.") || strstr(type, ".rootfs.foreign."));
	if (is_layer(type))
		manifest->artifact = false;
	return 0;
}

static int read_items(const struct json *list, size_t max, struct manifest *manifest,
		      struct hr_error *err)
{
	size_t count = json_count(list);
	char limit[64];

	if (list->type != JSON_ARRAY)
		return fail_at(list, err, "is no list", "");
	snprintf(limit, sizeof(limit), "more than %zu entries", max);
	if (count > max)
		return fail_at(list, err, limit, "");
	manifest->digests = calloc(count + 1, sizeof(*manifest->digests));
	manifest->items = calloc(count + 1, sizeof(*manifest->items));
	if (!manifest->digests || !manifest->items)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_each(descriptor, list)
		if (read_item(descriptor, manifest, err) < 0)
			return -1;
	return 0;
}

static int read_image(const struct json *root, struct manifest *ret, struct hr_error *err)
{
	const struct json *config = json_get(root, "config"), *layers = json_get(root, "layers");
	const char *type = NULL;

	ret->kind = MANIFEST_IMAGE;
	if (!config)
		return fail_at(root, err, "a manifest without a configuration", "");
	if (manifest_descriptor(config, ret->config, &ret->config_size, err) < 0 ||
	    text_of(config, "mediaType", &type, err) < 0)
		return -1;
	ret->artifact = true; /* until there is a layer */
	if (layers && read_items(layers, IMAGE_LAYERS_MAX, ret, err) < 0)
		return -1;
	if (!type || !text_in(type, config_types))
		ret->artifact = true;
	return 0;
}

static int read_index(const struct json *root, struct manifest *ret, struct hr_error *err)
{
	ret->kind = MANIFEST_INDEX;
	return read_items(json_get(root, "manifests"), IMAGE_MANIFESTS_MAX, ret, err);
}

/* Which of the two it is; one that can be read as both is none (CVE-2021-41190). */
static int kind_of(const struct json *root, enum manifest_kind *ret, struct hr_error *err)
{
	const struct json *manifests = json_get(root, "manifests");
	const struct json *image = json_get(root, "config");
	const char *type = NULL;
	char shown[TEXT_SHOWN_SIZE];

	if (!image)
		image = json_get(root, "layers");
	if (text_of(root, "mediaType", &type, err) < 0)
		return -1;
	if (json_get(root, "fsLayers") || (type && strstr(type, "distribution.manifest.v1+")))
		return fail_at(root, err,
			       "a manifest of Docker's schema 1, which is not supported: build and "
			       "push the image again",
			       "");
	if (manifests && image)
		return fail_at(root, err, "a manifest and an index in one", "");
	if (!manifests && !image)
		return fail_at(root, err, "neither a manifest nor an index", "");
	*ret = manifests ? MANIFEST_INDEX : MANIFEST_IMAGE;
	if (type && manifest_kind_of(type) != *ret)
		return fail_at(json_get(root, "mediaType"), err,
			       manifests ? "an index that says it is "
					 : "a manifest that says it is ",
			       text_shown_z(type, shown));
	return 0;
}

static int read_root(const struct json *root, struct manifest *ret, struct hr_error *err)
{
	const struct json *version = json_get(root, "schemaVersion");
	enum manifest_kind kind = MANIFEST_KINDS;
	int64_t number;

	if (manifest_keys_plain(root, manifest_keys, err) < 0 || kind_of(root, &kind, err) < 0)
		return -1;
	if (!version || !json_int(version, &number) || number != 2)
		return fail_at(version ? version : root, err, "schemaVersion is not 2", "");
	return kind == MANIFEST_INDEX ? read_index(root, ret, err) : read_image(root, ret, err);
}

int manifest_read(const char *bytes, size_t len, struct manifest *ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct manifest manifest = {.config_size = -1};

	if (len > IMAGE_MANIFEST_MAX)
		return hr_fail(err, HR_SPEC, "manifest: larger than %zu bytes", IMAGE_MANIFEST_MAX);
	if (manifest_parse("manifest", bytes, len, &doc, err) < 0)
		return -1;
	if (read_root(json_root(doc), &manifest, err) < 0) {
		manifest_done(&manifest);
		return -1;
	}
	*ret = manifest;
	return 0;
}

void manifest_done(struct manifest *manifest)
{
	free(manifest->digests);
	free(manifest->items);
	*manifest = (struct manifest){.config_size = -1};
}

bool manifest_lists(const struct manifest *index, const char *digest)
{
	for (size_t i = 0; i < index->count; i++)
		if (index->items[i].kind == MANIFEST_IMAGE &&
		    strcmp(index->digests[i], digest) == 0)
			return true;
	return false;
}

static int read_diff_ids(const struct json *list, struct diff_ids *ret, struct hr_error *err)
{
	size_t count = json_count(list);

	if (list->type != JSON_ARRAY)
		return fail_at(list, err, "is no list", "");
	if (count > IMAGE_LAYERS_MAX)
		return fail_at(list, err, "more layers than are looked at (512)", "");
	ret->digests = calloc(count + 1, sizeof(*ret->digests));
	if (!ret->digests)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_each(id, list)
		if (digest_of(id, ret->digests[ret->count++], err) < 0)
			return -1;
	return 0;
}

static int read_rootfs(const struct json *root, struct diff_ids *ret, struct hr_error *err)
{
	const struct json *rootfs = json_get(root, "rootfs"), *list = json_get(rootfs, "diff_ids");
	const char *type = NULL;

	if (manifest_keys_plain(root, config_keys, err) < 0)
		return -1;
	if (!rootfs)
		return 0;
	if (rootfs->type != JSON_OBJECT)
		return fail_at(rootfs, err, "is no object", "");
	if (manifest_keys_plain(rootfs, rootfs_keys, err) < 0 ||
	    text_of(rootfs, "type", &type, err) < 0)
		return -1;
	if (type && strcmp(type, "layers") != 0)
		return fail_at(rootfs, err, "rootfs.type is not layers", "");
	return list ? read_diff_ids(list, ret, err) : 0;
}

int diff_ids_read(const char *config, size_t len, struct diff_ids *ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct diff_ids ids = {0};

	if (len > IMAGE_CONFIG_MAX)
		return hr_fail(err, HR_SPEC, "configuration: larger than %zu bytes",
			       IMAGE_CONFIG_MAX);
	if (manifest_parse("configuration", config, len, &doc, err) < 0)
		return -1;
	if (read_rootfs(json_root(doc), &ids, err) < 0) {
		diff_ids_done(&ids);
		return -1;
	}
	*ret = ids;
	return 0;
}

void diff_ids_done(struct diff_ids *ids)
{
	free(ids->digests);
	*ids = (struct diff_ids){0};
}

void chain_next(char chain[IMAGE_DIGEST_SIZE], const char *diff_id)
{
	char both[2 * IMAGE_DIGEST_SIZE];

	if (chain[0]) {
		snprintf(both, sizeof(both), "%s %s", chain, diff_id);
		image_digest_of(both, strlen(both), chain);
		return;
	}
	snprintf(chain, IMAGE_DIGEST_SIZE, "%s", diff_id);
}

void chain_id(const struct diff_ids *ids, size_t count, char ret[IMAGE_DIGEST_SIZE])
{
	ret[0] = '\0';
	for (size_t i = 0; i < count && i < ids->count; i++)
		chain_next(ret, ids->digests[i]);
}
