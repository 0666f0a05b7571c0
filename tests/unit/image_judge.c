/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of one manifest: names, scopes, lists, and the texts of refusals. */
#include "image_ask.h"

TestSuite(image_judge, .init = setup, .fini = teardown);

/* All of the answer's texts, with " | " between; for an accepted one: how, format, key, of, scope.
 */
static char *texts_of(const struct json *answer)
{
	text_auto struct text all = {0};
	const struct json *by = json_get(answer, "by");
	const char *const parts[] = {
		by ? json_string(by, "how") : json_string(answer, "why"),
		by ? json_string(by, "format") : json_string(answer, "found"),
		by ? json_string(by, "key") : json_string(answer, "remedy"),
		by ? json_string(by, "of") : NULL,
		by ? json_string(by, "scope") : NULL,
	};

	for (size_t i = 0; i < hr_count(parts); i++)
		if (parts[i])
			text_addf(&all, "%s%s", all.len ? " | " : "", parts[i]);
	return hr_steal(all.data);
}

#define WHY_P256 "not signed by any key of payment-keys (p256.pub)"
#define REMEDY                                                                                 \
	"bring its signature to this node: hardrun image add DIR (with the index, if that is " \
	"what is signed); if it has none by these keys, sign it; or list " MANIFEST            \
	" in images.payment-keys.allow"

