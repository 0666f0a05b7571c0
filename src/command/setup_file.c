/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's file: whose it is, what it holds, and how it is replaced. */
#include "command/setup.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#define FILE_MAX       ((size_t)1024 * 1024)
#define TEMPORARY_SIZE (PATH_MAX * 2)

/* Without links; a part at the end that is not there yet stays as it is. */
int setup_resolve(const char *path, char ret[PATH_MAX], struct hr_error *err)
{
	char plain[PATH_MAX], head[PATH_MAX];
	hr_autofree char *real = NULL;
	char *slash;
	int len;

	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return hr_fail(err, HR_USAGE, "setup: %.200s: give an absolute path", path);
	text_plain_path(path, plain, sizeof(plain));
	memcpy(head, plain, sizeof(head));
	for (;;) {
		real = realpath(head, NULL);
		if (real || errno != ENOENT)
			break;
		slash = strrchr(head, '/');
		if (slash == head)
			break;
		*slash = '\0';
	}
	if (!real && errno != ENOENT)
		return hr_fail_errno(err, errno, "%s", head);
	len = snprintf(ret, PATH_MAX, "%s%s", real && strcmp(real, "/") != 0 ? real : "",
		       plain + (real ? strlen(head) : 0));
	if (len < 0 || len >= PATH_MAX)
		return hr_fail(err, HR_SYSTEM, "%s: path too long", plain);
	return 0;
}

/* The file, or the nearest folder above it that is there, is root's along its whole path. */
static int check_owner(const char *path, struct hr_error *err)
{
	char part[PATH_MAX];
	hr_autoclose int fd = -1;
	bool folder = false;
	char *slash;

	snprintf(part, sizeof(part), "%s", path);
	while (access(part, F_OK) < 0 && errno == ENOENT && (slash = strrchr(part, '/')) != part) {
		*slash = '\0';
		folder = true;
	}
	return file_open_trusted(part, folder, &fd, err);
}

int setup_read(struct setup *setup, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	struct hr_error failure = {0};
	size_t len;

	if (check_owner(setup->path, err) < 0)
		return -1;
	text_add(&setup->old.text, "", 0);
	if (file_read_at(AT_FDCWD, setup->path, setup->path, FILE_MAX, &text, &len, &setup->st,
			 &failure) < 0) {
		if (errno == ENOENT)
			return 0;
		*err = failure;
		return -1;
	}
	setup->old.there = true;
	text_add(&setup->old.text, text, len);
	if (setup->old.text.failed)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", setup->path);
	if (memchr(text, '\0', len))
		return hr_fail(err, HR_SPEC, "%s: holds a NUL byte", setup->path);
	return 0;
}

static int write_synced(const char *path, const struct text *text, const struct stat *st,
			struct hr_error *err)
{
	hr_autoclose int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s: create", path);
	if (file_write_fd(fd, path, text->data, text->len, err) < 0)
		return -1;
	if (fchown(fd, st ? st->st_uid : 0, st ? st->st_gid : 0) < 0 ||
	    fchmod(fd, st ? st->st_mode & 07777 : 0644) < 0 || fsync(fd) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return 0;
}

/* Where a file is written before it gets its name. A folder of drop-ins is read by its engine
 * with all that is in it (CRI-O), so it is the one above, unless that is another file system. */
static void name_temporary(const char *path, bool beside, char ret[TEMPORARY_SIZE])
{
	const char *slash = strrchr(path, '/');
	int len = (int)(slash - path);

	if (!beside && len > 2 && memcmp(slash - 2, ".d", 2) == 0)
		while (path[--len] != '/')
			;
	snprintf(ret, TEMPORARY_SIZE, "%.*s/.%s.hardrun", len, path, slash + 1);
}

void setup_clean(const char *path)
{
	char temporary[TEMPORARY_SIZE];

	for (int beside = 0; beside < 2; beside++) {
		name_temporary(path, beside, temporary);
		unlink(temporary);
	}
}

static int write_through(const char *temporary, const char *path, const struct text *text,
			 const struct stat *st, struct hr_error *err)
{
	if (write_synced(temporary, text, st, err) < 0) {
		unlink(temporary);
		return -1;
	}
	if (rename(temporary, path) < 0) {
		int error = errno;

		unlink(temporary);
		hr_fail_errno(err, error, "%s: rename", path);
		errno = error;
		return -1;
	}
	return 0;
}

int setup_write(const char *path, const struct text *text, const struct stat *st,
		struct hr_error *err)
{
	char temporary[TEMPORARY_SIZE];
	hr_autoclose int folder = -1;

	setup_clean(path);
	name_temporary(path, false, temporary);
	if (write_through(temporary, path, text, st, err) < 0) {
		/* The folder of drop-ins is a mount. */
		if (errno != EXDEV)
			return -1;
		*err = (struct hr_error){0};
		name_temporary(path, true, temporary);
		if (write_through(temporary, path, text, st, err) < 0)
			return -1;
	}
	snprintf(temporary, sizeof(temporary), "%.*s/", (int)(strrchr(path, '/') - path), path);
	folder = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0)
		fsync(folder);
	return 0;
}

/* The same lock as that of setup policy: on the folder above HR_CONFDIR. */
int setup_lock(int *ret_fd, struct hr_error *err)
{
	hr_autoclose int found = -1, fd = -1;
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s", HR_CONFDIR);
	*strrchr(parent, '/') = '\0';
	if (file_open_trusted(parent[0] ? parent : "/", true, &found, err) < 0)
		return -1;
	/* flock wants a descriptor that is no O_PATH. */
	fd = openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", parent);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return hr_fail(err, HR_SYSTEM, "%s is locked: another setup is at work; try again",
			       parent);
	*ret_fd = hr_steal_fd(&fd);
	return 0;
}

bool setup_same(const struct content *a, const struct content *b)
{
	if (!a->there || !b->there)
		return a->there == b->there;
	return a->text.len == b->text.len && memcmp(a->text.data, b->text.data, a->text.len) == 0;
}
