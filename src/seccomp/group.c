/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of calls: those of a source, and the library that every source may use. */
#include "base/cleanup.h"
#include "seccomp/reader.h"

#include <stdlib.h>
#include <string.h>

int statement_empty(const struct reader *reader, const struct statement *statement)
{
	return reader_fail(reader, &statement->word.at,
			   "%s names no system call; write some behind it, with blanks in between",
			   statement->word.text);
}

/* The calls and conditions of a group's statement, into the source. */
static int fill_group(struct reader *reader, struct statement *statement, struct group *group)
{
	const struct targets *targets = statement->targets;
	size_t size;

	if (statement_calls(reader, statement) < 0)
		return -1;
	size = statement->conditions_count * sizeof(statement->conditions[0]);
	group->calls = source_alloc(reader->source, targets->count * sizeof(group->calls[0]));
	group->conditions = source_alloc(reader->source, size);
	if (!group->calls || !group->conditions)
		return reader_no_memory(reader);
	memcpy(group->conditions, statement->conditions, size);
	group->conditions_count = statement->conditions_count;
	for (size_t i = 0; i < targets->count; i++) {
		if (targets->list[i].group)
			return reader_fail(reader, &targets->list[i].at,
					   "%s has conditions and can be in no other group",
					   targets->list[i].group->name);
		group->calls[group->count++] = targets->list[i].call;
	}
	return 0;
}

/* The next line from `at` on that begins with "group NAME"; NULL for none. */
static const char *find_group(const char *at, const char *end, const char *name)
{
	size_t len = strlen(name);

	while (at && (size_t)(end - at) > strlen("group ") + len) {
		const char *behind = at + strlen("group ") + len;

		if (strncmp(at, "group ", strlen("group ")) == 0 &&
		    memcmp(behind - len, name, len) == 0 && (*behind == ' ' || *behind == '\n'))
			return at;
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

/* Lines of one file add up; a group of another file or of the library is not changed unsaid. */
static bool is_taken(const struct reader *reader, const char *name)
{
	const struct group *group = source_group(reader->source, name, NULL);
	size_t len = 0;
	const char *text = source_groups_text(&len);

	return group ? group->file != reader->file : find_group(text, text + len, name) != NULL;
}

int group_parse(struct reader *reader, struct statement *statement)
{
	struct word name = statement->word;
	char shown[TEXT_SHOWN_SIZE];
	struct group *group;

	if (!reader_word(reader, &name) || name.text[0] != '@')
		return reader_fail(reader, &name.at,
				   "a group needs a name with @: group @memlock mlock");
	if (!reader->shared && is_taken(reader, name.text))
		return reader_fail(reader, &name.at,
				   "there is a group %s already; take another name",
				   text_shown_z(name.text, shown));
	group = source_alloc(reader->source, sizeof(*group));
	if (!group)
		return reader_no_memory(reader);
	group->name = source_copy(reader->source, name.text, strlen(name.text));
	group->file = reader->file;
	if (!group->name)
		return reader_no_memory(reader);
	if (fill_group(reader, statement, group) < 0)
		return -1;
	group->next = reader->source->groups;
	reader->source->groups = group;
	return 0;
}

/* While a statement is being read, so with a scratch of its own. */
int group_load(struct reader *reader, const char *name)
{
	hr_autofree struct scratch *scratch = malloc(sizeof(*scratch));
	size_t len = 0;
	const char *text = source_groups_text(&len), *at = text;

	if (!scratch)
		return reader_no_memory(reader);
	while ((at = find_group(at, text + len, name))) {
		struct reader library = {
			.file = "groups",
			.text = text,
			.len = len,
			.at = (size_t)(at - text),
			.line_start = (size_t)(at - text),
			.line = 1,
			.layer = reader->layer,
			.shared = true,
			.source = reader->source,
			.scratch = scratch,
			.err = reader->err,
		};
		struct word word;

		if (reader_statement(&library, &word) < 0 || statement_parse(&library, &word) < 0)
			return -1;
		at = text + library.at;
	}
	return 0;
}
