/* SPDX-License-Identifier: Apache-2.0 */
#include "command/review.h"

#include "base/cleanup.h"
#include "json/edit.h"

#include <string.h>

#define LONGEST_VALUE 240 /* bytes of one value; --json has all of it */
#define MOST_WORDS    16  /* of a list */
#define COLUMNS	      96
#define INDENT	      12

static const struct {
	const char *title, *counted, *many;
} parts[REVIEW_PARTS] = {
	[REVIEW_REFUSED] = {"refused", "refusal", "refusals"},
	[REVIEW_CHANGED] = {"changed", "change", "changes"},
	[REVIEW_REMARKED] = {"to be looked at", "warning", "warnings"},
	[REVIEW_AUDITED] = {"audit only: reported, and left as asked", "in audit mode",
			    "in audit mode"},
};

static bool says(const struct json *entry, const char *key, const char *word)
{
	const char *text = json_string(entry, key);

	return text && strcmp(text, word) == 0;
}

static enum review_part part_of(const struct json *entry)
{
	if (says(entry, "action", "warn"))
		return REVIEW_REMARKED;
	if (says(entry, "mode", "audit"))
		return REVIEW_AUDITED;
	return says(entry, "action", "refuse") ? REVIEW_REFUSED : REVIEW_CHANGED;
}

void review_count(const struct json *report, size_t ret[REVIEW_PARTS])
{
	memset(ret, 0, REVIEW_PARTS * sizeof(*ret));
	json_each(entry, report)
		ret[part_of(entry)]++;
}

/* ---- values ---- */

/* A line that is filled word by word, and goes on indented. */
struct line {
	struct text *to;
	size_t column;
};

static void add_word(struct line *line, char mark, const char *word)
{
	size_t len = strlen(word) + (mark ? 1 : 0);

	if (line->column > INDENT && line->column + 1 + len > COLUMNS) {
		text_addf(line->to, "\n%*s", INDENT, "");
		line->column = INDENT;
	} else if (line->column > INDENT) {
		text_adds(line->to, " ");
		line->column++;
	}
	if (mark)
		text_add(line->to, &mark, 1);
	text_adds(line->to, word);
	line->column += len;
}

/* As it stands where it has no odd byte; otherwise, and for what is no string, as JSON. */
static void add_value(struct line *line, char mark, const struct json *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._:@=*+-";
	hr_autofree char *text = NULL;
	text_auto struct text cut = {0};
	size_t len;

	if (value->type == JSON_STRING && value->len > 0 && value->len <= LONGEST_VALUE &&
	    strspn(value->text, plain) == value->len) {
		add_word(line, mark, value->text);
		return;
	}
	if (json_write(value, &text, &len, NULL) < 0)
		return;
	if (len <= LONGEST_VALUE) {
		add_word(line, mark, text);
		return;
	}
	text_addf(&cut, "%.*s... (%zu bytes)", LONGEST_VALUE, text, len);
	if (!cut.failed)
		add_word(line, mark, cut.data);
}

static void add_more(struct line *line, size_t count)
{
	text_auto struct text more = {0};

	if (count <= MOST_WORDS)
		return;
	text_addf(&more, "and %zu more", count - MOST_WORDS);
	if (!more.failed)
		add_word(line, '\0', more.data);
}

static bool is_list(const struct json *value)
{
	return value && value->type == JSON_ARRAY;
}

static bool holds(const struct json *list, const struct json *value)
{
	json_each(item, list)
		if (json_same(item, value))
			return true;
	return false;
}

/* The items of `list` that `other` (may be NULL) does not have. Returns how many there are. */
static size_t add_items(struct line *line, char mark, const struct json *list,
			const struct json *other)
{
	size_t count = 0;

	json_each(item, list)
		if (!other || !holds(other, item))
			if (count++ < MOST_WORDS)
				add_value(line, mark, item);
	add_more(line, count);
	return count;
}

/* "added: A B C", as controls write it of a long list. */
static void add_added(struct line *line, const char *words)
{
	size_t count = 0;

	for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		text_auto struct text word = {0};

		text_add(&word, at, len);
		if (count++ < MOST_WORDS && !word.failed)
			add_word(line, '+', word.data);
		at += len;
	}
	add_more(line, count);
}

static void start_line(struct line *line, const char *label)
{
	text_addf(line->to, "    %-7s ", label);
	line->column = INDENT;
}

static void add_asked(struct text *to, const struct json *value)
{
	struct line line = {.to = to};

	start_line(&line, "asked");
	if (!value || value->type == JSON_NULL)
		add_word(&line, '\0', "-");
	else if (!is_list(value))
		add_value(&line, '\0', value);
	else if (add_items(&line, '\0', value, NULL) == 0)
		add_word(&line, '\0', "[]");
	text_adds(to, "\n");
}

/* Where both are lists: what was added and removed. */
static void add_given(struct text *to, const struct json *from, const struct json *value)
{
	static const char added[] = "added:";
	struct line line = {.to = to};

	start_line(&line, "given");
	if (!value || value->type == JSON_NULL)
		add_word(&line, '\0', "nothing");
	else if (value->type == JSON_STRING && text_starts(value->text, added))
		add_added(&line, value->text + strlen(added));
	else if (!is_list(value))
		add_value(&line, '\0', value);
	else if (!value->first)
		add_word(&line, '\0', "[]");
	else if (!is_list(from) ||
		 add_items(&line, '-', from, value) + add_items(&line, '+', value, from) == 0)
		add_items(&line, '\0', value, NULL);
	text_adds(to, "\n");
}

