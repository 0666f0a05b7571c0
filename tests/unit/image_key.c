/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys: what verifies, and what does not. */
#include "image_sign.h"

/* --- The fixtures' keys, and the signatures that they made ---------------------------------- */

static const struct {
	const char *name, *type;
} fixtures[] = {
	{"p256", "ECDSA P-256"}, {"p384", "ECDSA P-384"}, {"rsa2048", "RSA 2048"},
	{"rsa4096", "RSA 4096"}, {"ed25519", "Ed25519"},
};

static void check_fixtures(const __typeof__(fixtures[0]) *row, size_t i)
{
	struct image_key *key = fixture_key(row->name), *other;
	char path[128];
	size_t len, sig_len, raw_len;
	hr_autofree char *payload = NULL, *sig = NULL, *raw = NULL;

	snprintf(path, sizeof(path), "cosign-legacy/%s/payload.json", row->name);
	payload = fixture(path, &len);
	snprintf(path, sizeof(path), "cosign-legacy/%s/sig.b64", row->name);
	sig = fixture(path, &sig_len);
	cr_assert_eq(base64_decode(sig, sig_len, &raw, &raw_len, NULL), 0);
	cr_expect_str_eq(image_key_type(key), row->type);
	cr_expect_str_eq(image_key_name(key), row->name);
	cr_expect(image_key_verifies(key, payload, len, raw, raw_len));
	cr_expect(!image_key_verifies(key, payload, len - 1, raw, raw_len));
	/* any bit, and any byte less or more */
	for (size_t bit = 0; bit<raw_len * 8; bit += raw_len> 80 ? 61 : 1) {
		raw[bit / 8] ^= (char)(1 << bit % 8);
		cr_expect(!image_key_verifies(key, payload, len, raw, raw_len), "bit %zu", bit);
		raw[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < raw_len; cut++)
		cr_expect(!image_key_verifies(key, payload, len, raw, cut), "%zu bytes", cut);
	cr_expect(image_key_verifies(key, payload, len, raw, raw_len));
	for (size_t k = 0; k < hr_count(fixtures); k++) {
		other = fixture_key(fixtures[k].name);
		cr_expect_eq(image_key_verifies(other, payload, len, raw, raw_len), k == i);
		image_key_free(other);
	}
	image_key_free(key);
}
ROWS(image_key, fixtures)

Test(image_key, id_and_hint)
{
	struct image_key *key = fixture_key("p256");

	cr_expect_str_eq(image_key_hint(key), "SKygLhRdMBydaq+R84/+107odclZQuv1zc0QLPDC/4g=");
	cr_expect_str_eq(image_key_id(key),
			 "48aca02e145d301c9d6aaf91f38ffed74ee875c95942ebf5cdcd102cf0c2ff88");
	image_key_free(key);
	image_key_free(NULL);
}

/* --- Kinds and hashes ------------------------------------------------------------------------ */

static const struct {
	const char *kind, *hash;
	bool good;
} kinds[] = {
	{"P-256", "SHA256", true},    {"P-256", "SHA384", false},    {"P-256", "SHA512", false},
	{"P-256", "SHA1", false},     {"P-384", "SHA256", true},     {"P-384", "SHA384", true},
	{"P-384", "SHA512", false},   {"P-384", "SHA1", false},	     {"P-521", "SHA256", true},
	{"P-521", "SHA512", true},    {"P-521", "SHA384", false},    {"RSA-2048", "SHA256", true},
	{"RSA-2048", "SHA1", false},  {"RSA-2048", "SHA512", false}, {"RSA-3072", "SHA256", true},
	{"RSA-2056", "SHA256", true}, {"ED25519", NULL, true},
};

static void check_kinds(const __typeof__(kinds[0]) *row, size_t i)
{
	static const char text[] = "what is signed";
	EVP_PKEY *pair = make_pair(row->kind), *stranger = make_pair(row->kind);
	struct image_key *key = key_of(pair, "k"), *other = key_of(stranger, "o");
	size_t len;
	hr_autofree char *sig = sign(pair, row->hash, text, sizeof(text), &len);
	hr_autofree char *longer = calloc(1, len + 2);

	(void)i;
	cr_expect_eq(image_key_verifies(key, text, sizeof(text), sig, len), row->good, "%s %s",
		     row->kind, row->hash);
	cr_expect(!image_key_verifies(other, text, sizeof(text), sig, len));
	cr_expect(!image_key_verifies(key, "", 0, sig, len));
	cr_expect(!image_key_verifies(key, text, sizeof(text), "", 0));
	memcpy(longer, sig, len);
	cr_expect(!image_key_verifies(key, text, sizeof(text), longer, len + 1));
	cr_expect(!image_key_verifies(key, text, sizeof(text), longer, len + 2));
	image_key_free(key);
	image_key_free(other);
	EVP_PKEY_free(pair);
	EVP_PKEY_free(stranger);
}
ROWS(image_key, kinds)

Test(image_key, rsa_pss_is_no_pkcs1)
{
	static const char text[] = "what is signed";
	EVP_PKEY *pair = make_pair("RSA-2048");
	struct image_key *key = key_of(pair, "k");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	unsigned char sig[256];
	size_t len = sizeof(sig);

	cr_assert_eq(EVP_DigestSignInit_ex(ctx, &how, "SHA256", NULL, NULL, pair, NULL), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
	cr_assert_eq(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, sizeof(text)), 1);
	cr_expect(!image_key_verifies(key, text, sizeof(text), (char *)sig, len));
	EVP_MD_CTX_free(ctx);
	image_key_free(key);
	EVP_PKEY_free(pair);
}

/* --- ECDSA: one DER value, r and s within range ---------------------------------------------- */

#define N256                                                                       \
	"\xFF\xFF\xFF\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xBC\xE6" \
	"\xFA\xAD\xA7\x17\x9E\x84\xF3\xB9\xCA\xC2\xFC\x63\x25\x51"

static const struct {
	const char *bytes;
	size_t len;
} ecdsa[] = {
#define SIG(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
	SIG("\x30\x06\x02\x01\x00\x02\x01\x00"), /* r = 0, s = 0 */
	SIG("\x30\x06\x02\x01\x00\x02\x01\x01"), /* r = 0 */
	SIG("\x30\x06\x02\x01\x01\x02\x01\x00"), /* s = 0 */
	SIG("\x30\x06\x02\x01\x01\x02\x01\x01"),
	SIG("\x30\x06\x02\x01\xFF\x02\x01\x01"),	      /* negative */
	SIG("\x30\x26\x02\x21\x00" N256 "\x02\x01\x01"),      /* r = n */
	SIG("\x30\x46\x02\x21\x00" N256 "\x02\x21\x00" N256), /* r = s = n */
	SIG("\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00"),      /* indefinite length */
	SIG("\x31\x06\x02\x01\x01\x02\x01\x01"),
	SIG("\x30\x00"),
	SIG("\x30\x06\x04\x01\x01\x04\x01\x01"),
	SIG("\x30\x05\x02\x00\x02\x01\x01\x00"),
	SIG("0000000000000000000000000000000000000000000000000000000000000000"),
};

static void check_ecdsa(const __typeof__(ecdsa[0]) *row, size_t i)
{
	struct image_key *key = fixture_key("p256");
	hr_autofree char *copy = malloc(row->len);

	memcpy(copy, row->bytes, row->len);
	cr_expect(!image_key_verifies(key, "text", 4, copy, row->len), "row %zu", i);
	image_key_free(key);
}
ROWS(image_key, ecdsa)

/* The same r and s, written otherwise than DER: longer length, padded numbers, a third value. */
Test(image_key, ecdsa_der_alone)
{
	EVP_PKEY *pair = make_pair("P-256");
	struct image_key *key = key_of(pair, "k");
	size_t len = 0;
	char other[128];

	for (int tries = 0; tries < 20; tries++) {
		hr_autofree char *sig = sign(pair, "SHA256", "text", 4, &len);
		size_t r_len = (unsigned char)sig[3];

		cr_assert(image_key_verifies(key, "text", 4, sig, len));
		/* 30 81 LEN */
		memcpy(other, "\x30\x81", 2);
		memcpy(other + 2, sig + 1, len - 1);
		cr_expect(!image_key_verifies(key, "text", 4, other, len + 1));
		/* r with a zero byte more */
		memcpy(other, sig, 4);
		other[1]++;
		other[3]++;
		other[4] = 0;
		memcpy(other + 5, sig + 4, len - 4);
		cr_expect(!image_key_verifies(key, "text", 4, other, len + 1));
		/* something behind s, within the SEQUENCE */
		memcpy(other, sig, len);
		other[1] = (char)(other[1] + 2);
		memcpy(other + len, "\x05\x00", 2);
		cr_expect(!image_key_verifies(key, "text", 4, other, len + 2));
		/* r || s without DER */
		memcpy(other, sig + 4 + r_len - 32, 32);
		memcpy(other + 32, sig + len - 32, 32);
		cr_expect(!image_key_verifies(key, "text", 4, other, 64));
	}
	image_key_free(key);
	EVP_PKEY_free(pair);
}

/* --- Ed25519 --------------------------------------------------------------------------------- */

/* S of a good signature plus the order of the group: another text of the same signature. */
Test(image_key, ed25519_large_s)
{
	static const unsigned char order[32] = {0xED, 0xD3, 0xF5, 0x5C, 0x1A,	    0x63,
						0x12, 0x58, 0xD6, 0x9C, 0xF7,	    0xA2,
						0xDE, 0xF9, 0xDE, 0x14, [31] = 0x10};
	EVP_PKEY *pair = make_pair("ED25519");
	struct image_key *key = key_of(pair, "k");
	size_t len;
	hr_autofree char *sig = sign(pair, NULL, "text", 4, &len);
	unsigned carry = 0;

	cr_assert(image_key_verifies(key, "text", 4, sig, len));
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned char)sig[32 + i] + order[i];
		sig[32 + i] = (char)(unsigned char)(carry & 0xFF);
		carry >>= 8;
	}
	cr_expect(!image_key_verifies(key, "text", 4, sig, len));
	image_key_free(key);
	EVP_PKEY_free(pair);
}

