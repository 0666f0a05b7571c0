/* SPDX-License-Identifier: Apache-2.0 */
#include "control/label.h"

#include <string.h>

void label_remember(const struct control_in *in, struct change *out, const char *key)
{
	struct json *ceiling = json_new_object(change_notes(out));
	const char *label = json_string(json_get(in->document, "process"), key);

	json_put_string(change_notes(out), ceiling, "label", label ? label : "");
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
