/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yajl lets through and Go reads otherwise: checked on the bytes before the parser
 * sees them. RFC 3629 UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF), no
 * NUL byte and no escaped one, \u surrogates only in pairs.
 */
#ifndef HR_JSON_SCAN_H
#define HR_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Returns NULL when the bytes are sound; otherwise what is wrong, and its offset in
 * ret_offset (bytes from 0). */
const char *json_scan(const char *bytes, size_t len, size_t *ret_offset);

/* True if the bytes are RFC 3629 UTF-8, whatever they say; otherwise the offset of the
 * first that is not. */
bool json_scan_utf8(const char *bytes, size_t len, size_t *ret_offset);

#endif
