/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's daemon.json, which has no comments: text is put in between what stands there, and
 * kept in setup.json, so that it can be found and taken out again.
 */
#include "command/setup.h"

#include "base/cleanup.h"
#include "engine/toml.h"
#include "json/edit.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS	  " \t\r\n"
#define EDITS_MAX 4

/* `len` bytes at `at` of the base become `text`. */
struct edit {
	size_t at, len;
	struct text text;
};

struct edits {
	struct edit all[EDITS_MAX];
	size_t len;
};

static void edits_free(struct edits *edits)
{
	for (size_t i = 0; i < edits->len; i++)
		text_free(&edits->all[i].text);
}

static struct text *add_edit(struct edits *edits, size_t at, size_t len)
{
	struct edit *edit = &edits->all[edits->len++];

	*edit = (struct edit){.at = at, .len = len};
	return &edit->text;
}

static size_t skip_blanks(const char *text, size_t at)
{
	return at + strspn(text + at, BLANKS);
}

/* Behind the value that begins here; the text was parsed before. */
static size_t skip_value(const char *text, size_t at)
{
	size_t depth = 0;

	do {
		char c = text[at];

		if (c == '"') {
			for (at++; text[at] && text[at] != '"'; at++)
				at += text[at] == '\\';
			at++;
		} else if (c == '{' || c == '[') {
			depth++;
			at++;
		} else if (c == '}' || c == ']') {
			depth--;
			at++;
		} else if (depth > 0) {
			at++;
		} else {
			at += strcspn(text + at, BLANKS ",}]");
		}
	} while (depth > 0 && text[at]);
	return at;
}

/* Where the value of a member begins. */
static size_t value_of(const char *text, const struct json *member)
{
	size_t at = skip_blanks(text, skip_value(text, member->offset));

	return skip_blanks(text, at + 1);
}

/* The line's end and the indentation in front of a member that has a line of its own; "" and
 * false for one that has not. */
static bool indentation(const char *text, const struct json *member, struct text *ret)
{
	size_t at = member ? member->offset : 0, start;

	for (start = at; start > 0 && (text[start - 1] == ' ' || text[start - 1] == '\t'); start--)
		;
	if (start == 0 || text[start - 1] != '\n')
		return false;
	text_adds(ret, start > 1 && text[start - 2] == '\r' ? "\r\n" : "\n");
	text_add(ret, text + start, at - start);
	return true;
}

/* Our members of "runtimes"; `between` stands in front of each. */
static void add_handlers(const struct setup *setup, const char *between, bool first,
			 struct text *to)
{
	for (size_t i = 0; i < setup->handlers_len; i++, first = false) {
		text_adds(to, first ? "" : ",");
		text_adds(to, between);
		toml_quote(to, setup->handlers[i]);
		text_adds(to, ": { \"path\": ");
		setup_binary(setup, setup->handlers[i], to);
		text_adds(to, " }");
	}
}

/* The members that the object lacks. `line`: "\n" and the indentation of its members, or " ". */
static void add_members(const struct setup *setup, const struct json *root, const char *line,
			bool first, struct text *to)
{
	const char *unit = line[strspn(line, "\r\n")] ? line + strspn(line, "\r\n") : "  ";
	text_auto struct text deeper = {0};
	bool single = strcmp(line, " ") == 0;

	text_addf(&deeper, "%s%s", line, single ? "" : unit);
	if (!json_get(root, "runtimes")) {
		text_addf(to, "%s%s\"runtimes\": {", first ? "" : ",", line);
		add_handlers(setup, deeper.data, true, to);
		text_addf(to, "%s}", line);
		first = false;
	}
	if (setup->default_handler && !json_get(root, "default-runtime")) {
		text_addf(to, "%s%s\"default-runtime\": ", first ? "" : ",", line);
		toml_quote(to, setup->default_handler);
	}
	if (deeper.failed)
		to->failed = true;
}

/* A file of nothing, or an empty object: it gets lines. */
static void fill_object(const struct setup *setup, const struct json *root, struct edits *edits)
{
	const char *text = setup->base.text.data;
	size_t open = skip_blanks(text, 0), close;
	struct text *to;

	if (!text[open]) {
		to = add_edit(edits, 0, setup->base.text.len);
		text_adds(to, "{");
		add_members(setup, NULL, "\n  ", true, to);
		text_adds(to, "\n}\n");
		return;
	}
	close = skip_blanks(text, open + 1);
	to = add_edit(edits, open + 1, close - open - 1);
	add_members(setup, root, "\n  ", true, to);
	text_adds(to, "\n");
}

/* Into a list of runtimes that is there. */
static void extend_runtimes(const struct setup *setup, const struct json *runtimes,
			    struct edits *edits)
{
	const char *text = setup->base.text.data;
	size_t open = value_of(text, runtimes), close;
	text_auto struct text line = {0};

	if (!runtimes->last) {
		close = skip_blanks(text, open + 1);
		add_handlers(setup, " ", true, add_edit(edits, open + 1, close - open - 1));
		text_adds(&edits->all[edits->len - 1].text, " ");
		return;
	}
	if (!indentation(text, runtimes->last, &line))
		text_adds(&line, " ");
	close = skip_value(text, value_of(text, runtimes->last));
	add_handlers(setup, line.data, false, add_edit(edits, close, 0));
}

