/* SPDX-License-Identifier: Apache-2.0 */
/* OCI digests (image-spec, descriptor.md), of which sha256 is the only one that is accepted. */
#ifndef HR_IMAGE_DIGEST_H
#define HR_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define IMAGE_DIGEST_PREFIX "sha256:"
#define IMAGE_DIGEST_SIZE   72 /* "sha256:", 64 lower-case hex digits and the NUL */

/* True for "sha256:" and 64 lower-case hex digits, nothing else. NULL is none. */
bool image_digest_sound(const char *text);

void image_digest_of(const char *bytes, size_t len, char ret[IMAGE_DIGEST_SIZE]);

#endif
