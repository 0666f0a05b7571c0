/* SPDX-License-Identifier: Apache-2.0 */
/* Images that no engine runs yet: a layout on disk, a bundle that was unpacked, a digest. */
#include "base/cleanup.h"
#include "base/file.h"
#include "image/bind_private.h"
#include "image/layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SMALL_MAX ((size_t)64 * 1024) /* oci-layout, umoci.json */

static const char *const umoci_keys[] = {"from_descriptor_path", NULL};
static const char *const path_keys[] = {"descriptor_walk", NULL};
static const char *const step_keys[] = {"mediaType", "digest", "size", NULL};

/* ---- layouts --------------------------------------------------------------------------- */

static enum bind_code code_of(const struct hr_error *err)
{
	return err->code == HR_SYSTEM ? BIND_UNREACHABLE : BIND_DAMAGED;
}

/* All that the manifest names is there and is what its digest says. */
static enum bind_code check_blob(const struct layout *layout, const char *digest, int64_t size,
				 const char *what, bool optional, struct hr_error *err)
{
	switch (layout_check(layout, digest, size, err)) {
	case CONTENT_READ:
		return BIND_OK;
	case CONTENT_NONE:
		if (optional)
			return BIND_OK;
		return bind_fail(err, BIND_UNBOUND,
				 "the %s %s is not in the layout: copy the image again", what,
				 digest);
	case CONTENT_FAILED:
	case CONTENT_RESULTS:
		break;
	}
	hr_context(err, "%s", what);
	return code_of(err);
}

static enum bind_code check_layers(const struct layout *layout, const struct manifest *manifest,
				   struct hr_error *err)
{
	enum bind_code code = BIND_OK;

	/* Foreign ones need not be in it (image-spec, layer.md). */
	for (size_t i = 0; i < manifest->count && code == BIND_OK; i++)
		code = check_blob(layout, manifest->digests[i], manifest->items[i].size, "layer",
				  manifest->items[i].foreign, err);
	return code;
}

static enum bind_code check_config(struct bind_walk *walk, const struct manifest *manifest,
				   struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	struct diff_ids ids = {0};
	size_t len, count;

	if (content_read(walk->content, manifest->config, IMAGE_CONFIG_MAX, &bytes, &len, err) !=
		    CONTENT_READ ||
	    diff_ids_read(bytes, len, &ids, err) < 0) {
		hr_context(err, "configuration %s", manifest->config);
		return code_of(err);
	}
	count = ids.count;
	diff_ids_done(&ids);
	if (count != manifest->count)
		return bind_fail(err, BIND_DAMAGED,
				 "the configuration %s has %zu layers, and the manifest %zu",
				 manifest->config, count, manifest->count);
	return BIND_OK;
}

static enum bind_code fits_layout(struct bind_walk *walk, const char *digest,
				  const struct manifest *manifest, bool ours, bool *ret,
				  struct hr_error *err)
{
	enum bind_code code;

	(void)ours;
	*ret = !manifest->artifact;
	if (manifest->artifact) {
		bind_note(walk, "%s is no container image", digest);
		return BIND_OK;
	}
	code = check_blob(walk->data, manifest->config, manifest->config_size, "configuration",
			  false, err);
	if (code == BIND_OK)
		code = check_config(walk, manifest, err);
	if (code == BIND_OK)
		code = check_layers(walk->data, manifest, err);
	if (code != BIND_OK)
		hr_context(err, "manifest %s", digest);
	return code;
}

/* The size that index.json gives; -1: none. */
static int64_t size_of(const struct layout *layout, const char *digest)
{
	for (size_t i = 0; i < layout->count; i++)
		if (strcmp(layout->entries[i].digest, digest) == 0)
			return layout->entries[i].size;
	return -1;
}

