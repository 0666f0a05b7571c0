/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool grow(struct text *text, size_t more)
{
	size_t need, room;
	char *data;

	if (text->failed || more > SIZE_MAX / 4 - text->len) {
		text->failed = true;
		return false;
	}
	need = text->len + more + 1;
	if (need <= text->room)
		return true;
	room = text->room ? text->room : 256;
	while (room < need)
		room *= 2;
	data = realloc(text->data, room);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
	if (!grow(text, len))
		return;
	if (len > 0)
		memcpy(text->data + text->len, bytes, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_adds(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_addf(struct text *text, const char *fmt, ...)
{
	va_list ap, again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len < 0)
		text->failed = true;
	else if (grow(text, (size_t)len)) {
		vsnprintf(text->data + text->len, (size_t)len + 1, fmt, again);
		text->len += (size_t)len;
	}
	va_end(again);
	va_end(ap);
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

static bool plain(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("/._:@=-", c));
}

const char *text_shown(const char *value, size_t len, char buf[TEXT_SHOWN_SIZE])
{
	size_t shown = len < TEXT_SHOWN_MAX ? len : TEXT_SHOWN_MAX, at = 0;

	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)value[i];

		if (plain(c))
			buf[at++] = (char)c;
		else
			at += (size_t)snprintf(buf + at, TEXT_SHOWN_SIZE - at, "\\x%02X", c);
	}
	snprintf(buf + at, TEXT_SHOWN_SIZE - at, "%s", shown < len ? "..." : "");
	return buf;
}

const char *text_shown_z(const char *value, char buf[TEXT_SHOWN_SIZE])
{
	return text_shown(value, strlen(value), buf);
}

bool text_in(const char *value, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(value, *list) == 0)
			return true;
	return false;
}

bool text_match(const char *pattern, const char *value)
{
	const char *star = NULL, *retry = NULL;

	while (*value != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			retry = value;
		} else if (*pattern == *value) {
			pattern++;
			value++;
		} else if (star) {
			pattern = star;
			value = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool text_starts(const char *value, const char *prefix)
{
	return strncmp(value, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *value, const char *suffix)
{
	size_t len = strlen(value), tail = strlen(suffix);

	return len >= tail && strcmp(value + len - tail, suffix) == 0;
}

bool text_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strcmp(directory, "/") == 0 ||
	       (strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

bool text_goes_up(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
			return true;
	return false;
}

void text_plain_path(const char *path, char *ret, size_t room)
{
	bool absolute = path[0] == '/';
	size_t at = 0;

	for (; *path && at + 1 < room; path++) {
		if (path[0] == '/' && (path[1] == '/' || (path[1] == '\0' && at > 0)))
			continue;
		if (path[0] == '/' && path[1] == '.' && (path[2] == '/' || path[2] == '\0')) {
			path++;
			continue;
		}
		ret[at++] = *path;
	}
	if (at == 0 && absolute && room > 1)
		ret[at++] = '/'; /* "/." */
	ret[at] = '\0';
}

#define LONGEST_NAME 40 /* bytes */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned text_distance(const char *a, const char *b)
{
	unsigned row[LONGEST_NAME + 1];
	size_t width = strlen(b);

	if (strlen(a) > LONGEST_NAME || width > LONGEST_NAME)
		return UINT8_MAX;
	for (unsigned j = 0; j <= width; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= width; j++) {
			unsigned above = row[j];

			row[j] = least(least(above, row[j - 1]) + 1,
				       corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[width];
}
