/* SPDX-License-Identifier: Apache-2.0 */
/* What is no mistake in the section images, and in what requires it, and may not be meant. */
#include "base/text.h"
#include "policy/policy_private.h"

#include <string.h>

struct about {
	struct policy *policy;
	const struct json *used; /* profile -> true where it is given to containers */
	policy_remark_fn found;
	void *to;
};

static void say(const struct about *about, const struct json *at, const struct text *text)
{
	if (!text->failed)
		about->found(at, text->data, about->to);
}

/* --- Who requires ----------------------------------------------------------------------------- */

/* What a profile requires, as it is in the end; NULL for nothing. */
static const struct json *required_by(const struct about *about, const char *name)
{
	const struct json *profile, *require;
	const char *mode;

	if (policy_profile(about->policy, name, &profile, NULL) < 0)
		return NULL;
	mode = json_string(json_get(profile, "image"), "mode");
	if (!mode)
		mode = json_string(profile, "mode");
	require = json_get(json_get(profile, "image"), "require");
	if ((mode && strcmp(mode, "off") == 0) || !require || require->type != JSON_STRING)
		return NULL;
	return policy_images_required(about->policy, require->text) ? require : NULL;
}

/* True if a profile that containers get requires this name; NULL: all of them together. */
static bool is_required(const struct about *about, const char *name)
{
	json_each(profile, policy_profiles(about->policy)) {
		const struct json *require;

		if (!json_true(about->used, profile->key))
			continue;
		require = required_by(about, profile->key);
		if (require &&
		    (strcmp(require->text, "*") == 0 || (name && strcmp(require->text, name) == 0)))
			return true;
	}
	return false;
}

static void remark_name(const struct about *about, const struct json *named)
{
	text_auto struct text text = {0};

	if (is_required(about, named->key))
		return;
	text_addf(&text,
		  "no profile that a container gets requires \"%s\": write \"image\": "
		  "{\"require\": \"%s\"} into one",
		  named->key, named->key);
	say(about, named, &text);
}

static void remark_star(const struct about *about, const struct json *profile)
{
	const struct json *require = json_get(json_get(profile, "image"), "require");
	text_auto struct text text = {0};

	if (policy_images_there(about->policy) || !require || require->type != JSON_STRING ||
	    strcmp(require->text, "*") != 0)
		return;
	text_adds(&text, "nothing is required as long as the policy has no section images: \"*\" "
			 "stands for all of its entries");
	say(about, require, &text);
}

/* --- The pause container ---------------------------------------------------------------------- */

/* True if the sandboxes of pods that `when` matches (NULL: any) match this rule. */
static bool matches_sandboxes(const struct json *rule, const struct json *when)
{
	const struct json *own = json_get(rule, "when");

	if (!json_true(own, "sandbox"))
		return false;
	json_each(condition, own)
		if (strcmp(condition->key, "sandbox") != 0 &&
		    !policy_condition_follows(condition, when))
			return false;
	return true;
}

static bool sandbox_required(const struct about *about, const struct json *when)
{
	json_each(rule, policy_rules(about->policy))
		if (matches_sandboxes(rule, when))
			return required_by(about, json_string(rule, "use")) != NULL;
	return required_by(about, "sandbox") != NULL;
}

static void say_sandbox(const struct about *about, const struct json *at, const char *require)
{
	text_auto struct text text = {0};

	text_addf(
		&text,
		"images of these pods must be signed (%s), and that of their pause container need "
		"not be: list it in a requirement of its own (\"scopes\", \"allow\": [DIGEST]), "
		"named by a profile that extends sandbox, and give that profile a rule with the "
		"same namespaces and \"sandbox\": true",
		require);
	say(about, at, &text);
}

/* Once: the first rule, or the default. */
static void remark_sandbox(const struct about *about)
{
	const struct json *require;

	json_each(rule, policy_rules(about->policy)) {
		const struct json *when = json_get(rule, "when");

		require = required_by(about, json_string(rule, "use"));
		if (require && policy_rule_believes(rule) && !json_true(when, "sandbox") &&
		    !sandbox_required(about, when)) {
			say_sandbox(about, rule, require->text);
			return;
		}
	}
	require = required_by(about, policy_default(about->policy));
	if (require && !sandbox_required(about, NULL))
		say_sandbox(about,
			    strcmp(json_name(require->doc), "built-in") == 0
				    ? policy_images_section(about->policy)->first
				    : require,
			    require->text);
}

