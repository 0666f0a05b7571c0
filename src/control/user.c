/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/ranges.h"
#include "control/table.h"
#include "control/userns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_UMASK 022 /* of runc and crun where the document names none */

static const struct control_option options[] = {
	{.name = "uids", .type = OPTION_RANGES},   {.name = "gids", .type = OPTION_RANGES},
	{.name = "groups", .type = OPTION_RANGES}, {.name = "deny_groups", .type = OPTION_STRINGS},
	{.name = "umask", .type = OPTION_OTHER},   {0},
};

/* One process under the rules of its container: the same at create and exec. */
struct look {
	const struct json *rules; /* the ceiling: options, denied groups' ids, own namespace */
	const struct json *user;
	const char *path;     /* of `user` */
	const char *unmapped; /* create: why root is not another id of the host; NULL: not asked */
	struct change *out;
};

/* "022" or "0022": at most 0777. */
static bool is_umask(const struct json *value)
{
	return value->type == JSON_STRING && strspn(value->text, "01234567") == value->len &&
	       (value->len == 3 || (value->len == 4 && value->text[0] == '0'));
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	(void)policy;
	json_each(option, rules)
		if (strcmp(option->key, "umask") == 0 && !is_umask(option))
			return control_policy_error(
				option, err,
				"user.umask must be a string of octal digits such as \"0027\"");
	return 0;
}

static uint32_t id_of(const struct json *value)
{
	uint64_t id = 0;

	return json_uint(value, &id) ? (uint32_t)id : 0;
}

static void refuse(const struct look *look, const char *path, uint32_t id,
		   const struct reason *reason)
{
	char value[16];

	snprintf(value, sizeof(value), "%u", id);
	change_refuse(look->out, path, value, reason);
}

static bool in_ranges(const struct look *look, const char *path, uint32_t id, const char *option)
{
	const struct json *allowed = json_get(look->rules, option);
	bool user = strcmp(option, "uids") == 0;
	char remedy[2 * CONTROL_LIST + 160], all[CONTROL_LIST], number[16];

	if (ranges_hold(allowed, id))
		return true;
	snprintf(number, sizeof(number), "%u", id);
	snprintf(remedy, sizeof(remedy),
		 "%s%s%sask for another %s, or allow this one in a profile: \"user\": {\"%s\": "
		 "%s}",
		 id == 0 && look->unmapped
			 ? "it would be none of the host's if the container could "
			   "be mapped: "
			 : "",
		 id == 0 && look->unmapped ? look->unmapped : "",
		 id == 0 && look->unmapped ? "; or " : "", user ? "user" : "group", option,
		 control_list_with(allowed, number, all));
	refuse(look, path, id,
	       &(struct reason){
		       .rule = user			     ? "user.uids"
			       : strcmp(option, "gids") == 0 ? "user.gids"
							     : "user.groups",
		       .by = allowed,
		       .why = id > 0 ? "outside the ids that are allowed"
			      : user ? "the process would be the host's root, held back by the "
				       "other controls alone"
				     : "files of the host's group root could be used",
		       .remedy = remedy,
	       });
	return false;
}

static bool not_denied(const struct look *look, const char *path, uint32_t id)
{
	char why[TEXT_SHOWN_SIZE + 96], remedy[TEXT_SHOWN_SIZE + 160], shown[TEXT_SHOWN_SIZE];

	json_each(group, json_get(look->rules, "denied")) {
		if (id_of(group) != id)
			continue;
		text_shown_z(group->key, shown);
		snprintf(why, sizeof(why),
			 "the host's group %s: what it may open on the host, the process could",
			 shown);
		snprintf(remedy, sizeof(remedy),
			 "leave the group out, or write \"user\": {\"deny_groups\": [...]} without "
			 "\"%s\" in a profile",
			 shown);
		refuse(look, path, id,
		       &(struct reason){.rule = "user.deny_groups",
					.by = json_get(look->rules, "deny_groups"),
					.why = why,
					.remedy = remedy});
		return false;
	}
	return true;
}

static void judge_uid(const struct look *look)
{
	uint32_t uid = id_of(json_get(look->user, "uid"));
	char path[CHANGE_PATH];

	if (uid != 0 || !json_true(look->rules, "root_uid"))
		in_ranges(look, change_key_path(look->path, "uid", path), uid, "uids");
}

static bool judge_gid(const struct look *look, uint32_t gid)
{
	char path[CHANGE_PATH];

	change_key_path(look->path, "gid", path);
	if ((gid != 0 || !json_true(look->rules, "root_gid")) &&
	    !in_ranges(look, path, gid, "gids"))
		return false;
	return not_denied(look, path, gid);
}

