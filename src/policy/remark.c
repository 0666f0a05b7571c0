/* SPDX-License-Identifier: Apache-2.0 */
/* What is no mistake in a policy and may not be meant. */
#include "base/text.h"
#include "policy/policy_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct remarks {
	policy_remark_fn found;
	void *to;
};

static void remark(const struct remarks *all, const struct json *at, const struct text *text)
{
	if (!text->failed)
		all->found(at, text->data, all->to);
}

/* True if whatever matches `narrow` matches `wide`: no byte but * is special in a pattern, so
 * that a * of the one can only be taken by a * of the other. */
static bool pattern_within(const char *narrow, const struct json *wide)
{
	if (wide->type == JSON_STRING)
		return text_match(wide->text, narrow);
	json_each(pattern, wide)
		if (text_match(pattern->text, narrow))
			return true;
	return false;
}

static bool patterns_within(const struct json *narrow, const struct json *wide)
{
	if (!narrow)
		return false;
	if (narrow->type == JSON_STRING)
		return pattern_within(narrow->text, wide);
	json_each(pattern, narrow)
		if (!pattern_within(pattern->text, wide))
			return false;
	return true;
}

static bool annotations_within(const struct json *narrow, const struct json *wide)
{
	json_each(patterns, wide)
		if (!patterns_within(json_get(narrow, patterns->key), patterns))
			return false;
	return true;
}

bool policy_condition_follows(const struct json *condition, const struct json *when)
{
	if (strcmp(condition->key, "annotation") == 0)
		return annotations_within(json_get(when, "annotation"), condition);
	/* A rule that does not say "sandbox": true matches no sandbox. */
	if (strcmp(condition->key, "sandbox") == 0)
		return condition->boolean == json_true(when, "sandbox");
	return patterns_within(json_get(when, condition->key), condition);
}

static bool shadows(const struct json *earlier, const struct json *rule)
{
	const struct json *when = json_get(rule, "when");

	if (policy_rule_believes(earlier) != policy_rule_believes(rule) ||
	    json_true(when, "sandbox") != json_true(json_get(earlier, "when"), "sandbox"))
		return false;
	json_each(condition, json_get(earlier, "when"))
		if (!policy_condition_follows(condition, when))
			return false;
	return true;
}

static void remark_rule(const struct remarks *all, const struct json *rule)
{
	const struct json *when = json_get(rule, "when");
	text_auto struct text text = {0};

	if (!policy_rule_believes(rule)) {
		text_adds(&text, "this rule does not enforce: any pod author may name any handler "
				 "and bring any annotation; add a condition on namespace, pod, "
				 "container or image");
		remark(all, rule, &text);
		return;
	}
	if (json_true(when, "sandbox") &&
	    (json_get(when, "container") || json_get(when, "image"))) {
		text_adds(&text, "this rule never matches: a pause container has neither container "
				 "nor image; use namespace and pod");
		remark(all, rule, &text);
	}
}

static void remark_shadow(const struct remarks *all, const struct json *rule)
{
	for (const struct json *earlier = rule->prev; earlier; earlier = earlier->prev) {
		text_auto struct text text = {0};
		unsigned line, column;

		if (!shadows(earlier, rule))
			continue;
		json_where(earlier, &line, &column);
		text_addf(
			&text,
			"this rule never matches: the earlier one at %s:%u:%u matches all that it "
			"would; put it before that one",
			json_name(earlier->doc), line, column);
		remark(all, rule, &text);
		return;
	}
}

/* Remember that a profile is given to containers (true), and all that it extends (false). */
static void use(const struct policy *policy, struct json_doc *doc, const char *name)
{
	bool given = true;

	for (; name; given = false) {
		const struct json *profile = json_get(policy->profiles, name);

		if ((!given && json_get(json_root(doc), name)) || json_true(json_root(doc), name) ||
		    !json_put(doc, json_root(doc), name, json_new_bool(doc, given)))
			return;
		name = json_string(profile, "extends");
	}
}

/* A handler's link gives its name's profile to whoever calls it. */
static bool has_handler(const struct policy *policy, const char *name)
{
	text_auto struct text link = {0};

	text_addf(&link, "runtimes/hardrun-%s", name);
	return !link.failed && policy->dirfd >= 0 && !strchr(name, '/') &&
	       faccessat(policy->dirfd, link.data, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void find_used(const struct policy *policy, struct json_doc *doc)
{
	use(policy, doc, policy_default(policy));
	json_each(rule, policy->rules) {
		use(policy, doc, json_string(rule, "use"));
		json_each(name, json_get(rule, "may_choose"))
			use(policy, doc, name->text);
	}
	json_each(profile, policy->profiles)
		if (has_handler(policy, profile->key))
			use(policy, doc, profile->key);
}

static void remark_unused(const struct remarks *all, const struct json *profile,
			  const struct json *used)
{
	text_auto struct text text = {0};
	char shown[TEXT_SHOWN_SIZE];

	if (json_get(used, profile->key))
		return;
	text_shown_z(profile->key, shown);
	text_addf(
		&text,
		"no rule uses profile \"%s\"; only a container whose handler is called hardrun-%s "
		"gets it",
		shown, shown);
	remark(all, profile, &text);
}

static void remark_mode(const struct remarks *all, const struct json *mode, const char *what)
{
	text_auto struct text text = {0};

	if (!mode || mode->type != JSON_STRING || strcmp(mode->text, "enforce") == 0)
		return;
	if (strcmp(mode->text, "off") == 0)
		text_addf(&text, "mode off: %s not applied, here and at exec", what);
	else
		text_addf(&text,
			  "mode audit is left on: %s reported and not enforced; say \"enforce\" "
			  "when the log is as expected",
			  what);
	remark(all, mode, &text);
}

/* It is meant for the time until the profile is written. */
static void remark_learn(const struct remarks *all, const struct json *learn)
{
	text_auto struct text text = {0};

	if (!learn || !learn->boolean)
		return;
	text_adds(&text, "learn is left on: system calls wait for a process that records them, and "
			 "are refused once it is gone; not for production: say false when the "
			 "profile is written");
	remark(all, learn, &text);
}

static void remark_profile(const struct remarks *all, const struct json *profile)
{
	remark_mode(all, json_get(profile, "mode"), "the controls of this profile are");
	remark_learn(all, json_get(json_get(profile, "seccomp"), "learn"));
	json_each(options, profile) {
		text_auto struct text what = {0};

		text_addf(&what, "%s is", options->key);
		if (!what.failed && options->type == JSON_OBJECT)
			remark_mode(all, json_get(options, "mode"), what.data);
	}
}

void policy_remarks(struct policy *policy, policy_remark_fn found, void *to)
{
	const struct remarks all = {found, to};
	json_auto struct json_doc *used = json_new("used");

	if (!used)
		return;
	find_used(policy, used);
	json_each(rule, policy->rules) {
		remark_rule(&all, rule);
		remark_shadow(&all, rule);
	}
	json_each(profile, policy->profiles) {
		if (strcmp(json_name(profile->doc), "built-in") == 0)
			continue;
		remark_unused(&all, profile, json_root(used));
		remark_profile(&all, profile);
	}
	policy_remark_images(policy, json_root(used), found, to);
}
