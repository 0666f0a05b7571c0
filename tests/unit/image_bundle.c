/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles and statements: well signed, and odd. */
#include "image/signature.h"

#include "image_sign.h"

#include "image/limits.h"

#define NAME  "registry.example/pay/app"
#define MEDIA "application/vnd.dev.sigstore.bundle.v0.3+json"
#define TYPE  "application/vnd.in-toto+json"

static EVP_PKEY *pair;
static struct requirement_entry entry;
static struct json_doc *doc;

static void setup(void)
{
	static const char text[] = "{\"scopes\": [\"*\"], \"annotations\": {}}";
	struct hr_error err = {0};

	pair = make_pair("P-384");
	cr_assert_ok(json_parse("entry", text, strlen(text), false, &doc, &err), err);
	entry = (struct requirement_entry){.cosign = true, .bundle = true, .key_count = 1};
	entry.json = json_root(doc);
	entry.keys[0] = key_of(pair, "k");
}

static void teardown(void)
{
	image_key_free(entry.keys[0]);
	json_free(doc);
	EVP_PKEY_free(pair);
}

TestSuite(image_bundle, .init = setup, .fini = teardown);

static void judge_bundle(const char *bundle, size_t len, struct signature_verdict *ret)
{
	struct reference name;
	struct signature_subject subject = {.digest = MANIFEST, .name = &name};
	hr_autofree char *exact = malloc(len ? len : 1);

	cr_assert(reference_read(NAME ":v1", &name));
	memcpy(exact, bundle, len);
	signature_bundle(&entry, &subject, exact, len, ret);
	for (const char *c = ret->why; *c; c++)
		cr_expect(*c >= ' ' && *c <= '~', "%s", ret->why);
	expect_no_trap(ret->why);
}

/* The signature over the PAE of `type` and the payload. */
static char *sign_pae(const char *type, size_t type_len, const char *payload, size_t len)
{
	text_auto struct text pae = {0};

	text_addf(&pae, "DSSEv1 %zu ", type_len);
	text_add(&pae, type, type_len);
	text_addf(&pae, " %zu ", len);
	text_add(&pae, payload, len);
	return sign64(pair, "SHA384", pae.data, pae.len);
}

static void judge_statement(const char *payload, struct signature_verdict *ret)
{
	hr_autofree char *sig = sign_pae(TYPE, strlen(TYPE), payload, strlen(payload));
	hr_autofree char *body = base64_encode(payload, strlen(payload));
	text_auto struct text bundle = {0};

	text_addf(&bundle,
		  "{\"mediaType\":\"" MEDIA "\",\"verificationMaterial\":{\"publicKey\":{}},"
		  "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":\"" TYPE
		  "\",\"signatures\":[{\"sig\":\"%s\"}]}}",
		  body, sig);
	judge_bundle(bundle.data, bundle.len, ret);
}

/* --- Statements ------------------------------------------------------------------------------ */

#define HEX	   "93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622"
#define EVIL_HEX   "c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7"
#define V1	   "\"_type\":\"https://in-toto.io/Statement/v1\""
#define PRED	   "\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\""
#define NAMED	   "\"name\":\"" NAME "\""
#define SHA(hex)   "\"digest\":{\"sha256\":\"" hex "\"}"
#define SUBJECT(s) "{" V1 "," PRED ",\"subject\":[" s "],\"predicate\":{}}"
#define ONE	   "{" NAMED "," SHA(HEX) "}"

