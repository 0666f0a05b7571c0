/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text: a growing buffer whose only failure (memory) is sticky and asked for once at the
 * end, and the one way in which a value from outside may stand in a message.
 */
#ifndef HR_BASE_TEXT_H
#define HR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data;  /* NUL-terminated once anything was added; NULL before */
	size_t len;  /* bytes without the NUL */
	size_t room; /* bytes allocated */
	bool failed; /* memory ran out: the content is not to be used */
};

void text_add(struct text *text, const char *bytes, size_t len);
void text_adds(struct text *text, const char *string);
void text_addf(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);
#define text_auto __attribute__((cleanup(text_free)))

#define TEXT_SHOWN_MAX	64			  /* bytes of a foreign value that are shown */
#define TEXT_SHOWN_SIZE (TEXT_SHOWN_MAX * 4 + 16) /* room for the escaped form, dots and NUL */

/*
 * Escape a value from outside for a message: at most TEXT_SHOWN_MAX bytes of it, every
 * byte outside [A-Za-z0-9/._:@=-] as \xNN (blanks too, so that neither a phrase that an
 * engine acts upon nor a terminal code can be formed), "..." behind what was cut.
 * Returns buf, so that it can stand in an argument list.
 */
const char *text_shown(const char *value, size_t len, char buf[TEXT_SHOWN_SIZE]);
const char *text_shown_z(const char *value, char buf[TEXT_SHOWN_SIZE]);

/* True if `list` holds `value`; list is NULL-terminated. */
bool text_in(const char *value, const char *const *list);

/*
 * Shell-style match of `value` against `pattern`, in which only `*` is special and stands
 * for any run of bytes, `/` included.
 */
bool text_match(const char *pattern, const char *value);

/* Letters to insert, drop or change to make b of a (Levenshtein), for "did you mean"; large
 * when one is longer than any name worth suggesting. */
unsigned text_distance(const char *a, const char *b);

/* A path without doubled slashes, "." components and a slash at its end, cut to `room` bytes
 * with the NUL; ".." stays. */
void text_plain_path(const char *path, char *ret, size_t room);

/* True if `path` is `directory` or below it, by their text: both plain, absolute. */
bool text_below(const char *path, const char *directory);

/* True if a component of the path is "..". */
bool text_goes_up(const char *path);

bool text_starts(const char *value, const char *prefix);
bool text_ends(const char *value, const char *suffix);

#endif
