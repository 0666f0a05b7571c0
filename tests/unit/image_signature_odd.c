/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Well signed, and odd: payloads, statements and bundles that a holder of the key, or somebody who
 * reads the format otherwise, may have made.
 */
#include "image/signature.h"

#include "image_sign.h"

#include "image/limits.h"

static EVP_PKEY *pair;
static struct requirement_entry entry;
static struct json_doc *doc;

static void setup(void)
{
	static const char text[] = "{\"scopes\": [\"*\"], \"annotations\": {\"env\": \"prod\"}}";
	struct hr_error err = {0};

	pair = make_pair("P-256");
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

TestSuite(image_signature_odd, .init = setup, .fini = teardown);

#define NAME "registry.example/pay/app"

static void expect_verdict(const struct signature_verdict *verdict, const char *text, size_t i,
			   enum signature_result wanted)
{
	cr_expect_eq(verdict->result, wanted, "row %zu: %u %s: %s", i, verdict->result,
		     verdict->why, text);
	for (const char *c = verdict->why; *c; c++)
		cr_expect(*c >= ' ' && *c <= '~', "%s", verdict->why);
	expect_no_trap(verdict->why);
}

static void judge_payload(const char *payload, size_t len, struct signature_verdict *ret)
{
	struct reference name;
	struct signature_subject subject = {.digest = MANIFEST, .name = &name};
	hr_autofree char *sig = sign64(pair, "SHA256", payload, len);

	cr_assert(reference_read(NAME ":v1", &name));
	signature_simple(&entry, &subject, payload, len, sig, strlen(sig), ret);
}

/* --- Simple signing -------------------------------------------------------------------------- */

#define IDENTITY "\"identity\":{\"docker-reference\":\"" NAME "\"}"
#define IMAGE	 "\"image\":{\"docker-manifest-digest\":\"" MANIFEST "\"}"
#define TYPE	 "\"type\":\"cosign container image signature\""
#define PROD	 "\"optional\":{\"env\":\"prod\"}"
#define CRITICAL "\"critical\":{" IDENTITY "," IMAGE "," TYPE "}"
#define GOOD	 "{" CRITICAL "," PROD "}"
#define D8	 "[[[[[[[["
#define E8	 "]]]]]]]]"
#define REFERENCE(name)                                                                   \
	"{\"critical\":{\"identity\":{\"docker-reference\":\"" name "\"}," IMAGE "," TYPE \
	"}," PROD "}"
#define DIGEST(value)                                                                        \
	"{\"critical\":{" IDENTITY ",\"image\":{\"docker-manifest-digest\":" value "}," TYPE \
	"}," PROD "}"
#define OPTIONAL(value) "{" CRITICAL ",\"optional\":" value "}"

static const struct {
	const char *payload;
	enum signature_result result;
} payloads[] = {
	{GOOD, SIGNATURE_GOOD},
	{" " GOOD "\n", SIGNATURE_GOOD},
	{"{" PROD "," CRITICAL "}", SIGNATURE_GOOD},
	{OPTIONAL("{\"env\":\"prod\",\"n\":1.5,\"b\":true,\"Env\":\"x\"}"), SIGNATURE_GOOD},
	{REFERENCE(NAME ":anything"), SIGNATURE_GOOD},
	{REFERENCE(NAME "@" MANIFEST), SIGNATURE_GOOD},
	/* annotations */
	{"{" CRITICAL "}", SIGNATURE_REFUSED},
	{OPTIONAL("null"), SIGNATURE_REFUSED},
	{OPTIONAL("{}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"PROD\"}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"Env\":\"prod\"}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod \"}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\\u0000\"}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":[\"prod\"]}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":true}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"dev\",\"env\":\"prod\"}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\",\"x\":null}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\",\"x\":{}}"), SIGNATURE_REFUSED},
	{OPTIONAL("[\"env\",\"prod\"]"), SIGNATURE_REFUSED},
	{OPTIONAL("\"env=prod\""), SIGNATURE_REFUSED},
	{OPTIONAL("0"), SIGNATURE_REFUSED},
	/* keys */
	{"{" CRITICAL "," PROD ",\"x\":1}", SIGNATURE_REFUSED},
	{"{" CRITICAL "," PROD ",\"Critical\":{}}", SIGNATURE_REFUSED},
	{"{" CRITICAL "," PROD ",\"Optional\":{}}", SIGNATURE_REFUSED},
	{"{" CRITICAL "," PROD ",\"\":1}", SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY "," IMAGE "," TYPE ",\"x\":1}," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY "," IMAGE "," TYPE ",\"Type\":\"x\"}," PROD "}",
	 SIGNATURE_REFUSED},
	/* U+017F and U+212A fold into s and k */
	{"{\"critical\":{\"identity\":{\"docKer-reference\":\"" NAME "\"}," IMAGE "," TYPE "}," PROD
	 "}",
	 SIGNATURE_REFUSED},
	{"{\"critical\":{\"identity\":{\"doc\xE2\x84\xAA"
	 "er-reference\":\"x\",\"docker-reference\":\"" NAME "\"}," IMAGE "," TYPE "}," PROD "}",
	 SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY ",\"image\":{\"docker-manifest-dige\xC5\xBFt\":\"" EVIL
	 "\",\"docker-manifest-digest\":\"" MANIFEST "\"}," TYPE "}," PROD "}",
	 SIGNATURE_REFUSED},
	/* written with an escape it is the same key, and twice */
	{"{\"critical\":{" IDENTITY ",\"image\":{\"docker-manifest-digest\":\"" EVIL
	 "\",\"docker-manifest\\u002ddigest\":\"" MANIFEST "\"}," TYPE "}," PROD "}",
	 SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY ",\"image\":{\"docker-manifest\\u002ddigest\":\"" MANIFEST
	 "\"}," TYPE "}," PROD "}",
	 SIGNATURE_GOOD},
	{"{\"critical\":{" IDENTITY ",\"image\":{\"docker-manifest-digest\\u0000\":\"" MANIFEST
	 "\"}," TYPE "}," PROD "}",
	 SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY "," IMAGE "}," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY "," TYPE "}," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":{" IMAGE "," TYPE "}," PROD "}", SIGNATURE_REFUSED},
	{"{" IDENTITY "," IMAGE "," TYPE "," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":{\"identity\":{}," IMAGE "," TYPE "}," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":{\"identity\":\"" NAME "\"," IMAGE "," TYPE "}," PROD "}",
	 SIGNATURE_REFUSED},
	{"{\"critical\":{\"identity\":null," IMAGE "," TYPE "}," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":["
	 "{}"
	 "]," PROD "}",
	 SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY "," IMAGE ",\"type\":1}," PROD "}", SIGNATURE_REFUSED},
	{"{\"critical\":{" IDENTITY "," IMAGE
	 ",\"type\":\"Cosign container image signature\"}," PROD "}",
	 SIGNATURE_REFUSED},
	/* digests */
	{DIGEST("\"" EVIL "\""), SIGNATURE_OTHER_DIGEST},
	{DIGEST("\"" MANIFEST " \""), SIGNATURE_REFUSED},
	{DIGEST("\" " MANIFEST "\""), SIGNATURE_REFUSED},
	{DIGEST("\"" MANIFEST "\\n\""), SIGNATURE_REFUSED},
	{DIGEST("\"" MANIFEST "," EVIL "\""), SIGNATURE_REFUSED},
	{DIGEST("[\"" MANIFEST "\"]"), SIGNATURE_REFUSED},
	{DIGEST("\"93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622\""),
	 SIGNATURE_REFUSED},
	{DIGEST("\"\""), SIGNATURE_REFUSED},
	{DIGEST("0"), SIGNATURE_REFUSED},
	{DIGEST("null"), SIGNATURE_REFUSED},
	/* names */
	{REFERENCE(""), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example/pay/app2"), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example/pay"), SIGNATURE_OTHER_NAME},
	{REFERENCE("pay/app"), SIGNATURE_OTHER_NAME},
	{REFERENCE("Registry.example/pay/app"), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example:443/pay/app"), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example/pay/app/"), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example/pay/../pay/app"), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example//pay/app"), SIGNATURE_OTHER_NAME},
	{REFERENCE("https://registry.example/pay/app"), SIGNATURE_OTHER_NAME},
	{REFERENCE(NAME "@" EVIL), SIGNATURE_OTHER_NAME},
	{REFERENCE(NAME "@" MANIFEST ":v1"), SIGNATURE_OTHER_NAME},
	{REFERENCE(NAME "@sha256:9395"), SIGNATURE_OTHER_NAME},
	{REFERENCE(NAME ":v1:v2"), SIGNATURE_OTHER_NAME},
	{REFERENCE("*"), SIGNATURE_OTHER_NAME},
	{REFERENCE("registry.example/pay/*"), SIGNATURE_OTHER_NAME},
	{REFERENCE("\\u001b[2J no such file"), SIGNATURE_OTHER_NAME},
	{"{\"critical\":{\"identity\":{\"docker-reference\":1}," IMAGE "," TYPE "}," PROD "}",
	 SIGNATURE_REFUSED},
	/* documents */
	{"", SIGNATURE_REFUSED},
	{"null", SIGNATURE_REFUSED},
	{"[]", SIGNATURE_REFUSED},
	{"{}", SIGNATURE_REFUSED},
	{"[" GOOD "]", SIGNATURE_REFUSED},
	{GOOD "{}", SIGNATURE_REFUSED},
	{GOOD ",", SIGNATURE_REFUSED},
	{GOOD "x", SIGNATURE_REFUSED},
	{GOOD " // comment", SIGNATURE_REFUSED},
	{"/**/" GOOD, SIGNATURE_REFUSED},
	{"\xEF\xBB\xBF" GOOD, SIGNATURE_REFUSED},
	{"{" CRITICAL "," PROD ",}", SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\",\"\xFF\":1}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\",\"x\":\"\\ud800\"}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\",\"x\":NaN}"), SIGNATURE_REFUSED},
	{OPTIONAL("{\"env\":\"prod\",\"x\":" D8 D8 D8 D8 E8 E8 E8 E8 "}"), SIGNATURE_REFUSED},
};

