/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A containerd of this process: a container, images, snapshots and content with labels, behind the
 * functions of image/containerd.h. Strings that are returned are good until fake_done.
 */
#ifndef HR_TESTS_UNIT_IMAGE_FAKE_H
#define HR_TESTS_UNIT_IMAGE_FAKE_H

#include "image/containerd.h"
#include "image/manifest.h"
#include "base/text.h"
#include "unit.h"

#include <stdarg.h>

#define FAKE_MAX 300

struct fake_pair {
	const char *name, *value;
};

static struct {
	struct fake_blob {
		const char *digest, *bytes;
		size_t len;
		struct fake_pair labels[4];
	} blobs[FAKE_MAX];
	size_t blob_count;
	struct fake_pair images[8], snapshots[600];
	size_t image_count, snapshot_count;
	const char *id, *image, *snapshotter, *key, *cri; /* of the container; key NULL: none */
	const char *failing;				  /* this call fails */
	unsigned reads;
} fake;

static char *fake_owned[8192];
static size_t fake_owned_count;

static inline char *fake_own(char *text)
{
	cr_assert(text && fake_owned_count < hr_count(fake_owned));
	fake_owned[fake_owned_count++] = text;
	return text;
}

static inline void fake_done(void)
{
	while (fake_owned_count > 0)
		free(fake_owned[--fake_owned_count]);
}

static inline const char *fake_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline const char *fake_text(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	cr_assert(vasprintf(&text, fmt, args) >= 0);
	va_end(args);
	return fake_own(text);
}

/* ---- to fill it ------------------------------------------------------------------------ */

/* Content under a digest, which may be a lie. */
static inline void fake_put(const char *digest, const char *bytes)
{
	fake.blobs[fake.blob_count++] =
		(struct fake_blob){.digest = digest, .bytes = bytes, .len = strlen(bytes)};
	cr_assert(fake.blob_count < FAKE_MAX);
}

static inline const char *fake_digest(const char *bytes)
{
	char digest[IMAGE_DIGEST_SIZE];

	image_digest_of(bytes, strlen(bytes), digest);
	return fake_text("%s", digest);
}

static inline const char *fake_blob(const char *bytes)
{
	const char *digest = fake_digest(bytes);

	fake_put(digest, bytes);
	return digest;
}

static inline struct fake_blob *fake_there(const char *digest)
{
	for (size_t i = 0; i < fake.blob_count; i++)
		if (strcmp(fake.blobs[i].digest, digest) == 0)
			return &fake.blobs[i];
	return NULL;
}

/* The one that must be there. */
static inline struct fake_blob *fake_find(const char *digest)
{
	struct fake_blob *blob = fake_there(digest);

	cr_assert_not_null(blob, "%s", digest);
	return blob ? blob : &fake.blobs[0];
}

static inline void fake_remove(const char *digest)
{
	fake_find(digest)->digest = "";
}

static inline void fake_label(const char *digest, const char *key, const char *value)
{
	struct fake_blob *blob = fake_find(digest);

	for (size_t i = 0; i < hr_count(blob->labels); i++)
		if (!blob->labels[i].name) {
			blob->labels[i] = (struct fake_pair){key, value};
			return;
		}
}

#define CONFIG_LABEL "containerd.io/gc.ref.content.config"
#define CHILD_LABEL  "containerd.io/gc.ref.content.m."

static inline void fake_image(const char *name, const char *digest)
{
	for (size_t i = 0; i < fake.image_count; i++)
		if (strcmp(fake.images[i].name, name) == 0) {
			fake.images[i].value = digest; /* the name has moved */
			return;
		}
	cr_assert(fake.image_count < hr_count(fake.images));
	fake.images[fake.image_count++] = (struct fake_pair){name, digest};
}

static inline void fake_snapshot(const char *key, const char *parent)
{
	fake.snapshots[fake.snapshot_count++] = (struct fake_pair){key, parent};
}

/* A configuration of `count` layers, the first of which is number `first`. */
static inline const char *fake_config(const char *command, unsigned first, unsigned count)
{
	const char *ids = "";

	for (unsigned i = 0; i < count; i++)
		ids = fake_text("%s%s\"%s\"", ids, i > 0 ? "," : "",
				fake_digest(fake_text("layer %u", first + i)));
	return fake_blob(fake_text("{\"config\":{\"Cmd\":[\"%s\"]},\"rootfs\":{\"type\":"
				   "\"layers\",\"diff_ids\":[%s]}}",
				   command, ids));
}

/* A manifest of this configuration; `more` makes it another one. */
static inline const char *fake_manifest(const char *config, const char *more)
{
	const char *digest = fake_blob(
		fake_text("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
			  "vnd.oci.image.config.v1+json\",\"digest\":\"%s\"},\"layers\":[{"
			  "\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
			  "\"digest\":\"%s\"}],\"annotations\":{\"a\":\"%s\"}}",
			  config, fake_digest(more), more));

	fake_label(digest, CONFIG_LABEL, config);
	return digest;
}

static inline const char *fake_entry(const char *digest, const char *kind)
{
	return fake_text("{\"mediaType\":\"application/vnd.oci.image.%s.v1+json\",\"digest\":"
			 "\"%s\"}",
			 kind, digest);
}

static inline const char *fake_index(const char *entries)
{
	return fake_blob(fake_text("{\"schemaVersion\":2,\"manifests\":[%s]}", entries));
}

/* An index of two manifests, as containerd labels it. */
static inline const char *fake_index_of(const char *first, const char *second)
{
	const char *digest = fake_index(
		fake_text("%s,%s", fake_entry(first, "manifest"), fake_entry(second, "manifest")));

	fake_label(digest, CHILD_LABEL "0", first);
	fake_label(digest, CHILD_LABEL "1", second);
	return digest;
}