/* --- Entries ---------------------------------------------------------------------------------- */

/* The scope of `entry` that is the same as this one. */
static const struct json *same_scope(const struct json *entry, const char *scope)
{
	json_each(other, json_get(entry, "scopes"))
		if (policy_scope_same(other->text, scope))
			return other;
	return NULL;
}

static void say_scope(const struct about *about, const struct json *scope,
		      const struct json *earlier)
{
	text_auto struct text text = {0};
	unsigned line, column;

	json_where(earlier, &line, &column);
	text_addf(&text,
		  "the entry at %s:%u:%u has the same scope, and decides: this one is never asked "
		  "for \"%s\"; put the keys of both into one entry",
		  json_name(earlier->doc), line, column, scope->text);
	say(about, scope, &text);
}

/* Of two entries that are asked together the first one decides for a scope that both have. */
static void remark_scopes(const struct about *about, const struct json *named,
			  const struct json *entry, bool together)
{
	json_each(scope, json_get(entry, "scopes"))
		json_each(other_name, policy_images_section(about->policy)) {
			const struct json *earlier = other_name->first, *same = NULL;

			if (other_name != named && !together)
				continue;
			for (; earlier && earlier != entry && !same; earlier = earlier->next)
				same = same_scope(earlier, scope->text);
			if (same)
				say_scope(about, scope, same);
			if (same || other_name == named)
				break;
		}
}

static bool several_repositories(const struct json *scopes)
{
	return json_count(scopes) > 1 ||
	       (scopes && scopes->first && text_ends(scopes->first->text, "*"));
}

static void remark_reference(const struct about *about, const struct json *entry)
{
	const struct json *formats = json_get(entry, "formats");
	const char *reference = json_string(entry, "reference");
	text_auto struct text text = {0};
	bool none = reference && strcmp(reference, "none") == 0;

	if (json_count(json_get(entry, "keys")) == 0)
		return;
	if (none && several_repositories(json_get(entry, "scopes")))
		text_adds(&text,
			  "reference none: whatever these keys have signed, an old or another "
			  "image too, runs under the name of any repository of these scopes; an "
			  "entry and a key for each repository");
	else if (!none && formats && !json_has_string(formats, "cosign"))
		text_adds(&text,
			  "bundles that cosign 3 makes name no repository, so none of them is "
			  "accepted; \"reference\": \"none\", with a key for each repository");
	else
		return;
	say(about, entry, &text);
}

static void remark_allow(const struct about *about, const struct json *entry)
{
	text_auto struct text text = {0};

	if (json_count(json_get(entry, "keys")) > 0 ||
	    !json_has_string(json_get(entry, "scopes"), "*"))
		return;
	text_adds(&text, "this entry is for all repositories and has no key: of what no other "
			 "scope covers, only the digests in \"allow\" run");
	say(about, entry, &text);
}

static void remark_denied(const struct about *about, const struct json *entry)
{
	json_each(digest, json_get(entry, "allow")) {
		text_auto struct text text = {0};

		if (!json_has_string(json_get(entry, "deny"), digest->text))
			continue;
		text_adds(&text, "this digest stands in \"deny\" too, which wins");
		say(about, digest, &text);
	}
}

void policy_remark_images(struct policy *policy, const struct json *used, policy_remark_fn found,
			  void *to)
{
	const struct about about = {policy, used, found, to};
	bool together = is_required(&about, NULL);

	json_each(profile, policy_profiles(policy))
		if (strcmp(json_name(profile->doc), "built-in") != 0)
			remark_star(&about, profile);
	json_each(named, policy_images_section(policy)) {
		remark_name(&about, named);
		json_each(entry, named) {
			remark_scopes(&about, named, entry, together);
			remark_reference(&about, entry);
			remark_allow(&about, entry);
			remark_denied(&about, entry);
		}
	}
	if (policy_images_there(policy))
		remark_sandbox(&about);
}
