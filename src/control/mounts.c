/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const char *const keep_or_refuse[] = {"keep", "refuse", NULL};

static const char *const ways[] = {"read-only", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "types", .type = OPTION_STRINGS},
	{.name = "host_paths", .type = OPTION_OTHER},
	{.name = "other_host_paths", .type = OPTION_NAME, .values = ways},
	{.name = "volumes", .type = OPTION_STRINGS},
	{.name = "service_account", .type = OPTION_NAME, .values = keep_or_refuse},
	{.name = "exec", .type = OPTION_STRINGS},
	{.name = "writable", .type = OPTION_STRINGS},
	{.name = "containerd_dirs", .type = OPTION_STRINGS},
	{.name = "docker_dirs", .type = OPTION_STRINGS},
	{.name = "kubelet_dirs", .type = OPTION_STRINGS},
	{.name = "podman_dirs", .type = OPTION_STRINGS},
	{.name = "deny", .type = OPTION_STRINGS},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	(void)out;
}

const struct control control_mounts = {
	.name = "mounts",
	.sentence = "",
	.options = options,
	.create = create,
};