static void replace_default(const struct setup *setup, const struct json *value,
			    struct edits *edits)
{
	const char *text = setup->base.text.data;
	size_t start = value_of(text, value), end = skip_value(text, start);
	struct text *to = add_edit(edits, value->offset, end - value->offset);

	text_add(to, text + value->offset, start - value->offset);
	toml_quote(to, setup->default_handler);
}

static void plan(const struct setup *setup, const struct json *root, struct edits *edits)
{
	const char *text = setup->base.text.data;
	const struct json *value = json_get(root, "default-runtime");
	text_auto struct text line = {0}, members = {0};

	if (!root || !root->last) {
		fill_object(setup, root, edits);
		return;
	}
	if (json_get(root, "runtimes"))
		extend_runtimes(setup, json_get(root, "runtimes"), edits);
	if (setup->default_handler && value)
		replace_default(setup, value, edits);
	if (!indentation(text, root->last, &line))
		text_adds(&line, " ");
	add_members(setup, root, line.data, false, &members);
	if (members.len > 0) {
		struct text *to = add_edit(edits, skip_value(text, value_of(text, root->last)), 0);

		text_add(to, members.data, members.len);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* The edits, in the order of their places, into setup->new and setup->edits. */
static int apply(struct setup *setup, struct edits *edits, struct hr_error *err)
{
	const char *text = setup->base.text.data;
	struct json_doc *doc = json_new("edits");
	struct json *list = NULL;
	size_t done = 0;

	setup->edits = doc;
	if (doc)
		list = json_put(doc, json_root(doc), "edits", json_new_array(doc));
	qsort(edits->all, edits->len, sizeof(edits->all[0]), by_place);
	for (size_t i = 0; i < edits->len; i++) {
		const struct edit *edit = &edits->all[i];
		text_auto struct text was = {0};
		struct json *object = list ? json_append(list, json_new_object(doc)) : NULL;

		text_add(&was, text + edit->at, edit->len);
		text_add(&setup->new.text, text + done, edit->at - done);
		text_add(&setup->new.text, edit->text.data, edit->text.len);
		if (edit->text.failed || was.failed || !object ||
		    !json_put_string(doc, object, "text", edit->text.data) ||
		    !json_put_string(doc, object, "was", setup->base.there ? was.data : NULL))
			return hr_fail(err, HR_SYSTEM, "setup: out of memory");
		done = edit->at + edit->len;
	}
	text_adds(&setup->new.text, text + done);
	return 0;
}

int setup_docker(struct setup *setup, struct hr_error *err)
{
	__attribute__((cleanup(edits_free))) struct edits edits = {0};
	json_auto struct json_doc *doc = NULL;
	const struct text *base = &setup->base.text;

	if (skip_blanks(base->data, 0) < base->len &&
	    json_parse(setup->path, base->data, base->len, false, &doc, err) < 0)
		return -1;
	plan(setup, doc ? json_root(doc) : NULL, &edits);
	return apply(setup, &edits, err);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = text; part[0] && (at = strstr(at, part)); at++)
		count++;
	return count;
}

static void take_out(struct text *text, const char *part, const char *was)
{
	const char *at = strstr(text->data, part);
	struct text result = {0};

	text_add(&result, text->data, (size_t)(at - text->data));
	text_adds(&result, was);
	text_adds(&result, at + strlen(part));
	text_free(text);
	*text = result;
}

/* True if the file names a handler that setup once put in. */
static bool still_there(const struct setup *setup)
{
	json_each(name, json_get(setup_state_engine(setup), "handlers"))
		if (name->type == JSON_STRING && engine_handler(setup->now, name->text))
			return true;
	return false;
}

/* The file without what was put in; nothing of it there any more is good as well. */
int setup_docker_base(struct setup *setup, struct hr_error *err)
{
	const struct json *edits = json_get(setup_state_engine(setup), "edits");
	struct content *base = &setup->base;
	size_t found = 0;

	base->there = setup->old.there;
	text_add(&base->text, setup->old.text.data, setup->old.text.len);
	json_each(edit, edits) {
		const char *text = json_string(edit, "text");

		found += base->there && text && count_of(base->text.data, text) == 1;
	}
	if (found < json_count(edits) && (found > 0 || still_there(setup)))
		return hr_fail(err, HR_DENIED,
			       "%s: what setup wrote was changed since, so it is not touched; take "
			       "the runtimes named hardrun out by hand (and default-runtime, if it "
			       "names one of them), then run setup again",
			       setup->path);
	if (found == 0)
		return base->text.failed ? hr_fail(err, HR_SYSTEM, "setup: out of memory") : 0;
	json_each(edit, edits) {
		const char *was = json_string(edit, "was");

		take_out(&base->text, json_string(edit, "text"), was ? was : "");
		base->there = base->there && (was || base->text.len > 0);
	}
	return base->text.failed ? hr_fail(err, HR_SYSTEM, "setup: out of memory") : 0;
}