static enum bind_code walk_layout(const struct layout *layout, const char *digest,
				  struct binding *ret, struct hr_error *err)
{
	struct content content = layout_content(layout);
	struct bind_walk walk = {.content = &content,
				 .binding = ret,
				 .failed = BIND_UNREACHABLE,
				 .fits = fits_layout,
				 .data = layout,
				 .max = IMAGE_MANIFEST_MAX};
	enum bind_code code =
		bind_target(&walk, digest, size_of(layout, digest), "the layout's image", err);

	if (code == BIND_OK)
		code = bind_end(&walk, err);
	text_free(&walk.notes);
	return code;
}

/* The folder that is given is often the one above. */
static enum bind_code open_layout(int fd, struct layout *ret, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	struct hr_error ignored = {0};
	size_t len;

	if (layout_file(fd, "oci-layout", SMALL_MAX, &bytes, &len, &ignored) == CONTENT_NONE)
		return bind_fail(err, BIND_UNBOUND,
				 "no OCI layout: give the folder that holds oci-layout and "
				 "index.json");
	return layout_open(fd, ret, err) == 0 ? BIND_OK : code_of(err);
}

enum bind_code bind_layout(int fd, const char *tag, const char *digest, const char *name,
			   struct binding *ret, struct hr_error *err)
{
	struct layout layout = {.fd = -1};
	char found[IMAGE_DIGEST_SIZE];
	enum bind_code code;

	*ret = (struct binding){.source = "layout"};
	if (digest && !image_digest_sound(digest))
		return bind_fail(err, BIND_UNBOUND, "the digest asked for is no sha256 digest");
	code = open_layout(fd, &layout, err);
	if (code != BIND_OK)
		return code;
	if ((tag || !digest) && layout_find(&layout, tag, found, err) < 0)
		code = BIND_UNBOUND;
	else if (tag && digest && strcmp(found, digest) != 0)
		code = bind_fail(err, BIND_UNBOUND, "the tag stands for %s, not for %s", found,
				 digest);
	else
		code = bind_name(ret, name, "", err);
	if (code == BIND_OK)
		code = walk_layout(&layout, tag || !digest ? found : digest, ret, err);
	layout_done(&layout);
	return code;
}

/* ---- one manifest by its digest -------------------------------------------------------- */

/* The bytes may be nowhere: the digest alone says what was signed. */
static enum bind_code add_manifest(struct bind_walk *walk, const char *digest, int64_t size,
				   struct hr_error *err)
{
	struct bind_blob blob = {0};
	struct manifest manifest = {0};
	struct candidate *candidate = calloc(1, sizeof(*candidate));
	enum bind_code code = BIND_OK;

	if (!candidate)
		return bind_fail(err, BIND_UNREACHABLE, "out of memory");
	walk->binding->candidates = candidate;
	walk->binding->count = 1;
	code = bind_read(walk, digest, &blob, err);
	if (code == BIND_OK && blob.blob.bytes)
		code = bind_check_size(&blob.blob, size, err);
	if (code == BIND_OK && blob.blob.bytes &&
	    manifest_read(blob.blob.bytes, blob.blob.len, &manifest, err) < 0)
		code = code_of(err);
	if (code == BIND_OK)
		code = bind_keep(walk, &blob, err);
	candidate->manifest = blob.blob;
	if (blob.blob.bytes && manifest.kind == MANIFEST_IMAGE && manifest.config[0])
		memcpy(candidate->config, manifest.config, IMAGE_DIGEST_SIZE);
	manifest_done(&manifest);
	bind_blob_done(&blob);
	return code;
}

enum bind_code bind_descriptor(const char *digest, const char *name, const struct content *store,
			       struct binding *ret, struct hr_error *err)
{
	struct bind_walk walk = {.store = store,
				 .binding = ret,
				 .failed = BIND_UNREACHABLE,
				 .max = IMAGE_MANIFEST_MAX};
	enum bind_code code;

	*ret = (struct binding){.source = "descriptor"};
	if (!image_digest_sound(digest))
		return bind_fail(err, BIND_UNBOUND, "the digest asked for is no sha256 digest");
	code = bind_name(ret, name, "", err);
	return code == BIND_OK ? add_manifest(&walk, digest, -1, err) : code;
}

