/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of signatures, HR_STOREDIR/sha256/HEX/: by the digest of the manifest or index that
 * they are about.
 *
 *	manifest           the bytes that have this digest
 *	cosign-HEX.json    {"payload": base64, "signature": base64}
 *	bundle-HEX.json    a sigstore bundle as it came
 *
 * HEX in a file's name is the SHA-256 of the file. Root's, 0755 and 0644. What is in it is not
 * trusted: it is verified each time, and something missing can only refuse.
 */
#ifndef HR_IMAGE_STORE_H
#define HR_IMAGE_STORE_H

#include "image/content.h"
#include "image/digest.h"

enum store_kind { STORE_COSIGN, STORE_BUNDLE, STORE_KINDS };

struct store_signature {
	enum store_kind kind;
	char *payload; /* cosign */
	size_t payload_len;
	char *signature; /* cosign, base64 */
	size_t signature_len;
	char *bundle; /* bundle */
	size_t bundle_len;
};

struct store_signatures {
	struct store_signature *list; /* by the names of their files */
	size_t count;
	size_t unread; /* files that are no signatures, or too many */
};

/* `fd`: the store's directory; -1: an empty store. Error: HR_SYSTEM. */
int store_signatures(int fd, const char *digest, struct store_signatures *ret,
		     struct hr_error *err);
void store_signatures_done(struct store_signatures *signatures);

/* Manifests and indexes. `fd` is kept in *self, which must outlive the content. */
struct content store_content(int *self);

/* All digests of which there is something, sorted; the caller frees *ret. Error: HR_SYSTEM, and
 * HR_SPEC for more than anybody keeps. */
int store_digests(int fd, char (**ret)[IMAGE_DIGEST_SIZE], size_t *ret_count, struct hr_error *err);

/*
 * Put something in: whole or not at all, nothing that is there is changed, and it outlives a
 * crash. ret_new: it was not there. For root. Error: HR_SYSTEM; HR_SPEC for bytes that do not have
 * their digest, are too large, or one signature too many.
 */
int store_put_manifest(int fd, const char *digest, const char *bytes, size_t len, bool *ret_new,
		       struct hr_error *err);
int store_put_signature(int fd, const char *digest, const struct store_signature *signature,
			bool *ret_new, struct hr_error *err);

#endif
