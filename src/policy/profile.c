/* SPDX-License-Identifier: Apache-2.0 */
/* Check a profile: as it is written, option by option where mistakes are collected, and as it
 * is with what it extends. */
#include "policy/policy_private.h"

#include <string.h>

/* The options that the built-in profile has for a control, at the place of `options`: good
 * company for one option that is to be checked by itself. */
static struct json *company(struct policy *policy, const struct json *options, struct hr_error *err)
{
	const struct json *base, *built_in;
	struct json *trial;

	if (policy_profile(policy, "default", &base, err) < 0)
		return NULL;
	built_in = json_get(base, options->key);
	trial = built_in ? json_clone(policy->merged, built_in) : json_new_object(policy->merged);
	if (!trial) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return NULL;
	}
	trial->doc = options->doc;
	trial->offset = options->offset;
	return trial;
}

static int check_option(struct policy *policy, const struct json *options,
			const struct json *option, policy_check_fn check, struct hr_error *err)
{
	struct json *trial;

	if (strcmp(option->key, "mode") == 0)
		return policy_check_mode(option, err);
	trial = company(policy, options, err);
	if (!trial)
		return -1;
	if (!json_put(policy->merged, trial, option->key, json_clone(policy->merged, option)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return check(policy, options->key, trial, err);
}

static int check_control(struct policy *policy, const struct json *options, policy_check_fn check,
			 struct hr_error *err)
{
	struct json *trial;

	if (options->type != JSON_OBJECT)
		return policy_fail(options, err, "the options of a control must be an object");
	trial = company(policy, options, err);
	if (!trial || check(policy, options->key, trial, err) < 0)
		return -1;
	json_each(option, options)
		if (check_option(policy, options, option, check, err) < 0 &&
		    policy_mistake(policy, err) < 0)
			return -1;
	return 0;
}

static int check_written(struct policy *policy, const struct json *profile, policy_check_fn check,
			 struct hr_error *err)
{
	json_each(member, profile) {
		int rc = 0;

		if (strcmp(member->key, "mode") == 0)
			rc = policy_check_mode(member, err);
		else if (strcmp(member->key, "extends") != 0)
			rc = check_control(policy, member, check, err);
		if (rc < 0 && policy_mistake(policy, err) < 0)
			return -1;
	}
	return 0;
}

int policy_check_profile(struct policy *policy, const struct json *profile, policy_check_fn check,
			 struct hr_error *err)
{
	const size_t before = policy->mistakes;
	const struct json *resolved;

	if (policy->found && check && strcmp(json_name(profile->doc), "built-in") != 0 &&
	    check_written(policy, profile, check, err) < 0)
		return -1;
	if (policy->mistakes > before)
		return 0;
	if (policy_profile(policy, profile->key, &resolved, err) < 0)
		return -1;
	json_each(options, resolved)
		if (strcmp(options->key, "mode") != 0 && check &&
		    check(policy, options->key, options, err) < 0 &&
		    policy_mistake(policy, err) < 0)
			return -1;
	return 0;
}
