/* SPDX-License-Identifier: Apache-2.0 */
/* What an overlay shows, to be compared with what it showed before. */
#include "stage/overlay_layers.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* FNV-1a, a value at a time */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x100000001b3U;
}

/* An id that the container has not is shown as nobody's, whatever it is on disk. */
static uint32_t inside(const struct overlay_ids *ids, uint32_t id)
{
	return id - ids->base < ids->size ? id - ids->base : UINT32_MAX;
}

/* The size of a directory depends on what was read of it before. */
static uint64_t digest(const char *name, const struct stat *st, const struct overlay_ids *ids)
{
	const uint64_t values[] = {
		st->st_mode,
		inside(ids, st->st_uid),
		inside(ids, st->st_gid),
		S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size,
		S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode) ? st->st_rdev : 0,
	};
	uint64_t hash = 0xcbf29ce484222325U;

	for (; *name; name++)
		hash = mix(hash, (unsigned char)*name);
	for (size_t i = 0; i < hr_count(values); i++)
		hash = mix(hash, values[i]);
	return hash;
}

int overlay_layers_view(int dirfd, const char *path, const struct overlay_ids *ids, uint64_t *ret,
			struct hr_error *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint64_t sum = 0;
	int failed = 0;

	if (!dir) {
		hr_fail_errno(err, errno, "its root directory");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (const struct dirent *entry; !failed && (errno = 0, entry = readdir(dir));) {
		struct stat st = {0};

		if (strcmp(entry->d_name, "..") == 0)
			continue;
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			failed = errno;
		else
			sum += digest(entry->d_name, &st, ids);
	}
	failed = failed ? failed : errno;
	closedir(dir);
	if (failed)
		return hr_fail_errno(err, failed, "its root directory");
	*ret = sum;
	return 0;
}

int overlay_layers_shift(const struct overlay_layers *layers, const struct overlay_options *options,
			 int dirfd, const char *path, uint32_t *ret, struct hr_error *err)
{
	const struct overlay_place *top =
		&layers->places[options->upper ? options->lower_count : 0];
	struct stat st;

	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return hr_fail_errno(err, errno, "its root directory");
	*ret = st.st_uid - top->uid;
	if (*ret != st.st_gid - top->gid)
		return hr_fail(
			err, HR_DENIED,
			"its root directory is %u:%u's, and that of its topmost layer %u:%u's",
			st.st_uid, st.st_gid, top->uid, top->gid);
	return 0;
}
