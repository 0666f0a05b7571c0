/* SPDX-License-Identifier: Apache-2.0 */
#include "image/digest.h"

#include "base/digest.h"
#include "base/text.h"

#include <string.h>

#define PREFIX_LEN (sizeof(IMAGE_DIGEST_PREFIX) - 1)
#define HEX_LEN	   (DIGEST_HEX - 1)

bool image_digest_sound(const char *text)
{
	if (!text || !text_starts(text, IMAGE_DIGEST_PREFIX))
		return false;
	text += PREFIX_LEN;
	return strspn(text, "0123456789abcdef") == HEX_LEN && text[HEX_LEN] == '\0';
}

void image_digest_of(const char *bytes, size_t len, char ret[IMAGE_DIGEST_SIZE])
{
	memcpy(ret, IMAGE_DIGEST_PREFIX, PREFIX_LEN);
	digest_sha256(bytes, len, ret + PREFIX_LEN);
}
