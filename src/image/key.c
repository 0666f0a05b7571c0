/* SPDX-License-Identifier: Apache-2.0 */
#include "image/key.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/key_private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASHES_MAX 2

struct image_key {
	char *name;
	enum key_kind kind;
	EVP_PKEY *pkey;
	const EVP_MD *hashes[HASHES_MAX]; /* the curve's own first; Ed25519: none */
	size_t hash_count;		  /* that are tried */
	size_t signature_max;		  /* bytes; RSA and Ed25519: exactly so many */
	char type[32];
	char id[DIGEST_HEX];
	char *hint;
};

const char *image_key_name(const struct image_key *key)
{
	return key->name;
}

const char *image_key_type(const struct image_key *key)
{
	return key->type;
}

const char *image_key_id(const struct image_key *key)
{
	return key->id;
}

const char *image_key_hint(const struct image_key *key)
{
	return key->hint;
}

void image_key_free(struct image_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key->name);
	free(key->hint);
	free(key);
}

/* --- libcrypto ------------------------------------------------------------------------------ */

/* Not its configuration: files that others than we name would choose the code that verifies. */
static bool library_ready(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* The library refuses a point that is not on the curve; the orders of the three are prime. */
static EVP_PKEY *make_ec(const char *curve, const struct key_parts *parts)
{
	hr_autofree unsigned char *point = malloc(parts->first_len);
	char group[8];
	OSSL_PARAM params[3];

	if (!point)
		return NULL;
	memcpy(point, parts->first, parts->first_len);
	snprintf(group, sizeof(group), "%s", curve);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] =
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, parts->first_len);
	params[2] = OSSL_PARAM_construct_end();
	return make_key("EC", params);
}

static EVP_PKEY *make_rsa(const struct key_parts *parts)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(parts->first, (int)parts->first_len, NULL);
	BIGNUM *e = BN_bin2bn(parts->second, (int)parts->second_len, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (build && n && e && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params)
		pkey = make_key("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return pkey;
}

static void use_curve(struct image_key *key, const char *curve, const EVP_MD *hash,
		      const struct key_parts *parts)
{
	key->pkey = make_ec(curve, parts);
	key->hashes[0] = hash;
	key->hashes[1] = EVP_sha256();
	key->hash_count = key->kind == KEY_P256 ? 1 : 2;
	/* a SEQUENCE of two INTEGERs, each with a zero byte in front */
	key->signature_max = 3 + 2 * (3 + (parts->first_len - 1) / 2);
}

static void use_parts(struct image_key *key, const struct key_parts *parts)
{
	key->kind = parts->kind;
	switch (parts->kind) {
	case KEY_P256:
		use_curve(key, "P-256", EVP_sha256(), parts);
		break;
	case KEY_P384:
		use_curve(key, "P-384", EVP_sha384(), parts);
		break;
	case KEY_P521:
		use_curve(key, "P-521", EVP_sha512(), parts);
		break;
	case KEY_RSA:
		key->pkey = make_rsa(parts);
		key->hashes[0] = EVP_sha256();
		key->hash_count = 1;
		key->signature_max = parts->first_len;
		break;
	case KEY_ED25519:
		key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, parts->first,
							parts->first_len);
		key->hash_count = 1; /* none is passed: it hashes by itself */
		key->signature_max = 64;
		break;
	case KEY_KINDS:
		break;
	}
}

/* --- Reading -------------------------------------------------------------------------------- */

static int value_of(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static char *hint_of(const char *id)
{
	char bytes[(DIGEST_HEX - 1) / 2];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] =
			(char)(unsigned char)(value_of(id[2 * i]) << 4 | value_of(id[2 * i + 1]));
	return base64_encode(bytes, sizeof(bytes));
}

static int fill(struct image_key *key, const struct key_parts *parts, const char *name,
		const char *shown, struct hr_error *err)
{
	snprintf(key->type, sizeof(key->type), "%s", parts->type);
	digest_sha256(parts->der, parts->der_len, key->id);
	key->hint = hint_of(key->id);
	key->name = strdup(name);
	if (!key->hint || !key->name)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (!library_ready())
		return hr_fail(err, HR_SYSTEM, "libcrypto cannot be used");
	use_parts(key, parts);
	ERR_clear_error();
	if (!key->pkey)
		return hr_fail(err, HR_POLICY, "%s is no %s key: libcrypto refuses it", shown,
			       key->type);
	return 0;
}

int image_key_read(const char *name, const char *pem, size_t len, struct image_key **ret,
		   struct hr_error *err)
{
	struct key_parts parts = {0};
	struct image_key *key;
	char shown[TEXT_SHOWN_SIZE];
	int result;

	text_shown_z(name, shown);
	if (key_parts_read(shown, pem, len, &parts, err) < 0)
		return -1;
	key = calloc(1, sizeof(*key));
	result = key ? fill(key, &parts, name, shown, err)
		     : hr_fail(err, HR_SYSTEM, "out of memory");
	key_parts_done(&parts);
	if (result < 0) {
		image_key_free(key);
		return -1;
	}
	*ret = key;
	return 0;
}

/* --- Verifying ------------------------------------------------------------------------------ */

/* True if a signature of this length can be the key's: most of other keys' are told by it. */
static bool length_fits(const struct image_key *key, const char *signature, size_t len)
{
	switch (key->kind) {
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
		return len >= 8 && len <= key->signature_max && signature[0] == 0x30;
	case KEY_RSA:
	case KEY_ED25519:
		return len == key->signature_max;
	case KEY_KINDS:
		break;
	}
	return false;
}

static bool verify_hashed(const struct image_key *key, const EVP_MD *hash, const char *bytes,
			  size_t len, const char *signature, size_t signature_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	/* 1 alone is yes: 0 is no, and less than that is an error. */
	bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, hash, NULL, key->pkey) == 1 &&
		    EVP_DigestVerify(ctx, (const unsigned char *)signature, signature_len,
				     (const unsigned char *)bytes, len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool image_key_verifies(const struct image_key *key, const char *bytes, size_t len,
			const char *signature, size_t signature_len)
{
	if (!length_fits(key, signature, signature_len))
		return false;
	for (size_t i = 0; i < key->hash_count; i++)
		if (verify_hashed(key, key->hashes[i], bytes, len, signature, signature_len))
			return true;
	return false;
}