static void judge_groups(const struct look *look)
{
	uint32_t gid = id_of(json_get(look->user, "gid"));
	/* Engines list the primary group among the others. */
	bool root_too = judge_gid(look, gid) && gid == 0;
	char list[CHANGE_PATH], path[CHANGE_PATH];
	size_t index = 0;

	change_key_path(look->path, "additionalGids", list);
	json_each(group, json_get(look->user, "additionalGids")) {
		uint32_t id = id_of(group);

		change_index_path(list, index++, path);
		if ((id != 0 || !root_too) && in_ranges(look, path, id, "groups"))
			not_denied(look, path, id);
	}
}

static void judge_umask(const struct look *look)
{
	const struct json *rule = json_get(look->rules, "umask");
	uint64_t asked = USUAL_UMASK, given;
	char path[CHANGE_PATH];

	if (!rule)
		return;
	json_uint(json_get(look->user, "umask"), &asked);
	given = asked | strtoull(rule->text, NULL, 8);
	if (given != asked)
		change_set(look->out, change_key_path(look->path, "umask", path),
			   json_new_uint(change_doc(look->out), given), NULL,
			   &(struct reason){
				   .rule = "user.umask",
				   .by = rule,
				   .why = "new files would be open to more users than the policy "
					  "wants; the numbers are decimal",
				   .remedy = "to keep what was asked, write another \"user\": "
					     "{\"umask\": \"0022\"} in a profile"});
}

static void judge(const struct look *look)
{
	judge_uid(look);
	judge_groups(look);
	judge_umask(look);
}

/* True if the container has a user namespace in which no id is the host's 0. */
static bool root_is_mapped(const struct control_in *in, const char *mappings)
{
	const struct json *list = json_get(json_get(in->document, "linux"), mappings);

	if (in->plan && in->plan->map)
		return true;
	json_each(entry, list)
		if (id_of(json_get(entry, "hostID")) == 0)
			return false;
	return userns_listed(in->document) && json_count(list) > 0;
}

static const char *why_unmapped(const struct control_in *in)
{
	const struct json *findings = in->plan ? in->plan->findings : NULL;

	return json_count(findings) > 0 ? json_string(findings->first, "why") : NULL;
}

/* What the groups' names mean is settled at create. */
static struct json *denied_groups(const struct control_in *in, struct change *out)
{
	struct json *denied = json_new_object(change_notes(out));
	uint32_t id;

	json_each(name, json_get(in->rules, "deny_groups"))
		if (in->host->group_id(in->host, name->text, &id))
			json_put_uint(change_notes(out), denied, name->text, id);
	return denied;
}

static bool covers(const struct json *mapping, uint32_t host_id)
{
	uint64_t first = id_of(json_get(mapping, "hostID")), size = 0;

	json_uint(json_get(mapping, "size"), &size);
	return first <= host_id && host_id < first + size;
}

/* A group of the host under another number. */
static void judge_mappings(const struct look *look, const struct json *mappings)
{
	char path[CHANGE_PATH], why[TEXT_SHOWN_SIZE + 64], shown[TEXT_SHOWN_SIZE];
	size_t index = 0;

	json_each(mapping, mappings) {
		change_index_path("linux.gidMappings", index++, path);
		json_each(group, json_get(look->rules, "denied")) {
			if (!covers(mapping, id_of(group)))
				continue;
			snprintf(why, sizeof(why),
				 "a group of the container would be the host's %s",
				 text_shown_z(group->key, shown));
			refuse(look, path, id_of(group),
			       &(struct reason){
				       .rule = "user.deny_groups",
				       .by = json_get(look->rules, "deny_groups"),
				       .why = why,
				       .remedy = "map ids of the host that belong to no one else, "
						 "such as 100000 and up",
			       });
			break;
		}
	}
}

static void create(const struct control_in *in, struct change *out)
{
	struct look look = {.path = "process.user", .out = out, .unmapped = why_unmapped(in)};
	struct json_doc *notes = change_notes(out);
	struct json *ceiling = in->rules ? json_clone(notes, in->rules) : json_new_object(notes);

	json_put(notes, ceiling, "denied", denied_groups(in, out));
	json_put(notes, ceiling, "root_uid",
		 json_new_bool(notes, root_is_mapped(in, "uidMappings")));
	json_put(notes, ceiling, "root_gid",
		 json_new_bool(notes, root_is_mapped(in, "gidMappings")));
	look.rules = ceiling;
	look.user = json_path(in->document, "process.user");
	judge(&look);
	judge_mappings(&look, json_path(in->document, "linux.gidMappings"));
	change_ceiling(out, ceiling);
}

static void exec(const struct control_in *in, struct change *out)
{
	judge(&(struct look){.rules = in->rules,
			     .user = json_get(in->document, "user"),
			     .path = "user",
			     .out = out});
}

const struct control control_user = {
	.name = "user",
	.sentence = "Refuses users and groups outside the allowed ids, and groups that own things "
		    "of the host; widens the umask.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
