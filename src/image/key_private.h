/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to image/key*.c: a public key as it stands in its file, read strictly and without
 * libcrypto, whose general decoders take more than DER and cost more than a signature.
 */
#ifndef HR_IMAGE_KEY_PRIVATE_H
#define HR_IMAGE_KEY_PRIVATE_H

#include "base/error.h"

#include <stddef.h>

enum key_kind { KEY_P256, KEY_P384, KEY_P521, KEY_RSA, KEY_ED25519, KEY_KINDS };

struct key_parts {
	enum key_kind kind;
	char type[32];
	char *der; /* the whole SubjectPublicKeyInfo; the others are within it */
	size_t der_len;
	const unsigned char *first; /* point (uncompressed), modulus */
	size_t first_len;
	const unsigned char *second; /* RSA: exponent */
	size_t second_len;
	size_t bits; /* RSA: of the modulus */
};

/* As image_key_read. That a point is on its curve is not looked at. */
int key_parts_read(const char *name, const char *pem, size_t len, struct key_parts *ret,
		   struct hr_error *err);
void key_parts_done(struct key_parts *parts);

#endif
