/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const char *const levels[] = {"ignore", "warn", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "kind", .type = OPTION_STRINGS},
	{.name = "floor", .type = OPTION_NAME, .values = levels},
	{.name = "accept", .type = OPTION_STRINGS},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_runtime = {
	.name = "runtime",
	.sentence = "",
	.options = options,
	.create = create,
};
