/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/grammar_reader.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *runtime_kind_name(enum runtime_kind kind)
{
	static const char *const names[RUNTIME_KINDS] = {
		[RUNTIME_RUNC] = "runc",
		[RUNTIME_CRUN] = "crun",
		[RUNTIME_RUNSC] = "runsc",
	};

	return kind < RUNTIME_KINDS ? names[kind] : "no runtime that hardrun knows";
}

void request_free(struct request *request)
{
	if (!request)
		return;
	free(request->global);
	free(request->options);
	free(request);
}

static struct request *request_new(enum runtime_kind kind)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->kind = kind;
	request->global = calloc(GRAMMAR_MAX_FLAGS, sizeof(request->global[0]));
	request->options = calloc(GRAMMAR_MAX_FLAGS, sizeof(request->options[0]));
	if (request->global && request->options)
		return request;
	request_free(request);
	return NULL;
}

/* Both lists have room for all that one line may hold; false: it holds more. */
static bool add(struct request *request, bool global, const struct grammar_option *option)
{
	if (request->globals + request->option_count == GRAMMAR_MAX_FLAGS)
		return false;
	if (global)
		request->global[request->globals++] = *option;
	else
		request->options[request->option_count++] = *option;
	return true;
}

/* "runc", or "runc create", for messages. */
struct where {
	char text[64];
};

static struct where where_is(const struct request *request, bool global)
{
	struct where where;

	snprintf(where.text, sizeof(where.text), "%s%s%s", runtime_kind_name(request->kind),
		 global ? "" : " ", global ? "" : request->command->name);
	return where;
}

/* Of getopt's short options the reader names the letter alone. */
static const char *dash_of(const char *name)
{
	return name[0] == '-' ? "" : "-";
}

static int fail_token(const struct request *request, bool global, enum grammar_token token,
		      const struct grammar_reader *reader, struct hr_error *err)
{
	struct where where = where_is(request, global);
	const char *why = "a flag that hardrun does not know; write its full name or "
			  "leave it out";
	char shown[TEXT_SHOWN_SIZE];

	if (token == TOKEN_NO_VALUE)
		why = "a flag without its value";
	else if (token == TOKEN_BAD_VALUE)
		why = "a flag that cannot have the value given to it";
	return hr_fail(err, HR_USAGE, "%s: %s%s: %s", where.text, dash_of(reader->name),
		       text_shown(reader->name, reader->name_len, shown), why);
}

/* True if `value` is one of the values in `list`, which are separated by '|'. */
static bool is_listed(const char *value, const char *list)
{
	size_t len = strlen(value);

	while (list) {
		size_t item = strcspn(list, "|");

		if (item == len && memcmp(list, value, len) == 0)
			return true;
		list = list[item] == '|' ? list + item + 1 : NULL;
	}
	return false;
}

/* Go reads 010 as 8 and 0x10 as 16, crun as 10 and 0: only what all read alike. */
static bool is_fd_count(const char *value)
{
	size_t len = strspn(value, "0123456789");

	return len > 0 && len <= 4 && value[len] == '\0' && (value[0] != '0' || len == 1) &&
	       strtol(value, NULL, 10) <= GRAMMAR_MAX_FDS;
}

static int check_option(const struct request *request, bool global,
			const struct grammar_option *option, struct hr_error *err)
{
	/* An empty one means "none" to some runtimes and a path to others. */
	static const char *const filled[] = {"root", "bundle", "process", "resources", NULL};
	struct where where = where_is(request, global);
	const char *name = option->flag->name;
	char shown[TEXT_SHOWN_SIZE];

	if (option->flag->refuse && !is_listed(option->value, option->flag->safe))
		return hr_fail(err, HR_USAGE, "%s: --%s is refused: %s; leave it out", where.text,
			       name, option->flag->refuse);
	if (option->value[0] == '\0' && text_in(name, filled))
		return hr_fail(err, HR_USAGE, "%s: --%s is empty; name a path", where.text, name);
	if (strcmp(name, "preserve-fds") == 0 && !is_fd_count(option->value))
		return hr_fail(err, HR_USAGE, "%s: --%s %s is no decimal from 0 to %d", where.text,
			       name, text_shown_z(option->value, shown), GRAMMAR_MAX_FDS);
	return 0;
}

/* Read all flags up to the arguments, of which the first is then argv[reader->at]. */
static int read_flags(struct request *request, bool global, struct grammar_reader *reader,
		      struct hr_error *err)
{
	struct grammar_option option;
	enum grammar_token token;

	while ((token = grammar_next(reader, &option)) == TOKEN_OPTION) {
		if (check_option(request, global, &option, err) < 0)
			return -1;
		if (!add(request, global, &option))
			return hr_fail(err, HR_USAGE, "%s: more than %d flags",
				       where_is(request, global).text, GRAMMAR_MAX_FLAGS);
	}
	return token == TOKEN_ARGUMENTS ? 0 : fail_token(request, global, token, reader, err);
}

static int take_id(struct request *request, const struct grammar_reader *reader,
		   struct hr_error *err)
{
	struct where where = where_is(request, false);
	int rest = reader->at + 1;
	bool exec = request->command->class == GRAMMAR_EXEC;