static const struct {
	const char *text;
	enum signature_result result;
} statements[] = {
	{SUBJECT(ONE), SIGNATURE_GOOD},
	{"{" V1 "," PRED ",\"subject\":[" ONE "]}", SIGNATURE_GOOD},
	{"{" V1 "," PRED ",\"subject\":[" ONE "],\"predicate\":null}", SIGNATURE_GOOD},
	{"{" V1 "," PRED ",\"subject\":[" ONE "],\"predicate\":{\"a\":[{\"b\":null}]}}",
	 SIGNATURE_GOOD},
	{"{\"_type\":\"https://in-toto.io/Statement/v0.1\"," PRED ",\"subject\":[" ONE "]}",
	 SIGNATURE_GOOD},
	{SUBJECT("{" NAMED "," SHA(HEX) ",\"annotations\":{\"a\":\"b\",\"c\":1}}"), SIGNATURE_GOOD},
	{SUBJECT("{" NAMED "," SHA(HEX) ",\"annotations\":null}"), SIGNATURE_GOOD},
	/* subjects */
	{SUBJECT(""), SIGNATURE_REFUSED},
	{SUBJECT(ONE "," ONE), SIGNATURE_REFUSED},
	{SUBJECT("null"), SIGNATURE_REFUSED},
	{SUBJECT("\"" MANIFEST "\""), SIGNATURE_REFUSED},
	{SUBJECT("[" ONE "]"), SIGNATURE_REFUSED},
	{"{" V1 "," PRED ",\"subject\":" ONE "}", SIGNATURE_REFUSED},
	{"{" V1 "," PRED ",\"subject\":{\"0\":" ONE "}}", SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA(EVIL_HEX) "}"), SIGNATURE_OTHER_DIGEST},
	{SUBJECT("{" NAMED "," SHA(HEX "0") "}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA(HEX HEX) "}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA("sha256:" HEX) "}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA("") "}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED ",\"digest\":{\"sha256\":\"" HEX "\",\"sha512\":\"00\"}}"),
	 SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED ",\"digest\":{\"SHA256\":\"" HEX "\"}}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED ",\"digest\":{\"sha256\":\"" EVIL_HEX "\",\"sha256\":\"" HEX "\"}}"),
	 SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED ",\"digest\":{\"sha256\":[\"" HEX "\"]}}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED ",\"digest\":\"" HEX "\"}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED ",\"digest\":{}}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA(HEX) ",\"uri\":\"x\"}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA(HEX) ",\"Digest\":{}}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA(HEX) ",\"annotations\":[]}"), SIGNATURE_REFUSED},
	{SUBJECT("{" NAMED "," SHA(HEX) ",\"annotations\":{\"a\":{}}}"), SIGNATURE_REFUSED},
	/* names */
	{SUBJECT("{" SHA(HEX) "}"), SIGNATURE_OTHER_NAME},
	{SUBJECT("{\"name\":\"\"," SHA(HEX) "}"), SIGNATURE_OTHER_NAME},
	{SUBJECT("{\"name\":\"registry.example/other\"," SHA(HEX) "}"), SIGNATURE_OTHER_NAME},
	{SUBJECT("{\"name\":\"index.docker.io/pay/app\"," SHA(HEX) "}"), SIGNATURE_OTHER_NAME},
	{SUBJECT("{\"name\":1," SHA(HEX) "}"), SIGNATURE_REFUSED},
	/* types */
	{"{" PRED ",\"subject\":[" ONE "]}", SIGNATURE_REFUSED},
	{"{" V1 ",\"subject\":[" ONE "]}", SIGNATURE_REFUSED},
	{"{" V1 "," PRED "}", SIGNATURE_REFUSED},
	{"{\"_type\":\"https://in-toto.io/Statement/v2\"," PRED ",\"subject\":[" ONE "]}",
	 SIGNATURE_REFUSED},
	{"{" V1 ",\"predicateType\":\"https://slsa.dev/provenance/v1\",\"subject\":[" ONE "]}",
	 SIGNATURE_REFUSED},
	{"{" V1 ",\"predicateType\":\"https://sigstore.dev/cosign/sign/v1/\",\"subject\":[" ONE
	 "]}",
	 SIGNATURE_REFUSED},
	{"{" V1 ",\"predicateType\":[\"https://sigstore.dev/cosign/sign/v1\"],\"subject\":[" ONE
	 "]}",
	 SIGNATURE_REFUSED},
	{"{" V1 "," PRED ",\"subject\":[" ONE "],\"predicate\":[]}", SIGNATURE_REFUSED},
	{"{" V1 "," PRED ",\"subject\":[" ONE "],\"x\":1}", SIGNATURE_REFUSED},
	{"{" V1 "," PRED ",\"subject\":[" ONE "],\"Subject\":[]}", SIGNATURE_REFUSED},
	{SUBJECT(ONE) "{}", SIGNATURE_REFUSED},
	{"[" SUBJECT(ONE) "]", SIGNATURE_REFUSED},
	{"x", SIGNATURE_REFUSED},
};

