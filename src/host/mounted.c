/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted where an engine keeps its own files. The path may be root's alone and the
 * files behind it anybody's: the kubelet bind-mounts a subPath of a volume, Docker's local
 * driver whatever its options name.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "host/real.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

struct place {
	int fd;
	char name[PATH_MAX];
	struct region at;
	const struct mount_entry *mount;
};

static void place_done(struct place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	host_region_done(&place->at);
}
#define place_auto __attribute__((cleanup(place_done)))

static bool look(struct host_real *real, const char *path, struct place *ret)
{
	*ret = (struct place){.fd = open(path, O_PATH | O_CLOEXEC)};
	if (ret->fd < 0 || !host_name_of(ret->fd, ret->name) ||
	    !host_region_of(real, ret->fd, ret->name, &ret->at))
		return false;
	ret->mount = host_mount_of(real, ret->fd);
	return ret->mount;
}

/* Another mount that shows the same files: the one that shows most around them. */
static const struct mount_entry *find_other(const struct mountinfo *info, const struct place *place)
{
	const struct mount_entry *best = NULL;

	for (size_t i = 0; i < info->count; i++) {
		const struct mount_entry *mount = &info->entries[i];

		if (mount->id == place->mount->id || strcmp(mount->dev, place->at.dev) != 0 ||
		    !text_below(place->at.path, mount->root))
			continue;
		if (!best || strlen(mount->root) < strlen(best->root))
			best = mount;
	}
	return best;
}

static void find_origin(struct host_real *real, const struct place *place, char ret[PATH_MAX])
{
	const struct mount_entry *other = find_other(&real->mounts, place);
	const char *rest;

	ret[0] = '\0';
	if (!other)
		return;
	rest = strcmp(other->root, "/") == 0 ? place->at.path
					     : place->at.path + strlen(other->root);
	if (strcmp(rest, "/") == 0)
		rest = "";
	snprintf(ret, PATH_MAX, "%s%s",
		 strcmp(other->point, "/") == 0 && rest[0] ? "" : other->point, rest);
}

static bool mount_id(int directory, const char *name, uint64_t *ret)
{
	struct statx stx;

	if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 ||
	    !(stx.stx_mask & STATX_MNT_ID))
		return false;
	*ret = stx.stx_mnt_id;
	return true;
}

bool host_real_mounted(struct host *host, const char *path, struct host_mounted *ret)
{
	hr_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	uint64_t own, above;
	struct statfs fs;
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	(void)host;
	*ret = (struct host_mounted){0};
	if (fd < 0 || !slash || fstatfs(fd, &fs) < 0 ||
	    snprintf(parent, sizeof(parent), "%.*s/", (int)(slash - path), path) >=
		    (int)sizeof(parent) ||
	    !mount_id(fd, "", &own) || !mount_id(AT_FDCWD, parent, &above))
		return false;
	ret->point = own != above;
	ret->memory = fs.f_type == TMPFS_MAGIC;
	return true;
}

const char *host_real_origin(struct host *host, const char *path, char ret[PATH_MAX])
{
	struct host_real *real = (struct host_real *)host;
	place_auto struct place place = {.fd = -1};

	ret[0] = '\0';
	if (!look(real, path, &place))
		return NULL;
	find_origin(real, &place, ret);
	return place.mount->type;
}

static bool same_files(const struct place *a, const struct place *b)
{
	return strcmp(a->at.dev, b->at.dev) == 0 && host_related(a->at.path, b->at.path);
}

bool host_real_shows(struct host *host, const char *path, const char *directory)
{
	struct host_real *real = (struct host_real *)host;
	place_auto struct place a = {.fd = -1};
	place_auto struct place b = {.fd = -1};

	if (!look(real, path, &a))
		return true;
	return look(real, directory, &b) && same_files(&a, &b);
}

/* --- Volumes of a pod ------------------------------------------------------------------- */

static bool is_part_of(struct host_real *real, const struct place *part, const char *volume)
{
	place_auto struct place whole = {.fd = -1};

	return look(real, volume, &whole) && strcmp(part->at.dev, whole.at.dev) == 0 &&
	       text_below(part->at.path, whole.at.path);
}

static bool found_in(struct host_real *real, const struct place *part, const char *plugin)
{
	DIR *dir = opendir(plugin);
	bool found = false;

	if (!dir)
		return false;
	for (const struct dirent *entry; !found && (entry = readdir(dir));) {
		char path[PATH_MAX], csi[PATH_MAX];

		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", plugin, entry->d_name) >=
			    (int)sizeof(path) ||
		    snprintf(csi, sizeof(csi), "%s/%s/mount", plugin, entry->d_name) >=
			    (int)sizeof(csi))
			continue;
		found = is_part_of(real, part, path) || is_part_of(real, part, csi);
	}
	closedir(dir);
	return found;
}

bool host_real_volume_of(struct host *host, const char *pod, const char *path,
			 char ret[NAME_MAX + 1])
{
	struct host_real *real = (struct host_real *)host;
	place_auto struct place part = {.fd = -1};
	char volumes[PATH_MAX];
	bool found = false;
	DIR *dir;

	if (!look(real, path, &part) ||
	    snprintf(volumes, sizeof(volumes), "%s/volumes", pod) >= (int)sizeof(volumes))
		return false;
	dir = opendir(volumes);
	for (const struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		char plugin[PATH_MAX];

		if (entry->d_name[0] == '.' || snprintf(plugin, sizeof(plugin), "%s/%s", volumes,
							entry->d_name) >= (int)sizeof(plugin))
			continue;
		found = found_in(real, &part, plugin);
		snprintf(ret, NAME_MAX + 1, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}
