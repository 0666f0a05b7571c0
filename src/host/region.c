/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file is: not by its path, of which there may be many, but by its file system and the
 * path in it, which mountinfo tells of every mount.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/real.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool host_related(const char *a, const char *b)
{
	return text_below(a, b) || text_below(b, a);
}

const struct mountinfo *host_mounts(struct host_real *real)
{
	if (!real->mounts.text && mountinfo_read(&real->mounts, NULL) < 0)
		return NULL;
	return &real->mounts;
}

const struct mount_entry *host_mount_of(struct host_real *real, int fd)
{
	const struct mountinfo *info = host_mounts(real);
	struct statx stx;

	if (!info || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 ||
	    !(stx.stx_mask & STATX_MNT_ID))
		return NULL;
	return mountinfo_find(info, stx.stx_mnt_id);
}

/* The path of a file in its file system: what the mount shows, and the way from there. */
bool host_region_of(struct host_real *real, int fd, const char *path, struct region *ret)
{
	const struct mount_entry *mount = host_mount_of(real, fd);
	const char *rest;

	if (!mount || !text_below(path, mount->point))
		return false;
	rest = strcmp(mount->point, "/") == 0 ? path : path + strlen(mount->point);
	ret->dev = strdup(mount->dev);
	if (asprintf(&ret->path, "%s%s", strcmp(mount->root, "/") == 0 ? "" : mount->root, rest) <
	    0)
		ret->path = NULL;
	if (ret->path && ret->path[0] == '\0') {
		free(ret->path);
		ret->path = strdup("/");
	}
	return ret->dev && ret->path;
}

void host_region_done(struct region *region)
{
	free(region->dev);
	free(region->path);
}

/* The name under which the kernel knows an open file; false for one that has none. */
bool host_name_of(int fd, char ret[PATH_MAX])
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret, PATH_MAX - 1);
	if (len <= 0)
		return false;
	ret[len] = '\0';
	return ret[0] == '/';
}
