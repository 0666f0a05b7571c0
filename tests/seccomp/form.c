/* SPDX-License-Identifier: Apache-2.0 */
#include "prove.h"
#include "reading.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The forms that libseccomp is known to compile as they read. Beyond them (another operator
 * than EQ and MASKED_EQ in a call that has several rules, one of them with two conditions;
 * constants on both sides of 2^32) it lets through what no rule does, 2.5.4 and 2.6.0 alike.
 */
struct shape {
	size_t rules;
	size_t several; /* rules with more than one condition */
	size_t plain;	/* rules without a condition */
	bool ordering;	/* LT, LE, GE, GT */
	bool unequal;	/* NE */
	bool large;	/* a constant of an ordering at or above 2^32 */
};

static void look_at(struct shape *shape, const struct entry *entry)
{
	shape->rules++;
	shape->several += entry->count > 1;
	shape->plain += entry->count == 0;
	for (size_t i = 0; i < entry->count; i++) {
		const struct condition *condition = &entry->conditions[i];
		const char *op = condition->op;

		if (strcmp(op, "SCMP_CMP_NE") == 0) {
			shape->unequal = true;
		} else if (strcmp(op, "SCMP_CMP_EQ") != 0 &&
			   strcmp(op, "SCMP_CMP_MASKED_EQ") != 0) {
			shape->ordering = true;
			shape->large |= condition->value >> 32 != 0;
		}
	}
}

static const char *shape_fault(const struct shape *shape)
{
	if (shape->rules < 2)
		return NULL;
	if (shape->plain > 0)
		return "an unconditional rule beside others";
	if ((shape->ordering || shape->unequal) && shape->several > 0)
		return "NE, LT, LE, GE or GT beside a rule of several conditions";
	if (shape->large)
		return "LT, LE, GE or GT with a constant of more than 32 bits beside other rules";
	return NULL;
}

bool prove_is_misread(const struct reading *reading)
{
	struct shape shape = {0};

	for (size_t i = 0; i < reading->count; i++)
		look_at(&shape, reading->rules[i].entry);
	return (shape.rules > 1 && shape.large) ||
	       ((shape.ordering || shape.unequal) && shape.rules > 1 && shape.several > 0);
}

static const char *calls_fault(const struct side *result, char buf[256])
{
	for (size_t n = 0; n < NUMBER_PLAIN; n++) {
		struct reading reading;
		struct shape shape = {0};
		const char *fault;
		char name[64];

		if (!reading_of(&result->document, &abis[0], (uint32_t)n, &reading))
			return snprintf(buf, 256, "it cannot be read"), buf;
		for (size_t i = 0; i < reading.count; i++)
			look_at(&shape, reading.rules[i].entry);
		reading_free(&reading);
		fault = shape_fault(&shape);
		if (fault) {
			snprintf(buf, 256, "%s: %s", abi_call(&abis[0], (uint32_t)n, name), fault);
			return buf;
		}
	}
	return NULL;
}

static bool repeats_index(const struct entry *entry)
{
	unsigned seen = 0;

	for (size_t i = 0; i < entry->count; i++) {
		if (seen >> (entry->conditions[i].index & 31) & 1)
			return true;
		seen |= 1u << (entry->conditions[i].index & 31);
	}
	return false;
}

static const char *entry_fault(const struct entry *entry)
{
	const char *action = entry->action ? entry->action : "";

	if (strcmp(action, "SCMP_ACT_NOTIFY") == 0 || strcmp(action, "SCMP_ACT_TRACE") == 0)
		return "NOTIFY or TRACE";
	if (repeats_index(entry))
		return "an argument twice in a rule";
	if (json_count(entry->names) == 0)
		return "an entry without names";
	return NULL;
}

static bool is_native_alone(const struct json *architectures)
{
	hr_autofree char *own = NULL;

	if (json_count(architectures) != 1 || architectures->first->type != JSON_STRING ||
	    asprintf(&own, "SCMP_ARCH_%s", abis[0].name) < 0)
		return false;
	return strcasecmp(own, architectures->first->text) == 0;
}

static bool same_default(const struct document *a, const struct document *b)
{
	struct reading one, two;
	bool same;

	if (!reading_of(a, &abis[0], 0, &one))
		return false;
	if (!reading_of(b, &abis[0], 0, &two)) {
		reading_free(&one);
		return false;
	}
	same = one.default_action == two.default_action;
	reading_free(&one);
	reading_free(&two);
	return same;
}

const char *prove_form(const struct side *ours, const struct side *result, char buf[256])
{
	const struct document *document = &result->document;
	const char *fault = NULL;

	if (!is_native_alone(document->architectures))
		fault = "architectures is not the native one alone";
	else if (!document->flags || document->flags->type != JSON_ARRAY ||
		 json_count(document->flags) > 0)
		fault = "flags is not []";
	else if (!same_default(&ours->document, document))
		fault = "the default is not ours";
	for (size_t i = 0; !fault && i < document->count; i++)
		fault = entry_fault(&document->entries[i]);
	if (fault)
		return snprintf(buf, 256, "%s", fault), buf;
	return calls_fault(result, buf);
}
