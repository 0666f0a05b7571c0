/* SPDX-License-Identifier: Apache-2.0 */
/* Private to image/store*.c. */
#ifndef HR_IMAGE_STORE_PRIVATE_H
#define HR_IMAGE_STORE_PRIVATE_H

#include "image/digest.h"
#include "image/limits.h"
#include "image/store.h"

#include <dirent.h>

#define STORE_NAMES_MAX	  4096	 /* files of one digest */
#define STORE_DIGESTS_MAX 100000 /* directories */
#define STORE_PATH_SIZE	  96	 /* "sha256/HEX/manifest" */
#define STORE_NAME_SIZE	  96	 /* "cosign-HEX.json" */

/* A cosign file: its payload in base64, a signature of at most 16 KiB, and the words around. */
#define STORE_COSIGN_MAX (IMAGE_PAYLOAD_MAX / 3 * 4 + (size_t)32 * 1024)

/* Open for reading; no link is followed and nothing outside is opened. -1 with errno. Linux 5.6. */
int store_open_below(int fd, const char *path, bool directory);

/* What stands below the store for a digest: "sha256/HEX", and behind it "/" and `name` if any. */
void store_path(const char *digest, const char *name, char ret[STORE_PATH_SIZE]);

/* True for "cosign-HEX.json" and "bundle-HEX.json". */
bool store_name_is_signature(const char *name, enum store_kind *ret_kind);
void store_name(enum store_kind kind, const char *bytes, size_t len, char ret[STORE_NAME_SIZE]);

/* The names in a directory that `wanted` takes, sorted, at most `max` of them; ret_others: how many
 * more there are, but for "manifest" and what begins with a dot. The caller frees *ret. */
struct store_names {
	char (*list)[STORE_NAME_SIZE];
	size_t count;
	size_t others;
};
int store_names(int fd, bool (*wanted)(const char *name), size_t max, struct store_names *ret,
		struct hr_error *err);

#endif