static void check_payloads(const __typeof__(payloads[0]) *row, size_t i)
{
	struct signature_verdict verdict;
	size_t len = strlen(row->payload);
	hr_autofree char *exact = malloc(len ? len : 1);

	memcpy(exact, row->payload, len);
	judge_payload(exact, len, &verdict);
	expect_verdict(&verdict, row->payload, i, row->result);
	cr_expect_eq(verdict.key, entry.keys[0]);
}
ROWS(image_signature_odd, payloads)

Test(image_signature_odd, bytes_and_lengths)
{
	struct signature_verdict verdict;
	hr_autofree char *large = malloc(IMAGE_PAYLOAD_MAX + 1);

	judge_payload(GOOD "\0", sizeof(GOOD), &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_REFUSED, "a NUL behind it");
	memset(large, ' ', IMAGE_PAYLOAD_MAX + 1);
	memcpy(large, GOOD, strlen(GOOD));
	judge_payload(large, IMAGE_PAYLOAD_MAX, &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_GOOD);
	judge_payload(large, IMAGE_PAYLOAD_MAX + 1, &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_MALFORMED);
}

/* What a name would say to an engine or a terminal is escaped. */
Test(image_signature_odd, hostile_text)
{
	struct signature_verdict verdict;

	judge_payload(REFERENCE("x no such file or directory\\n\\u001b[31m"),
		      strlen(REFERENCE("x no such file or directory\\n\\u001b[31m")), &verdict);
	cr_expect_str_eq(verdict.why,
			 "by k for what is no name of an image: "
			 "x\\x20no\\x20such\\x20file\\x20or\\x20directory\\x0A\\x1B\\x5B31m");
}