/* The container c1 on the layers of a configuration. */
static inline void fake_container(const char *image, const char *config, const char *cri)
{
	const struct fake_blob *blob = fake_find(config);
	char chain[IMAGE_DIGEST_SIZE] = "";
	const char *below = "";
	struct diff_ids ids = {0};

	cr_assert_eq(diff_ids_read(blob->bytes, blob->len, &ids, NULL), 0);
	for (size_t i = 0; i < ids.count; i++) {
		chain_next(chain, ids.digests[i]);
		fake_snapshot(fake_text("%s", chain), below);
		below = fake.snapshots[fake.snapshot_count - 1].name;
	}
	fake_snapshot("c1", below);
	diff_ids_done(&ids);
	fake.id = "c1";
	fake.image = image;
	fake.snapshotter = "overlayfs";
	fake.key = "c1";
	fake.cri = cri;
}

/* What CRI notes; `user`: JSON of more members of Config.image. */
static inline const char *fake_cri(const char *config, const char *user)
{
	return fake_text("{\"Version\":\"v1\",\"Metadata\":{\"ID\":\"c1\",\"Config\":{\"image\":{"
			 "\"image\":\"%s\"%s}},\"ImageRef\":\"%s\"}}",
			 config, user, config);
}

/* ---- what is asked of it --------------------------------------------------------------- */

static inline bool fake_fails(const char *call, struct hr_error *err)
{
	if (!fake.failing || strcmp(fake.failing, call) != 0)
		return false;
	hr_fail(err, HR_SYSTEM, "no answer");
	return true;
}

static inline enum containerd_result fake_lookup(const char *call, const struct fake_pair *pairs,
						 size_t count, const char *name, char **ret,
						 struct hr_error *err)
{
	if (fake_fails(call, err))
		return CONTAINERD_FAILED;
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].name, name) == 0) {
			*ret = strdup(pairs[i].value);
			return CONTAINERD_OK;
		}
	return CONTAINERD_NONE;
}

enum containerd_result containerd_container(struct containerd *client, const char *id,
					    struct containerd_container *ret, struct hr_error *err)
{
	(void)client;
	if (fake_fails("container", err))
		return CONTAINERD_FAILED;
	if (!fake.key || strcmp(id, fake.id) != 0)
		return CONTAINERD_NONE;
	ret->image = strdup(fake.image);
	ret->snapshotter = strdup(fake.snapshotter);
	ret->snapshot_key = strdup(fake.key);
	ret->cri = fake.cri ? strdup(fake.cri) : NULL;
	return CONTAINERD_OK;
}

void containerd_container_done(struct containerd_container *container)
{
	free(container->image);
	free(container->snapshotter);
	free(container->snapshot_key);
	free(container->cri);
}

enum containerd_result containerd_image(struct containerd *client, const char *name, char **ret,
					struct hr_error *err)
{
	(void)client;
	return fake_lookup("image", fake.images, fake.image_count, name, ret, err);
}

enum containerd_result containerd_parent(struct containerd *client, const char *snapshotter,
					 const char *key, char **ret, struct hr_error *err)
{
	(void)client;
	cr_expect_str_eq(snapshotter, fake.snapshotter);
	return fake_lookup("parent", fake.snapshots, fake.snapshot_count, key, ret, err);
}

enum containerd_result containerd_mounts(struct containerd *client, const char *snapshotter,
					 const char *key, struct json_doc **ret,
					 struct hr_error *err)
{
	static const char mounts[] = "[{\"type\":\"overlay\",\"source\":\"overlay\"}]";

	(void)client;
	(void)snapshotter;
	(void)key;
	if (fake_fails("mounts", err))
		return CONTAINERD_FAILED;
	cr_assert_eq(json_parse("mounts", mounts, strlen(mounts), false, ret, err), 0);
	return CONTAINERD_OK;
}

static inline bool fake_labelled(const struct fake_blob *blob, const char *const *keys,
				 const char *value)
{
	for (size_t i = 0; i < hr_count(blob->labels) && blob->labels[i].name; i++)
		if (text_in(blob->labels[i].name, keys) &&
		    strcmp(blob->labels[i].value, value) == 0)
			return true;
	return false;
}

enum containerd_result containerd_list(struct containerd *client, const char *const *keys,
				       const char *value, size_t max, char ***ret,
				       struct hr_error *err)
{
	char **list = calloc(FAKE_MAX + 1, sizeof(*list));
	size_t count = 0;

	(void)client;
	if (fake_fails("list", err)) {
		free(list);
		return CONTAINERD_FAILED;
	}
	for (size_t i = 0; i < fake.blob_count && count < max; i++)
		if (fake.blobs[i].digest[0] && fake_labelled(&fake.blobs[i], keys, value))
			list[count++] = strdup(fake.blobs[i].digest);
	*ret = list;
	return CONTAINERD_OK;
}

void containerd_list_done(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static inline enum content_result fake_read(void *self, const char *digest, size_t max, char **ret,
					    size_t *ret_len, struct hr_error *err)
{
	const struct fake_blob *blob = fake_there(digest);

	(void)self;
	fake.reads++;
	if (fake_fails("read", err))
		return CONTENT_FAILED;
	if (!blob)
		return CONTENT_NONE;
	if (blob->len > max)
		return hr_fail(err, HR_SPEC, "larger than %zu bytes", max), CONTENT_FAILED;
	*ret = malloc(blob->len + 1);
	memcpy(*ret, blob->bytes, blob->len + 1);
	*ret_len = blob->len;
	return CONTENT_READ;
}

struct content containerd_content(struct containerd *client)
{
	(void)client;
	return (struct content){.read = fake_read};
}

#endif
