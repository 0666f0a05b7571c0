/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The marks between which setup's lines stand in a TOML file. What was there before is kept
 * as a comment between them, and the mark says what the file's end was like, so that the file
 * alone is enough to undo it byte for byte.
 */
#include "command/setup.h"

#include <string.h>

#define KEPT	  "# hardrun kept: "
#define UNENDED	  " (there was no newline before)"
#define WAS_EMPTY " (the file was empty)"

/* Are these `len` bytes, without the line's end, `wanted`? */
static bool is_line(const char *line, size_t len, const char *wanted)
{
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	return len == strlen(wanted) && memcmp(line, wanted, len) == 0;
}

struct unmarking {
	bool inside, unended, was_empty;
	bool behind; /* the last line was a mark's */
};

/* False for a mark where none may be. */
static bool take_line(struct unmarking *state, const char *line, size_t len, struct text *to)
{
	bool unended = is_line(line, len, SETUP_BEGIN UNENDED);
	bool was_empty = is_line(line, len, SETUP_BEGIN WAS_EMPTY);

	if (unended || was_empty || is_line(line, len, SETUP_BEGIN)) {
		state->unended |= unended;
		state->was_empty |= was_empty;
		if (state->inside)
			return false;
		state->inside = true;
	} else if (is_line(line, len, SETUP_END)) {
		if (!state->inside)
			return false;
		state->inside = false;
		state->behind = true;
	} else if (state->inside) {
		if (len > strlen(KEPT) && memcmp(line, KEPT, strlen(KEPT)) == 0)
			text_add(to, line + strlen(KEPT), len - strlen(KEPT));
	} else {
		text_add(to, line, len);
		state->behind = false;
	}
	return true;
}

int setup_unmark(const char *path, const struct content *from, struct content *ret,
		 struct hr_error *err)
{
	struct unmarking state = {0};
	const char *at = from->there ? from->text.data : "";
	bool marked = from->there && strstr(at, SETUP_BEGIN) != NULL;

	text_add(&ret->text, "", 0);
	while (*at) {
		const char *end = strchr(at, '\n');

		end = end ? end + 1 : at + strlen(at);
		if (!take_line(&state, at, (size_t)(end - at), &ret->text))
			return hr_fail(err, HR_SPEC,
				       "%s: a line \"" SETUP_BEGIN "\" or \"" SETUP_END
				       "\" stands where none may; put them right by hand",
				       path);
		at = end;
	}
	if (state.inside)
		return hr_fail(err, HR_SPEC,
			       "%s: \"" SETUP_BEGIN "\" without \"" SETUP_END
			       "\"; put that line where setup's part ends",
			       path);
	if (ret->text.failed)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", path);
	if (state.unended && state.behind && ret->text.len > 0)
		ret->text.data[--ret->text.len] = '\0';
	ret->there = from->there && (ret->text.len > 0 || !marked || state.was_empty);
	return 0;
}

static bool is_mark(const char *line, size_t len)
{
	return is_line(line, len, SETUP_BEGIN) || is_line(line, len, SETUP_BEGIN UNENDED) ||
	       is_line(line, len, SETUP_BEGIN WAS_EMPTY) || is_line(line, len, SETUP_END);
}

int setup_marks_check(const struct setup *setup, struct hr_error *err)
{
	text_auto struct text other = {0};
	engine_auto struct engine *engine = NULL;
	struct engine_file as = {.path = setup->path};

	if (!setup->old.there || (!strstr(setup->old.text.data, SETUP_BEGIN) &&
				  !strstr(setup->old.text.data, SETUP_END)))
		return 0;
	/* A comment can say anything: with marks of other letters the file means the same. */
	text_add(&other, setup->old.text.data, setup->old.text.len);
	if (other.failed)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", setup->path);
	for (char *line = other.data; *line;) {
		size_t len = strcspn(line, "\n");

		if (is_mark(line, len))
			memset(line + 2, '-', 3);
		line += len + (line[len] == '\n');
	}
	as.text = other.data;
	as.len = other.len;
	if (engine_read_as(setup->kind, setup->main, &as, setup->now->version, &engine, err) < 0)
		return -1;
	if (json_same(engine->config, setup->now->config))
		return 0;
	return hr_fail(err, HR_SPEC,
		       "%s: a line \"" SETUP_BEGIN "\" or \"" SETUP_END
		       "\" stands inside a value; change it by hand",
		       setup->path);
}

void setup_begin(struct text *to, bool was_there)
{
	if (to->len > 0 && to->data[to->len - 1] != '\n')
		text_adds(to, "\n" SETUP_BEGIN UNENDED "\n");
	else if (to->len == 0 && was_there)
		text_adds(to, SETUP_BEGIN WAS_EMPTY "\n");
	else
		text_adds(to, SETUP_BEGIN "\n");
}

void setup_end(struct text *to)
{
	text_adds(to, SETUP_END "\n");
}

void setup_keep(struct text *to, const char *line, size_t len)
{
	text_adds(to, KEPT);
	text_add(to, line, len);
	if (len == 0 || line[len - 1] != '\n')
		text_adds(to, "\n");
}
