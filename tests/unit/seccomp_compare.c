/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of values: every pair of questions over a small world is compared with counting, value
 * by value. The world is the values whose bits beyond the lowest four and the highest one
 * are the same, so that both ends of the 64 bits are in it.
 */
#include "unit.h"

#include "base/cleanup.h"
#include "seccomp/filter.h"

#include <string.h>

#define LOW   16 /* values of the low end */
#define WORLD (2 * LOW)

static uint64_t value_of(unsigned at)
{
	return at < LOW ? at : ((uint64_t)1 << 63) + (at - LOW);
}

static bool passes(const struct compare *c, uint64_t value)
{
	switch (c->op) {
	case OP_ANY:
		return true;
	case OP_MASKED_EQ:
		return (value & c->mask) == c->value;
	case OP_NE:
		return value != c->value;
	case OP_LT:
		return value < c->value;
	case OP_LE:
		return value <= c->value;
	case OP_GE:
		return value >= c->value;
	case OP_GT:
		return value > c->value;
	case OPS:
		break;
	}
	cr_assert_fail("no operator");
	return false;
}

/* Every operator on values at both ends, and masks with and without the upper half. */
static size_t questions(struct compare list[], size_t room)
{
	static const uint64_t masks[] = {0, 1, 5, 8, 15, UINT32_MAX, UINT64_MAX};
	static const uint64_t values[] = {
		0, 1, 2, 5, 7, 15, (uint64_t)1 << 63, ((uint64_t)1 << 63) + 3, UINT64_MAX};
	size_t count = 0;

	list[count++] = (struct compare){.op = OP_ANY};
	for (size_t v = 0; v < hr_count(values); v++) {
		for (size_t m = 0; m < hr_count(masks); m++)
			list[count++] = compare_masked(masks[m], values[v]);
		for (enum op op = OP_NE; op < OPS; op++)
			list[count++] = (struct compare){.op = op, .value = values[v]};
	}
	cr_assert_lt(count, room);
	return count;
}

static struct compare all[200];

static size_t passing(const struct compares *parts, uint64_t value)
{
	size_t count = 0;

	for (size_t i = 0; i < parts->count; i++)
		count += passes(&parts->list[i], value);
	return count;
}

Test(seccomp_compare, tells_covering_and_apart)
{
	size_t count = questions(all, hr_count(all));

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			bool covers = true, apart = true;

			for (unsigned v = 0; v < WORLD; v++) {
				bool of_a = passes(&all[i], value_of(v));
				bool of_b = passes(&all[j], value_of(v));

				covers &= of_a || !of_b;
				apart &= !(of_a && of_b);
			}
			/* The world is not all there is: only one direction follows. */
			if (compare_covers(&all[i], &all[j]))
				cr_expect(covers, "%zu covers %zu", i, j);
			if (compare_apart(&all[i], &all[j]))
				cr_expect(apart, "%zu apart from %zu", i, j);
			cr_expect_eq(compare_apart(&all[i], &all[j]),
				     compare_apart(&all[j], &all[i]));
		}
		cr_expect(compare_covers(&all[i], &all[i]), "%zu covers itself", i);
	}
}

/* No value passes two parts; none that fails one of both passes; and of the values without
 * upper bits none is lost. */
static void meet_all(bool is_int)
{
	size_t count = questions(all, hr_count(all));

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			struct compares parts;

			cr_assert(compare_meet(&all[i], &all[j], is_int, &parts));
			for (unsigned v = 0; v < WORLD; v++) {
				uint64_t value = value_of(v);
				bool both = passes(&all[i], value) && passes(&all[j], value);
				size_t found = passing(&parts, value);

				cr_expect_leq(found, both, "%zu and %zu at %#llx", i, j,
					      (unsigned long long)value);
				if (v < LOW || !is_int)
					cr_expect_eq(found, both, "%zu and %zu at %u", i, j, v);
			}
		}
	}
}

Test(seccomp_compare, meets_exactly)
{
	meet_all(false);
}

Test(seccomp_compare, meets_ints_exactly_but_for_upper_bits)
{
	meet_all(true);
}

Test(seccomp_compare, negates_exactly)
{
	size_t count = questions(all, hr_count(all));

	for (size_t i = 0; i < count; i++) {
		struct compares parts;

		compare_not(&all[i], &parts);
		for (unsigned v = 0; v < WORLD; v++)
			cr_expect_eq(passing(&parts, value_of(v)), !passes(&all[i], value_of(v)),
				     "%zu at %u", i, v);
	}
}

Test(seccomp_compare, cuts_into_masked_equalities)
{
	size_t count = questions(all, hr_count(all));

	for (size_t i = 1; i < count; i++) {
		struct compares parts;

		cr_assert(compare_cubes(&all[i], true, &parts));
		for (size_t p = 0; p < parts.count; p++)
			cr_expect_eq(parts.list[p].op, OP_MASKED_EQ);
		for (unsigned v = 0; v < WORLD; v++) {
			size_t found = passing(&parts, value_of(v));

			cr_expect_leq(found, passes(&all[i], value_of(v)), "%zu at %u", i, v);
			if (v < LOW)
				cr_expect_eq(found, passes(&all[i], value_of(v)), "%zu at %u", i,
					     v);
		}
	}
}

/* --- Boxes: two arguments, against counting ------------------------------------------- */

static size_t holding(const struct boxes *boxes, uint64_t x, uint64_t y)
{
	size_t count = 0;

	for (size_t i = 0; i < boxes->count; i++)
		count += passes(&boxes->list[i].tests[0], x) && passes(&boxes->list[i].tests[3], y);
	return count;
}

static bool inside(const struct box *box, uint64_t x, uint64_t y)
{
	return passes(&box->tests[0], x) && passes(&box->tests[3], y);
}

static struct box random_box(uint32_t *seed, size_t count)
{
	struct box box = {0};

	for (unsigned at = 0; at < 4; at += 3) {
		*seed = *seed * 1664525 + 1013904223;
		box.tests[at] = all[(*seed >> 8) % count];
	}
	return box;
}

Test(seccomp_compare, takes_boxes_apart)
{
	static struct boxes both, rest;
	size_t count = questions(all, hr_count(all)), full = 0;
	uint32_t seed = 4711;

	for (int round = 0; round < 3000; round++) {
		struct box a = random_box(&seed, count), b = random_box(&seed, count);

		boxes_start(&both, round % 2 ? UINT32_MAX : 0);
		boxes_start(&rest, both.ints);
		box_meet(&a, &b, &both);
		box_minus(&a, &b, &rest);
		full += both.full || rest.full;
		for (unsigned v = 0; v < WORLD * WORLD; v++) {
			uint64_t x = value_of(v % WORLD), y = value_of(v / WORLD);
			bool in_a = inside(&a, x, y), in_b = inside(&b, x, y);
			bool low = v % WORLD < LOW && v / WORLD < LOW && !both.full && !rest.full;

			cr_expect_leq(holding(&both, x, y), in_a && in_b, "round %d", round);
			cr_expect_leq(holding(&rest, x, y), in_a && !in_b, "round %d", round);
			if (!low)
				continue;
			cr_expect_eq(holding(&both, x, y), in_a && in_b, "round %d", round);
			cr_expect_eq(holding(&rest, x, y), in_a && !in_b, "round %d", round);
		}
	}
	cr_expect_lt(full, 300, "%zu", full);
}
