/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside seccomp/: the text of a source as statements and words. A statement begins at
 * the left margin and goes on over indented lines; # begins a comment; [ and ] are words
 * of their own.
 */
#ifndef HR_SECCOMP_READER_H
#define HR_SECCOMP_READER_H

#include "seccomp/source.h"

#define WORD_SIZE 160 /* bytes with the NUL; what is longer is cut, and so is no name */

struct word {
	char text[WORD_SIZE];
	unsigned line, column; /* from 1, in bytes */
};

struct reader {
	const char *file; /* as it stands in messages */
	const char *text;
	size_t len, at, line_start;
	unsigned line;
	unsigned depth;	 /* of include */
	bool statements; /* one was read that is no include */
	struct seccomp_source *source;
	struct hr_error *err;
};

/* The first word of the next statement. 1, 0 at the end of the text, or -1 with an error. */
int reader_statement(struct reader *reader, struct word *ret);

/* The next word of the current statement; false at its end. */
bool reader_word(struct reader *reader, struct word *ret);

/* HR_POLICY "file:line:column: ...". Returns -1. */
int reader_fail(const struct reader *reader, const struct word *word, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* HR_SYSTEM. Returns -1. */
int reader_no_memory(const struct reader *reader);

#define TARGETS_MAX 256 /* calls of one statement */

struct target {
	struct call *call;
	unsigned line, column;
};

struct targets {
	struct target list[TARGETS_MAX];
	size_t count;
};

/* The calls of a statement, groups taken apart. 1 when `where` ended them, which is then in
 * ret_where, 0 at the end of the statement. An answered call must be one that the library
 * knows. */
int targets_parse(struct reader *reader, bool answered, struct targets *targets,
		  struct word *ret_where);

/* [ARCH...] or [not ARCH...]: bits of enum seccomp_arch. `word` holds the opening bracket. */
int arches_parse(struct reader *reader, struct word *word, unsigned *ret);

/*
 * The conditions behind `where`, to the end of the statement: at most SECCOMP_ARGS. They
 * are about arguments of `call`.
 */
int where_parse(struct reader *reader, const struct word *where, const struct call *call,
		struct condition conditions[], size_t *ret_count);

#endif
