/* SPDX-License-Identifier: Apache-2.0 */
/* What a container loses and gains by another profile or policy. */
#include "command/diff.h"

#include "base/cleanup.h"
#include "command/command.h"

#include <stdio.h>
#include <string.h>

#define PATH_ROOM 256

/* Two profiles, with what they extend. */
struct pair {
	struct diff *diff;
	const struct diff_side *sides;
	const char *names[2];
	const struct json *profiles[2];
	struct json *options; /* list that is filled */
	const char *title;    /* of the part, until something is said in it */
};

static void start_part(struct pair *pair)
{
	if (pair->title)
		text_addf(&pair->diff->text, "%s\n", pair->title);
	pair->title = NULL;
	pair->diff->differences++;
}

/* ---- options ---- */

static void add_json(struct text *to, const struct json *value)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (!value)
		text_adds(to, "-");
	else if (json_write(value, &text, &len, NULL) == 0)
		text_add(to, text, len);
	else
		to->failed = true;
}

static bool holds(const struct json *list, const struct json *value)
{
	json_each(item, list)
		if (json_same(item, value))
			return true;
	return false;
}

/* Items of `list` that `other` does not have. */
static void add_items(struct text *to, char mark, const struct json *list, const struct json *other)
{
	json_each(item, list) {
		if (holds(other, item))
			continue;
		text_addf(to, " %c", mark);
		add_json(to, item);
	}
}

static bool lists(const struct json *a, const struct json *b)
{
	return a && b && a->type == JSON_ARRAY && b->type == JSON_ARRAY;
}

static bool within(const struct json *a, const struct json *b)
{
	json_each(item, a)
		if (!holds(b, item))
			return false;
	return true;
}

/* Lists are sets here. */
static bool alike(const struct json *a, const struct json *b)
{
	if (!a || !b)
		return a == b;
	return lists(a, b) ? within(a, b) && within(b, a) : json_same(a, b);
}

static void add_option(struct pair *pair, const char *path, const struct json *a,
		       const struct json *b)
{
	struct json_doc *doc = pair->diff->doc;
	struct text *to = &pair->diff->text;
	struct json *entry;

	start_part(pair);
	text_addf(to, "~ %s:", path);
	if (lists(a, b)) {
		add_items(to, '-', a, b);
		add_items(to, '+', b, a);
	} else {
		text_adds(to, " ");
		add_json(to, a);
		text_adds(to, " -> ");
		add_json(to, b);
	}
	text_adds(to, "\n");
	entry = json_append(pair->options, json_new_object(doc));
	if (!json_put_string(doc, entry, "option", path) ||
	    !json_put(doc, entry, "from", a ? json_clone(doc, a) : json_new_null(doc)) ||
	    !json_put(doc, entry, "to", b ? json_clone(doc, b) : json_new_null(doc)))
		to->failed = true;
}

static bool objects(const struct json *a, const struct json *b)
{
	return a && b && a->type == JSON_OBJECT && b->type == JSON_OBJECT;
}

static void compare_options(struct pair *pair, const char *path, const struct json *a,
			    const struct json *b);

static void compare_members(struct pair *pair, const char *path, const struct json *a,
			    const struct json *b)
{
	char below[PATH_ROOM], shown[TEXT_SHOWN_SIZE];

	json_each(member, a) {
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "",
			 text_shown_z(member->key, shown));
		compare_options(pair, below, member, json_get(b, member->key));
	}
	json_each(member, b) {
		if (json_get(a, member->key))
			continue;
		snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "." : "",
			 text_shown_z(member->key, shown));
		compare_options(pair, below, NULL, member);
	}
}

static void compare_options(struct pair *pair, const char *path, const struct json *a,
			    const struct json *b)
{
	/* Modes are compared as they are in the end, capabilities by what is kept. */
	if (text_ends(path, ".mode") || strcmp(path, "mode") == 0 ||
	    strcmp(path, "capabilities.allow") == 0)
		return;
	if (objects(a, b))
		compare_members(pair, path, a, b);
	else if (!alike(a, b))
		add_option(pair, path, a, b);
}

/* "enforce" without a word; borrowed from the profile where it has one. */
static const char *mode_of(const struct json *profile, const char *control)
{
	const char *mode = json_string(json_get(profile, control), "mode");

	if (!mode)
		mode = json_string(profile, "mode");
	return mode ? mode : "enforce";
}

