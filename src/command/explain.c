/* SPDX-License-Identifier: Apache-2.0 */
/* explain: field by field, what was asked, what is given, and which rule said so. */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "state/record.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define TASKS	     "/io.containerd.runtime.v2.task/"
#define LONGEST_LINE 400 /* bytes of a value in the table; --json has all of it */

struct explain {
	const char *bundle, *id, *handler, *profile;
	bool standard_input, json;
};

static int usage(const char *word, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	hr_fail(err, HR_USAGE,
		"explain: \"%s\"; usage: hardrun explain [--bundle DIR | - | --id ID] "
		"[--profile NAME] [--handler NAME] [--json]",
		text_shown_z(word, shown));
	return -1;
}

static int parse(int argc, char *const argv[], struct explain *ret, struct hr_error *err)
{
	const struct {
		const char *name;
		const char **slot;
	} flags[] = {{"--bundle", &ret->bundle},
		     {"--id", &ret->id},
		     {"--handler", &ret->handler},
		     {"--profile", &ret->profile}};

	for (int i = 2; i < argc; i++) {
		size_t f = 0;

		if (strcmp(argv[i], "--json") == 0) {
			ret->json = true;
			continue;
		}
		if (strcmp(argv[i], "-") == 0) {
			ret->standard_input = true;
			continue;
		}
		while (f < hr_count(flags) && strcmp(flags[f].name, argv[i]) != 0)
			f++;
		if (f == hr_count(flags) || i + 1 == argc)
			return usage(argv[i], err);
		*flags[f].slot = argv[++i];
	}
	if (!!ret->bundle + !!ret->id + ret->standard_input > 1)
		return usage("more than one of --bundle, --id and -", err);
	return 0;
}

static void print_value(const char *label, const struct json *value)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (!value || value->type == JSON_NULL) {
		printf("    %-7s -\n", label);
		return;
	}
	if (json_write(value, &text, &len, NULL) == 0)
		printf("    %-7s %.*s%s\n", label, LONGEST_LINE, text,
		       len > LONGEST_LINE ? "..." : "");
}

static void print_text(const char *label, const char *text)
{
	if (text)
		printf("    %-7s %s\n", label, text);
}

static void print_entry(const struct json *entry)
{
	const char *action = json_string(entry, "action"), *mode = json_string(entry, "mode");

	printf("\n%s  [%s%s]\n", json_string(entry, "path"), action,
	       mode && strcmp(mode, "audit") == 0 ? ", audit only" : "");
	print_value("asked", json_get(entry, "from"));
	if (strcmp(action, "set") == 0 || strcmp(action, "drop") == 0)
		print_value("given", json_get(entry, "to"));
	printf("    %-7s %s (%s)\n", "rule", json_string(entry, "rule"),
	       json_string(entry, "origin"));
	print_text("why", json_string(entry, "why"));
	print_text("remedy", json_string(entry, "remedy"));
}

static void print_table(const char *profile, const char *chosen_by, const struct json *report,
			size_t refusals)
{
	printf("profile  %s (chosen by: %s)\n", profile, chosen_by);
	printf("verdict  %s, %zu entr%s\n", refusals ? "refused" : "accepted", json_count(report),
	       json_count(report) == 1 ? "y" : "ies");
	json_each(entry, report)
		print_entry(entry);
}

