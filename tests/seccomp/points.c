/* SPDX-License-Identifier: Apache-2.0 */
#include "points.h"

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS 6
#define FEW	  21 /* values of an argument that no condition names */

struct values {
	uint64_t *list;
	size_t count, room;
	size_t core; /* the first ones: what the conditions name */
};

struct points {
	struct point_plan plan;
	struct values values[ARGUMENTS];
	const struct entry **rules; /* that name the call */
	size_t rule_count;
	size_t made;	 /* so far */
	size_t product;	 /* of all combinations; limit + 1 when there are more */
	size_t swept;	 /* values of all arguments tried in turn */
	size_t to_sweep; /* and how many there are */
	uint64_t random;
};

uint64_t points_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static size_t below(struct points *points, size_t bound)
{
	return (size_t)(points_random(&points->random) % bound);
}

/* --- Values ---------------------------------------------------------------------------- */

static void add(struct values *values, uint64_t value)
{
	for (size_t i = 0; i < values->core; i++) {
		if (values->list[i] == value)
			return;
	}
	if (values->count == values->room) {
		values->room = values->room ? values->room * 2 : 64;
		values->list = realloc(values->list, values->room * sizeof(value));
		if (!values->list)
			abort();
	}
	values->list[values->count++] = value;
}

static bool is_masked(const struct condition *condition)
{
	return strcmp(condition->op, "SCMP_CMP_MASKED_EQ") == 0;
}

static uint64_t constant_of(const struct condition *condition)
{
	return is_masked(condition) ? condition->value_two & condition->value : condition->value;
}

static void add_core(struct values *values, const struct condition *condition)
{
	uint64_t constant = constant_of(condition);

	add(values, constant);
	values->core = values->count;
	if (is_masked(condition)) {
		add(values, constant | ~condition->value);
		values->core = values->count;
	}
}

static void add_around(struct values *values, const struct condition *condition)
{
	uint64_t constant = constant_of(condition);

	add(values, constant - 1);
	add(values, constant + 1);
	add(values, constant | 0xFFFFFFFF00000000u);
	add(values, ~constant);
	for (unsigned bit = 32; bit < 64; bit++)
		add(values, constant | UINT64_C(1) << bit);
	for (unsigned bit = 0; is_masked(condition) && bit < 64; bit++)
		add(values, constant ^ UINT64_C(1) << bit);
}

static void add_common(struct values *values, bool named)
{
	add(values, 0);
	add(values, ~UINT64_C(0));
	add(values, 0xFFFFFFFF);
	add(values, UINT64_C(1) << 32);
	for (uint64_t i = 1; !named && i < FEW; i++)
		add(values, i);
}

/* --- Rules ----------------------------------------------------------------------------- */

static bool names_call(const struct entry *entry, const struct point_plan *plan)
{
	json_each(name, entry->names) {
		int nr = abi_number(plan->abi, name->text);

		if (nr >= 0 && (uint32_t)nr == plan->nr)
			return true;
	}
	return false;
}

static void find_rules(struct points *points)
{
	const struct point_plan *plan = &points->plan;
	size_t room = 1;

	for (size_t i = 0; i < POINT_SIDES && plan->documents[i]; i++)
		room += plan->documents[i]->count;
	points->rules = calloc(room, sizeof(*points->rules));
	if (!points->rules)
		abort();
	for (size_t i = 0; i < POINT_SIDES && plan->documents[i]; i++) {
		const struct document *document = plan->documents[i];

		for (size_t k = 0; k < document->count; k++) {
			if (document->entries[k].count > 0 &&
			    names_call(&document->entries[k], plan))
				points->rules[points->rule_count++] = &document->entries[k];
		}
	}
}

static void fill_values(struct points *points)
{
	for (int around = 0; around < 2; around++) {
		for (size_t i = 0; i < points->rule_count; i++) {
			for (size_t k = 0; k < points->rules[i]->count; k++) {
				const struct condition *condition =
					&points->rules[i]->conditions[k];
				struct values *values = &points->values[condition->index % 6];

				if (around)
					add_around(values, condition);
				else
					add_core(values, condition);
			}
		}
	}
}

