/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every recorded call against the expectation that was written for it (expected.tsv):
 * outcome, profile and the exact list of report entries; and what comes out, decided once
 * more, does not change again. Host facts that a document cannot tell: host.tsv.
 */
#include "judge.h"
#include "load.h"
#include "oci/grammar.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	char *name, *command, *profile, *outcome, *entries;
};

static char base[3000];
static struct policy *policy;

static void case_dir(const char *name, char ret[4096])
{
	snprintf(ret, 4096, "%s/cases/%s", base, name);
}

/* The `column`-th field of the line of a table that begins with `key`; NULL for none. */
static char *look_up(const char *table, const char *key)
{
	char *text = load_text(base, table), *found = NULL, *save = NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		size_t len = strlen(key);

		if (strncmp(line, key, len) == 0 && line[len] == '\t')
			found = strdup(line + len + 1);
	}
	free(text);
	return found;
}

/* What the machine was like: which listed namespaces are the host's, and dockerd. */
static struct json_doc *facts_of(const char *name, const struct json *spec)
{
	struct json_doc *doc = json_new("facts");
	struct json *namespaces = json_put(doc, json_root(doc), "namespaces", json_new_object(doc));
	struct json *programs = json_put(doc, json_root(doc), "programs", json_new_object(doc));
	char *indices = look_up("host.tsv", name);
	long index = 0;

	json_each(ns, json_path(spec, "linux.namespaces")) {
		char word[16];

		snprintf(word, sizeof(word), ",%ld,", index++);
		if (indices && strstr(indices, word) && json_string(ns, "path"))
			json_put_string(doc, namespaces, json_string(ns, "path"), "host");
	}
	json_each(hook, json_path(spec, "hooks.prestart"))
		json_put_string(doc, programs, json_string(hook, "path"), "/usr/bin/dockerd");
	free(indices);
	return doc;
}

static char **argv_of(const char *dir, struct json_doc **owner, int *ret_argc)
{
	struct json_doc *doc = load_json(dir, "argv.json");
	char **argv = calloc(json_count(json_root(doc)) + 1, sizeof(*argv));
	int argc = 0;

	json_each(word, json_root(doc))
		argv[argc++] = strdup(word->text);
	*owner = doc;
	*ret_argc = argc;
	return argv;
}

/* Decide about the recorded document, or once more about the one that came out of it. */
static void create(const char *name, struct json_doc *again, struct judge *ret)
{
	char dir[4096];
	struct json_doc *words, *document, *facts;
	struct request *request = NULL;
	struct hr_error err = {0};
	int argc;
	char **argv;

	case_dir(name, dir);
	argv = argv_of(dir, &words, &argc);
	document = again ? again : load_json(dir, "config.json");
	facts = facts_of(name, json_root(document));
	json_put_string(facts, json_get_mut(json_root(facts), "programs"), "/usr/bin/dockerd",
			"/usr/bin/dockerd");
	if (grammar_parse(RUNTIME_RUNC, argc, argv, &request, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		exit(99);
	}
	judge_create(ret,
		     &(struct judge_create){.policy = policy,
					    .root = request_global(request, "root"),
					    .bundle = request_option(request, "bundle"),
					    .id = request->id,
					    .line = LINE_CREATE,
					    .facts = json_root(facts)},
		     document);
	request_free(request);
	json_free(facts);
	json_free(words);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(argv);
}

/* Whose ceiling an exec or update has: its container's where that was recorded and
 * accepted, otherwise a plain container's of the same engine. */
static const char *plain_of(const char *name)
{
	if (strncmp(name, "docker", 6) == 0)
		return "docker-run";
	if (strncmp(name, "podman", 6) == 0)
		return "podman-run";
	return strncmp(name, "cri", 3) == 0 ? "cri16-ctr-default" : "ctr16-plain";
}

static void container_of(const char *name, struct judge *ret)
{
	char *create_case = look_up("exec-of.tsv", name);

	if (create_case && strcmp(create_case, "-") != 0) {
		create(create_case, NULL, ret);
		free(create_case);
		if (!ret->refused)
			return;
		judge_done(ret);
	} else {
		free(create_case);
	}
	create(plain_of(name), NULL, ret);
}

static void under_ceiling(const char *name, enum control_line line, struct judge *ret)
{
	struct judge container;
	char dir[4096];

	case_dir(name, dir);
	container_of(name, &container);
	judge_ceiling(ret, line, container.change.ceilings, NULL,
		      load_json(dir, line == LINE_EXEC ? "process.json" : "resources.json"));
	judge_done(&container);
}

static void judge_row(const struct row *row, struct judge *ret)
{
	if (strcmp(row->command, "create") == 0)
		create(row->name, NULL, ret);
	else
		under_ceiling(row->name,
			      strcmp(row->command, "exec") == 0 ? LINE_EXEC : LINE_UPDATE, ret);
}

/* Decide about what came out as if it had been asked for. */
static bool stable(const struct row *row, const struct judge *first)
{
	struct json_doc *again;
	struct judge second;
	bool same;

	if (strcmp(row->command, "create") != 0)
		return true;
	again = json_new("config.json");
	json_each(member, json_root(first->document))
		json_put(again, json_root(again), member->key, json_clone(again, member));
	create(row->name, again, &second);
	same = !second.refused && !judge_changed(&second);
	if (!same) {
		char *entries = judge_entries(&second);

		tap_note("second time: %s %s", entries, second.err.msg);
		free(entries);
	}
	judge_done(&second);
	return same;
}

static bool names_first_field(const char *message, const char *entries)
{
	char path[256];

	return sscanf(entries, "%*s %255[^,]", path) == 1 && strstr(message, path);
}

static void check(const struct row *row)
{
	struct judge judge;
	char *entries;
	bool refuse = strcmp(row->outcome, "refuse") == 0;

	judge_row(row, &judge);
	entries = judge_entries(&judge);
	if (!tap(judge.refused == refuse && strcmp(entries, row->entries) == 0, "%s", row->name)) {
		tap_note("expected %s: %s", row->outcome, row->entries);
		tap_note("got      %s: %s", judge.refused ? "refuse" : "accept", entries);
		tap_note("message: %s", judge.err.msg);
	}
	if (strcmp(row->command, "create") == 0)
		tap(strcmp(judge.profile, row->profile) == 0, "%s: profile %s", row->name,
		    row->profile);
	if (!judge.refused)
		tap(stable(row, &judge), "%s: decided twice gives the same", row->name);
	else
		tap(judge.err.code == HR_DENIED && names_first_field(judge.err.msg, entries),
		    "%s: the message names the field", row->name);
	free(entries);
	judge_done(&judge);
}

int main(void)
{
	struct hr_error err = {0};
	char *table, *save = NULL;

	snprintf(base, sizeof(base), "%s/tests/calls", load_srcdir());
	if (policy_builtin(control_check_options, &policy, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 99;
	}
	table = load_text(base, "expected.tsv");
	if (!table)
		return 99;
	strtok_r(table, "\n", &save);
	for (char *line; (line = strtok_r(NULL, "\n", &save));) {
		char *tab = NULL;
		struct row row = {.name = strtok_r(line, "\t", &tab)};

		row.command = strtok_r(NULL, "\t", &tab);
		row.profile = strtok_r(NULL, "\t", &tab);
		row.outcome = strtok_r(NULL, "\t", &tab);
		row.entries = strtok_r(NULL, "\t", &tab);
		check(&row);
	}
	free(table);
	policy_free(policy);
	return tap_done();
}
