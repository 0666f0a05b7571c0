/* SPDX-License-Identifier: Apache-2.0 */
/* The child's side of `add`: records. Everything here is hostile. */
#include "base/cleanup.h"
#include "base/file.h"
#include "image/add.h"
#include "image/base64.h"
#include "image/limits.h"
#include "image/manifest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREDICATE "https://sigstore.dev/cosign/sign/v1"

/* --- Records -------------------------------------------------------------------------------- */

struct piece {
	const char *bytes;
	size_t len;
};

static int write_record(struct finds *finds, enum find_kind kind, const char *digest,
			struct piece first, struct piece second, struct hr_error *err)
{
	struct find_head head = {.kind = (uint32_t)kind,
				 .first_len = (uint32_t)first.len,
				 .second_len = (uint32_t)second.len};

	finds->written += sizeof(head) + first.len + second.len;
	if (finds->written > FINDS_MAX)
		return hr_fail(err, HR_SPEC, "more than %zu bytes of manifests and signatures",
			       FINDS_MAX);
	if (digest)
		snprintf(head.digest, sizeof(head.digest), "%s", digest);
	if (file_write_fd(finds->fd, "finds", (const char *)&head, sizeof(head), err) < 0 ||
	    file_write_fd(finds->fd, "finds", first.bytes, first.len, err) < 0)
		return -1;
	return file_write_fd(finds->fd, "finds", second.bytes, second.len, err);
}

int find_manifest(struct finds *finds, const char *digest, const char *bytes, size_t len,
		  struct hr_error *err)
{
	return write_record(finds, FIND_MANIFEST, digest, (struct piece){bytes, len},
			    (struct piece){NULL, 0}, err);
}

int find_line(struct finds *finds, enum find_kind kind, struct hr_error *err, const char *fmt, ...)
{
	char line[HR_ERROR_MSG];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return write_record(finds, kind, NULL, (struct piece){line, strlen(line)},
			    (struct piece){NULL, 0}, err);
}

/* A line when what came from outside is wrong, an error when it is us. */
static int refuse(struct finds *finds, const char *shown, const struct hr_error *why,
		  struct hr_error *err)
{
	if (why->code == HR_SYSTEM)
		return hr_fail(err, why->code, "%s", why->msg);
	return find_line(finds, FIND_REFUSED, err, "%s: %s", shown, why->msg);
}

static bool is_wanted(const struct finds *finds, const char *digest)
{
	for (size_t i = 0; i < finds->only_count; i++)
		if (strcmp(finds->only[i], digest) == 0)
			return true;
	return !finds->only;
}

/* --- cosign --------------------------------------------------------------------------------- */

static int read_payload(const char *payload, size_t len, char ret[IMAGE_DIGEST_SIZE],
			struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	const char *digest;

	if (manifest_parse("payload", payload, len, &doc, err) < 0)
		return -1;
	digest = json_string(json_path(json_root(doc), "critical.image"), "docker-manifest-digest");
	if (!image_digest_sound(digest))
		return hr_fail(err, HR_SPEC, "the payload names no sha256 digest of a manifest");
	memcpy(ret, digest, IMAGE_DIGEST_SIZE);
	return 0;
}

static int check_signature(const char *signature, size_t len, struct hr_error *err)
{
	hr_autofree char *decoded = NULL;
	size_t decoded_len = 0;

	if (base64_decode(signature, len, &decoded, &decoded_len, err) < 0)
		return hr_context(err, "the signature");
	return decoded_len > 0 ? 0 : hr_fail(err, HR_SPEC, "the signature is empty");
}

int find_cosign(struct finds *finds, const char *digest, const char *shown, const char *payload,
		size_t payload_len, const char *signature, size_t signature_len,
		struct hr_error *err)
{
	char named[IMAGE_DIGEST_SIZE];
	struct hr_error why = {0};

	if (check_signature(signature, signature_len, &why) < 0 ||
	    (!digest && read_payload(payload, payload_len, named, &why) < 0))
		return refuse(finds, shown, &why, err);
	if (!digest)
		digest = named;
	if (!is_wanted(finds, digest))
		return 0;
	return write_record(finds, FIND_COSIGN, digest, (struct piece){payload, payload_len},
			    (struct piece){signature, signature_len}, err);
}

