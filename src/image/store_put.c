/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writing half of the store. Unlike a container's record, what is put in outlives the kernel
 * that runs now: it is on the disk (fsync) before it has its name.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/layout.h"
#include "image/store.h"
#include "image/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- Directories ---------------------------------------------------------------------------- */

/* Everybody may read it, whatever the umask is: the verifier is nobody. */
static int open_dir(int fd, const char *path, int *ret, struct hr_error *err)
{
	hr_autoclose int dir = -1;
	struct stat st;
	bool made = mkdirat(fd, path, 0755) == 0;

	if (!made && errno != EEXIST)
		return hr_fail_errno(err, errno, "store: make %s", path);
	dir = store_open_below(fd, path, true);
	if (dir < 0 || fstat(dir, &st) < 0)
		return hr_fail_errno(err, errno, "store: %s", path);
	if ((st.st_mode & 07777) != 0755 && fchmod(dir, 0755) < 0)
		return hr_fail_errno(err, errno, "store: set the mode of %s", path);
	if (made && fsync(fd) < 0)
		return hr_fail_errno(err, errno, "store: %s: fsync", path);
	*ret = hr_steal_fd(&dir);
	return 0;
}

static int open_digest(int fd, const char *digest, int *ret, struct hr_error *err)
{
	hr_autoclose int all = -1;
	char path[STORE_PATH_SIZE];

	if (open_dir(fd, "sha256", &all, err) < 0)
		return -1;
	store_path(digest, NULL, path);
	return open_dir(fd, path, ret, err);
}

/* A directory that nothing came into does not stay; one with something in it does. */
static void remove_if_empty(int fd, const char *digest)
{
	char path[STORE_PATH_SIZE];

	store_path(digest, NULL, path);
	unlinkat(fd, path, AT_REMOVEDIR);
}

/* --- Files ---------------------------------------------------------------------------------- */

/* Is what is there the same? Another one is a damaged file, and is not touched. */
static int compare(int dir, const char *name, const char *bytes, size_t len, struct hr_error *err)
{
	hr_autofree char *there = NULL;
	struct hr_error why = {0};
	size_t there_len = 0;

	if (layout_file(dir, name, len, &there, &there_len, &why) == CONTENT_READ && there &&
	    there_len == len && memcmp(there, bytes, len) == 0)
		return 0;
	return hr_fail(err, HR_SYSTEM,
		       "store: %s is there and is damaged; remove it, and add again", name);
}

static bool is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Under its name only once it is whole. Of two at once one is the first. */
static int make_file(int dir, const char *name, const char *bytes, size_t len, bool *ret_new,
		     struct hr_error *err)
{
	hr_autoclose int fd = openat(dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644);
	char path[64];

	if (fd < 0)
		return hr_fail_errno(err, errno, "store: make %s", name);
	if (file_write_fd(fd, name, bytes, len, err) < 0)
		return -1;
	if (fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return hr_fail_errno(err, errno, "store: %s: fsync", name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*ret_new = linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) == 0;
	if (!*ret_new && errno != EEXIST)
		return hr_fail_errno(err, errno, "store: %s: link", name);
	if (fsync(dir) < 0)
		return hr_fail_errno(err, errno, "store: %s: fsync", name);
	return *ret_new ? 0 : compare(dir, name, bytes, len, err);
}

static int put(int dir, const char *name, const char *bytes, size_t len, bool *ret_new,
	       struct hr_error *err)
{
	*ret_new = false;
	if (is_there(dir, name))
		return compare(dir, name, bytes, len, err);
	return make_file(dir, name, bytes, len, ret_new, err);
}

/* --- Manifests ------------------------------------------------------------------------------ */

int store_put_manifest(int fd, const char *digest, const char *bytes, size_t len, bool *ret_new,
		       struct hr_error *err)
{
	char right[IMAGE_DIGEST_SIZE];
	hr_autoclose int dir = -1;

