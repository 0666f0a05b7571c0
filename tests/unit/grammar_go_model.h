/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Go's flag package and the releases of urfave/cli read a line, in small: create and
 * exec, some global flags, some flags of the command.
 */
#ifndef HR_TESTS_UNIT_GRAMMAR_GO_MODEL_H
#define HR_TESTS_UNIT_GRAMMAR_GO_MODEL_H

#include "grammar_lines.h"

#include <ctype.h>

#define MODEL_WORDS 16

/* What a runtime would do with a line. */
struct reading {
	bool starts; /* create, run, exec, ... with an id */
	const char *id;
	const char *values[MODEL_WORDS]; /* of the flags of the model, by index; NULL: unset */
};

struct model_flag {
	const char *name, *alias;
	bool boolean;
};

/* --odd stands for a flag that the runtime knows and hardrun does not: boolean or not. */
static struct model_flag globals[] = {
	{"debug", NULL, true},
	{"root", NULL, false},
	{"help", "h", true},
	{"odd", NULL, true},
};

static const struct model_flag options[] = {
	{"bundle", "b", false},
	{"pid-file", NULL, false},
	{"no-pivot", NULL, true},
	{"help", "h", true},
};

#define HELP_GLOBAL 2
#define HELP_OPTION 3
#define ODD_GLOBAL  3

struct words {
	const char *word[2 * MODEL_WORDS];
	int count;
};

static inline void put(struct words *words, const char *word)
{
	cr_assert_lt(words->count, 2 * MODEL_WORDS);
	words->word[words->count++] = word;
}

static inline int model_find(const struct model_flag *flags, size_t count, const char *name,
			     size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0)
			return (int)i;
		if (flags[i].alias && strlen(flags[i].alias) == len &&
		    strncmp(flags[i].alias, name, len) == 0)
			return (int)i;
	}
	return -1;
}

static const char *model_bool(const char *value)
{
	if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		return "true";
	return strcmp(value, "false") == 0 || strcmp(value, "0") == 0 ? "false" : NULL;
}

/* flag.FlagSet.Parse; the index of the first argument, or -1 for an error. */
static inline int go_parse(const struct model_flag *flags, size_t count, const struct words *in,
			   int at, const char **values, bool *spelled)
{
	while (at < in->count) {
		const char *word = in->word[at], *name, *value;
		size_t len;
		int flag;

		if (strlen(word) < 2 || word[0] != '-')
			return at;
		at++;
		if (strcmp(word, "--") == 0)
			return at;
		name = word + (word[1] == '-' ? 2 : 1);
		if (name[0] == '\0' || name[0] == '-' || name[0] == '=')
			return -1;
		len = strcspn(name, "=");
		value = name[len] == '=' ? name + len + 1 : NULL;
		flag = model_find(flags, count, name, len);
		if (flag < 0)
			return -1;
		spelled[2 * flag + (strncmp(flags[flag].name, name, len) != 0 ||
				    flags[flag].name[len])] = true;
		if (flags[flag].boolean)
			value = value ? model_bool(value) : "true";
		else if (!value && at < in->count)
			value = in->word[at++];
		if (!value)
			return -1;
		values[flag] = value;
	}
	return at;
}

static inline bool starts_with_dash(const char *word)
{
	return word[0] == '-';
}

/* urfave/cli 1.22.1, reorderArgs */
static inline void reorder_old(const struct words *in, int from, struct words *out)
{
	struct words rest = {0};
	bool value_next = false;

	for (int i = from; i < in->count; i++) {
		const char *word = in->word[i];

		if (strcmp(word, "--") == 0) {
			for (; i < in->count; i++)
				put(&rest, in->word[i]);
		} else if (value_next && !starts_with_dash(word)) {
			value_next = false;
			put(out, word);
		} else if (strcmp(word, "-") != 0 && starts_with_dash(word)) {
			put(out, word);
			value_next = !strchr(word, '=');
		} else {
			value_next = false;
			put(&rest, word);
		}
	}
	for (int i = 0; i < rest.count; i++)
		put(out, rest.word[i]);
}

static inline bool is_model_option(const char *word)
{
	const char *name = word;

	if (strcmp(word, "-") == 0 || strcmp(word, "--") == 0 || word[0] != '-')
		return false;
	name += word[1] == '-' ? 2 : 1;
	if (name[0] == '-')
		name++;
	return model_find(options, hr_count(options), name, strcspn(name, "=")) >= 0;
}

