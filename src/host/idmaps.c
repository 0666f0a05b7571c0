/* SPDX-License-Identifier: Apache-2.0 */
/* What controls ask of user namespaces, and of mounts that are to have their ids. */
#include "base/cleanup.h"
#include "base/text.h"
#include "host/real.h"
#include "host/userns.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum host_owner host_real_ns_owner(struct host *host, const char *path, const char *user)
{
	struct stat owner, other;

	(void)host;
	if (!userns_owner(path, &owner))
		return HOST_OWNER_OTHER;
	if (user && stat(user, &other) == 0 && other.st_dev == owner.st_dev &&
	    other.st_ino == owner.st_ino)
		return HOST_OWNER_SAME;
	if (stat("/proc/self/ns/user", &other) == 0 && other.st_dev == owner.st_dev &&
	    other.st_ino == owner.st_ino)
		return HOST_OWNER_FIRST;
	return HOST_OWNER_OTHER;
}

bool host_real_ns_ids(struct host *host, const char *path, bool groups, struct host_ids *ret,
		      size_t room, size_t *ret_count)
{
	(void)host;
	return userns_maps(path, groups, ret, room, ret_count, NULL) == 0;
}

const char *host_real_unmappable(struct host *host, const char *path, bool whole)
{
	const struct host_real *real = (const struct host_real *)host;
	hr_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	const char *why = NULL;

	/* Without ids there is nothing to try, and that has been said. */
	if (real->userns < 0)
		return NULL;
	if (fd < 0)
		return "cannot be opened on the host";
	return userns_idmaps(fd, whole, real->userns, &why) ? NULL : why;
}

bool host_real_holds_mounts(struct host *host, const char *path)
{
	const struct mountinfo *mounts = host_mounts((struct host_real *)host);
	hr_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	char name[PATH_MAX];

	if (!mounts || fd < 0 || !host_name_of(fd, name))
		return true;
	for (size_t i = 0; i < mounts->count; i++)
		if (strcmp(mounts->entries[i].point, name) != 0 &&
		    text_below(mounts->entries[i].point, name))
			return true;
	return false;
}

unsigned host_real_mount_flags(struct host *host, size_t index)
{
	static const struct {
		unsigned long kernel;
		unsigned flag;
	} flags[] = {
		{ST_RDONLY, HOST_FLAG_RO},	 {ST_NOSUID, HOST_FLAG_NOSUID},
		{ST_NODEV, HOST_FLAG_NODEV},	 {ST_NOEXEC, HOST_FLAG_NOEXEC},
		{ST_NOATIME, HOST_FLAG_NOATIME},
	};
	int fd = host_source_fd((const struct host_real *)host, index);
	struct statvfs fs;
	unsigned all = 0;

	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		return 0;
	for (size_t i = 0; i < hr_count(flags); i++)
		if (fs.f_flag & flags[i].kernel)
			all |= flags[i].flag;
	return all;
}

void host_set_userns(struct host_real *real, int userns)
{
	real->userns = userns;
}
