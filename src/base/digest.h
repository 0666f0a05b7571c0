/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4) as lower-case hex.
 */
#ifndef HR_BASE_DIGEST_H
#define HR_BASE_DIGEST_H

#include <stddef.h>

#define DIGEST_HEX 65 /* 64 digits and the NUL */

void digest_sha256(const char *bytes, size_t len, char ret[DIGEST_HEX]);

#endif
