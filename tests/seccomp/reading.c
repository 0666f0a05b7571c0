/* SPDX-License-Identifier: Apache-2.0 */
#include "reading.h"

#include "bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PASSES 1 /* the highest rank that lets a call through */

unsigned reading_rank(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return 0;
	case SECCOMP_RET_LOG:
		return 1;
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
	case SECCOMP_RET_ERRNO:
		return 2;
	case SECCOMP_RET_TRAP:
		return 3;
	case SECCOMP_RET_KILL_THREAD:
		return 4;
	default:
		return 5;
	}
}

static bool action_of(const char *name, bool has_errno, uint64_t errno_ret, uint32_t *ret)
{
	uint32_t data = has_errno ? (uint32_t)errno_ret & 0xFFFF : EPERM;

	if (!name || strncmp(name, "SCMP_ACT_", 9) != 0)
		return false;
	name += 9;
	if (strcmp(name, "ALLOW") == 0)
		*ret = SECCOMP_RET_ALLOW;
	else if (strcmp(name, "LOG") == 0)
		*ret = SECCOMP_RET_LOG;
	else if (strcmp(name, "ERRNO") == 0)
		*ret = bpf_action(SECCOMP_RET_ERRNO | data);
	else if (strcmp(name, "TRACE") == 0)
		*ret = SECCOMP_RET_TRACE | data;
	else if (strcmp(name, "NOTIFY") == 0)
		*ret = SECCOMP_RET_USER_NOTIF;
	else if (strcmp(name, "TRAP") == 0)
		*ret = SECCOMP_RET_TRAP;
	else if (strcmp(name, "KILL") == 0 || strcmp(name, "KILL_THREAD") == 0)
		*ret = SECCOMP_RET_KILL_THREAD;
	else if (strcmp(name, "KILL_PROCESS") == 0)
		*ret = SECCOMP_RET_KILL_PROCESS;
	else
		return false;
	return true;
}

static bool names(const struct entry *entry, const struct abi *abi, uint32_t nr)
{
	json_each(name, entry->names) {
		int number = abi_number(abi, name->text);

		if (number >= 0 && (uint32_t)number == nr)
			return true;
	}
	return false;
}

bool reading_of(const struct document *document, const struct abi *abi, uint32_t nr,
		struct reading *ret)
{
	struct reading reading = {.rules = calloc(document->count + 1, sizeof(struct rule))};

	if (!reading.rules || !action_of(document->default_action, document->has_errno,
					 document->errno_ret, &reading.default_action)) {
		free(reading.rules);
		return false;
	}
	for (size_t i = 0; i < document->count; i++) {
		const struct entry *entry = &document->entries[i];
		struct rule *rule = &reading.rules[reading.count];

		if (!names(entry, abi, nr))
			continue;
		rule->entry = entry;
		if (!action_of(entry->action, entry->has_errno, entry->errno_ret, &rule->action)) {
			free(reading.rules);
			return false;
		}
		reading.count++;
	}
	*ret = reading;
	return true;
}

void reading_free(struct reading *reading)
{
	free(reading->rules);
	*reading = (struct reading){0};
}

static bool condition_holds(const struct condition *condition, const struct seccomp_data *data)
{
	uint64_t value = condition->index < 6 ? data->args[condition->index] : 0;
	const char *op = condition->op + (strncmp(condition->op, "SCMP_CMP_", 9) == 0 ? 9 : 0);

	if (strcmp(op, "NE") == 0)
		return value != condition->value;
	if (strcmp(op, "LT") == 0)
		return value < condition->value;
	if (strcmp(op, "LE") == 0)
		return value <= condition->value;
	if (strcmp(op, "EQ") == 0)
		return value == condition->value;
	if (strcmp(op, "GE") == 0)
		return value >= condition->value;
	if (strcmp(op, "GT") == 0)
		return value > condition->value;
	return ((value ^ condition->value_two) & condition->value) == 0;
}

static bool repeats(const struct entry *entry)
{
	unsigned seen = 0;

	for (size_t i = 0; i < entry->count; i++) {
		unsigned bit = 1u << (entry->conditions[i].index & 31);

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static bool rule_holds(const struct rule *rule, const struct seccomp_data *data)
{
	const struct entry *entry = rule->entry;
	bool any = reading_rank(rule->action) > PASSES && repeats(entry);
	size_t held = 0;

	for (size_t i = 0; i < entry->count; i++)
		held += condition_holds(&entry->conditions[i], data);
	return entry->count == 0 || (any ? held > 0 : held == entry->count);
}

uint32_t reading_answer(const struct reading *reading, const struct seccomp_data *data)
{
	uint32_t answer = 0;
	bool found = false;

	for (size_t i = 0; i < reading->count; i++) {
		const struct rule *rule = &reading->rules[i];

		if ((found && reading_rank(rule->action) <= reading_rank(answer)) ||
		    !rule_holds(rule, data))
			continue;
		answer = rule->action;
		found = true;
	}
	return found ? answer : reading->default_action;
}