/* ---- umoci ----------------------------------------------------------------------------- */

/* umoci.json below the directory, or from the descriptor itself. */
static enum bind_code read_umoci(int fd, struct json_doc **ret, struct hr_error *err)
{
	enum content_result result = CONTENT_READ;
	hr_autofree char *bytes = NULL;
	struct stat st;
	size_t len = 0;

	if (fstat(fd, &st) < 0) {
		hr_fail_errno(err, errno, "umoci.json: fstat");
		return BIND_UNREACHABLE;
	}
	if (!S_ISREG(st.st_mode))
		result = layout_file(fd, "umoci.json", SMALL_MAX, &bytes, &len, err);
	else if (file_read_fd(fd, "umoci.json", SMALL_MAX, &bytes, &len, err) < 0)
		result = CONTENT_FAILED;
	if (result == CONTENT_NONE)
		return bind_fail(err, BIND_UNBOUND, "there is no umoci.json: no bundle of umoci");
	if (result == CONTENT_READ && manifest_parse("umoci.json", bytes, len, ret, err) == 0)
		return BIND_OK;
	return code_of(err);
}

/* The steps from the layout's index to the manifest that was unpacked. */
static const struct json *steps(const struct json *root, struct hr_error *err)
{
	const struct json *path = json_get(root, "from_descriptor_path");
	const struct json *walk = json_get(path, "descriptor_walk");

	if (manifest_keys_plain(root, umoci_keys, err) < 0 ||
	    manifest_keys_plain(path, path_keys, err) < 0)
		return NULL;
	if (walk && walk->type == JSON_ARRAY && json_count(walk) > 0 &&
	    json_count(walk) <= BIND_INDEXES_MAX)
		return walk;
	hr_fail(err, HR_SPEC, "umoci.json does not say from what it was unpacked");
	return NULL;
}

/* The index before the manifest, when the store has it and it lists the manifest. */
static enum bind_code add_indexes(struct bind_walk *walk, const struct json *last,
				  struct hr_error *err)
{
	enum bind_code code = BIND_OK;

	for (const struct json *step = last->prev; step && code == BIND_OK; step = step->prev) {
		char digest[IMAGE_DIGEST_SIZE];
		int64_t size;

		if (manifest_descriptor(step, digest, &size, err) < 0)
			return code_of(err);
		code = bind_index(walk, digest, err);
	}
	return code;
}

static enum bind_code walk_umoci(struct bind_walk *walk, const struct json *root,
				 struct hr_error *err)
{
	const struct json *list = steps(root, err), *last = list ? list->last : NULL;
	char digest[IMAGE_DIGEST_SIZE];
	enum bind_code code;
	int64_t size;

	if (!last || manifest_keys_plain(last, step_keys, err) < 0 ||
	    manifest_descriptor(last, digest, &size, err) < 0)
		return code_of(err);
	if (manifest_kind_of(json_string(last, "mediaType")) != MANIFEST_IMAGE)
		return bind_fail(err, BIND_DAMAGED,
				 "umoci.json: what was unpacked is no manifest of an image");
	code = add_manifest(walk, digest, size, err);
	if (code == BIND_OK && walk->binding->candidates[0].manifest.bytes &&
	    !walk->binding->candidates[0].config[0])
		code = bind_fail(err, BIND_DAMAGED, "%s is an index, and no manifest", digest);
	return code == BIND_OK ? add_indexes(walk, last, err) : code;
}

enum bind_code bind_umoci(int fd, const char *name, const struct content *store,
			  struct binding *ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct bind_walk walk = {.store = store,
				 .binding = ret,
				 .failed = BIND_UNREACHABLE,
				 .max = IMAGE_MANIFEST_MAX};
	enum bind_code code;

	*ret = (struct binding){.source = "umoci"};
	code = bind_name(ret, name, "", err);
	if (code == BIND_OK)
		code = read_umoci(fd, &doc, err);
	return code == BIND_OK ? walk_umoci(&walk, json_root(doc), err) : code;
}
