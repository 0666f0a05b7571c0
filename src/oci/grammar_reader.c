/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/grammar_reader.h"

#include "base/text.h"

#include <string.h>

const struct grammar *grammar_of(enum runtime_kind kind)
{
	static const struct grammar *const all[RUNTIME_KINDS] = {
		[RUNTIME_RUNC] = &grammar_runc,
		[RUNTIME_CRUN] = &grammar_crun,
		[RUNTIME_RUNSC] = &grammar_runsc,
	};

	return all[kind];
}

const struct grammar_command *grammar_command(const struct grammar *grammar, const char *word)
{
	for (const struct grammar_command *c = grammar->commands; c->name; c++)
		if (strcmp(c->name, word) == 0)
			return c;
	return NULL;
}

static bool is_name(const char *name, const char *text, size_t len)
{
	return name && strlen(name) == len && memcmp(name, text, len) == 0;
}

static const struct grammar_flag *find(const struct grammar_flag *flags, const char *text,
				       size_t len)
{
	for (; flags->name; flags++)
		if (is_name(flags->name, text, len) || is_name(flags->alias, text, len))
			return flags;
	return NULL;
}

/* strconv.ParseBool's spellings and no others; NULL for the rest. */
static const char *go_bool(const char *value)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};

	if (text_in(value, yes))
		return "true";
	return text_in(value, no) ? "false" : NULL;
}

/* crun's exec: all but these two mean true. */
static const char *optional_bool(const char *value)
{
	static const char *const no[] = {"false", "no", NULL};

	return value && text_in(value, no) ? "false" : "true";
}

/* `value` is what the word itself holds, or NULL. */
static enum grammar_token take(struct grammar_reader *reader, const struct grammar_flag *flag,
			       const char *value, struct grammar_option *ret_option)
{
	switch (flag->type) {
	case FLAG_BOOL:
		if (!value)
			value = "true";
		else
			value = reader->go_flags ? go_bool(value) : NULL;
		if (!value)
			return TOKEN_BAD_VALUE;
		break;
	case FLAG_OPTIONAL:
		value = optional_bool(value);
		break;
	case FLAG_STRING:
	case FLAG_LIST:
	case FLAG_TYPES:
		if (!value && reader->at >= reader->argc)
			return TOKEN_NO_VALUE;
		if (!value)
			value = reader->argv[reader->at++];
		break;
	}
	*ret_option = (struct grammar_option){.flag = flag, .value = value};
	return TOKEN_OPTION;
}

static enum grammar_token next_long(struct grammar_reader *reader, const char *word,
				    struct grammar_option *ret_option)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct grammar_flag *flag = NULL;

	reader->name = word;
	reader->name_len = (size_t)(name - word) + len;
	reader->attached = value != NULL;
	/* getopt's --b is no -b: it would be completed to --bundle. */
	if (reader->go_flags || len > 1)
		flag = find(reader->flags, name, len);
	return flag ? take(reader, flag, value, ret_option) : TOKEN_UNKNOWN;
}

static enum grammar_token next_short(struct grammar_reader *reader,
				     struct grammar_option *ret_option)
{
	const char *letter = reader->cluster;
	const char *rest = letter[1] != '\0' ? letter + 1 : NULL;
	const struct grammar_flag *flag = find(reader->flags, letter, 1);

	reader->name = letter;
	reader->name_len = 1;
	reader->attached = false;
	reader->cluster = NULL;
	if (!flag)
		return TOKEN_UNKNOWN;
	if (flag->type != FLAG_BOOL)
		return take(reader, flag, rest, ret_option);
	reader->cluster = rest;
	return take(reader, flag, NULL, ret_option);
}

enum grammar_token grammar_next(struct grammar_reader *reader, struct grammar_option *ret_option)
{
	const char *word;

	if (reader->cluster)
		return next_short(reader, ret_option);
	if (reader->at >= reader->argc)
		return TOKEN_ARGUMENTS;
	word = reader->argv[reader->at];
	if (word[0] != '-' || word[1] == '\0')
		return TOKEN_ARGUMENTS;
	reader->at++;
	if (strcmp(word, "--") == 0)
		return TOKEN_ARGUMENTS;
	if (reader->go_flags || word[1] == '-')
		return next_long(reader, word, ret_option);
	reader->cluster = word + 1;
	return next_short(reader, ret_option);
}