/* urfave/cli 1.22.14, reorderArgs */
static inline void reorder_new(const struct words *in, int from, struct words *out)
{
	struct words rest = {0};
	bool value_next = false, dashes = false;

	for (int i = from; i < in->count; i++) {
		const char *word = in->word[i];

		if (value_next && !is_model_option(word)) {
			value_next = false;
			put(out, word);
		} else if (strcmp(word, "--") == 0) {
			dashes = true;
			for (i++; i < in->count; i++)
				put(&rest, in->word[i]);
		} else if (is_model_option(word)) {
			put(out, word);
			value_next = !strchr(word, '=');
		} else {
			put(&rest, word);
		}
	}
	if (dashes)
		put(out, "--");
	for (int i = 0; i < rest.count; i++)
		put(out, rest.word[i]);
}

enum go_model { RUNC_OLD, RUNC_NEW, RUNC_CLI3, PLAIN_GO, GO_MODELS };

static inline bool is_true(const char *value)
{
	return value && strcmp(value, "true") == 0;
}

static inline void finish(struct reading *reading, const char *command, const struct words *args,
			  int at)
{
	bool exec = strcmp(command, "exec") == 0;
	int count = args->count - at;

	if (is_true(reading->values[HELP_OPTION]))
		return;
	if (strcmp(command, "create") != 0 && !exec)
		return;
	if (count < 1 || (!exec && count > 1))
		return;
	reading->starts = true;
	reading->id = args->word[at];
}

static inline void read_command_v1(enum go_model model, const struct words *in, int at,
				   struct reading *reading)
{
	bool exec = strcmp(in->word[at], "exec") == 0;
	bool spelled[2 * MODEL_WORDS] = {false};
	struct words args = {0};
	int first;

	if (exec || model == PLAIN_GO)
		for (int i = at + 1; i < in->count; i++)
			put(&args, in->word[i]);
	else if (model == RUNC_OLD)
		reorder_old(in, at + 1, &args);
	else
		reorder_new(in, at + 1, &args);
	first = go_parse(options, hr_count(options), &args, 0, reading->values, spelled);
	for (size_t i = 0; i < hr_count(options) && model != PLAIN_GO; i++)
		if (spelled[2 * i] && spelled[2 * i + 1])
			return; /* normalizeFlags: two forms of the same flag */
	if (first >= 0)
		finish(reading, in->word[at], &args, first);
}

static inline void read_v1(enum go_model model, const struct words *in, struct reading *reading)
{
	const char *values[hr_count(globals)] = {NULL};
	bool spelled[2 * hr_count(globals)] = {false};
	int at = go_parse(globals, hr_count(globals), in, 0, values, spelled);

	if (at < 0 || at >= in->count || is_true(values[HELP_GLOBAL]))
		return;
	if (spelled[2 * HELP_GLOBAL] && spelled[2 * HELP_GLOBAL + 1] && model != PLAIN_GO)
		return;
	read_command_v1(model, in, at, reading);
}

/* Command.parseFlags of urfave/cli 3; false for an error. `out` gets the arguments. */
static inline bool cli3_parse(const struct model_flag *flags, size_t count, bool top, bool exec,
			      const struct words *in, int at, const char **values,
			      struct words *out)
{
	for (; at < in->count; at++) {
		const char *word = in->word[at], *name, *value;
		size_t len;
		int flag;

		if (word[0] == '\0') {
			put(out, word);
			continue;
		}
		if (strcmp(word, "--") == 0 || (exec && out->count == 1)) {
			at += strcmp(word, "--") == 0;
			break;
		}
		if (word[0] != '-') {
			if (top && (strcmp(word, "create") == 0 || strcmp(word, "exec") == 0 ||
				    strcmp(word, "state") == 0))
				break;
			put(out, word);
			continue;
		}
		if (word[1] == '\0') {
			put(out, word);
			return true; /* what follows is dropped */
		}
		if (word[1] != '-' && !isalpha((unsigned char)word[1]))
			break;
		name = word + (word[1] == '-' ? 2 : 1);
		len = strcspn(name, "=");
		value = name[len] == '=' ? name + len + 1 : NULL;
		flag = model_find(flags, count, name, len);
		if (flag < 0)
			return false;
		if (flags[flag].boolean) {
			value = value && value[0] ? model_bool(value) : "true";
			if (!value)
				return false;
		} else if (!value) {
			if (at + 1 == in->count)
				return false;
			value = in->word[++at];
		}
		values[flag] = value;
	}
	for (; at < in->count; at++)
		put(out, in->word[at]);
	return true;
}

static inline void read_cli3(const struct words *in, struct reading *reading)
{
	const char *values[hr_count(globals)] = {NULL};
	struct words line = {0}, args = {0};
	const char *command;

	if (!cli3_parse(globals, hr_count(globals), true, false, in, 0, values, &line) ||
	    line.count == 0 || is_true(values[HELP_GLOBAL]))
		return;
	command = line.word[0];
	if (cli3_parse(options, hr_count(options), false, strcmp(command, "exec") == 0, &line, 1,
		       reading->values, &args))
		finish(reading, command, &args, 0);
}

#endif
