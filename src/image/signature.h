/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures over the digest of a manifest or index: cosign's simple signing and the sigstore
 * bundle v0.3. All that a signature says is untrusted until a key has verified it, and is judged
 * strictly afterwards: exact schema, no key twice, no unknown one, one document.
 */
#ifndef HR_IMAGE_SIGNATURE_H
#define HR_IMAGE_SIGNATURE_H

#include "image/requirement.h"

/* What was to be signed. */
struct signature_subject {
	const char *digest; /* of the manifest or index */
	const char *bytes;  /* that have this digest; NULL when they are not at hand */
	size_t len;
	const struct reference *name; /* by which the image is known; the signature's must fit it */
};

enum signature_result {
	SIGNATURE_GOOD,
	SIGNATURE_MALFORMED,	/* not of its format */
	SIGNATURE_OTHER_KEY,	/* no key of the entry made it */
	SIGNATURE_OTHER_DIGEST, /* verified, but about another image */
	SIGNATURE_OTHER_NAME,	/* verified, but for another repository or tag, or for none */
	SIGNATURE_OTHER_FORMAT, /* a format that the entry does not list, or nobody here reads */
	SIGNATURE_REFUSED,	/* verified, and says what the entry or the format does not allow */
	SIGNATURE_RESULTS
};

/* What was found. `why` is a clause of printable ASCII for people, with values as text_shown. */
struct signature_verdict {
	enum signature_result result;
	const char *format;	     /* "cosign", "bundle" */
	const struct image_key *key; /* that verified it; NULL for none */
	char why[320];
};

/* A payload and its signature in base64, as in a cosign ".sig" manifest. */
void signature_simple(const struct requirement_entry *entry,
		      const struct signature_subject *subject, const char *payload,
		      size_t payload_len, const char *signature, size_t signature_len,
		      struct signature_verdict *ret);

/* A sigstore bundle, JSON. */
void signature_bundle(const struct requirement_entry *entry,
		      const struct signature_subject *subject, const char *bundle, size_t len,
		      struct signature_verdict *ret);

#endif
