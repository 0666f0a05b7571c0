/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of a source:
 *   include NAME               the statements of a built-in profile, first of all
 *   group @NAME CALL...        a set that stands for its calls from here on
 *   allow[ARCH...] CALL... [where CONDITIONS]
 *   answer[ARCH...] ERRNO CALL... [where CONDITIONS]
 *   remove CALL...             forget what was said about them
 * [not ARCH...] is all others. What a file says about a call, or about some values of its
 * arguments, goes before what the files that it includes say.
 */
#include "base/cleanup.h"
#include "seccomp/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDES_MAX 4 /* deep */

static int parse_text(struct reader *reader);

static const char *describe(const struct clause *clause)
{
	return clause->answer == 0 ? "allowed" : "answered";
}

/* Of what one file says about a call, either one line is unconditional or all have
 * conditions: libseccomp would keep the unconditional one alone. */
static int check_clash(struct reader *reader, const struct target *target,
		       const struct statement *statement)
{
	for (const struct clause *c = target->call->first; c; c = c->next) {
		if (!(c->arches & statement->arches) || c->layer != reader->layer)
			continue;
		if (c->count > 0 && statement->conditions_count > 0)
			continue;
		return reader_fail(reader, &target->at,
				   "%s is %s in line %u already, %s; keep one of the two",
				   target->call->name, describe(c), c->at.line,
				   c->count > 0 ? "with conditions that this line would undo"
						: "without conditions");
	}
	return 0;
}

/* Names of arguments mean another index in each call, so two may now be the same. */
static int bind(struct reader *reader, const struct target *target, struct clause *clause)
{
	for (size_t i = 0; i < clause->count; i++) {
		const char *name = clause->conditions[i].argument->name;
		const struct argument *argument = argument_find(target->call->name, name);

		if (!argument)
			return reader_fail(reader, &target->at,
					   "%s has no argument %s; give it a line of its own",
					   target->call->name, name);
		clause->conditions[i].argument = argument;
		if (argument_taken(argument, clause->conditions, i))
			return reader_fail(
				reader, &target->at,
				"%s is asked about twice in %s; give it a line of its own", name,
				target->call->name);
	}
	return 0;
}

/* The same said again, about all arguments: a group and one of its calls, say. */
static bool said(const struct reader *reader, const struct target *target,
		 const struct statement *statement)
{
	const struct clause *c = target->call->first;

	while (c && (c->count > 0 || c->layer != reader->layer || c->answer != statement->answer ||
		     c->arches != statement->arches))
		c = c->next;
	return c && statement->conditions_count == 0;
}

static int add_clause(struct reader *reader, const struct target *target,
		      const struct statement *statement)
{
	size_t size = statement->conditions_count * sizeof(statement->conditions[0]);
	struct call *call = target->call;
	struct clause *clause;

	if (target->of_group && said(reader, target, statement))
		return 0;
	if (check_clash(reader, target, statement) < 0)
		return -1;
	clause = source_alloc(reader->source, sizeof(*clause) + size);
	if (!clause)
		return reader_no_memory(reader);
	clause->answer = statement->answer;
	clause->arches = statement->arches;
	clause->layer = reader->layer;
	clause->file = reader->file;
	clause->at = target->at;
	clause->count = statement->conditions_count;
	memcpy(clause->conditions, statement->conditions, size);
	if (call->last)
		call->last->next = clause;
	else
		call->first = clause;
	call->last = clause;
	return bind(reader, target, clause);
}

/* A call of a group that has conditions of its own. */
static int add_conditional(struct reader *reader, const struct target *target,
			   const struct statement *statement)
{
	const struct group *group = target->group;
	struct statement own = *statement;

	if (statement->conditions_count > 0)
		return reader_fail(reader, &target->at,
				   "%s has conditions of its own; leave where out", group->name);
	own.conditions_count = group->conditions_count;
	memcpy(own.conditions, group->conditions, own.conditions_count * sizeof(own.conditions[0]));
	return add_clause(reader, target, &own);
}

int statement_calls(struct reader *reader, struct statement *statement)
{
	struct targets *targets = statement->targets;
	struct word where;
	int more = targets_parse(reader, statement->answer != 0, targets, &where);

	if (more < 0)
		return -1;
	if (targets->count == 0)
		return statement_empty(reader, statement);
	if (more > 0 && where_parse(reader, &where, targets->list[0].call, statement->conditions,
				    &statement->conditions_count) < 0)
		return -1;
	return 0;
}

/* What allow and answer have in common. */
static int parse_clauses(struct reader *reader, struct statement *statement)
{
	const struct targets *targets = statement->targets;

	if (statement_calls(reader, statement) < 0)
		return -1;
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = &targets->list[i];

		if ((target->group ? add_conditional(reader, target, statement)
				   : add_clause(reader, target, statement)) < 0)
			return -1;
	}
	return 0;
}

static int parse_allow(struct reader *reader, struct statement *statement)
{
	return parse_clauses(reader, statement);
}

static int parse_answer(struct reader *reader, struct statement *statement)
{
	char shown[TEXT_SHOWN_SIZE];
	struct word word;

	if (!reader_word(reader, &word))
		return reader_fail(reader, &statement->word.at,
				   "answer what? Write answer EPERM CALL...");
	statement->answer = errno_find(word.text);
	if (statement->answer == 0)
		return reader_fail(reader, &word.at,
				   "%s is no error that can be answered; write EPERM, say",
				   text_shown_z(word.text, shown));
	/* runc leaves out a rule whose action is the default. */
	if (statement->answer == ENOSYS)
		return reader_fail(
			reader, &word.at,
			"ENOSYS is the answer to all that is not listed; leave this out");
	return parse_clauses(reader, statement);
}

