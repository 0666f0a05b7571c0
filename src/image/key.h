/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys and the one question asked of them. The only user of libcrypto. Accepted are EC
 * P-256, P-384, P-521, RSA of 2048 to 8192 bits with PKCS #1 v1.5, and Ed25519 (pure).
 */
#ifndef HR_IMAGE_KEY_H
#define HR_IMAGE_KEY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct image_key;

/*
 * Read one "PUBLIC KEY" block (SubjectPublicKeyInfo, RFC 7468): nothing but blanks and lines of
 * comment before and nothing but newlines after it. `name` stands for it in messages and is
 * copied. Error: HR_POLICY, which says what kind of key or file it is instead; HR_SYSTEM.
 */
int image_key_read(const char *name, const char *pem, size_t len, struct image_key **ret,
		   struct hr_error *err);
void image_key_free(struct image_key *key);

const char *image_key_name(const struct image_key *key);
const char *image_key_type(const struct image_key *key); /* "ECDSA P-256", "RSA 2048", ... */
const char *image_key_id(const struct image_key *key);	 /* hex of SHA-256 of the DER */
/* base64 of the same, the "hint" of a sigstore bundle: selects a key, proves nothing. */
const char *image_key_hint(const struct image_key *key);

/*
 * True if `signature` is this key's over exactly `bytes`. ECDSA: one DER value, nothing behind it;
 * the hash is the curve's own or SHA-256 (cosign 2 signs with SHA-256 whatever the curve is,
 * cosign 3 with SHA-384 and SHA-512). RSA: SHA-256.
 */
bool image_key_verifies(const struct image_key *key, const char *bytes, size_t len,
			const char *signature, size_t signature_len);

#endif
