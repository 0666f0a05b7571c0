/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/filter.h"

#include <stdlib.h>
#include <string.h>

struct seccomp_filter *filter_new(struct answer other)
{
	struct seccomp_filter *filter = calloc(1, sizeof(*filter));

	if (filter)
		filter->other = other;
	return filter;
}

void seccomp_filter_free(struct seccomp_filter *filter)
{
	if (!filter)
		return;
	arena_free(&filter->arena);
	free(filter);
}

static size_t slot_of(const struct seccomp_filter *filter, const char *name)
{
	size_t hash = 5381;

	for (const char *at = name; *at != '\0'; at++)
		hash = hash * 33 + (unsigned char)*at;
	hash %= FILTER_SLOTS;
	while (filter->slots[hash] && strcmp(filter->slots[hash]->name, name) != 0)
		hash = (hash + 1) % FILTER_SLOTS;
	return hash;
}

struct filter_call *filter_find(const struct seccomp_filter *filter, const char *name)
{
	return filter->slots[slot_of(filter, name)];
}

struct filter_call *filter_name(struct seccomp_filter *filter, const char *name)
{
	size_t slot = slot_of(filter, name);
	struct filter_call *call = filter->slots[slot];

	if (call)
		return call;
	call = filter->count < FILTER_CALLS ? arena_alloc(&filter->arena, sizeof(*call)) : NULL;
	if (!call)
		return NULL;
	call->name = arena_copy(&filter->arena, name, strlen(name));
	if (!call->name)
		return NULL;
	filter->slots[slot] = call;
	filter->count++;
	if (filter->last)
		filter->last->next = call;
	else
		filter->first = call;
	filter->last = call;
	return call;
}

static void link_rule(struct filter_call *call, struct filter_rule *rule)
{
	rule->next = NULL;
	if (call->last)
		call->last->next = rule;
	else
		call->first = rule;
	call->last = rule;
	call->count++;
}

struct filter_rule *filter_add(struct seccomp_filter *filter, struct filter_call *call,
			       struct answer answer, const struct box *box)
{
	struct filter_rule *rule = call ? arena_alloc(&filter->arena, sizeof(*rule)) : NULL;

	if (!rule)
		return NULL;
	rule->answer = answer;
	rule->number = call->added++;
	if (box)
		rule->box = *box;
	link_rule(call, rule);
	return rule;
}

static bool answered(const struct filter_call *call, struct answer answer, const struct box *box)
{
	for (const struct filter_rule *rule = call->first; rule; rule = rule->next)
		if (answer_same(&rule->answer, &answer) && box_covers(&rule->box, box))
			return true;
	return false;
}

static void remove_covered(struct filter_call *call, struct answer answer, const struct box *box)
{
	struct filter_rule *rule = call->first, *next;

	call->first = call->last = NULL;
	call->count = 0;
	for (; rule; rule = next) {
		next = rule->next;
		if (answer_same(&rule->answer, &answer) && box_covers(box, &rule->box))
			continue;
		link_rule(call, rule);
	}
}

bool filter_add_once(struct seccomp_filter *filter, struct filter_call *call, struct answer answer,
		     const struct box *box, struct filter_rule **ret_rule)
{
	struct filter_rule *rule = NULL;

	if (!answered(call, answer, box)) {
		remove_covered(call, answer, box);
		rule = filter_add(filter, call, answer, box);
		if (!rule)
			return false;
	}
	if (ret_rule)
		*ret_rule = rule;
	return true;
}

bool filter_always(const struct filter_rule *rule)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (rule->box.tests[i].op != OP_ANY)
			return false;
	return true;
}

size_t seccomp_filter_count(const struct seccomp_filter *filter)
{
	size_t count = 0;

	for (const struct filter_call *call = filter->first; call; call = call->next) {
		const struct filter_rule *rule = call->first;

		while (rule && !answer_passes(&rule->answer))
			rule = rule->next;
		count += rule != NULL;
	}
	return count;
}

bool seccomp_filter_open(const struct seccomp_filter *filter)
{
	return answer_passes(&filter->other);
}
