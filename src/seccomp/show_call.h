/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside seccomp/: which arguments of a call are shown, and names of values on the machine that
 * this was built for, besides those that may stand in a source (constants.c).
 */
#ifndef HR_SECCOMP_SHOW_CALL_H
#define HR_SECCOMP_SHOW_CALL_H

#include "seccomp/source.h"

#define SHOW_ARGS  3   /* shown of one call at most */
#define SHOW_BYTES 120 /* of a call that is shown */

enum show {
	SHOW_NOTHING,
	SHOW_VALUE,    /* one of the names */
	SHOW_FLAGS,    /* names joined; in a table those of several bits come first */
	SHOW_CLONE,    /* flags without the signal */
	SHOW_TYPE,     /* of a socket, with its flags */
	SHOW_MODE,     /* S_IFCHR|0600 */
	SHOW_NUMBER,   /* decimal, with its sign */
	SHOW_SIGNAL,   /* SIGKILL */
	SHOW_PROTOCOL, /* of the family in argument 0 */
	SHOW_OPTION,   /* of the level in argument 1 */
	SHOW_COMMAND,  /* the value above the low byte (quotactl) */
	SHOWS
};

struct shown_argument {
	const char *label;
	unsigned index;
	enum show how;
	const struct constants *names; /* NULL: those of constants.c for this argument */
};

struct shown_call {
	const char *name;
	bool bare; /* without the labels: every argument is shown */
	struct shown_argument args[SHOW_ARGS];
};

/* NULL for a call of which nothing is shown. */
const struct shown_call *shown_find(const char *name);

/* True if the call has no arguments. */
bool shown_none(const char *name);

#endif
