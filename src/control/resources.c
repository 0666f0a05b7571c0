/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "pids", .type = OPTION_NUMBER},
	{.name = "pids_max", .type = OPTION_NUMBER},
	{.name = "memory", .type = OPTION_NUMBER},
	{.name = "memory_max", .type = OPTION_NUMBER},
	{.name = "require", .type = OPTION_STRINGS},
	{.name = "unified", .type = OPTION_STRINGS},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_resources = {
	.name = "resources",
	.sentence = "",
	.options = options,
	.create = create,
};
