/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Over blanks, comments and line ends; false at the end of the text. */
static bool skip(struct reader *reader)
{
	while (reader->at < reader->len) {
		const char *at = reader->text + reader->at, *end;

		if (*at == '\n') {
			reader->line++;
			reader->line_start = ++reader->at;
		} else if (*at == '#') {
			end = memchr(at, '\n', reader->len - reader->at);
			reader->at = end ? (size_t)(end - reader->text) : reader->len;
		} else if (blank(*at)) {
			reader->at++;
		} else {
			return true;
		}
	}
	return false;
}

static bool ends_word(char c)
{
	return blank(c) || c == '\n' || c == '#' || c == '[' || c == ']';
}

static void take(struct reader *reader, struct word *ret)
{
	const char *start = reader->text + reader->at;
	size_t room = reader->len - reader->at, len = 1, kept;

	ret->at.line = reader->line;
	ret->at.column = (unsigned)(reader->at - reader->line_start) + 1;
	if (*start != '[' && *start != ']')
		while (len < room && !ends_word(start[len]))
			len++;
	kept = len < WORD_SIZE ? len : WORD_SIZE - 1;
	memcpy(ret->text, start, kept);
	ret->text[kept] = '\0';
	reader->at += len;
}

int reader_statement(struct reader *reader, struct word *ret)
{
	if (!skip(reader))
		return 0;
	take(reader, ret);
	if (ret->at.column == 1)
		return 1;
	return reader_fail(reader, &ret->at,
			   "an indented line goes on with a statement, and there is none above "
			   "it; begin statements at the left margin");
}

bool reader_word(struct reader *reader, struct word *ret)
{
	if (!skip(reader) || reader->at == reader->line_start)
		return false;
	take(reader, ret);
	return true;
}

int reader_fail(const struct reader *reader, const struct place *at, const char *fmt, ...)
{
	char message[HR_ERROR_MSG];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return hr_fail(reader->err, HR_POLICY, "%s:%u:%u: %s", reader->file, at->line, at->column,
		       message);
}

int reader_no_memory(const struct reader *reader)
{
	return hr_fail(reader->err, HR_SYSTEM, "%s: out of memory", reader->file);
}