static void compare_modes(struct pair *pair)
{
	json_each(options, pair->profiles[0]) {
		struct json_doc *doc = pair->diff->doc;
		const char *a = mode_of(pair->profiles[0], options->key);
		const char *b = mode_of(pair->profiles[1], options->key);
		char path[PATH_ROOM];

		if (options->type != JSON_OBJECT || strcmp(a, b) == 0)
			continue;
		snprintf(path, sizeof(path), "%s.mode", options->key);
		add_option(pair, path, json_new_string(doc, a), json_new_string(doc, b));
	}
}

/* ---- capabilities ---- */

/* True if the profile lets a container keep it. */
static bool keeps(const struct json *profile, const char *capability)
{
	const struct json *rules = json_get(profile, "capabilities");

	return json_has_string(json_get(rules, "allow"), capability) &&
	       !json_has_string(json_get(rules, "drop"), capability);
}

/* What `one` keeps and `other` does not. */
static struct json *compare_kept(struct pair *pair, char mark, const struct json *one,
				 const struct json *other)
{
	struct json *list = json_new_array(pair->diff->doc);

	json_each(name, json_path(one, "capabilities.allow")) {
		if (!keeps(one, name->text) || keeps(other, name->text))
			continue;
		start_part(pair);
		text_addf(&pair->diff->text, "%c %s\n", mark, name->text);
		if (!json_append(list, json_clone(pair->diff->doc, name)))
			pair->diff->text.failed = true;
	}
	return list;
}

static int compare_capabilities(struct pair *pair, struct json *to, struct hr_error *err)
{
	struct json_doc *doc = pair->diff->doc;
	struct json *object = json_put(doc, to, "capabilities", json_new_object(doc));
	struct json *lost, *gained;

	pair->title = "capabilities";
	lost = compare_kept(pair, '-', pair->profiles[0], pair->profiles[1]);
	gained = compare_kept(pair, '+', pair->profiles[1], pair->profiles[0]);
	if (!json_put(doc, object, "gained", gained) || !json_put(doc, object, "lost", lost))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* ---- system calls ---- */

static int read_filter(const struct policy *policy, const char *name, struct seccomp_filter **ret,
		       struct hr_error *err)
{
	policy_file_auto struct policy_file file = {0};
	size_t len;

	if (seccomp_builtin(name, &len))
		return command_profile(name, seccomp_native(), NULL, ret, err);
	if (policy_seccomp_file(policy, name, &file, err) < 0)
		return -1;
	return command_filter(file.shown, file.text, file.len, file.json, ret, err);
}

static int compare_calls(struct pair *pair, struct json *to, struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *a = NULL, *b = NULL;
	const char *names[2];
	struct json *list;

	for (size_t i = 0; i < 2; i++) {
		names[i] = json_string(json_get(pair->profiles[i], "seccomp"), "profile");
		if (!names[i])
			return hr_fail(err, HR_POLICY, "%s: names no seccomp profile",
				       pair->names[i]);
	}
	if (read_filter(pair->sides[0].policy, names[0], &a, err) < 0 ||
	    read_filter(pair->sides[1].policy, names[1], &b, err) < 0)
		return -1;
	text_adds(&pair->diff->text, "system calls\n");
	if (diff_calls(pair->diff, names, (const struct seccomp_filter *const[]){a, b}, &list,
		       err) < 0)
		return -1;
	return json_put(pair->diff->doc, to, "calls", list)
		       ? 0
		       : hr_fail(err, HR_SYSTEM, "out of memory");
}

/* ---- profiles ---- */

static int compare_profiles(struct diff *diff, const struct diff_side sides[2],
			    const char *const names[2], struct json *list, struct hr_error *err)
{
	struct pair pair = {.diff = diff, .sides = sides, .names = {names[0], names[1]}};
	struct json *to = json_append(list, json_new_object(diff->doc));
	char shown[2][TEXT_SHOWN_SIZE];

	for (size_t i = 0; i < 2; i++)
		if (policy_profile(sides[i].policy, names[i], &pair.profiles[i], err) < 0)
			return -1;
	text_addf(&diff->text, "profile %s -> %s\n", text_shown_z(names[0], shown[0]),
		  text_shown_z(names[1], shown[1]));
	if (!json_put_string(diff->doc, to, "from", names[0]) ||
	    !json_put_string(diff->doc, to, "to", names[1]) ||
	    compare_capabilities(&pair, to, err) < 0)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	pair.options = json_put(diff->doc, to, "options", json_new_array(diff->doc));
	pair.title = "options";
	compare_modes(&pair);
	compare_members(&pair, "", pair.profiles[0], pair.profiles[1]);
	return compare_calls(&pair, to, err);
}

static bool own(const struct json *profile)
{
	return strcmp(json_name(profile->doc), "built-in") != 0;
}

/* Profiles that only this side has. */
static void compare_names(struct diff *diff, char mark, const struct diff_side *side,
			  const struct diff_side *other, struct json *list)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(profile, policy_profiles(side->policy)) {
		if (json_get(policy_profiles(other->policy), profile->key))
			continue;
		diff->differences++;
		text_addf(&diff->text, "%c profile %s\n", mark, text_shown_z(profile->key, shown));
		json_append(list, json_new_string(diff->doc, profile->key));
	}
}