/* Arguments without a condition stay 0, unless no argument has any. */
static void close_values(struct points *points)
{
	size_t product = 1;

	for (size_t i = 0; i < ARGUMENTS; i++) {
		struct values *values = &points->values[i];

		if (values->count > 0)
			add_common(values, true);
		else if (points->rule_count == 0 && i < 2)
			add_common(values, false);
		else
			add(values, 0);
		points->to_sweep += values->count;
		product *= values->count;
		product = product > points->plan.limit ? points->plan.limit + 1 : product;
	}
	points->product = product;
}

struct points *points_new(const struct point_plan *plan)
{
	struct points *points = calloc(1, sizeof(*points));

	if (!points)
		abort();
	points->plan = *plan;
	points->random = plan->seed ^ ((uint64_t)plan->nr << 32);
	find_rules(points);
	fill_values(points);
	close_values(points);
	return points;
}

void points_free(struct points *points)
{
	for (size_t i = 0; i < ARGUMENTS; i++)
		free(points->values[i].list);
	free(points->rules);
	free(points);
}

/* --- Points ---------------------------------------------------------------------------- */

/* Arguments that meet the condition. */
static void satisfy(struct points *points, const struct condition *condition, uint64_t args[6])
{
	uint64_t value = condition->value;
	const char *op = condition->op;

	if (is_masked(condition)) {
		value = constant_of(condition);
		if (below(points, 3) == 0)
			value |= points_random(&points->random) & ~condition->value;
	} else if (strcmp(op, "SCMP_CMP_NE") == 0 || strcmp(op, "SCMP_CMP_GT") == 0) {
		value++;
	} else if (strcmp(op, "SCMP_CMP_LT") == 0) {
		value--;
	}
	args[condition->index % 6] = value;
}

static void random_value(struct points *points, size_t arg, uint64_t args[6])
{
	const struct values *values = &points->values[arg];
	size_t bound = values->core > 0 && below(points, 2) ? values->core : values->count;

	args[arg] = values->list[below(points, bound)];
}

/* Any values, and over them what one or two of the rules ask for. */
static void from_rules(struct points *points, uint64_t args[6])
{
	for (size_t i = 0; i < ARGUMENTS; i++)
		random_value(points, i, args);
	for (size_t turns = 1 + below(points, 2); points->rule_count > 0 && turns > 0; turns--) {
		const struct entry *rule = points->rules[below(points, points->rule_count)];

		for (size_t k = 0; k < rule->count; k++)
			satisfy(points, &rule->conditions[k], args);
	}
}

/* The n-th value of all arguments'. */
static void put_swept(const struct points *points, size_t n, uint64_t args[6])
{
	for (size_t i = 0; i < ARGUMENTS; i++) {
		if (n < points->values[i].count) {
			args[i] = points->values[i].list[n];
			return;
		}
		n -= points->values[i].count;
	}
}

static void combination(const struct points *points, size_t n, uint64_t args[6])
{
	for (size_t i = 0; i < ARGUMENTS; i++) {
		args[i] = points->values[i].list[n % points->values[i].count];
		n /= points->values[i].count;
	}
}

bool points_next(struct points *points, uint64_t args[6])
{
	size_t limit = points->plan.limit;
	size_t sweep = points->to_sweep < limit / 2 ? points->to_sweep : limit / 2;

	if (points->product <= limit) {
		if (points->made == points->product)
			return false;
		combination(points, points->made++, args);
		return true;
	}
	if (points->made++ == limit)
		return false;
	from_rules(points, args);
	if (points->swept < sweep) {
		size_t n = points->swept++;

		put_swept(points, sweep < points->to_sweep ? below(points, points->to_sweep) : n,
			  args);
	} else if (below(points, 3) == 0) {
		random_value(points, below(points, ARGUMENTS), args);
	}
	return true;
}
