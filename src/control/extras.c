/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "intel_rdt", .type = OPTION_BOOL},
	{.name = "memory_policy", .type = OPTION_BOOL},
	{.name = "net_devices", .type = OPTION_STRINGS},
	{.name = "personality", .type = OPTION_BOOL},
	{.name = "time_offsets", .type = OPTION_BOOL},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_extras = {
	.name = "extras",
	.sentence = "",
	.options = options,
	.create = create,
};
