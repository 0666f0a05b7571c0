/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <string.h>

#define ENOUGH 3 /* of the signs; one or two are the other controls' matter */

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_BOOL},
	{0},
};

static bool has_admin(const struct json *document)
{
	return json_has_string(json_path(document, "process.capabilities.bounding"),
			       "CAP_SYS_ADMIN");
}

static bool has_no_filter(const struct json *document)
{
	return !json_path(document, "linux.seccomp");
}

static bool has_bare_paths(const struct json *document)
{
	return json_count(json_path(document, "linux.maskedPaths")) == 0 &&
	       json_count(json_path(document, "linux.readonlyPaths")) == 0;
}

/* Missing or negative: every number. */
static bool any_number(const struct json *number)
{
	int64_t value;

	return !number || (json_int(number, &value) && value < 0);
}

static bool has_all_devices(const struct json *document)
{
	json_each(rule, json_path(document, "linux.resources.devices")) {
		const char *type = json_string(rule, "type");

		if (json_true(rule, "allow") &&
		    (!type || type[0] == '\0' || strcmp(type, "a") == 0) &&
		    any_number(json_get(rule, "major")) && any_number(json_get(rule, "minor")))
			return true;
	}
	return false;
}

static bool read_only(const struct json *mount)
{
	bool result = false;

	json_each(option, json_get(mount, "options")) {
		if (strcmp(option->text, "ro") == 0)
			result = true;
		else if (strcmp(option->text, "rw") == 0)
			result = false;
	}
	return result;
}

static bool has_writable_sysfs(const struct json *document)
{
	json_each(mount, json_get(document, "mounts")) {
		const char *type = json_string(mount, "type");

		if (type && strcmp(type, "sysfs") == 0 && !read_only(mount))
			return true;
	}
	return false;
}

static const struct {
	bool (*shown)(const struct json *document);
	const char *what;
} signs[] = {
	{has_admin, "CAP_SYS_ADMIN"},
	{has_no_filter, "no system call filter"},
	{has_bare_paths, "no masked or read-only paths"},
	{has_all_devices, "all devices"},
	{has_writable_sysfs, "writable /sys"},
};

static void create(const struct control_in *in, struct change *out)
{
	const struct json *allow = json_get(in->rules, "allow");
	text_auto struct text why = {0};
	size_t count = 0;

	text_adds(&why, "privileged-looking: ");
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (signs[i].shown(in->document))
			text_addf(&why, "%s%s", count++ ? ", " : "", signs[i].what);
	text_adds(&why, "; with these it could take over the host");
	if (why.failed)
		out->failed = true;
	else if (count >= ENOUGH && !(allow && allow->boolean))
		change_refuse(
			out, "process.capabilities", NULL,
			&(struct reason){
				.rule = "privileged.allow",
				.by = allow,
				.why = why.data,
				.remedy = "ask for the capabilities, devices and paths that it "
					  "needs instead of all, or leave it to the other controls "
					  "in a profile of its own: \"privileged\": {\"allow\": "
					  "true}",
			});
}

const struct control control_privileged = {
	.name = "privileged",
	.sentence = "Refuses a container that was asked for with --privileged, or looks like it.",
	.options = options,
	.create = create,
};