	if (!image_digest_sound(digest))
		return hr_fail(err, HR_SPEC, "a manifest's digest is not sound");
	if (len > IMAGE_MANIFEST_MAX)
		return hr_fail(err, HR_SPEC, "%s: more than %zu bytes", digest, IMAGE_MANIFEST_MAX);
	image_digest_of(bytes, len, right);
	if (strcmp(digest, right) != 0)
		return hr_fail(err, HR_SPEC, "%s: damaged: these bytes have the digest %s", digest,
			       right);
	if (open_digest(fd, digest, &dir, err) == 0 &&
	    put(dir, "manifest", bytes, len, ret_new, err) == 0)
		return 0;
	remove_if_empty(fd, digest);
	return -1;
}

/* --- Signatures ----------------------------------------------------------------------------- */

static int cosign_file(const struct store_signature *signature, struct text *ret,
		       struct hr_error *err)
{
	hr_autofree char *payload = NULL, *decoded = NULL;
	size_t len;

	if (signature->payload_len > IMAGE_PAYLOAD_MAX)
		return hr_fail(err, HR_SPEC, "a payload of more than %zu bytes", IMAGE_PAYLOAD_MAX);
	/* Strict base64 has no character that JSON would take for anything else. */
	if (base64_decode(signature->signature, signature->signature_len, &decoded, &len, err) < 0)
		return hr_context(err, "signature");
	payload = base64_encode(signature->payload, signature->payload_len);
	if (payload)
		text_addf(ret, "{\"payload\":\"%s\",\"signature\":\"", payload);
	text_add(ret, signature->signature, signature->signature_len);
	text_adds(ret, "\"}");
	if (!payload || ret->failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (ret->len > STORE_COSIGN_MAX)
		return hr_fail(err, HR_SPEC, "a signature of %zu bytes", signature->signature_len);
	return 0;
}

static int bundle_file(const struct store_signature *signature, struct text *ret,
		       struct hr_error *err)
{
	if (signature->bundle_len > IMAGE_BUNDLE_MAX)
		return hr_fail(err, HR_SPEC, "a bundle of more than %zu bytes", IMAGE_BUNDLE_MAX);
	if (signature->bundle_len == 0)
		return hr_fail(err, HR_SPEC, "an empty bundle");
	text_add(ret, signature->bundle, signature->bundle_len);
	return ret->failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}

static bool is_signature(const char *name)
{
	enum store_kind kind;

	return store_name_is_signature(name, &kind);
}

/* One more than are ever looked at would only displace another one. */
static int check_room(int dir, const char *name, struct hr_error *err)
{
	struct store_names names = {0};

	if (is_there(dir, name))
		return 0;
	if (store_names(dir, is_signature, STORE_NAMES_MAX, &names, err) < 0)
		return -1;
	free(names.list);
	if (names.count >= IMAGE_SIGNATURES_MAX)
		return hr_fail(err, HR_SPEC, "there are %zu signatures already, at most %d",
			       names.count, IMAGE_SIGNATURES_MAX);
	return 0;
}

int store_put_signature(int fd, const char *digest, const struct store_signature *signature,
			bool *ret_new, struct hr_error *err)
{
	text_auto struct text file = {0};
	char name[STORE_NAME_SIZE];
	hr_autoclose int dir = -1;
	int result;

	if (!image_digest_sound(digest))
		return hr_fail(err, HR_SPEC, "a signature's digest is not sound");
	result = signature->kind == STORE_COSIGN ? cosign_file(signature, &file, err)
						 : bundle_file(signature, &file, err);
	if (result < 0 || !file.data)
		return hr_context(err, "%s", digest);
	store_name(signature->kind, file.data, file.len, name);
	if (open_digest(fd, digest, &dir, err) == 0 && check_room(dir, name, err) == 0 &&
	    put(dir, name, file.data, file.len, ret_new, err) == 0)
		return 0;
	remove_if_empty(fd, digest);
	return hr_context(err, "%s", digest);
}
