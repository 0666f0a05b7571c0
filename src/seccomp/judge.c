/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a filter answers to one call. Of a filter that seccomp_write writes this is what the
 * kernel answers: its rules give no two answers to the same arguments.
 */
#include "seccomp/filter.h"
#include "seccomp/watched.h"

#include <errno.h>

static bool test_holds(const struct compare *test, uint64_t value)
{
	switch (test->op) {
	case OP_ANY:
		return true;
	case OP_MASKED_EQ:
		return (value & test->mask) == test->value;
	case OP_NE:
		return value != test->value;
	case OP_LT:
		return value < test->value;
	case OP_LE:
		return value <= test->value;
	case OP_GE:
		return value >= test->value;
	case OP_GT:
		return value > test->value;
	case OPS:
		break;
	}
	return false;
}

static bool box_holds(const struct box *box, const uint64_t args[SECCOMP_ARGS])
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (!test_holds(&box->tests[i], args[i]))
			return false;
	return true;
}

static unsigned asked_of(const struct filter_call *call)
{
	unsigned asked = 0;

	for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
		for (unsigned i = 0; i < SECCOMP_ARGS; i++)
			if (rule->box.tests[i].op != OP_ANY)
				asked |= 1U << i;
	return asked;
}

/* The strictest of the rules that hold, as in a filter that was read and not yet met. */
static struct answer answer_of(const struct seccomp_filter *filter, const struct filter_call *call,
			       const uint64_t args[SECCOMP_ARGS])
{
	const struct answer *found = NULL;

	for (const struct filter_rule *rule = call ? call->first : NULL; rule; rule = rule->next)
		if ((!found || rule->answer.act < found->act) && box_holds(&rule->box, args))
			found = &rule->answer;
	return found ? *found : filter->other;
}

void seccomp_judge(const struct seccomp_filter *filter, const char *call, const uint64_t args[6],
		   struct seccomp_judgement *ret)
{
	const struct filter_call *found = filter_find(filter, call);
	struct answer answer = answer_of(filter, found, args);

	ret->passes = answer_passes(&answer);
	ret->kills = answer.act < ACT_ERRNO;
	ret->error = answer.act == ACT_ERRNO ? answer.number : ret->passes ? 0 : ENOSYS;
	ret->asked = found ? asked_of(found) : 0;
}
