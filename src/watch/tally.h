/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting of what was seen: rows that are the same but for their count are one. Bounded; what
 * comes when it is full is counted as `beyond`.
 */
#ifndef HR_WATCH_TALLY_H
#define HR_WATCH_TALLY_H

#include "watch/process.h"

#define WATCH_ROWS  1024
#define WATCH_NAMES 16	/* names of processes of one and the same call */
#define WATCH_CALLS 128 /* rows of one call, whatever its arguments; the rest is "others" */
#define WATCH_WHAT  512

struct watch_row {
	char what[WATCH_WHAT];	  /* a call with its arguments, a capability, a path */
	char answer[32];	  /* "EPERM", "continues", "read-only" */
	char process[WATCH_NAME]; /* who */
	char remedy[WATCH_WHAT];  /* the line that would allow it; "" for none */
	char note[WATCH_WHAT];	  /* "" for none */
	uint64_t count;
	bool runtime; /* by the runtime, before the container's program began */
};

struct watch_tally {
	struct watch_row *rows;
	size_t count;
	uint64_t beyond;
};

/* Count a row (its own count is ignored): equal in all but count and note. Memory that is gone
 * counts as full. */
void watch_count(struct watch_tally *tally, const struct watch_row *row);
/* Take one back of a row that was counted before. */
void watch_uncount(struct watch_tally *tally, const struct watch_row *row);
/* Most counted first, those of the runtime last. */
void watch_sort(struct watch_tally *tally);
void watch_tally_free(struct watch_tally *tally);

#endif
