/* SPDX-License-Identifier: Apache-2.0 */
/* The name by which the runtime gets what was judged, and with whose ids. */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/mounts.h"
#include "control/userns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mount_set_source(struct mount *mount, const char *source, const char *why, const char *remedy)
{
	char entry[CHANGE_PATH], path[CHANGE_PATH];

	change_index_path("mounts", mount->index, entry);
	change_set(mount->out, change_key_path(entry, "source", path),
		   json_new_string(change_doc(mount->out), source), NULL,
		   &(struct reason){
			   .rule = "mounts",
			   .why = why,
			   .remedy = remedy ? remedy
					    : "nothing to do: it is the same file or directory",
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

static const char why_mapped[] = "mounted with the ids of the container";
static const char why_nobodys[] = "what was checked is what is mounted; its files belong to nobody "
				  "in the container, which is "
				  "mapped";
static const char remedy_nobodys[] =
	"where it is to have the container's ids, and root of the container the host root's power "
	"over its files: \"mounts\": {\"host_paths\": [{\"path\": \"...\", \"idmap\": true}]}";

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
	if (!plan || !plan->map) {
		mount_set_source(mount, staged, why, NULL);
		return;
	}
	idmap = idmap && mount->index < USERNS_MOUNTS && plan->idmap[mount->index];
	mount_set_source(mount, staged, idmap ? why_mapped : why_nobodys,
			 idmap ? NULL : remedy_nobodys);
	take_mount_flags(mount);
	if (idmap)
		change_map_source(mount->out, mount->number);
}

/* For a container in a user namespace of ours all sources are staged, most with its ids. */
void mount_stage_owned(struct mount *mount, const char *path)
{
	const char *real = mount->in->host->pin(mount->in->host, mount->number, path);

	if (real)
		mount_stage(mount, real, true, why_mapped);
	else
		mount_refuse_source(mount, "mounts", "cannot be opened on the host",
				    "see that it is there before the container");
}
