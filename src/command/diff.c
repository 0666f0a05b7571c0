/* SPDX-License-Identifier: Apache-2.0 */
/* diff: what one seccomp profile lets through and another does not. */
#include "command/command.h"

#include "base/cleanup.h"
#include "json/edit.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	char mark;
} differences[SECCOMP_DIFFERENCES] = {
	[SECCOMP_GAINED] = {"gained", '+'}, [SECCOMP_LOST] = {"lost", '-'},
	[SECCOMP_WIDER] = {"wider", '>'},   [SECCOMP_NARROWER] = {"narrower", '<'},
	[SECCOMP_OTHER] = {"other", '~'},   [SECCOMP_ANSWER] = {"answer", '!'},
};

struct diff {
	const struct seccomp_filter *a, *b;
	bool json;
	struct json_doc *doc;
	struct json *list;
	size_t counts[SECCOMP_DIFFERENCES];
};

/* A line for each rule that only this side has. */
static void print_rules(char mark, const struct text *rules)
{
	const char *rule = rules->data;

	while (rule && rule[0] != '\0') {
		size_t len = strcspn(rule, ";");

		printf("      %c %.*s\n", mark, (int)len, rule);
		rule += len + strspn(rule + len, "; ");
	}
}

/* In one line, where there are no conditions. */
static void print_difference(char mark, const char *call, const struct text *from,
			     const struct text *becomes)
{
	if (from->len > 0 && becomes->len > 0 && !strstr(from->data, " where ") &&
	    !strstr(becomes->data, " where ")) {
		printf("%c %s: %s -> %s\n", mark, call, from->data, becomes->data);
		return;
	}
	printf("%c %s\n", mark, call);
	print_rules('-', from);
	print_rules('+', becomes);
}

static void show(struct diff *diff, enum seccomp_difference difference, const char *call,
		 const struct text *from, const struct text *becomes)
{
	struct json *entry;

	diff->counts[difference]++;
	if (!diff->json) {
		print_difference(differences[difference].mark, call, from, becomes);
		return;
	}
	entry = json_append(diff->list, json_new_object(diff->doc));
	json_put_string(diff->doc, entry, "call", call);
	json_put_string(diff->doc, entry, "difference", differences[difference].name);
	json_put_string(diff->doc, entry, "from", from->data);
	json_put_string(diff->doc, entry, "to", becomes->data);
}

static void take(enum seccomp_difference difference, const char *call, void *to)
{
	struct diff *diff = to;
	text_auto struct text from = {0}, becomes = {0};

	/* For eyes, only what is not on both sides. */
	seccomp_describe(diff->a, call, diff->json ? NULL : diff->b, &from);
	seccomp_describe(diff->b, call, diff->json ? NULL : diff->a, &becomes);
	if (!from.failed && !becomes.failed)
		show(diff, difference, call, &from, &becomes);
}

static int finish_json(const struct diff *diff, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (json_write(diff->list, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

static void finish(const struct diff *diff, char *const names[2])
{
	printf("%s: %zu system calls, %s: %zu (%s)", names[0], seccomp_filter_count(diff->a),
	       names[1], seccomp_filter_count(diff->b), seccomp_native());
	for (size_t i = 0; i < SECCOMP_DIFFERENCES; i++)
		if (diff->counts[i] > 0)
			printf("; %c %zu %s", differences[i].mark, diff->counts[i],
			       differences[i].name);
	putchar('\n');
}

static bool differ(const struct diff *diff)
{
	size_t count = 0;

	for (size_t i = 0; i < SECCOMP_DIFFERENCES; i++)
		count += diff->counts[i];
	return count > 0;
}

/* What is not listed. True if both can be compared. */
static int compare_defaults(struct diff *diff, char *const names[2], struct hr_error *err)
{
	const struct seccomp_filter *both[] = {diff->a, diff->b};
	text_auto struct text from = {0}, becomes = {0};

	for (size_t i = 0; i < hr_count(both); i++)
		if (seccomp_filter_open(both[i]))
			return hr_fail(err, HR_POLICY,
				       "%s: lets through what it does not list, so it cannot be "
				       "compared call by call; let its defaultAction refuse",
				       names[i]);
	seccomp_describe(diff->a, "", diff->b, &from);
	seccomp_describe(diff->b, "", diff->a, &becomes);
	if (!from.failed && !becomes.failed && strcmp(from.data, becomes.data) != 0)
		show(diff, SECCOMP_ANSWER, "every other call", &from, &becomes);
	return 0;
}

int command_diff(int argc, char *const argv[], struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *a = NULL, *b = NULL;
	json_auto struct json_doc *doc = json_new("diff");
	struct diff diff = {.doc = doc, .json = argc > 2 && strcmp(argv[2], "--json") == 0};
	char *const *names = argv + (diff.json ? 3 : 2);

	if (argc != (diff.json ? 5 : 4) || names[0][0] == '-')
		return command_usage("diff", argc > 2 ? names[0] : NULL,
				     "[--json] A B; each a built-in profile's name, or a file",
				     err);
	if (command_profile(names[0], seccomp_native(), NULL, &a, err) < 0 ||
	    command_profile(names[1], seccomp_native(), NULL, &b, err) < 0)
		return err->code == HR_POLICY ? EXIT_POLICY : EXIT_SYSTEM;
	diff.a = a;
	diff.b = b;
	diff.list = doc ? json_new_array(doc) : NULL;
	if (compare_defaults(&diff, names, err) < 0)
		return EXIT_POLICY;
	if (!diff.list || seccomp_diff(a, b, take, &diff, err) < 0 ||
	    (diff.json && finish_json(&diff, err) < 0))
		return EXIT_SYSTEM;
	if (!diff.json)
		finish(&diff, names);
	return differ(&diff) ? EXIT_REFUSED : EXIT_OK;
}
