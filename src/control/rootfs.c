/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "readonly", .type = OPTION_BOOL},
	{.name = "tmpfs", .type = OPTION_STRINGS},
	{0},
};

#include <stdio.h>

/* Runtimes mount over these and write below them as root of the host: a symbolic link
 * there leads them elsewhere (CVE-2025-31133, CVE-2025-52881). */
static const char *const mount_points[] = {"dev", "proc", "sys", NULL};

/* True if it may be a root at all: only then its entries say anything. */
static bool judge_root(const struct control_in *in, struct change *out, const char *path)
{
	const char *why = path && path[0] ? in->host->root_wrong(in->host, path) : "missing";

	if (why)
		change_refuse(
			out, "root.path", path,
			&(struct reason){
				.rule = "rootfs",
				.why = why,
				.remedy = "name a directory that holds the image and nothing of "
					  "the host",
			});
	return !why;
}

static void judge_entry(const struct control_in *in, struct change *out, const char *path,
			const char *name)
{
	char why[160];

	if (in->host->root_entry(in->host, path, name) != HOST_ENTRY_OTHER)
		return;
	snprintf(why, sizeof(why),
		 "/%s of the image is a symbolic link or a file, where the runtime would follow it "
		 "on the host",
		 name);
	change_refuse(out, "root.path", path,
		      &(struct reason){
			      .rule = "rootfs",
			      .why = why,
			      .remedy = "build the image with a real directory there, or none",
		      });
}

static void create(const struct control_in *in, struct change *out)
{
	const char *path = json_string(json_get(in->document, "root"), "path");

	if (!judge_root(in, out, path))
		return;
	for (size_t i = 0; mount_points[i]; i++)
		judge_entry(in, out, path, mount_points[i]);
}

const struct control control_rootfs = {
	.name = "rootfs",
	.sentence =
		"Refuses a root that is part of the host's own tree, and images whose /dev, /proc "
		"or /sys is not a directory.",
	.options = options,
	.create = create,
};
