/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "control/ranges.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct control *const controls[] = {
	&control_document,     &control_privileged,   &control_runtime,
	&control_capabilities, &control_no_new_privs, &control_user,
	&control_environment,  &control_args,	      &control_rlimits,
	&control_oom_score,    &control_scheduling,   &control_namespaces,
	&control_annotations,  &control_hooks,	      &control_mounts,
	&control_paths,	       &control_cwd,	      &control_rootfs,
	&control_restore,      &control_seccomp,      &control_devices,
	&control_sysctls,      &control_resources,    &control_cgroups,
	&control_extras,       &control_image,	      &control_apparmor,
	&control_selinux,      &control_userns,	      NULL,
};

#define NAMES_MAX 64 /* of controls, of options of one */

static const char *const line_names[LINES] = {"create", "run",	 "restore", "exec",
					      "update", "start", "other"};

const char *control_line_name(enum control_line line)
{
	return line_names[line];
}

/* A value of the policy's own, in which a star is no secret: the list is there to be pasted. */
static void add_pattern(struct text *text, const char *pattern)
{
	char shown[TEXT_SHOWN_SIZE];

	text_shown_z(pattern, shown);
	text_adds(text, "\"");
	for (const char *at = shown; *at; at++)
		if (text_starts(at, "\\x2A")) {
			text_adds(text, "*");
			at += strlen("\\x2A") - 1;
		} else {
			text_add(text, at, 1);
		}
	text_adds(text, "\", ");
}

const char *control_list_with(const struct json *list, const char *extra, char buf[CONTROL_LIST])
{
	text_auto struct text text = {0};
	char shown[TEXT_SHOWN_SIZE];

	json_each(item, list)
		if (item->type == JSON_STRING && strcmp(item->text, extra) != 0)
			add_pattern(&text, item->text);
	text_shown_z(extra, shown);
	if (text.failed || text.len + strlen(shown) + 8 > CONTROL_LIST)
		snprintf(buf, CONTROL_LIST, "[\"%s\", ...the %zu others]", shown, json_count(list));
	else
		snprintf(buf, CONTROL_LIST, "[%s\"%s\"]", text.data ? text.data : "", shown);
	return buf;
}

int control_policy_error(const struct json *value, struct hr_error *err, const char *fmt, ...)
{
	char what[HR_ERROR_MSG / 2], origin[CHANGE_ORIGIN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return hr_fail(err, HR_POLICY, "%s: %s", change_origin(value, origin), what);
}

static int check_name(const struct control *control, const struct control_option *option,
		      const struct json *value, struct hr_error *err)
{
	if (value->type == JSON_STRING && value->len > 0 && value->text[0] != '.' &&
	    strspn(value->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"._-") == value->len)
		return 0;
	return control_policy_error(value, err,
				    "%s.%s must be a name of letters, digits, '.', '_' and '-'",
				    control->name, option->name);
}

static int wrong_name(const struct control *control, const struct control_option *option,
		      const struct json *value, struct hr_error *err)
{
	text_auto struct text names = {0};

	for (size_t i = 0; option->values[i]; i++)
		text_addf(&names, "%s\"%s\"",
			  i == 0		  ? ""
			  : option->values[i + 1] ? ", "
						  : " or ",
			  option->values[i]);
	return control_policy_error(value, err, "%s.%s must be %s", control->name, option->name,
				    names.failed ? "" : names.data);
}

static int check_list(const struct control *control, const struct control_option *option,
		      const struct json *value, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	uint32_t first, last;

	if (value->type != JSON_ARRAY)
		return control_policy_error(value, err, "%s.%s must be a list of strings",
					    control->name, option->name);
	json_each(item, value) {
		if (item->type != JSON_STRING)
			return control_policy_error(item, err, "%s.%s holds strings only",
						    control->name, option->name);
		if (option->type == OPTION_RANGES && !range_read(item->text, &first, &last))
			return control_policy_error(
				item, err,
				"%s.%s holds ids such as \"0\" and ranges such as "
				"\"1000-65535\", not \"%s\"",
				control->name, option->name, text_shown_z(item->text, shown));
	}
	return 0;
}

static int check_type(const struct control *control, const struct control_option *option,
		      const struct json *value, struct hr_error *err)
{
	uint64_t number;

	switch (option->type) {
	case OPTION_BOOL:
		if (value->type == JSON_BOOL)
			return 0;
		return control_policy_error(value, err, "%s.%s must be true or false",
					    control->name, option->name);
	case OPTION_NAME:
		if (!option->values)
			return check_name(control, option, value, err);
		if (value->type == JSON_STRING && text_in(value->text, option->values))
			return 0;
		return wrong_name(control, option, value, err);
	case OPTION_NUMBER:
		return json_uint(value, &number)
			       ? 0
			       : control_policy_error(value, err,
						      "%s.%s must be an integer, 0 or more",
						      control->name, option->name);
	case OPTION_OTHER:
		return 0;
	case OPTION_STRINGS:
	case OPTION_RANGES:
		break;
	}
	return check_list(control, option, value, err);
}

static int unknown_option(const struct control *control, const struct json *value,
			  struct hr_error *err)
{
	text_auto struct text known = {0};
	const char *names[NAMES_MAX] = {"mode"}, *near;
	char shown[TEXT_SHOWN_SIZE];
	size_t count = 1;

	for (const struct control_option *o = control->options; o && o->name; o++) {
		text_addf(&known, ", %s", o->name);
		if (count + 1 < hr_count(names))
			names[count++] = o->name;
	}
	near = policy_nearest(value->key, names);
	return control_policy_error(value, err, "%s has no option \"%s\"%s%s%sit has: mode%s",
				    control->name, text_shown_z(value->key, shown),
				    near ? "; did you mean \"" : "", near ? near : "",
				    near ? "\"? " : "; ", known.data ? known.data : "");
}

static int check_option(const struct control *control, const struct json *value,
			struct hr_error *err)
{
	if (strcmp(value->key, "mode") == 0)
		return 0;
	for (const struct control_option *o = control->options; o && o->name; o++)
		if (strcmp(o->name, value->key) == 0)
			return check_type(control, o, value, err);
	return unknown_option(control, value, err);
}

static int unknown_control(const char *name, const struct json *options, struct hr_error *err)
{
	text_auto struct text known = {0};
	const char *names[NAMES_MAX] = {0}, *near;
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; controls[i]; i++) {
		text_addf(&known, "%s%s", i ? ", " : "", controls[i]->name);
		if (i + 1 < hr_count(names))
			names[i] = controls[i]->name;
	}
	near = policy_nearest(name, names);
	return control_policy_error(options, err, "there is no control \"%s\"%s%s%sthere are: %s",
				    text_shown_z(name, shown), near ? "; did you mean \"" : "",
				    near ? near : "", near ? "\"? " : "; ",
				    known.data ? known.data : "");
}

int control_check_options(const struct policy *policy, const char *name, const struct json *options,
			  struct hr_error *err)
{
	for (size_t i = 0; controls[i]; i++) {
		if (strcmp(controls[i]->name, name) != 0)
			continue;
		json_each(option, options)
			if (check_option(controls[i], option, err) < 0)
				return -1;
		return controls[i]->check ? controls[i]->check(policy, options, err) : 0;
	}
	return unknown_control(name, options, err);
}
