/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "seccomp/source.h"

#include <string.h>

const struct clause *rules_always(const struct call *call, enum seccomp_arch arch)
{
	for (const struct clause *clause = call->first; clause; clause = clause->next)
		if (clause->count == 0 && (clause->arches & SECCOMP_ON(arch)))
			return clause;
	return NULL;
}

static int fail(const struct clause *clause, const struct call *call, const char *what,
		struct hr_error *err)
{
	return hr_fail(err, HR_POLICY, "%s:%u:%u: %s: %s", clause->file, clause->at.line,
		       clause->at.column, call->name, what);
}

/* Insert a test at its place by argument. */
static void rule_test(struct rule *rule, unsigned index, const struct test *test)
{
	size_t at = rule->count++;

	for (; at > 0 && rule->index[at - 1] > index; at--) {
		rule->index[at] = rule->index[at - 1];
		rule->tests[at] = rule->tests[at - 1];
	}
	rule->index[at] = index;
	rule->tests[at] = *test;
}

struct expansion {
	const struct call *call;
	const struct clause *clause;
	enum seccomp_arch arch;
	struct rule *rules;
	size_t count;
};

/* One rule for each way to pick a test of every condition: conditions from `depth` on,
 * with `prefix` picked so far. */
static int expand(struct expansion *to, size_t depth, const struct rule *prefix,
		  struct hr_error *err)
{
	const struct condition *condition = &to->clause->conditions[depth];
	const struct tests *any;
	unsigned index;

	if (depth == to->clause->count) {
		if (to->count == SECCOMP_RULES_MAX)
			return fail(to->clause, to->call, "too many rules; list fewer values", err);
		to->rules[to->count++] = *prefix;
		return 0;
	}
	any = &condition->any[to->arch == SECCOMP_PPC64LE ? VARIANT_POWER : VARIANT_COMMON];
	index = to->arch == SECCOMP_S390X ? condition->argument->index_s390x
					  : condition->argument->index;
	for (size_t i = 0; i < any->count; i++) {
		struct rule next = *prefix;

		rule_test(&next, index, &any->list[i]);
		if (expand(to, depth + 1, &next, err) < 0)
			return -1;
	}
	return 0;
}

static bool equal(const struct test *a, const struct test *b)
{
	return a->mask == b->mask && a->value == b->value;
}

/* No value passes both. */
static bool apart(const struct test *a, const struct test *b)
{
	return ((a->value ^ b->value) & a->mask & b->mask) != 0;
}

static const char *compare(const struct rule *a, const struct rule *b)
{
	size_t at = 0;

	while (at < a->count && at < b->count && a->index[at] == b->index[at] &&
	       equal(&a->tests[at], &b->tests[at]))
		at++;
	if (at == a->count && at == b->count)
		return "two lines have the same condition; keep one";
	if (at == a->count || at == b->count)
		return "one line's condition is a part of another's; spell both out";
	if (a->index[at] != b->index[at])
		return "lines with the same first condition must go on with the same argument";
	if (apart(&a->tests[at], &b->tests[at]))
		return NULL;
	if (at + 1 == a->count && at + 1 == b->count && a->clause->answer == b->clause->answer)
		return NULL;
	return "two lines can hold for the same arguments; make their conditions exclude each "
	       "other";
}

int rules_of(const struct call *call, enum seccomp_arch arch, struct rule rules[], size_t *ret,
	     struct hr_error *err)
{
	struct expansion to = {.call = call, .arch = arch, .rules = rules};

	for (const struct clause *clause = call->first; clause; clause = clause->next) {
		const struct rule empty = {.clause = clause};

		to.clause = clause;
		if (clause->count > 0 && (clause->arches & SECCOMP_ON(arch)) &&
		    expand(&to, 0, &empty, err) < 0)
			return -1;
	}
	for (size_t i = 1; i < to.count; i++) {
		for (size_t j = 0; j < i; j++) {
			const char *wrong = compare(&rules[j], &rules[i]);

			if (wrong)
				return fail(rules[i].clause, call, wrong, err);
		}
	}
	*ret = to.count;
	return 0;
}
