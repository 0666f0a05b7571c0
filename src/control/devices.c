/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{0},
};

/* On create the devices are the engine's; what this control does is to keep an update from
 * allowing more than create did. */
static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	change_ceiling(out, json_new_object(change_notes(out)));
}

static void refuse_allowed(const struct json *devices, struct change *out)
{
	char path[CHANGE_PATH];
	size_t index = 0;

	json_each(device, devices) {
		change_index_path("devices", index++, path);
		if (!json_true(device, "allow"))
			continue;
		change_refuse(out, path, json_string(device, "type"),
			      &(struct reason){
				      .rule = "devices",
				      .why = "an update may not allow devices that create did not",
				      .remedy = "create the container anew with the device",
			      });
	}
}

static bool allows(const struct json *devices)
{
	json_each(device, devices)
		if (json_true(device, "allow"))
			return true;
	return false;
}

/* containerd repeats its deny-all in front of every update; crun would apply it and take
 * away the container's own /dev/null. */
static void update(const struct control_in *in, struct change *out)
{
	const struct json *devices = json_get(in->document, "devices");

	if (!devices)
		return;
	if (allows(devices))
		refuse_allowed(devices, out);
	else
		change_drop(out, "devices", in->document, devices,
			    &(struct reason){
				    .rule = "devices",
				    .why = "the devices stay as create set them",
			    });
}

const struct control control_devices = {
	.name = "devices",
	.sentence = "Keeps an update from allowing devices that create did not.",
	.options = options,
	.create = create,
	.update = update,
};
