/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of several candidates, of indexes, and under several names. */
#include "image_ask.h"

TestSuite(image_judge_many, .init = setup, .fini = teardown);

static const struct {
	const char *code;
	bool known;
	struct {
		const char *manifest, *index, *config;
		bool index_at_hand;
	} candidates[3];
	const char *names[3];
	const char *entries, *of;
} bindings[] = {
	/* the index is signed */
	{"accepted",
	 false,
	 {{MANIFEST, INDEX, CONFIG, true}},
	 {MULTI},
	 "{" ANY "," P256 "}",
	 INDEX},
	{"unsigned",
	 false,
	 {{MANIFEST, INDEX, CONFIG, false}},
	 {MULTI},
	 "{" ANY "," P256 "}",
	 NULL},
	{"unsigned", false, {{MANIFEST, NULL, CONFIG, false}}, {MULTI}, "{" ANY "," P256 "}", NULL},
	{"unsigned", false, {{MANIFEST, EVIL, CONFIG, true}}, {MULTI}, "{" ANY "," P256 "}", NULL},
	{"accepted", false, {{INDEX, NULL, NULL, false}}, {MULTI}, "{" ANY "," P256 "}", INDEX},
	{"accepted",
	 false,
	 {{MANIFEST, INDEX, CONFIG, true}},
	 {OURS},
	 "{" ANY ",\"allow\":[\"" INDEX "\"]}",
	 INDEX},
	{"denied",
	 false,
	 {{MANIFEST, INDEX, CONFIG, false}},
	 {OURS},
	 "{" ANY "," P256 ",\"deny\":[\"" INDEX "\"]}",
	 NULL},
	/* two manifests of one index */
	{"accepted",
	 false,
	 {{MANIFEST, INDEX, CONFIG, true}, {EVIL, INDEX, CONFIG2, true}},
	 {MULTI},
	 "{" ANY "," P256 "}",
	 INDEX},
	/* one of two is signed: enough for one configuration, and not for two */
	{"accepted",
	 false,
	 {{EVIL, NULL, CONFIG, false}, {MANIFEST, NULL, CONFIG, false}},
	 {OURS},
	 "{" ANY "," P256 "}",
	 MANIFEST},
	{"unsigned",
	 false,
	 {{EVIL, NULL, CONFIG2, false}, {MANIFEST, NULL, CONFIG, false}},
	 {OURS},
	 "{" ANY "," P256 "}",
	 NULL},
	{"unsigned",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}, {EVIL, NULL, CONFIG2, false}},
	 {OURS},
	 "{" ANY "," P256 "}",
	 NULL},
	{"unsigned",
	 false,
	 {{MANIFEST, NULL, NULL, false}, {EVIL, NULL, NULL, false}},
	 {OURS},
	 "{" ANY "," P256 "}",
	 NULL},
	{"accepted",
	 true,
	 {{EVIL, NULL, NULL, false}, {MANIFEST, NULL, NULL, false}},
	 {OURS},
	 "{" ANY "," P256 "}",
	 MANIFEST},
	{"unsigned",
	 true,
	 {{EVIL, NULL, NULL, false}, {EVIL, NULL, CONFIG, false}},
	 {OURS},
	 "{" ANY "," P256 "}",
	 NULL},
	{"denied",
	 true,
	 {{EVIL, NULL, NULL, false}, {MANIFEST, NULL, NULL, false}},
	 {OURS},
	 "{" ANY "," P256 ",\"deny\":[\"" EVIL "\"]}",
	 NULL},
	/* all names' entries have to accept */
	{"accepted",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {OURS, "127.0.0.1:5055/k/p256@" MANIFEST, "127.0.0.1:5055/k/p256"},
	 "{" ANY "," P256 "}",
	 MANIFEST},
	{"unsigned",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {OURS, "127.0.0.1:5055/other/app:v1"},
	 "{" ANY "," P256 "}",
	 NULL},
	{"unsigned",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {"127.0.0.1:5055/other/app:v1", OURS},
	 "{" ANY "," P256 "}",
	 NULL},
	{"scope",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {OURS, "127.0.0.1:5055/other/app:v1"},
	 SCOPED("127.0.0.1:5055/k/*", "," P256),
	 NULL},
	{"scope",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {OURS, "not a name"},
	 "{" ANY "," P256 "}",
	 NULL},
	{"accepted",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {OURS, "lax/app"},
	 SCOPED("127.0.0.1:5055/k/*", "," P256) "," SCOPED("lax/*",
							   ",\"allow\":[\"" MANIFEST "\"]"),
	 MANIFEST},
	{"unsigned",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {"lax/app", "strict/app"},
	 SCOPED("strict/*", "," P256) "," SCOPED("lax/*", ",\"allow\":[\"" MANIFEST "\"]"),
	 NULL},
	{"unbound",
	 false,
	 {{MANIFEST, NULL, CONFIG, false}},
	 {"lax/app", "strict/app"},
	 SCOPED("strict/*", ",\"sources\":[\"layout\"],\"allow\":[\"" MANIFEST
			    "\"]") "," SCOPED("lax/*", ",\"allow\":[\"" MANIFEST "\"]"),
	 NULL},
};

static void check_bindings(const __typeof__(bindings[0]) *row, size_t i)
{
	struct candidate candidates[3] = {0};
	struct binding binding = {.candidates = candidates, .config_known = row->known};
	struct answer answer;

	for (size_t k = 0; k < 3 && row->candidates[k].manifest; k++) {
		struct candidate *to = &candidates[binding.count++];
		const char *index = row->candidates[k].index, *config = row->candidates[k].config;

		snprintf(to->manifest.digest, IMAGE_DIGEST_SIZE, "%s", row->candidates[k].manifest);
		snprintf(to->config, IMAGE_DIGEST_SIZE, "%s", config ? config : "");
		snprintf(to->indexes[0].digest, IMAGE_DIGEST_SIZE, "%s", index ? index : "");
		to->index_count = index ? 1 : 0;
		to->indexes[0].bytes = row->candidates[k].index_at_hand ? "{}" : NULL;
		to->indexes[0].len = 2;
	}
	for (size_t k = 0; k < 3 && row->names[k]; k++)
		binding.names[binding.name_count++] = strdup(row->names[k]);
	binding.source = "containerd";
	binding.snapshotter = strdup("overlayfs");
	put(MANIFEST, "cosign-legacy/p256 tampered/legacy-wrong-key");
	put(INDEX, "cosign-legacy/p256-index");
	put(EVIL, "cosign-legacy/p256 cosign-legacy/p256-index");
	ask("payment-keys", row->entries, &binding, &answer);
	expect_sound(answer.json, row->code);
	if (row->of)
		cr_expect_str_eq(json_string(json_get(answer.json, "by"), "of"), row->of, "row %zu",
				 i);
	answer_done(&answer);
	for (size_t k = 0; k < binding.name_count; k++)
		free(binding.names[k]);
	free(binding.snapshotter);
}
ROWS(image_judge_many, bindings)
