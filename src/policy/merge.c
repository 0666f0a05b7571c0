/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "policy/policy_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int policy_fail(const struct json *value, struct hr_error *err, const char *fmt, ...)
{
	char what[HR_ERROR_MSG / 2];
	unsigned line, column;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	json_where(value, &line, &column);
	return hr_fail(err, HR_POLICY, "%s:%u:%u: %s", json_name(value->doc), line, column, what);
}

const char *policy_nearest(const char *word, const char *const *list)
{
	const char *best = NULL;
	unsigned best_distance = (unsigned)(strlen(word) < 4 ? strlen(word) : 4);

	for (; *list; list++) {
		unsigned d = text_distance(word, *list);

		if (d < best_distance) {
			best_distance = d;
			best = *list;
		}
	}
	return best;
}

int policy_known_keys(struct policy *policy, const struct json *object, const char *const *known,
		      const char *what, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(member, object) {
		const char *near;

		if (text_in(member->key, known))
			continue;
		near = policy_nearest(member->key, known);
		policy_fail(member, err, "%s has no \"%s\"%s%s%s", what,
			    text_shown_z(member->key, shown), near ? "; did you mean \"" : "",
			    near ? near : "", near ? "\"?" : "");
		if (policy_mistake(policy, err) < 0)
			return -1;
	}
	return 0;
}

static int unknown_profile(const struct policy *policy, const struct json *at, const char *name,
			   struct hr_error *err)
{
	const char *names[128];
	size_t count = 0;
	char shown[TEXT_SHOWN_SIZE], near_shown[TEXT_SHOWN_SIZE], hint[TEXT_SHOWN_SIZE + 32];
	const char *near;

	json_each(profile, policy->profiles)
		if (count + 1 < sizeof(names) / sizeof(names[0]))
			names[count++] = profile->key;
	names[count] = NULL;
	near = policy_nearest(name, names);
	text_shown_z(name, shown);
	snprintf(hint, sizeof(hint), "%s%s%s", near ? "; did you mean \"" : "",
		 near ? text_shown_z(near, near_shown) : "", near ? "\"?" : "");
	if (at)
		return policy_fail(at, err, "there is no profile \"%s\"%s", shown, hint);
	return hr_fail(err, HR_POLICY, "there is no profile \"%s\"%s", shown, hint);
}

static int check_name(const struct policy *policy, const struct json *name, struct hr_error *err)
{
	if (!name)
		return 0;
	if (name->type != JSON_STRING)
		return policy_fail(name, err, "must be the name of a profile");
	if (!json_get(policy->profiles, name->text))
		return unknown_profile(policy, name, name->text, err);
	return 0;
}

/* Check a name; -1 only if it is wrong and that stops. */
static int name_good(struct policy *policy, const struct json *name, struct hr_error *err)
{
	return check_name(policy, name, err) < 0 ? policy_mistake(policy, err) : 0;
}

int policy_check_names(struct policy *policy, struct hr_error *err)
{
	if (name_good(policy, policy->default_name, err) < 0)
		return -1;
	json_each(rule, policy->rules) {
		if (name_good(policy, json_get(rule, "use"), err) < 0)
			return -1;
		json_each(name, json_get(rule, "may_choose"))
			if (name_good(policy, name, err) < 0)
				return -1;
	}
	json_each(profile, policy->profiles)
		if (name_good(policy, json_get(profile, "extends"), err) < 0)
			return -1;
	return 0;
}

int policy_check_mode(const struct json *mode, struct hr_error *err)
{
	if (!mode || (mode->type == JSON_STRING &&
		      text_in(mode->text, (const char *const[]){"enforce", "audit", "off", NULL})))
		return 0;
	return policy_fail(mode, err, "mode must be \"enforce\", \"audit\" or \"off\"");
}

/* Lay the child's options of one control over the ones that it extends: a leaf replaces,
 * lists replace. */
static int merge_control(struct policy *policy, struct json *into, const struct json *options,
			 struct hr_error *err)
{
	struct json *base = json_get_mut(into, options->key);

