/* SPDX-License-Identifier: Apache-2.0 */
#include "image/key_private.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/limits.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- PEM ------------------------------------------------------------------------------------ */

#define BEGIN "-----BEGIN "
#define END   "-----END "
#define LABEL "PUBLIC KEY-----"

/* What else people put there: a label begins so, and what to do. */
static const struct {
	const char *label, *text;
} labels[] = {
	{"CERTIFICATE-----",
	 "is a certificate; take its key: openssl x509 -in FILE -noout -pubkey"},
	{"RSA PUBLIC KEY-----", "is a key in PKCS #1; write it as PUBLIC KEY: openssl rsa "
				"-RSAPublicKey_in -in FILE -pubout"},
	{"PGP ", "is a key of GPG, whose signatures are not read"},
	{"SSH2 ", "is a key of SSH, whose signatures are not read"},
};

static int fail_label(const char *name, const char *label, struct hr_error *err)
{
	char line[64];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(label, "\r\n"), label);
	if (strstr(line, "PRIVATE KEY"))
		return hr_fail(err, HR_POLICY,
			       "%s is a PRIVATE key, which has no business here; make a new pair, "
			       "and put its public key here",
			       name);
	for (size_t i = 0; i < hr_count(labels); i++)
		if (text_starts(label, labels[i].label))
			return hr_fail(err, HR_POLICY, "%s %s", name, labels[i].text);
	return hr_fail(err, HR_POLICY, "%s has a PEM block that is no PUBLIC KEY", name);
}

/* The first BEGIN at the start of a line. */
static const char *find_begin(const char *pem)
{
	const char *at = pem;

	while ((at = strstr(at, BEGIN)) && at > pem && at[-1] != '\n')
		at += strlen(BEGIN);
	return at;
}

/* The block's base64, its newlines taken out; `body` has room for all of it. */
static int read_body(const char *name, const char *pem, char *body, size_t *ret_len,
		     struct hr_error *err)
{
	const char *at = find_begin(pem);
	size_t len = 0;

	if (!at)
		return hr_fail(err, HR_POLICY, "%s has no block -----BEGIN PUBLIC KEY-----", name);
	at += strlen(BEGIN);
	if (!text_starts(at, LABEL))
		return fail_label(name, at, err);
	at += strlen(LABEL);
	while (*at && *at != '-') {
		if (*at == '\r' && at[1] == '\n')
			at++;
		if (*at != '\n')
			body[len++] = *at;
		at++;
	}
	if (!text_starts(at, END LABEL) || at[-1] != '\n')
		return hr_fail(err, HR_POLICY, "%s: its block has no -----END PUBLIC KEY-----",
			       name);
	at += strlen(END LABEL);
	if (strstr(at, BEGIN))
		return hr_fail(err, HR_POLICY, "%s has more than one block; one key a file", name);
	if (at[strspn(at, "\r\n")] != '\0')
		return hr_fail(err, HR_POLICY, "%s has something behind its block", name);
	*ret_len = len;
	return 0;
}

/* Explanatory text may stand before the block (RFC 7468, section 2): letters, and no NUL. */
static int read_pem(const char *name, const char *pem, size_t len, char **ret, size_t *ret_len,
		    struct hr_error *err)
{
	hr_autofree char *text = NULL, *body = NULL;
	struct hr_error why = {0};
	size_t body_len = 0;

	if (len > IMAGE_KEY_MAX)
		return hr_fail(err, HR_POLICY, "%s is larger than %zu bytes", name, IMAGE_KEY_MAX);
	if (memchr(pem, '\0', len))
		return hr_fail(err, HR_POLICY, "%s holds a NUL: it is no PEM", name);
	text = malloc(len + 1);
	body = malloc(len + 1);
	if (!text || !body)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	memcpy(text, pem, len);
	text[len] = '\0';
	if (read_body(name, text, body, &body_len, err) < 0)
		return -1;
	if (base64_decode(body, body_len, ret, ret_len, &why) < 0)
		return hr_fail(err, why.code == HR_SYSTEM ? HR_SYSTEM : HR_POLICY, "%s: %s", name,
			       why.msg);
	return 0;
}

/* --- DER ------------------------------------------------------------------------------------ */

/*
 * SubjectPublicKeyInfo (RFC 5280, section 4.1; RFC 5480, 8017, 8410), read here and not by the
 * library: its general decoder takes encodings that are not DER, and costs more than a signature.
 */
