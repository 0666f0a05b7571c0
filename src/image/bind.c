/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "image/bind_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 4096

#define NOTES_MAX 900 /* characters; the message has to stay one that is read */

enum bind_code bind_fail(struct hr_error *err, enum bind_code code, const char *fmt, ...)
{
	char message[HR_ERROR_MSG];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	hr_fail(err, code == BIND_UNREACHABLE ? HR_SYSTEM : HR_SPEC, "%s", message);
	return code;
}

const char *bind_shown(const char *value, char buf[TEXT_SHOWN_SIZE])
{
	return image_digest_sound(value) ? value : text_shown_z(value, buf);
}

void bind_note(struct bind_walk *walk, const char *fmt, ...)
{
	char note[512];
	va_list args;

	if (walk->notes.len > NOTES_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(note, sizeof(note), fmt, args);
	va_end(args);
	if (walk->notes.data && strstr(walk->notes.data, note))
		return;
	text_addf(&walk->notes, "%s%s", walk->notes.len > 0 ? "; " : "", note);
}

void binding_done(struct binding *binding)
{
	for (size_t i = 0; i < binding->kept_count; i++)
		free(binding->kept[i]);
	for (size_t i = 0; i < binding->name_count; i++)
		free(binding->names[i]);
	free(binding->kept);
	free(binding->candidates);
	free(binding->snapshotter);
	free(binding->snapshot_key);
	json_free(binding->mounts);
	*binding = (struct binding){0};
}

/* ---- blobs ----------------------------------------------------------------------------- */

enum bind_code bind_read(struct bind_walk *walk, const char *digest, struct bind_blob *ret,
			 struct hr_error *err)
{
	enum content_result result = CONTENT_NONE;
	char *bytes = NULL;
	size_t len = 0;

	*ret = (struct bind_blob){0};
	memcpy(ret->blob.digest, digest, IMAGE_DIGEST_SIZE);
	if (walk->content)
		result = content_read(walk->content, digest, walk->max, &bytes, &len, err);
	ret->ours = result == CONTENT_READ;
	/* What is wrong with our own copy is the same as not to have one. */
	if (result == CONTENT_NONE && walk->store)
		result = content_read(walk->store, digest, walk->max, &bytes, &len, NULL);
	else if (result == CONTENT_FAILED) {
		if (!strstr(err->msg, digest))
			hr_context(err, "%s", digest);
		return err->code == HR_SYSTEM ? walk->failed : BIND_DAMAGED;
	}
	if (result == CONTENT_READ) {
		ret->own = bytes;
		ret->blob.bytes = bytes;
		ret->blob.len = len;
	}
	return BIND_OK;
}

void bind_blob_done(struct bind_blob *blob)
{
	free(blob->own);
	blob->own = NULL;
}
#define bind_blob_auto __attribute__((cleanup(bind_blob_done)))
#define manifest_auto  __attribute__((cleanup(manifest_done)))

enum bind_code bind_keep(struct bind_walk *walk, struct bind_blob *blob, struct hr_error *err)
{
	struct binding *binding = walk->binding;
	char **kept;

	if (!blob->own)
		return BIND_OK;
	kept = realloc(binding->kept, (binding->kept_count + 1) * sizeof(*kept));
	if (!kept)
		return bind_fail(err, BIND_UNREACHABLE, "out of memory");
	binding->kept = kept;
	kept[binding->kept_count++] = hr_steal(blob->own);
	binding->kept_bytes += blob->blob.len;
	return BIND_OK;
}

enum bind_code bind_check_size(const struct blob *blob, int64_t size, struct hr_error *err)
{
	if (size < 0 || !blob->bytes || (uint64_t)size == blob->len)
		return BIND_OK;
	return bind_fail(err, BIND_DAMAGED, "%s has %zu bytes, and its descriptor says %lld",
			 blob->digest, blob->len, (long long)size);
}

/* ---- candidates ------------------------------------------------------------------------ */

static struct candidate *candidate_of(const struct binding *binding, const char *digest)
{
	for (size_t i = 0; i < binding->count; i++)
		if (strcmp(binding->candidates[i].manifest.digest, digest) == 0)
			return &binding->candidates[i];
	return NULL;
}

static enum bind_code add_index(struct bind_walk *walk, struct candidate *candidate,
				struct bind_blob *index, struct hr_error *err)
{
	for (size_t i = 0; i < candidate->index_count; i++)
		if (strcmp(candidate->indexes[i].digest, index->blob.digest) == 0)
			return BIND_OK;
	/* One index less can only refuse. */
	if (candidate->index_count == BIND_INDEXES_MAX ||
	    walk->binding->kept_bytes + index->blob.len > BIND_KEPT_MAX)
		return BIND_OK;
	candidate->indexes[candidate->index_count++] = index->blob;
	return bind_keep(walk, index, err);
}

static enum bind_code add_candidate(struct bind_walk *walk, struct bind_blob *blob,
				    const struct manifest *manifest, struct bind_blob *index,
				    struct hr_error *err)
{
	struct binding *binding = walk->binding;
	struct candidate *candidates, *candidate;
	enum bind_code code;

	if (binding->count == IMAGE_CANDIDATES_MAX ||
	    binding->kept_bytes + blob->blob.len > BIND_KEPT_MAX)
		return bind_fail(err, BIND_UNBOUND,
				 "more manifests may be what runs than are looked at (%d)",
				 IMAGE_CANDIDATES_MAX);
	candidates = reallocarray(binding->candidates, binding->count + 1, sizeof(*candidates));
	if (!candidates)
		return bind_fail(err, BIND_UNREACHABLE, "out of memory");
	binding->candidates = candidates;
	candidate = &candidates[binding->count++];
	*candidate = (struct candidate){.manifest = blob->blob};
	memcpy(candidate->config, manifest->config, IMAGE_DIGEST_SIZE);
	code = bind_keep(walk, blob, err);
	return code == BIND_OK && index ? add_index(walk, candidate, index, err) : code;
}

/* An error that does not matter when the configuration is known: another manifest will do. */
static enum bind_code pass_over(struct bind_walk *walk, enum bind_code code, struct hr_error *err)
{
	if (code == BIND_OK || code == BIND_UNREACHABLE || !walk->lenient)
		return code;
	if (walk->worst != BIND_DAMAGED)
		walk->worst = code;
	bind_note(walk, "%s", err->msg);
	*err = (struct hr_error){0};
	return BIND_OK;
}

static enum bind_code consider(struct bind_walk *walk, struct bind_blob *blob,
			       const struct manifest *manifest, struct bind_blob *index,
			       struct hr_error *err)
{
	bool fits = false;
	enum bind_code code = walk->fits(walk, blob->blob.digest, manifest, blob->ours, &fits, err);

	if (code != BIND_OK || !fits)
		return code;
	return add_candidate(walk, blob, manifest, index, err);
}

static enum bind_code parse(const struct blob *blob, struct manifest *ret, struct hr_error *err)
{
	if (manifest_read(blob->bytes, blob->len, ret, err) == 0)
		return BIND_OK;
	hr_context(err, "%s", blob->digest);
	return err->code == HR_SYSTEM ? BIND_UNREACHABLE : BIND_DAMAGED;
}

static enum bind_code child(struct bind_walk *walk, const char *digest,
			    const struct manifest_item *item, struct bind_blob *index,
			    struct hr_error *err)
{
	struct candidate *known = candidate_of(walk->binding, digest);
	bind_blob_auto struct bind_blob blob = {0};
	manifest_auto struct manifest manifest = {0};
	enum bind_code code;

	if (item->kind == MANIFEST_KINDS)
		return BIND_OK;
	if (known && item->kind == MANIFEST_IMAGE)
		return add_index(walk, known, index, err);
	code = bind_read(walk, digest, &blob, err);
	if (code != BIND_OK || !blob.blob.bytes)
		return code;
	code = bind_check_size(&blob.blob, item->size, err);
	if (code == BIND_OK)
		code = parse(&blob.blob, &manifest, err);
	if (code != BIND_OK)
		return code;
	if (manifest.kind != item->kind)
		return bind_fail(err, BIND_DAMAGED, "%s is listed as what it is not", digest);
	if (manifest.kind == MANIFEST_INDEX)
		return bind_fail(err, BIND_DAMAGED,
				 "%s is an index in the index %s, which is not looked into", digest,
				 index->blob.digest);
	return consider(walk, &blob, &manifest, index, err);
}

static enum bind_code children(struct bind_walk *walk, const struct manifest *manifest,
			       struct bind_blob *index, const char *shown, struct hr_error *err)
{
	size_t before = walk->binding->count;

	for (size_t i = 0; i < manifest->count; i++) {
		enum bind_code code =
			child(walk, manifest->digests[i], &manifest->items[i], index, err);

		code = pass_over(walk, code, err);
		if (code != BIND_OK)
			return code;
	}
	if (walk->binding->count == before)
		bind_note(walk, "%s is the index %s, which lists no manifest that fits", shown,
			  index->blob.digest);
	return BIND_OK;
}

static bool seen(struct bind_walk *walk, const char *digest)
{
	for (size_t i = 0; i < walk->seen_count; i++)
		if (strcmp(walk->seen[i], digest) == 0)
			return true;
	if (walk->seen_count < BIND_SEEN_MAX)
		memcpy(walk->seen[walk->seen_count++], digest, IMAGE_DIGEST_SIZE);
	return false;
}

static enum bind_code target(struct bind_walk *walk, const char *digest, int64_t size,
			     const char *shown, struct hr_error *err)
{
	bind_blob_auto struct bind_blob blob = {0};
	manifest_auto struct manifest manifest = {0};
	enum bind_code code = bind_read(walk, digest, &blob, err);

	if (code != BIND_OK)
		return code;
	if (!blob.blob.bytes) {
		bind_note(walk, "%s is %s, whose content is gone: pull the image again", shown,
			  digest);
		return BIND_OK;
	}
	code = bind_check_size(&blob.blob, size, err);
	if (code == BIND_OK)
		code = parse(&blob.blob, &manifest, err);
	if (code != BIND_OK)
		return code;
	if (manifest.kind == MANIFEST_INDEX)
		return children(walk, &manifest, &blob, shown, err);
	return candidate_of(walk->binding, digest) ? BIND_OK
						   : consider(walk, &blob, &manifest, NULL, err);
}

enum bind_code bind_target(struct bind_walk *walk, const char *digest, int64_t size,
			   const char *shown, struct hr_error *err)
{
	enum bind_code code;

	if (seen(walk, digest))
		return BIND_OK;
	code = target(walk, digest, size, shown, err);
	if (code != BIND_OK)
		hr_context(err, "%s", shown);
	return pass_over(walk, code, err);
}

enum bind_code bind_index(struct bind_walk *walk, const char *digest, struct hr_error *err)
{
	bind_blob_auto struct bind_blob blob = {0};
	manifest_auto struct manifest manifest = {0};
	struct hr_error ignored = {0};
	enum bind_code code = bind_read(walk, digest, &blob, &ignored);

	if (code == BIND_UNREACHABLE)
		return bind_fail(err, code, "%s", ignored.msg);
	if (code != BIND_OK || !blob.blob.bytes ||
	    parse(&blob.blob, &manifest, &ignored) != BIND_OK || manifest.kind != MANIFEST_INDEX)
		return BIND_OK;
	for (size_t i = 0; i < manifest.count; i++) {
		struct candidate *candidate = candidate_of(walk->binding, manifest.digests[i]);

		if (candidate && manifest.items[i].kind == MANIFEST_IMAGE &&
		    bind_check_size(&candidate->manifest, manifest.items[i].size, NULL) ==
			    BIND_OK &&
		    add_index(walk, candidate, &blob, err) != BIND_OK)
			return BIND_UNREACHABLE;
	}
	return BIND_OK;
}

enum bind_code bind_end(struct bind_walk *walk, struct hr_error *err)
{
	if (walk->binding->count > 0)
		return BIND_OK;
	return bind_fail(err, walk->worst == BIND_DAMAGED ? BIND_DAMAGED : BIND_UNBOUND, "%s",
			 walk->notes.len > 0 && !walk->notes.failed ? walk->notes.data
								    : "nothing names an image");
}

/* ---- names ----------------------------------------------------------------------------- */

/* containerd's CRI takes an image's id (the digest of its configuration) for a name, with or
 * without "sha256:", whole or cut anywhere. */
static bool is_id(const char *name, const char *config)
{
	const char *hex =
		text_starts(name, IMAGE_DIGEST_PREFIX) ? name + strlen(IMAGE_DIGEST_PREFIX) : name;
	size_t len = strlen(hex);

	if (len == 0 || strspn(hex, "0123456789abcdef") != len)
		return false;
	return len == 64 || (config[0] && len < 64 &&
			     strncmp(config + strlen(IMAGE_DIGEST_PREFIX), hex, len) == 0);
}

enum bind_code bind_name(struct binding *binding, const char *name, const char *config,
			 struct hr_error *err)
{
	if (!name || !name[0] || is_id(name, config))
		return BIND_OK;
	if (strlen(name) > NAME_BYTES_MAX)
		return bind_fail(err, BIND_UNBOUND, "a name of %zu bytes, which no image has",
				 strlen(name));
	for (size_t i = 0; i < binding->name_count; i++)
		if (strcmp(binding->names[i], name) == 0)
			return BIND_OK;
	if (binding->name_count == IMAGE_NAMES_MAX)
		return bind_fail(err, BIND_UNBOUND, "more than %d names", IMAGE_NAMES_MAX);
	binding->names[binding->name_count] = strdup(name);
	if (!binding->names[binding->name_count])
		return bind_fail(err, BIND_UNREACHABLE, "out of memory");
	binding->name_count++;
	return BIND_OK;
}
