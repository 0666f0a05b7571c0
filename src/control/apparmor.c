/* SPDX-License-Identifier: Apache-2.0 */
#include "control/label.h"
#include "control/table.h"

static void create(const struct control_in *in, struct change *out)
{
	label_remember(in, out, "apparmorProfile");
}

static void exec(const struct control_in *in, struct change *out)
{
	label_repeat(in, out, "apparmorProfile");
}

const struct control control_apparmor = {
	.name = "apparmor",
	.sentence = "Gives every exec the AppArmor profile that its container was created with.",
	.create = create,
	.exec = exec,
};
