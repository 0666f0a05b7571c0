/* SPDX-License-Identifier: Apache-2.0 */
#include "json/scan.h"

#include "unit.h"

#define TEXT(literal) literal, sizeof(literal) - 1

#define UTF8	  "UTF-8"
#define NUL	  "NUL"
#define SURROGATE "surrogate"

/* RFC 3629 section 4 by its edges, and what the \u escapes add. */
static const struct {
	const char *bytes;
	size_t len;
	const char *wrong; /* NULL: sound */
	size_t offset;
} bytes[] = {
	{TEXT(""), NULL, 0},
	{TEXT("plain { } \x01 \x7F"), NULL, 0},
	{TEXT("\xC2\x80 \xDF\xBF"), NULL, 0},
	{TEXT("\xE0\xA0\x80 \xEC\xBF\xBF \xED\x80\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"),
	 NULL, 0},
	{TEXT("\xF0\x90\x80\x80 \xF3\xBF\xBF\xBF \xF4\x8F\xBF\xBF"), NULL, 0},
	/* bytes that begin nothing */
	{TEXT("a\x80"), UTF8, 1},
	{TEXT("ab\xBF"), UTF8, 2},
	{TEXT("\xC0\x80"), UTF8, 0}, /* the overlong NUL */
	{TEXT("\xC1\xBF"), UTF8, 0},
	{TEXT("abc\xF5\x80\x80\x80"), UTF8, 3},
	{TEXT("\xF8\x88\x80\x80\x80"), UTF8, 0},
	{TEXT("\xFE"), UTF8, 0},
	{TEXT("\xFF"), UTF8, 0},
	/* overlong, surrogates, too large */
	{TEXT("\xE0\x80\x80"), UTF8, 0},
	{TEXT("\xE0\x9F\xBF"), UTF8, 0},
	{TEXT("\xF0\x80\x80\x80"), UTF8, 0},
	{TEXT("\xF0\x8F\xBF\xBF"), UTF8, 0},
	{TEXT("x\xED\xA0\x80"), UTF8, 1},
	{TEXT("\xED\xBF\xBF"), UTF8, 0},
	{TEXT("\xED\xA0\xBD\xED\xB8\x80"), UTF8, 0}, /* CESU-8 */
	{TEXT("\xF4\x90\x80\x80"), UTF8, 0},
	/* cut short, or continued by something else */
	{TEXT("\xC3"), UTF8, 0},
	{TEXT("a\xE2\x82"), UTF8, 1},
	{TEXT("\xF0\x9F\x98"), UTF8, 0},
	{TEXT("\xC3\x28"), UTF8, 0},
	{TEXT("\xE2\x28\xA1"), UTF8, 0},
	{TEXT("\xE2\x82\x28"), UTF8, 0},
	{TEXT("\xF0\x9F\x28\x80"), UTF8, 0},
	{TEXT("\xF0\x9F\x98\x28"), UTF8, 0},
	{TEXT("\xC3\xC3\xA9"), UTF8, 0},
	/* NUL, as a byte and escaped */
	{TEXT("\0"), NUL, 0},
	{TEXT("{}\0"), NUL, 2},
	{TEXT("\"\\u0000\""), NUL, 1},
	{TEXT("\"ab\\u0000\""), NUL, 3},
	{TEXT("\"\\\\u0000\""), NULL, 0},
	{TEXT("\"\\\\\\u0000\""), NUL, 3},
	{TEXT("\"\\u00000\""), NUL, 1},
	{TEXT("\"\\u0001\\u00A0\""), NULL, 0},
	/* surrogates */
	{TEXT("\"\\uD83D\\uDE00\""), NULL, 0},
	{TEXT("\"\\ud83d\\ude00\""), NULL, 0},
	{TEXT("\"\\uD800\\uDC00 \\uDBFF\\uDFFF\""), NULL, 0},
	{TEXT("\"\\uD7FF\\uE000\""), NULL, 0},
	{TEXT("\"\\uD83D\""), SURROGATE, 1},
	{TEXT("\"\\uDE00\""), SURROGATE, 1},
	{TEXT("\"\\uDFFF\""), SURROGATE, 1},
	{TEXT("\"\\uDBFF\""), SURROGATE, 1},
	{TEXT("\"\\uD83D\\uD83D\""), SURROGATE, 1},
	{TEXT("\"\\uDE00\\uD83D\""), SURROGATE, 1},
	{TEXT("\"\\uD83Dx\\uDE00\""), SURROGATE, 1},
	{TEXT("\"\\uD83D\\\\uDE00\""), SURROGATE, 1},
	{TEXT("\"\\uD83D\\u\""), SURROGATE, 1},
	{TEXT("\"\\uD83D\\u0041\""), SURROGATE, 1},
	{TEXT("\"\\uD83D\xED\xB8\x80\""), SURROGATE, 1},
	{TEXT("\"\\uD83D\\uDE00\\uDE00\""), SURROGATE, 13},
	{TEXT("\"\\uD83"), NULL, 0}, /* the parser refuses what is no escape */
	{TEXT("\"\\u00g0\""), NULL, 0},
	{TEXT("\\"), NULL, 0},
	{TEXT("\\u"), NULL, 0},
	/* behind a backslash as anywhere: the byte is looked at */
	{TEXT("\"\\\xC3\xA9\""), NULL, 0},
	{TEXT("\"\\\x80\""), UTF8, 2},
	{TEXT("// \\\0"), NUL, 4},
};

