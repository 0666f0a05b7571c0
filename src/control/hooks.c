/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_TIMEOUT 30 /* seconds */

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{.name = "docker", .type = OPTION_STRINGS},
	{0},
};

static const char *const kinds[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL};

/* A hook's program reads these before its own main (glibc ld.so(8), iconv). */
static bool loads_code(const char *variable)
{
	return text_starts(variable, "LD_") || text_starts(variable, "GCONV_PATH=") ||
	       text_starts(variable, "GLIBC_TUNABLES=");
}

/* KIND:/absolute/path */
static bool names_hook(const char *entry)
{
	for (size_t i = 0; kinds[i]; i++) {
		size_t len = strlen(kinds[i]);

		if (text_starts(entry, kinds[i]) && entry[len] == ':' && entry[len + 1] == '/')
			return true;
	}
	return false;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	json_each(entry, json_get(rules, "allow"))
		if (!names_hook(entry->text))
			return control_policy_error(
				entry, err, "hooks.allow holds KIND:/absolute/path, not \"%s\"",
				text_shown_z(entry->text, shown));
	json_each(program, json_get(rules, "docker"))
		if (program->text[0] != '/')
			return control_policy_error(program, err,
						    "hooks.docker holds absolute paths, not \"%s\"",
						    text_shown_z(program->text, shown));
	return 0;
}

static bool listed(const struct control_in *in, const char *kind, const char *path)
{
	char entry[PATH_MAX + 32];

	snprintf(entry, sizeof(entry), "%s:%s", kind, path);
	return json_has_string(json_get(in->rules, "allow"), entry);
}

/* "/proc/PID/exe", and no other way to spell it. */
static bool is_exe_link(const char *path)
{
	size_t digits;

	if (!text_starts(path, "/proc/"))
		return false;
	path += strlen("/proc/");
	digits = strspn(path, "0123456789");
	return digits > 0 && strcmp(path + digits, "/exe") == 0;
}

/* Docker's containers have a root .../moby; its BuildKit gives none, and its bundles are
 * .../buildkit/executor/ID. */
static bool is_dockers(const struct control_in *in)
{
	char suffix[PATH_MAX];

	if (in->root && text_ends(in->root, "/moby"))
		return true;
	snprintf(suffix, sizeof(suffix), "/buildkit/executor/%s", in->id ? in->id : "");
	return in->id && in->id[0] && in->bundle && text_ends(in->bundle, suffix);
}

/*
 * Docker's own hook moves the container's interfaces: prestart, path /proc/PID/exe of
 * dockerd (or what this control wrote in its place), argv[0] libnetwork-setkey (by which
 * dockerd knows what to do), of a container of Docker's. The path that dockerd really is,
 * or NULL.
 */
static const char *docker_program(const struct control_in *in, const char *kind,
				  const struct json *hook)
{
	const char *path = json_string(hook, "path");
	const struct json *args = json_get(hook, "args");

	if (strcmp(kind, "prestart") != 0 || !path || !is_dockers(in) || json_count(args) < 1 ||
	    strcmp(args->first->text, "libnetwork-setkey") != 0)
		return NULL;
	json_each(trusted, json_get(in->rules, "docker"))
		if ((is_exe_link(path) || strcmp(path, trusted->text) == 0) &&
		    in->host->same_program(in->host, path, trusted->text))
			return trusted->text;
	return NULL;
}

static void fix(struct change *out, const char *where, const char *key, struct json *value,
		const char *why)
{
	char path[CHANGE_PATH];

	change_set(out, change_key_path(where, key, path), value, NULL,
		   &(struct reason){.rule = "hooks.allow", .why = why});
}

/* An allowed hook: its own environment, not the one that we were started with, and an end.
 * `own_env` keeps the environment that the document gives it. */
static void bound(struct change *out, const struct json *hook, const char *where, bool own_env)
{
	struct json_doc *doc = change_doc(out);
	struct json *env = json_new_array(doc);
	int64_t timeout = 0;

	if (!own_env || !json_get(hook, "env")) {
		json_append(env, json_new_string(doc, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
		fix(out, where, "env", env, "without one a hook inherits the engine's environment");
	}
	if (!json_int(json_get(hook, "timeout"), &timeout) || timeout < 1 ||
	    timeout > LONGEST_TIMEOUT)
		fix(out, where, "timeout", json_new_int(doc, LONGEST_TIMEOUT),
		    "a hook that hangs holds the container");
}

static void judge_environment(struct change *out, const struct json *env, const char *list)
{
	size_t index = 0;
	char path[CHANGE_PATH];

	json_each(variable, env) {
		if (loads_code(variable->text))
			change_refuse(out, change_index_path(list, index, path), NULL,
				      &(struct reason){
					      .rule = "hooks.allow",
					      .why = "a variable by which the loader runs other "
						     "code in a hook, on the host as root",
					      .remedy = "remove the variable or the hooks",
				      });
		index++;
	}
}

static void judge(const struct control_in *in, struct change *out, const char *kind,
		  const struct json *hook, const char *where)
{
	const char *path = json_string(hook, "path");
	const char *docker = docker_program(in, kind, hook);
	char remedy[TEXT_SHOWN_SIZE + 160], shown[TEXT_SHOWN_SIZE], env[CHANGE_PATH];

	if (docker) {
		fix(out, where, "path", json_new_string(change_doc(out), docker),
		    "a path through /proc/PID can lead to another program later");
		bound(out, hook, where, false);
		return;
	}
	if (path && listed(in, kind, path)) {
		change_key_path(where, "env", env);
		judge_environment(out, json_get(hook, "env"), env);
		bound(out, hook, where, true);
		return;
	}
	if (path && text_starts(path, "/proc/"))
		snprintf(remedy, sizeof(remedy), "name the program by its own path");
	else
		snprintf(remedy, sizeof(remedy),
			 "if it is needed, allow it in a profile: \"hooks\": {\"allow\": "
			 "[\"%s:%s\"]}",
			 kind, path ? text_shown_z(path, shown) : "PATH");
	change_refuse(
		out, where, path,
		&(struct reason){
			.rule = "hooks.allow",
			.by = json_get(in->rules, "allow"),
			.why = "a hook runs on the host as root, and leaving it out might take "
			       "away a restriction",
			.remedy = remedy,
		});
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *hooks = json_get(in->document, "hooks");
	char list[CHANGE_PATH], where[CHANGE_PATH];
	bool any = false;

	for (size_t i = 0; kinds[i]; i++) {
		size_t index = 0;

		change_key_path("hooks", kinds[i], list);
		json_each(hook, json_get(hooks, kinds[i])) {
			judge(in, out, kinds[i], hook, change_index_path(list, index++, where));
			any = true;
		}
	}
	if (any)
		judge_environment(out, json_path(in->document, "process.env"), "process.env");
}

const struct control control_hooks = {
	.name = "hooks",
	.sentence =
		"Refuses hooks that are not listed; listed ones, and Docker's own, get an explicit "
		"environment and a time limit.",
	.options = options,
	.check = check,
	.create = create,
};
