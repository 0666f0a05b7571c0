/* SPDX-License-Identifier: Apache-2.0 */
#include "json/scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The number of continuation bytes behind lead byte c, and the range of the first one
 * (RFC 3629 section 4); -1 for a byte that starts nothing. */
static int utf8_lead(unsigned char c, unsigned char *ret_low, unsigned char *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xBF;
	if (c < 0x80)
		return 0;
	if (c >= 0xC2 && c <= 0xDF)
		return 1;
	if (c >= 0xE0 && c <= 0xEF) {
		if (c == 0xE0)
			*ret_low = 0xA0;
		if (c == 0xED)
			*ret_high = 0x9F;
		return 2;
	}
	if (c >= 0xF0 && c <= 0xF4) {
		if (c == 0xF0)
			*ret_low = 0x90;
		if (c == 0xF4)
			*ret_high = 0x8F;
		return 3;
	}
	return -1;
}

/* Bytes of the sequence at `at`, 0 if it is not RFC 3629. */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
	unsigned char low, high;
	int more = utf8_lead(at[0], &low, &high);

	if (more < 0 || (size_t)more >= left)
		return more == 0 ? 1 : 0;
	for (int i = 1; i <= more; i++) {
		if (at[i] < low || at[i] > high)
			return 0;
		low = 0x80;
		high = 0xBF;
	}
	return (size_t)more + 1;
}

/* The value of \uXXXX at `at`; -1 if it is none (yajl refuses a malformed one). */
static int32_t escaped_unit(const unsigned char *at, size_t left)
{
	static const char digits[] = "0123456789abcdef";
	int32_t unit = 0;

	if (left < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		unsigned char c = at[i];
		const char *digit;

		if (c >= 'A' && c <= 'F')
			c = (unsigned char)(c - 'A' + 'a');
		digit = c ? strchr(digits, c) : NULL;
		if (!digit)
			return -1;
		unit = unit * 16 + (int32_t)(digit - digits);
	}
	return unit;
}

/* Check the escape at `at`; its length in ret_len. */
static const char *scan_escape(const unsigned char *at, size_t left, size_t *ret_len)
{
	int32_t unit = escaped_unit(at, left);

	/* What is no escape at all is left to yajl, but its bytes are looked at. */
	*ret_len = left > 1 && at[1] == '\\' ? 2 : 1;
	if (unit < 0)
		return NULL;
	*ret_len = 6;
	if (unit == 0)
		return "an escaped NUL (\\u0000)";
	if (unit >= 0xDC00 && unit <= 0xDFFF)
		return "an unpaired surrogate";
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		int32_t pair = escaped_unit(at + 6, left - 6);

		if (pair < 0xDC00 || pair > 0xDFFF)
			return "an unpaired surrogate";
		*ret_len = 12;
	}
	return NULL;
}

const char *json_scan(const char *bytes, size_t len, size_t *ret_offset)
{
	const unsigned char *all = (const unsigned char *)bytes;

	for (size_t i = 0, step; i < len; i += step) {
		const char *wrong = NULL;

		step = 1;
		if (all[i] == '\0') {
			wrong = "a NUL byte";
		} else if (all[i] == '\\') {
			wrong = scan_escape(all + i, len - i, &step);
		} else {
			step = utf8_sequence(all + i, len - i);
			if (step == 0)
				wrong = "bytes that are not UTF-8 (RFC 3629)";
		}
		if (wrong) {
			*ret_offset = i;
			return wrong;
		}
	}
	return NULL;
}

bool json_scan_utf8(const char *bytes, size_t len, size_t *ret_offset)
{
	const unsigned char *all = (const unsigned char *)bytes;

	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_sequence(all + i, len - i);
		if (step == 0) {
			*ret_offset = i;
			return false;
		}
	}
	return true;
}
