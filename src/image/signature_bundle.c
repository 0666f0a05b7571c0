/* SPDX-License-Identifier: Apache-2.0 */
/*
 * github.com/sigstore/protobuf-specs, protos/sigstore_bundle.proto and sigstore_common.proto, as
 * JSON; github.com/secure-systems-lab/dsse, envelope.md and protocol.md.
 */
#include "image/signature_private.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/limits.h"
#include "image/manifest.h"

#include <stdlib.h>
#include <string.h>

#define BUNDLE_TYPE	"application/vnd.dev.sigstore.bundle.v0.3+json"
#define BUNDLE_TYPES	"application/vnd.dev.sigstore.bundle"
#define STATEMENT_TYPE	"application/vnd.in-toto+json"
#define SHA256_BYTES	32
#define NOT_READ_BINARY "that is binary, as those of GPG and COSE are, which are not read"

static const char *const none[] = {NULL};
static const char *const root_keys[] = {"mediaType", "verificationMaterial", NULL};
static const char *const root_optional[] = {"dsseEnvelope", "messageSignature", NULL};
static const char *const material_keys[] = {"publicKey", NULL};
static const char *const material_optional[] = {"tlogEntries", "timestampVerificationData", NULL};
static const char *const public_key_optional[] = {"hint", NULL};
static const char *const envelope_keys[] = {"payload", "payloadType", "signatures", NULL};
static const char *const sig_keys[] = {"sig", NULL};
static const char *const sig_optional[] = {"keyid", NULL};
static const char *const message_keys[] = {"messageDigest", "signature", NULL};
static const char *const message_digest_keys[] = {"algorithm", "digest", NULL};

struct bytes {
	char *data;
	size_t len;
};

static bool malformed(struct signature_case *self, const char *what)
{
	return signature_fail(self, SIGNATURE_MALFORMED, "that is no bundle v0.3: %s", what);
}

static bool check_keys(struct signature_case *self, const struct json *object,
		       const char *const *required, const char *const *optional)
{
	const char *odd = signature_keys(object, required, optional);
	char shown[TEXT_SHOWN_SIZE];

	if (!odd)
		return true;
	return signature_fail(self, SIGNATURE_MALFORMED,
			      "that is no bundle v0.3: a key missing or unknown: %s",
			      text_shown_z(odd, shown));
}

/* A member in base64, not empty, of at most `max` bytes. The caller frees ret->data. */
static bool read_bytes(struct signature_case *self, const struct json *object, const char *key,
		       size_t max, struct bytes *ret)
{
	const char *text = json_string(object, key);
	struct hr_error why = {0};

	if (!text || !text[0])
		return malformed(self, "a value that is empty, or no string");
	if (base64_decode(text, strlen(text), &ret->data, &ret->len, &why) < 0)
		return malformed(self, why.msg);
	return ret->len <= max ? true : malformed(self, "a value that is too long");
}

/* --- DSSE ----------------------------------------------------------------------------------- */

/* Both lengths are in it, so that no byte can move from the type into the payload. */
static bool encode(struct text *ret, const char *type, const struct bytes *payload)
{
	text_addf(ret, "DSSEv1 %zu %s %zu ", strlen(type), type, payload->len);
	text_add(ret, payload->data, payload->len);
	return !ret->failed;
}

static bool judge_payload(struct signature_case *self, const char *hint, const char *type,
			  const struct bytes *payload, const struct bytes *signature)
{
	text_auto struct text encoded = {0};
	char shown[TEXT_SHOWN_SIZE];

	if (!encode(&encoded, type, payload))
		return malformed(self, "out of memory");
	if (!signature_verify(self, hint, encoded.data, encoded.len, signature->data,
			      signature->len))
		return false;
	if (strcmp(type, STATEMENT_TYPE) != 0)
		return signature_refuse(self, SIGNATURE_REFUSED, "over a payload of type %s",
					text_shown_z(type, shown));
	return statement_judge(self, payload->data, payload->len);
}

static bool judge_envelope(struct signature_case *self, const char *hint,
			   const struct json *envelope)
{
	const struct json *list = json_get(envelope, "signatures"), *keyid;
	const char *type = json_string(envelope, "payloadType");
	struct bytes payload = {0}, signature = {0};
	bool good;

	if (!check_keys(self, envelope, envelope_keys, none))
		return false;
	if (list->type != JSON_ARRAY || json_count(list) != 1)
		return malformed(self, "it has other than one signature");
	if (!check_keys(self, list->first, sig_keys, sig_optional))
		return false;
	keyid = json_get(list->first, "keyid");
	if (!type || (keyid && keyid->type != JSON_STRING))
		return malformed(self, "a value of a wrong type");
	good = read_bytes(self, envelope, "payload", IMAGE_PAYLOAD_MAX, &payload) &&
	       read_bytes(self, list->first, "sig", IMAGE_PAYLOAD_MAX, &signature) &&
	       judge_payload(self, hint, type, &payload, &signature);
	free(payload.data);
	free(signature.data);
	return good;
}

/* --- A signature over the manifest's bytes -------------------------------------------------- */

