/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of image/ share: the fixtures, and keys of their own, so that what is odd can be
 * signed well.
 */
#ifndef HR_TESTS_IMAGE_SIGN_H
#define HR_TESTS_IMAGE_SIGN_H

#include "base/text.h"
#include "image/base64.h"
#include "image/key.h"
#include "image/requirement.h"
#include "load.h"
#include "unit.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define MANIFEST "sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622"
#define INDEX	 "sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212"
#define EVIL	 "sha256:c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7"

/* A file below tests/image/fixtures, on the heap without a NUL behind it. */
static inline char *fixture(const char *name, size_t *ret_len)
{
	char path[PATH_MAX];
	char *text = NULL, *exact;

	snprintf(path, sizeof(path), "%s/tests/image/fixtures/%s", load_srcdir(), name);
	cr_assert_eq(file_read_at(AT_FDCWD, path, path, (size_t)1 << 20, &text, ret_len, NULL,
				  NULL),
		     0, "%s", path);
	exact = malloc(*ret_len ? *ret_len : 1);
	cr_assert_not_null(exact);
	memcpy(exact, text, *ret_len);
	free(text);
	return exact;
}

static inline struct image_key *fixture_key(const char *name)
{
	char path[128];
	struct image_key *key = NULL;
	struct hr_error err = {0};
	size_t len;
	hr_autofree char *pem = NULL;

	snprintf(path, sizeof(path), "keys/%s.pub", name);
	pem = fixture(path, &len);
	cr_assert_ok(image_key_read(name, pem, len, &key, &err), err);
	return key;
}

/* On the heap without a NUL: a byte read too far is seen. */
static inline int read_pem(const char *pem, size_t len, struct image_key **ret,
			   struct hr_error *err)
{
	hr_autofree char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, pem, len);
	return image_key_read("/etc/hardrun/keys/k.pub", copy, len, ret, err);
}

static inline void expect_refused(const char *pem, const char *words)
{
	struct image_key *key = NULL;
	struct hr_error err = {0};

	expect_error(read_pem(pem, strlen(pem), &key, &err), &err, HR_POLICY, words);
	cr_expect_not_null(strstr(err.msg, "/etc/hardrun/keys/k.pub"), "%s", err.msg);
	cr_expect_null(key);
}

/* "P-256", "P-384", "P-521", "secp256k1", "RSA-2048", "ED25519", ... */
static inline EVP_PKEY *make_pair(const char *kind)
{
	EVP_PKEY *pair = NULL;

	if (strncmp(kind, "RSA-", 4) == 0)
		pair = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)strtoul(kind + 4, NULL, 10));
	else if (kind[0] == 'P' || kind[0] == 's')
		pair = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	else
		pair = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	cr_assert_not_null(pair, "%s", kind);
	return pair;
}

static inline char *pem_of_der(const unsigned char *der, size_t len)
{
	text_auto struct text pem = {0};
	hr_autofree char *body = base64_encode((const char *)der, len);

	text_adds(&pem, "-----BEGIN PUBLIC KEY-----\n");
	for (size_t i = 0; i < strlen(body); i += 64)
		text_addf(&pem, "%.64s\n", body + i);
	text_adds(&pem, "-----END PUBLIC KEY-----\n");
	cr_assert(!pem.failed);
	return hr_steal(pem.data);
}

static inline char *pem_of(EVP_PKEY *pair)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pair, &der);
	char *pem;

	cr_assert_gt(len, 0);
	pem = pem_of_der(der, (size_t)len);
	OPENSSL_free(der);
	return pem;
}

/* Sign with this hash (NULL: the key's own way); the caller frees what is returned. */
static inline char *sign(EVP_PKEY *pair, const char *hash, const char *bytes, size_t len,
			 size_t *ret_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *out;
	size_t room = 0;

	cr_assert_eq(EVP_DigestSignInit_ex(ctx, NULL, hash, NULL, NULL, pair, NULL), 1);
	cr_assert_eq(EVP_DigestSign(ctx, NULL, &room, (const unsigned char *)bytes, len), 1);
	out = malloc(room);
	cr_assert_not_null(out);
	cr_assert_eq(EVP_DigestSign(ctx, out, &room, (const unsigned char *)bytes, len), 1);
	EVP_MD_CTX_free(ctx);
	*ret_len = room;
	return (char *)out;
}

static inline char *sign64(EVP_PKEY *pair, const char *hash, const char *bytes, size_t len)
{
	size_t raw_len = 0;
	hr_autofree char *raw = sign(pair, hash, bytes, len, &raw_len);

	return base64_encode(raw, raw_len);
}

static inline struct image_key *key_of(EVP_PKEY *pair, const char *name)
{
	hr_autofree char *pem = pem_of(pair);
	struct image_key *key = NULL;
	struct hr_error err = {0};

	cr_assert_ok(image_key_read(name, pem, strlen(pem), &key, &err), err);
	return key;
}

#endif
