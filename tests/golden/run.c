/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/golden/CONTROL/CASE: policy.json (the profile `case` in it is applied; none: the
 * built-in default), in.json (a config.json), host.json (tests/lib/fake_host.h, optional),
 * image.json (what hardrun-image said: tests/lib/judge.h, optional), call.json ({"line":
 * "restore"|"run", "root", "bundle", "id"}, optional), and for exec and update process.json or
 * resources.json, judged under the ceiling that in.json left. Expected: out.json (the document that
 * comes out, compared as JSON), or refused (text that the message must hold, a line each). entries
 * (optional): the report as "action path" lines. Besides: what comes out, decided again, does not
 * change.
 */
#include "json/edit.h"
#include "judge.h"
#include "load.h"
#include "tap.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct golden {
	const char *name; /* CONTROL/CASE */
	char dir[4096];
	struct policy *policy;
	struct json_doc *facts, *image, *call;
	struct json_doc *rules; /* what is applied */
};

static enum control_line line_of(const struct golden *golden)
{
	const char *name = json_string(golden->call ? json_root(golden->call) : NULL, "line");

	if (name && strcmp(name, "run") == 0)
		return LINE_RUN;
	return name && strcmp(name, "restore") == 0 ? LINE_RESTORE : LINE_CREATE;
}

/*
 * These change most documents, so in the cases of other controls they would only be noise: they
 * are off there, but where the policy of a case names them, and in cases without a policy.
 */
static const char *const quiet[] = {
	"privileged", "runtime",    "user",   "environment", "args",	"rlimits",
	"oom_score",  "scheduling", "userns", "mounts",	     "devices", "resources",
	"sysctls",    "cgroups",    "extras", "image",	     NULL,
};

static void turn_off(struct json_doc *doc, struct json *profile, const char *control)
{
	struct json *options = json_new_object(doc);

	json_put_string(doc, options, "mode", "off");
	json_put(doc, profile, control, options);
}

/* The profile "case" as it is applied. */
static const struct json *rules_of(const struct golden *golden)
{
	struct json_doc *own = load_json(golden->dir, "policy.json");
	const struct json *named = own ? json_path(json_root(own), "profiles.case") : NULL;
	struct hr_error err = {0};
	const struct json *merged;
	struct json *rules = NULL;

	if (named && policy_profile(golden->policy, "case", &merged, &err) == 0) {
		rules = json_put(golden->rules, json_root(golden->rules), "rules",
				 json_clone(golden->rules, merged));
		for (size_t i = 0; quiet[i]; i++)
			if (!json_get(named, quiet[i]) &&
			    strncmp(golden->name, quiet[i], strcspn(golden->name, "/")) != 0)
				turn_off(golden->rules, rules, quiet[i]);
	}
	json_free(own);
	return rules;
}

static void create(const struct golden *golden, struct json_doc *document, struct judge *ret)
{
	const struct json *profiles = policy_profiles(golden->policy);
	const struct json *call = golden->call ? json_root(golden->call) : NULL;

	judge_create(
		ret,
		&(struct judge_create){
			.policy = golden->policy,
			.profile = json_get(profiles, "case") ? "case" : "default",
			.rules = rules_of(golden),
			.id = json_string(call, "id"),
			.bundle = json_string(call, "bundle"),
			.root = json_string(golden->call ? json_root(golden->call) : NULL, "root"),
			.line = line_of(golden),
			.facts = golden->facts ? json_root(golden->facts) : NULL,
			.image = golden->image ? json_root(golden->image) : NULL},
		document);
}

/* The document that is judged last: in.json itself, or the exec's or update's under it. */
static void judge(const struct golden *golden, struct judge *ret)
{
	struct json_doc *process = load_json(golden->dir, "process.json");
	struct json_doc *resources = load_json(golden->dir, "resources.json");
	struct judge container;

	create(golden, load_json(golden->dir, "in.json"), &container);
	if (!process && !resources) {
		*ret = container;
		return;
	}
	judge_ceiling(ret, process ? LINE_EXEC : LINE_UPDATE, container.change.ceilings,
		      golden->facts ? json_root(golden->facts) : NULL,
		      process ? process : resources);
	judge_done(&container);
}

