/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes as statements of a source. A box is a statement with one value for each argument that it
 * asks about; two that differ in one argument alone become one with both values.
 */
#include "base/cleanup.h"
#include "seccomp/recording_data.h"
#include "seccomp/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 90

struct values {
	uint32_t *list; /* sorted */
	size_t count;
};

struct statement {
	bool gone; /* it became a part of another */
	unsigned asked;
	uint32_t masks[SECCOMP_ARGS];
	struct values values[SECCOMP_ARGS];
};

#define FREE_BITS 5 /* that are written out as values: a mask is harder to read */

/* The bits that any box asks about. */
static uint32_t asked_bits(const struct recording_boxes *boxes, unsigned index)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < boxes->count; i++)
		bits |= (uint32_t)boxes->list[i].tests[index].mask;
	return bits;
}

/* Every value of the bits in `of` that passes the test. */
static bool spell(struct values *values, const struct compare *test, uint32_t of)
{
	uint32_t rest = of & ~(uint32_t)test->mask, bits = 0;

	values->list = malloc(sizeof(uint32_t) << __builtin_popcount(rest));
	if (!values->list)
		return false;
	do {
		values->list[values->count++] = (uint32_t)test->value | bits;
		bits = (bits - rest) & rest;
	} while (bits != 0);
	return true;
}

static bool fill(struct statement *statement, const struct recording_boxes *boxes,
		 const struct box *box)
{
	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		uint32_t mask = (uint32_t)box->tests[i].mask, of = asked_bits(boxes, i);

		if (box->tests[i].op == OP_ANY)
			continue;
		if (__builtin_popcount(of & ~mask) > FREE_BITS)
			of = mask;
		statement->asked |= 1U << i;
		statement->masks[i] = of;
		if (!spell(&statement->values[i], &box->tests[i], of))
			return false;
	}
	return true;
}

static bool same_values(const struct values *a, const struct values *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->list, b->list, a->count * sizeof(a->list[0])) == 0);
}

/* True if they ask the same and differ at most in what they want of argument `index`. */
static bool mergeable(const struct statement *a, const struct statement *b, unsigned index)
{
	if (a->asked != b->asked || memcmp(a->masks, b->masks, sizeof(a->masks)) != 0)
		return false;
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (i != index && !same_values(&a->values[i], &b->values[i]))
			return false;
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool add_values(struct values *to, const struct values *from)
{
	uint32_t *grown = realloc(to->list, (to->count + from->count) * sizeof(*grown));
	size_t kept = 0;

	if (!grown)
		return false;
	memcpy(grown + to->count, from->list, from->count * sizeof(*grown));
	to->list = grown;
	to->count += from->count;
	qsort(grown, to->count, sizeof(*grown), by_value);
	for (size_t i = 1; i < to->count; i++)
		if (grown[i] != grown[kept])
			grown[++kept] = grown[i];
	to->count = kept + 1;
	return true;
}

/* A condition that every value of the mask passes is none. */
static void drop_full(struct statement *statement, unsigned index)
{
	int bits = __builtin_popcount(statement->masks[index]);

	if (bits > 16 || statement->values[index].count < (size_t)1 << bits)
		return;
	statement->asked &= ~(1U << index);
	statement->masks[index] = 0;
	statement->values[index].count = 0;
}

static bool merge_by(struct statement *list, size_t count, unsigned index, bool *ret_changed)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count && !list[i].gone; j++) {
			if (list[j].gone || !(list[i].asked & (1U << index)) ||
			    !mergeable(&list[i], &list[j], index))
				continue;
			if (!add_values(&list[i].values[index], &list[j].values[index]))
				return false;
			list[j].gone = true;
			*ret_changed = true;
		}
	}
	return true;
}

static bool merge(struct statement *list, size_t count)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (unsigned index = SECCOMP_ARGS; index-- > 0;)
			if (!merge_by(list, count, index, &changed))
				return false;
	}
	for (size_t i = 0; i < count; i++)
		for (unsigned index = 0; index < SECCOMP_ARGS; index++)
			if (list[i].asked & (1U << index))
				drop_full(&list[i], index);
	return true;
}

/* --- Words --------------------------------------------------------------------------- */

struct writer {
	const struct recording_boxes *boxes;
	const struct statement *statement;
	bool named; /* by names of this machine */
	struct text *to;
	size_t column;
};

static void word(struct writer *writer, const char *text)
{
	size_t len = strlen(text);

	if (writer->column + 1 + len > COLUMNS) {
		text_addf(writer->to, "\n\t%s", text);
		writer->column = 8 + len;
		return;
	}
	text_addf(writer->to, "%s%s", writer->column ? " " : "", text);
	writer->column += len + (writer->column > 0);
}

/* The families of sockets that the statement is for all are `family`, or its twin. */
static bool all_of(const struct statement *statement, uint32_t family, uint32_t twin)
{
	for (size_t i = 0; i < statement->values[0].count; i++)
		if (statement->values[0].list[i] != family && statement->values[0].list[i] != twin)
			return false;
	return statement->values[0].count > 0 && statement->masks[0] == UINT32_MAX;
}

/* Names that several tables share are only right for some values of another argument. */
static bool fits(const struct writer *writer, const struct argument *argument, const char *name)
{
	if (strcmp(argument->name, "protocol") == 0)
		return text_starts(name, "IPPROTO_") ? all_of(writer->statement, 2, 10)
						     : all_of(writer->statement, 16, 16);
	return strcmp(argument->name, "option") != 0 || text_starts(name, "PR_");
}