static int parse_remove(struct reader *reader, struct statement *statement)
{
	struct targets *targets = statement->targets;
	struct word where;
	int more = targets_parse(reader, statement->answer != 0, targets, &where);

	if (more < 0)
		return -1;
	if (more > 0)
		return reader_fail(reader, &where.at,
				   "remove takes no conditions; a new allow line replaces the old");
	if (targets->count == 0)
		return statement_empty(reader, statement);
	for (size_t i = 0; i < targets->count; i++) {
		struct target *target = &targets->list[i];
		if (!target->call->first && !target->of_group)
			return reader_fail(reader, &target->at,
					   "nothing was said about %s so far; leave it out",
					   target->call->name);
		target->call->first = target->call->last = NULL;
	}
	return 0;
}

static int parse_included(const struct reader *outer, const char *file, const char *text,
			  size_t len)
{
	struct reader reader = {
		.file = file,
		.text = text,
		.len = len,
		.line = 1,
		.depth = outer->depth + 1,
		.source = outer->source,
		.scratch = outer->scratch,
		.err = outer->err,
	};

	return file ? parse_text(&reader) : reader_no_memory(outer);
}

static int parse_include(struct reader *reader, struct statement *statement)
{
	char shown[TEXT_SHOWN_SIZE];
	struct word name, more;
	const char *text;
	size_t len;

	if (!reader_word(reader, &name))
		return reader_fail(reader, &statement->word.at,
				   "include what? Write include default");
	if (reader_word(reader, &more))
		return reader_fail(reader, &more.at, "include takes one name");
	if (reader->layer > 0)
		return reader_fail(reader, &statement->word.at,
				   "include comes first: what stands above it would be lost");
	text = seccomp_builtin(name.text, &len);
	if (!text)
		return reader_fail(reader, &name.at,
				   "%s is no built-in profile; write include default or restricted",
				   text_shown_z(name.text, shown));
	if (reader->depth == INCLUDES_MAX)
		return reader_fail(reader, &name.at, "include goes deeper than %d", INCLUDES_MAX);
	text_shown_z(name.text, shown);
	return parse_included(reader, source_copy(reader->source, shown, strlen(shown)), text, len);
}

static const struct keyword {
	const char *name;
	bool arches; /* takes [ARCH...] */
	int (*parse)(struct reader *reader, struct statement *statement);
} keywords[] = {
	{"allow", true, parse_allow},	   {"answer", true, parse_answer},
	{"remove", false, parse_remove},   {"group", false, group_parse},
	{"include", false, parse_include},
};

static const struct keyword *keyword_find(const char *name)
{
	for (size_t i = 0; i < hr_count(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

int statement_parse(struct reader *reader, const struct word *word)
{
	const struct keyword *keyword = keyword_find(word->text);
	struct statement statement = {
		.word = *word,
		.arches = SECCOMP_EVERYWHERE,
		.targets = &reader->scratch->targets,
	};
	char shown[TEXT_SHOWN_SIZE];
	struct word bracket;

	statement.targets->count = 0;
	if (!keyword)
		return reader_fail(reader, &word->at,
				   "%s begins no statement; write allow, answer, remove, group or "
				   "include, and indent lines that go on",
				   text_shown_z(word->text, shown));
	if (reader->at < reader->len && reader->text[reader->at] == '[') {
		reader_word(reader, &bracket);
		if (!keyword->arches)
			return reader_fail(reader, &bracket.at, "%s is for all architectures",
					   keyword->name);
		if (arches_parse(reader, &bracket, &statement.arches) < 0)
			return -1;
	}
	if (keyword->parse != parse_include && reader->layer == 0)
		reader->layer = ++reader->source->layers;
	return keyword->parse(reader, &statement);
}

static int parse_text(struct reader *reader)
{
	struct word word;
	int more;

	while ((more = reader_statement(reader, &word)) > 0)
		if (statement_parse(reader, &word) < 0)
			return -1;
	return more;
}

/* What is no text of ours at all, said in a way that helps. */
static int check_text(const struct reader *reader)
{
	static const char bom[] = "\xEF\xBB\xBF";
	struct place at = {.line = 1, .column = 1};

	if (reader->len >= strlen(bom) && memcmp(reader->text, bom, strlen(bom)) == 0)
		return reader_fail(reader, &at,
				   "the file begins with a byte order mark; save it without");
	if (reader->len > 0 && reader->text[0] == '{')
		return reader_fail(reader, &at,
				   "this is JSON and no source; let the name end in .json");
	for (size_t i = 0; i < reader->len; i++) {
		if (reader->text[i] == '\0')
			return reader_fail(reader, &at, "a NUL byte; remove it");
		at.column = reader->text[i] == '\n' ? 1 : at.column + 1;
		at.line += reader->text[i] == '\n';
	}
	return 0;
}

int seccomp_parse(const char *name, const char *text, size_t len, struct seccomp_source **ret,
		  struct hr_error *err)
{
	struct reader reader = {.file = name, .text = text, .len = len, .line = 1, .err = err};
	struct seccomp_source *source;
	struct scratch scratch;

	if (len > SECCOMP_SOURCE_MAX)
		return hr_fail(err, HR_POLICY, "%s: longer than %d bytes; shorten it", name,
			       SECCOMP_SOURCE_MAX);
	source = calloc(1, sizeof(*source));
	if (!source)
		return reader_no_memory(&reader);
	source->name = source_copy(source, name, strlen(name));
	if (!source->name) {
		seccomp_source_free(source);
		return reader_no_memory(&reader);
	}
	reader.file = source->name;
	reader.source = source;
	reader.scratch = &scratch;
	if (check_text(&reader) < 0 || parse_text(&reader) < 0) {
		seccomp_source_free(source);
		return -1;
	}
	*ret = source;
	return 0;
}
