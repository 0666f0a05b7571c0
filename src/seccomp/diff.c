/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "seccomp/filter.h"
#include "seccomp/widths.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct diff {
	struct boxes parts, remains;
};

static bool passes(const struct filter_call *call)
{
	for (const struct filter_rule *rule = call ? call->first : NULL; rule; rule = rule->next)
		if (answer_passes(&rule->answer))
			return true;
	return false;
}

/* True if every argument that `a` lets through is let through by `b`. What is too tangled to
 * be followed counts as not. */
static bool within(struct diff *diff, const struct filter_rule *a, const struct filter_call *b)
{
	const unsigned ints = widths_ints(b->name);
	struct boxes *parts = &diff->parts, *remains = &diff->remains;

	boxes_start(parts, ints);
	parts->list[parts->count++] = a->box;
	for (const struct filter_rule *rule = b->first; rule; rule = rule->next) {
		if (!answer_passes(&rule->answer))
			continue;
		boxes_start(remains, ints);
		remains->full = parts->full;
		for (size_t i = 0; i < parts->count; i++)
			box_minus(&parts->list[i], &rule->box, remains);
		*parts = *remains;
	}
	return parts->count == 0 && !parts->full;
}

static bool all_within(struct diff *diff, const struct filter_call *a, const struct filter_call *b)
{
	for (const struct filter_rule *rule = a->first; rule; rule = rule->next)
		if (answer_passes(&rule->answer) && !within(diff, rule, b))
			return false;
	return true;
}

static struct answer whole_answer(const struct seccomp_filter *filter,
				  const struct filter_call *call)
{
	return call && call->first && filter_always(call->first) ? call->first->answer
								 : filter->other;
}

static bool same_rules(const struct filter_call *a, const struct filter_call *b)
{
	const struct filter_rule *x = a->first, *y = b->first;

	while (x && y && answer_same(&x->answer, &y->answer) && box_covers(&x->box, &y->box) &&
	       box_covers(&y->box, &x->box)) {
		x = x->next;
		y = y->next;
	}
	return !x && !y;
}

/* SECCOMP_DIFFERENCES for none. */
static enum seccomp_difference compare(struct diff *diff, const struct seccomp_filter *of_a,
				       const struct seccomp_filter *of_b,
				       const struct filter_call *a, const struct filter_call *b)
{
	struct answer x = whole_answer(of_a, a), y = whole_answer(of_b, b);
	bool less, more;

	if (!passes(a) && !passes(b))
		return answer_same(&x, &y) ? SECCOMP_DIFFERENCES : SECCOMP_ANSWER;
	if (!passes(a))
		return SECCOMP_GAINED;
	if (!passes(b))
		return SECCOMP_LOST;
	less = !all_within(diff, a, b);
	more = !all_within(diff, b, a);
	if (less && more)
		return SECCOMP_OTHER;
	if (less || more)
		return less ? SECCOMP_NARROWER : SECCOMP_WIDER;
	return same_rules(a, b) ? SECCOMP_DIFFERENCES : SECCOMP_ANSWER;
}

int seccomp_diff(const struct seccomp_filter *a, const struct seccomp_filter *b,
		 seccomp_difference_fn found, void *to, struct hr_error *err)
{
	hr_autofree struct diff *diff = malloc(sizeof(*diff));
	enum seccomp_difference difference;

	if (!diff)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	for (const struct filter_call *call = a->first; call; call = call->next) {
		difference = compare(diff, a, b, call, filter_find(b, call->name));
		if (difference != SECCOMP_DIFFERENCES)
			found(difference, call->name, to);
	}
	for (const struct filter_call *call = b->first; call; call = call->next) {
		if (filter_find(a, call->name))
			continue;
		difference = compare(diff, a, b, NULL, call);
		if (difference != SECCOMP_DIFFERENCES)
			found(difference, call->name, to);
	}
	return 0;
}

static void describe_test(unsigned index, const struct compare *test, struct text *ret)
{
	static const char *const ops[OPS] = {[OP_NE] = "is not",
					     [OP_LT] = "is below",
					     [OP_LE] = "is at most",
					     [OP_GE] = "is at least",
					     [OP_GT] = "is above"};

	if (test->op != OP_MASKED_EQ)
		text_addf(ret, "arg%u %s %" PRIu64, index, ops[test->op], test->value);
	else if (test->mask == UINT32_MAX || test->mask == UINT64_MAX)
		text_addf(ret, "arg%u is 0x%" PRIx64, index, test->value);
	else
		text_addf(ret, "arg%u & 0x%" PRIx64 " is 0x%" PRIx64, index, test->mask,
			  test->value);
}

static void describe_answer(const struct answer *answer, struct text *ret)
{
	static const char *const acts[ACTS] = {
		[ACT_KILL_PROCESS] = "kills the process",
		[ACT_KILL_THREAD] = "kills the thread",
		[ACT_TRAP] = "SIGSYS",
		[ACT_LOG] = "allowed and logged",
		[ACT_ALLOW] = "allowed",
	};

	const char *name;

	if (answer->act != ACT_ERRNO) {
		text_adds(ret, acts[answer->act]);
		return;
	}
	name = strerrorname_np((int)answer->number);
	if (name && answer->number != 0)
		text_adds(ret, name);
	else
		text_addf(ret, "errno %u", answer->number);
}

static void describe_rule(const struct filter_rule *rule, struct text *ret)
{
	bool first = true;

	describe_answer(&rule->answer, ret);
	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		if (rule->box.tests[i].op == OP_ANY)
			continue;
		text_adds(ret, first ? " where " : " and ");
		describe_test(i, &rule->box.tests[i], ret);
		first = false;
	}
}

static bool has_rule(const struct filter_call *call, const struct filter_rule *wanted)
{
	for (const struct filter_rule *rule = call ? call->first : NULL; rule; rule = rule->next)
		if (answer_same(&rule->answer, &wanted->answer) &&
		    box_covers(&rule->box, &wanted->box) && box_covers(&wanted->box, &rule->box))
			return true;
	return false;
}

void seccomp_describe(const struct seccomp_filter *filter, const char *call,
		      const struct seccomp_filter *other, struct text *ret)
{
	const struct filter_call *found = filter_find(filter, call);
	const struct filter_call *of_other = other ? filter_find(other, call) : NULL;

	if (!found || !found->first) {
		describe_answer(&filter->other, ret);
		return;
	}
	for (const struct filter_rule *rule = found->first; rule; rule = rule->next) {
		if (has_rule(of_other, rule))
			continue;
		if (ret->len > 0)
			text_adds(ret, "; ");
		describe_rule(rule, ret);
	}
}
