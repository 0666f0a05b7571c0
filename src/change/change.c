/* SPDX-License-Identifier: Apache-2.0 */
#include "change/change.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MOST_ENTRIES  256  /* of a report; more are counted */
#define MOST_NAMED    4	   /* further refused fields that a message names */
#define LONGEST_SHOWN 1024 /* bytes of a value that stand in the report as they are */

static const char *const mode_names[MODES] = {"enforce", "audit", "off"};

const char *change_mode_name(enum change_mode mode)
{
	return mode_names[mode];
}

enum change_mode change_mode_find(const char *name)
{
	for (unsigned i = 0; i < MODES; i++)
		if (strcmp(mode_names[i], name) == 0)
			return (enum change_mode)i;
	return MODES;
}

int change_init(struct change *out, struct json_doc *doc, struct hr_error *err)
{
	*out = (struct change){.doc = doc, .notes = json_new("report")};
	if (!out->notes)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	out->report =
		json_put(out->notes, json_root(out->notes), "report", json_new_array(out->notes));
	out->ceilings = json_put(out->notes, json_root(out->notes), "ceilings",
				 json_new_object(out->notes));
	if (!out->report || !out->ceilings)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

void change_done(struct change *out)
{
	json_free(out->notes);
	out->notes = NULL;
}

int change_ok(const struct change *out, struct hr_error *err)
{
	return out->failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}

/* A copy for the report; long values as size and digest. */
static struct json *shown_value(struct change *out, const struct json *value)
{
	hr_autofree char *text = NULL;
	char digest[DIGEST_HEX], summary[DIGEST_HEX + 48];
	size_t len;

	if (!value)
		return json_new_null(out->notes);
	if (json_write(value, &text, &len, NULL) < 0)
		return NULL;
	if (len <= LONGEST_SHOWN)
		return json_clone(out->notes, value);
	digest_sha256(text, len, digest);
	snprintf(summary, sizeof(summary), "%zu bytes, sha256 %s", len, digest);
	return json_new_string(out->notes, summary);
}

struct entry {
	const char *action, *path;
	const struct json *from, *to; /* or, where these are NULL: */
	const char *from_text, *to_text;
};

static struct json *side(struct change *out, const struct json *value, const char *text)
{
	return text ? json_new_string(out->notes, text) : shown_value(out, value);
}

/* A report with an entry for each of a million keys would be an attack on the log: what is
 * beyond MOST_ENTRIES of either sort is counted only. */
static bool has_room(struct change *out, bool refusal)
{
	size_t *count = refusal ? &out->refusals_noted : &out->changes_noted;

	if (*count == MOST_ENTRIES) {
		out->unwritten++;
		return false;
	}
	++*count;
	return true;
}

static void note(struct change *out, const struct entry *entry, const struct reason *reason)
{
	struct json_doc *doc = out->notes;
	struct json *json;
	char origin[CHANGE_ORIGIN];
	const char *from_policy = out->origin ? out->origin : change_origin(reason->by, origin);
	bool good;

	if (!has_room(out, strcmp(entry->action, "refuse") == 0))
		return;
	json = json_append(out->report, json_new_object(doc));
	good = json_put_string(doc, json, "path", entry->path) &&
	       json_put_string(doc, json, "action", entry->action) &&
	       json_put_string(doc, json, "mode", change_mode_name(out->mode)) &&
	       json_put(doc, json, "from", side(out, entry->from, entry->from_text)) &&
	       json_put(doc, json, "to", side(out, entry->to, entry->to_text)) &&
	       json_put_string(doc, json, "control", out->control) &&
	       json_put_string(doc, json, "rule", reason->rule) &&
	       json_put_string(doc, json, "origin", from_policy) &&
	       json_put_string(doc, json, "why", reason->why) &&
	       (!reason->remedy || json_put_string(doc, json, "remedy", reason->remedy));
	if (!good)
		out->failed = true;
}

/* ["a.key"] */
static const char *quoted_step(const char *path, char key[64])
{
	const char *end = strstr(path, "\"]");

	path += strlen("[\"");
	if (!end || end <= path || end - path >= 64)
		return NULL;
	memcpy(key, path, (size_t)(end - path));
	key[end - path] = '\0';
	return end + 2 + (end[2] == '.');
}

/* The next step of a dotted path: a key, or an index with *ret_index >= 0. */
static const char *next_step(const char *path, char key[64], long *ret_index)
{
	size_t len;

	*ret_index = -1;
	if (path[0] == '[' && path[1] == '"')
		return quoted_step(path, key);
	if (*path == '[') {
		char *end;

		*ret_index = strtol(path + 1, &end, 10);
		return *end == ']' ? end + 1 + (end[1] == '.') : NULL;
	}
	len = strcspn(path, ".[");
	if (len == 0 || len >= 64)
		return NULL;
	memcpy(key, path, len);
	key[len] = '\0';
	return path + len + (path[len] == '.');
}

static struct json *child_at(struct json *list, long index)
{
	struct json *child = list->type == JSON_ARRAY ? list->first : NULL;

	while (child && index-- > 0)
		child = child->next;
	return child;
}

/*
 * The parent of the last step of `path` and that step's key. With `make`, missing objects
 * on the way are made; otherwise NULL stands for a missing one. A path that cannot be
 * walked is a mistake of ours and fails the change.
 */
static struct json *walk(struct change *out, const char *path, bool make, char key[64])
{
	struct json *at = json_root(out->doc);
	long index;

	for (;;) {
		const char *rest = next_step(path, key, &index);
		struct json *child;

		if (!rest || (*rest == '\0' && index >= 0)) {
			out->failed = true;
			return NULL;
		}
		if (*rest == '\0')
			return at;
		child = index >= 0 ? child_at(at, index) : json_get_mut(at, key);
		if (!child && make && index < 0)
			child = json_put(out->doc, at, key, json_new_object(out->doc));
		if (!child) {
			out->failed = out->failed || make;
			return NULL;
		}
		at = child;
		path = rest;
	}
}

void change_set(struct change *out, const char *path, struct json *value, const char *shown,
		const struct reason *reason)
{
	struct entry entry = {.action = "set", .path = path, .to = value, .to_text = shown};
	char key[64];
	struct json *parent;
	const struct json *old;

	if (out->failed || !value) {
		out->failed = true;
		return;
	}
	parent = walk(out, path, false, key);
	old = json_get(parent, key);
	if (old && json_same(old, value))
		return;
	entry.from = old;
	note(out, &entry, reason);
	if (out->mode != MODE_ENFORCE || out->failed)
		return;
	parent = walk(out, path, true, key);
	if (!json_put(out->doc, parent, key, value))
		out->failed = true;
}

void change_insert(struct change *out, const char *path, const struct json *before,
		   struct json *value, const struct reason *reason)
{
	struct entry entry = {.action = "set", .path = path, .to = value};
	char key[64];
	struct json *parent, *list;

	if (out->failed || !value) {
		out->failed = true;
		return;
	}
	note(out, &entry, reason);
	if (out->mode != MODE_ENFORCE || out->failed)
		return;
	parent = walk(out, path, true, key);
	list = json_get_mut(parent, key);
	if (!list)
		list = json_put(out->doc, parent, key, json_new_array(out->doc));
	if (!json_insert(list, before, value))
		out->failed = true;
}

void change_drop(struct change *out, const char *path, const struct json *parent,
		 const struct json *child, const struct reason *reason)
{
	struct entry entry = {.action = "drop", .path = path, .from = child};

	note(out, &entry, reason);
	/* The tree is ours (out->doc); controls see it const so that they cannot write. */
	if (out->mode == MODE_ENFORCE && !out->failed)
		json_remove((struct json *)(uintptr_t)parent, child);
}

static void remark(struct change *out, const char *action, const char *path, const char *value,
		   const struct reason *reason)
{
	struct entry entry = {.action = action, .path = path, .from_text = value};

	note(out, &entry, reason);
}

void change_refuse(struct change *out, const char *path, const char *value,
		   const struct reason *reason)
{
	remark(out, "refuse", path, value, reason);
	if (out->mode == MODE_ENFORCE)
		out->refusals++;
}

void change_warn(struct change *out, const char *path, const char *value,
		 const struct reason *reason)
{
	remark(out, "warn", path, value, reason);
}

void change_context(struct change *out, const char *context)
{
	const struct json *kept = json_new_string(out->notes, context);

	out->failed = out->failed || !kept;
	if (kept && out->mode == MODE_ENFORCE)
		out->context = kept->text;
}

void change_ceiling(struct change *out, struct json *value)
{
	char origin[CHANGE_ORIGIN];

	if (!json_put_string(out->notes, value, "mode", change_mode_name(out->mode)) ||
	    !json_put_string(out->notes, value, "origin", change_origin(out->rules, origin)) ||
	    !json_put(out->notes, out->ceilings, out->control, value))
		out->failed = true;
}

static bool refuses(const struct json *entry)
{
	return strcmp(json_string(entry, "action"), "refuse") == 0 &&
	       strcmp(json_string(entry, "mode"), "enforce") == 0;
}

static const struct json *first_refusal(const struct change *out)
{
	json_each(entry, out->report)
		if (refuses(entry))
			return entry;
	return NULL;
}

static bool same_path(const struct json *a, const struct json *b)
{
	return strcmp(json_string(a, "path"), json_string(b, "path")) == 0;
}

/* The other refused fields by name, as many as a message has room for. */
static void name_others(const struct change *out, const struct json *first, struct text *text)
{
	const struct json *last = first;
	size_t named = 0;

	if (out->refusals < 2)
		return;
	text_addf(text, "; and %zu more", out->refusals - 1);
	json_each(entry, out->report) {
		if (entry == first || !refuses(entry) || same_path(entry, last))
			continue;
		last = entry;
		if (named++ == MOST_NAMED) {
			text_adds(text, ", ...");
			return;
		}
		text_addf(text, "%s%s", named > 1 ? ", " : ": ", json_string(entry, "path"));
	}
}

int change_verdict(const struct change *out, struct hr_error *err)
{
	const struct json *entry = first_refusal(out);
	const char *value, *remedy;
	char shown[TEXT_SHOWN_SIZE];
	text_auto struct text text = {0};

	if (out->refusals == 0)
		return 0;
	if (!entry)
		return hr_fail(err, HR_SYSTEM, "refused; the report holds no reason");
	value = json_string(entry, "from");
	remedy = json_string(entry, "remedy");
	text_adds(&text, json_string(entry, "path"));
	if (value)
		text_addf(&text, " \"%s\"", text_shown_z(value, shown));
	text_addf(&text, ": %s (rule %s, ", json_string(entry, "why"), json_string(entry, "rule"));
	if (out->profile)
		text_addf(&text, "profile %s, ", out->profile);
	text_addf(&text, "%s)", json_string(entry, "origin"));
	if (remedy)
		text_addf(&text, "; %s", remedy);
	name_others(out, entry, &text);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "refused; out of memory for the reason");
	return hr_fail(err, HR_DENIED, "refused by %s: %s", json_string(entry, "control"),
		       text.data);
}
