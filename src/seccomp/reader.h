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
	struct place at;
};

#define TARGETS_MAX 256 /* calls of one statement */
#define VALUES_MAX  128 /* words behind one `is` */
#define TESTS_MAX   512 /* what they are cut into */

struct target {
	struct call *call;
	struct place at;
	bool of_group;
	const struct group *group; /* that it came from, where that has conditions */
};

struct targets {
	struct target list[TARGETS_MAX];
	size_t count;
};

struct range {
	uint32_t first, last;
};

struct values {
	struct range list[VALUES_MAX];
	size_t count;
};

/* For one statement at a time. The build fills every frame with zeroes: this one is made
 * once a source. */
struct scratch {
	struct targets targets;
	struct values values[SECCOMP_VARIANTS];
	struct test tests[TESTS_MAX];
};

struct statement {
	struct word word; /* the keyword */
	int answer;
	unsigned arches;
	struct targets *targets;
	struct condition conditions[SECCOMP_ARGS];
	size_t conditions_count;
};

struct reader {
	const char *file; /* as it stands in messages */
	const char *text;
	size_t len, at, line_start;
	unsigned line;
	unsigned depth; /* of include */
	unsigned layer; /* of its clauses; 0 as long as there was no statement but include */
	bool shared;	/* these are the groups that every source may use */
	struct seccomp_source *source;
	struct scratch *scratch;
	struct hr_error *err;
};

/* The first word of the next statement. 1, 0 at the end of the text, or -1 with an error. */
int reader_statement(struct reader *reader, struct word *ret);

/* The next word of the current statement; false at its end. */
bool reader_word(struct reader *reader, struct word *ret);

/* HR_POLICY "file:line:column: ...". Returns -1. */
int reader_fail(const struct reader *reader, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* HR_SYSTEM. Returns -1. */
int reader_no_memory(const struct reader *reader);

/* The calls of a statement, groups taken apart. 1 when `where` ended them, which is then in
 * ret_where, 0 at the end of the statement. An answered call must be one that the library
 * knows. */
int targets_parse(struct reader *reader, bool answered, struct targets *targets,
		  struct word *ret_where);

/* The statement that begins with `word`. */
int statement_parse(struct reader *reader, const struct word *word);

/* HR_POLICY: it names no system call. Returns -1. */
int statement_empty(const struct reader *reader, const struct statement *statement);

/* CALL... [where CONDITIONS], into the statement. */
int statement_calls(struct reader *reader, struct statement *statement);

/* group @NAME CALL... [where CONDITIONS] */
int group_parse(struct reader *reader, struct statement *statement);

/* Read a group of the library into the source; nothing happens if there is none of that
 * name. */
int group_load(struct reader *reader, const char *name);

/* [ARCH...] or [not ARCH...]: bits of enum seccomp_arch. `word` holds the opening bracket. */
int arches_parse(struct reader *reader, struct word *word, unsigned *ret);

/*
 * The conditions behind `where`, to the end of the statement: at most SECCOMP_ARGS. They
 * are about arguments of `call`.
 */
int where_parse(struct reader *reader, const struct word *where, const struct call *call,
		struct condition conditions[], size_t *ret_count);

/* True if one of the conditions is about that argument, on any architecture. */
bool argument_taken(const struct argument *argument, const struct condition conditions[],
		    size_t count);

#endif
