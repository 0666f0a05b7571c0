/* SPDX-License-Identifier: Apache-2.0 */
/* Strict base64 (RFC 4648, section 4): padded, no blanks or newlines, no bits left over. */
#ifndef HR_IMAGE_BASE64_H
#define HR_IMAGE_BASE64_H

#include "base/error.h"

#include <stddef.h>

/* Decode `len` characters; the caller frees *ret, which has a NUL behind its *ret_len bytes.
 * Error: HR_SPEC (what is wrong and at which character), HR_SYSTEM (memory). */
int base64_decode(const char *text, size_t len, char **ret, size_t *ret_len, struct hr_error *err);

/* The caller frees what is returned; NULL when memory is gone. */
char *base64_encode(const char *bytes, size_t len);

#endif
