/* SPDX-License-Identifier: Apache-2.0 */
/* A profile with all that it extends, written as a policy. */
#include "base/cleanup.h"
#include "base/text.h"
#include "policy/policy_private.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 96 /* of a line, where its list can be broken */

static bool built_in(const struct json *value)
{
	return strcmp(json_name(value->doc), "built-in") == 0;
}

/* The text of a value. */
static int dump(const struct json *value, char **ret, struct hr_error *err)
{
	size_t len;

	return json_write(value, ret, &len, err);
}

static void add_origin(struct text *to, const struct json *value)
{
	unsigned line, column;

	json_where(value, &line, &column);
	if (built_in(value))
		text_adds(to, " // built-in");
	else
		text_addf(to, " // %s:%u:%u", json_name(value->doc), line, column);
}

/* A list or object; where it is too long for a line, an indented line for as many as fit. */
static int add_list(struct text *to, const struct json *value, bool broken, struct hr_error *err)
{
	size_t column = broken ? COLUMNS : 0;

	text_adds(to, value->type == JSON_ARRAY ? "[" : "{");
	json_each(item, value) {
		hr_autofree char *text = NULL, *key = NULL;
		const struct json name = {
			.type = JSON_STRING, .text = item->key, .len = item->key_len};
		size_t len;

		if (dump(item, &text, err) < 0 || (item->key && dump(&name, &key, err) < 0))
			return -1;
		len = strlen(text) + (key ? strlen(key) + 2 : 0) + 2;
		if (broken && column + len > COLUMNS) {
			text_adds(to, "\n          ");
			column = 10;
		} else if (item->prev) {
			text_adds(to, " ");
			column++;
		}
		text_addf(to, "%s%s%s%s", key ? key : "", key ? ": " : "", text,
			  item->next ? "," : "");
		column += len;
	}
	text_addf(to, "%s%s", broken ? "\n        " : "", value->type == JSON_ARRAY ? "]" : "}");
	return 0;
}

static int add_option(struct text *to, const struct json *option, bool origins,
		      struct hr_error *err)
{
	hr_autofree char *text = NULL;

	if (dump(option, &text, err) < 0)
		return -1;
	text_addf(to, "        \"%s\": ", option->key);
	if (!option->first)
		text_adds(to, text);
	else if (add_list(to, option, strlen(text) + json_count(option) + strlen(option->key) > 80,
			  err) < 0)
		return -1;
	if (option->next)
		text_adds(to, ",");
	if (origins)
		add_origin(to, option);
	text_adds(to, "\n");
	return 0;
}

static void add_mode(struct text *to, const struct json *mode, bool origins)
{
	if (!mode)
		return;
	text_addf(to, "      \"mode\": \"%s\",", mode->text);
	if (origins)
		add_origin(to, mode);
	text_adds(to, "\n");
}

/* True if no control comes behind; the mode has been written in front. */
static bool is_last(const struct json *options)
{
	const struct json *next = options->next;

	return !next || (next->type != JSON_OBJECT && !next->next);
}

static int add_control(struct text *to, const struct json *options, bool origins,
		       struct hr_error *err)
{
	const char *comma = is_last(options) ? "" : ",";

	if (!options->first) {
		text_addf(to, "      \"%s\": {}%s\n", options->key, comma);
		return 0;
	}
	text_addf(to, "      \"%s\": {\n", options->key);
	json_each(option, options)
		if (add_option(to, option, origins, err) < 0)
			return -1;
	text_addf(to, "      }%s\n", comma);
	return 0;
}

/* The name as JSON text; a built-in one could not be defined again. */
static int name_of(const struct policy *policy, const char *name, char **ret, struct hr_error *err)
{
	text_auto struct text text = {0};
	struct json json = {.type = JSON_STRING};

	text_addf(&text, "%s%s", built_in(json_get(policy->profiles, name)) ? "effective-" : "",
		  name);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json.text = text.data;
	json.len = (uint32_t)text.len;
	return dump(&json, ret, err);
}

/* --- Images ----------------------------------------------------------------------------------- */

/* An entry whose keys are found from elsewhere too. */
static int add_entry(const struct policy *policy, const struct json *entry, struct text *to,
		     struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("entry");
	struct json *copy = doc ? json_clone(doc, entry) : NULL;
	struct json *keys = copy ? json_new_array(doc) : NULL;
	hr_autofree char *line = NULL;

	json_each(key, json_get(entry, "keys")) {
		text_auto struct text path = {0};

		if (key->text[0] != '/' && policy->confdir && policy->confdir[0] == '/')
			text_addf(&path, "%s/" POLICY_KEYS_DIR "/", policy->confdir);
		text_adds(&path, key->text);
		if (path.failed || !json_append(keys, json_new_string(doc, path.data)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	if (!copy || !keys || (keys->first && !json_put(doc, copy, "keys", keys)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (dump(copy, &line, err) < 0)
		return -1;
	text_addf(to, "      %s%s\n", line, entry->next ? "," : "");
	return 0;
}

static bool is_asked(const struct json *named, const char *require)
{
	return named && (strcmp(require, "*") == 0 || strcmp(require, named->key) == 0);
}

/* The entries that the profile requires. */
static int add_images(const struct policy *policy, const struct json *profile, bool origins,
		      struct text *to, struct hr_error *err)
{
	const char *require = json_string(json_get(profile, "image"), "require");
	const char *separator = "";

	if (!policy_images_required(policy, require))
		return 0;
	text_adds(to, "  \"images\": {\n");
	json_each(named, policy->images) {
		if (!is_asked(named, require))
			continue;
		text_addf(to, "%s    \"%s\": [", separator, named->key);
		if (origins)
			add_origin(to, named);
		text_adds(to, "\n");
		json_each(entry, named)
			if (add_entry(policy, entry, to, err) < 0)
				return -1;
		text_adds(to, "    ]");
		separator = ",\n";
	}
	text_adds(to, "\n  },\n");
	return 0;
}

/* --- The policy ------------------------------------------------------------------------------- */

int policy_effective(struct policy *policy, const char *name, bool origins, struct text *ret,
		     struct hr_error *err)
{
	hr_autofree char *quoted = NULL;
	const struct json *profile;

	if (policy_profile(policy, name, &profile, err) < 0 ||
	    name_of(policy, name, &quoted, err) < 0)
		return -1;
	text_addf(ret, "{\n  \"version\": 1,\n  \"default\": %s,\n", quoted);
	if (add_images(policy, profile, origins, ret, err) < 0)
		return -1;
	text_addf(ret, "  \"profiles\": {\n    %s: {\n", quoted);
	add_mode(ret, json_get(profile, "mode"), origins);
	json_each(options, profile)
		if (options->type == JSON_OBJECT && add_control(ret, options, origins, err) < 0)
			return -1;
	text_adds(ret, "    }\n  }\n}\n");
	return ret->failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}