	if (options->type != JSON_OBJECT)
		return policy_fail(options, err, "the options of a control must be an object");
	json_each(option, options)
		if (strcmp(option->key, "mode") == 0 && policy_check_mode(option, err) < 0)
			return -1;
	if (!base)
		base = json_put(policy->merged, into, options->key,
				json_new_object(policy->merged));
	if (!base)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	base->doc = options->doc;
	base->offset = options->offset;
	json_each(option, options)
		if (!json_put(policy->merged, base, option->key,
			      json_clone(policy->merged, option)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* A profile that extends nothing extends `default`: an empty one must not be an open door. */
static const char *parent_of(const struct json *profile)
{
	const char *parent = json_string(profile, "extends");

	if (parent || strcmp(json_name(profile->doc), "built-in") == 0)
		return parent;
	return "default";
}

static int resolve(struct policy *policy, const struct json *profile, unsigned depth,
		   struct json **ret, struct hr_error *err)
{
	const char *parent = parent_of(profile);
	struct json *into = NULL;

	if (depth > POLICY_MAX_EXTENDS)
		return policy_fail(profile, err, "\"extends\" goes in a circle or deeper than %d",
				   POLICY_MAX_EXTENDS);
	if (parent && check_name(policy, json_get(profile, "extends"), err) < 0)
		return -1;
	if (parent &&
	    resolve(policy, json_get(policy->profiles, parent), depth + 1, &into, err) < 0)
		return -1;
	if (!into)
		into = json_new_object(policy->merged);
	json_each(member, profile) {
		if (strcmp(member->key, "extends") == 0)
			continue;
		if (strcmp(member->key, "mode") == 0) {
			if (policy_check_mode(member, err) < 0)
				return -1;
			if (!json_put(policy->merged, into, "mode",
				      json_clone(policy->merged, member)))
				return hr_fail(err, HR_SYSTEM, "out of memory");
		} else if (merge_control(policy, into, member, err) < 0) {
			return -1;
		}
	}
	if (!into)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = into;
	return 0;
}

static const char *effective_mode(const struct json *profile, const char *control)
{
	const char *mode = json_string(json_get(profile, control), "mode");

	if (!mode)
		mode = json_string(profile, "mode");
	return mode ? mode : "enforce";
}

/* ", not MODE (where that stands)". */
static const char *mode_place(const struct json *profile, const char *control, char buf[256])
{
	const struct json *mode = json_get(json_get(profile, control), "mode");
	unsigned line, column;

	if (!mode)
		mode = json_get(profile, "mode");
	buf[0] = '\0';
	if (!mode)
		return buf;
	json_where(mode, &line, &column);
	snprintf(buf, 256, ", not %s (%s:%u:%u)", mode->text, json_name(mode->doc), line, column);
	return buf;
}

/* Without no_new_privs the runtimes load the filter early, before their own set-up calls,
 * which it then refuses. */
static int check_early_filter(const struct json *profile, const struct json *at,
			      struct hr_error *err)
{
	char place[256];

	if (!json_get(profile, "seccomp") ||
	    strcmp(effective_mode(profile, "seccomp"), "enforce") != 0 ||
	    strcmp(effective_mode(profile, "no_new_privs"), "enforce") == 0)
		return 0;
	return policy_fail(
		at, err,
		"seccomp in mode enforce needs no_new_privs in mode enforce%s; set both to "
		"the same mode",
		mode_place(profile, "no_new_privs", place));
}

int policy_profile(struct policy *policy, const char *name, const struct json **ret,
		   struct hr_error *err)
{
	const struct json *profile = json_get(policy->profiles, name);
	const struct json *known = json_get(policy->resolved, name);
	struct json *resolved;

	if (!profile)
		return unknown_profile(policy, NULL, name, err);
	if (!known) {
		if (resolve(policy, profile, 0, &resolved, err) < 0 ||
		    check_early_filter(resolved, profile, err) < 0)
			return -1;
		known = json_put(policy->merged, policy->resolved, name, resolved);
		if (!known)
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	*ret = known;
	return 0;
}