	if (reader->at >= reader->argc)
		return hr_fail(err, HR_USAGE, "%s: no container id", where.text);
	request->id = reader->argv[reader->at];
	if (request->id[0] == '\0' || request->id[0] == '-')
		return hr_fail(err, HR_USAGE,
			       "%s: a container id is not empty and has no '-' in front",
			       where.text);
	if (rest == reader->argc)
		return 0;
	/* runc moves flags behind the id to the front, crun does not. */
	if (!exec)
		return hr_fail(err, HR_USAGE,
			       "%s: more words behind the container id; put flags before it",
			       where.text);
	/* runc 1.1 and crun would run "--" itself; urfave/cli 3 drops it, and reads flags
	 * again behind an empty word. */
	if (reader->argv[rest][0] == '\0' || strcmp(reader->argv[rest], "--") == 0)
		return hr_fail(err, HR_USAGE, "%s: the command behind the id is empty or --",
			       where.text);
	request->args = reader->argv + rest;
	request->arg_count = (size_t)(reader->argc - rest);
	return 0;
}

/*
 * `runsc exec --detach` starts itself again with its own words, less every word that
 * holds "detach" and with a flag put behind every word "exec" (runsc/cmd/exec.go,
 * execChildAndWait): such a value would make it read another line than this one.
 */
static bool is_lost_in_runsc(const char *value)
{
	return value && (strstr(value, "detach") || strcmp(value, "exec") == 0);
}

static int check_runsc_detach(const struct request *request, struct hr_error *err)
{
	bool lost = is_lost_in_runsc(request->id);

	if (request->kind != RUNTIME_RUNSC || request->command->class != GRAMMAR_EXEC ||
	    !request_option(request, "detach"))
		return 0;
	for (size_t i = 0; i < request->globals; i++)
		lost = lost || is_lost_in_runsc(request->global[i].value);
	for (size_t i = 0; i < request->option_count; i++)
		lost = lost || is_lost_in_runsc(request->options[i].value);
	return lost ? hr_fail(err, HR_USAGE,
			      "runsc exec --detach: an id or value that holds \"detach\" or is "
			      "\"exec\" is misread by runsc; rename it")
		    : 0;
}

/* The one word behind the command, so that nothing can take it back (--help=false). */
static bool is_help(const struct grammar *grammar, const char *word)
{
	static const char *const go[] = {"-h", "--h", "-help", "--help", NULL};
	static const char *const argp[] = {"-?", "--help", "--usage", NULL};

	return text_in(word, grammar->go_flags ? go : argp);
}

static int read_document(struct request *request, const struct grammar *grammar, int argc,
			 char *const argv[], int at, struct hr_error *err)
{
	struct grammar_reader reader = {
		.flags = grammar->global,
		.go_flags = grammar->go_flags,
		.argv = argv,
		.argc = at,
		.at = 1,
	};

	if (read_flags(request, true, &reader, err) < 0)
		return -1;
	if (at + 2 == argc && is_help(grammar, argv[at + 1])) {
		request->help = true;
		return 0;
	}
	reader.flags = request->command->flags;
	reader.argc = argc;
	reader.at = at + 1;
	if (read_flags(request, false, &reader, err) < 0 || take_id(request, &reader, err) < 0)
		return -1;
	return check_runsc_detach(request, err);
}

/* Read flags as long as they are understood; true if all were. */
static bool read_leniently(struct request *request, bool global, struct grammar_reader *reader)
{
	bool sure = true;

	for (;;) {
		struct grammar_option option;
		enum grammar_token token = grammar_next(reader, &option);

		if (token == TOKEN_ARGUMENTS)
			return sure;
		if (token == TOKEN_UNKNOWN || token == TOKEN_NO_VALUE)
			return false;
		if (token == TOKEN_BAD_VALUE)
			continue;
		if (!global && option.flag->refuse)
			sure = false;
		add(request, global, &option);
	}
}

/* `at`: where the command stands; argc for a line without one. */
static void read_pass(struct request *request, const struct grammar *grammar, int argc,
		      char *const argv[], int at, bool doubt)
{
	struct grammar_reader reader = {
		.flags = grammar->global,
		.go_flags = grammar->go_flags,
		.argv = argv,
		.argc = at,
		.at = 1,
	};

	read_leniently(request, true, &reader);
	if (!request->command || !request->command->flags)
		return;
	reader.flags = request->command->flags;
	reader.argc = argc;
	reader.at = at + 1;
	reader.cluster = NULL;
	if (read_leniently(request, false, &reader) && !doubt && request->command->has_id &&
	    reader.at < argc && argv[reader.at][0] != '\0')
		request->id = argv[reader.at];
}

static int fail_found(enum runtime_kind kind, const struct grammar_found *found, char *const argv[],
		      struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (found->unknown)
		return hr_fail(err, HR_USAGE,
			       "%s: %s%s: a global flag that hardrun does not know, so that the "
			       "command is in doubt; leave it out",
			       runtime_kind_name(kind), dash_of(found->unknown),
			       text_shown(found->unknown, found->unknown_len, shown));
	return hr_fail(err, HR_USAGE,
		       "%s: %s is no command that hardrun hands on; see hardrun commands",
		       runtime_kind_name(kind), text_shown_z(argv[found->other], shown));
}

int grammar_parse(enum runtime_kind kind, int argc, char *const argv[], struct request **ret,
		  struct hr_error *err)
{
	const struct grammar *grammar = grammar_of(kind);
	request_auto struct request *request = request_new(kind);
	struct grammar_found found;
	int at;

	if (!request)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (grammar_find(grammar, argc, argv, &found, err) < 0)
		return -1;
	at = found.document ? found.document : found.pass;
	if ((found.document && found.doubt) || (at == 0 && found.other))
		return fail_found(kind, &found, argv, err);
	if (at > 0)
		request->command = grammar_command(grammar, argv[at]);
	if (request->command && request->command->class != GRAMMAR_PASS) {
		if (read_document(request, grammar, argc, argv, at, err) < 0)
			return -1;
	} else {
		read_pass(request, grammar, argc, argv, at > 0 ? at : argc, found.doubt);
	}
	*ret = hr_steal(request);
	return 0;
}