/* --- Bundles -------------------------------------------------------------------------------- */

struct stated {
	char digest[IMAGE_DIGEST_SIZE];
	bool bundle;	/* it is one */
	bool signature; /* of an image, and no attestation */
};

static int state_digest(const char *hex, struct stated *ret, struct hr_error *err)
{
	if (hex && strlen(hex) < IMAGE_DIGEST_SIZE)
		snprintf(ret->digest, sizeof(ret->digest), "%s%.64s", IMAGE_DIGEST_PREFIX, hex);
	if (hex && strlen(hex) == 64 && image_digest_sound(ret->digest))
		return 0;
	ret->digest[0] = '\0';
	return hr_fail(err, HR_SPEC, "the bundle names no sha256 digest");
}

static int read_statement(const struct json *envelope, struct stated *ret, struct hr_error *err)
{
	const char *payload = json_string(envelope, "payload"), *predicate;
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *bytes = NULL;
	const struct json *subjects;
	size_t len = 0;

	if (!payload)
		return hr_fail(err, HR_SPEC, "an envelope without a payload");
	if (base64_decode(payload, strlen(payload), &bytes, &len, err) < 0 ||
	    manifest_parse("statement", bytes, len, &doc, err) < 0)
		return -1;
	predicate = json_string(json_root(doc), "predicateType");
	subjects = json_get(json_root(doc), "subject");
	ret->signature = predicate && strcmp(predicate, PREDICATE) == 0;
	return state_digest(subjects && subjects->type == JSON_ARRAY
				    ? json_string(json_get(subjects->first, "digest"), "sha256")
				    : NULL,
			    ret, err);
}

static int read_message(const struct json *message, struct stated *ret, struct hr_error *err)
{
	const char *text = json_string(json_get(message, "messageDigest"), "digest");
	hr_autofree char *bytes = NULL;
	char hex[65] = "";
	size_t len = 0;

	if (!text || base64_decode(text, strlen(text), &bytes, &len, err) < 0)
		return hr_fail(err, HR_SPEC, "a message without a digest");
	for (size_t i = 0; i < len && len == 32; i++)
		snprintf(hex + i * 2, 3, "%02x", (unsigned)(unsigned char)bytes[i]);
	ret->signature = true;
	return state_digest(hex, ret, err);
}

static int read_bundle(const char *bytes, size_t len, struct stated *ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	const struct json *envelope, *message;

	if (len > IMAGE_BUNDLE_MAX)
		return hr_fail(err, HR_SPEC, "a bundle of more than %zu bytes", IMAGE_BUNDLE_MAX);
	if (manifest_parse("bundle", bytes, len, &doc, err) < 0)
		return -1;
	envelope = json_get(json_root(doc), "dsseEnvelope");
	message = json_get(json_root(doc), "messageSignature");
	ret->bundle = envelope || message;
	if (envelope)
		return read_statement(envelope, ret, err);
	if (message)
		return read_message(message, ret, err);
	return hr_fail(err, HR_SPEC, "is no sigstore bundle");
}

int find_bundle(struct finds *finds, const char *digest, const char *shown, const char *bytes,
		size_t len, bool any, struct hr_error *err)
{
	struct stated stated = {.bundle = false};
	struct hr_error why = {0};
	int read = read_bundle(bytes, len, &stated, &why);

	/* With a digest at hand it need not be a sound one: to add is not to believe. */
	if (read < 0 && (why.code == HR_SYSTEM || !digest || !any || !stated.bundle))
		return refuse(finds, shown, &why, err);
	if (!any && !stated.signature)
		return find_line(finds, FIND_PASSED, err,
				 "%s: an attestation, and no signature of an image", shown);
	if (!digest)
		digest = stated.digest;
	if (!is_wanted(finds, digest))
		return 0;
	return write_record(finds, FIND_BUNDLE, digest, (struct piece){bytes, len},
			    (struct piece){NULL, 0}, err);
}
