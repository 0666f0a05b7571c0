/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the grammar share: command lines written as one string, and what
 * became of them, as another.
 */
#ifndef HR_TESTS_UNIT_GRAMMAR_LINES_H
#define HR_TESTS_UNIT_GRAMMAR_LINES_H

#include "base/cleanup.h"
#include "base/text.h"
#include "oci/grammar.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define LINE_WORDS 1300

/* A line split at its blanks; '' is the empty word. argv[0] is put before it. */
struct line {
	char *text;
	char *argv[LINE_WORDS + 1];
	int argc;
};

static inline void line_split(const char *text, struct line *line)
{
	static char program[] = "/usr/bin/hardrun";

	line->text = strdup(text);
	cr_assert_not_null(line->text);
	line->argv[0] = program;
	line->argc = 1;
	for (char *word = strtok(line->text, " "); word; word = strtok(NULL, " ")) {
		cr_assert_lt(line->argc, LINE_WORDS);
		line->argv[line->argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	line->argv[line->argc] = NULL;
}

static inline void line_free(struct line *line)
{
	free(line->text);
}

#define line_auto __attribute__((cleanup(line_free)))

/* Words from the second on, with blanks between; the empty word as ''. */
static inline void add_words(struct text *out, char *const *words)
{
	for (size_t i = 1; words[i]; i++)
		text_addf(out, "%s%s", i > 1 ? " " : "", words[i][0] ? words[i] : "''");
}

/*
 * "!message" for what is refused, the canonical line for what is written again, "help
 * COMMAND", "pass COMMAND ID" ("-" for no id) or "none" for what goes on as it came.
 */
static inline void describe(const struct request *request, struct text *out)
{
	if (!request->command) {
		text_adds(out, "none");
	} else if (request->help) {
		text_addf(out, "help %s", request->command->name);
	} else if (request->command->class == GRAMMAR_PASS) {
		text_addf(out, "pass %s %s", request->command->name,
			  request->id ? request->id : "-");
	} else {
		hr_autofree char **words = grammar_write(request, "x", NULL, NULL, true);

		cr_assert_not_null(words);
		add_words(out, words);
	}
}

static inline void outcome(enum runtime_kind kind, const struct line *line, struct text *out)
{
	request_auto struct request *request = NULL;
	struct hr_error err = {0};

	if (grammar_parse(kind, line->argc, line->argv, &request, &err) == 0) {
		describe(request, out);
		return;
	}
	cr_expect_eq(err.code, HR_USAGE);
	cr_expect_null(request);
	text_addf(out, "!%s", err.msg);
}

/* Both readings of a line give the same values for every flag of the table. */
static inline void expect_same_values(const struct request *a, const struct request *b)
{
	const struct grammar_flag *flag = a->command->flags;

	cr_expect_eq(a->command, b->command);
	cr_expect_str_eq(a->id, b->id);
	for (; flag->name; flag++) {
		const char *one = request_option(a, flag->name),
			   *two = request_option(b, flag->name);

		cr_expect((!one && !two) || (one && two && strcmp(one, two) == 0), "%s",
			  flag->name);
		for (size_t i = 0; flag->type == FLAG_LIST && one; i++) {
			one = request_option_at(a, flag->name, i);
			two = request_option_at(b, flag->name, i);
			cr_expect((!one && !two) || strcmp(one, two) == 0, "%s", flag->name);
		}
	}
	cr_expect_eq(a->arg_count, b->arg_count);
	for (size_t i = 0; i < a->arg_count; i++)
		cr_expect_str_eq(a->args[i], b->args[i]);
}

static inline void expect_round_trip(enum runtime_kind kind, int argc, char *const *argv)
{
	request_auto struct request *first = NULL, *second = NULL;
	hr_autofree char **once = NULL, **twice = NULL;
	struct hr_error err = {0};
	int words = 0;

	cr_assert_eq(grammar_parse(kind, argc, argv, &first, &err), 0, "%s", err.msg);
	once = grammar_write(first, "x", NULL, NULL, true);
	cr_assert_not_null(once);
	while (once[words])
		words++;
	cr_assert_eq(grammar_parse(kind, words, once, &second, &err), 0, "%s", err.msg);
	expect_same_values(first, second);
	twice = grammar_write(second, "x", NULL, NULL, true);
	cr_assert_not_null(twice);
	for (int i = 0; i <= words; i++)
		cr_expect(once[i] ? twice[i] && strcmp(once[i], twice[i]) == 0 : !twice[i]);
}

#endif
