/* SPDX-License-Identifier: Apache-2.0 */
/* The name by which the runtime gets what was judged, and with whose ids. */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/mounts.h"
#include "control/userns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mount_set_source(struct mount *mount, const char *source, const char *why)
{
	char entry[CHANGE_PATH], path[CHANGE_PATH];

	change_index_path("mounts", mount->index, entry);
	change_set(mount->out, change_key_path(entry, "source", path),
		   json_new_string(change_doc(mount->out), source), NULL,
		   &(struct reason){
			   .rule = "mounts",
			   .why = why,
			   .remedy = "nothing to do: it is the same file or directory",
		   });
}

static void take_mount_flags(struct mount *mount)
{
	static const struct {
		unsigned host, mount;
	} flags[] = {
		{HOST_FLAG_RO, MOUNT_RO},	    {HOST_FLAG_NOSUID, MOUNT_NOSUID},
		{HOST_FLAG_NODEV, MOUNT_NODEV},	    {HOST_FLAG_NOEXEC, MOUNT_NOEXEC},
		{HOST_FLAG_NOATIME, MOUNT_NOATIME},
	};
	unsigned has = mount->in->host->mount_flags(mount->in->host, mount->number);

	for (size_t i = 0; i < hr_count(flags); i++)
		if (has & flags[i].host)
			mount->force |= flags[i].mount;
	mount->locked = true;
	if ((has & HOST_FLAG_RO) && !mount->why_ro)
		mount->why_ro = "so it is mounted on the host";
}

/* The runtime opens it by this name, in a mount namespace of our own: there it is what was
 * judged, whatever happens to the path meanwhile. In a user namespace a flag of the host's mount
 * cannot be left out. */
void mount_stage(struct mount *mount, const char *real, bool idmap, const char *why)
{
	const struct userns_plan *plan = mount->in->plan;
	hr_autofree char *staged = NULL;

	/* Numbered by themselves: a mount that is put in front must not give them other names. */
	if (asprintf(&staged, HOST_STAGE "/%zu%s", mount->number, real) < 0)
		staged = NULL;
	if (!staged || strlen(staged) >= PATH_MAX) {
		mount_refuse_source(mount, "mounts", "longer than a path can be",
				    "use a shorter path");
		return;
	}
	mount->staged = true;
	mount_set_source(mount, staged, why);
	if (!plan || !plan->map)
		return;
	take_mount_flags(mount);
	if (idmap && mount->index < USERNS_MOUNTS && plan->idmap[mount->index])
		change_map_source(mount->out, mount->number);
}

/* For a container in a user namespace of ours all sources are staged, most with its ids. */
void mount_stage_owned(struct mount *mount, const char *path)
{
	const char *real = mount->in->host->pin(mount->in->host, mount->number, path);

	if (real)
		mount_stage(mount, real, true, "mounted with the ids of the container");
	else
		mount_refuse_source(mount, "mounts", "cannot be opened on the host",
				    "see that it is there before the container");
}