static int print_json(const char *profile, const char *chosen_by, const struct json *report,
		      size_t refusals, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("explain");
	struct json *root = doc ? json_root(doc) : NULL;
	hr_autofree char *text = NULL;
	size_t len;

	if (!json_put_string(doc, root, "profile", profile) ||
	    !json_put_string(doc, root, "chosen_by", chosen_by) ||
	    !json_put_string(doc, root, "verdict", refusals ? "refuse" : "accept") ||
	    !json_put(doc, root, "report", json_clone(doc, report)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

static int show(const struct explain *what, const char *profile, const char *chosen_by,
		const struct json *report, size_t refusals, struct hr_error *err)
{
	if (what->json)
		return print_json(profile, chosen_by, report, refusals, err);
	print_table(profile, chosen_by, report, refusals);
	return 0;
}

static int read_document(struct call *call, const struct explain *what, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (!what->standard_input)
		return call_open_bundle(call, what->bundle, err) < 0 ? -1
								     : call_read_config(call, err);
	if (call_open_bundle(call, NULL, err) < 0 ||
	    file_read_fd(0, "standard input", JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	return json_parse("config.json", text, len, false, &call->document, err);
}

/*
 * The call that an engine would make for this bundle: below containerd's
 * .../io.containerd.runtime.v2.task/NAMESPACE/ID the runtime's root ends in NAMESPACE, by
 * which a pod's identity is believed and Docker's hook is known.
 */
static int engine_call(struct call *call, const char *bundle, struct hr_error *err)
{
	static char program[] = "hardrun", flag[] = "--root", command[] = "create";
	static char root[PATH_MAX] = "/", id[NAME_MAX + 1] = "explain";
	char *argv[] = {program, flag, root, command, id, NULL};
	char path[PATH_MAX];
	const char *task;

	if (bundle && realpath(bundle, path) && (task = strstr(path, TASKS))) {
		const char *space = task + strlen(TASKS);
		size_t len = strcspn(space, "/");

		snprintf(root, sizeof(root), "/run/containerd/runc/%.*s", (int)len, space);
		if (space[len] == '/')
			snprintf(id, sizeof(id), "%.*s", (int)strcspn(space + len + 1, "/"),
				 space + len + 1);
	}
	return grammar_parse(call->runtime.kind, 5, argv, &call->request, err);
}

static int explain_document(struct call *call, const struct explain *what, struct hr_error *err)
{
	char origin[CHANGE_ORIGIN];

	if (runtime_find(call->confdir, call->handler, &call->runtime, err) < 0 ||
	    engine_call(call, what->bundle, err) < 0 || read_document(call, what, err) < 0 ||
	    call_select(call, err) < 0)
		return -1;
	if (what->profile) {
		call->selection = (struct selection){what->profile, NULL, "--profile"};
		if (policy_profile(call->policy, what->profile, &call->profile, err) < 0)
			return -1;
	}
	if (call_look(call, err) < 0 || call_decide(call, NULL, err) < 0)
		return -1;
	if (show(what, call->selection.profile,
		 call->selection.rule ? change_origin(call->selection.rule, origin)
				      : call->selection.why,
		 call->change.report, call->change.refusals, err) < 0)
		return -1;
	return call->change.refusals ? EXIT_REFUSED : EXIT_OK;
}

/* Show the records of this id, whatever their runtime root. Returns how many there were. */
static int explain_record(const struct explain *what, struct hr_error *err)
{
	int dirfd = record_open(HR_STATEDIR), found = 0;
	DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	char shown[TEXT_SHOWN_SIZE];

	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		json_auto struct json_doc *doc = NULL;
		hr_autofree char *text = NULL;
		const struct json *root;
		size_t len;

		if (!text_ends(entry->d_name, ".json") ||
		    file_read_at(dirfd, entry->d_name, "record", JSON_MAX_BYTES, &text, &len, NULL,
				 NULL) < 0 ||
		    json_parse("record", text, len, false, &doc, NULL) < 0)
			continue;
		root = json_root(doc);
		if (!json_string(root, "id") || strcmp(json_string(root, "id"), what->id) != 0)
			continue;
		found++;
		if (show(what, json_string(root, "profile"), json_string(root, "chosen_by"),
			 json_get(root, "report"), 0, err) < 0)
			break;
	}
	if (dir)
		closedir(dir);
	if (found > 0)
		return EXIT_OK;
	hr_fail(err, HR_DENIED, "no record of container \"%s\" in " HR_STATEDIR "/records",
		text_shown_z(what->id, shown));
	return -1;
}

int command_explain(int argc, char *const argv[], struct hr_error *err)
{
	struct explain what = {.handler = "hardrun"};
	struct call call;
	int status;

	if (parse(argc, argv, &what, err) < 0)
		return command_exit(err);
	if (what.id) {
		status = explain_record(&what, err);
	} else {
		call_init(&call, what.handler, argc, argv);
		status = explain_document(&call, &what, err);
		call_done(&call);
	}
	return status < 0 ? command_exit(err) : status;
}