/* ---- entries ---- */

static bool same(const struct json *a, const struct json *b, const char *key)
{
	const struct json *x = json_get(a, key), *y = json_get(b, key);

	return x && y ? json_same(x, y) : !x && !y;
}

static bool says_the_same(const struct json *a, const struct json *b)
{
	static const char *const keys[] = {"action", "mode",   "from", "to",
					   "rule",   "origin", "why",  "remedy"};

	for (size_t i = 0; i < hr_count(keys); i++)
		if (!same(a, b, keys[i]))
			return false;
	return true;
}

/* Fields of one object by their last name: "process.capabilities.bounding, .effective". */
static void add_path(struct text *to, const char *path, const char *before)
{
	const char *dot = strrchr(path, '.');
	size_t len = dot ? (size_t)(dot - path) : 0;

	if (before && dot && strncmp(path, before, len) == 0 && before[len] == '.' &&
	    !strchr(before + len + 1, '.'))
		text_addf(to, ", %s", dot);
	else
		text_addf(to, "%s%s", before ? ", " : "", path);
}

/* What to write; where the control does not say: which option decided, if one did. */
static void add_remedy(struct text *to, const struct json *entry)
{
	const char *remedy = json_string(entry, "remedy"), *rule = json_string(entry, "rule");
	const char *control = json_string(entry, "control"), *dot = rule ? strchr(rule, '.') : NULL;

	if (remedy)
		text_addf(to, "    remedy  %s\n", remedy);
	else if (dot && part_of(entry) != REVIEW_REMARKED)
		text_addf(to,
			  "    remedy  it depends on \"%.*s\": {\"%s\": ...} of the profile; see "
			  "hardrun-controls(7)\n",
			  (int)(dot - rule), rule, dot + 1);
	else if (part_of(entry) != REVIEW_REMARKED)
		text_addf(
			to,
			"    remedy  no option gives it; only \"%s\": {\"mode\": \"audit\"} in the "
			"profile, with which nothing of that control is enforced\n",
			control);
}

/* An entry and those behind it that say the same. Returns the last one. */
static const struct json *add_entry(struct text *to, const struct json *entry)
{
	const struct json *last = entry, *from = json_get(entry, "from");

	text_adds(to, "\n");
	add_path(to, json_string(entry, "path"), NULL);
	while (last->next && says_the_same(entry, last->next)) {
		add_path(to, json_string(last->next, "path"), json_string(last, "path"));
		last = last->next;
	}
	text_addf(to, "  [%s%s]\n", json_string(entry, "action"),
		  part_of(entry) == REVIEW_AUDITED ? ", audit only" : "");
	add_asked(to, from);
	if (says(entry, "action", "set") || says(entry, "action", "drop"))
		add_given(to, from, json_get(entry, "to"));
	text_addf(to, "    why     %s\n    rule    %s (%s)\n", json_string(entry, "why"),
		  json_string(entry, "rule"), json_string(entry, "origin"));
	add_remedy(to, entry);
	return last;
}

static void add_part(struct text *to, const struct json *report, enum review_part part)
{
	const struct json *entry = report ? report->first : NULL;

	for (; entry; entry = entry->next)
		if (part_of(entry) == part)
			entry = add_entry(to, entry);
}

static void add_summary(struct text *to, const size_t counts[REVIEW_PARTS], size_t unwritten)
{
	size_t all = unwritten;

	text_addf(to, "verdict  %s", counts[REVIEW_REFUSED] ? "refused" : "accepted");
	for (size_t i = 0; i < REVIEW_PARTS; i++) {
		all += counts[i];
		if (counts[i] > 0)
			text_addf(to, ", %zu %s", counts[i],
				  counts[i] == 1 ? parts[i].counted : parts[i].many);
	}
	if (unwritten > 0)
		text_addf(to, ", and %zu that are not listed", unwritten);
	text_adds(to, all == 0 ? " as it is\n" : "\n");
}

/* Where to write what the remedies name. */
static void add_where(struct text *to, const struct review *review)
{
	char shown[TEXT_SHOWN_SIZE];

	if (!review->profile)
		return;
	text_shown_z(review->profile, shown);
	if (review->built_in)
		text_addf(
			to,
			"\nThe remedies go into a profile that says \"extends\": \"%s\" and that a "
			"rule gives to this container; see hardrun-policy(5).\n",
			shown);
	else
		text_addf(to, "\nThe remedies go into profile \"%s\"; see hardrun-policy(5).\n",
			  shown);
}

void review_write(const struct review *review, struct text *to)
{
	size_t counts[REVIEW_PARTS];
	bool several;

	review_count(review->report, counts);
	text_addf(to, "profile  %s", review->profile ? review->profile : "-");
	if (review->chosen_by)
		text_addf(to, " (chosen by: %s)", review->chosen_by);
	text_adds(to, "\n");
	add_summary(to, counts, review->unwritten);
	for (unsigned i = 0; i < REVIEW_PARTS; i++) {
		several = json_count(review->report) > counts[i];
		if (counts[i] > 0 && several)
			text_addf(to, "\n== %s ==\n", parts[i].title);
		add_part(to, review->report, (enum review_part)i);
	}
	if (counts[REVIEW_REFUSED] + counts[REVIEW_CHANGED] + counts[REVIEW_AUDITED] > 0)
		add_where(to, review);
}
