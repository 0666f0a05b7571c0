/* SPDX-License-Identifier: Apache-2.0 */
#include "line/decide.h"

#include "control/userns.h"
#include "oci/schema.h"

#include <string.h>

static enum change_mode mode_of(const struct json *options, const struct json *profile)
{
	const char *name = json_string(options, "mode");
	enum change_mode mode;

	if (!name)
		name = json_string(profile, "mode");
	mode = name ? change_mode_find(name) : MODE_ENFORCE;
	return mode == MODES ? MODE_ENFORCE : mode;
}

enum change_mode decide_mode(const struct json *profile, const char *control)
{
	return mode_of(json_get(profile, control), profile);
}

/* In audit mode of the control nothing is to be different for the others. */
static bool make_plan(const struct control_in *in, const struct json *profile, struct change *out,
		      struct userns_plan *ret)
{
	enum change_mode mode = decide_mode(profile, "userns");
	bool made =
		mode != MODE_OFF &&
		userns_plan(in, profile, decide_mode(profile, "mounts") == MODE_ENFORCE, out, ret);

	if (made && mode == MODE_AUDIT)
		ret->map = false;
	return made;
}

int decide_create(const struct control_in *in, struct json_doc *document,
		  const struct json *profile, struct change *out, struct hr_error *err)
{
	struct control_in turn = *in;
	struct userns_plan plan;

	if (schema_check(&schema_spec, json_root(document), NULL, NULL, err) < 0)
		return -1;
	turn.document = json_root(document);
	if (make_plan(&turn, profile, out, &plan))
		turn.plan = &plan;
	for (size_t i = 0; controls[i]; i++) {
		turn.rules = json_get(profile, controls[i]->name);
		out->mode = mode_of(turn.rules, profile);
		out->control = controls[i]->name;
		out->origin = NULL;
		out->rules = turn.rules;
		if (out->mode != MODE_OFF)
			controls[i]->create(&turn, out);
	}
	return change_ok(out, err);
}

int decide_ceiling(const struct control_in *in, struct json_doc *document,
		   const struct json *ceilings, struct change *out, struct hr_error *err)
{
	const struct schema_field *schema =
		in->line == LINE_EXEC ? &schema_process : &schema_resources;
	struct control_in turn = *in;

	if (schema_check(schema, json_root(document), NULL, NULL, err) < 0)
		return -1;
	turn.document = json_root(document);
	for (size_t i = 0; controls[i]; i++) {
		void (*apply)(const struct control_in *, struct change *) =
			in->line == LINE_EXEC ? controls[i]->exec : controls[i]->update;

		turn.rules = json_get(ceilings, controls[i]->name);
		/* No ceiling: the control was off when the container was created. */
		if (!apply || !turn.rules)
			continue;
		out->mode = mode_of(turn.rules, NULL);
		out->control = controls[i]->name;
		out->origin = json_string(turn.rules, "origin");
		apply(&turn, out);
	}
	return change_ok(out, err);
}
