/* SPDX-License-Identifier: Apache-2.0 */
#include "image/base64.h"

#include "base/cleanup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character; -1 for one that is none of the alphabet's. */
static int bits_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* `len` characters without padding; what is left over at the end has to be zero bits. */
static int decode(const char *text, size_t len, char *ret, struct hr_error *err)
{
	uint32_t held = 0;
	unsigned count = 0;

	for (size_t i = 0; i < len; i++) {
		int bits = bits_of(text[i]);

		if (bits < 0)
			return hr_fail(err, HR_SPEC, "base64: character %zu is none of base64's",
				       i + 1);
		held = held << 6 | (uint32_t)bits;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*ret++ = (char)(unsigned char)(held >> count & 0xFF);
		}
	}
	if (held & ((1U << count) - 1))
		return hr_fail(err, HR_SPEC, "base64: character %zu has bits left over", len);
	return 0;
}

int base64_decode(const char *text, size_t len, char **ret, size_t *ret_len, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	size_t padding = 0;

	if (len % 4 != 0)
		return hr_fail(err, HR_SPEC, "base64: %zu characters are no multiple of 4", len);
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	bytes = malloc(len / 4 * 3 + 1);
	if (!bytes)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (decode(text, len - padding, bytes, err) < 0)
		return -1;
	*ret_len = len / 4 * 3 - padding;
	bytes[*ret_len] = '\0';
	*ret = hr_steal(bytes);
	return 0;
}

char *base64_encode(const char *bytes, size_t len)
{
	const unsigned char *from = (const unsigned char *)bytes;
	char *text, *to;

	if (len > SIZE_MAX / 4 * 3 - 3)
		return NULL;
	text = to = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t here = len - i < 3 ? len - i : 3;
		uint32_t held = (uint32_t)from[i] << 16;

		if (here > 1)
			held |= (uint32_t)from[i + 1] << 8;
		if (here > 2)
			held |= from[i + 2];
		*to++ = alphabet[held >> 18];
		*to++ = alphabet[held >> 12 & 63];
		*to++ = here > 1 ? alphabet[held >> 6 & 63] : '=';
		*to++ = here > 2 ? alphabet[held & 63] : '=';
	}
	*to = '\0';
	return text;
}
