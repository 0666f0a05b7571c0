/* SPDX-License-Identifier: Apache-2.0 */
#include "image/store.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/layout.h"
#include "image/store_private.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define HEX_DIGITS 64

static const char *const prefixes[STORE_KINDS] = {
	[STORE_COSIGN] = "cosign-",
	[STORE_BUNDLE] = "bundle-",
};

int store_open_below(int fd, const char *path, bool directory)
{
	/* Not blocking: a FIFO in a file's place must not hold us. */
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	if (directory)
		how.flags |= O_DIRECTORY;
	return (int)syscall(SYS_openat2, fd, path, &how, sizeof(how));
}

/* --- Names ---------------------------------------------------------------------------------- */

void store_path(const char *digest, const char *name, char ret[STORE_PATH_SIZE])
{
	snprintf(ret, STORE_PATH_SIZE, "sha256/%.64s%s%s", digest + strlen(IMAGE_DIGEST_PREFIX),
		 name ? "/" : "", name ? name : "");
}

static bool is_hex(const char *text)
{
	return strlen(text) == HEX_DIGITS && strspn(text, "0123456789abcdef") == HEX_DIGITS;
}

bool store_name_is_signature(const char *name, enum store_kind *ret_kind)
{
	char hex[HEX_DIGITS + 1];

	for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
		size_t skip = strlen(prefixes[kind]);

		if (!text_starts(name, prefixes[kind]) ||
		    strlen(name) != skip + HEX_DIGITS + strlen(".json") ||
		    !text_ends(name, ".json"))
			continue;
		memcpy(hex, name + skip, HEX_DIGITS);
		hex[HEX_DIGITS] = '\0';
		*ret_kind = (enum store_kind)kind;
		return is_hex(hex);
	}
	return false;
}

