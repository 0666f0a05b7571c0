/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures: the fixtures of both formats and all kinds of keys, every tampered one of
 * fixtures/tampered/CASES.tsv, and the entry's options.
 */
#include "image/signature.h"

#include "image_sign.h"

#define REPO "127.0.0.1:5055/"

/* An entry with all of the fixtures' keys but the stranger's, unless `keys` names some. */
struct asked {
	struct requirement_entry entry;
	struct json_doc *doc;
};

static void ask(struct asked *ret, const char *keys, enum requirement_match match,
		const char *annotations)
{
	text_auto struct text text = {0};
	struct hr_error err = {0};
	char name[32];

	*ret = (struct asked){.entry = {.cosign = true, .bundle = true, .match = match}};
	text_addf(&text, "{\"scopes\": [\"*\"], \"annotations\": %s}",
		  annotations ? annotations : "{}");
	cr_assert_ok(json_parse("entry", text.data, text.len, false, &ret->doc, &err), err);
	ret->entry.json = json_root(ret->doc);
	while (*keys) {
		size_t len = strcspn(keys, " ");

		snprintf(name, sizeof(name), "%.*s", (int)len, keys);
		ret->entry.keys[ret->entry.key_count++] = fixture_key(name);
		keys += len + strspn(keys + len, " ");
	}
}

static void asked_done(struct asked *asked)
{
	for (size_t i = 0; i < asked->entry.key_count; i++)
		image_key_free(asked->entry.keys[i]);
	json_free(asked->doc);
}

static void judge_file(const struct asked *asked, const char *digest, const char *content,
		       const char *name, const char *file, struct signature_verdict *ret)
{
	struct reference reference = {0};
	struct signature_subject subject = {.digest = digest, .name = name ? &reference : NULL};
	size_t len = 0, sig_len = 0;
	hr_autofree char *bytes = NULL, *first = NULL, *sig = NULL;
	char path[256];

	cr_assert(!name || reference_read(name, &reference), "%s", name);
	if (content)
		subject.bytes = bytes = fixture(content, &subject.len);
	if (text_ends(file, ".json")) {
		first = fixture(file, &len);
		signature_bundle(&asked->entry, &subject, first, len, ret);
	} else {
		snprintf(path, sizeof(path), "%s/payload.json", file);
		first = fixture(path, &len);
		snprintf(path, sizeof(path), "%s/sig.b64", file);
		sig = fixture(path, &sig_len);
		signature_simple(&asked->entry, &subject, first, len, sig, sig_len, ret);
	}
	/* what is said of it can be printed, and no engine acts upon it */
	for (const char *c = ret->why; *c; c++)
		cr_expect(*c >= ' ' && *c <= '~', "%s: %s", file, ret->why);
	expect_no_trap(ret->why);
	cr_expect_eq(ret->why[0] == '\0', ret->result == SIGNATURE_GOOD, "%s: %s", file, ret->why);
	cr_expect_str_eq(ret->format, text_ends(file, ".json") ? "bundle" : "cosign");
}

/* --- The fixtures ---------------------------------------------------------------------------- */

#define HEX_MANIFEST "93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622"
#define T(name)	     "tampered/" name
#define TB(name)     "tampered/" name ".sigstore.json"
#define BLOB	     "image/blobs/sha256/" HEX_MANIFEST
#define ALTERED                            \
	"tampered/image-manifest-altered/" \
	"blobs/sha256/" HEX_MANIFEST
#define OURS   REPO "k/p256:v1"
#define BUNDLE REPO "bundle/p256"
#define ANY    "p256"

