/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>

static const struct control_option options[] = {
	{.name = "masked", .type = OPTION_STRINGS},
	{.name = "readonly", .type = OPTION_STRINGS},
	{0},
};

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	for (const struct control_option *option = options; option->name; option++)
		json_each(path, json_get(rules, option->name))
			if (path->text[0] != '/')
				return control_policy_error(path, err, "\"%s\" is no absolute path",
							    text_shown_z(path->text, shown));
	return 0;
}

static void unite(const struct control_in *in, struct change *out, const char *path,
		  const char *option)
{
	const struct json *asked = json_path(in->document, path);
	const struct json *minimum = json_get(in->rules, option);
	struct json *all =
		asked ? json_clone(change_doc(out), asked) : json_new_array(change_doc(out));
	text_auto struct text added = {0};
	char rule[32];

	json_each(item, minimum) {
		if (json_has_string(asked, item->text))
			continue;
		json_append(all, json_new_string(change_doc(out), item->text));
		text_addf(&added, "%s%s", added.len ? " " : "added: ", item->text);
	}
	if (added.len == 0)
		return;
	snprintf(rule, sizeof(rule), "paths.%s", option);
	change_set(
		out, path, all, added.data,
		&(struct reason){.rule = rule,
				 .by = minimum,
				 .why = "shows or changes what all containers of the kernel share",
				 .remedy = NULL});
}

static void create(const struct control_in *in, struct change *out)
{
	unite(in, out, "linux.maskedPaths", "masked");
	unite(in, out, "linux.readonlyPaths", "readonly");
}

const struct control control_paths = {
	.name = "paths",
	.sentence = "Adds a minimum of masked and read-only paths below /proc and /sys to the ones "
		    "that were asked for.",
	.options = options,
	.check = check,
	.create = create,
};