static void check_refused(const struct golden *golden, const struct judge *judge, char *wanted)
{
	char *save = NULL;
	bool all = judge->refused;

	for (char *line = strtok_r(wanted, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		all = all && strstr(judge->err.msg, line);
	if (!tap(all, "%s: refused", golden->name))
		tap_note("%s: %s", judge->refused ? "refused" : "accepted", judge->err.msg);
}

static void check_out(const struct golden *golden, const struct judge *judge,
		      struct json_doc *wanted)
{
	char *got = load_dump(json_root(judge->document));

	if (!tap(!judge->refused && json_same(json_root(wanted), json_root(judge->document)),
		 "%s: comes out as expected", golden->name))
		tap_note("%s %s: %s", judge->refused ? "refused" : "accepted", judge->err.msg, got);
	free(got);
}

static void check_entries(const struct golden *golden, const struct judge *judge, char *wanted)
{
	char *got = judge_entries(judge);

	for (char *c = wanted; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ',' : '\0';
	if (!tap(strcmp(got, wanted) == 0, "%s: reported", golden->name))
		tap_note("expected %s, got %s", wanted, got);
	free(got);
}

static bool same_text(const struct judge *judge, const char *text)
{
	struct json_doc *other = NULL;
	bool same = text && json_parse("before", text, strlen(text), false, &other, NULL) == 0 &&
		    json_same(json_root(other), json_root(judge->document));

	json_free(other);
	return same;
}

static void check_twice(const struct golden *golden)
{
	struct judge first, second;
	bool mapped;
	char *before = NULL;
	size_t len;

	create(golden, load_json(golden->dir, "in.json"), &first);
	if (first.refused) {
		judge_done(&first);
		return;
	}
	/* One that is mapped is put back first, so it is its document that says it. */
	mapped = first.change.map.wanted;
	if (json_write(json_root(first.document), &before, &len, NULL) < 0)
		before = NULL;
	create(golden, first.document, &second);
	tap(!second.refused && (mapped ? same_text(&second, before) : !judge_changed(&second)),
	    "%s: decided twice gives the same", golden->name);
	free(before);
	first.document = NULL;
	judge_done(&first);
	judge_done(&second);
}

static void load_policy(struct golden *golden)
{
	struct hr_error err = {0};
	char path[4200];

	snprintf(path, sizeof(path), "%s/policy.json", golden->dir);
	if ((access(path, F_OK) == 0
		     ? policy_load_file(path, control_check_options, &golden->policy, &err)
		     : policy_builtin(control_check_options, &golden->policy, &err)) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(99);
	}
}

static void run_case(const char *root, const char *name)
{
	struct golden golden = {.name = name};
	struct judge result;
	struct json_doc *out;
	char *refused, *entries;

	snprintf(golden.dir, sizeof(golden.dir), "%s/%s", root, name);
	load_policy(&golden);
	golden.rules = json_new("rules");
	golden.facts = load_json(golden.dir, "host.json");
	golden.image = load_json(golden.dir, "image.json");
	golden.call = load_json(golden.dir, "call.json");
	judge(&golden, &result);
	out = load_json(golden.dir, "out.json");
	refused = load_text(golden.dir, "refused");
	entries = load_text(golden.dir, "entries");
	tap(!!out + !!refused == 1, "%s: has out.json or refused", name);
	if (refused)
		check_refused(&golden, &result, refused);
	if (out)
		check_out(&golden, &result, out);
	if (entries)
		check_entries(&golden, &result, entries);
	judge_done(&result);
	check_twice(&golden);
	json_free(out);
	free(refused);
	free(entries);
	json_free(golden.rules);
	json_free(golden.facts);
	json_free(golden.image);
	json_free(golden.call);
	policy_free(golden.policy);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_type == DT_DIR;
}

int main(void)
{
	struct dirent **controls_found = NULL;
	char root[3000];
	int count;

	snprintf(root, sizeof(root), "%s/tests/golden", load_srcdir());
	count = scandir(root, &controls_found, visible, alphasort);
	for (int i = 0; i < count; i++) {
		struct dirent **cases = NULL;
		char dir[3300], name[600];
		int inner;

		snprintf(dir, sizeof(dir), "%s/%s", root, controls_found[i]->d_name);
		inner = scandir(dir, &cases, visible, alphasort);
		for (int j = 0; j < inner; j++) {
			snprintf(name, sizeof(name), "%s/%s", controls_found[i]->d_name,
				 cases[j]->d_name);
			run_case(root, name);
			free(cases[j]);
		}
		free(cases);
		free(controls_found[i]);
	}
	free(controls_found);
	return tap_done();
}
