/* SPDX-License-Identifier: Apache-2.0 */
/* github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md, "Simple Signing". */
#include "image/signature_private.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/limits.h"
#include "image/manifest.h"

#include <string.h>

#define SIMPLE_TYPE "cosign container image signature"

static const char *const none[] = {NULL};
static const char *const root_keys[] = {"critical", NULL};
static const char *const root_optional[] = {"optional", NULL};
static const char *const critical_keys[] = {"identity", "image", "type", NULL};
static const char *const identity_keys[] = {"docker-reference", NULL};
static const char *const image_keys[] = {"docker-manifest-digest", NULL};

/* NULL when exactly the keys of the format are there. */
static const char *odd_key(const struct json *root)
{
	const struct json *critical = json_get(root, "critical");
	const char *odd = signature_keys(root, root_keys, root_optional);

	if (!odd)
		odd = signature_keys(critical, critical_keys, none);
	if (!odd)
		odd = signature_keys(json_get(critical, "identity"), identity_keys, none);
	if (!odd)
		odd = signature_keys(json_get(critical, "image"), image_keys, none);
	return odd;
}

static bool judge_payload(struct signature_case *self, const struct json *root)
{
	const struct json *optional = json_get(root, "optional");
	const char *type = json_string(json_get(root, "critical"), "type");
	const char *name = json_string(json_path(root, "critical.identity"), "docker-reference");
	const char *digest =
		json_string(json_path(root, "critical.image"), "docker-manifest-digest");
	const char *odd = odd_key(root);
	char shown[TEXT_SHOWN_SIZE];

	if (odd)
		return signature_refuse(self, SIGNATURE_REFUSED,
					"over a payload with a key missing or unknown: %s",
					text_shown_z(odd, shown));
	if (!type || !name || !digest || !signature_flat(optional))
		return signature_refuse(self, SIGNATURE_REFUSED,
					"over a payload with a value of a wrong type");
	if (strcmp(type, SIMPLE_TYPE) != 0)
		return signature_refuse(self, SIGNATURE_REFUSED, "of type %s",
					text_shown_z(type, shown));
	return signature_digest(self, digest) && signature_name(self, name) &&
	       signature_annotations(self, optional);
}

static bool judge_bytes(struct signature_case *self, const char *payload, size_t len)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error why = {0};

	if (manifest_parse("payload", payload, len, &doc, &why) < 0)
		return signature_refuse(self, SIGNATURE_REFUSED, "over what is refused: %s",
					why.msg);
	return judge_payload(self, json_root(doc));
}

void signature_simple(const struct requirement_entry *entry,
		      const struct signature_subject *subject, const char *payload,
		      size_t payload_len, const char *signature, size_t signature_len,
		      struct signature_verdict *ret)
{
	struct signature_case self = {.entry = entry, .subject = subject, .ret = ret};
	hr_autofree char *bytes = NULL;
	struct hr_error why = {0};
	size_t len = 0;

	*ret = (struct signature_verdict){.result = SIGNATURE_MALFORMED, .format = "cosign"};
	if (!entry->cosign)
		signature_fail(&self, SIGNATURE_OTHER_FORMAT,
			       "in the format cosign, which the "
			       "policy does not list");
	else if (payload_len > IMAGE_PAYLOAD_MAX)
		signature_fail(&self, SIGNATURE_MALFORMED, "over a payload that is too long");
	else if (base64_decode(signature, signature_len, &bytes, &len, &why) < 0)
		signature_fail(&self, SIGNATURE_MALFORMED, "that is none: %s", why.msg);
	else if (len == 0)
		signature_fail(&self, SIGNATURE_MALFORMED, "that is empty");
	else if (signature_verify(&self, NULL, payload, payload_len, bytes, len) &&
		 judge_bytes(&self, payload, payload_len))
		ret->result = SIGNATURE_GOOD;
}