static const struct {
	const char *file, *keys, *digest, *name;
	enum requirement_match match;
	enum signature_result result;
	const char *words; /* of why, or the key's type when it is good */
	const char *content;
} cases[] = {
	/* all kinds of keys, both formats */
	{"cosign-legacy/p256", "p256", MANIFEST, REPO "k/p256", 0, SIGNATURE_GOOD, "ECDSA P-256",
	 NULL},
	{"cosign-legacy/p384", "p384", MANIFEST, REPO "k/p384", 0, SIGNATURE_GOOD, "ECDSA P-384",
	 NULL},
	{"cosign-legacy/rsa2048", "rsa2048", MANIFEST, REPO "k/rsa2048", 0, SIGNATURE_GOOD,
	 "RSA 2048", NULL},
	{"cosign-legacy/rsa4096", "rsa4096", MANIFEST, REPO "k/rsa4096", 0, SIGNATURE_GOOD,
	 "RSA 4096", NULL},
	{"cosign-legacy/ed25519", "ed25519", MANIFEST, REPO "k/ed25519", 0, SIGNATURE_GOOD,
	 "Ed25519", NULL},
	{"cosign-legacy/p256-index", "p256", INDEX, REPO "demo/tiny:multi", 0, SIGNATURE_GOOD,
	 "ECDSA P-256", NULL},
	{"cosign-bundle/p256.sigstore.json", "p256", MANIFEST, BUNDLE, 0, SIGNATURE_GOOD,
	 "ECDSA P-256", NULL},
	{"cosign-bundle/p384.sigstore.json", "p384", MANIFEST, REPO "bundle/p384", 0,
	 SIGNATURE_GOOD, "ECDSA P-384", NULL},
	{"cosign-bundle/rsa2048.sigstore.json", "rsa2048", MANIFEST, REPO "bundle/rsa2048", 0,
	 SIGNATURE_GOOD, "RSA 2048", NULL},
	{"cosign-bundle/rsa4096.sigstore.json", "rsa4096", MANIFEST, REPO "bundle/rsa4096", 0,
	 SIGNATURE_GOOD, "RSA 4096", NULL},
	{"cosign-bundle/ed25519.sigstore.json", "ed25519", MANIFEST, REPO "bundle/ed25519", 0,
	 SIGNATURE_GOOD, "Ed25519", NULL},
	/* one of several, and none of several */
	{"cosign-legacy/p384", "p256 ed25519 wrong-p256 rsa4096 p384", MANIFEST, REPO "k/p384", 0,
	 SIGNATURE_GOOD, "ECDSA P-384", NULL},
	{"cosign-legacy/p256", "wrong-p256 p384 rsa2048 rsa4096 ed25519", MANIFEST, OURS, 0,
	 SIGNATURE_OTHER_KEY, "another key", NULL},
	{"cosign-legacy/rsa2048", "rsa4096", MANIFEST, REPO "k/rsa2048", 0, SIGNATURE_OTHER_KEY,
	 "another key", NULL},
	{"cosign-bundle/ed25519.sigstore.json", "p256", MANIFEST, REPO "bundle/ed25519", 0,
	 SIGNATURE_OTHER_KEY, "another key", NULL},
	{"cosign-legacy/p256", "", MANIFEST, OURS, 0, SIGNATURE_OTHER_KEY, "another key", NULL},
	/* about another image */
	{"cosign-legacy/p256", ANY, EVIL, OURS, 0, SIGNATURE_OTHER_DIGEST, "about " MANIFEST, NULL},
	{"cosign-legacy/p256", ANY, INDEX, OURS, 0, SIGNATURE_OTHER_DIGEST, "about " MANIFEST,
	 NULL},
	{"cosign-legacy/p256-index", ANY, MANIFEST, REPO "demo/tiny", 0, SIGNATURE_OTHER_DIGEST,
	 "about " INDEX, NULL},
	{"cosign-bundle/p256.sigstore.json", ANY, EVIL, BUNDLE, 0, SIGNATURE_OTHER_DIGEST,
	 "about " MANIFEST, NULL},
	/* tampered/CASES.tsv, cosign */
	{T("legacy-wrong-digest-in-payload"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_KEY, "key",
	 NULL},
	{T("legacy-wrong-digest-in-payload"), ANY, EVIL, OURS, 0, SIGNATURE_OTHER_KEY, "key", NULL},
	{T("legacy-wrong-key"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_KEY, "another key", NULL},
	{T("legacy-wrong-key"), "wrong-p256", MANIFEST, OURS, 0, SIGNATURE_GOOD, "P-256", NULL},
	{T("legacy-wrong-key-evil"), ANY, EVIL, OURS, 0, SIGNATURE_OTHER_KEY, "another key", NULL},
	{T("legacy-truncated-signature"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_KEY, "key", NULL},
	{T("legacy-empty-signature"), ANY, MANIFEST, OURS, 0, SIGNATURE_MALFORMED, "empty", NULL},
	{T("legacy-sig-trailing-bytes"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_KEY, "key", NULL},
	{T("legacy-sig-not-base64"), ANY, MANIFEST, OURS, 0, SIGNATURE_MALFORMED, "base64", NULL},
	{T("legacy-payload-one-space"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_KEY, "key", NULL},
	{T("legacy-other-repo"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_NAME,
	 "by p256 for repository " REPO "other/repo", NULL},
	{T("legacy-other-repo"), ANY, MANIFEST, REPO "other/repo:x", 0, SIGNATURE_GOOD, "P-256",
	 NULL},
	{T("legacy-other-repo"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_GOOD, "P-256", NULL},
	{T("legacy-other-type"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "of type atomic", NULL},
	{T("legacy-dup-key"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "refused: payload:", NULL},
	{T("legacy-dup-key"), ANY, EVIL, OURS, 0, SIGNATURE_REFUSED, "refused: payload:", NULL},
	{T("legacy-dup-critical"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "payload:", NULL},
	{T("legacy-dup-critical"), ANY, EVIL, OURS, 0, SIGNATURE_REFUSED, "payload:", NULL},
	{T("legacy-two-documents"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "payload:", NULL},
	{T("legacy-two-documents"), ANY, EVIL, OURS, 0, SIGNATURE_REFUSED, "payload:", NULL},
	{T("legacy-upper-digest"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "no sha256 digest",
	 NULL},
	{T("legacy-short-digest"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "no sha256 digest",
	 NULL},
	{T("legacy-sha512-digest"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "no sha256 digest",
	 NULL},
	{T("legacy-nul-in-string"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "payload:", NULL},
	{T("legacy-case-key"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED,
	 "unknown: Docker-Manifest-Digest", NULL},
	{T("legacy-deep-json"), ANY, MANIFEST, OURS, 0, SIGNATURE_REFUSED, "payload", NULL},
	{T("legacy-index-digest"), ANY, INDEX, OURS, 0, SIGNATURE_GOOD, "P-256", NULL},
	{T("legacy-index-digest"), ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_DIGEST, INDEX, NULL},
	{T("legacy-ref-with-tag"), ANY, MANIFEST, OURS, 0, SIGNATURE_GOOD, "P-256", NULL},
	{T("legacy-ref-with-tag"), ANY, MANIFEST, REPO "k/p256:v2", 0, SIGNATURE_GOOD, "P", NULL},
	{T("legacy-ref-with-tag"), ANY, MANIFEST, OURS, MATCH_EXACT, SIGNATURE_GOOD, "P-256", NULL},
	{T("legacy-ref-with-tag"), ANY, MANIFEST, REPO "k/p256:v2", MATCH_EXACT,
	 SIGNATURE_OTHER_NAME, "for tag v1", NULL},
	{T("legacy-ref-with-tag"), ANY, MANIFEST, REPO "k/p256", MATCH_EXACT, SIGNATURE_OTHER_NAME,
	 "for tag v1", NULL},
	{T("legacy-malleated-sig"), ANY, MANIFEST, OURS, 0, SIGNATURE_GOOD, "P-256", NULL},
	{"cosign-legacy/p256", ANY, MANIFEST, OURS, MATCH_EXACT, SIGNATURE_OTHER_NAME,
	 "names no tag", NULL},
	{"cosign-legacy/p256", ANY, MANIFEST, REPO "k/p256@" EVIL, MATCH_EXACT, SIGNATURE_GOOD,
	 "P-256", NULL},
	{"cosign-legacy/p256", ANY, MANIFEST, NULL, 0, SIGNATURE_OTHER_NAME, "this one has none",
	 NULL},
	{"cosign-legacy/p256", ANY, MANIFEST, NULL, MATCH_NONE, SIGNATURE_GOOD, "P-256", NULL},
	/* bundles */
	{TB("bundle-other-digest"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_OTHER_DIGEST,
	 "about " EVIL, NULL},
	{TB("bundle-other-digest"), ANY, EVIL, OURS, MATCH_NONE, SIGNATURE_GOOD, "P-256", NULL},
	{TB("bundle-other-predicate"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_REFUSED,
	 "attestation", NULL},
	{TB("bundle-other-payload-type"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_REFUSED,
	 "payload of type", NULL},
	{TB("bundle-payload-type-swapped"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_OTHER_KEY,
	 "key", NULL},
	{TB("bundle-no-pae"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_OTHER_KEY, "key", NULL},
	{TB("bundle-two-subjects"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_REFUSED,
	 "2 subjects", NULL},
	{TB("bundle-two-subjects"), ANY, EVIL, OURS, MATCH_NONE, SIGNATURE_REFUSED, "2 subjects",
	 NULL},
	{TB("bundle-no-subject"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_REFUSED, "0 subjects",
	 NULL},
	{TB("bundle-two-sigs"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_MALFORMED,
	 "other than one signature", NULL},
	{TB("bundle-wrong-hint"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_GOOD, "P-256", NULL},
	{TB("bundle-wrong-hint"), "wrong-p256 ed25519 p256", MANIFEST, OURS, MATCH_NONE,
	 SIGNATURE_GOOD, "P-256", NULL},
	{TB("bundle-old-media"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_OTHER_FORMAT,
	 "v0.3 is read alone", NULL},
	{TB("bundle-wrong-key"), ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_OTHER_KEY, "key", NULL},
	{TB("bundle-wrong-key"), "p256 wrong-p256", MANIFEST, OURS, MATCH_NONE, SIGNATURE_GOOD,
	 "P-256", NULL},
	{"cosign-bundle/p256.sigstore.json", ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_NAME,
	 "for repository " BUNDLE, NULL},
	{"cosign-bundle/p256.sigstore.json", ANY, MANIFEST, BUNDLE, MATCH_EXACT, SIGNATURE_GOOD,
	 "P-256", NULL},
	{"cosign-bundle/p256-v3-shape.sigstore.json", ANY, MANIFEST, OURS, MATCH_NONE,
	 SIGNATURE_GOOD, "P-256", NULL},
	{"cosign-bundle/p256-v3-shape.sigstore.json", ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_NAME,
	 "names no repository", NULL},
	{"cosign-bundle/p256-v3-shape.sigstore.json", ANY, MANIFEST, NULL, MATCH_EXACT,
	 SIGNATURE_OTHER_NAME, "names no repository", NULL},
/* a signature over the manifest itself */
#define MESSAGE "cosign-bundle/p256-messageSignature-of-manifest.sigstore.json"
	{MESSAGE, ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_GOOD, "P-256", BLOB},
	{MESSAGE, ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_REFUSED, "not at hand", NULL},
	{MESSAGE, ANY, MANIFEST, OURS, MATCH_NONE, SIGNATURE_REFUSED, "are others", ALTERED},
	{MESSAGE, ANY, EVIL, OURS, MATCH_NONE, SIGNATURE_REFUSED, "are others", BLOB},
	{MESSAGE, ANY, MANIFEST, OURS, MATCH_REPOSITORY, SIGNATURE_OTHER_NAME, "names no", BLOB},
	{MESSAGE, "wrong-p256 rsa2048", MANIFEST, OURS, MATCH_NONE, SIGNATURE_OTHER_KEY, "key",
	 BLOB},
	/* what is read by nobody here */
	{"notation/jws-ES256.json", ANY, MANIFEST, OURS, 0, SIGNATURE_OTHER_FORMAT, "Notary", NULL},
	{"cosign-legacy/p256/payload.json", ANY, MANIFEST, OURS, 0, SIGNATURE_MALFORMED, "critical",
	 NULL},
	{"image/index.json", ANY, MANIFEST, OURS, 0, SIGNATURE_MALFORMED, "bundle", NULL},
};

static void check_cases(const __typeof__(cases[0]) *row, size_t i)
{
	struct signature_verdict verdict;
	struct asked asked;

	ask(&asked, row->keys, row->match, NULL);
	judge_file(&asked, row->digest, row->content, row->name, row->file, &verdict);
	cr_assert_eq(verdict.result, row->result, "row %zu %s: %u %s", i, row->file, verdict.result,
		     verdict.why);
	if (row->result == SIGNATURE_GOOD)
		cr_expect_not_null(strstr(image_key_type(verdict.key), row->words));
	else
		cr_expect_not_null(strstr(verdict.why, row->words), "row %zu %s: %s", i, row->file,
				   verdict.why);
	/* a key is named exactly when it made the signature */
	cr_expect_eq(verdict.key != NULL,
		     row->result == SIGNATURE_GOOD || row->result == SIGNATURE_OTHER_DIGEST ||
			     row->result == SIGNATURE_OTHER_NAME ||
			     strncmp(verdict.why, "by p256 ", 8) == 0,
		     "%s: %s", row->file, verdict.why);
	asked_done(&asked);
}
ROWS(image_signature, cases)

/* Every case of CASES.tsv that is a signature stands in the table. */
Test(image_signature, none_is_left_out)
{
	size_t len = 0, seen = 0;
	hr_autofree char *tsv = fixture("tampered/CASES.tsv", &len);

	for (size_t at = 0; at < len;) {
		size_t end = at, name;
		bool there = false;

		while (end < len && tsv[end] != '\n')
			end++;
		for (name = at; name < end && tsv[name] != '\t';)
			name++;
		for (size_t i = 0; i < hr_count(cases) && !there; i++) {
			const char *file = cases[i].file;

			there = text_starts(file, "tampered/") &&
				strncmp(file + 9, tsv + at, name - at) == 0 &&
				strchr("/.", file[9 + name - at]) != NULL;
		}
		if (strncmp(tsv + at, "image-", 6) != 0) {
			cr_expect(there, "%.*s", (int)(name - at), tsv + at);
			seen++;
		}
		at = end + 1;
	}
	cr_expect_eq(seen, 33, "%zu cases", seen);
}

/* --- The entry's options --------------------------------------------------------------------- */

Test(image_signature, formats)
{
	struct signature_verdict verdict;
	struct asked asked;

	ask(&asked, "p256", MATCH_REPOSITORY, NULL);
	asked.entry.cosign = false;
	judge_file(&asked, MANIFEST, NULL, OURS, "cosign-legacy/p256", &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_OTHER_FORMAT);
	judge_file(&asked, MANIFEST, NULL, BUNDLE, "cosign-bundle/p256.sigstore.json", &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_GOOD);
	asked.entry.cosign = true;
	asked.entry.bundle = false;
	judge_file(&asked, MANIFEST, NULL, BUNDLE, "cosign-bundle/p256.sigstore.json", &verdict);
	cr_expect_eq(verdict.result, SIGNATURE_OTHER_FORMAT);
	asked_done(&asked);
}

Test(image_signature, annotations_that_are_missing)
{
	static const char *const files[] = {"cosign-legacy/p256",
					    "cosign-bundle/p256.sigstore.json", MESSAGE};
	struct signature_verdict verdict;
	struct asked asked;

	ask(&asked, "p256", MATCH_NONE, "{\"env\": \"prod\"}");
	for (size_t i = 0; i < hr_count(files); i++) {
		judge_file(&asked, MANIFEST, BLOB, OURS, files[i], &verdict);
		cr_expect_eq(verdict.result, SIGNATURE_REFUSED);
		cr_expect_str_eq(verdict.why, "by p256 without the annotation env=prod");
	}
	asked_done(&asked);
}
