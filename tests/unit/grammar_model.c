/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading of hardrun against the runtimes' own, over every line of a few words from a
 * small vocabulary: what goes on as it came must start nothing, and what is written again
 * must mean to the runtime what it meant to hardrun. The models below follow runc 1.1
 * (urfave/cli 1.22.1), 1.2 to 1.5 (1.22.14 and later), the main branch of 2026 (urfave/cli
 * 3.10) and runsc (plain Go flags) as their sources do it; crun's is glibc's argp itself.
 */
#include "grammar_go_model.h"

#include <argp.h>

/* crun: the same flags for argp, keys from 1000 on by index. */
static struct argp_option argp_globals[] = {
	{"debug", 1000, NULL, 0, NULL, 0},
	{"root", 1001, "DIR", 0, NULL, 0},
	{"help", 1002, NULL, 0, NULL, 0},
	{"odd", 1003, NULL, 0, NULL, 0},
	{0},
};

static const struct argp_option argp_options[] = {
	{"bundle", 'b', "DIR", 0, NULL, 0},
	{"pid-file", 1001, "FILE", 0, NULL, 0},
	{"no-pivot", 1002, NULL, 0, NULL, 0},
	{"help", 1003, NULL, 0, NULL, 0},
	{0},
};

static error_t argp_take(int key, char *arg, struct argp_state *state)
{
	const char **values = state->input;

	if (key == 'b')
		key = 1000;
	if (key < 1000 || key > 1003)
		return ARGP_ERR_UNKNOWN;
	values[key - 1000] = arg ? arg : "true";
	return 0;
}

static int argp_read(const struct argp_option *table, const struct words *in, int at,
		     const char **values)
{
	const struct argp argp = {.options = table, .parser = argp_take};
	char *argv[2 * MODEL_WORDS + 2];
	int first = 0, argc = 0;

	argv[argc++] = strdup("crun");
	for (; at < in->count; at++)
		argv[argc++] = strdup(in->word[at]);
	argv[argc] = NULL;
	if (argp_parse(&argp, argc, argv,
		       ARGP_IN_ORDER | ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP, &first,
		       values) != 0)
		first = 0;
	for (size_t i = 0; i < 4; i++) /* values outlive argv: back to the words themselves */
		for (int word = 1; values[i] && word < argc; word++)
			if (values[i] >= argv[word] &&
			    values[i] <= argv[word] + strlen(argv[word])) {
				values[i] = in->word[in->count - argc + word] +
					    (values[i] - argv[word]);
				break;
			}
	while (argc > 0)
		free(argv[--argc]);
	return first;
}

static void read_crun(const struct words *in, struct reading *reading)
{
	const char *values[4] = {NULL};
	int first = argp_read(argp_globals, in, 0, values), second;

	/* argp leaves at once when it meets --help, so a later word cannot take it back */
	if (first == 0 || values[HELP_GLOBAL] || first - 1 >= in->count)
		return;
	second = argp_read(argp_options, in, first, reading->values);
	if (second > 0)
		finish(reading, in->word[first - 1], in, first + second - 1);
}

static void model_read(enum runtime_kind kind, enum go_model model, char *const *argv,
		       struct reading *reading)
{
	struct words in = {0};

	*reading = (struct reading){0};
	for (size_t i = 1; argv[i]; i++)
		put(&in, argv[i]);
	if (kind == RUNTIME_CRUN)
		read_crun(&in, reading);
	else if (model == RUNC_CLI3)
		read_cli3(&in, reading);
	else
		read_v1(model, &in, reading);
}

static bool same(const char *a, const char *b)
{
	return a ? b && strcmp(a, b) == 0 : !b;
}

static void expect_agreement(const struct request *request, enum go_model model, char *const *argv)
{
	bool document =
		request->command && request->command->class != GRAMMAR_PASS && !request->help;
	text_auto struct text line = {0};
	struct reading reading;

	add_words(&line, argv);
	model_read(request->kind, model, argv, &reading);
	cr_assert_eq(reading.starts, document, "%d/%d: %s", request->kind, model, line.data);
	if (!document)
		return;
	cr_assert(same(reading.id, request->id), "%d/%d: %s", request->kind, model, line.data);
	for (size_t i = 0; i < hr_count(options); i++) {
		const char *value = reading.values[i];

		if (options[i].boolean && value && strcmp(value, "false") == 0)
			value = NULL;
		cr_assert(same(value, request_option(request, options[i].name)), "%d/%d: %s",
			  request->kind, model, line.data);
	}
}

static void set_odd(bool boolean)
{
	globals[ODD_GLOBAL].boolean = boolean;
	argp_globals[ODD_GLOBAL].arg = boolean ? NULL : "X";
}

static size_t try_line(enum runtime_kind kind, char *const *argv, int argc)
{
	request_auto struct request *request = NULL;
	hr_autofree char **words = NULL;
	bool document;

	if (grammar_parse(kind, argc, argv, &request, NULL) < 0)
		return 0;
	document = request->command && request->command->class != GRAMMAR_PASS && !request->help;
	words = grammar_write(request, "x", NULL, NULL, true);
	cr_assert_not_null(words);
	for (enum go_model model = 0; model < GO_MODELS; model++) {
		if ((kind == RUNTIME_RUNSC) != (model == PLAIN_GO))
			continue;
		set_odd(true);
		expect_agreement(request, model, document ? words : argv);
		set_odd(false);
		expect_agreement(request, model, document ? words : argv);
	}
	return 1;
}

/* Every line of `prefix` and up to `more` words out of the vocabulary. */
static size_t try_all(enum runtime_kind kind, char **argv, int argc, const char *const *vocabulary,
		      int more)
{
	size_t read;

	argv[argc] = NULL;
	read = try_line(kind, argv, argc);
	for (size_t i = 0; more > 0 && vocabulary[i]; i++) {
		memcpy(&argv[argc], &vocabulary[i], sizeof(argv[argc]));
		read += try_all(kind, argv, argc + 1, vocabulary, more - 1);
	}
	return read;
}

static const char *const line_words[] = {"create",  "exec",   "state", "--root",
					 "--debug", "--help", "--odd", "--help=false",
					 "-",	    "--",     "",      "-h",
					 "x",	    NULL};

static const char *const option_words[] = {"--bundle",	   "-b",	 "-b=x",
					   "--pid-file=y", "-bhelp",	 "--help",
					   "--help=false", "--no-pivot", "-",
					   "--",	   "x",		 NULL};

static void try_kind(enum runtime_kind kind)
{
	static char program[] = "hardrun", create[] = "create";
	char *argv[MODEL_WORDS] = {program};
	size_t read = try_all(kind, argv, 1, line_words, 4);

	argv[1] = create;
	read += try_all(kind, argv, 2, option_words, 5);
	cr_expect_gt(read, 1000, "only %zu lines were understood", read);
}

Test(grammar_model, runc)
{
	try_kind(RUNTIME_RUNC);
}

Test(grammar_model, crun)
{
	try_kind(RUNTIME_CRUN);
}

Test(grammar_model, runsc)
{
	try_kind(RUNTIME_RUNSC);
}
