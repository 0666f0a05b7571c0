/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool bracket(char c)
{
	return c == '[' || c == ']';
}

/* Over blanks, comments and line ends; false at the end of the text. */
static bool skip(struct reader *reader)
{
	bool comment = false;

	for (; reader->at < reader->len; reader->at++) {
		char c = reader->text[reader->at];

		if (c == '\n') {
			comment = false;
			reader->line++;
			reader->line_start = reader->at + 1;
		} else if (c == '#') {
			comment = true;
		} else if (!comment && !blank(c)) {
			return true;
		}
	}
	return false;
}

static void take(struct reader *reader, struct word *ret)
{
	size_t len = 0;

	ret->line = reader->line;
	ret->column = (unsigned)(reader->at - reader->line_start) + 1;
	while (reader->at < reader->len) {
		char c = reader->text[reader->at];

		if (blank(c) || c == '\n' || c == '#' || (bracket(c) && len > 0))
			break;
		if (len < WORD_SIZE - 1)
			ret->text[len++] = c;
		reader->at++;
		if (bracket(c))
			break;
	}
	ret->text[len] = '\0';
}

int reader_statement(struct reader *reader, struct word *ret)
{
	if (!skip(reader))
		return 0;
	take(reader, ret);
	if (ret->column == 1)
		return 1;
	return reader_fail(reader, ret,
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

int reader_fail(const struct reader *reader, const struct word *word, const char *fmt, ...)
{
	char message[HR_ERROR_MSG];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return hr_fail(reader->err, HR_POLICY, "%s:%u:%u: %s", reader->file, word->line,
		       word->column, message);
}

int reader_no_memory(const struct reader *reader)
{
	return hr_fail(reader->err, HR_SYSTEM, "%s: out of memory", reader->file);
}
