/* SPDX-License-Identifier: Apache-2.0 */
/* A source becomes a filter on one architecture. */
#include "base/cleanup.h"
#include "seccomp/source.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct lowering {
	const struct seccomp_source *source;
	enum seccomp_arch arch;
	struct seccomp_filter *filter;
	const struct call *call; /* whose turn it is */
	struct filter_call *to;
	size_t of_layer;	       /* rules that were there before this layer's */
	const struct clause *clause;   /* whose turn it is */
	struct boxes *parts, *remains; /* made when two layers say something about a call */
	const struct clause **clauses; /* of each rule of the call */
	bool *cut;		       /* by a higher layer: of each rule of the call */
	struct hr_error *err;
};

static int fail(const struct lowering *to, const struct clause *clause, const char *what)
{
	return hr_fail(to->err, HR_POLICY, "%s:%u:%u: %s: %s", clause->file, clause->at.line,
		       clause->at.column, to->call->name, what);
}

static int out_of_memory(const struct lowering *to)
{
	return hr_fail(to->err, HR_SYSTEM, "%s: out of memory", to->source->name);
}

static int add_rule(struct lowering *to, const struct box *box, bool cut)
{
	const struct answer answer = {to->clause->answer ? ACT_ERRNO : ACT_ALLOW,
				      (unsigned)to->clause->answer};

	if (to->to->count == SECCOMP_RULES_MAX)
		return fail(to, to->clause, "too many rules; list fewer values");
	to->clauses[to->to->count] = to->clause;
	to->cut[to->to->count] = cut;
	return filter_add(to->filter, to->to, answer, box) ? 0 : out_of_memory(to);
}

static bool overlaps_higher(const struct lowering *to, const struct box *box)
{
	const struct filter_rule *rule = to->to->first;

	for (size_t i = 0; i < to->of_layer; i++, rule = rule->next)
		if (!box_apart(&rule->box, box))
			return true;
	return false;
}

/* What higher layers leave of a box. A source speaks of low halves alone. */
static int remaining(struct lowering *to, const struct box *box)
{
	const struct filter_rule *rule = to->to->first;

	if (!to->parts)
		to->parts = malloc(sizeof(*to->parts));
	if (!to->remains)
		to->remains = malloc(sizeof(*to->remains));
	if (!to->parts || !to->remains)
		return out_of_memory(to);
	boxes_start(to->parts, UINT32_MAX);
	to->parts->list[to->parts->count++] = *box;
	for (size_t i = 0; i < to->of_layer; i++, rule = rule->next) {
		struct boxes *swapped = to->parts;

		boxes_start(to->remains, UINT32_MAX);
		to->remains->full = to->parts->full;
		for (size_t j = 0; j < to->parts->count; j++)
			box_minus(&to->parts->list[j], &rule->box, to->remains);
		to->parts = to->remains;
		to->remains = swapped;
	}
	return 0;
}

static int add_box(struct lowering *to, const struct box *box)
{
	if (!overlaps_higher(to, box))
		return add_rule(to, box, false);
	if (remaining(to, box) < 0)
		return -1;
	if (to->parts->full)
		return fail(to, to->clauses[0],
			    "this cannot be combined with what an included file says; write "
			    "remove for this call first, and then all that is to hold");
	for (size_t i = 0; i < to->parts->count; i++)
		if (add_rule(to, &to->parts->list[i], true) < 0)
			return -1;
	return 0;
}

/* One rule for each way to pick a test of every condition: conditions from `depth` on, with
 * `prefix` picked so far. */
static int expand(struct lowering *to, size_t depth, const struct box *prefix)
{
	const struct condition *condition = &to->clause->conditions[depth];
	const struct tests *any;
	unsigned index;

	if (depth == to->clause->count)
		return add_box(to, prefix);
	any = &condition->any[to->arch == SECCOMP_PPC64LE ? VARIANT_POWER : VARIANT_COMMON];
	index = to->arch == SECCOMP_S390X ? condition->argument->index_s390x
					  : condition->argument->index;
	for (size_t i = 0; i < any->count; i++) {
		struct box next = *prefix;

		next.tests[index] = compare_masked(any->list[i].mask, any->list[i].value);
		if (expand(to, depth + 1, &next) < 0)
			return -1;
	}
	return 0;
}

