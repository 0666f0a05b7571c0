/* SPDX-License-Identifier: Apache-2.0 */
/* What one seccomp profile lets through and another does not. */
#include "command/diff.h"

#include "base/cleanup.h"

#include <string.h>

static const struct {
	const char *name;
	char mark;
} differences[SECCOMP_DIFFERENCES] = {
	[SECCOMP_GAINED] = {"gained", '+'}, [SECCOMP_LOST] = {"lost", '-'},
	[SECCOMP_WIDER] = {"wider", '>'},   [SECCOMP_NARROWER] = {"narrower", '<'},
	[SECCOMP_OTHER] = {"other", '~'},   [SECCOMP_ANSWER] = {"answer", '!'},
};

struct comparison {
	struct diff *diff;
	const struct seccomp_filter *a, *b;
	struct json *list;
	size_t counts[SECCOMP_DIFFERENCES];
};

/* A line for each rule that only this side has. */
static void add_rules(struct text *to, char mark, const struct text *rules)
{
	const char *rule = rules->data;

	while (rule && rule[0] != '\0') {
		size_t len = strcspn(rule, ";");

		text_addf(to, "      %c %.*s\n", mark, (int)len, rule);
		rule += len + strspn(rule + len, "; ");
	}
}

/* In one line, where there are no conditions. */
static void add_text(struct text *to, char mark, const char *call, const struct text *from,
		     const struct text *becomes)
{
	if (from->len > 0 && becomes->len > 0 && !strstr(from->data, " where ") &&
	    !strstr(becomes->data, " where ")) {
		text_addf(to, "%c %s: %s -> %s\n", mark, call, from->data, becomes->data);
		return;
	}
	text_addf(to, "%c %s\n", mark, call);
	add_rules(to, '-', from);
	add_rules(to, '+', becomes);
}

static void add_entry(const struct comparison *all, const char *difference, const char *call,
		      const struct text *from, const struct text *becomes)
{
	struct json_doc *doc = all->diff->doc;
	struct json *entry = json_append(all->list, json_new_object(doc));

	json_put_string(doc, entry, "call", call);
	json_put_string(doc, entry, "difference", difference);
	json_put_string(doc, entry, "from", from->data);
	json_put_string(doc, entry, "to", becomes->data);
}

static void take(enum seccomp_difference difference, const char *call, void *to)
{
	struct comparison *all = to;
	text_auto struct text from = {0}, becomes = {0}, from_alone = {0}, to_alone = {0};
	const char *shown = call[0] ? call : "every other call";

	/* For eyes, only what is not on both sides. */
	seccomp_describe(all->a, call, all->b, &from_alone);
	seccomp_describe(all->b, call, all->a, &to_alone);
	seccomp_describe(all->a, call, NULL, &from);
	seccomp_describe(all->b, call, NULL, &becomes);
	if (from.failed || becomes.failed || from_alone.failed || to_alone.failed) {
		all->diff->text.failed = true;
		return;
	}
	all->counts[difference]++;
	all->diff->differences++;
	add_text(&all->diff->text, differences[difference].mark, shown, &from_alone, &to_alone);
	add_entry(all, differences[difference].name, shown, &from, &becomes);
}

/* What is not listed. HR_POLICY where that cannot be compared. */
static int compare_defaults(struct comparison *all, const char *const names[2],
			    struct hr_error *err)
{
	const struct seccomp_filter *both[] = {all->a, all->b};
	text_auto struct text from = {0}, becomes = {0};

	for (size_t i = 0; i < hr_count(both); i++)
		if (seccomp_filter_open(both[i]))
			return hr_fail(err, HR_POLICY,
				       "%s: lets through what it does not list, so it cannot be "
				       "compared call by call; let its defaultAction refuse",
				       names[i]);
	seccomp_describe(all->a, "", all->b, &from);
	seccomp_describe(all->b, "", all->a, &becomes);
	if (!from.failed && !becomes.failed && strcmp(from.data, becomes.data) != 0)
		take(SECCOMP_ANSWER, "", all);
	return 0;
}

static void add_counts(struct comparison *all, const char *const names[2])
{
	struct text *to = &all->diff->text;

	text_addf(to, "%s: %zu system calls, %s: %zu (%s)", names[0], seccomp_filter_count(all->a),
		  names[1], seccomp_filter_count(all->b), seccomp_native());
	for (size_t i = 0; i < SECCOMP_DIFFERENCES; i++)
		if (all->counts[i] > 0)
			text_addf(to, "; %c %zu %s", differences[i].mark, all->counts[i],
				  differences[i].name);
	text_adds(to, "\n");
}

int diff_calls(struct diff *diff, const char *const names[2],
	       const struct seccomp_filter *const filters[2], struct json **ret,
	       struct hr_error *err)
{
	struct comparison all = {.diff = diff, .a = filters[0], .b = filters[1]};

	all.list = json_new_array(diff->doc);
	if (!all.list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (compare_defaults(&all, names, err) < 0 ||
	    seccomp_diff(all.a, all.b, take, &all, err) < 0)
		return -1;
	add_counts(&all, names);
	*ret = all.list;
	return 0;
}
