/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter on one architecture, whatever it was read from: what each system call is
 * answered, by rules of which no two give different answers to the same arguments, and
 * what all others are. linux.seccomp and a source both become one, and only write.c makes
 * linux.seccomp of it.
 */
#ifndef HR_SECCOMP_FILTER_H
#define HR_SECCOMP_FILTER_H

#include "seccomp/arena.h"
#include "seccomp/compare.h"
#include "seccomp/seccomp.h"

#define SECCOMP_ARGS 6	  /* arguments of a system call */
#define FILTER_SLOTS 1024 /* of the table of calls; Linux has fewer than 600 */
#define FILTER_CALLS 900  /* the most that it takes */

/* Strictest first. */
enum act { ACT_KILL_PROCESS, ACT_KILL_THREAD, ACT_TRAP, ACT_ERRNO, ACT_LOG, ACT_ALLOW, ACTS };

struct answer {
	enum act act;
	unsigned number; /* ACT_ERRNO: the errno */
};

static inline bool answer_same(const struct answer *a, const struct answer *b)
{
	return a->act == b->act && (a->act != ACT_ERRNO || a->number == b->number);
}

static inline bool answer_passes(const struct answer *answer)
{
	return answer->act >= ACT_LOG;
}

/* The calls that pass the test of each argument. */
struct box {
	struct compare tests[SECCOMP_ARGS];
};

struct filter_rule {
	struct filter_rule *next;
	unsigned number;       /* in the order in which the call's rules were added */
	const struct json *at; /* the entry that it was read from, or NULL */
	struct answer answer;
	struct box box;
};

struct filter_call {
	struct filter_call *next; /* in the order in which they were named */
	const char *name;
	struct filter_rule *first, *last;
	size_t count;
	unsigned added; /* rules, those that went again included */
	bool unclear;	/* runtimes would read these rules in another way than as written */
	size_t read;	/* rules as the runtime makes them */
	bool read_always, read_asking; /* some without, some with conditions */
	bool read_tangled;	       /* one that libseccomp misreads beside others */
};

struct seccomp_filter {
	struct arena arena;
	struct answer other; /* than the calls that have rules, and where none holds */
	bool disjoint; /* no two rules of a call give different answers to the same arguments */
	struct filter_call *first, *last;
	size_t count;
	struct filter_call *slots[FILTER_SLOTS];
};

/* NULL when memory is gone. */
struct seccomp_filter *filter_new(struct answer other);

/* NULL when it has no rules. */
struct filter_call *filter_find(const struct seccomp_filter *filter, const char *name);

/* Found or made; NULL when memory is gone or the table is full. */
struct filter_call *filter_name(struct seccomp_filter *filter, const char *name);

/* Add a rule behind the others; NULL when memory is gone. `box` NULL: always. */
struct filter_rule *filter_add(struct seccomp_filter *filter, struct filter_call *call,
			       struct answer answer, const struct box *box);

/* filter_add, but no rule stays that another with the same answer covers. ret_rule (may be
 * NULL): the rule, or NULL where one was there. False when memory is gone. */
bool filter_add_once(struct seccomp_filter *filter, struct filter_call *call, struct answer answer,
		     const struct box *box, struct filter_rule **ret_rule);

/* True if the rule asks for nothing. */
bool filter_always(const struct filter_rule *rule);

/* --- Boxes (box.c) ------------------------------------------------------------------- */

/* Lists of boxes; a list that would be longer than BOXES is given up. */
#define BOXES 512

struct boxes {
	size_t count;
	bool full;     /* something did not fit: what is listed is not all */
	unsigned ints; /* of the call: bit N for argument N being an int (widths_ints) */
	struct box list[BOXES];
};

/* No box so far. */
void boxes_start(struct boxes *boxes, unsigned ints);

/* How many arguments it asks about. */
unsigned box_asked(const struct box *box);

bool box_covers(const struct box *a, const struct box *b);
bool box_apart(const struct box *a, const struct box *b);

/* What is in both, appended to `ret`: exact but for what compare_meet leaves out. */
void box_meet(const struct box *a, const struct box *b, struct boxes *ret);

/* What is in a and not in b, as disjoint boxes, appended to `ret`. */
void box_minus(const struct box *a, const struct box *b, struct boxes *ret);

/* The same set of values in masked equalities alone, into `ret`, which is empty. */
void box_plain(const struct box *box, struct boxes *ret);

/*
 * Why two lines of one source are better not both there; NULL for no reason. libseccomp
 * takes the first of two rules for the same arguments or fails, and which one that is
 * nobody should have to know.
 */
const char *box_conflict(const struct filter_rule *a, const struct filter_rule *b);

/*
 * True if libseccomp (2.5 and 2.6) reads the rules of a call as written, provided that those
 * with different answers are apart: all of them are masked equalities, or there is only
 * one, or each asks one thing. With other operators in rules
 * of several conditions it lets through what no rule allows, refuses what one does, or does
 * not come to an end.
 */
bool filter_call_plain(const struct filter_call *call);

/* True if libseccomp misreads a rule when the call has others (filter_call_plain). */
bool box_tangled(const struct box *box);

#endif