void store_name(enum store_kind kind, const char *bytes, size_t len, char ret[STORE_NAME_SIZE])
{
	char digest[IMAGE_DIGEST_SIZE];

	image_digest_of(bytes, len, digest);
	snprintf(ret, STORE_NAME_SIZE, "%s%s.json", prefixes[kind],
		 digest + strlen(IMAGE_DIGEST_PREFIX));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void add_name(struct store_names *names, const char *name, size_t max,
		     bool (*wanted)(const char *name))
{
	if (name[0] == '.' || strcmp(name, "manifest") == 0)
		return;
	if (strlen(name) >= STORE_NAME_SIZE || !wanted(name) || names->count == max)
		names->others++;
	else
		memcpy(names->list[names->count++], name, strlen(name) + 1);
}

int store_names(int fd, bool (*wanted)(const char *name), size_t max, struct store_names *ret,
		struct hr_error *err)
{
	struct store_names names = {.list = calloc(max, STORE_NAME_SIZE)};
	int own = store_open_below(fd, ".", true);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	const struct dirent *entry;

	if (!names.list || !dir) {
		hr_fail_errno(err, errno, "store: cannot list a directory");
		free(names.list);
		if (own >= 0)
			close(own);
		return -1;
	}
	while ((entry = readdir(dir)))
		add_name(&names, entry->d_name, max, wanted);
	closedir(dir);
	qsort(names.list, names.count, STORE_NAME_SIZE, compare_names);
	*ret = names;
	return 0;
}

/* --- Files ---------------------------------------------------------------------------------- */

static enum content_result read_manifest(void *self, const char *digest, size_t max, char **ret,
					 size_t *ret_len, struct hr_error *err)
{
	const int *fd = self;
	char path[STORE_PATH_SIZE];

	if (*fd < 0 || !image_digest_sound(digest))
		return CONTENT_NONE;
	store_path(digest, "manifest", path);
	return layout_file(*fd, path, max, ret, ret_len, err);
}

struct content store_content(int *self)
{
	return (struct content){.read = read_manifest, .self = self};
}

/* --- Signatures ----------------------------------------------------------------------------- */

static bool is_signature(const char *name)
{
	enum store_kind kind;

	return store_name_is_signature(name, &kind);
}

/* 1: it is one; 0: it is none; -1: memory. */
static int read_cosign(const char *bytes, size_t len, struct store_signature *ret,
		       struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error why = {0};
	const char *payload, *signature;

	if (json_parse("signature", bytes, len, false, &doc, &why) < 0)
		return why.code == HR_SYSTEM ? hr_fail(err, why.code, "%s", why.msg) : 0;
	payload = json_string(json_root(doc), "payload");
	signature = json_string(json_root(doc), "signature");
	if (!payload || !signature || json_count(json_root(doc)) != 2)
		return 0;
	if (base64_decode(payload, strlen(payload), &ret->payload, &ret->payload_len, &why) < 0)
		return why.code == HR_SYSTEM ? hr_fail(err, why.code, "%s", why.msg) : 0;
	ret->signature = strdup(signature);
	ret->signature_len = strlen(signature);
	if (!ret->signature)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return ret->payload_len <= IMAGE_PAYLOAD_MAX;
}

static void free_signature(struct store_signature *signature)
{
	free(signature->payload);
	free(signature->signature);
	free(signature->bundle);
	*signature = (struct store_signature){.kind = STORE_KINDS};
}

/* As read_cosign. A file that is not what its name says was put there by nobody here. */
static int read_signature(int dir, const char *name, struct store_signature *ret,
			  struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	char right[STORE_NAME_SIZE];
	struct hr_error why = {0};
	size_t len = 0;
	int result;

	if (!store_name_is_signature(name, &ret->kind))
		return 0;
	if (layout_file(dir, name, ret->kind == STORE_COSIGN ? STORE_COSIGN_MAX : IMAGE_BUNDLE_MAX,
			&bytes, &len, &why) != CONTENT_READ)
		return 0;
	store_name(ret->kind, bytes, len, right);
	if (strcmp(name, right) != 0)
		return 0;
	if (ret->kind == STORE_BUNDLE) {
		ret->bundle = hr_steal(bytes);
		ret->bundle_len = len;
		return 1;
	}
	result = read_cosign(bytes, len, ret, err);
	if (result != 1)
		free_signature(ret);
	return result;
}

static int read_all(int dir, struct store_signatures *ret, struct hr_error *err)
{
	struct store_names names = {0};
	int one = 0;

	if (store_names(dir, is_signature, STORE_NAMES_MAX, &names, err) < 0)
		return -1;
	ret->list = calloc(IMAGE_SIGNATURES_MAX, sizeof(*ret->list));
	ret->unread = names.others;
	for (size_t i = 0; ret->list && i < names.count && one >= 0; i++) {
		one = 0;
		if (ret->count < IMAGE_SIGNATURES_MAX)
			one = read_signature(dir, names.list[i], &ret->list[ret->count], err);
		if (one == 1)
			ret->count++;
		else
			ret->unread++;
	}
	free(names.list);
	if (!ret->list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return one < 0 ? -1 : 0;
}

int store_signatures(int fd, const char *digest, struct store_signatures *ret, struct hr_error *err)
{
	struct store_signatures read = {0};
	hr_autoclose int dir = -1;
	char path[STORE_PATH_SIZE];

	*ret = read;
	if (fd < 0 || !image_digest_sound(digest))
		return 0;
	store_path(digest, NULL, path);
	dir = store_open_below(fd, path, true);
	if (dir < 0 && errno == ENOENT)
		return 0;
	if (dir < 0)
		return hr_fail_errno(err, errno, "store: %s", path);
	if (read_all(dir, &read, err) < 0) {
		store_signatures_done(&read);
		return -1;
	}
	*ret = read;
	return 0;
}

void store_signatures_done(struct store_signatures *signatures)
{
	for (size_t i = 0; i < signatures->count; i++)
		free_signature(&signatures->list[i]);
	free(signatures->list);
	*signatures = (struct store_signatures){0};
}

/* --- All digests ---------------------------------------------------------------------------- */

int store_digests(int fd, char (**ret)[IMAGE_DIGEST_SIZE], size_t *ret_count, struct hr_error *err)
{
	hr_autoclose int dir = fd < 0 ? -1 : store_open_below(fd, "sha256", true);
	char(*digests)[IMAGE_DIGEST_SIZE] = NULL;
	struct store_names names = {0};

	if (fd >= 0 && dir < 0 && errno != ENOENT)
		return hr_fail_errno(err, errno, "store: sha256");
	if (dir >= 0 && store_names(dir, is_hex, STORE_DIGESTS_MAX, &names, err) < 0)
		return -1;
	digests = calloc(names.count + 1, IMAGE_DIGEST_SIZE);
	for (size_t i = 0; digests && i < names.count; i++)
		snprintf(digests[i], IMAGE_DIGEST_SIZE, "%s%.64s", IMAGE_DIGEST_PREFIX,
			 names.list[i]);
	free(names.list);
	if (!digests)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = digests;
	*ret_count = names.count;
	return 0;
}
