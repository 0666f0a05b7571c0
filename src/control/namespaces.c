/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define LIST	    "linux.namespaces"
#define MOST_LISTED 16

static const struct control_option options[] = {
	{.name = "require", .type = OPTION_STRINGS},
	{.name = "insert", .type = OPTION_STRINGS},
	{.name = "allow_host", .type = OPTION_STRINGS},
	{0},
};

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	for (const struct control_option *option = options; option->name; option++)
		json_each(type, json_get(rules, option->name))
			if (!host_ns_file(type->text))
				return control_policy_error(
					type, err,
					"\"%s\" is no namespace; there are: mount pid "
					"ipc network uts cgroup user time",
					text_shown_z(type->text, shown));
	/* Without a mount namespace runc mounts on the host itself. */
	if (json_has_string(json_get(rules, "allow_host"), "mount"))
		return control_policy_error(json_get(rules, "allow_host"), err,
					    "the host's mount namespace cannot be allowed");
	return 0;
}

/* True if the document leaves out a type that is required: its container has the host's. */
static bool lists(const struct json *list, const char *type);

/* What allow_host would have to be for all of them: messages name one at a time. */
static const struct json *hosts_with(const struct control_in *in, struct change *out)
{
	const struct json *list = json_path(in->document, LIST);
	struct json *all = json_new_array(change_notes(out));

	json_each(type, json_get(in->rules, "allow_host"))
		json_append(all, json_new_string(change_notes(out), type->text));
	json_each(type, json_get(in->rules, "require"))
		if (!lists(list, type->text) && strcmp(type->text, "mount") != 0 &&
		    !json_has_string(all, type->text))
			json_append(all, json_new_string(change_notes(out), type->text));
	return all;
}

static void refuse_host(const struct control_in *in, struct change *out, const char *path,
			const char *type, const char *value)
{
	char why[160], all[CONTROL_LIST], remedy[CONTROL_LIST + 160];

	snprintf(why, sizeof(why), "the container would share the host's %s namespace", type);
	if (strcmp(type, "mount") == 0)
		snprintf(remedy, sizeof(remedy), "ask for its own mount namespace");
	else
		snprintf(remedy, sizeof(remedy),
			 "ask for its own %s namespace, or allow the host's in a profile: "
			 "\"namespaces\": {\"allow_host\": %s}",
			 type, control_list_with(hosts_with(in, out), type, all));
	change_refuse(out, path, value,
		      &(struct reason){.rule = "namespaces.allow_host",
				       .by = json_get(in->rules, "allow_host"),
				       .why = why,
				       .remedy = remedy});
}

static void refuse_entry(struct change *out, const char *path, const char *value, const char *why,
			 const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "namespaces", .why = why, .remedy = remedy});
}

static bool allowed_host(const struct control_in *in, const char *type)
{
	return json_has_string(json_get(in->rules, "allow_host"), type);
}

static void judge_path(const struct control_in *in, struct change *out, size_t index,
		       const char *type, const char *path)
{
	char entry[CHANGE_PATH], where[CHANGE_PATH];

	change_key_path(change_index_path(LIST, index, entry), "path", where);
	if (strcmp(type, "mount") == 0) {
		refuse_entry(out, where, path,
			     "a mount namespace of another process would be changed by the runtime",
			     "ask for its own mount namespace");
		return;
	}
	switch (in->host->ns(in->host, type, path)) {
	case HOST_NS_OTHER:
		return;
	case HOST_NS_HOST:
		if (!allowed_host(in, type))
			refuse_host(in, out, where, type, path);
		return;
	case HOST_NS_WRONG:
		refuse_entry(out, where, path,
			     "cannot be opened, or is not a namespace of the type it is listed for",
			     "name a namespace that is there");
		return;
	}
}

static bool listed_before(const struct json *list, const struct json *entry, const char *type)
{
	json_each(other, list) {
		const char *name = json_string(other, "type");

		if (other == entry)
			return false;
		if (name && strcmp(name, type) == 0)
			return true;
	}
	return false;
}

static void judge_listed(const struct control_in *in, struct change *out, const struct json *list)
{
	char where[CHANGE_PATH];
	size_t index = 0;

	json_each(entry, list) {
		const char *type = json_string(entry, "type");
		const char *path = json_string(entry, "path");

		change_index_path(LIST, index, where);
		if (!type || !host_ns_file(type))
			refuse_entry(out, where, type, "not a type of namespace",
				     "use mount, pid, ipc, network, uts, cgroup, user or time");
		else if (listed_before(list, entry, type))
			refuse_entry(out, where, type,
				     "listed twice; runtimes differ in which one counts",
				     "remove one");
		else if (path && path[0] != '\0')
			judge_path(in, out, index, type, path);
		index++;
	}
}

static bool lists(const struct json *list, const char *type)
{
	return listed_before(list, NULL, type);
}

static void insert(const struct control_in *in, struct change *out, const char *type)
{
	struct json_doc *doc = change_doc(out);
	struct json *entry = json_new_object(doc);
	char why[128];

	snprintf(why, sizeof(why), "without it the container has the host's %s namespace", type);
	json_put_string(doc, entry, "type", type);
	change_append(out, LIST, entry,
		      &(struct reason){.rule = "namespaces.insert",
				       .by = json_get(in->rules, "insert"),
				       .why = why});
}

/* True if names that the container is given would become the host's: its uts namespace is
 * the host's, and nothing before this refused that or puts another one in its place. */
static bool has_host_uts(const struct control_in *in, const struct json *list)
{
	json_each(entry, list) {
		const char *type = json_string(entry, "type"), *path = json_string(entry, "path");

		if (type && strcmp(type, "uts") == 0)
			return path && path[0] && allowed_host(in, type) &&
			       in->host->ns(in->host, type, path) == HOST_NS_HOST;
	}
	return allowed_host(in, "uts") ||
	       (!json_has_string(json_get(in->rules, "require"), "uts") &&
		!json_has_string(json_get(in->rules, "insert"), "uts"));
}

static void judge_names(const struct control_in *in, struct change *out, const struct json *list)
{
	static const char *const names[] = {"hostname", "domainname", NULL};

	for (size_t i = 0; names[i]; i++) {
		const char *name = json_string(in->document, names[i]);

		if (name && name[0] && has_host_uts(in, list))
			refuse_entry(out, names[i], name,
				     "would become the host's own name: the container has the "
				     "host's uts namespace",
				     "ask for its own uts namespace, or leave the name out");
	}
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *list = json_path(in->document, LIST);

	if (json_count(list) > MOST_LISTED) {
		refuse_entry(out, LIST, NULL, "more namespaces than there are types",
			     "list each type once");
		return;
	}
	judge_listed(in, out, list);
	judge_names(in, out, list);
	json_each(type, json_get(in->rules, "require"))
		if (!lists(list, type->text) && !allowed_host(in, type->text))
			refuse_host(in, out, LIST, type->text, NULL);
	json_each(type, json_get(in->rules, "insert"))
		if (!lists(list, type->text) && !allowed_host(in, type->text))
			insert(in, out, type->text);
}

const struct control control_namespaces = {
	.name = "namespaces",
	.sentence = "Requires or inserts namespaces, and refuses the host's by inode, under "
		    "whatever path they are listed.",
	.options = options,
	.check = check,
	.create = create,
};
