/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const char *const levels[] = {"ignore", "warn", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "by_digest", .type = OPTION_NAME, .values = levels},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_image = {
	.name = "image",
	.sentence = "",
	.options = options,
	.create = create,
};