static void check_statements(const __typeof__(statements[0]) *row, size_t i)
{
	struct signature_verdict verdict;

	judge_statement(row->text, &verdict);
	cr_expect_eq(verdict.result, row->result, "row %zu: %u %s: %s", i, verdict.result,
		     verdict.why, row->text);
	cr_expect_eq(verdict.key, entry.keys[0]);
}
ROWS(image_bundle, statements)

/* --- Bundles --------------------------------------------------------------------------------- */

/* In these P stands for the payload, S for its signature, H for the key's hint. */
#define KEY	 "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"H\"}}"
#define ENVELOPE "\"payload\":\"P\",\"payloadType\":\"" TYPE "\""
#define SIGNED	 "\"dsseEnvelope\":{" ENVELOPE ",\"signatures\":[{\"sig\":\"S\"}]}"
#define M	 "\"mediaType\":\"" MEDIA "\""
#define SIGS(s)	 "{" M "," KEY ",\"dsseEnvelope\":{" ENVELOPE ",\"signatures\":" s "}}"
#define WITH(m)	 "{" M ",\"verificationMaterial\":" m "," SIGNED "}"
#define KIND(t)                                                                 \
	"{" M "," KEY ",\"dsseEnvelope\":{\"payload\":\"P\",\"payloadType\":" t \
	",\"signatures\":[{\"sig\":\"S\"}]}}"
#define DIGEST64 "k5WGNb3qaGUBL2jBryArlVklFbLt+LwvA2/NSlAn9iI="
#define MESSAGE(d) \
	"{" M "," KEY ",\"messageSignature\":{\"messageDigest\":" d ",\"signature\":\"S\"}}"

