/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <string.h>

#define MOST_WARNED 8 /* variables of a document; the rest says nothing new */

static const char *const levels[] = {"ignore", "warn", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "secrets", .type = OPTION_NAME, .values = levels},
	{0},
};

static const char *const telling_names[] = {
	"PASSWORD", "PASSWD",  "SECRET",     "TOKEN",	    "CREDENTIAL",
	"APIKEY",   "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", NULL,
};

/* Of GitHub, GitLab, Slack and Stripe; PEM. */
static const char *const telling_starts[] = {
	"ghp_",	 "gho_",  "ghs_",     "github_pat_", "glpat-",
	"xoxb-", "xoxp-", "sk_live_", "-----BEGIN",  NULL,
};

static bool name_tells(const char *name, size_t len)
{
	static const char file[] = "_FILE";
	size_t tail = sizeof(file) - 1;

	if (len >= tail && strncasecmp(name + len - tail, file, tail) == 0)
		return false;
	for (size_t i = 0; telling_names[i]; i++) {
		size_t word = strlen(telling_names[i]);

		for (size_t at = 0; at + word <= len; at++)
			if (strncasecmp(name + at, telling_names[i], word) == 0)
				return true;
	}
	return false;
}

/* An access key of AWS: AKIA and 16 letters or digits. */
static bool is_aws_key(const char *value)
{
	return text_starts(value, "AKIA") &&
	       strspn(value + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") >= 16;
}

/* A JSON Web Token: three parts in base64, of which the first begins with {". */
static bool is_web_token(const char *value)
{
	const char *dot = text_starts(value, "eyJ") ? strchr(value, '.') : NULL;

	return dot && strchr(dot + 1, '.');
}

static bool value_tells(const char *value)
{
	for (size_t i = 0; telling_starts[i]; i++)
		if (text_starts(value, telling_starts[i]))
			return true;
	return is_aws_key(value) || is_web_token(value);
}

/* Why it is taken for a secret; NULL when it is not. A path is where the secret is, not the
 * secret. */
static const char *secret_why(const char *variable, const char *equals)
{
	const char *value = equals + 1;

	if (value_tells(value))
		return "its value has the form of a key or token, and everyone who may look at "
		       "the container or read its bundle sees it";
	if (value[0] != '\0' && value[0] != '/' &&
	    name_tells(variable, (size_t)(equals - variable)))
		return "by its name a secret, and everyone who may look at the container or read "
		       "its bundle sees it";
	return NULL;
}

/* Neither half of what is no variable is shown: it may be a secret too. */
static void refuse_malformed(struct change *out, const char *path)
{
	change_refuse(out, path, NULL,
		      &(struct reason){
			      .rule = "environment",
			      .why = "not NAME=VALUE, and runtimes and programs differ in what "
				     "they make of it",
			      .remedy = "write NAME=VALUE, or remove it",
		      });
}

static void report_secret(struct change *out, const char *path, const struct json *level,
			  const char *variable, const char *why)
{
	text_auto struct text name = {0};
	const struct reason reason = {
		.rule = "environment.secrets",
		.by = level,
		.why = why,
		.remedy = "hand it over in a file, or silence this in a profile: "
			  "\"environment\": {\"secrets\": \"ignore\"}",
	};

	text_add(&name, variable, strcspn(variable, "="));
	if (name.failed)
		out->failed = true;
	else if (level && strcmp(level->text, "refuse") == 0)
		change_refuse(out, path, name.data, &reason);
	else
		change_warn(out, path, name.data, &reason);
}

static void judge(const struct json *rules, struct change *out, const struct json *env,
		  const char *list)
{
	const struct json *level = json_get(rules, "secrets");
	bool ignored = level && strcmp(level->text, "ignore") == 0;
	size_t most = level && strcmp(level->text, "refuse") == 0 ? SIZE_MAX : MOST_WARNED;
	size_t index = 0, found = 0;
	char path[CHANGE_PATH];

	json_each(variable, env) {
		const char *equals = strchr(variable->text, '='), *why = NULL;

		change_index_path(list, index++, path);
		if (!equals || equals == variable->text)
			refuse_malformed(out, path);
		else if (!ignored)
			why = secret_why(variable->text, equals);
		if (why && found++ < most)
			report_secret(out, path, level, variable->text, why);
	}
}

static void create(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);

	judge(in->rules, out, json_path(in->document, "process.env"), "process.env");
	change_ceiling(out, in->rules ? json_clone(notes, in->rules) : json_new_object(notes));
}

static void exec(const struct control_in *in, struct change *out)
{
	judge(in->rules, out, json_get(in->document, "env"), "env");
}

const struct control control_environment = {
	.name = "environment",
	.sentence = "Refuses an environment that is malformed, and points out variables that look "
		    "like secrets, by name only.",
	.options = options,
	.create = create,
	.exec = exec,
};
