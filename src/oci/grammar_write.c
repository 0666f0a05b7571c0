/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/grammar_reader.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_bool(const struct grammar_flag *flag)
{
	return flag->type == FLAG_BOOL || flag->type == FLAG_OPTIONAL;
}

static const char *effective(const struct grammar_option *options, size_t count, const char *name)
{
	for (size_t i = count; i-- > 0;) {
		const struct grammar_option *option = &options[i];

		if (strcmp(option->flag->name, name) != 0)
			continue;
		if (is_bool(option->flag) && strcmp(option->value, "false") == 0)
			return NULL;
		return option->value;
	}
	return NULL;
}

const char *request_global(const struct request *request, const char *name)
{
	return effective(request->global, request->globals, name);
}

const char *request_option(const struct request *request, const char *name)
{
	return effective(request->options, request->option_count, name);
}

const char *request_option_at(const struct request *request, const char *name, size_t i)
{
	for (size_t at = 0; at < request->option_count; at++)
		if (strcmp(request->options[at].flag->name, name) == 0 && i-- == 0)
			return request->options[at].value;
	return NULL;
}

/* crun's --log: PATH without a colon, file:PATH, syslog:ID or journald:ID. */
static const char *crun_log_file(const char *log)
{
	if (text_starts(log, "file:"))
		return log + strlen("file:");
	return strchr(log, ':') ? "" : log;
}

void grammar_log(enum runtime_kind kind, int argc, char *const argv[], const char **ret_log,
		 bool *ret_json)
{
	const struct grammar *grammar = grammar_of(kind);
	struct grammar_reader reader = {
		.flags = grammar->global,
		.go_flags = grammar->go_flags,
		.argv = argv,
		.argc = argc,
		.at = 1,
	};
	struct grammar_option option;
	enum grammar_token token;
	const char *log = "";

	*ret_json = false;
	while ((token = grammar_next(&reader, &option)) != TOKEN_ARGUMENTS) {
		if (token == TOKEN_NO_VALUE || (token == TOKEN_UNKNOWN && !reader.attached))
			break;
		if (token != TOKEN_OPTION)
			continue;
		if (strcmp(option.flag->name, "log") == 0)
			log = option.value;
		else if (strcmp(option.flag->name, "log-format") == 0)
			*ret_json = strcmp(option.value, "json") == 0;
	}
	if (kind == RUNTIME_CRUN)
		log = crun_log_file(log);
	*ret_log = log[0] != '\0' ? log : NULL;
}

/* The array of words, and behind it in the same allocation the words that we spell. */
struct writer {
	bool go_flags;
	char **words;
	size_t count;
	char *text;
};

/* execve takes `char *const []` and writes to none of the words. */
static void add_word(struct writer *writer, const char *word)
{
	memcpy(&writer->words[writer->count++], &word, sizeof(word));
}

#define SPELLED_MORE sizeof("--=false") /* bytes of a spelled word beside its name */

static void add_spelled(struct writer *writer, const char *name, const char *tail)
{
	add_word(writer, writer->text);
	writer->text += snprintf(writer->text, strlen(name) + SPELLED_MORE, "--%s%s", name, tail);
	writer->text++;
}

static void add_option(struct writer *writer, const struct grammar_option *option)
{
	const char *name = option->flag->name;

	if (is_bool(option->flag) && strcmp(option->value, "true") == 0) {
		add_spelled(writer, name, "");
	} else if (is_bool(option->flag)) {
		/* getopt's booleans cannot be unset: absent is false. */
		if (writer->go_flags)
			add_spelled(writer, name, "=false");
	} else if (strcmp(option->value, "-") == 0) {
		add_spelled(writer, name, "=-");
	} else {
		add_spelled(writer, name, "");
		add_word(writer, option->value);
	}
}

/* The last occurrence counts; a list counts as a whole. */
static bool is_overridden(const struct grammar_option *options, size_t count, size_t i)
{
	if (options[i].flag->type == FLAG_LIST)
		return false;
	for (size_t later = i + 1; later < count; later++)
		if (options[later].flag == options[i].flag)
			return true;
	return false;
}

static void add_options(struct writer *writer, const struct grammar_option *options, size_t count,
			const char *const *without)
{
	for (size_t i = 0; i < count; i++)
		if (!is_overridden(options, count, i) &&
		    !(without && text_in(options[i].flag->name, without)))
			add_option(writer, &options[i]);
}

static size_t spelled_size(const struct grammar_option *options, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += strlen(options[i].flag->name) + SPELLED_MORE;
	return size;
}

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static bool writer_open(struct writer *writer, const struct request *request, size_t extra)
{
	size_t options = request->globals + request->option_count;
	size_t words =
		4 + 2 * options + extra + request->arg_count; /* program, command, id, NULL */

	writer->words = calloc(1, words * sizeof(writer->words[0]) +
					  spelled_size(request->global, request->globals) +
					  spelled_size(request->options, request->option_count));
	if (!writer->words)
		return false;
	writer->text = (char *)(writer->words + words);
	return true;
}

char **grammar_write(const struct request *request, const char *argv0, const char *const *without,
		     const char *const *extra, bool with_args)
{
	struct writer writer = {.go_flags = grammar_of(request->kind)->go_flags};

	if (!writer_open(&writer, request, list_length(extra)))
		return NULL;
	add_word(&writer, argv0);
	add_options(&writer, request->global, request->globals, NULL);
	if (request->command)
		add_word(&writer, request->command->name);
	add_options(&writer, request->options, request->option_count, without);
	for (; extra && *extra; extra++)
		add_word(&writer, *extra);
	if (request->id)
		add_word(&writer, request->id);
	for (size_t i = 0; with_args && i < request->arg_count; i++)
		add_word(&writer, request->args[i]);
	return writer.words;
}
