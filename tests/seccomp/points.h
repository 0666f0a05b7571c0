/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments worth trying for a call: what stands in any condition on it, one less and one
 * more, each single high bit, the sign extended, each bit of a mask and outside it flipped,
 * nothing and everything; all combinations when there are few, else a sample that starts
 * from what the rules ask for. The same seed gives the same points.
 */
#ifndef HR_TESTS_SECCOMP_POINTS_H
#define HR_TESTS_SECCOMP_POINTS_H

#include "side.h"

#define POINT_SIDES 3

struct points;

struct point_plan {
	const struct document *documents[POINT_SIDES]; /* NULL behind the last one */
	const struct abi *abi;
	uint32_t nr;
	size_t limit; /* points at most */
	uint64_t seed;
};

struct points *points_new(const struct point_plan *plan);
/* The next point's six arguments; false when there is no more. */
bool points_next(struct points *points, uint64_t args[6]);
void points_free(struct points *points);

/* splitmix64 */
uint64_t points_random(uint64_t *state);

#endif
