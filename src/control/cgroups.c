/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define FIELD "linux.cgroupsPath"

static const struct control_option options[] = {
	{.name = "parents", .type = OPTION_STRINGS},
	{0},
};

static bool has_dotdot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || strchr("/:", at[-1])) && strchr("/:", at[2]))
			return true;
	return false;
}

static bool has_control(const char *path)
{
	for (const char *at = path; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return true;
	return false;
}

/* slice:prefix:name, for the systemd driver */
static bool is_systemd(const char *path)
{
	const char *colon = strchr(path, ':');

	return colon && strchr(colon + 1, ':');
}

/* What is wrong with it whatever the policy says; NULL when nothing is. */
static const char *wrong(const char *path)
{
	if (has_control(path))
		return "holds control characters, which would end up in files of systemd and the "
		       "kernel";
	if (path[0] == '/' && path[strspn(path, "/.")] == '\0')
		return "the root of the host's cgroups, which has no limits";
	if (has_dotdot(path))
		return "goes up with \"..\", out of the limits that were set for its parent";
	if (is_systemd(path) && strchr(path, '/'))
		return "is written as slice:prefix:name, whose parts are names of units and hold "
		       "no \"/\"";
	return NULL;
}

static bool below_parent(const struct json *parents, const char *path)
{
	if (json_count(parents) == 0)
		return true;
	json_each(pattern, parents)
		if (path && text_match(pattern->text, path))
			return true;
	return false;
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *parents = json_get(in->rules, "parents");
	const char *path = json_string(json_get(in->document, "linux"), "cgroupsPath");
	const char *why = path ? wrong(path) : NULL;

	if (why)
		change_refuse(out, FIELD, path,
			      &(struct reason){
				      .rule = "cgroups",
				      .why = why,
				      .remedy = "name a plain cgroup, such as /kubepods/ID or "
						"system.slice:docker:ID",
			      });
	else if (!below_parent(parents, path))
		change_refuse(out, FIELD, path,
			      &(struct reason){
				      .rule = "cgroups.parents",
				      .by = parents,
				      .why = path ? "outside the cgroups whose limits are meant "
						    "for containers"
						  : "missing, so the runtime would choose a place "
						    "outside the allowed ones",
				      .remedy = "ask for a cgroup below one of these, or add a "
						"pattern in a profile: \"cgroups\": {\"parents\": "
						"[\"/NAME/*\"]} beside the ones that are there",
			      });
}

const struct control control_cgroups = {
	.name = "cgroups",
	.sentence = "Refuses a cgroup outside the places where containers belong.",
	.options = options,
	.create = create,
};
