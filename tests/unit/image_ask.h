/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the judge share: a store, requirements with the fixtures' keys, answers. */
#ifndef HR_TESTS_IMAGE_ASK_H
#define HR_TESTS_IMAGE_ASK_H

#include "image/judge.h"

#include "image_sign.h"

#include "image/store.h"

#define CONFIG	  "sha256:1e8435d60abe24c0ee52ce0b272b2a32f0d7f5afcf2316f001dcd2070e75303b"
#define CONFIG2	  "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define BLOBS	  "image/blobs/sha256/"
#define OURS	  "127.0.0.1:5055/k/p256:v1"
#define MULTI	  "127.0.0.1:5055/demo/tiny:multi"
#define KEY(name) "{\"name\":\"/etc/hardrun/keys/" name ".pub\",\"pem\":\"@" name "\"}"
#define P256	  "\"keys\":[" KEY("p256") "]"
#define ANY	  "\"scopes\":[\"*\"]"

static int store = -1;

static inline void setup(void)
{
	scratch_make();
	store = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(store, 0);
}

static inline void teardown(void)
{
	close(store);
	scratch_drop();
}

/* "cosign-legacy/p256 tampered/x.sigstore.json": each put beside the digest. */
static inline void put(const char *digest, const char *files)
{
	char file[128], path[160];
	struct hr_error err = {0};
	bool new;

	while (*files) {
		struct store_signature signature = {.kind = STORE_COSIGN};
		size_t len = strcspn(files, " ");
		hr_autofree char *first = NULL, *second = NULL;

		snprintf(file, sizeof(file), "%.*s", (int)len, files);
		files += len + strspn(files + len, " ");
		if (text_ends(file, ".json")) {
			signature.kind = STORE_BUNDLE;
			signature.bundle = first = fixture(file, &signature.bundle_len);
		} else {
			snprintf(path, sizeof(path), "%s/payload.json", file);
			signature.payload = first = fixture(path, &signature.payload_len);
			snprintf(path, sizeof(path), "%s/sig.b64", file);
			signature.signature = second = fixture(path, &signature.signature_len);
		}
		cr_assert_ok(store_put_signature(store, digest, &signature, &new, &err), err);
	}
}

/* Keys' files take the place of their names. */
static inline struct requirement *require(const char *name, const char *entries,
					  struct json_doc **ret_doc)
{
	text_auto struct text text = {0};
	struct requirement *requirement = NULL;
	struct hr_error err = {0};
	char path[64];

	text_addf(&text, "{\"name\":\"%s\",\"entries\":[", name);
	for (const char *c = entries; *c; c++) {
		size_t len = strcspn(c + 1, "\""), pem_len = 0;
		hr_autofree char *pem = NULL;

		text_add(&text, c, 1);
		if (c[0] != '"' || c[1] != '@')
			continue;
		snprintf(path, sizeof(path), "keys/%.*s.pub", (int)len - 1, c + 2);
		pem = fixture(path, &pem_len);
		for (size_t i = 0; i < pem_len; i++)
			text_add(&text, pem[i] == '\n' ? "\\n" : pem + i, pem[i] == '\n' ? 2 : 1);
		c += len;
	}
	text_adds(&text, "]}");
	cr_assert_ok(json_parse("require", text.data, text.len, false, ret_doc, &err), err);
	cr_assert_ok(requirement_read(json_root(*ret_doc), &requirement, &err), err);
	return requirement;
}

struct answer {
	struct json_doc *asked, *doc;
	const struct json *json;
};

static inline void ask(const char *name, const char *entries, const struct binding *binding,
		       struct answer *ret)
{
	struct requirement *requirement = require(name, entries, &ret->asked);
	struct hr_error err = {0};

	ret->doc = json_new("answer");
	cr_assert_ok(judge(requirement, binding, store, ret->doc, json_root(ret->doc), &err), err);
	ret->json = json_root(ret->doc);
	requirement_free(requirement);
}

static inline void answer_done(struct answer *answer)
{
	json_free(answer->asked);
	json_free(answer->doc);
}

/* What every answer has, and what none says. */
static inline void expect_sound(const struct json *answer, const char *code)
{
	static const char *const texts[] = {"why", "found", "remedy"};
	bool accepted = strcmp(code, "accepted") == 0;
	hr_autofree char *text = load_dump(answer);

	cr_assert_str_eq(json_string(answer, "code"), code, "%s", text);
	cr_expect_eq(json_true(answer, "accepted"), accepted, "%s", text);
	cr_expect_eq(json_get(answer, "by") != NULL, accepted, "%s", text);
	cr_expect_eq(json_get(answer, "why") != NULL, !accepted, "%s", text);
	cr_expect_eq(json_get(answer, "remedy") != NULL, !accepted, "%s", text);
	cr_expect_eq(json_get(answer, "found") != NULL, strcmp(code, "unsigned") == 0, "%s", text);
	cr_expect(image_digest_sound(json_string(answer, "digest")), "%s", text);
	for (size_t i = 0; i < hr_count(texts); i++) {
		const char *value = json_string(answer, texts[i]);

		for (const char *c = value; c && *c; c++)
			cr_expect(*c >= ' ' && *c <= '~', "%s", value);
		if (value)
			expect_no_trap(value);
	}
}

#define SCOPED(scope, more) "{\"scopes\":[\"" scope "\"]" more "}"

#endif
