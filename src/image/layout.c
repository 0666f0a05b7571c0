/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layout.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/limits.h"
#include "image/manifest.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LAYOUT_ENTRIES_MAX 1024 /* of index.json: tags of a whole archive */
#define LAYOUT_FILE_MAX	   ((size_t)64 * 1024)
#define LISTED_MAX	   16 /* tags in a message */

static const char *const index_keys[] = {"mediaType", "manifests", NULL};
static const char *const entry_keys[] = {"annotations", "artifactType", NULL};
static const char *const annotation_keys[] = {"org.opencontainers.image.ref.name", "kind", NULL};

/* -1 with errno. Not blocking: a FIFO in a file's place must not hold us. Linux 5.6. */
static int open_below(int fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, fd, path, &how, sizeof(how));
}

static enum content_result open_regular(int fd, const char *path, int *ret, struct stat *ret_stat,
					struct hr_error *err)
{
	hr_autoclose int file = open_below(fd, path);

	if (file < 0 && errno == ENOENT)
		return CONTENT_NONE;
	if (file < 0 && (errno == ELOOP || errno == EXDEV)) {
		hr_fail(err, HR_UNTRUSTED, "%s: leads through a symbolic link or outside", path);
		return CONTENT_FAILED;
	}
	if (file < 0 && (errno == EACCES || errno == EPERM)) {
		hr_fail(err, HR_SYSTEM,
			"%s: can be read by its owner only: chmod -R a+rX on the directory", path);
		return CONTENT_FAILED;
	}
	if (file < 0 || fstat(file, ret_stat) < 0) {
		hr_fail_errno(err, errno, "%s", path);
		return CONTENT_FAILED;
	}
	if (!S_ISREG(ret_stat->st_mode)) {
		hr_fail(err, HR_UNTRUSTED, "%s: is not a regular file", path);
		return CONTENT_FAILED;
	}
	*ret = hr_steal_fd(&file);
	return CONTENT_READ;
}

enum content_result layout_file(int fd, const char *path, size_t max, char **ret, size_t *ret_len,
				struct hr_error *err)
{
	hr_autoclose int file = -1;
	struct stat st;
	enum content_result result = open_regular(fd, path, &file, &st, err);

	if (result == CONTENT_READ && file_read_fd(file, path, max, ret, ret_len, err) < 0)
		return CONTENT_FAILED;
	return result;
}

static void blob_path(const char *digest, char ret[128])
{
	snprintf(ret, 128, "blobs/sha256/%s", digest + strlen(IMAGE_DIGEST_PREFIX));
}

static enum content_result read_blob(void *self, const char *digest, size_t max, char **ret,
				     size_t *ret_len, struct hr_error *err)
{
	const struct layout *layout = self;
	char path[128];

	if (!image_digest_sound(digest)) {
		hr_fail(err, HR_SPEC, "is no sha256 digest");
		return CONTENT_FAILED;
	}
	blob_path(digest, path);
	return layout_file(layout->fd, path, max, ret, ret_len, err);
}

struct content layout_content(const struct layout *layout)
{
	struct content content = {.read = read_blob};

	memcpy(&content.self, &layout, sizeof(content.self)); /* it is only read */
	return content;
}

/* Layers are not held in memory: mapped. One that is cut meanwhile ends the process (SIGBUS),
 * which is a refusal. */
static int hash_file(int fd, size_t len, char ret[IMAGE_DIGEST_SIZE], struct hr_error *err)
{
	void *bytes;

	if (len == 0) {
		image_digest_of("", 0, ret);
		return 0;
	}
	bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return hr_fail_errno(err, errno, "map %zu bytes", len);
	image_digest_of(bytes, len, ret);
	munmap(bytes, len);
	return 0;
}

enum content_result layout_check(const struct layout *layout, const char *digest, int64_t size,
				 struct hr_error *err)
{
	char path[128], other[IMAGE_DIGEST_SIZE];
	hr_autoclose int file = -1;
	struct stat st;
	enum content_result result;

	blob_path(digest, path);
	result = open_regular(layout->fd, path, &file, &st, err);
	if (result != CONTENT_READ)
		return result;
	if (size >= 0 && st.st_size != size) {
		hr_fail(err, HR_SPEC, "%s: %lld bytes, and its descriptor says %lld", path,
			(long long)st.st_size, (long long)size);
		return CONTENT_FAILED;
	}
	if (hash_file(file, (size_t)st.st_size, other, err) < 0)
		return hr_context(err, "%s", path), CONTENT_FAILED;
	if (strcmp(other, digest) == 0)
		return CONTENT_READ;
	hr_fail(err, HR_SPEC, "%s: damaged: its content has the digest %s", path, other);
	return CONTENT_FAILED;
}

static const char *annotation(const struct json *descriptor, const char *key)
{
	return json_string(json_get(descriptor, "annotations"), key);
}

static int read_entry(const struct json *descriptor, struct layout_entry *ret, struct hr_error *err)
{
	const char *tag, *kind;

	if (manifest_descriptor(descriptor, ret->digest, &ret->size, err) < 0 ||
	    manifest_keys_plain(descriptor, entry_keys, err) < 0 ||
	    manifest_keys_plain(json_get(descriptor, "annotations"), annotation_keys, err) < 0)
		return -1;
	tag = annotation(descriptor, annotation_keys[0]);
	kind = annotation(descriptor, annotation_keys[1]);
	if (tag && strlen(tag) >= sizeof(ret->tag))
		return hr_fail(err, HR_SPEC, "index.json: a tag of %zu bytes", strlen(tag));
	snprintf(ret->tag, sizeof(ret->tag), "%s", tag ? tag : "");
	if (kind && strlen(kind) < sizeof(ret->kind))
		snprintf(ret->kind, sizeof(ret->kind), "%s", kind);
	ret->artifact = json_get(descriptor, "artifactType") != NULL;
	return 0;
}

