/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of the four kinds. */
#include "engine/toml_private.h"

#include <string.h>

/* Bytes below blank, but for the tab, and DEL stand nowhere. */
static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static void add_utf8(struct text *to, unsigned code)
{
	char bytes[4];
	size_t len = 0;

	if (code < 0x80) {
		bytes[len++] = (char)code;
	} else if (code < 0x800) {
		bytes[len++] = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		bytes[len++] = (char)(0xe0 | code >> 12);
		bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
	} else {
		bytes[len++] = (char)(0xf0 | code >> 18);
		bytes[len++] = (char)(0x80 | (code >> 12 & 0x3f));
		bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
	}
	if (code >= 0x80)
		bytes[len++] = (char)(0x80 | (code & 0x3f));
	text_add(to, bytes, len);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int code_point(struct toml *toml, unsigned digits, struct text *to)
{
	size_t start = toml->at;
	unsigned code = 0;

	for (unsigned i = 0; i < digits; i++, toml->at++) {
		int digit = hex_value(toml_peek(toml));

		if (digit < 0)
			return toml_fail(toml, start, "an escape with too few hex digits");
		code = code << 4 | (unsigned)digit;
	}
	if (code == 0)
		return toml_fail(toml, start,
				 "an escaped NUL, which no file name or word can hold");
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return toml_fail(toml, start, "an escape that is no Unicode character");
	add_utf8(to, code);
	return 0;
}

/* Behind a backslash. */
static int escape(struct toml *toml, struct text *to)
{
	static const char from[] = "btnfr\"\\", into[] = "\b\t\n\f\r\"\\";
	char c = toml_peek(toml);
	const char *known = c ? strchr(from, c) : NULL;

	toml->at++;
	if (known) {
		text_add(to, &into[known - from], 1);
		return 0;
	}
	if (c == 'u' || c == 'U')
		return code_point(toml, c == 'u' ? 4 : 8, to);
	return toml_fail(toml, toml->at - 1, "an escape that TOML has not");
}

/* A backslash at the end of a line: blanks and line ends behind it are no part of the string. */
static bool folded(struct toml *toml)
{
	size_t start = toml->at;

	toml_blanks(toml);
	if (!toml_newline(toml)) {
		toml->at = start;
		return false;
	}
	do
		toml_blanks(toml);
	while (toml_newline(toml));
	return true;
}

/* Quotes of a multi-line string: one or two are text, the last three of up to five close it. */
static bool closes(struct toml *toml, char quote, struct text *to)
{
	size_t count = 0;

	while (toml->at + count < toml->len && toml->text[toml->at + count] == quote && count < 5)
		count++;
	toml->at += count;
	if (count < 3)
		text_add(to, quote == '"' ? "\"\"" : "''", count);
	else
		text_add(to, quote == '"' ? "\"\"" : "''", count - 3);
	return count >= 3;
}

static int multi_line(struct toml *toml, char quote, struct text *to)
{
	size_t start = toml->at;

	toml->at += 3;
	toml_newline(toml);
	while (toml->at < toml->len) {
		char c = toml_peek(toml);

		if (c == quote) {
			if (closes(toml, quote, to))
				return 0;
		} else if (toml_newline(toml)) {
			text_add(to, "\n", 1);
		} else if (is_control(c)) {
			return toml_fail(toml, toml->at, "a control character in a string");
		} else {
			toml->at++;
			if (c != '\\' || quote == '\'')
				text_add(to, &c, 1);
			else if (!folded(toml) && escape(toml, to) < 0)
				return -1;
		}
	}
	return toml_fail(toml, start, "a string that does not end");
}

static int one_line(struct toml *toml, char quote, struct text *to)
{
	size_t start = toml->at++;

	for (;;) {
		char c = toml_peek(toml);

		if (toml->at >= toml->len || c == '\n' || c == '\r')
			return toml_fail(toml, start, "a string that does not end in its line");
		if (is_control(c))
			return toml_fail(toml, toml->at, "a control character in a string");
		toml->at++;
		if (c == quote)
			return 0;
		if (c != '\\' || quote == '\'')
			text_add(to, &c, 1);
		else if (escape(toml, to) < 0)
			return -1;
	}
}

int toml_string(struct toml *toml, struct text *ret)
{
	char quote = toml_peek(toml);
	int result;

	if (toml_starts(toml, quote == '"' ? "\"\"\"" : "'''"))
		result = multi_line(toml, quote, ret);
	else
		result = one_line(toml, quote, ret);
	text_add(ret, "", 0);
	return result == 0 && ret->failed ? toml_no_memory(toml) : result;
}

int toml_comment(struct toml *toml)
{
	if (toml_peek(toml) != '#')
		return 0;
	while (toml->at < toml->len && toml->text[toml->at] != '\n' && !toml_starts(toml, "\r\n")) {
		if (is_control(toml->text[toml->at]))
			return toml_fail(toml, toml->at, "a control character in a comment");
		toml->at++;
	}
	return 0;
}
