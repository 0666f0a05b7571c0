/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the plan into the document: the last control, as others judge by what it replaces. */
#include "control/userns.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define RUNC_MAPS 102 /* runc 1.2 takes the mapping from the namespace that is joined */

static const char *const maps[] = {"auto", "off", "pod", "require", NULL};

static const struct control_option options[] = {
	{.name = "map", .type = OPTION_NAME, .values = maps},
	{.name = "pre_join", .type = OPTION_BOOL},
	{.name = "plain_tmpfs", .type = OPTION_BOOL},
	{0},
};

struct reason userns_because(const struct control_in *in, const char *why)
{
	return (struct reason){
		.rule = "userns.map",
		.by = json_get(in->userns->rules, "map"),
		.why = why,
		.remedy = "to keep the host's ids, write \"userns\": {\"map\": \"off\"} in a "
			  "profile",
	};
}

static void report(const struct control_in *in, struct change *out)
{
	void (*say)(struct change *, const char *, const char *, const struct reason *) =
		in->userns->map == USERNS_AUTO ? change_warn : change_refuse;
	char why[CONTROL_LIST];

	json_each(finding, in->plan->findings) {
		snprintf(why, sizeof(why), "cannot be mapped: %s", json_string(finding, "why"));
		say(out, json_string(finding, "path"), json_string(finding, "value"),
		    &(struct reason){
			    .rule = "userns.map",
			    .by = json_get(in->userns->rules, "map"),
			    .why = why,
			    .remedy = json_string(finding, "remedy"),
		    });
	}
}

/* --- Ids -------------------------------------------------------------------------------------- */

static void list_namespace(const struct control_in *in, struct change *out)
{
	struct json_doc *doc = change_doc(out);
	struct json *entry = json_new_object(doc);
	const struct reason reason =
		userns_because(in,
			       "root of the container, and what it breaks out with, would be the "
			       "host's root");

	json_put_string(doc, entry, "type", "user");
	if (in->userns->join)
		json_put_string(doc, entry, "path", in->userns->join);
	change_append(out, "linux.namespaces", entry, &reason);
}

static void set_mapping(const struct control_in *in, struct change *out, const char *path)
{
	struct json_doc *doc = change_doc(out);
	struct json *list = json_new_array(doc);
	struct json *entry = json_append(list, json_new_object(doc));
	const struct reason reason = userns_because(in, "ids of the container would be the host's");

	if (!json_put_uint(doc, entry, "containerID", 0) ||
	    !json_put_uint(doc, entry, "hostID", in->userns->base) ||
	    !json_put_uint(doc, entry, "size", USERNS_SIZE))
		list = NULL;
	change_set(out, path, list, NULL, &reason);
}

static void drop_mapping(const struct control_in *in, struct change *out, const char *key)
{
	const struct json *linux_part = json_get(in->document, "linux");
	const struct json *list = json_get(linux_part, key);
	const struct reason reason = userns_because(in, "the mapping is that of the pod's sandbox");
	char path[CHANGE_PATH];

	if (list)
		change_drop(out, change_key_path("linux", key, path), linux_part, list, &reason);
}

static void map_ids(const struct control_in *in, struct change *out)
{
	list_namespace(in, out);
	if (in->userns->join && (in->userns->runc == 0 || in->userns->runc >= RUNC_MAPS)) {
		drop_mapping(in, out, "uidMappings");
		drop_mapping(in, out, "gidMappings");
		return;
	}
	set_mapping(in, out, "linux.uidMappings");
	set_mapping(in, out, "linux.gidMappings");
}

/* --- The root file system --------------------------------------------------------------------- */

void userns_note(const struct control_in *in, struct change *out, const char *name,
		 const char *text)
{
	const struct reason reason =
		userns_because(in, "what the engine had there, so that a second create finds it");
	char path[CHANGE_PATH];

	change_set(out, change_key_path("annotations", name, path),
		   json_new_string(change_doc(out), text), NULL, &reason);
}

static void move_root(const struct control_in *in, struct change *out, char ret[PATH_MAX])
{
	const char *asked = json_string(json_get(in->document, "root"), "path");
	const struct reason reason =
		userns_because(in, "the same files, mounted with the ids of the container");
	char path[PATH_MAX];
	int len;

	asked = asked ? asked : "";
	len = asked[0] == '/' ? snprintf(path, sizeof(path), "%s", asked)
			      : snprintf(path, sizeof(path), "%s/%s", in->bundle, asked);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		out->failed = true;
		return;
	}
	text_plain_path(path, ret, PATH_MAX);
	change_set(out, "root.path", json_new_string(change_doc(out), HOST_STAGE_ROOT), NULL,
		   &reason);
	userns_note(in, out, HOST_ROOT_NOTE, ret);
}

/* --- The control ------------------------------------------------------------------------------ */

static void keep_ceiling(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	struct json *ceiling = json_new_object(notes);

	if (!json_put_uint(notes, ceiling, "base", in->userns->base) ||
	    !json_put_uint(notes, ceiling, "size", USERNS_SIZE) ||
	    !json_put(notes, ceiling, "enter", json_new_bool(notes, in->plan->enter)))
		out->failed = true;
	else
		change_ceiling(out, ceiling);
}

static void map(const struct control_in *in, struct change *out)
{
	struct change_map effect = {.enter = in->plan->enter};
	char root[PATH_MAX], netns[PATH_MAX];
	const char *path;

	map_ids(in, out);
	path = userns_network(in, out);
	if (path)
		snprintf(netns, sizeof(netns), "%s", path);
	effect.netns = path ? netns : NULL;
	move_root(in, out, root);
	effect.root = root;
	change_map(out, &effect);
	if (out->mode == MODE_ENFORCE)
		keep_ceiling(in, out);
}

static void create(const struct control_in *in, struct change *out)
{
	userns_judge_engine(in, out);
	if (!in->plan)
		return;
	if (json_count(in->plan->findings) == 0)
		map(in, out);
	else if (in->userns->map != USERNS_POD || in->userns->base != 0)
		report(in, out);
}

static void judge_id(const struct control_in *in, struct change *out, const char *path,
		     const struct json *value)
{
	uint64_t id, size = 0;

	if (!json_uint(json_get(in->rules, "size"), &size) || !json_uint(value, &id) || id < size)
		return;
	change_refuse(out, path, value->text,
		      &(struct reason){
			      .rule = "userns.map",
			      .why = "not among the ids 0 to 65535 that the container has in its "
				     "user namespace",
			      .remedy = "use an id below 65536",
		      });
}

static void exec(const struct control_in *in, struct change *out)
{
	const struct json *user = json_get(in->document, "user");
	char path[CHANGE_PATH];
	size_t index = 0;

	judge_id(in, out, "user.uid", json_get(user, "uid"));
	judge_id(in, out, "user.gid", json_get(user, "gid"));
	json_each(group, json_get(user, "additionalGids"))
		judge_id(in, out, change_index_path("user.additionalGids", index++, path), group);
}

const struct control control_userns = {
	.name = "userns",
	.sentence = "Gives the container a user namespace with ids of its own where the engine "
		    "made none; refuses mappings that give away the host's root, or that no "
		    "kernel takes.",
	.options = options,
	.create = create,
	.exec = exec,
};
