/* SPDX-License-Identifier: Apache-2.0 */
/* What one file of a policy may hold. Where mistakes are collected, what is wrong is noted and
 * left out, and the rest is looked at. */
#include "base/text.h"
#include "policy/policy_private.h"

#include <string.h>

static const char *const top_keys[] = {"version", "profiles", "rules", "default",
				       "audit",	  "images",   NULL};
static const char *const audit_keys[] = {"file", "syslog", "required", "annotations", NULL};

static int want(const struct json *value, enum json_type type, const char *what,
		struct hr_error *err)
{
	if (!value || value->type == type)
		return 0;
	return policy_fail(value, err, "%s", what);
}

static int add_profile(struct policy *policy, const struct json *profile, bool builtin,
		       struct hr_error *err)
{
	const struct json *old = json_get(policy->profiles, profile->key);
	char shown[TEXT_SHOWN_SIZE];

	text_shown_z(profile->key, shown);
	if (old && !builtin)
		return policy_fail(profile, err,
				   "profile \"%s\" is there already (%s); choose another "
				   "name and say \"extends\": \"%s\"",
				   shown, json_name(old->doc), shown);
	if (want(profile, JSON_OBJECT, "a profile must be an object", err) < 0)
		return -1;
	if (!json_put(policy->merged, policy->profiles, profile->key,
		      json_clone(policy->merged, profile)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

static int add_profiles(struct policy *policy, const struct json *profiles, bool builtin,
			struct hr_error *err)
{
	if (want(profiles, JSON_OBJECT, "profiles must be an object: name -> profile", err) < 0)
		return policy_mistake(policy, err);
	json_each(profile, profiles)
		if (add_profile(policy, profile, builtin, err) < 0 &&
		    policy_mistake(policy, err) < 0)
			return -1;
	return 0;
}

static int add_rules(struct policy *policy, const struct json *rules, struct hr_error *err)
{
	if (want(rules, JSON_ARRAY, "rules must be a list", err) < 0)
		return policy_mistake(policy, err);
	json_each(rule, rules) {
		if (policy_check_rule(policy, rule, err) < 0)
			return -1;
		if (!json_append(policy->rules, json_clone(policy->merged, rule)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	return 0;
}

/* A section that may stand in one file only (the built-in one does not count). */
static int take_single(struct policy *policy, const struct json *value, struct json **slot,
		       struct hr_error *err)
{
	if (!value)
		return 0;
	if (*slot && strcmp(json_name((*slot)->doc), "built-in") != 0)
		return policy_fail(value, err, "stands in %s already; keep one",
				   json_name((*slot)->doc));
	*slot = json_clone(policy->merged, value);
	return *slot ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}

static int check_file(const struct json *file, struct hr_error *err)
{
	if (want(file, JSON_STRING, "audit.file must be a path", err) < 0)
		return -1;
	if (file && file->text[0] != '/')
		return policy_fail(file, err, "audit.file must be an absolute path");
	return 0;
}

static int check_annotations(const struct json *names, struct hr_error *err)
{
	if (want(names, JSON_ARRAY, "audit.annotations must be a list of names", err) < 0)
		return -1;
	json_each(name, names)
		if (want(name, JSON_STRING, "audit.annotations holds names", err) < 0)
			return -1;
	return 0;
}

/* Each key by itself, so that one mistake does not hide another. */
static int check_audit_key(const struct json *key, struct hr_error *err)
{
	if (strcmp(key->key, "file") == 0)
		return check_file(key, err);
	if (strcmp(key->key, "annotations") == 0)
		return check_annotations(key, err);
	if (strcmp(key->key, "syslog") == 0)
		return want(key, JSON_BOOL, "audit.syslog must be true or false", err);
	return want(key, JSON_BOOL, "audit.required must be true or false", err);
}

static int check_audit(struct policy *policy, const struct json *audit, struct hr_error *err)
{
	if (want(audit, JSON_OBJECT, "audit must be an object", err) < 0)
		return -1;
	if (policy_known_keys(policy, audit, audit_keys, "audit", err) < 0)
		return -1;
	json_each(key, audit)
		if (key->type != JSON_NULL && text_in(key->key, audit_keys) &&
		    check_audit_key(key, err) < 0 && policy_mistake(policy, err) < 0)
			return -1;
	return 0;
}

/* Each key over the built-in one: {"required": true} alone must not turn the log off. */
static int merge_audit(struct policy *policy, const struct json *audit, struct hr_error *err)
{
	struct json *built_in = policy->audit;

	if (take_single(policy, audit, &policy->audit, err) < 0)
		return -1;
	if (!audit || !built_in)
		return 0;
	json_each(option, built_in)
		if (!json_get(policy->audit, option->key) &&
		    !json_put(policy->merged, policy->audit, option->key,
			      json_clone(policy->merged, option)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

static int check_version(const struct json *root, struct hr_error *err)
{
	const struct json *version = json_get(root, "version");
	int64_t number = 0;

	if (json_int(version, &number) && number == 1)
		return 0;
	return policy_fail(version ? version : root, err,
			   version ? "\"version\": 1 is what this program reads"
				   : "\"version\": 1 is missing");
}

static int take_default(struct policy *policy, const struct json *name, struct hr_error *err)
{
	if (want(name, JSON_STRING, "default must name a profile", err) < 0)
		return -1;
	return take_single(policy, name, &policy->default_name, err);
}

static int take_audit(struct policy *policy, const struct json *audit, struct hr_error *err)
{
	if (check_audit(policy, audit, err) < 0)
		return -1;
	return merge_audit(policy, audit, err);
}

int policy_add_file(struct policy *policy, struct json_doc *doc, bool builtin, struct hr_error *err)
{
	const struct json *root = json_root(doc);

	policy->files[policy->file_count++] = doc;
	if (want(root, JSON_OBJECT, "a policy must be an object", err) < 0)
		return -1;
	if (policy_known_keys(policy, root, top_keys, "a policy", err) < 0)
		return -1;
	if (check_version(root, err) < 0 && policy_mistake(policy, err) < 0)
		return -1;
	if (add_profiles(policy, json_get(root, "profiles"), builtin, err) < 0 ||
	    add_rules(policy, json_get(root, "rules"), err) < 0)
		return -1;
	if (take_default(policy, json_get(root, "default"), err) < 0 &&
	    policy_mistake(policy, err) < 0)
		return -1;
	if (take_audit(policy, json_get(root, "audit"), err) < 0 && policy_mistake(policy, err) < 0)
		return -1;
	return policy_add_images(policy, root, err);
}
