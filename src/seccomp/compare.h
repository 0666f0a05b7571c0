/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a filter can ask about one argument, and the sets of 64-bit values that such
 * questions stand for. runc, crun and the kernel compare all 64 bits, whatever the system
 * call makes of them. Masked equality is the form that can be cut and joined: bits that are
 * fixed and bits that are free.
 */
#ifndef HR_SECCOMP_COMPARE_H
#define HR_SECCOMP_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op {
	OP_ANY, /* nothing is asked */
	OP_MASKED_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GE,
	OP_GT,
	OPS
};

/* OP_MASKED_EQ: (argument & mask) == value. The others compare with value; mask is 0. */
struct compare {
	enum op op;
	uint64_t mask, value;
};

#define COMPARE_PARTS 256 /* the most that one answer of compare_meet is cut into */

struct compares {
	size_t count;
	struct compare list[COMPARE_PARTS];
};

/* Masked equality; EQ is one over all bits. What can never hold is the caller's to avoid. */
struct compare compare_masked(uint64_t mask, uint64_t value);

bool compare_same(const struct compare *a, const struct compare *b);

/* True if every value that passes b passes a. */
bool compare_covers(const struct compare *a, const struct compare *b);

/* True if no value passes both. */
bool compare_apart(const struct compare *a, const struct compare *b);

/*
 * The values that pass both, as disjoint parts; none if they are apart. Of an int (`is_int`)
 * the kernel reads the low half, so what is cut is cut there: of the values that only bits 32
 * to 63 let pass some may be left out. False when it takes too many parts.
 */
bool compare_meet(const struct compare *a, const struct compare *b, bool is_int,
		  struct compares *ret);

/* Any question as masked equalities, with what compare_meet leaves out. */
bool compare_cubes(const struct compare *c, bool is_int, struct compares *ret);

/* The values that do not pass, as disjoint parts. */
void compare_not(const struct compare *a, struct compares *ret);

#endif
