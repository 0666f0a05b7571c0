/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/compare.h"

#include "base/cleanup.h"

#define LOW_BITS ((uint64_t)UINT32_MAX)

enum share { SHARE_NONE, SHARE_SOME, SHARE_ALL };

struct interval {
	uint64_t first, last; /* both in it; first > last: empty */
};

struct compare compare_masked(uint64_t mask, uint64_t value)
{
	return (struct compare){.op = OP_MASKED_EQ, .mask = mask, .value = value & mask};
}

bool compare_same(const struct compare *a, const struct compare *b)
{
	return a->op == b->op && a->mask == b->mask && a->value == b->value;
}

/* Of the four that order. */
static struct interval interval_of(const struct compare *c)
{
	if (c->op == OP_LT)
		return c->value ? (struct interval){0, c->value - 1} : (struct interval){1, 0};
	if (c->op == OP_LE)
		return (struct interval){0, c->value};
	if (c->op == OP_GE)
		return (struct interval){c->value, UINT64_MAX};
	return c->value == UINT64_MAX ? (struct interval){1, 0}
				      : (struct interval){c->value + 1, UINT64_MAX};
}

static enum share share_masked(const struct compare *cube, const struct compare *c)
{
	if ((cube->value ^ c->value) & cube->mask & c->mask)
		return SHARE_NONE;
	return (c->mask & ~cube->mask) ? SHARE_SOME : SHARE_ALL;
}

/* How many of the values of `cube`, a masked equality, pass c. */
static enum share share_of(const struct compare *cube, const struct compare *c)
{
	uint64_t least = cube->value, most = cube->value | ~cube->mask;
	struct interval range;

	if (c->op == OP_ANY)
		return SHARE_ALL;
	if (c->op == OP_MASKED_EQ)
		return share_masked(cube, c);
	if (c->op == OP_NE) {
		if ((c->value & cube->mask) != cube->value)
			return SHARE_ALL;
		return cube->mask == UINT64_MAX ? SHARE_NONE : SHARE_SOME;
	}
	range = interval_of(c);
	if (range.first > range.last || most < range.first || least > range.last)
		return SHARE_NONE;
	return least >= range.first && most <= range.last ? SHARE_ALL : SHARE_SOME;
}

static bool never(const struct compare *c)
{
	struct interval range;

	if (c->op < OP_LT)
		return false;
	range = interval_of(c);
	return range.first > range.last;
}

/* Neither is a masked equality. */
static bool covers_ordered(const struct compare *a, const struct compare *b)
{
	struct interval outer, inner;

	if (a->op == OP_NE && b->op == OP_NE)
		return a->value == b->value;
	if (b->op == OP_NE) { /* a range of all but that value, which is at one of its ends */
		outer = interval_of(a);
		return outer.first <= (b->value == 0) &&
		       outer.last >= UINT64_MAX - (b->value == UINT64_MAX);
	}
	inner = interval_of(b);
	if (a->op == OP_NE)
		return a->value < inner.first || a->value > inner.last;
	outer = interval_of(a);
	return outer.first <= inner.first && inner.last <= outer.last;
}

bool compare_covers(const struct compare *a, const struct compare *b)
{
	const struct compare all = {.op = OP_MASKED_EQ};

	if (a->op == OP_ANY || never(b))
		return true;
	if (b->op == OP_ANY)
		b = &all;
	if (b->op == OP_MASKED_EQ)
		return share_of(b, a) == SHARE_ALL;
	if (a->op == OP_MASKED_EQ)
		return a->mask == 0;
	return covers_ordered(a, b);
}

bool compare_apart(const struct compare *a, const struct compare *b)
{
	struct interval x, y;

	if (never(a) || never(b))
		return true;
	if (a->op == OP_ANY || b->op == OP_ANY)
		return false;
	if (a->op == OP_MASKED_EQ)
		return share_of(a, b) == SHARE_NONE;
	if (b->op == OP_MASKED_EQ)
		return share_of(b, a) == SHARE_NONE;
	if (a->op == OP_NE && b->op == OP_NE)
		return false;
	x = a->op == OP_NE ? (struct interval){a->value, a->value} : interval_of(a);
	y = b->op == OP_NE ? (struct interval){b->value, b->value} : interval_of(b);
	if (a->op == OP_NE || b->op == OP_NE) /* apart: the range is the one value left out */
		return x.first == y.first && x.last == y.last;
	return x.last < y.first || y.last < x.first;
}

