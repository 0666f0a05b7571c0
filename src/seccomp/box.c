/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/filter.h"

#include "base/cleanup.h"

static bool asks(const struct compare *test)
{
	return test->op != OP_ANY;
}

bool box_covers(const struct box *a, const struct box *b)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (!compare_covers(&a->tests[i], &b->tests[i]))
			return false;
	return true;
}

bool box_apart(const struct box *a, const struct box *b)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (compare_apart(&a->tests[i], &b->tests[i]))
			return true;
	return false;
}

void boxes_start(struct boxes *boxes, unsigned ints)
{
	boxes->count = 0;
	boxes->full = false;
	boxes->ints = ints;
}

static bool is_int(const struct boxes *boxes, unsigned index)
{
	return boxes->ints & (1U << index);
}

static void put(struct boxes *ret, const struct box *box)
{
	if (ret->count == BOXES)
		ret->full = true;
	else
		ret->list[ret->count++] = *box;
}

/* In every box from `first` on, the test of an argument met with another. Boxes that are
 * apart from it go, and those that take several parts become several. */
static void meet_argument(struct boxes *boxes, size_t first, unsigned index,
			  const struct compare *test)
{
	size_t kept = first, count = boxes->count;
	hr_unset struct compares parts;

	for (size_t i = first; i < count; i++) {
		struct box box = boxes->list[i];

		if (!compare_meet(&box.tests[index], test, is_int(boxes, index), &parts))
			boxes->full = true;
		for (size_t part = 0; part < parts.count; part++) {
			box.tests[index] = parts.list[part];
			if (part == 0)
				boxes->list[kept++] = box;
			else
				put(boxes, &box);
		}
	}
	/* What was appended moves down to what was kept. */
	for (size_t i = count; i < boxes->count; i++)
		boxes->list[kept++] = boxes->list[i];
	boxes->count = kept;
}

void box_plain(const struct box *box, struct boxes *ret)
{
	hr_unset struct compares parts;

	put(ret, box);
	for (unsigned index = 0; index < SECCOMP_ARGS; index++) {
		size_t count = ret->count;

		if (box->tests[index].op <= OP_MASKED_EQ)
			continue;
		if (!compare_cubes(&box->tests[index], is_int(ret, index), &parts))
			ret->full = true;
		for (size_t i = 0; i < count && parts.count > 0; i++) {
			for (size_t part = 1; part < parts.count; part++) {
				struct box other = ret->list[i];

				other.tests[index] = parts.list[part];
				put(ret, &other);
			}
			ret->list[i].tests[index] = parts.list[0];
		}
		if (parts.count == 0)
			ret->count = 0;
	}
}

void box_meet(const struct box *a, const struct box *b, struct boxes *ret)
{
	size_t first = ret->count;

	if (box_apart(a, b))
		return;
	put(ret, a);
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (!compare_covers(&b->tests[i], &a->tests[i]))
			meet_argument(ret, first, i, &b->tests[i]);
}

/* The part of `rest` in which the test of one argument fails. */
static void minus_argument(const struct box *rest, unsigned index, const struct compare *test,
			   struct boxes *ret)
{
	hr_unset struct compares others;

	compare_not(test, &others);
	for (size_t i = 0; i < others.count; i++) {
		size_t first = ret->count;

		put(ret, rest);
		meet_argument(ret, first, index, &others.list[i]);
	}
}

/* The first argument from `index` on whose test not all of `rest` passes. */
static unsigned next_cut(const struct box *rest, const struct box *by, unsigned index)
{
	while (index < SECCOMP_ARGS && compare_covers(&by->tests[index], &rest->tests[index]))
		index++;
	return index;
}

/* What fails the first test; what passes it and fails the second; ... */
static void minus_from(const struct box *rest, const struct box *by, unsigned index,
		       struct boxes *ret)
{
	hr_unset struct compares parts;
	struct box passed = *rest;

	index = next_cut(rest, by, index);
	if (index == SECCOMP_ARGS)
		return;
	minus_argument(rest, index, &by->tests[index], ret);
	if (next_cut(rest, by, index + 1) == SECCOMP_ARGS)
		return;
	if (!compare_meet(&rest->tests[index], &by->tests[index], is_int(ret, index), &parts))
		ret->full = true;
	for (size_t i = 0; i < parts.count && !ret->full; i++) {
		passed.tests[index] = parts.list[i];
		minus_from(&passed, by, index + 1, ret);
	}
}

void box_minus(const struct box *a, const struct box *b, struct boxes *ret)
{
	if (box_apart(a, b))
		put(ret, a);
	else
		minus_from(a, b, 0, ret);
}

const char *box_conflict(const struct filter_rule *a, const struct filter_rule *b)
{
	if (box_apart(&a->box, &b->box))
		return NULL;
	if (!answer_same(&a->answer, &b->answer))
		return "both can hold for the same arguments; make their conditions exclude each "
		       "other";
	if (!box_covers(&a->box, &b->box) && !box_covers(&b->box, &a->box))
		return NULL;
	if (box_covers(&a->box, &b->box) && box_covers(&b->box, &a->box))
		return "they have the same condition; keep one";
	return "one's condition is a part of the other's; keep the wider one";
}

unsigned box_asked(const struct box *box)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		count += asks(&box->tests[i]);
	return count;
}

/* Bits of what a box asks. */
enum { ASKS_OTHER = 1, ASKS_ORDER_HIGH = 2 };

static unsigned kinds(const struct box *box)
{
	unsigned kinds = 0;

	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		const struct compare *test = &box->tests[i];

		if (test->op > OP_MASKED_EQ)
			kinds |= ASKS_OTHER;
		if (test->op > OP_NE && test->value > UINT32_MAX)
			kinds |= ASKS_ORDER_HIGH;
	}
	return kinds;
}

bool box_tangled(const struct box *box)
{
	unsigned of_box = kinds(box);

	return (of_box && box_asked(box) > 1) || (of_box & ASKS_ORDER_HIGH);
}

bool filter_call_plain(const struct filter_call *call)
{
	bool other = false, several = false, high = false;

	for (const struct filter_rule *rule = call->first; rule; rule = rule->next) {
		unsigned of_rule = kinds(&rule->box);

		other |= of_rule != 0;
		several |= box_asked(&rule->box) > 1;
		high |= (of_rule & ASKS_ORDER_HIGH) != 0;
	}
	return call->count < 2 || !other || (!several && !high);
}