static const struct {
	const char *signatures, *name, *entries, *code, *texts;
} manifests[] = {
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 "}", "accepted",
	 "signature | cosign | /etc/hardrun/keys/p256.pub | " MANIFEST " | *"},
	{"cosign-bundle/ed25519.sigstore.json cosign-legacy/p384", "127.0.0.1:5055/bundle/ed25519",
	 "{\"scopes\":[\"127.0.0.1:5055/*\"],\"keys\":[" KEY("p256") "," KEY("ed25519") "]}",
	 "accepted",
	 "signature | bundle | /etc/hardrun/keys/ed25519.pub | " MANIFEST " | 127.0.0.1:5055/*"},
	/* nothing, and other things */
	{"", OURS, "{" ANY "," P256 "}", "unsigned",
	 WHY_P256 " | no signature in the store | " REMEDY},
	{"", OURS, "{" ANY ",\"keys\":[" KEY("p256") "," KEY("rsa2048") "]}", "unsigned",
	 "not signed by any key of payment-keys (p256.pub, rsa2048.pub) | no signature in the "
	 "store | " REMEDY},
	{"", OURS, "{" ANY "}", "unsigned",
	 "there are no keys for the scope *, and its digest is not allowed | no signature in the "
	 "store | " REMEDY},
	{"cosign-legacy/p384", OURS, "{" ANY "," P256 "}", "unsigned",
	 WHY_P256 " | 1 signature by another key | " REMEDY},
	{"cosign-legacy/p384 cosign-legacy/ed25519 tampered/legacy-other-repo", OURS,
	 "{" ANY "," P256 "}", "unsigned",
	 WHY_P256 " | 2 signatures by other keys, 1 by p256.pub for repository "
		  "127.0.0.1:5055/other/repo | " REMEDY},
	{"cosign-legacy/p384", OURS,
	 "{" ANY "," P256 "}," SCOPED("registry.example/ops/*", ",\"keys\":[" KEY("p384") "]"),
	 "unsigned",
	 WHY_P256
	 " | 1 signature by p384.pub, a key for the scope registry.example/ops/* | " REMEDY},
	{"cosign-bundle/p256-v3-shape.sigstore.json", OURS, "{" ANY "," P256 "}", "unsigned",
	 WHY_P256 " | 1 signature by p256.pub that names no repository, which only "
		  "\"reference\": \"none\" takes | " REMEDY},
	{"cosign-bundle/p256-v3-shape.sigstore.json", OURS,
	 "{" ANY "," P256 ",\"reference\":\"none\"}", "accepted",
	 "signature | bundle | /etc/hardrun/keys/p256.pub | " MANIFEST " | *"},
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"formats\":[\"bundle\"]}", "unsigned",
	 WHY_P256 " | 1 signature in the format cosign, which the policy does not list | " REMEDY},
	{"notation/jws-ES256.json", OURS, "{" ANY "," P256 "}", "unsigned",
	 WHY_P256 " | 1 signature of the Notary Project, which is not verified here | " REMEDY},
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"annotations\":{\"env\":\"prod\"}}",
	 "unsigned",
	 WHY_P256 " | 1 signature by p256.pub without the annotation env=prod | " REMEDY},
	{"tampered/legacy-wrong-key tampered/legacy-wrong-key-evil tampered/legacy-deep-json "
	 "tampered/legacy-empty-signature tampered/bundle-two-sigs.sigstore.json "
	 "cosign-legacy/p256",
	 OURS, "{" ANY "," P256 "}", "accepted",
	 "signature | cosign | /etc/hardrun/keys/p256.pub | " MANIFEST " | *"},
	/* scopes */
	{"cosign-legacy/p256", OURS, SCOPED("127.0.0.1:5055/k/*", "," P256), "accepted",
	 "signature | cosign | /etc/hardrun/keys/p256.pub | " MANIFEST " | 127.0.0.1:5055/k/*"},
	{"cosign-legacy/p256", OURS, SCOPED("127.0.0.1:5055/k", "," P256), "scope",
	 "no scope of payment-keys covers 127.0.0.1:5055/k/p256:v1 | add its repository to the "
	 "scopes of an entry of images.payment-keys, or run an image that one of them covers; or, "
	 "*"},
	{"cosign-legacy/p256", OURS, "", "scope", "no scope of payment-keys covers *"},
	{"cosign-legacy/p256", "k/\x1B[mp256", "{" ANY "," P256 "}", "scope",
	 "k/\\x1B\\x5Bmp256 is no name of an image | *"},
	{"cosign-legacy/p256", NULL, SCOPED("127.0.0.1:5055/*", "," P256), "scope",
	 "the image has no name, and no scope of payment-keys is * | *"},
	{"cosign-legacy/p256", NULL, "{" ANY "," P256 "}", "unsigned",
	 WHY_P256 " | 1 signature by p256.pub for an image with a name, and this one has none: "
		  "127.0.0.1:5055/k/p256 | " REMEDY},
	{"cosign-legacy/p256", NULL, "{" ANY "," P256 ",\"reference\":\"none\"}", "accepted",
	 "signature | *"},
	{"cosign-legacy/p256", OURS,
	 "{" ANY "," P256 "}," SCOPED("127.0.0.1:5055/*", ",\"keys\":[" KEY("ed25519") "]"),
	 "unsigned",
	 "not signed by any key of payment-keys (ed25519.pub) | 1 signature by "
	 "p256.pub, a key for the scope * | " REMEDY},
	{"cosign-legacy/p256", OURS,
	 SCOPED("127.0.0.1:5055/k/p256", "," P256) "," SCOPED("127.0.0.1:5055/k/*",
							      ",\"keys\":[" KEY("ed25519") "]"),
	 "accepted", "* | 127.0.0.1:5055/k/p256"},
	/* lists */
	{"", OURS, "{" ANY ",\"allow\":[\"" EVIL "\",\"" MANIFEST "\"]}", "accepted",
	 "digest | " MANIFEST " | *"},
	{"", OURS, "{" ANY ",\"allow\":[\"" CONFIG "\"]}", "accepted", "digest | " CONFIG " | *"},
	{"", OURS, "{" ANY ",\"allow\":[\"" EVIL "\"]}", "unsigned", "there are no keys*"},
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"deny\":[\"" MANIFEST "\"]}", "denied",
	 MANIFEST " is on a list \"deny\" of the policy's section images | *"},
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"deny\":[\"" CONFIG "\"]}", "denied",
	 CONFIG " is on*"},
	{"cosign-legacy/p256", OURS,
	 "{" ANY "," P256 "}," SCOPED("ghcr.io/*", ",\"deny\":[\"" MANIFEST "\"]"), "denied",
	 MANIFEST " is on*"},
	{"", OURS, "{" ANY ",\"allow\":[\"" MANIFEST "\"],\"deny\":[\"" MANIFEST "\"]}", "denied",
	 "*"},
	{"", OURS,
	 SCOPED("127.0.0.1:5055/*", "," P256) "," SCOPED("ghcr.io/*",
							 ",\"allow\":[\"" MANIFEST "\"]"),
	 "unsigned", WHY_P256 "*"},
	/* sources */
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"sources\":[\"containerd\"]}", "unbound",
	 "the source layout is not one that images.payment-keys takes | add it to \"sources\" of "
	 "images.payment-keys if it ties what runs to the image as well as the others do"},
	{"", OURS, "{" ANY ",\"allow\":[\"" MANIFEST "\"],\"sources\":[]}", "unbound", "*"},
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"sources\":[\"layout\"]}", "accepted",
	 "*"},
	{"cosign-legacy/p256", OURS, "{" ANY "," P256 ",\"snapshotters\":[\"native\"]}", "accepted",
	 "*"},
};

static void check_manifests(const __typeof__(manifests[0]) *row, size_t i)
{
	struct candidate candidate = {.manifest = {.digest = MANIFEST}, .config = CONFIG};
	struct binding binding = {.candidates = &candidate, .count = 1, .source = "layout"};
	hr_autofree char *name = row->name ? strdup(row->name) : NULL, *texts = NULL;
	struct answer answer;

	if (name)
		binding.names[binding.name_count++] = name;
	put(MANIFEST, row->signatures);
	ask("payment-keys", row->entries, &binding, &answer);
	expect_sound(answer.json, row->code);
	cr_expect_str_eq(json_string(answer.json, "digest"), MANIFEST);
	cr_expect_str_eq(json_string(answer.json, "config"), CONFIG);
	cr_expect_null(json_get(answer.json, "index"));
	texts = texts_of(answer.json);
	cr_expect(text_match(row->texts, texts), "row %zu: %s", i, texts);
	answer_done(&answer);
}
ROWS(image_judge, manifests)