static bool put(struct compares *ret, const struct compare *part)
{
	if (ret->count == COMPARE_PARTS)
		return false;
	ret->list[ret->count++] = *part;
	return true;
}

/* The parts of the cube that pass c, which is no masked equality, by halves: as deep as there
 * are bits, and one of two halves is decided at each step. */
static bool split(const struct compare *cube, const struct compare *c, struct compares *ret)
{
	struct compare half = *cube;
	enum share share = share_of(cube, c);
	uint64_t bit;

	if (share == SHARE_NONE)
		return true;
	if (share == SHARE_ALL)
		return put(ret, cube);
	bit = (uint64_t)1 << (63 - __builtin_clzll(~cube->mask));
	half.mask |= bit;
	if (!split(&half, c, ret))
		return false;
	half.value |= bit;
	return split(&half, c, ret);
}

/* An int is cut in its lower half, with 0 in the upper one; where a larger value passes as
 * well, the upper half is left free again. */
static bool cut(const struct compare *cube, const struct compare *c, bool is_int,
		struct compares *ret)
{
	bool upwards = (c->op == OP_NE || c->op == OP_GE || c->op == OP_GT) && c->value <= LOW_BITS;
	struct compare low = *cube;
	size_t first = ret->count;

	if (!is_int || cube->value > LOW_BITS)
		return split(cube, c, ret);
	low.mask |= ~LOW_BITS;
	if (!split(&low, c, ret))
		return false;
	for (size_t i = first; i < ret->count && upwards; i++)
		ret->list[i].mask &= LOW_BITS | cube->mask;
	return true;
}

bool compare_cubes(const struct compare *c, bool is_int, struct compares *ret)
{
	const struct compare all = {.op = OP_MASKED_EQ};

	ret->count = 0;
	if (c->op == OP_MASKED_EQ)
		return put(ret, c);
	return cut(&all, c, is_int, ret);
}

/* Neither is a masked equality. */
static bool meet_ordered(const struct compare *a, const struct compare *b, bool is_int,
			 struct compares *ret)
{
	hr_unset struct compares parts;

	if (!compare_cubes(a, is_int, &parts))
		return false;
	for (size_t i = 0; i < parts.count; i++)
		if (!cut(&parts.list[i], b, is_int, ret))
			return false;
	return true;
}

bool compare_meet(const struct compare *a, const struct compare *b, bool is_int,
		  struct compares *ret)
{
	ret->count = 0;
	if (compare_apart(a, b))
		return true;
	if (compare_covers(a, b))
		return put(ret, b);
	if (compare_covers(b, a))
		return put(ret, a);
	if (a->op == OP_MASKED_EQ && b->op == OP_MASKED_EQ) {
		const struct compare both = {OP_MASKED_EQ, a->mask | b->mask, a->value | b->value};

		return put(ret, &both);
	}
	if (a->op == OP_MASKED_EQ)
		return cut(a, b, is_int, ret);
	if (b->op == OP_MASKED_EQ)
		return cut(b, a, is_int, ret);
	return meet_ordered(a, b, is_int, ret);
}

void compare_not(const struct compare *a, struct compares *ret)
{
	static const enum op others[OPS] = {
		[OP_LT] = OP_GE, [OP_LE] = OP_GT, [OP_GE] = OP_LT, [OP_GT] = OP_LE};
	uint64_t above = 0;

	ret->count = 0;
	if (a->op == OP_ANY)
		return;
	if (a->op == OP_NE) {
		ret->list[ret->count++] = compare_masked(UINT64_MAX, a->value);
		return;
	}
	if (a->op != OP_MASKED_EQ || a->mask == UINT64_MAX) {
		enum op op = a->op == OP_MASKED_EQ ? OP_NE : others[a->op];

		ret->list[ret->count++] = (struct compare){.op = op, .value = a->value};
		return;
	}
	/* As above bit by bit, and then another bit. */
	for (uint64_t bit = (uint64_t)1 << 63; bit; bit >>= 1) {
		if (!(a->mask & bit))
			continue;
		above |= bit;
		ret->list[ret->count++] = compare_masked(above, a->value ^ bit);
	}
}
