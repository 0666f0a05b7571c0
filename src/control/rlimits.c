/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "max", .type = OPTION_OTHER},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_rlimits = {
	.name = "rlimits",
	.sentence = "",
	.options = options,
	.create = create,
};
