/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What yajl lets through and Go reads otherwise: checked on the bytes before the parser
 * sees them. RFC 3629 UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF), no
 * NUL byte and no escaped one, \u surrogates only in pairs.
 */
#ifndef HR_JSON_SCAN_H
#define HR_JSON_SCAN_H

#include <stddef.h>

/* Returns NULL when the bytes are sound; otherwise what is wrong, and its offset in
 * ret_offset (bytes from 0). */
const char *json_scan(const char *bytes, size_t len, size_t *ret_offset);

#endif
