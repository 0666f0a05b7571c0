/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources that engines own. The way there is root's alone; but what is mounted at its end may
 * be any part of the host: the kubelet mounts the subPath of a hostPath there, and Docker's
 * local driver what the options of a volume name. Then it is judged as what it is.
 */
#include "base/text.h"
#include "control/mounts.h"

#include <stdio.h>
#include <string.h>

/* File systems that a volume's driver may mount: none that shows the host. */
static const char *const foreign[] = {"9p",   "ceph", "cifs",  "glusterfs", "nfs",
				      "nfs4", "smb3", "tmpfs", "virtiofs",  NULL};

static void refuse_volume(struct mount *mount, const char *kind)
{
	const struct json *volumes = json_get(mount->in->rules, "volumes");
	char why[NAME_MAX + 80], all[CONTROL_LIST], remedy[CONTROL_LIST + 128];

	if (text_starts(kind, "kubernetes.io~"))
		kind += strlen("kubernetes.io~");
	snprintf(why, sizeof(why), "a volume of kind %s, which the policy does not list", kind);
	snprintf(remedy, sizeof(remedy),
		 "use another kind of volume, or list it in a profile: \"mounts\": {\"volumes\": "
		 "%s}",
		 control_list_with(volumes, kind, all));
	mount_refuse_source(mount, "mounts.volumes", why, remedy);
}

/* A volume that an administrator made of the host's own directories. */
static void judge_volume(struct mount *mount, const char *path)
{
	struct host *host = mount->in->host;
	char why[128];

	for (size_t i = 0; mount_sensitive[i]; i++) {
		/* It lies in the kubelet's own directory, and so do its files. */
		if (host->within(host, path, mount_sensitive[i]) ||
		    !host->shows(host, path, mount_sensitive[i]))
			continue;
		snprintf(why, sizeof(why), "shows %s of the host", mount_sensitive[i]);
		mount_refuse_source(mount, "mounts", why,
				    "make the volume of a directory that holds the data alone");
		return;
	}
}

/* Something is mounted there that is no volume: the host's own, under an engine's name. */
static void judge_shown(struct mount *mount, const char *path, const char *const types[])
{
	char origin[PATH_MAX], why[TEXT_SHOWN_SIZE + 80], shown[TEXT_SHOWN_SIZE];
	const char *type = mount->in->host->origin(mount->in->host, path, origin);

	if (origin[0]) {
		mount_judge_host_path(mount, origin);
		return;
	}
	if (type && text_in(type, types))
		return;
	snprintf(why, sizeof(why),
		 "a file system of type %s is mounted there, which may be anything",
		 type ? text_shown_z(type, shown) : "unknown");
	mount_refuse_source(mount, "mounts", why, "use a volume of another kind");
}

static void judge_subpath(struct mount *mount, const char *path)
{
	static const char *const none[] = {NULL};
	const char *end = strstr(path, "/volume-subpaths/");
	char pod[PATH_MAX], plugin[NAME_MAX + 1];

	snprintf(pod, sizeof(pod), "%.*s", end ? (int)(end - path) : 0, path);
	if (!mount->in->host->volume_of(mount->in->host, pod, path, plugin))
		judge_shown(mount, path, none);
	else if (!mount_volume_allowed(mount, plugin))
		refuse_volume(mount, plugin);
	else
		judge_volume(mount, path);
}

static void judge_mounted(struct mount *mount, const char *path, enum mount_owner owner)
{
	static const char *const none[] = {NULL};
	struct host_mounted mounted;

	if (!mount->in->host->mounted(mount->in->host, path, &mounted)) {
		mount_refuse_source(mount, "mounts", "what is mounted there cannot be told",
				    "see that /proc/self/mountinfo can be read");
		return;
	}
	if (!mounted.point)
		return;
	if (owner == OWNER_KUBELET)
		judge_volume(mount, path);
	else if (owner == OWNER_SUBPATH)
		judge_subpath(mount, path);
	else if (owner == OWNER_NAMED)
		judge_shown(mount, path, foreign);
	else if (!mounted.memory)
		judge_shown(mount, path, none);
}

void mount_judge_owned(struct mount *mount, const char *path, enum mount_owner owner)
{
	struct host *host = mount->in->host;
	char kind[NAME_MAX + 1];

	mount_judge_slave(mount);
	if (owner == OWNER_VOLUME) {
		mount_volume_kind(path, kind);
		refuse_volume(mount, kind);
		return;
	}
	/* The system's files may be links (resolv.conf, localtime), which root alone made. */
	if (owner == OWNER_SYSTEM) {
		mount->force |= MOUNT_RO;
		mount->why_ro = "a file of the host's own system";
		return;
	}
	if (!host->sound(host, path)) {
		mount_refuse_source(
			mount, "mounts",
			"is missing, a link, or could be replaced by others than root on the way",
			"make every directory on the way to it root's alone; where the engine "
			"keeps "
			"its files elsewhere, say so in mounts.*_dirs");
		return;
	}
	judge_mounted(mount, path, owner);
}
