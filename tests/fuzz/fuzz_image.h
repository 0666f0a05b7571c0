/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets of signatures share: an entry, and the private half of its only key. */
#ifndef HR_TESTS_FUZZ_IMAGE_H
#define HR_TESTS_FUZZ_IMAGE_H

#include "image/base64.h"
#include "image/limits.h"
#include "image/signature.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define HEX  "93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622"
#define NAME "127.0.0.1:5055/k/p256:v1"

/* Ed25519: the cheapest to sign with, and the same each time. */
static inline EVP_PKEY *fuzz_pair(void)
{
	static const unsigned char seed[32] = "hardrun fuzz targets sign by it";
	static EVP_PKEY *pair;

	if (!pair)
		pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	must(pair);
	return pair;
}

static inline struct image_key *fuzz_key(void)
{
	struct image_key *key = NULL;
	unsigned char *der = NULL;
	char pem[256];
	int len = i2d_PUBKEY(fuzz_pair(), &der);
	hr_autofree char *body = len > 0 ? base64_encode((char *)der, (size_t)len) : NULL;

	must(body);
	snprintf(pem, sizeof(pem), "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
		 body);
	OPENSSL_free(der);
	must(image_key_read("k", pem, strlen(pem), &key, NULL) == 0);
	return key;
}

/* Made once, and kept until the process ends. */
static inline struct requirement_entry *fuzz_entry(void)
{
	static const char text[] = "{\"scopes\": [\"*\"]}";
	static struct requirement_entry entry;
	static struct json_doc *doc;

	if (doc)
		return &entry;
	must(json_parse("entry", text, strlen(text), false, &doc, NULL) == 0);
	entry = (struct requirement_entry){.cosign = true, .bundle = true, .key_count = 1};
	entry.json = json_root(doc);
	entry.keys[0] = fuzz_key();
	return &entry;
}

static inline const struct signature_subject *fuzz_subject(void)
{
	static const struct signature_subject subject = {.digest = "sha256:" HEX};
	static struct signature_subject named;
	static struct reference name;

	must(reference_read(NAME, &name));
	named = subject;
	named.name = &name;
	return &named;
}

/* In base64; the caller frees it. */
static inline char *fuzz_sign(const char *bytes, size_t len)
{
	unsigned char sig[64];
	size_t sig_len = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, fuzz_pair()) == 1);
	must(EVP_DigestSign(ctx, sig, &sig_len, (const unsigned char *)bytes, len) == 1);
	EVP_MD_CTX_free(ctx);
	return base64_encode((char *)sig, sig_len);
}

static inline void fuzz_told(const struct signature_verdict *verdict)
{
	struct hr_error err = {.code = HR_SPEC};

	must(verdict->result < SIGNATURE_RESULTS);
	must((verdict->result == SIGNATURE_GOOD) == !verdict->why[0]);
	if (!verdict->why[0])
		return;
	snprintf(err.msg, sizeof(err.msg), "%s", verdict->why);
	must_be_told(&err);
}

#endif
