/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>

static const char *const filtered_sets[] = {"bounding", "effective", "permitted", NULL};
static const char *const emptied_sets[] = {"inheritable", "ambient", NULL};

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{.name = "strip", .type = OPTION_STRINGS},
	{.name = "drop", .type = OPTION_STRINGS},
	{0},
};

/* runc's table holds the upper-case names alone, crun's reading ignores the case: only
 * what both read alike is a name here. */
static bool is_capability(const char *name)
{
	cap_value_t value;

	if (!text_starts(name, "CAP_"))
		return false;
	for (const char *c = name; *c; c++)
		if (!isupper((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return cap_from_name(name, &value) == 0;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	static const char *const lists[] = {"allow", "strip", "drop", NULL};
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	for (size_t i = 0; lists[i]; i++)
		json_each(name, json_get(rules, lists[i]))
			if (!is_capability(name->text))
				return control_policy_error(
					name, err,
					"\"%s\" is no capability; names are written like CAP_CHOWN",
					text_shown_z(name->text, shown));
	return 0;
}

/* `all`: the allowed ones and those that a set asks for beside them. */
static void refuse(const struct control_in *in, struct change *out, const char *path,
		   const char *name, const struct json *all)
{
	char shown[TEXT_SHOWN_SIZE], list[CONTROL_LIST], remedy[CONTROL_LIST + 128];
	bool known = is_capability(name);

	snprintf(remedy, sizeof(remedy),
		 known ? "drop it from the request, or allow it in a profile: \"capabilities\": "
			 "{\"allow\": %s}"
		       : "correct \"%s\": names are upper case, as in capabilities(7)",
		 known ? control_list_with(all, name, list) : text_shown_z(name, shown));
	change_refuse(out, path, name,
		      &(struct reason){
			      .rule = "capabilities.allow",
			      .by = in->line == LINE_EXEC ? NULL : json_get(in->rules, "allow"),
			      .why = known ? "a capability outside the allowed ones was asked for"
					   : "not the name of a capability",
			      .remedy = remedy,
		      });
}

/* Taken away from whoever asks for it. */
static bool dropped(const struct control_in *in, const char *name)
{
	return json_has_string(json_get(in->rules, "drop"), name);
}

static bool kept(const struct control_in *in, const char *name)
{
	if (dropped(in, name) || !json_has_string(json_get(in->rules, "allow"), name))
		return false;
	if (in->line != LINE_EXEC)
		return true;
	return json_has_string(json_get(in->rules, "bounding"), name);
}

/* What may be taken away without a word from the one who asked: on create the ones that
 * every engine gives, on exec whatever is above the container's own ceiling. */
static bool stripped(const struct control_in *in, const char *name)
{
	if (dropped(in, name))
		return true;
	return in->line == LINE_EXEC ? is_capability(name)
				     : json_has_string(json_get(in->rules, "strip"), name);
}

/* Why `name` is taken away without a word. */
static struct reason removal(const struct control_in *in, const char *name)
{
	if (dropped(in, name))
		return (struct reason){
			.rule = "capabilities.drop",
			.by = json_get(in->rules, "drop"),
			.why = "the policy gives it to no one, whatever is asked or allowed",
			.remedy =
				"to keep it, write \"capabilities\": {\"drop\": [...]} without it "
				"in a profile",
		};
	if (in->line == LINE_EXEC)
		return (struct reason){
			.rule = "capabilities.allow",
			.why = "the container itself was created without it",
		};
	return (struct reason){
		.rule = "capabilities.strip",
		.by = json_get(in->rules, "strip"),
		.why = "given by the engine to every container and needed by few",
		.remedy = "to keep one, list it in \"capabilities\": {\"allow\": [...]} beside the "
			  "names that are there: the list replaces the inherited one",
	};
}

/* The allowed ones and all that the set asks for beside them: what allow would have to be. */
static const struct json *allowed_with(const struct control_in *in, struct change *out,
				       const struct json *set)
{
	struct json *all = json_new_array(change_notes(out));

	json_each(cap, json_get(in->rules, "allow"))
		json_append(all, json_new_string(change_notes(out), cap->text));
	json_each(cap, set)
		if (!kept(in, cap->text) && !stripped(in, cap->text))
			json_append(all, json_new_string(change_notes(out), cap->text));
	return all;
}

static void filter(const struct control_in *in, struct change *out, const struct json *set,
		   const char *path)
{
	struct json *keep = json_new_array(change_doc(out));
	const struct json *removed = NULL, *refused = NULL;
	struct reason reason;

	json_each(cap, set) {
		if (kept(in, cap->text))
			json_append(keep, json_new_string(change_doc(out), cap->text));
		else if (stripped(in, cap->text))
			removed = removed ? removed : cap;
		/* What is no name at all is said first. */
		else if (!refused || (is_capability(refused->text) && !is_capability(cap->text)))
			refused = cap;
	}
	if (refused) {
		refuse(in, out, path, refused->text, allowed_with(in, out, set));
		return;
	}
	if (!removed)
		return;
	reason = removal(in, removed->text);
	change_set(out, path, keep, NULL, &reason);
}

static void empty(struct change *out, const struct json *set, const char *path)
{
	json_each(cap, set) {
		if (!is_capability(cap->text)) {
			change_refuse(out, path, cap->text,
				      &(struct reason){.rule = "capabilities.ambient",
						       .why = "not the name of a capability",
						       .remedy = "correct the name"});
			return;
		}
	}
	if (json_count(set) > 0)
		change_set(
			out, path, json_new_array(change_doc(out)), NULL,
			&(struct reason){
				.rule = "capabilities.ambient",
				.why = "inheritable and ambient capabilities reach programs that "
				       "were not given any",
				.remedy = "nothing to write: no option gives these sets"});
}

static void each_set(const struct control_in *in, struct change *out, const struct json *sets,
		     const char *prefix)
{
	char path[CHANGE_PATH];

	for (size_t i = 0; filtered_sets[i]; i++)
		filter(in, out, json_get(sets, filtered_sets[i]),
		       change_key_path(prefix, filtered_sets[i], path));
	for (size_t i = 0; emptied_sets[i]; i++)
		empty(out, json_get(sets, emptied_sets[i]),
		      change_key_path(prefix, emptied_sets[i], path));
}

static void create(const struct control_in *in, struct change *out)
{
	struct json *ceiling = json_new_object(change_notes(out));
	const struct json *bounding;

	each_set(in, out, json_path(in->document, "process.capabilities"), "process.capabilities");
	/* What is left after the changes is what exec may get. */
	bounding = json_path(in->document, "process.capabilities.bounding");
	json_put(change_notes(out), ceiling, "allow",
		 json_clone(change_notes(out), json_get(in->rules, "allow")));
	if (json_get(in->rules, "drop"))
		json_put(change_notes(out), ceiling, "drop",
			 json_clone(change_notes(out), json_get(in->rules, "drop")));
	json_put(change_notes(out), ceiling, "bounding",
		 bounding ? json_clone(change_notes(out), bounding)
			  : json_new_array(change_notes(out)));
	change_ceiling(out, ceiling);
}

static void exec(const struct control_in *in, struct change *out)
{
	each_set(in, out, json_get(in->document, "capabilities"), "capabilities");
}

const struct control control_capabilities = {
	.name = "capabilities",
	.sentence = "Keeps the bounding, effective and permitted sets within an allow-list, and "
		    "the inheritable and ambient sets empty.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
