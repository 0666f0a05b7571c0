/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside seccomp/: what a recording is, and the names that are in a learned profile although
 * nobody called them.
 */
#ifndef HR_SECCOMP_RECORDING_DATA_H
#define HR_SECCOMP_RECORDING_DATA_H

#include "seccomp/filter.h"
#include "seccomp/names.h"
#include "seccomp/recording.h"

#define RECORDING_CALLS 1024 /* different calls; those above are not kept */
#define RECORDING_BY	16   /* names of processes kept of one call */
#define RECORDING_NAME	64   /* bytes of one, and of a call, with the NUL */
#define RECORDING_KEYS	32   /* texts */
#define RECORDING_TEXT	1024 /* bytes of one, with the NUL */

struct recorded_values {
	uint64_t args[SECCOMP_ARGS]; /* 0 where nothing asks */
};

struct recorded_call {
	struct recorded_call *next; /* in the order in which they were first made */
	char name[RECORDING_NAME];
	uint64_t count, runtime, refused; /* by the container, by the runtime; of both refused */
	unsigned asked;			  /* bit N: argument N is kept */
	bool more;			  /* more values than are kept */
	size_t values_count, values_room;
	struct recorded_values *values;
	size_t by_count;
	char by[RECORDING_BY][RECORDING_NAME];
};

struct recorded_text {
	char key[RECORDING_NAME];
	char *text;
};

struct recording {
	const char *arch; /* as of seccomp_native */
	char *base;
	bool complete;
	bool failed; /* memory was gone: what is here is not all */
	struct recorded_call *first, *last;
	size_t count;
	struct recorded_text texts[RECORDING_KEYS];
	size_t text_count;
};

/* NULL when it was never made. */
struct recorded_call *recording_find(const struct recording *recording, const char *name);

/* Found or made; NULL when memory is gone, there are too many, or it is no name. */
struct recorded_call *recording_call(struct recording *recording, const char *name);

/* True if it is the name of a call, or "syscall N...". */
bool recording_good_name(const char *name);

/* One more argument tuple; those that are there are not added again. */
void recorded_add_values(struct recording *recording, struct recorded_call *call,
			 const uint64_t args[SECCOMP_ARGS]);

void recorded_add_by(struct recorded_call *call, const char *by);

/* Keep one more argument; what was kept without it is not enough to tell any more. */
void recorded_ask(struct recorded_call *call, unsigned asked);

/* --- Names (recording_names.c) -------------------------------------------------------- */

/* What runc and crun call between loading the filter and running the program. */
extern const char *const recording_runtimes[];

#define FAMILY_CALLS 8
struct recording_family {
	const char *calls[FAMILY_CALLS + 1]; /* NULL-terminated */
};

/* Calls that stand for each other; the last one has no calls. */
extern const struct recording_family recording_families[];
extern const struct recording_family recording_younger[];

/* The part of a profile that a call stands in: 0 ... recording_sections() - 1. */
unsigned recording_section(const char *call);
const char *recording_section_title(unsigned section);
#define RECORDING_SECTIONS 9

/* --- Statements (recording_lines.c) --------------------------------------------------- */

/*
 * The boxes of a call that has conditions in the base: for what was recorded, or (NULL, or more
 * than was kept) all that the base lets through. ret_full: something could not be said in a
 * source and is left out. The caller frees ret. False when memory is gone.
 */
bool recording_boxes(const struct filter_call *call, const struct recorded_call *recorded,
		     struct box **ret, size_t *ret_count, bool *ret_full);

/* How a box is written: by name where it is for the machine that this was built for. */
struct recording_boxes {
	const char *call;
	const char *arch;
	struct box *list;
	size_t count;
};

/* `KEYWORD CALL where ...` for what is in the boxes, as few statements as that takes. The tests
 * are masked equalities of low halves. False when memory is gone. */
bool recording_lines(const char *keyword, const struct recording_boxes *boxes, struct text *ret);

#endif
