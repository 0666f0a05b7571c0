/* SPDX-License-Identifier: Apache-2.0 */
/* Files of public keys: which are read, and with which words others are refused. */
#include "image_sign.h"

#include "image/limits.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

/* --- Encodings that are no keys of ours ------------------------------------------------------ */

static char *hex_pem(const char *hex)
{
	unsigned char der[2048];
	size_t len = 0;

	for (; hex[0] && hex[1]; hex += hex[2] == ' ' ? 3 : 2) {
		unsigned value = 0;

		cr_assert_eq(sscanf(hex, "%2x", &value), 1);
		der[len++] = (unsigned char)value;
	}
	return pem_of_der(der, len);
}

#define P256_HEAD "3059301306072A8648CE3D020106082A8648CE3D030107"
#define GX	  "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
#define GY	  "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define Z32	  "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *hex, *words; /* words NULL: it is read */
} encodings[] = {
	{P256_HEAD "03420004" GX GY, NULL},
	{"302A300506032B6570032100" GX, NULL},
	/* points */
	{P256_HEAD "03420004" GX GX, "no ECDSA P-256 key"}, /* not on the curve */
	{P256_HEAD "03420004" Z32 Z32, "no ECDSA P-256 key"},
	{P256_HEAD "03420004FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF" GY,
	 "no ECDSA P-256 key"},				       /* x = p */
	{P256_HEAD "03420006" GX GY, "no point of its curve"}, /* hybrid */
	{P256_HEAD "03420007" GX GY, "no point of its curve"},
	{"3039301306072A8648CE3D020106082A8648CE3D030107032200"
	 "03" GX,
	 "compressed point"},
	{"3019301306072A8648CE3D020106082A8648CE3D0301070302"
	 "0000",
	 "no point of its curve"},
	{"3058301306072A8648CE3D020106082A8648CE3D0301070341"
	 "0004" GX "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51",
	 "no point"},
	/* P-256's point on the curve P-384, and the other way round */
	{"3056301006072A8648CE3D020106052B81040022"
	 "03420004" GX GY,
	 "no point of its curve"},
	/* curves */
	{"3056301006072A8648CE3D020106052B8104000A"
	 "03420004" GX GY,
	 "curve that is not accepted"},
	{"305A301406072A8648CE3D020106092B240303020801010703420004" GX GY, "curve that is not"},
	{"3018301206072A8648CE3D020130070201013002"
	 "06000302"
	 "0004",
	 "instead of its name"},
	{"3050300906072A8648CE3D020103420004" GX GY "00", "no SubjectPublicKeyInfo"},
	{"304F300906072A8648CE3D020103420004" GX GY, "curve that is not accepted"},
	{"3051300B06072A8648CE3D02010500"
	 "03420004" GX GY,
	 "curve that is not accepted"},
	/* other algorithms */
	{"302A300506032B656E032100" GX, "X25519"},
	{"302A300506032B6571032100" GX, "Ed448"},
	{"302C300706032B65700500032100" GX, "kind that is not accepted"}, /* with parameters */
	{"3029300506032B6570032000"
	 "17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296",
	 "no Ed25519 key"},
	{"301A300D06092A864886F70D01010A0500030900300602010302"
	 "0103",
	 "RSA-PSS"},
	{"300E300906072A8648CE3804010301"
	 "00",
	 "no SubjectPublicKeyInfo"},
	{"300F300906072A8648CE380401030200"
	 "00",
	 "DSA"},
	/* RSA: sizes are tested below */
	{"301A300D06092A864886F70D0101010500030900300602010302"
	 "0103",
	 "fewer than 2048"},
	{"3018300B06092A864886F70D010101030900300602010302"
	 "0103",
	 "kind that is not accepted"},
	{"301A300D06092A864886F70D0101010500030900300602018302"
	 "0103",
	 "no RSA key in DER"},
	{"301B300D06092A864886F70D0101010500030A003007020200030201"
	 "03",
	 "no RSA key in DER"},
	/* DER */
	{P256_HEAD "03420104" GX GY, "no SubjectPublicKeyInfo"}, /* unused bits */
	{"3080301306072A8648CE3D020106082A8648CE3D03010703420004" GX GY "0000", "no Subject"},
	{"308159301306072A8648CE3D020106082A8648CE3D03010703420004" GX GY, "no Subject"},
	{"30820059301306072A8648CE3D020106082A8648CE3D03010703420004" GX GY, "no Subject"},
	{"305A308113"
	 "06072A8648CE3D020106082A8648CE3D03010703420004" GX GY,
	 "no Subject"},
	{P256_HEAD "03420004" GX GY "00", "no SubjectPublicKeyInfo"},
	{"305B301306072A8648CE3D020106082A8648CE3D03010703420004" GX GY "0500", "no Subject"},
	{"3159301306072A8648CE3D020106082A8648CE3D03010703420004" GX GY, "no Subject"},
	{"3059311306072A8648CE3D020106082A8648CE3D03010703420004" GX GY, "no Subject"},
	{P256_HEAD "04420004" GX GY, "no SubjectPublicKeyInfo"},
	{P256_HEAD "034200", "no SubjectPublicKeyInfo"},
	{P256_HEAD, "no SubjectPublicKeyInfo"},
	{"30", "no SubjectPublicKeyInfo"},
	{"3000", "no SubjectPublicKeyInfo"},
	{"3081", "no SubjectPublicKeyInfo"},
	{"3082", "no SubjectPublicKeyInfo"},
	{"308201", "no SubjectPublicKeyInfo"},
	{"3084FFFFFFFF", "no SubjectPublicKeyInfo"},
	{"308200FF", "no SubjectPublicKeyInfo"},
	{"3082FFFF30", "no SubjectPublicKeyInfo"},
	{"30030301"
	 "00",
	 "no SubjectPublicKeyInfo"},
	{"", "no SubjectPublicKeyInfo"},
};