static void check_bytes(const __typeof__(bytes[0]) *row, size_t i)
{
	/* On the heap and without a NUL, so that the sanitizer sees a byte read too far. */
	hr_autofree char *copy = malloc(row->len ? row->len : 1);
	size_t offset = 4711;
	const char *wrong;

	cr_assert_not_null(copy);
	memcpy(copy, row->bytes, row->len);
	wrong = json_scan(copy, row->len, &offset);
	if (!row->wrong) {
		cr_expect_null(wrong, "row %zu: %s at %zu", i, wrong, offset);
		return;
	}
	cr_assert_not_null(wrong, "row %zu must be refused", i);
	cr_expect_not_null(strstr(wrong, row->wrong), "row %zu: %s", i, wrong);
	cr_expect_eq(offset, row->offset, "row %zu: %zu", i, offset);
}
ROWS(scan, bytes)

/* A reference by decoding: every two bytes, and every code point, encoded. */
Test(scan, all_pairs_of_bytes)
{
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = 1; b < 256; b++) {
			char pair[2] = {(char)a, (char)b};
			bool sound = (a < 0x80 && b < 0x80) ||
				     (a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF);
			size_t offset;

			cr_assert_eq(json_scan(pair, 2, &offset) == NULL, sound, "%02X %02X", a, b);
		}
}

static size_t encode(unsigned rune, char out[4])
{
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (char)(0xC0 | rune >> 6);
		out[1] = (char)(0x80 | (rune & 0x3F));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (char)(0xE0 | rune >> 12);
		out[1] = (char)(0x80 | (rune >> 6 & 0x3F));
		out[2] = (char)(0x80 | (rune & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | rune >> 18);
	out[1] = (char)(0x80 | (rune >> 12 & 0x3F));
	out[2] = (char)(0x80 | (rune >> 6 & 0x3F));
	out[3] = (char)(0x80 | (rune & 0x3F));
	return 4;
}

Test(scan, every_code_point)
{
	for (unsigned rune = 1; rune < 0x1FFFFF; rune++) {
		char sequence[4];
		size_t len = encode(rune, sequence), offset;
		bool sound = rune <= 0x10FFFF && (rune < 0xD800 || rune > 0xDFFF);

		if (rune != 0x5C)
			cr_assert_eq(json_scan(sequence, len, &offset) == NULL, sound, "U+%04X",
				     rune);
	}
}
