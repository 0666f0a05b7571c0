/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to engine/: the reader of TOML between its files.
 */
#ifndef HR_ENGINE_TOML_PRIVATE_H
#define HR_ENGINE_TOML_PRIVATE_H

#include "base/text.h"
#include "engine/toml.h"
#include "json/edit.h"

struct toml {
	const char *name;
	const char *text;
	size_t len, at;
	struct json_doc *doc;
	struct json *table; /* that the last header opened */
	unsigned depth;	    /* of values in one another */
	struct hr_error *err;
};

/* How a table or an array came to be: what may be added to it hangs on that. It is kept in
 * `text`, which has no other use in an object or array. */
extern const char toml_implied[]; /* by a longer header */
extern const char toml_header[];  /* by its own header, [x] or [[x]] */
extern const char toml_dotted[];  /* by a dotted key */
extern const char toml_inline[];  /* as a value: closed */
extern const char toml_tables[];  /* an array of tables */

int toml_fail(struct toml *toml, size_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int toml_no_memory(struct toml *toml);

/* The byte at the reader's place; 0 at the end (no NUL stands in the text). */
static inline char toml_peek(const struct toml *toml)
{
	return toml->at < toml->len ? toml->text[toml->at] : '\0';
}

static inline bool toml_starts(const struct toml *toml, const char *word)
{
	size_t i = 0;

	while (word[i] && toml->at + i < toml->len && toml->text[toml->at + i] == word[i])
		i++;
	return word[i] == '\0';
}

void toml_blanks(struct toml *toml);

/* A line's end, `\n` or `\r\n`: taken, and true. */
bool toml_newline(struct toml *toml);

/* A comment, if one stands here, up to its line's end. */
int toml_comment(struct toml *toml);

int toml_string(struct toml *toml, struct text *ret);

int toml_value(struct toml *toml, struct json **ret);

/* A number or a date. */
int toml_word(struct toml *toml, struct json **ret);

/* A header, [KEY] or [[KEY]]. */
int toml_section(struct toml *toml);

/* KEY = VALUE into `table`. */
int toml_pair(struct toml *toml, struct json *table);

#endif
