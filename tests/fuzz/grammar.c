/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, words separated by NUL, for every kind of runtime: what is written again
 * is read as the same. */
#include "fuzz.h"

#include "oci/grammar.h"

#define MOST_WORDS 600

static char **must_words(const struct request *request)
{
	char **words = grammar_write(request, "/usr/bin/hardrun", NULL, NULL, true);

	must(words);
	return words;
}

static int count(char *const *words)
{
	int n = 0;

	while (words[n])
		n++;
	return n;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* By every flag's effective value, as the rest of the program asks. */
static void must_be_same(const struct request *a, const struct request *b)
{
	must(a->command == b->command && a->help == b->help && same_text(a->id, b->id));
	must(a->arg_count == b->arg_count);
	for (size_t i = 0; i < a->arg_count; i++)
		must(strcmp(a->args[i], b->args[i]) == 0);
	for (size_t i = 0; i < a->globals; i++)
		must(same_text(request_global(a, a->global[i].flag->name),
			       request_global(b, a->global[i].flag->name)));
	for (size_t i = 0; i < a->option_count; i++) {
		const char *name = a->options[i].flag->name;

		must(same_text(request_option(a, name), request_option(b, name)));
		if (a->options[i].flag->type != FLAG_LIST)
			continue;
		for (size_t n = 0; request_option_at(a, name, n) || request_option_at(b, name, n);
		     n++)
			must(same_text(request_option_at(a, name, n),
				       request_option_at(b, name, n)));
	}
}

static void check(enum runtime_kind kind, int argc, char *const argv[])
{
	request_auto struct request *request = NULL, *again = NULL;
	hr_autofree char **once = NULL, **twice = NULL;
	struct hr_error err = {0};
	const char *log;
	bool json;

	grammar_log(kind, argc, argv, &log, &json);
	must(!log || log[0]);
	if (grammar_parse(kind, argc, argv, &request, &err) < 0) {
		must(!request && err.code == HR_USAGE);
		must_be_told(&err);
		return;
	}
	must(request->kind == kind);
	/* goes on as it came */
	if (!request->command || request->help || request->command->class == GRAMMAR_PASS)
		return;
	must(request->id && request->id[0] && request->id[0] != '-');
	once = must_words(request);
	must(grammar_parse(kind, count(once), once, &again, &err) == 0);
	must_be_same(request, again);
	twice = must_words(again);
	must(count(once) == count(twice));
	for (size_t i = 0; once[i]; i++)
		must(strcmp(once[i], twice[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hr_autofree char *text = malloc(size + 1);
	char *argv[MOST_WORDS + 2] = {(char[]){"hardrun"}};
	int argc = 1;

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc <= MOST_WORDS; at += strlen(text + at) + 1)
		argv[argc++] = text + at;
	for (unsigned kind = 0; kind < RUNTIME_KINDS; kind++)
		check((enum runtime_kind)kind, argc, argv);
	return 0;
}