static int read_index(const struct json *root, struct layout *ret, struct hr_error *err)
{
	const struct json *list = json_get(root, "manifests"), *type = json_get(root, "mediaType");

	if (manifest_keys_plain(root, index_keys, err) < 0)
		return -1;
	if (type && (type->type != JSON_STRING || manifest_kind_of(type->text) != MANIFEST_INDEX))
		return hr_fail(err, HR_SPEC, "index.json: its mediaType is not that of an index");
	if (!list || list->type != JSON_ARRAY)
		return hr_fail(err, HR_SPEC, "index.json: no list of manifests");
	if (json_count(list) > LAYOUT_ENTRIES_MAX)
		return hr_fail(err, HR_SPEC, "index.json: more than %d manifests",
			       LAYOUT_ENTRIES_MAX);
	ret->entries = calloc(json_count(list) + 1, sizeof(*ret->entries));
	if (!ret->entries)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_each(descriptor, list)
		if (read_entry(descriptor, &ret->entries[ret->count++], err) < 0)
			return -1;
	return 0;
}

static int read_json(int fd, const char *path, size_t max, struct json_doc **ret,
		     struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	size_t len = 0;

	switch (layout_file(fd, path, max, &bytes, &len, err)) {
	case CONTENT_READ:
		return manifest_parse(path, bytes, len, ret, err);
	case CONTENT_NONE:
		return hr_fail(err, HR_SPEC, "no OCI layout: there is no %s", path);
	case CONTENT_FAILED:
	case CONTENT_RESULTS:
		break;
	}
	return -1;
}

static int check_version(int fd, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	char shown[TEXT_SHOWN_SIZE];
	const char *version;

	if (read_json(fd, "oci-layout", LAYOUT_FILE_MAX, &doc, err) < 0)
		return -1;
	version = json_string(json_root(doc), "imageLayoutVersion");
	if (version && strcmp(version, "1.0.0") == 0)
		return 0;
	return hr_fail(err, HR_SPEC, "oci-layout: imageLayoutVersion is %s, not 1.0.0",
		       version ? text_shown_z(version, shown) : "missing");
}

int layout_open(int fd, struct layout *ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct layout layout = {.fd = fd};

	if (check_version(fd, err) < 0 ||
	    read_json(fd, "index.json", IMAGE_MANIFEST_MAX, &doc, err) < 0)
		return -1;
	if (read_index(json_root(doc), &layout, err) < 0) {
		layout_done(&layout);
		return -1;
	}
	*ret = layout;
	return 0;
}

void layout_done(struct layout *layout)
{
	free(layout->entries);
	*layout = (struct layout){.fd = -1};
}

static void add_tags(const struct layout *layout, struct text *ret)
{
	char shown[TEXT_SHOWN_SIZE];
	size_t listed = 0, tagged = 0;

	for (size_t i = 0; i < layout->count; i++) {
		const char *tag = layout->entries[i].tag;

		if (!tag[0] || tagged++ >= LISTED_MAX)
			continue;
		text_addf(ret, "%s%s", listed++ > 0 ? ", " : "", text_shown_z(tag, shown));
	}
	if (tagged > listed)
		text_addf(ret, ", and %zu more", tagged - listed);
	if (tagged == 0)
		text_adds(ret, "no tag");
}

static int fail_with_tags(const struct layout *layout, struct hr_error *err, const char *what)
{
	text_auto struct text tags = {0};

	add_tags(layout, &tags);
	return hr_fail(err, HR_SPEC, "%s; the layout has: %s", what,
		       tags.failed ? "(out of memory)" : tags.data);
}

/* Tags under which cosign and registries without referrers keep what is about an image:
 * sha256-HEX, sha256-HEX.sig, .att, .sbom. */
static bool is_about_another(const char *tag)
{
	static const char hex[] = "0123456789abcdef";

	return text_starts(tag, "sha256-") && strspn(tag + 7, hex) == 64 &&
	       (tag[71] == '\0' || tag[71] == '.');
}

static bool is_image(const struct layout_entry *entry)
{
	if (entry->artifact || is_about_another(entry->tag))
		return false;
	return !entry->kind[0] || !text_starts(entry->kind, "dev.cosignproject.cosign/") ||
	       text_starts(entry->kind, "dev.cosignproject.cosign/image");
}

int layout_find(const struct layout *layout, const char *tag, char ret[IMAGE_DIGEST_SIZE],
		struct hr_error *err)
{
	const struct layout_entry *found = NULL;
	char shown[TEXT_SHOWN_SIZE], what[TEXT_SHOWN_SIZE + 64];

	for (size_t i = 0; i < layout->count; i++) {
		const struct layout_entry *entry = &layout->entries[i];

		if (tag ? strcmp(entry->tag, tag) != 0 : !is_image(entry))
			continue;
		if (found && strcmp(found->digest, entry->digest) != 0)
			return fail_with_tags(layout, err,
					      tag ? "index.json has the tag twice, for two images"
						  : "several images, and no tag to choose one");
		found = entry;
	}
	snprintf(what, sizeof(what), "there is no image%s%s", tag ? " with the tag " : "",
		 tag ? text_shown_z(tag, shown) : "");
	if (!found)
		return fail_with_tags(layout, err, what);
	memcpy(ret, found->digest, IMAGE_DIGEST_SIZE);
	return 0;
}
