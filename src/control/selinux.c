/* SPDX-License-Identifier: Apache-2.0 */
#include "control/label.h"
#include "control/table.h"

static void create(const struct control_in *in, struct change *out)
{
	label_remember(in, out, "selinuxLabel");
}

static void exec(const struct control_in *in, struct change *out)
{
	label_repeat(in, out, "selinuxLabel");
}

const struct control control_selinux = {
	.name = "selinux",
	.sentence = "Gives every exec the SELinux label that its container was created with.",
	.create = create,
	.exec = exec,
};
