/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions: `where ARG [& MASK] is VALUE...` and `ARG has FLAG...`, joined by `and`.
 * All become masked equality. A range is cut into blocks of a power of two at a multiple
 * of their size, each of which is one test with a wider mask, and two tests that differ in
 * one bit of the value are folded into one without it: fewer rules, a shorter filter, the
 * same meaning.
 */
#include "base/cleanup.h"
#include "seccomp/reader.h"

#include <stdlib.h>
#include <string.h>

struct where {
	struct reader *reader;
	const struct argument *argument;
	uint32_t mask;
	struct values *values; /* by variant */
	bool differ;	       /* ppc64le's values from the others' */
};

/* Decimal, 0x..., 0...: digits only, 32 bits. */
static bool number(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long long parsed;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 12)
		return false;
	parsed = strtoull(text, &end, 0);
	if (*end != '\0' || parsed > UINT32_MAX)
		return false;
	*ret = (uint32_t)parsed;
	return true;
}

static int one_value(const struct where *where, const struct word *word, const char *text,
		     struct constant *ret)
{
	const struct constant *named = constant_find(&where->argument->values, text);
	char shown[TEXT_SHOWN_SIZE];
	const char *near;

	if (named) {
		*ret = *named;
		return 0;
	}
	if (number(text, &ret->value)) {
		ret->power = ret->value;
		return 0;
	}
	if (strcmp(text, "or") == 0)
		return reader_fail(
			where->reader, &word->at,
			"there is no or: list all values behind one is, and write a line "
			"of its own for other conditions");
	near = constant_nearest(&where->argument->values, text);
	return reader_fail(
		where->reader, &word->at,
		"%s is no value for %s; write a number (32 bits) or a name that it takes%s%s%s",
		text_shown_z(word->text, shown), where->argument->name,
		near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

/* FLAG|FLAG... */
static int flags(const struct where *where, const struct word *word, uint32_t *ret)
{
	struct word copy = *word;
	char *rest = copy.text, *part;

	*ret = 0;
	while ((part = strsep(&rest, "|"))) {
		struct constant flag = {0};

		if (one_value(where, word, part, &flag) < 0)
			return -1;
		*ret |= flag.value;
	}
	return 0;
}

static bool absent(const struct constant *constant)
{
	return constant->power == CONSTANT_ABSENT && constant->value != CONSTANT_ABSENT;
}

static int keep(struct where *where, const struct word *word, enum seccomp_variant variant,
		uint32_t first, uint32_t last)
{
	struct values *values = &where->values[variant];

	if (first > last)
		return reader_fail(where->reader, &word->at,
				   "%s ends before it begins; swap its ends", word->text);
	if ((first | last) & ~where->mask)
		return reader_fail(where->reader, &word->at,
				   "%s has bits that the mask takes away, so this is never true; "
				   "correct one of them",
				   word->text);
	if (values->count == VALUES_MAX)
		return reader_fail(where->reader, &word->at,
				   "more than %d values for one argument; split the statement",
				   VALUES_MAX);
	values->list[values->count++] = (struct range){first, last};
	return 0;
}

/* VALUE or VALUE..VALUE */
static int value(struct where *where, const struct word *word)
{
	struct word copy = *word;
	char *dots = strstr(copy.text, "..");
	struct constant first = {0}, last;

	if (dots)
		*dots = '\0';
	if (one_value(where, word, copy.text, &first) < 0)
		return -1;
	last = first;
	if (dots && one_value(where, word, dots + 2, &last) < 0)
		return -1;
	if (keep(where, word, VARIANT_COMMON, first.value, last.value) < 0)
		return -1;
	where->differ |= first.power != first.value || last.power != last.value;
	if (absent(&first) || absent(&last))
		return 0;
	return keep(where, word, VARIANT_POWER, first.power, last.power);
}

/* By insertion: the lists are short, and half sorted as written. */
static void sort(struct values *values)
{
	for (size_t i = 1; i < values->count; i++) {
		struct range moved = values->list[i];
		size_t at = i;

		for (; at > 0 && values->list[at - 1].first > moved.first; at--)
			values->list[at] = values->list[at - 1];
		values->list[at] = moved;
	}
}

/* Sorted, overlapping and touching ranges made one. */
static void merge(struct values *values)
{
	size_t kept = 0;

	sort(values);
	for (size_t i = 1; i < values->count; i++) {
		struct range *last = &values->list[kept];

		if (values->list[i].first > (uint64_t)last->last + 1)
			values->list[++kept] = values->list[i];
		else if (values->list[i].last > last->last)
			last->last = values->list[i].last;
	}
	if (values->count > 0)
		values->count = kept + 1;
}

/* Bytes up to 2^32 of the largest block that begins at `first` and fits. */
static uint64_t block(uint64_t first, uint64_t last)
{
	uint64_t size = first ? first & -first : (uint64_t)1 << 32;

	while (first + size - 1 > last)
		size /= 2;
	return size;
}

/* The blocks of all ranges; the number of them. */
static size_t blocks(const struct values *values, uint32_t mask, struct test tests[TESTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < values->count; i++) {
		uint64_t first = values->list[i].first, size;

		for (; first <= values->list[i].last && count < TESTS_MAX; first += size) {
			size = block(first, values->list[i].last);
			tests[count++] =
				(struct test){mask & ~(uint32_t)(size - 1), (uint32_t)first};
		}
	}
	return count;
}

static bool single_bit(uint32_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

static bool foldable(const struct test *a, const struct test *b)
{
	return a->mask == b->mask && single_bit(a->value ^ b->value);
}

static size_t fold_pass(struct test tests[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			if (!foldable(&tests[i], &tests[j]))
				continue;
			tests[i].mask &= ~(tests[i].value ^ tests[j].value);
			tests[i].value &= tests[i].mask;
			tests[j--] = tests[--count];
		}
	}
	return count;
}

static size_t fold(struct test tests[], size_t count)
{
	size_t before;

	do {
		before = count;
		count = fold_pass(tests, count);
	} while (count < before);
	return count;
}

static int put_tests(struct where *where, const struct test list[], size_t count, struct tests *ret)
{
	struct test *tests = source_alloc(where->reader->source, count * sizeof(*tests));

	if (!tests)
		return reader_no_memory(where->reader);
	memcpy(tests, list, count * sizeof(*tests));
	*ret = (struct tests){tests, count};
	return 0;
}

static int finish(struct where *where, const struct word *word, struct condition *ret)
{
	struct test *tests = where->reader->scratch->tests;

	for (enum seccomp_variant v = 0; v < SECCOMP_VARIANTS; v++) {
		size_t count;

		if (v != VARIANT_COMMON && !where->differ) {
			ret->any[v] = ret->any[VARIANT_COMMON];
			continue;
		}
		merge(&where->values[v]);
		count = blocks(&where->values[v], where->mask, tests);
		if (count == TESTS_MAX)
			return reader_fail(where->reader, &word->at, "too many values; list fewer");
		count = fold(tests, count);
		if (count == 1 && tests[0].mask == 0)
			return reader_fail(where->reader, &word->at,
					   "this is true of every value; leave the condition out");
		if (put_tests(where, tests, count, &ret->any[v]) < 0)
			return -1;
	}
	ret->argument = where->argument;
	return 0;
}

/* `has FLAG...`: true if one of them is set. */
static int has(struct where *where, const struct word *word, struct condition *ret)
{
	struct test *list = where->reader->scratch->tests;
	size_t count = 0;
	struct word flag;
	bool more;

	while ((more = reader_word(where->reader, &flag)) && strcmp(flag.text, "and") != 0) {
		if (count == TESTS_MAX)
			return reader_fail(where->reader, &flag.at,
					   "too many flags for one argument");
		if (flags(where, &flag, &list[count].mask) < 0)
			return -1;
		list[count].value = list[count].mask;
		if (!single_bit(list[count++].mask))
			return reader_fail(where->reader, &flag.at,
					   "has takes flags of a single bit, blanks between them");
	}
	if (count == 0)
		return reader_fail(where->reader, &word->at,
				   "has names no flag; write has FLAG...");
	if (put_tests(where, list, count, &ret->any[VARIANT_COMMON]) < 0)
		return -1;
	ret->argument = where->argument;
	ret->any[VARIANT_POWER] = ret->any[VARIANT_COMMON];
	return more;
}

/* `is VALUE...` */
static int is(struct where *where, const struct word *word, struct condition *ret)
{
	bool more, any = false;
	struct word next;

	while ((more = reader_word(where->reader, &next)) && strcmp(next.text, "and") != 0) {
		if (value(where, &next) < 0)
			return -1;
		any = true;
	}
	if (!any)
		return reader_fail(where->reader, &word->at,
				   "is names no value; write is 1 2, say");
	return finish(where, word, ret) < 0 ? -1 : more;
}

bool argument_taken(const struct argument *argument, const struct condition conditions[],
		    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (conditions[i].argument->index == argument->index ||
		    conditions[i].argument->index_s390x == argument->index_s390x)
			return true;
	return false;
}

/* An argument that this call has and that was not asked about before. */
static int argument(struct where *where, const struct word *word, const struct call *call,
		    const struct condition conditions[], size_t count)
{
	text_auto struct text names = {0};
	char shown[TEXT_SHOWN_SIZE];

	where->argument = argument_find(call->name, word->text);
	if (!where->argument) {
		argument_names(call->name, &names);
		return reader_fail(where->reader, &word->at, "%s is no argument of %s; it has %s",
				   text_shown_z(word->text, shown), call->name,
				   names.failed ? "others" : names.data);
	}
	if (argument_taken(where->argument, conditions, count))
		return reader_fail(where->reader, &word->at,
				   "%s is asked about twice; runtimes take either for enough, so "
				   "put all values behind one is",
				   word->text);
	return 0;
}

/* One condition. 1 when `and` follows, 0 at the end, -1 on error. */
static int condition(struct where *where, const struct word *first, struct condition *ret)
{
	struct word word = *first, mask;
	bool masked = false;

	if (!reader_word(where->reader, &word))
		return reader_fail(where->reader, &first->at,
				   "%s is or has what? Write is VALUE...", first->text);
	if (strcmp(word.text, "&") == 0) {
		if (!reader_word(where->reader, &mask))
			return reader_fail(where->reader, &word.at, "& has no mask behind it");
		if (flags(where, &mask, &where->mask) < 0)
			return -1;
		masked = true;
		if (!reader_word(where->reader, &word))
			return reader_fail(where->reader, &mask.at,
					   "a mask needs is VALUE... behind it");
	}
	if (strcmp(word.text, "is") == 0)
		return is(where, &word, ret);
	if (strcmp(word.text, "has") == 0 && !masked)
		return has(where, &word, ret);
	return reader_fail(where->reader, &word.at, "expected is VALUE... here%s",
			   masked ? "" : ", & MASK is VALUE..., or has FLAG...");
}

int where_parse(struct reader *reader, const struct word *where, const struct call *call,
		struct condition conditions[], size_t *ret_count)
{
	struct word first = *where;
	struct values *values = reader->scratch->values;
	int more = 1;

	*ret_count = 0;
	while (more > 0) {
		struct where next = {.reader = reader, .mask = UINT32_MAX, .values = values};

		values[VARIANT_COMMON].count = values[VARIANT_POWER].count = 0;
		if (!reader_word(reader, &first))
			return reader_fail(reader, &first.at,
					   "an argument is missing behind %s; write where "
					   "arg0 is 1, say",
					   *ret_count ? "and" : "where");
		if (*ret_count == SECCOMP_ARGS)
			return reader_fail(reader, &first.at,
					   "a call has no more than six arguments");
		if (argument(&next, &first, call, conditions, *ret_count) < 0)
			return -1;
		more = condition(&next, &first, &conditions[*ret_count]);
		++*ret_count;
	}
	return more;
}
