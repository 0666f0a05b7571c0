/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "policy/policy_private.h"

#include <string.h>

static const char *const rule_keys[] = {"when", "use", "may_choose", NULL};
static const char *const when_keys[] = {"sandbox", "namespace", "pod",	      "container",
					"image",   "handler",	"annotation", NULL};
/* Conditions on what is believed; the others are the pod author's to choose. */
static const char *const believed_keys[] = {"sandbox",	 "namespace", "pod",
					    "container", "image",     NULL};

static int check_patterns(const struct json *value, struct hr_error *err)
{
	if (value->type == JSON_STRING)
		return 0;
	if (value->type != JSON_ARRAY || !value->first)
		return policy_fail(value, err, "must be a pattern or a list of patterns");
	json_each(item, value)
		if (item->type != JSON_STRING)
			return policy_fail(item, err, "a pattern must be a string");
	return 0;
}

static int check_condition(const struct json *condition, struct hr_error *err)
{
	if (strcmp(condition->key, "sandbox") == 0)
		return condition->type == JSON_BOOL
			       ? 0
			       : policy_fail(condition, err, "sandbox must be true or false");
	if (strcmp(condition->key, "annotation") != 0)
		return check_patterns(condition, err);
	if (condition->type != JSON_OBJECT || !condition->first)
		return policy_fail(condition, err,
				   "annotation must be an object: name -> patterns");
	json_each(item, condition)
		if (check_patterns(item, err) < 0)
			return -1;
	return 0;
}

static int check_when(struct policy *policy, const struct json *when, struct hr_error *err)
{
	if (policy_known_keys(policy, when, when_keys, "when", err) < 0)
		return -1;
	json_each(condition, when)
		if (text_in(condition->key, when_keys) && check_condition(condition, err) < 0 &&
		    policy_mistake(policy, err) < 0)
			return -1;
	return 0;
}

/* What the rule is made of, the conditions apart. */
static int check_frame(const struct json *rule, struct hr_error *err)
{
	const struct json *when = json_get(rule, "when"), *choose = json_get(rule, "may_choose");

	if (!when || when->type != JSON_OBJECT || !when->first)
		return policy_fail(rule, err, "a rule needs \"when\" with at least one condition");
	if (!json_get(rule, "use"))
		return policy_fail(rule, err, "a rule needs \"use\": the name of a profile");
	if (choose && choose->type != JSON_ARRAY)
		return policy_fail(choose, err, "may_choose must be a list of profiles");
	return 0;
}

int policy_check_rule(struct policy *policy, const struct json *rule, struct hr_error *err)
{
	const struct json *when = json_get(rule, "when");

	if (rule->type != JSON_OBJECT) {
		policy_fail(rule, err, "a rule must be an object");
		return policy_mistake(policy, err);
	}
	if (policy_known_keys(policy, rule, rule_keys, "a rule", err) < 0)
		return -1;
	if (check_frame(rule, err) < 0 && policy_mistake(policy, err) < 0)
		return -1;
	return when && when->type == JSON_OBJECT ? check_when(policy, when, err) : 0;
}

static bool matches(const struct json *patterns, const char *value)
{
	if (!value)
		return false;
	if (patterns->type == JSON_STRING)
		return text_match(patterns->text, value);
	json_each(pattern, patterns)
		if (text_match(pattern->text, value))
			return true;
	return false;
}

static bool annotation_matches(const struct json *condition, const struct json *annotations)
{
	json_each(item, condition)
		if (!matches(item, json_string(annotations, item->key)))
			return false;
	return true;
}

static const char *believed_value(const char *key, const struct identity *identity)
{
	if (strcmp(key, "namespace") == 0)
		return identity->pod_namespace;
	if (strcmp(key, "pod") == 0)
		return identity->pod;
	if (strcmp(key, "container") == 0)
		return identity->container;
	return identity->image;
}

struct subject {
	const struct identity *identity;
	const char *handler;
	const struct json *annotations;
};

static bool condition_matches(const struct json *condition, const struct subject *subject)
{
	const struct identity *identity = subject->identity;

	if (strcmp(condition->key, "handler") == 0)
		return matches(condition, subject->handler);
	if (strcmp(condition->key, "annotation") == 0)
		return annotation_matches(condition, subject->annotations);
	if (!identity->cri)
		return false;
	if (strcmp(condition->key, "sandbox") == 0)
		return condition->boolean == identity->sandbox;
	return matches(condition, believed_value(condition->key, identity));
}

bool policy_rule_believes(const struct json *rule)
{
	json_each(condition, json_get(rule, "when"))
		if (text_in(condition->key, believed_keys))
			return true;
	return false;
}

/* A sandbox is matched only by rules that ask for one. */
static bool rule_matches(const struct json *rule, const struct subject *subject)
{
	const struct json *when = json_get(rule, "when");

	if (subject->identity->sandbox && !json_true(when, "sandbox"))
		return false;
	json_each(condition, when)
		if (!condition_matches(condition, subject))
			return false;
	return true;
}

static const struct json *first_match(const struct policy *policy, const struct subject *subject,
				      bool believed)
{
	json_each(rule, policy->rules)
		if (policy_rule_believes(rule) == believed && rule_matches(rule, subject))
			return rule;
	return NULL;
}

/* The profile that a handler's own name asks for: NAME of hardrun-NAME. NULL for none. */
static const char *handler_profile(const struct policy *policy, const char *handler)
{
	const char *name = text_starts(handler, "hardrun-") ? handler + strlen("hardrun-") : NULL;
	const struct json *profile = name ? json_get(policy->profiles, name) : NULL;

	return profile ? profile->key : NULL;
}

static bool handler_known(const struct policy *policy, const char *handler)
{
	if (strcmp(handler, "hardrun") == 0 || handler_profile(policy, handler))
		return true;
	json_each(rule, policy->rules) {
		const struct json *condition = json_path(rule, "when.handler");

		if (condition && matches(condition, handler))
			return true;
	}
	return false;
}

/* What handler or annotation ask for; false when they ask for nothing. */
static bool asked(const struct policy *policy, const struct subject *subject, struct selection *ret)
{
	const struct json *rule = first_match(policy, subject, false);

	*ret = (struct selection){.rule = rule, .why = "rule"};
	if (rule) {
		ret->profile = json_string(rule, "use");
		return true;
	}
	ret->why = "handler";
	ret->profile = handler_profile(policy, subject->handler);
	return ret->profile != NULL;
}

int policy_select(const struct policy *policy, const struct identity *identity, const char *handler,
		  const struct json *annotations, struct selection *ret, struct hr_error *err)
{
	struct subject subject = {identity, handler, annotations};
	const struct json *rule = first_match(policy, &subject, true);
	struct selection wish;
	char shown[TEXT_SHOWN_SIZE];

	if (!handler_known(policy, handler))
		return hr_fail(err, HR_POLICY,
			       "called as \"%s\", which is no handler of this policy; name a "
			       "profile (hardrun-PROFILE) or add a rule with \"handler\"",
			       text_shown_z(handler, shown));
	if (rule) {
		*ret = (struct selection){json_string(rule, "use"), rule, "rule"};
		if (asked(policy, &subject, &wish) &&
		    json_has_string(json_get(rule, "may_choose"), wish.profile))
			*ret = wish;
	} else if (identity->sandbox) {
		*ret = (struct selection){"sandbox", NULL, "sandbox"};
	} else if (asked(policy, &subject, &wish)) {
		*ret = wish;
	} else {
		*ret = (struct selection){policy->default_name->text, NULL, "default"};
	}
	return 0;
}
