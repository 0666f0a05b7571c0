/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "unit.h"

#include <stdint.h>

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

static const struct {
	const char *value;
	size_t len;
	const char *shown;
} shown[] = {
	{"", 0, ""},
	{"CAP_CHOWN", 9, "CAP_CHOWN"},
	{"/proc/1/ns/net", 14, "/proc/1/ns/net"},
	{"a:b@c=d-e.f_0", 13, "a:b@c=d-e.f_0"},
	{"no such file", 12, "no\\x20such\\x20file"},
	{"\"'\\", 3, "\\x22\\x27\\x5C"},
	{"\033[2J\n\t\r", 7, "\\x1B\\x5B2J\\x0A\\x09\\x0D"},
	{"\0", 1, "\\x00"},
	{"a\0b", 3, "a\\x00b"},
	{"\xC3\xA9\x7F\xFF", 4, "\\xC3\\xA9\\x7F\\xFF"},
	{"%s%n", 4, "\\x25s\\x25n"},
	{X60 "1234", 64, X60 "1234"},
	{X60 "12345", 65, X60 "1234..."},
	{X60 "123 5", 65, X60 "123\\x20..."},
};

static void check_shown(const __typeof__(shown[0]) *row, size_t i)
{
	char buf[TEXT_SHOWN_SIZE];

	cr_expect_str_eq(text_shown(row->value, row->len, buf), row->shown, "row %zu: %s", i, buf);
	if (strlen(row->value) == row->len)
		cr_expect_str_eq(text_shown_z(row->value, buf), row->shown, "row %zu", i);
}
ROWS(text, shown)