/* y of the points of small order, and of them and others not below the prime. */
static const struct {
	unsigned char first, middle, last;
} weak[] = {
	{0x00, 0x00, 0x00}, {0x01, 0x00, 0x00}, {0xEC, 0xFF, 0x7F}, {0xED, 0xFF, 0x7F},
	{0xEE, 0xFF, 0x7F}, {0xFF, 0xFF, 0x7F}, {0x00, 0x00, 0x80}, {0x01, 0x00, 0x80},
	{0xEC, 0xFF, 0xFF}, {0xED, 0xFF, 0xFF}, {0xEE, 0xFF, 0xFF}, {0xF0, 0xFF, 0xFF},
};

static char *ed25519_pem(const unsigned char point[32])
{
	unsigned char der[44] = "\x30\x2A\x30\x05\x06\x03\x2B\x65\x70\x03\x21";

	memcpy(der + 12, point, 32);
	return pem_of_der(der, sizeof(der));
}

static void check_weak(const __typeof__(weak[0]) *row, size_t i)
{
	unsigned char point[32];
	hr_autofree char *pem = NULL;

	(void)i;
	memset(point, row->middle, sizeof(point));
	point[0] = row->first;
	point[31] = row->last;
	pem = ed25519_pem(point);
	expect_refused(pem, "weak Ed25519 key");
}
ROWS(image_key, weak)

Test(image_key, ed25519_order_eight)
{
	unsigned char points[2][32] = {
		{0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B,
		 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39,
		 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
		{0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4,
		 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6,
		 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
	};

	for (size_t i = 0; i < 4; i++) {
		hr_autofree char *pem = NULL;

		if (i % 2)
			points[i / 2][31] |= 0x80;
		pem = ed25519_pem(points[i / 2]);
		expect_refused(pem, "weak Ed25519 key");
	}
}
