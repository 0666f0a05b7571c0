/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int file_read_fd(int fd, const char *shown, size_t max, char **ret, size_t *ret_len,
		 struct hr_error *err)
{
	text_auto struct text text = {0};
	char block[16384];

	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return hr_fail_errno(err, errno, "%s: read", shown);
		if (got == 0)
			break;
		text_add(&text, block, (size_t)got);
		if (text.len > max)
			return hr_fail(err, HR_SPEC, "%s: larger than %zu bytes", shown, max);
	}
	text_add(&text, "", 0);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", shown);
	*ret_len = text.len;
	*ret = hr_steal(text.data);
	return 0;
}

int file_read_at(int dirfd, const char *name, const char *shown, size_t max, char **ret,
		 size_t *ret_len, struct stat *ret_stat, struct hr_error *err)
{
	/* O_NONBLOCK: a FIFO in its place must not hold us. */
	hr_autoclose int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		int saved = errno;

		if (saved == ELOOP)
			hr_fail(err, HR_UNTRUSTED, "%s: is a symbolic link", shown);
		else
			hr_fail_errno(err, saved, "%s", shown);
		errno = saved;
		return -1;
	}
	if (fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "%s: fstat", shown);
	if (!S_ISREG(st.st_mode))
		return hr_fail(err, HR_UNTRUSTED, "%s: is not a regular file", shown);
	if (file_read_fd(fd, shown, max, ret, ret_len, err) < 0)
		return -1;
	if (ret_stat)
		*ret_stat = st;
	return 0;
}

int file_write_fd(int fd, const char *shown, const char *bytes, size_t len, struct hr_error *err)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return hr_fail_errno(err, errno, "%s: write", shown);
		bytes += put;
		len -= (size_t)put;
	}
	return 0;
}

static int write_temporary(int dirfd, const char *temporary, const char *bytes, size_t len,
			   const struct stat *like, struct hr_error *err)
{
	hr_autoclose int fd = openat(dirfd, temporary,
				     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s: create", temporary);
	if (file_write_fd(fd, temporary, bytes, len, err) < 0)
		return -1;
	if (fchown(fd, like->st_uid, like->st_gid) < 0 || fchmod(fd, like->st_mode & 07777) < 0)
		return hr_fail_errno(err, errno, "%s: set owner and mode", temporary);
	return 0;
}

int file_replace_at(int dirfd, const char *name, const char *bytes, size_t len, mode_t mode,
		    uid_t uid, gid_t gid, struct hr_error *err)
{
	struct stat like = {.st_mode = mode, .st_uid = uid, .st_gid = gid};
	char temporary[128];

	/* The name is ours alone: by pid. A leftover of a killed process of the same pid is
	 * in the way of nobody else. */
	snprintf(temporary, sizeof(temporary), ".hardrun.%ld.%.64s", (long)getpid(), name);
	if (unlinkat(dirfd, temporary, 0) < 0 && errno != ENOENT)
		return hr_fail_errno(err, errno, "%s: remove", temporary);
	if (write_temporary(dirfd, temporary, bytes, len, &like, err) < 0) {
		unlinkat(dirfd, temporary, 0);
		return -1;
	}
	if (renameat(dirfd, temporary, dirfd, name) < 0) {
		hr_fail_errno(err, errno, "%s: rename", name);
		unlinkat(dirfd, temporary, 0);
		return -1;
	}
	return 0;
}

int file_make_at(int dirfd, const char *name, const char *bytes, size_t len, mode_t mode,
		 struct hr_error *err)
{
	hr_autoclose int fd = openat(dirfd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	char path[64];

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s: create", name);
	if (file_write_fd(fd, name, bytes, len, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		return hr_fail_errno(err, errno, "%s: link", name);
	return 0;
}

bool file_is_roots(const struct stat *st)
{
	if (st->st_uid != 0)
		return false;
	if (S_ISLNK(st->st_mode))
		return true;
	/* The group's bit, even root's: it is the mask of what an access control list gives
	 * to anybody (acl(5)). */
	return !(st->st_mode & (S_IWOTH | S_IWGRP));
}

int file_make_dirs(const char *path, mode_t mode, struct hr_error *err)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		size_t len = slash ? (size_t)(slash - path) : strlen(path);

		if (len >= sizeof(part))
			return hr_fail_errno(err, ENAMETOOLONG, "make directory");
		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdir(part, slash ? 0755 : mode) < 0 && errno != EEXIST)
			return hr_fail_errno(err, errno, "make directory %s", part);
		if (!slash)
			return 0;
	}
}