static const struct {
	const char *text;
	enum signature_result result;
} bundles[] = {
	{"{" M "," KEY "," SIGNED "}", SIGNATURE_GOOD},
	{WITH("{\"publicKey\":{}}"), SIGNATURE_GOOD},
	{WITH("{\"publicKey\":{\"hint\":\"\"}}"), SIGNATURE_GOOD},
	{WITH("{\"publicKey\":{\"hint\":\"x\"}}"), SIGNATURE_GOOD},
	{WITH("{\"publicKey\":{},\"tlogEntries\":[{\"logIndex\":\"1\"}]}"), SIGNATURE_GOOD},
	{WITH("{\"publicKey\":{},\"timestampVerificationData\":{}}"), SIGNATURE_GOOD},
	{SIGS("[{\"sig\":\"S\",\"keyid\":\"\"}]"), SIGNATURE_GOOD},
	{SIGS("[{\"sig\":\"S\",\"keyid\":\"any\"}]"), SIGNATURE_GOOD},
	/* the material */
	{"{" M "," SIGNED "}", SIGNATURE_MALFORMED},
	{WITH("{}"), SIGNATURE_MALFORMED},
	{WITH("[]"), SIGNATURE_MALFORMED},
	{WITH("{\"publicKey\":\"H\"}"), SIGNATURE_MALFORMED},
	{WITH("{\"publicKey\":{\"hint\":1}}"), SIGNATURE_MALFORMED},
	{WITH("{\"publicKey\":{\"rawBytes\":\"\"}}"), SIGNATURE_MALFORMED},
	{WITH("{\"publicKey\":{},\"x\":1}"), SIGNATURE_MALFORMED},
	{WITH("{\"certificate\":{\"rawBytes\":\"AAAA\"}}"), SIGNATURE_OTHER_FORMAT},
	{WITH("{\"publicKey\":{},\"certificate\":{}}"), SIGNATURE_OTHER_FORMAT},
	{WITH("{\"x509CertificateChain\":{\"certificates\":[]}}"), SIGNATURE_OTHER_FORMAT},
	/* the whole */
	{"{" KEY "," SIGNED "}", SIGNATURE_MALFORMED},
	{"{\"mediaType\":\"application/json\"," KEY "," SIGNED "}", SIGNATURE_MALFORMED},
	{"{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.3\"," KEY "," SIGNED
	 "}",
	 SIGNATURE_OTHER_FORMAT},
	{"{\"mediaType\":\"" MEDIA " \"," KEY "," SIGNED "}", SIGNATURE_OTHER_FORMAT},
	{"{" M "," KEY "," SIGNED ",\"x\":1}", SIGNATURE_MALFORMED},
	{"{" M "," KEY "," SIGNED ",\"DsseEnvelope\":{}}", SIGNATURE_MALFORMED},
	{"{" M "," KEY "," SIGNED ",\"messageSignature\":{}}", SIGNATURE_MALFORMED},
	{"{" M "," KEY "," SIGNED ",\"messageSignature\":null}", SIGNATURE_MALFORMED},
	{"{" M "," KEY "," SIGNED "," SIGNED "}", SIGNATURE_MALFORMED},
	{"{" M "," KEY "}", SIGNATURE_MALFORMED},
	{"{" M "," KEY ",\"dsseEnvelope\":null}", SIGNATURE_MALFORMED},
	{"{" M "," KEY "," SIGNED "}{}", SIGNATURE_MALFORMED},
	{"", SIGNATURE_MALFORMED},
	{"[]", SIGNATURE_MALFORMED},
	{"{}", SIGNATURE_MALFORMED},
	{"\xD2\x84", SIGNATURE_OTHER_FORMAT},
	{"{\"payload\":\"P\",\"protected\":\"x\",\"header\":{},\"signature\":\"S\"}",
	 SIGNATURE_OTHER_FORMAT},
	/* signatures */
	{SIGS("[]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":\"S\"},{\"sig\":\"S\"}]"), SIGNATURE_MALFORMED},
	{SIGS("{\"sig\":\"S\"}"), SIGNATURE_MALFORMED},
	{SIGS("[\"S\"]"), SIGNATURE_MALFORMED},
	{SIGS("[{}]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":\"\"}]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":1}]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":\"S\\n\"}]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":\"S\",\"cert\":\"x\"}]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":\"S\",\"keyid\":1}]"), SIGNATURE_MALFORMED},
	{SIGS("[{\"sig\":\"P\"}]"), SIGNATURE_OTHER_KEY},
	{SIGS("null"), SIGNATURE_MALFORMED},
	{"{" M "," KEY ",\"dsseEnvelope\":{" ENVELOPE "}}", SIGNATURE_MALFORMED},
	{"{" M "," KEY ",\"dsseEnvelope\":[]}", SIGNATURE_MALFORMED},
	/* types that were not signed */
	{KIND("\"\""), SIGNATURE_OTHER_KEY},
	{KIND("\"" TYPE " \""), SIGNATURE_OTHER_KEY},
	{KIND("\"" TYPE "\\u0000\""), SIGNATURE_MALFORMED},
	{KIND("\"Application/vnd.in-toto+json\""), SIGNATURE_OTHER_KEY},
	{KIND("null"), SIGNATURE_MALFORMED},
	{KIND("1"), SIGNATURE_MALFORMED},
	/* over the manifest's bytes: they are not at hand here */
	{MESSAGE("{\"algorithm\":\"SHA2_256\",\"digest\":\"" DIGEST64 "\"}"), SIGNATURE_REFUSED},
	{MESSAGE("{\"algorithm\":\"SHA2_512\",\"digest\":\"" DIGEST64 "\"}"), SIGNATURE_MALFORMED},
	{MESSAGE("{\"algorithm\":\"SHA2_256\",\"digest\":\"AAAA\"}"), SIGNATURE_MALFORMED},
	{MESSAGE("{\"algorithm\":\"SHA2_256\",\"digest\":\"\"}"), SIGNATURE_MALFORMED},
	{MESSAGE("{\"algorithm\":\"SHA2_256\",\"digest\":\"" DIGEST64 "\",\"x\":1}"),
	 SIGNATURE_MALFORMED},
	{MESSAGE("{\"digest\":\"" DIGEST64 "\"}"), SIGNATURE_MALFORMED},
	{MESSAGE("null"), SIGNATURE_MALFORMED},
};