/* ---- the rest of a policy ---- */

/* Rules that only this side has; their order counts, so `alike` lists may differ. */
static void add_rules(struct text *to, char mark, const struct json *rules,
		      const struct json *others)
{
	json_each(rule, rules) {
		if (holds(others, rule))
			continue;
		text_addf(to, "%c rule ", mark);
		add_json(to, rule);
		text_adds(to, "\n");
	}
}

static void compare_rules(struct pair *pair, const struct json *a, const struct json *b)
{
	struct text *to = &pair->diff->text;
	struct json_doc *doc = pair->diff->doc;
	struct json *entry;

	if (json_same(a, b))
		return;
	start_part(pair);
	if (alike(a, b))
		text_adds(to, "~ rules: in another order\n");
	add_rules(to, '-', a, b);
	add_rules(to, '+', b, a);
	entry = json_append(pair->options, json_new_object(doc));
	if (!json_put_string(doc, entry, "option", "rules") ||
	    !json_put(doc, entry, "from", json_clone(doc, a)) ||
	    !json_put(doc, entry, "to", json_clone(doc, b)))
		to->failed = true;
}

static void compare_frame(struct diff *diff, const struct diff_side sides[2], struct json *list)
{
	struct pair pair = {.diff = diff, .sides = sides, .options = list, .title = "policy"};
	const char *a = policy_default(sides[0].policy), *b = policy_default(sides[1].policy);

	if (strcmp(a, b) != 0)
		add_option(&pair, "default", json_new_string(diff->doc, a),
			   json_new_string(diff->doc, b));
	compare_options(&pair, "audit", policy_audit_section(sides[0].policy),
			policy_audit_section(sides[1].policy));
	compare_members(&pair, "images", policy_images_section(sides[0].policy),
			policy_images_section(sides[1].policy));
	compare_rules(&pair, policy_rules(sides[0].policy), policy_rules(sides[1].policy));
}

static int compare_all(struct diff *diff, const struct diff_side sides[2], struct json *root,
		       struct json *list, struct hr_error *err)
{
	struct json_doc *doc = diff->doc;
	struct json *gained = json_put(doc, root, "profiles_gained", json_new_array(doc));
	struct json *lost = json_put(doc, root, "profiles_lost", json_new_array(doc));
	struct json *frame = json_put(doc, root, "policy", json_new_array(doc));

	if (!gained || !lost || !frame)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	compare_frame(diff, sides, frame);
	compare_names(diff, '-', &sides[0], &sides[1], lost);
	compare_names(diff, '+', &sides[1], &sides[0], gained);
	json_each(profile, policy_profiles(sides[0].policy)) {
		const struct json *other = json_get(policy_profiles(sides[1].policy), profile->key);
		const char *const names[2] = {profile->key, profile->key};

		if (other && own(profile) && compare_profiles(diff, sides, names, list, err) < 0)
			return -1;
	}
	return 0;
}

int diff_policies(struct diff *diff, const struct diff_side sides[2], struct json **ret,
		  struct hr_error *err)
{
	struct json *root = json_new_object(diff->doc), *list;
	int rc;

	if (!json_put_int(diff->doc, root, "version", 1))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	list = json_put(diff->doc, root, "profiles", json_new_array(diff->doc));
	if (!list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (sides[0].profile)
		rc = compare_profiles(diff, sides,
				      (const char *const[]){sides[0].profile, sides[1].profile},
				      list, err);
	else
		rc = compare_all(diff, sides, root, list, err);
	if (rc < 0)
		return -1;
	*ret = root;
	return 0;
}