#define DER_INTEGER  0x02
#define DER_BITS     0x03
#define DER_SEQUENCE 0x30

struct der {
	const unsigned char *at;
	size_t len;
};

/* Take a value with this tag, whose length is written in the shortest way. */
static bool der_take(struct der *from, unsigned tag, struct der *ret)
{
	size_t len, used = 2;

	if (from->len < 2 || from->at[0] != tag)
		return false;
	len = from->at[1];
	if (len == 0x81) {
		if (from->len < 3 || from->at[2] < 0x80)
			return false;
		len = from->at[2];
		used = 3;
	} else if (len == 0x82) {
		if (from->len < 4 || from->at[2] == 0)
			return false;
		len = (size_t)from->at[2] << 8 | from->at[3];
		used = 4;
	} else if (len >= 0x80) {
		return false;
	}
	if (from->len - used < len)
		return false;
	*ret = (struct der){from->at + used, len};
	from->at += used + len;
	from->len -= used + len;
	return true;
}

/* A positive INTEGER in its shortest form, without the zero byte before it. */
static bool der_positive(struct der *from, struct der *ret)
{
	struct der value;

	if (!der_take(from, DER_INTEGER, &value) || value.len == 0 || value.at[0] & 0x80)
		return false;
	if (value.at[0] == 0) {
		if (value.len < 2 || !(value.at[1] & 0x80))
			return false;
		value.at++;
		value.len--;
	}
	*ret = value;
	return true;
}

/* --- Kinds of keys -------------------------------------------------------------------------- */

#define OID_EC	"\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01"
#define OID_RSA "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define RSA_E_BYTES  4 /* of the exponent: other verifiers take no more either */

/* The content of an AlgorithmIdentifier. */
#define ALGORITHM(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *oid;
	size_t oid_len;
	enum key_kind kind;
	size_t bytes; /* of a coordinate */
	const char *type;
} algorithms[] = {
	{ALGORITHM(OID_EC "\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07"), KEY_P256, 32, "ECDSA P-256"},
	{ALGORITHM(OID_EC "\x06\x05\x2B\x81\x04\x00\x22"), KEY_P384, 48, "ECDSA P-384"},
	{ALGORITHM(OID_EC "\x06\x05\x2B\x81\x04\x00\x23"), KEY_P521, 66, "ECDSA P-521"},
	{ALGORITHM(OID_RSA "\x01\x05\x00"), KEY_RSA, 0, "RSA"},
	{ALGORITHM("\x06\x03\x2B\x65\x70"), KEY_ED25519, 32, "Ed25519"},
};

/* What is not accepted, by how it begins. */
static const struct {
	const char *oid;
	size_t oid_len;
	const char *text;
} refused[] = {
	{ALGORITHM(OID_EC "\x30"), "has the parameters of a curve instead of its name"},
	{ALGORITHM(OID_EC), "is on a curve that is not accepted (P-256, P-384 and P-521 are)"},
	{ALGORITHM(OID_RSA "\x0A"), "is an RSA-PSS key, which is not accepted"},
	{ALGORITHM("\x06\x03\x2B\x65\x71"), "is an Ed448 key, which is not accepted"},
	{ALGORITHM("\x06\x03\x2B\x65\x6E"), "is an X25519 key, with which nothing is signed"},
	{ALGORITHM("\x06\x07\x2A\x86\x48\xCE\x38\x04\x01"), "is a DSA key, which is not accepted"},
};

static const char *check_point(size_t bytes, const struct key_parts *parts)
{
	const unsigned char *at = parts->first;

	if (parts->first_len == bytes + 1 && (at[0] == 2 || at[0] == 3))
		return "is a compressed point; write it out: openssl ec -pubin -in FILE "
		       "-conv_form uncompressed";
	if (parts->first_len != bytes * 2 + 1 || at[0] != 4)
		return "is no point of its curve";
	return NULL;
}