static bool judge_message(struct signature_case *self, const char *hint, const struct bytes *digest,
			  const struct bytes *signature)
{
	const struct signature_subject *subject = self->subject;
	static const char hex[] = "0123456789abcdef";
	char said[IMAGE_DIGEST_SIZE] = IMAGE_DIGEST_PREFIX, is[IMAGE_DIGEST_SIZE];
	char *to = said + strlen(said);

	if (digest->len != SHA256_BYTES)
		return malformed(self, "a digest that is no SHA-256");
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		*to++ = hex[(unsigned char)digest->data[i] >> 4];
		*to++ = hex[digest->data[i] & 15];
	}
	if (!subject->bytes)
		return signature_fail(self, SIGNATURE_REFUSED,
				      "over the manifest's bytes, which are not at hand (hardrun "
				      "image add --manifest FILE)");
	image_digest_of(subject->bytes, subject->len, is);
	if (strcmp(is, subject->digest) != 0)
		return signature_fail(self, SIGNATURE_REFUSED,
				      "over the manifest's bytes, and those at hand are others");
	if (!signature_verify(self, hint, subject->bytes, subject->len, signature->data,
			      signature->len))
		return false;
	return signature_digest(self, said) && signature_name(self, NULL) &&
	       signature_annotations(self, NULL);
}

static bool judge_message_signature(struct signature_case *self, const char *hint,
				    const struct json *message)
{
	const struct json *about = json_get(message, "messageDigest");
	const char *algorithm = json_string(about, "algorithm");
	struct bytes digest = {0}, signature = {0};
	bool good;

	if (!check_keys(self, message, message_keys, none) ||
	    !check_keys(self, about, message_digest_keys, none))
		return false;
	if (!algorithm || strcmp(algorithm, "SHA2_256") != 0)
		return malformed(self, "a digest that is no SHA2_256");
	good = read_bytes(self, about, "digest", SHA256_BYTES, &digest) &&
	       read_bytes(self, message, "signature", IMAGE_PAYLOAD_MAX, &signature) &&
	       judge_message(self, hint, &digest, &signature);
	free(digest.data);
	free(signature.data);
	return good;
}

/* --- The bundle ----------------------------------------------------------------------------- */

/* What is a signature of another kind is told as such. */
static bool other_format(struct signature_case *self, const struct json *root)
{
	const struct json *material = json_get(root, "verificationMaterial");
	const char *type = json_string(root, "mediaType");
	char shown[TEXT_SHOWN_SIZE];

	if (json_get(root, "protected") && json_get(root, "signature"))
		return signature_fail(self, SIGNATURE_OTHER_FORMAT,
				      "of the Notary Project, which is not verified here");
	if (type && text_starts(type, BUNDLE_TYPES) && strcmp(type, BUNDLE_TYPE) != 0)
		return signature_fail(self, SIGNATURE_OTHER_FORMAT,
				      "in the format %s, of which v0.3 is read alone",
				      text_shown_z(type, shown));
	if (json_get(material, "certificate") || json_get(material, "x509CertificateChain"))
		return signature_fail(self, SIGNATURE_OTHER_FORMAT,
				      "with a certificate (keyless), which is not verified here");
	return true;
}

/* One of the two, and the other not even as null. */
static bool one_of_two(const struct json *root)
{
	size_t count = 0;

	json_each(member, root)
		if (text_in(member->key, root_optional))
			count++;
	return count == 1;
}

static bool judge_bundle(struct signature_case *self, const struct json *root)
{
	const struct json *material = json_get(root, "verificationMaterial"), *hint;
	const struct json *envelope = json_get(root, "dsseEnvelope");
	const struct json *message = json_get(root, "messageSignature");
	const char *type = json_string(root, "mediaType"), *shown;

	if (!other_format(self, root) || !check_keys(self, root, root_keys, root_optional) ||
	    !check_keys(self, material, material_keys, material_optional) ||
	    !check_keys(self, json_get(material, "publicKey"), none, public_key_optional))
		return false;
	hint = json_path(material, "publicKey.hint");
	if (!type || strcmp(type, BUNDLE_TYPE) != 0)
		return malformed(self, "another mediaType");
	if (hint && hint->type != JSON_STRING)
		return malformed(self, "a hint that is no string");
	if (!one_of_two(root) || (!envelope && !message))
		return malformed(self, "other than one of dsseEnvelope and messageSignature");
	shown = hint && hint->text[0] ? hint->text : NULL;
	return envelope ? judge_envelope(self, shown, envelope)
			: judge_message_signature(self, shown, message);
}

static bool judge_bytes(struct signature_case *self, const char *bundle, size_t len)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error why = {0};

	if (len > IMAGE_BUNDLE_MAX)
		return malformed(self, "it is too long");
	if (len > 0 && (unsigned char)bundle[0] >= 0x80)
		return signature_fail(self, SIGNATURE_OTHER_FORMAT, NOT_READ_BINARY);
	if (manifest_parse("bundle", bundle, len, &doc, &why) < 0)
		return malformed(self, why.msg);
	return judge_bundle(self, json_root(doc));
}

void signature_bundle(const struct requirement_entry *entry,
		      const struct signature_subject *subject, const char *bundle, size_t len,
		      struct signature_verdict *ret)
{
	struct signature_case self = {.entry = entry, .subject = subject, .ret = ret};

	*ret = (struct signature_verdict){.result = SIGNATURE_MALFORMED, .format = "bundle"};
	if (!entry->bundle)
		signature_fail(&self, SIGNATURE_OTHER_FORMAT,
			       "in the format bundle, which the "
			       "policy does not list");
	else if (judge_bytes(&self, bundle, len))
		ret->result = SIGNATURE_GOOD;
}