/* The longest escaped form fits, and every byte is escaped or in the list. */
Test(text, shown_every_byte)
{
	char value[TEXT_SHOWN_MAX * 2], guarded[TEXT_SHOWN_SIZE + 1];

	for (unsigned byte = 0; byte < 256; byte++) {
		memset(value, (int)byte, sizeof(value));
		guarded[TEXT_SHOWN_SIZE] = '#';
		text_shown(value, sizeof(value), guarded);
		cr_expect_eq(guarded[TEXT_SHOWN_SIZE], '#');
		cr_expect_str_eq(guarded + strlen(guarded) - 3, "...");
		for (const char *c = guarded; *c; c++)
			cr_expect((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
					  (*c >= 'a' && *c <= 'z') || strchr("/._:@=-\\", *c),
				  "byte %u gives %s", byte, guarded);
	}
}

static const struct {
	const char *pattern, *value;
	bool match;
} match[] = {
	{"", "", true},
	{"", "a", false},
	{"a", "", false},
	{"a", "a", true},
	{"a", "A", false},
	{"a", "ab", false},
	{"ab", "a", false},
	{"*", "", true},
	{"*", "anything/at/all", true},
	{"**", "", true},
	{"**", "x", true},
	{"pay-*", "pay-", true},
	{"pay-*", "pay-eu-1", true},
	{"pay-*", "pay", false},
	{"pay-*", "xpay-1", false},
	{"*-prod", "eu-prod", true},
	{"*-prod", "eu-prod-2", false},
	{"*-prod", "-prod-prod", true},
	{"a*b*c", "abc", true},
	{"a*b*c", "a-b-b-c", true},
	{"a*b*c", "a-c-b", false},
	{"a*b*c", "abcabcab", false},
	{"a*b*c", "abcabcabc", true},
	{"*a*", "bbb", false},
	{"*a*a", "a", false},
	{"*aab", "aaaab", true},
	{"?", "a", false}, /* only the star is special */
	{"?", "?", true},
	{"[a]", "a", false},
	{"\\*", "\\anything", true},
	{"a.c", "abc", false},
};

static void check_match(const __typeof__(match[0]) *row, size_t i)
{
	cr_expect_eq(text_match(row->pattern, row->value), row->match, "row %zu: %s %s", i,
		     row->pattern, row->value);
}
ROWS(text, match)

/* Many stars against a long value that does not match: no exponential search. */
Test(text, match_is_not_exponential, .timeout = 10)
{
	char value[20001], pattern[64] = "";

	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (unsigned i = 0; i < 15; i++)
		strcat(pattern, "*a*");
	strcat(pattern, "b");
	cr_expect_not(text_match(pattern, value));
}

static const struct {
	const char *value, *part;
	bool starts, ends;
} edges[] = {
	{"", "", true, true},
	{"a", "", true, true},
	{"", "a", false, false},
	{"moby", "moby", true, true},
	{"/run/moby", "/moby", false, true},
	{"hardrun-web", "hardrun-", true, false},
	{"run", "hardrun", false, false},
	{"aa", "aaa", false, false},
};

static void check_edges(const __typeof__(edges[0]) *row, size_t i)
{
	cr_expect_eq(text_starts(row->value, row->part), row->starts, "row %zu", i);
	cr_expect_eq(text_ends(row->value, row->part), row->ends, "row %zu", i);
}
ROWS(text, edges)

Test(text, in)
{
	static const char *const list[] = {"mount", "pid", "", NULL};
	static const char *const none[] = {NULL};

	cr_expect(text_in("mount", list));
	cr_expect(text_in("", list));
	cr_expect_not(text_in("moun", list));
	cr_expect_not(text_in("mounts", list));
	cr_expect_not(text_in("mount", none));
}

Test(text, add)
{
	text_auto struct text text = {0};

	cr_expect_null(text.data);
	text_add(&text, "", 0);
	cr_assert_not_null(text.data);
	cr_expect_str_eq(text.data, "");
	text_adds(&text, "one");
	text_add(&text, "\0two", 4);
	text_addf(&text, "%d-%s", 3, "three");
	cr_expect_eq(text.len, 14);
	cr_expect_arr_eq(text.data, "one\0two3-three", 15);
	cr_expect_not(text.failed);
}

Test(text, grows)
{
	text_auto struct text text = {0};
	char block[777];

	memset(block, 'z', sizeof(block));
	for (size_t i = 1; i <= 300; i++) {
		text_add(&text, block, sizeof(block));
		text_addf(&text, "%zu", i % 10);
		cr_assert_eq(text.len, i * (sizeof(block) + 1));
		cr_assert(text.room > text.len);
		cr_assert_eq(text.data[text.len], '\0');
	}
	for (size_t i = 1; i <= 300; i++)
		cr_assert_eq(text.data[i * (sizeof(block) + 1) - 1], (char)('0' + i % 10));
}

Test(text, below)
{
	static const struct {
		const char *path, *directory;
		bool below;
	} rows[] = {
		{"/a", "/a", true},    {"/a/b", "/a", true}, {"/ab", "/a", false},
		{"/a", "/a/b", false}, {"/a", "/", true},    {"/", "/", true},
		{"/", "/a", false},    {"/b", "/a", false},
	};

	for (size_t i = 0; i < hr_count(rows); i++)
		cr_expect_eq(text_below(rows[i].path, rows[i].directory), rows[i].below, "row %zu",
			     i);
}

Test(text, goes_up)
{
	static const char *const up[] = {"..",	 "/..",	 "../a",     "/a/../b",
					 "a/..", "//..", "/a/.../.."};
	static const char *const stays[] = {"",	   "/",	       "/a..",	  "/..a",
					    "...", "/a/.../b", "/a..b/c", "."};

	for (size_t i = 0; i < hr_count(up); i++)
		cr_expect(text_goes_up(up[i]), "%s", up[i]);
	for (size_t i = 0; i < hr_count(stays); i++)
		cr_expect_not(text_goes_up(stays[i]), "%s", stays[i]);
}

/* The only failure is sticky, and what was there is still owned. */
Test(text, failure_is_sticky)
{
	struct text text = {0};

	text_adds(&text, "kept");
	text_add(&text, "x", SIZE_MAX / 2);
	cr_expect(text.failed);
	text_adds(&text, "more");
	text_addf(&text, "%d", 1);
	cr_expect(text.failed);
	cr_expect_eq(text.len, 4);
	text_free(&text);
	cr_expect_null(text.data);
	cr_expect_not(text.failed);
}
