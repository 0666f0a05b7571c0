/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the words of a command line, one option at a time, by one table of flags and as
 * Go's flag package or getopt_long would. Of use to grammar*.c only. Borrows argv.
 */
#ifndef HR_OCI_GRAMMAR_READER_H
#define HR_OCI_GRAMMAR_READER_H

#include "oci/grammar.h"

enum grammar_token {
	TOKEN_OPTION,
	TOKEN_ARGUMENTS, /* argv[at] and what follows are arguments; at == argc: none */
	TOKEN_UNKNOWN,	 /* a flag that is not in the table */
	TOKEN_NO_VALUE,	 /* the line ends where the value of a flag should be */
	TOKEN_BAD_VALUE, /* a value that a boolean cannot have */
	TOKENS
};

struct grammar_reader {
	const struct grammar_flag *flags; /* ends with name NULL */
	bool go_flags;
	char *const *argv;
	int argc;
	int at;		     /* the next word; behind the offending one after an error */
	const char *cluster; /* getopt: what is left of a word of short options, or NULL */
	const char *name;    /* of the flag read last as it was spelled, without its value; */
	size_t name_len;     /* not NUL-terminated. Getopt's short options: the letter */
	bool attached;	     /* TOKEN_UNKNOWN: the word holds its value (--name=value) */
};

/* Read on. ret_option is set for TOKEN_OPTION only. */
enum grammar_token grammar_next(struct grammar_reader *reader, struct grammar_option *ret_option);

/* What every reading of the global flags leads to. */
struct grammar_found {
	int document;	     /* where create, run, restore, exec or update stands; 0: nowhere */
	int pass;	     /* where another command stands; 0: nowhere */
	int other;	     /* where a word stands that is no command; 0: nowhere */
	const char *unknown; /* name of the last unknown global flag, or NULL */
	size_t unknown_len;
	bool doubt; /* some flag was unknown, or several words may be the command */
};

/* Try every reading. A flag that is not in the table may or may not take the next word. */
int grammar_find(const struct grammar *grammar, int argc, char *const argv[],
		 struct grammar_found *ret_found, struct hr_error *err);

const struct grammar *grammar_of(enum runtime_kind kind);

/* The command called `word`, or NULL. */
const struct grammar_command *grammar_command(const struct grammar *grammar, const char *word);

#endif
