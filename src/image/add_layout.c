/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests, indexes and signatures of an OCI layout: as `cosign save` writes it, with tags
 * sha256-HEX.sig and sha256-HEX (an index of referrers), or with referrers of their own. What a
 * manifest is is told by its layers, and neither by tags nor by artifact types: the index that
 * cosign 2.5 pushes for the tag sha256-HEX gives its entries a wrong one.
 */
#include "base/cleanup.h"
#include "image/add.h"
#include "image/layout.h"
#include "image/limits.h"
#include "image/manifest.h"

#include <stdlib.h>
#include <string.h>

#define SIMPLE_TYPE   "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIGNATURE_KEY "dev.cosignproject.cosign/signature"
#define BUNDLE_TYPE   "application/vnd.dev.sigstore.bundle"
#define MANIFESTS_MAX 4096 /* that are looked at in one layout */

enum place { IN_THE_LAYOUT, IN_AN_INDEX };

struct seen {
	char digest[IMAGE_DIGEST_SIZE];
	bool image; /* or an index of images; also what cannot be told */
};

struct walk {
	struct finds *finds;
	struct content content;
	struct seen *seen; /* MANIFESTS_MAX of them */
	size_t seen_count;
	bool images; /* this time images are looked for, otherwise signatures */
	struct hr_error *err;
};

static struct seen *find_seen(const struct walk *walk, const char *digest)
{
	for (size_t i = 0; i < walk->seen_count; i++)
		if (strcmp(walk->seen[i].digest, digest) == 0)
			return &walk->seen[i];
	return NULL;
}

/* NULL: too many. */
static struct seen *remember(struct walk *walk, const char *digest)
{
	struct seen *seen = &walk->seen[walk->seen_count];

	if (walk->seen_count == MANIFESTS_MAX) {
		hr_fail(walk->err, HR_SPEC, "more than %d manifests", MANIFESTS_MAX);
		return NULL;
	}
	walk->seen_count++;
	memcpy(seen->digest, digest, IMAGE_DIGEST_SIZE);
	seen->image = true;
	return seen;
}

static int line(const struct walk *walk, enum find_kind kind, const char *digest, const char *what)
{
	return find_line(walk->finds, kind, walk->err, "%s: %s", digest, what);
}

/* What is said of a blob that cannot be read. */
enum say { NOTHING, IF_DAMAGED, IF_MISSING };

/* 0: read, 1: it cannot be, -1: an error of ours. */
static int read_blob(const struct walk *walk, const char *digest, size_t max, enum say say,
		     char **ret, size_t *ret_len)
{
	struct hr_error why = {0};

	switch (content_read(&walk->content, digest, max, ret, ret_len, &why)) {
	case CONTENT_READ:
		return 0;
	case CONTENT_NONE:
		if (say == IF_MISSING &&
		    line(walk, FIND_REFUSED, digest, "is not in the layout") < 0)
			return -1;
		return 1;
	case CONTENT_FAILED:
	case CONTENT_RESULTS:
		break;
	}
	if (why.code == HR_SYSTEM)
		return hr_fail(walk->err, why.code, "%s", why.msg);
	return say != NOTHING && line(walk, FIND_REFUSED, digest, why.msg) < 0 ? -1 : 1;
}

/* --- Signatures ----------------------------------------------------------------------------- */

static bool is_type(const struct json *descriptor, const char *type)
{
	const char *is = json_string(descriptor, "mediaType");

	return is && text_starts(is, type);
}

static bool is_signature(const struct json *layer)
{
	return is_type(layer, SIMPLE_TYPE) || is_type(layer, BUNDLE_TYPE);
}

/* `manifest`: the JSON of the manifest that lists the layer. */
static int look_at_layer(const struct walk *walk, const struct json *manifest,
			 const struct json *layer)
{
	const char *signature = json_string(json_get(layer, "annotations"), SIGNATURE_KEY);
	const char *subject = json_string(json_get(manifest, "subject"), "digest");
	bool simple = is_type(layer, SIMPLE_TYPE);
	char digest[IMAGE_DIGEST_SIZE];
	hr_autofree char *bytes = NULL;
	size_t len = 0;
	int64_t size;
	int result;

	if (manifest_descriptor(layer, digest, &size, walk->err) < 0)
		return -1;
	if (simple && !signature)
		return line(walk, FIND_REFUSED, digest, "a payload without its signature");
	result = read_blob(walk, digest, simple ? IMAGE_PAYLOAD_MAX : IMAGE_BUNDLE_MAX, IF_MISSING,
			   &bytes, &len);
	if (result != 0)
		return result < 0 ? -1 : 0;
	if (simple)
		return find_cosign(walk->finds, NULL, digest, bytes, len, signature,
				   strlen(signature), walk->err);
	return find_bundle(walk->finds, image_digest_sound(subject) ? subject : NULL, digest, bytes,
			   len, false, walk->err);
}

/* --- Manifests ------------------------------------------------------------------------------ */

static const struct json *signature_layer(const struct json *manifest)
{
	json_each(layer, json_get(manifest, "layers"))
		if (is_signature(layer))
			return layer;
	return NULL;
}

