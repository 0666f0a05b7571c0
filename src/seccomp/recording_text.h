/* SPDX-License-Identifier: Apache-2.0 */
/* Inside seccomp/: what becomes a learned profile, and the writing of it. */
#ifndef HR_SECCOMP_RECORDING_TEXT_H
#define HR_SECCOMP_RECORDING_TEXT_H

#include "seccomp/recording_data.h"

#define LEARNED_CALLS 1024

enum reason { REASON_MEASURED, REASON_RUNTIME, REASON_FLOOR, REASON_FAMILY, REASONS };

struct learned_call {
	char name[RECORDING_NAME];
	enum reason reason;
	const char *like; /* REASON_FAMILY: of which call */
	const struct recorded_call *recorded;
	struct box *boxes; /* NULL: whatever its arguments are */
	size_t boxes_count;
	bool full; /* the base lets more through than can be said */
};

/* Calls, or boxes of one call, that are refused with one errno. */
struct learned_answer {
	unsigned number;
	const char *call;  /* lives in the base */
	struct box *boxes; /* NULL: always */
	size_t boxes_count;
};

struct learned {
	const struct recording *recording;
	const struct seccomp_filter *base;
	enum seccomp_arch arch;
	struct learned_call calls[LEARNED_CALLS];
	size_t count;
	struct learned_answer answers[LEARNED_CALLS];
	size_t answers_count;
};

/* Add what a rule of the base answers; `through`: what is let through of the call, or NULL. False
 * when memory is gone. */
bool learned_answer(struct learned *learned, const struct filter_call *call,
		    const struct filter_rule *rule, const struct learned_call *through);
void learned_free_answers(struct learned *learned);

/* The source. False when memory is gone. */
bool learned_write(struct learned *learned, const struct recording_options *options,
		   struct text *ret);

#endif