static const char *check_rsa(struct der bits, struct key_parts *parts)
{
	struct der both, modulus, exponent;

	if (!der_take(&bits, DER_SEQUENCE, &both) || bits.len > 0 ||
	    !der_positive(&both, &modulus) || !der_positive(&both, &exponent) || both.len > 0)
		return "is no RSA key in DER";
	parts->bits = modulus.len * 8;
	for (unsigned bit = 0x80; bit > 0 && !(modulus.at[0] & bit); bit >>= 1)
		parts->bits--;
	if (parts->bits < RSA_BITS_MIN)
		return "is an RSA key of fewer than 2048 bits";
	if (parts->bits > RSA_BITS_MAX)
		return "is an RSA key of more than 8192 bits";
	if (!(modulus.at[modulus.len - 1] & 1))
		return "is an RSA key with an even modulus";
	if (exponent.len > RSA_E_BYTES || !(exponent.at[exponent.len - 1] & 1) ||
	    (exponent.len == 1 && exponent.at[0] == 1))
		return "is an RSA key whose exponent is even, 1, or larger than 32 bits";
	parts->first = modulus.at;
	parts->first_len = modulus.len;
	parts->second = exponent.at;
	parts->second_len = exponent.len;
	return NULL;
}

/*
 * Points of small order (y, without the sign of x), and y that are not below the prime: with such
 * a key there are signatures that fit every message.
 */
static bool weak_point(const unsigned char *point)
{
	static const unsigned char eighth[2][32] = {
		{0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B,
		 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39,
		 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
		{0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4,
		 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6,
		 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
	};
	unsigned char y[32];
	bool zeros = true, ones = true;

	memcpy(y, point, sizeof(y));
	y[31] &= 0x7F;
	for (size_t i = 1; i < 31; i++) {
		zeros = zeros && y[i] == 0;
		ones = ones && y[i] == 0xFF;
	}
	if (zeros && y[31] == 0 && y[0] <= 1)
		return true;
	if (ones && y[31] == 0x7F && y[0] >= 0xEC)
		return true;
	return memcmp(y, eighth[0], sizeof(y)) == 0 || memcmp(y, eighth[1], sizeof(y)) == 0;
}

static const char *check_bits(size_t i, struct der bits, struct key_parts *parts)
{
	parts->kind = algorithms[i].kind;
	parts->first = bits.at;
	parts->first_len = bits.len;
	switch (parts->kind) {
	case KEY_P256:
	case KEY_P384:
	case KEY_P521:
		snprintf(parts->type, sizeof(parts->type), "%s", algorithms[i].type);
		return check_point(algorithms[i].bytes, parts);
	case KEY_RSA: {
		const char *problem = check_rsa(bits, parts);

		snprintf(parts->type, sizeof(parts->type), "RSA %zu", parts->bits);
		return problem;
	}
	case KEY_ED25519:
		snprintf(parts->type, sizeof(parts->type), "%s", algorithms[i].type);
		if (bits.len != algorithms[i].bytes)
			return "is no Ed25519 key";
		return weak_point(bits.at) ? "is a weak Ed25519 key, for which anybody can sign"
					   : NULL;
	case KEY_KINDS:
		break;
	}
	return "is no key that is accepted";
}

/* NULL: read; otherwise what is wrong. */
static const char *read_spki(struct key_parts *parts)
{
	struct der all = {(const unsigned char *)parts->der, parts->der_len}, spki, algorithm, bits;

	if (!der_take(&all, DER_SEQUENCE, &spki) || all.len > 0 ||
	    !der_take(&spki, DER_SEQUENCE, &algorithm) || !der_take(&spki, DER_BITS, &bits) ||
	    spki.len > 0 || bits.len < 2 || bits.at[0] != 0)
		return "is no SubjectPublicKeyInfo in DER";
	bits.at++;
	bits.len--;
	for (size_t i = 0; i < hr_count(algorithms); i++)
		if (algorithm.len == algorithms[i].oid_len &&
		    memcmp(algorithm.at, algorithms[i].oid, algorithm.len) == 0)
			return check_bits(i, bits, parts);
	for (size_t i = 0; i < hr_count(refused); i++)
		if (algorithm.len >= refused[i].oid_len &&
		    memcmp(algorithm.at, refused[i].oid, refused[i].oid_len) == 0)
			return refused[i].text;
	return "is of a kind that is not accepted (ECDSA, RSA and Ed25519 are)";
}

int key_parts_read(const char *name, const char *pem, size_t len, struct key_parts *ret,
		   struct hr_error *err)
{
	struct key_parts parts = {0};
	const char *problem;

	if (read_pem(name, pem, len, &parts.der, &parts.der_len, err) < 0)
		return -1;
	problem = read_spki(&parts);
	if (problem) {
		free(parts.der);
		return hr_fail(err, HR_POLICY, "%s %s", name, problem);
	}
	*ret = parts;
	return 0;
}

void key_parts_done(struct key_parts *parts)
{
	free(parts->der);
	*parts = (struct key_parts){0};
}
