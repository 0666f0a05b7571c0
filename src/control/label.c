/* SPDX-License-Identifier: Apache-2.0 */
#include "control/label.h"

#include <string.h>

enum host_lsm label_state(const struct control_in *in, enum host_lsm state)
{
	return in->kind == RUNTIME_RUNSC && state != HOST_LSM_ABSENT ? HOST_LSM_UNUSED : state;
}

const char *const label_missing[] = {"either", "fail", "skip", NULL};

static const char *missing_of(const struct control_in *in)
{
	const char *missing = json_string(in->rules, "missing");

	return missing ? missing : "skip";
}

bool label_required(const struct control_in *in, enum host_lsm other)
{
	return strcmp(missing_of(in), "fail") == 0 ||
	       (strcmp(missing_of(in), "either") == 0 && other != HOST_LSM_ON);
}

const char *label_why_not(enum host_lsm state, const char *why)
{
	if (state == HOST_LSM_UNUSED)
		return "runsc gives its processes no label";
	return state == HOST_LSM_NOT_BUILT ? "this hardrun was built without its library" : why;
}

static const char *state_name(enum host_lsm state, const char *on)
{
	switch (state) {
	case HOST_LSM_ABSENT:
		return "absent";
	case HOST_LSM_NOT_BUILT:
		return "not built";
	case HOST_LSM_HIDDEN:
		return "hidden";
	case HOST_LSM_UNUSED:
		return "not used by the runtime";
	case HOST_LSM_PERMISSIVE:
		return "permissive";
	case HOST_LSM_ON:
		break;
	}
	return on;
}

void label_remember(const struct control_in *in, struct change *out, const char *key,
		    enum host_lsm state, const char *on, struct json *ceiling)
{
	struct json_doc *notes = change_notes(out);
	const char *label = json_string(json_get(in->document, "process"), key);

	json_put_string(notes, ceiling, "label", label ? label : "");
	json_put_string(notes, ceiling, "kernel", state_name(state, on));
	json_put_string(notes, ceiling, "missing", missing_of(in));
	json_put(notes, ceiling, "verify", json_new_bool(notes, json_true(in->rules, "verify")));
	change_ceiling(out, ceiling);
}

void label_repeat(const struct control_in *in, struct change *out, const char *key)
{
	const char *label = json_string(in->rules, "label");
	const struct json *asked = json_get(in->document, key);
	struct reason reason = {
		.rule = out->control,
		.why = "an exec runs under the label of its container",
	};

	if (label && label[0] != '\0')
		change_set(out, key, json_new_string(change_doc(out), label), NULL, &reason);
	else if (asked && asked->len > 0)
		change_drop(out, key, in->document, asked, &reason);
}