static void check_bundles(const __typeof__(bundles[0]) *row, size_t i)
{
	static const char payload[] = SUBJECT(ONE);
	hr_autofree char *sig = sign_pae(TYPE, strlen(TYPE), payload, strlen(payload));
	hr_autofree char *body = base64_encode(payload, strlen(payload));
	text_auto struct text bundle = {0};
	struct signature_verdict verdict;

	for (const char *c = row->text; *c; c++)
		if (strncmp(c, "\"P\"", 3) == 0 || strncmp(c, "\"S\"", 3) == 0 ||
		    strncmp(c, "\"H\"", 3) == 0 || strncmp(c, "\"S\\n", 4) == 0) {
			text_addf(&bundle, "\"%s",
				  c[1] == 'P'	? body
				  : c[1] == 'S' ? sig
						: image_key_hint(entry.keys[0]));
			c++;
		} else {
			text_add(&bundle, c, 1);
		}
	judge_bundle(bundle.data ? bundle.data : "", bundle.len, &verdict);
	cr_expect_eq(verdict.result, row->result, "row %zu: %u %s: %s", i, verdict.result,
		     verdict.why, row->text);
}
ROWS(image_bundle, bundles)

/* --- What the lengths in the PAE are for ----------------------------------------------------- */

static const struct {
	const char *type;
	size_t len;
	enum signature_result result;
} types[] = {
	{TYPE, sizeof(TYPE) - 1, SIGNATURE_GOOD},
	/* signed with another type, and shown as ours */
	{TYPE "\0", sizeof(TYPE), SIGNATURE_OTHER_KEY},
	{TYPE " ", sizeof(TYPE), SIGNATURE_OTHER_KEY},
	{TYPE " 3 x", sizeof(TYPE " 3 x") - 1, SIGNATURE_OTHER_KEY},
	{"", 0, SIGNATURE_OTHER_KEY},
	{"application/vnd.in-toto", sizeof("application/vnd.in-toto") - 1, SIGNATURE_OTHER_KEY},
};

static void check_types(const __typeof__(types[0]) *row, size_t i)
{
	static const char payload[] = SUBJECT(ONE);
	hr_autofree char *sig = sign_pae(row->type, row->len, payload, strlen(payload));
	hr_autofree char *body = base64_encode(payload, strlen(payload));
	text_auto struct text bundle = {0};
	struct signature_verdict verdict;

	(void)i;
	text_addf(&bundle,
		  "{" M
		  ",\"verificationMaterial\":{\"publicKey\":{}},\"dsseEnvelope\":{\"payload\":"
		  "\"%s\",\"payloadType\":\"" TYPE "\",\"signatures\":[{\"sig\":\"%s\"}]}}",
		  body, sig);
	judge_bundle(bundle.data, bundle.len, &verdict);
	cr_expect_eq(verdict.result, row->result, "%s", verdict.why);
}
ROWS(image_bundle, types)

/* A signature of a simple signing payload is none of a bundle with the same bytes. */
Test(image_bundle, formats_do_not_mix)
{
	static const char payload[] = SUBJECT(ONE);
	hr_autofree char *sig = sign64(pair, "SHA384", payload, strlen(payload));
	struct signature_subject subject = {.digest = MANIFEST};
	struct signature_verdict verdict;

	signature_simple(&entry, &subject, payload, strlen(payload), sig, strlen(sig), &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_REFUSED, "%s", verdict.why);
}
