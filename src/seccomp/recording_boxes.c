/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which arguments of a call a learned profile lets through: those that were seen, and never one
 * that the base refuses. A source speaks of the low 32 bits alone; where the base asks about more
 * of something that is no int, it is left out.
 */
#include "base/cleanup.h"
#include "seccomp/recording_data.h"
#include "seccomp/widths.h"

#include <stdlib.h>
#include <string.h>

#define LOW_BITS ((uint64_t)UINT32_MAX)

static bool holds(const struct compare *test, uint64_t value)
{
	const struct compare exactly = compare_masked(UINT64_MAX, value);

	return compare_covers(test, &exactly);
}

/* The bits of each argument that any rule of the call asks about. */
static void asked_bits(const struct filter_call *call, uint32_t masks[SECCOMP_ARGS])
{
	memset(masks, 0, SECCOMP_ARGS * sizeof(masks[0]));
	for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
		for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
			const struct compare *test = &rule->box.tests[i];

			if (test->op == OP_MASKED_EQ)
				masks[i] |= (uint32_t)test->mask;
			else if (test->op != OP_ANY)
				masks[i] = UINT32_MAX;
		}
}

static bool within(const struct box *box, const struct filter_call *call, struct boxes *parts,
		   struct boxes *remains)
{
	boxes_start(parts, 0);
	parts->list[parts->count++] = *box;
	for (const struct filter_rule *rule = call->first; rule; rule = rule->next) {
		if (!answer_passes(&rule->answer))
			continue;
		boxes_start(remains, 0);
		remains->full = parts->full;
		for (size_t i = 0; i < parts->count; i++)
			box_minus(&parts->list[i], &rule->box, remains);
		*parts = *remains;
	}
	return parts->count == 0 && !parts->full;
}

/* The kernel reads the low half of an int: what the base says of the upper one is moot. */
static struct box without_upper(const struct box *box, unsigned ints)
{
	struct box ret = *box;

	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (ret.tests[i].op == OP_MASKED_EQ && (ints & (1U << i)))
			ret.tests[i].mask |= ~LOW_BITS;
	return ret;
}

struct finding {
	const struct filter_call *call;
	unsigned ints;
	struct boxes parts, remains, found; /* found: the answer */
};

static void keep(struct finding *finding, const struct box *box)
{
	struct boxes *found = &finding->found;
	struct box low = without_upper(box, finding->ints);
	size_t kept = 0;

	if (!within(box, finding->call, &finding->parts, &finding->remains) &&
	    !within(&low, finding->call, &finding->parts, &finding->remains)) {
		found->full = true;
		return;
	}
	for (size_t i = 0; i < found->count; i++)
		if (box_covers(&found->list[i], box))
			return;
	for (size_t i = 0; i < found->count; i++)
		if (!box_covers(box, &found->list[i]))
			found->list[kept++] = found->list[i];
	found->count = kept;
	if (found->count == BOXES)
		found->full = true;
	else
		found->list[found->count++] = *box;
}

/* One that was seen: what the rule that lets it through asks about, by the bits that matter. */
static void keep_seen(struct finding *finding, const uint64_t args[SECCOMP_ARGS])
{
	uint32_t masks[SECCOMP_ARGS];

	asked_bits(finding->call, masks);
	for (const struct filter_rule *rule = finding->call->first; rule; rule = rule->next) {
		struct box box = {0};
		bool all = answer_passes(&rule->answer);

		for (unsigned i = 0; i < SECCOMP_ARGS && all; i++) {
			const struct compare *test = &rule->box.tests[i];
			bool upper = test->op == OP_MASKED_EQ && (test->mask & ~LOW_BITS);

			all = holds(test, args[i]) || (upper && holds(test, args[i] & LOW_BITS));
			if (test->op != OP_ANY && masks[i] != 0)
				box.tests[i] = compare_masked(masks[i], args[i] & LOW_BITS);
		}
		if (all) {
			keep(finding, &box);
			return;
		}
	}
}

/* All that the rule lets through, in low halves. */
static void keep_rule(struct finding *finding, const struct filter_rule *rule)
{
	hr_autofree struct boxes *plain = malloc(sizeof(*plain));

	if (!plain) {
		finding->found.full = true;
		return;
	}
	boxes_start(plain, finding->ints);
	box_plain(&rule->box, plain);
	finding->found.full |= plain->full;
	for (size_t i = 0; i < plain->count; i++) {
		struct box *box = &plain->list[i];

		for (unsigned j = 0; j < SECCOMP_ARGS; j++) {
			if (box->tests[j].op == OP_ANY)
				continue;
			box->tests[j] =
				compare_masked(box->tests[j].mask & LOW_BITS, box->tests[j].value);
			if (box->tests[j].mask == 0)
				box->tests[j] = (struct compare){0};
		}
		keep(finding, box);
	}
}

bool recording_boxes(const struct filter_call *call, const struct recorded_call *recorded,
		     struct box **ret, size_t *ret_count, bool *ret_full)
{
	struct finding *finding = calloc(1, sizeof(*finding));
	unsigned asked = 0;

	if (!finding)
		return false;
	finding->call = call;
	finding->ints = widths_ints(call->name);
	boxes_start(&finding->found, finding->ints);
	for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
		for (unsigned i = 0; i < SECCOMP_ARGS; i++)
			asked |= rule->box.tests[i].op != OP_ANY ? 1U << i : 0;
	if (recorded && !recorded->more && !(asked & ~recorded->asked)) {
		for (size_t i = 0; i < recorded->values_count; i++)
			keep_seen(finding, recorded->values[i].args);
	} else {
		for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
			if (answer_passes(&rule->answer))
				keep_rule(finding, rule);
	}
	*ret_count = finding->found.count;
	*ret_full = finding->found.full;
	*ret = calloc(finding->found.count + 1, sizeof(**ret));
	if (*ret)
		memcpy(*ret, finding->found.list, finding->found.count * sizeof(**ret));
	free(finding);
	return *ret != NULL;
}