static void value_word(struct writer *writer, const struct argument *argument, bool whole,
		       uint32_t value)
{
	const char *name = NULL;
	char number[16];

	if (writer->named && whole && value != 0)
		name = constant_name(&argument->values, value);
	if (name && fits(writer, argument, name)) {
		word(writer, name);
		return;
	}
	snprintf(number, sizeof(number), value < 4096 ? "%" PRIu32 : "0x%" PRIX32, value);
	word(writer, number);
}

static void condition(struct writer *writer, unsigned index, const char *joint)
{
	const struct values *values = &writer->statement->values[index];
	uint32_t mask = writer->statement->masks[index];
	const struct argument *argument;
	const char *mask_name = NULL;
	char number[24];

	argument = argument_at(writer->named ? writer->boxes->call : "", index);
	word(writer, joint);
	word(writer, argument->name);
	if (mask != UINT32_MAX) {
		mask_name = writer->named ? constant_name(&argument->values, mask) : NULL;
		snprintf(number, sizeof(number), "0x%" PRIX32, mask);
		word(writer, "&");
		word(writer, mask_name ? mask_name : number);
	}
	word(writer, "is");
	for (size_t i = 0; i < values->count; i++) {
		size_t last = i;

		while (last + 1 < values->count && values->list[last + 1] == values->list[last] + 1)
			last++;
		if (last > i + 2) {
			snprintf(number, sizeof(number), "%" PRIu32 "..%" PRIu32, values->list[i],
				 values->list[last]);
			word(writer, number);
			i = last;
			continue;
		}
		value_word(writer, argument, mask == UINT32_MAX || mask_name, values->list[i]);
	}
}

#define WORDS_MAX 120 /* values behind one `is`: the parser takes a few more */

static void write_part(const char *keyword, const struct recording_boxes *boxes,
		       const struct statement *statement, struct text *ret)
{
	struct writer writer = {.boxes = boxes,
				.statement = statement,
				.named = strcmp(boxes->arch, seccomp_native()) == 0,
				.to = ret};
	bool first = true;

	word(&writer, keyword);
	word(&writer, boxes->call);
	for (unsigned i = 0; i < SECCOMP_ARGS; i++) {
		if (!(statement->asked & (1U << i)))
			continue;
		condition(&writer, i, first ? "where" : "and");
		first = false;
	}
	text_adds(ret, "\n");
}

/* In as many parts as its longest list takes. */
static void write_statement(const char *keyword, const struct recording_boxes *boxes,
			    const struct statement *statement, unsigned index, struct text *ret)
{
	struct statement part = *statement;
	struct values *values = part.values + index;
	size_t left;

	if (index == SECCOMP_ARGS) {
		write_part(keyword, boxes, statement, ret);
		return;
	}
	if (!(part.asked & (1U << index))) {
		write_statement(keyword, boxes, statement, index + 1, ret);
		return;
	}
	for (left = values->count; left > 0; values->list += values->count) {
		values->count = left < WORDS_MAX ? left : WORDS_MAX;
		write_statement(keyword, boxes, &part, index + 1, ret);
		left -= values->count;
	}
}

/* The one argument of which the statement asks for a single bit; SECCOMP_ARGS for none. */
static unsigned asks_flag(const struct statement *statement)
{
	unsigned index = (unsigned)__builtin_ctz(statement->asked | 1U << SECCOMP_ARGS);
	uint32_t mask;

	if (index == SECCOMP_ARGS || statement->asked != 1U << index)
		return SECCOMP_ARGS;
	mask = statement->masks[index];
	return mask && (mask & (mask - 1)) == 0 && statement->values[index].count == 1 &&
			       statement->values[index].list[0] == mask
		       ? index
		       : SECCOMP_ARGS;
}

/* `has FLAG FLAG...`: one statement of those that ask for a single bit each. */
static void write_flags(const char *keyword, const struct recording_boxes *boxes,
			struct statement *list, unsigned index, struct text *ret)
{
	struct writer writer = {
		.boxes = boxes, .named = strcmp(boxes->arch, seccomp_native()) == 0, .to = ret};
	const struct argument *argument = argument_at(writer.named ? boxes->call : "", index);
	size_t count = 0;

	for (size_t i = 0; i < boxes->count; i++) {
		if (list[i].gone || asks_flag(&list[i]) != index)
			continue;
		if (count++ == 0) {
			word(&writer, keyword);
			word(&writer, boxes->call);
			word(&writer, "where");
			word(&writer, argument->name);
			word(&writer, "has");
		}
		writer.statement = &list[i];
		value_word(&writer, argument, true, list[i].masks[index]);
		list[i].gone = true;
	}
	if (count > 0)
		text_adds(ret, "\n");
}

bool recording_lines(const char *keyword, const struct recording_boxes *boxes, struct text *ret)
{
	struct statement *list = calloc(boxes->count ? boxes->count : 1, sizeof(*list));
	bool good = list != NULL;

	for (size_t i = 0; i < boxes->count && good; i++)
		good = fill(&list[i], boxes, &boxes->list[i]);
	good = good && merge(list, boxes->count);
	for (unsigned index = 0; index < SECCOMP_ARGS && good; index++)
		write_flags(keyword, boxes, list, index, ret);
	for (size_t i = 0; i < boxes->count && good; i++)
		if (!list[i].gone)
			write_statement(keyword, boxes, &list[i], 0, ret);
	for (size_t i = 0; i < boxes->count && list; i++)
		for (unsigned index = 0; index < SECCOMP_ARGS; index++)
			free(list[i].values[index].list);
	free(list);
	return good && !ret->failed;
}
