/* SPDX-License-Identifier: Apache-2.0 */
/* Private to image/signature*.c and image/statement.c: what both formats ask. */
#ifndef HR_IMAGE_SIGNATURE_PRIVATE_H
#define HR_IMAGE_SIGNATURE_PRIVATE_H

#include "image/signature.h"

/* What is signed about which image, and by whom it is asked. */
struct signature_case {
	const struct requirement_entry *entry;
	const struct signature_subject *subject;
	struct signature_verdict *ret;
};

/* Fill ret->result and ret->why. Returns false, so that a check can end with it. */
bool signature_fail(struct signature_case *self, enum signature_result result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Of what is verified: begins "by KEY ". */
bool signature_refuse(struct signature_case *self, enum signature_result result, const char *fmt,
		      ...) __attribute__((format(printf, 3, 4)));

/* True if one of the entry's keys made the signature, which is kept in ret->key. `hint` (may be
 * NULL) says which to try first. */
bool signature_verify(struct signature_case *self, const char *hint, const char *bytes, size_t len,
		      const char *signature, size_t signature_len);

/* NULL: an object that has all of `required`, perhaps some of `optional` (both NULL-terminated),
 * and nothing else. Otherwise the key that is too many or missing, for text_shown. */
const char *signature_keys(const struct json *object, const char *const *required,
			   const char *const *optional);

/* True if the value is an object whose values are strings, numbers and booleans, or NULL. */
bool signature_flat(const struct json *object);

/* "sha256:..." is the subject's digest. */
bool signature_digest(struct signature_case *self, const char *digest);

/* The name that was signed (NULL or empty for none) fits the image's as the entry asks. */
bool signature_name(struct signature_case *self, const char *name);

/* The entry's annotations stand in the object (NULL: none). */
bool signature_annotations(struct signature_case *self, const struct json *annotations);

/* An in-toto statement, verified, says that this image is signed (statement.c). */
bool statement_judge(struct signature_case *self, const char *payload, size_t len);

#endif