static int look_at_manifest(const struct walk *walk, const char *digest, const char *bytes,
			    size_t len, const struct manifest *manifest, bool *ret_image)
{
	json_auto struct json_doc *doc = NULL;

	if (manifest_parse("manifest", bytes, len, &doc, walk->err) < 0)
		return -1;
	*ret_image = !signature_layer(json_root(doc)) && !manifest->artifact;
	if (walk->images)
		return *ret_image ? find_manifest(walk->finds, digest, bytes, len, walk->err) : 0;
	if (*ret_image)
		return 0;
	if (!signature_layer(json_root(doc)))
		return line(walk, FIND_PASSED, digest, "neither an image nor a signature");
	json_each(layer, json_get(json_root(doc), "layers"))
		if (is_signature(layer) && look_at_layer(walk, json_root(doc), layer) < 0)
			return -1;
	return 0;
}

static int look_at(struct walk *walk, const char *digest, enum place place, bool *ret_image);

/* An index of signatures alone is the registry's, not the image's. */
static int look_at_index(struct walk *walk, const char *digest, const char *bytes, size_t len,
			 const struct manifest *index, bool *ret_image)
{
	bool images = false, others = false;

	for (size_t i = 0; i < index->count; i++) {
		bool image = false;

		if (look_at(walk, index->digests[i], IN_AN_INDEX, &image) < 0)
			return -1;
		images = images || image;
		others = others || !image;
	}
	*ret_image = images || !others;
	return walk->images && *ret_image
		       ? find_manifest(walk->finds, digest, bytes, len, walk->err)
		       : 0;
}

static int look_at_bytes(struct walk *walk, const char *digest, const char *bytes, size_t len,
			 enum place place, bool *ret_image)
{
	struct manifest manifest = {.kind = MANIFEST_KINDS};
	struct hr_error why = {0};
	int result;

	if (manifest_read(bytes, len, &manifest, &why) < 0) {
		if (why.code == HR_SYSTEM)
			return hr_fail(walk->err, why.code, "%s", why.msg);
		return walk->images ? line(walk, FIND_REFUSED, digest, why.msg) : 0;
	}
	if (manifest.kind == MANIFEST_IMAGE)
		result = look_at_manifest(walk, digest, bytes, len, &manifest, ret_image);
	else if (place == IN_THE_LAYOUT)
		result = look_at_index(walk, digest, bytes, len, &manifest, ret_image);
	else
		result = line(walk, FIND_PASSED, digest, "an index in an index");
	manifest_done(&manifest);
	return result;
}

/* Images are looked for first, and what is wrong is said then. Of an index often one platform alone
 * is copied. */
static enum say say_now(const struct walk *walk, enum place place)
{
	if (!walk->images)
		return NOTHING;
	return place == IN_THE_LAYOUT ? IF_MISSING : IF_DAMAGED;
}

/* ret_image: true as well where it cannot be told. */
static int look_at(struct walk *walk, const char *digest, enum place place, bool *ret_image)
{
	struct seen *seen = find_seen(walk, digest);
	hr_autofree char *bytes = NULL;
	size_t len = 0;
	int result = 0;

	if (!seen) {
		seen = remember(walk, digest);
		if (!seen)
			return -1;
		result = read_blob(walk, digest, IMAGE_MANIFEST_MAX, say_now(walk, place), &bytes,
				   &len);
		if (result == 0)
			result = look_at_bytes(walk, digest, bytes, len, place, &seen->image);
	}
	*ret_image = seen->image;
	return result < 0 ? -1 : 0;
}

/* --- The layout ----------------------------------------------------------------------------- */

static int look_at_entries(struct walk *walk, const struct layout *layout, const char *digest)
{
	bool image = false;

	walk->seen_count = 0;
	for (size_t i = 0; i < layout->count; i++)
		if ((!digest || strcmp(layout->entries[i].digest, digest) == 0) &&
		    look_at(walk, layout->entries[i].digest, IN_THE_LAYOUT, &image) < 0)
			return -1;
	return 0;
}

/* First the images, which say whose signatures are wanted when there is a tag. */
static int look_twice(struct walk *walk, const struct layout *layout, const char *tag)
{
	char digest[IMAGE_DIGEST_SIZE];
	int result;

	if (tag && layout_find(layout, tag, digest, walk->err) < 0)
		return -1;
	walk->images = true;
	if (look_at_entries(walk, layout, tag ? digest : NULL) < 0)
		return -1;
	walk->images = false;
	if (!tag)
		return look_at_entries(walk, layout, NULL);
	walk->finds->only_count = walk->seen_count;
	walk->finds->only = calloc(walk->seen_count + 1, IMAGE_DIGEST_SIZE);
	if (!walk->finds->only)
		return hr_fail(walk->err, HR_SYSTEM, "out of memory");
	for (size_t i = 0; i < walk->seen_count; i++)
		memcpy(walk->finds->only[i], walk->seen[i].digest, IMAGE_DIGEST_SIZE);
	result = look_at_entries(walk, layout, NULL);
	free(walk->finds->only);
	walk->finds->only = NULL;
	return result;
}

int find_layout(struct finds *finds, int dir, const char *tag, struct hr_error *err)
{
	struct walk walk = {.finds = finds, .err = err};
	struct layout layout = {.fd = -1};
	int result;

	if (layout_open(dir, &layout, err) < 0)
		return -1;
	walk.content = layout_content(&layout);
	walk.seen = calloc(MANIFESTS_MAX, sizeof(*walk.seen));
	if (walk.seen)
		result = look_twice(&walk, &layout, tag);
	else
		result = hr_fail(err, HR_SYSTEM, "out of memory");
	free(walk.seen);
	layout_done(&layout);
	return result;
}
