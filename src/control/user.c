/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "uids", .type = OPTION_RANGES},   {.name = "gids", .type = OPTION_RANGES},
	{.name = "groups", .type = OPTION_RANGES}, {.name = "deny_groups", .type = OPTION_STRINGS},
	{.name = "umask", .type = OPTION_OTHER},   {0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_user = {
	.name = "user",
	.sentence = "",
	.options = options,
	.create = create,
};