/* The highest layer below `below` that says something on this architecture; 0 for none. */
static unsigned next_layer(const struct lowering *to, unsigned below)
{
	unsigned highest = 0;

	for (const struct clause *clause = to->call->first; clause; clause = clause->next)
		if ((clause->arches & SECCOMP_ON(to->arch)) && clause->layer < below &&
		    clause->layer > highest)
			highest = clause->layer;
	return highest;
}

/* True in *ret_all when the layer says something about all arguments. */
static int lower_layer(struct lowering *to, unsigned layer, bool *ret_all)
{
	const struct box always = {0};

	to->of_layer = to->to->count;
	*ret_all = false;
	for (const struct clause *clause = to->call->first; clause; clause = clause->next) {
		if (clause->layer != layer || !(clause->arches & SECCOMP_ON(to->arch)))
			continue;
		to->clause = clause;
		*ret_all |= clause->count == 0;
		if (expand(to, 0, &always) < 0)
			return -1;
	}
	return 0;
}

/* Of what was cut, the rest of one rule may be a part of another's, with the same answer. */
static bool is_rest(const struct lowering *to, size_t i, size_t j, const struct filter_rule *a,
		    const struct filter_rule *b)
{
	return (to->cut[i] || to->cut[j]) && answer_same(&a->answer, &b->answer);
}

/* Of one layer: what layers say about the same arguments was settled before. */
static int check_conflicts(const struct lowering *to)
{
	const struct filter_rule *b = to->to->first;

	for (size_t j = 0; b; b = b->next, j++) {
		const struct filter_rule *a = to->to->first;

		for (size_t i = 0; i < j; a = a->next, i++) {
			const char *wrong = NULL;

			if (to->clauses[i]->layer == to->clauses[j]->layer &&
			    !is_rest(to, i, j, a, b))
				wrong = box_conflict(a, b);
			if (wrong)
				return hr_fail(to->err, HR_POLICY,
					       "%s:%u:%u: %s: line %u and this: %s",
					       to->clauses[j]->file, to->clauses[j]->at.line,
					       to->clauses[j]->at.column, to->call->name,
					       to->clauses[i]->at.line, wrong);
		}
	}
	return 0;
}

static int lower_call(struct lowering *to)
{
	bool all = false;
	unsigned layer = next_layer(to, UINT_MAX);

	if (layer == 0)
		return 0;
	to->to = filter_name(to->filter, to->call->name);
	if (!to->to)
		return out_of_memory(to);
	for (; layer > 0 && !all; layer = next_layer(to, layer))
		if (lower_layer(to, layer, &all) < 0)
			return -1;
	return check_conflicts(to);
}

static bool exists(const struct call *call, enum seccomp_arch arch)
{
	return (call->known & SECCOMP_ON(arch)) || names_on(call->name, arch);
}

static int lower_calls(struct lowering *to)
{
	const struct clause *clauses[SECCOMP_RULES_MAX];
	bool cut[SECCOMP_RULES_MAX];
	int rc = 0;

	to->clauses = clauses;
	to->cut = cut;
	for (to->call = to->source->first; rc == 0 && to->call; to->call = to->call->next)
		if (to->call->first && exists(to->call, to->arch))
			rc = lower_call(to);
	to->clauses = NULL;
	to->cut = NULL;
	return rc;
}

int seccomp_lower(const struct seccomp_source *source, const char *arch,
		  struct seccomp_filter **ret, struct hr_error *err)
{
	struct lowering to = {.source = source, .arch = names_arch(arch), .err = err};
	char shown[TEXT_SHOWN_SIZE];
	int rc;

	if (to.arch == SECCOMP_ARCHES)
		return hr_fail(err, HR_POLICY, "%s: no seccomp profile for architecture %s",
			       source->name, text_shown_z(arch, shown));
	to.filter = filter_new((struct answer){ACT_ERRNO, ENOSYS});
	if (!to.filter)
		return out_of_memory(&to);
	to.filter->disjoint = true;
	rc = lower_calls(&to);
	free(to.parts);
	free(to.remains);
	if (rc < 0)
		seccomp_filter_free(to.filter);
	else
		*ret = to.filter;
	return rc;
}
