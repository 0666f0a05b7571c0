/* SPDX-License-Identifier: Apache-2.0 */
/* in-toto Statement (github.com/in-toto/attestation, spec/v1/statement.md), as cosign signs. */
#include "image/signature_private.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/manifest.h"

#include <stdio.h>
#include <string.h>

#define PREDICATE "https://sigstore.dev/cosign/sign/v1"

static const char *const none[] = {NULL};
static const char *const types[] = {"https://in-toto.io/Statement/v1",
				    "https://in-toto.io/Statement/v0.1", NULL};
static const char *const root_keys[] = {"_type", "predicateType", "subject", NULL};
static const char *const root_optional[] = {"predicate", NULL};
static const char *const subject_keys[] = {"digest", NULL};
static const char *const subject_optional[] = {"name", "annotations", NULL};
static const char *const digest_keys[] = {"sha256", NULL};

static bool refuse_key(struct signature_case *self, const char *odd)
{
	char shown[TEXT_SHOWN_SIZE];

	return signature_refuse(self, SIGNATURE_REFUSED,
				"over a statement with a key missing or unknown: %s",
				text_shown_z(odd, shown));
}

static bool judge_subject(struct signature_case *self, const struct json *about)
{
	const struct json *digests = json_get(about, "digest"), *name = json_get(about, "name");
	const struct json *annotations = json_get(about, "annotations");
	const char *odd = signature_keys(about, subject_keys, subject_optional);
	const char *hex = json_string(digests, "sha256");
	char digest[IMAGE_DIGEST_SIZE + 1];

	if (!odd)
		odd = signature_keys(digests, digest_keys, none);
	if (odd)
		return refuse_key(self, odd);
	if (!hex || (name && name->type != JSON_STRING) || !signature_flat(annotations))
		return signature_refuse(self, SIGNATURE_REFUSED,
					"over a statement with a value of a wrong type");
	/* One byte more than a digest has: a longer one stays too long. */
	snprintf(digest, sizeof(digest), "%s%s", IMAGE_DIGEST_PREFIX, hex);
	return signature_digest(self, digest) && signature_name(self, name ? name->text : NULL) &&
	       signature_annotations(self, annotations);
}

static bool judge_root(struct signature_case *self, const struct json *root)
{
	const struct json *subject = json_get(root, "subject");
	const struct json *predicate = json_get(root, "predicate");
	const char *type = json_string(root, "_type");
	const char *about = json_string(root, "predicateType");
	const char *odd = signature_keys(root, root_keys, root_optional);
	char shown[TEXT_SHOWN_SIZE];

	if (odd)
		return refuse_key(self, odd);
	if (!type || !about || subject->type != JSON_ARRAY ||
	    (predicate && predicate->type != JSON_OBJECT))
		return signature_refuse(self, SIGNATURE_REFUSED,
					"over a statement with a value of a wrong type");
	if (!text_in(type, types))
		return signature_refuse(self, SIGNATURE_REFUSED, "over a statement of type %s",
					text_shown_z(type, shown));
	if (strcmp(about, PREDICATE) != 0)
		return signature_refuse(self, SIGNATURE_REFUSED,
					"over an attestation (%s), which is no signature",
					text_shown_z(about, shown));
	if (json_count(subject) != 1)
		return signature_refuse(self, SIGNATURE_REFUSED,
					"over a statement about %zu subjects instead of one",
					json_count(subject));
	return judge_subject(self, subject->first);
}

bool statement_judge(struct signature_case *self, const char *payload, size_t len)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error why = {0};

	if (manifest_parse("statement", payload, len, &doc, &why) < 0)
		return signature_refuse(self, SIGNATURE_REFUSED, "over what is refused: %s",
					why.msg);
	return judge_root(self, json_root(doc));
}