static void check_encodings(const __typeof__(encodings[0]) *row, size_t i)
{
	hr_autofree char *pem = hex_pem(row->hex);
	struct image_key *key = NULL;
	struct hr_error err = {0};

	(void)i;
	if (row->words) {
		expect_refused(pem, row->words);
		return;
	}
	cr_expect_ok(read_pem(pem, strlen(pem), &key, &err), err);
	image_key_free(key);
}
ROWS(image_key_file, encodings)

/* --- RSA ------------------------------------------------------------------------------------- */

/* A key of this modulus and exponent, whatever they are. */
static char *rsa_pem(unsigned bits, bool even, const char *exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new(), *e = NULL;
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params;
	char *pem;

	cr_assert_eq(BN_rand(n, (int)bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	if (even)
		BN_clear_bit(n, 0);
	BN_hex2bn(&e, exponent);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	cr_assert_eq(EVP_PKEY_fromdata_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	pem = pem_of(pkey);
	EVP_PKEY_free(pkey);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return pem;
}

static const struct {
	unsigned bits;
	bool even;
	const char *exponent, *words;
} rsa[] = {
	{2048, false, "010001", NULL},
	{2048, false, "03", NULL},
	{8192, false, "010001", NULL},
	{3071, false, "FFFFFFFF", NULL},
	{512, false, "010001", "fewer than 2048"},
	{1024, false, "010001", "fewer than 2048"},
	{2047, false, "010001", "fewer than 2048"},
	{8193, false, "010001", "more than 8192"},
	{16384, false, "010001", "more than 8192"},
	{2048, true, "010001", "even modulus"},
	{2048, false, "01", "exponent"},
	{2048, false, "02", "exponent"},
	{2048, false, "010000", "exponent"},
	{2048, false, "0100000001", "exponent"},
	{2048, false, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	 "exponent"},
};

static void check_rsa(const __typeof__(rsa[0]) *row, size_t i)
{
	hr_autofree char *pem = rsa_pem(row->bits, row->even, row->exponent);
	struct image_key *key = NULL;
	struct hr_error err = {0};

	(void)i;
	if (row->words) {
		expect_refused(pem, row->words);
		return;
	}
	cr_expect_ok(read_pem(pem, strlen(pem), &key, &err), err);
	image_key_free(key);
}
ROWS(image_key_file, rsa)

/* --- PEM -------------------------------------------------------------------------------------- */

#define BODY                                                                 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaKnnRymVUrh0AvvVc1/j3xyGyXcC\n" \
	"UTNcfXrCodw46Ebs9VuGbFzaQ4hlTqDJ0iXCQ/TzC2+XsoYxeKdUFJ8I9g==\n"
#define BEGIN "-----BEGIN PUBLIC KEY-----"
#define END   "-----END PUBLIC KEY-----"
#define KEY   BEGIN "\n" BODY END "\n"

static const struct {
	const char *pem, *words;
} pems[] = {
	{KEY, NULL},
	{KEY "\n\n", NULL},
	{KEY "\r\n", NULL},
	{BEGIN "\n" BODY END, NULL},
	{"\n \n" KEY, NULL},
	{"# key of the payment team, 2026\n" KEY, NULL},
	{"Comment: -----BEGIN within a line-----\n" KEY, NULL},
	{BEGIN "\r\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaKnnRymVUrh0AvvVc1/j3xyGyXcC\r\n"
	       "UTNcfXrCodw46Ebs9VuGbFzaQ4hlTqDJ0iXCQ/TzC2+XsoYxeKdUFJ8I9g==\r\n" END "\r\n",
	 NULL},
	{BEGIN "\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaKnnRymVUrh0AvvVc1/j3xyGyXcC"
	       "UTNcfXrCodw46Ebs9VuGbFzaQ4hlTqDJ0iXCQ/TzC2+XsoYxeKdUFJ8I9g==\n" END "\n",
	 NULL},
	{"", "no block"},
	{"\n\n", "no block"},
	{"not a key", "no block"},
	{BODY, "no block"},
	{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsX0fLhLEJH+Lzm5WOkQPJ3A32B me\n", "no block"},
	{"{\"kty\":\"EC\"}", "no block"},
	{KEY KEY, "more than one block"},
	{KEY "\n# comment\n" KEY, "more than one block"},
	{KEY "-----BEGIN CERTIFICATE-----\n", "more than one block"},
	{KEY "trailing", "something behind"},
	{KEY " ", "something behind"},
	{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is a certificate"},
	{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "PRIVATE key"},
	{"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "PRIVATE key"},
	{"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", "PRIVATE key"},
	{"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", "PRIVATE key"},
	{"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n", "PRIVATE key"},
	{"-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\nAAAA\n", "PRIVATE key"},
	{"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "PRIVATE key"},
	{"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" KEY, "PRIVATE key"},
	{"-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", "PKCS #1"},
	{"-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n", "GPG"},
	{"-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n" KEY, "no PUBLIC KEY"},
	{"-----BEGIN \n", "no PUBLIC KEY"},
	{"-----BEGIN PUBLIC KEY", "no PUBLIC KEY"},
	{BEGIN, "no -----END"},
	{BEGIN "\n", "no -----END"},
	{BEGIN "\n" BODY, "no -----END"},
	{BEGIN "\n" BODY "-----END PUBLIC KEY----", "no -----END"},
	{BEGIN "\n" BODY "-----END PRIVATE KEY-----\n", "no -----END"},
	{BEGIN "\nMFkw" END "\n", "no -----END"},
	{BEGIN BODY END "\n", NULL}, /* no newline behind BEGIN: nothing is hidden by it */
	{BEGIN "\n" END "\n", "no SubjectPublicKeyInfo"},
	{BEGIN "\nProc-Type: 4,ENCRYPTED\n\n" BODY END "\n", "no -----END"},
	{BEGIN "\n" BODY "=\n" END "\n", "base64"},
	{BEGIN "\n " BODY END "\n", "base64"},
	{BEGIN "\nMFkw*\n" END "\n", "base64"},
	{BEGIN "\nMF\rkw\n" END "\n", "base64"},
	{BEGIN "\n" BODY "AAAA\n" END "\n", "base64"}, /* behind the padding */
	{BEGIN "\nMCowBQYDK2VwAyEAqgcPvFP23+qHQFmT85fTW8gDk9D5J8eVrKDNYoRJpII=\nAAAA\n" END "\n",
	 "base64"},
};

static void check_pems(const __typeof__(pems[0]) *row, size_t i)
{
	struct image_key *key = NULL;
	struct hr_error err = {0};

	(void)i;
	if (row->words) {
		expect_refused(row->pem, row->words);
		return;
	}
	cr_expect_ok(read_pem(row->pem, strlen(row->pem), &key, &err), err);
	if (key)
		cr_expect_str_eq(
			image_key_id(key),
			"48aca02e145d301c9d6aaf91f38ffed74ee875c95942ebf5cdcd102cf0c2ff88");
	image_key_free(key);
}
ROWS(image_key_file, pems)

Test(image_key_file, bytes_that_are_no_text)
{
	struct image_key *key = NULL;
	struct hr_error err = {0};
	static char large[IMAGE_KEY_MAX + 1];

	expect_error(read_pem(KEY "\0", sizeof(KEY), &key, &err), &err, HR_POLICY, "NUL");
	err = (struct hr_error){0};
	expect_error(read_pem("\0" KEY, sizeof(KEY), &key, &err), &err, HR_POLICY, "NUL");
	err = (struct hr_error){0};
	memset(large, '\n', sizeof(large));
	memcpy(large, KEY, strlen(KEY));
	expect_error(read_pem(large, sizeof(large), &key, &err), &err, HR_POLICY, "larger than");
	err = (struct hr_error){0};
	cr_expect_ok(read_pem(large, sizeof(large) - 1, &key, &err), err);
	image_key_free(key);
}

/* A name from outside is shown escaped. */
Test(image_key_file, odd_name)
{
	struct image_key *key = NULL;
	struct hr_error err = {0};

	expect_error(image_key_read("a\nno such file\x1B[m", "x", 1, &key, &err), &err, HR_POLICY,
		     "a\\x0Ano\\x20such\\x20file\\x1B\\x5Bm has no block");
}

/* Every cut and every other byte: no crash, and mostly refused. */
Test(image_key_file, cut_and_altered)
{
	size_t len = strlen(KEY);

	for (size_t cut = 0; cut + 1 < len; cut++) {
		struct image_key *key = NULL;

		cr_expect_eq(read_pem(KEY, cut, &key, NULL), -1, "%zu", cut);
	}
	for (size_t i = 0; i < len; i++) {
		char copy[] = KEY;
		struct image_key *key = NULL;

		copy[i] ^= 0x10;
		if (read_pem(copy, len, &key, NULL) == 0)
			image_key_free(key);
	}
}
