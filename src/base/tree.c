/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct copy {
	bool resolve;
	size_t entries;
};

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}
#define dir_auto __attribute__((cleanup(close_dir)))

static DIR *list(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir && copy >= 0)
		close(copy);
	return dir;
}

static bool is_self(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* "DIR/NAME" of a file in messages. */
static const char *join(const char *dir, const char *name, char buf[PATH_MAX])
{
	snprintf(buf, PATH_MAX, "%s/%s", dir, name);
	return buf;
}

static int refuse(const char *shown, const char *why, struct hr_error *err)
{
	char path[TEXT_SHOWN_SIZE];

	return hr_fail(err, HR_USAGE, "%s: %s", text_shown_z(shown, path), why);
}

static int copy_dir(struct copy *copy, int from, const char *shown, int to, int depth,
		    struct hr_error *err);

static int copy_file(const struct copy *copy, int fd, const struct stat *st, const char *shown,
		     int to, const char *name, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (file_read_fd(fd, shown, TREE_BYTES, &text, &len, err) < 0)
		return -1;
	return file_replace_at(to, name, text, len, copy->resolve ? 0644 : st->st_mode & 07777,
			       copy->resolve ? 0 : st->st_uid, copy->resolve ? 0 : st->st_gid, err);
}

static int copy_link(int from, const char *shown, const char *name, int to, struct hr_error *err)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from, name, target, sizeof(target));

	if (len < 0 || (size_t)len >= sizeof(target))
		return hr_fail_errno(err, len < 0 ? errno : ENAMETOOLONG, "%s", shown);
	target[len] = '\0';
	if (symlinkat(target, to, name) < 0)
		return hr_fail_errno(err, errno, "copy of %s", shown);
	return 0;
}

static int copy_into(struct copy *copy, int from, const struct stat *st, const char *shown, int to,
		     const char *name, int depth, struct hr_error *err)
{
	mode_t mode = copy->resolve ? 0755 : st->st_mode & 07777;
	hr_autoclose int inner = -1;

	if (depth >= TREE_DEPTH)
		return refuse(shown, "too many directories in each other", err);
	if (mkdirat(to, name, 0700) < 0 && errno != EEXIST)
		return hr_fail_errno(err, errno, "copy of %s", shown);
	inner = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return hr_fail_errno(err, errno, "copy of %s", shown);
	if (copy_dir(copy, from, shown, inner, depth + 1, err) < 0)
		return -1;
	if (fchown(inner, copy->resolve ? 0 : st->st_uid, copy->resolve ? 0 : st->st_gid) < 0 ||
	    fchmod(inner, mode) < 0)
		return hr_fail_errno(err, errno, "copy of %s", shown);
	return 0;
}

static int copy_entry(struct copy *copy, int from, const char *shown, const char *name, int to,
		      int depth, struct hr_error *err)
{
	hr_autoclose int fd = -1;
	struct stat st;

	if (++copy->entries > TREE_FILES)
		return refuse(shown, "too many files", err);
	if (fstatat(from, name, &st, copy->resolve ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return hr_fail_errno(err, errno, "%s", shown);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, shown, name, to, err);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return refuse(shown, "neither a file nor a directory; remove it", err);
	fd = openat(from, name,
		    O_RDONLY | O_NONBLOCK | O_CLOEXEC | (copy->resolve ? 0 : O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "%s", shown);
	if (S_ISDIR(st.st_mode))
		return copy_into(copy, fd, &st, shown, to, name, depth, err);
	return copy_file(copy, fd, &st, shown, to, name, err);
}

static int copy_dir(struct copy *copy, int from, const char *shown, int to, int depth,
		    struct hr_error *err)
{
	dir_auto DIR *dir = list(from);
	char path[PATH_MAX];

	if (!dir)
		return hr_fail_errno(err, errno, "%s", shown);
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (is_self(entry->d_name) || (copy->resolve && text_starts(entry->d_name, "..")))
			continue;
		if (copy->resolve && entry->d_name[0] == '.')
			return refuse(join(shown, entry->d_name, path),
				      "names that begin with a dot are not taken; rename or remove "
				      "it",
				      err);
		if (faccessat(to, entry->d_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (copy_entry(copy, from, join(shown, entry->d_name, path), entry->d_name, to,
			       depth, err) < 0)
			return -1;
	}
	return 0;
}

int tree_copy(int from, const char *shown, int to, bool resolve, struct hr_error *err)
{
	struct copy copy = {.resolve = resolve};

	return copy_dir(&copy, from, shown, to, 0, err);
}

int tree_copy_entry(int from, const char *shown, const char *name, int to, bool resolve,
		    struct hr_error *err)
{
	struct copy copy = {.resolve = resolve};
	char path[PATH_MAX];

	return copy_entry(&copy, from, join(shown, name, path), name, to, 0, err);
}

void tree_names(int fd, struct text *ret)
{
	dir_auto DIR *dir = list(fd);

	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		if (!is_self(entry->d_name))
			text_addf(ret, "%s\n", entry->d_name);
}

/* ---- comparison ------------------------------------------------------------------------ */

static bool same_text(int a, int b, const char *name)
{
	hr_autofree char *left = NULL, *right = NULL;
	size_t left_len, right_len;

	return file_read_at(a, name, name, TREE_BYTES, &left, &left_len, NULL, NULL) == 0 &&
	       file_read_at(b, name, name, TREE_BYTES, &right, &right_len, NULL, NULL) == 0 &&
	       left_len == right_len && memcmp(left, right, left_len) == 0;
}

static bool same_link(int a, int b, const char *name)
{
	char left[PATH_MAX], right[PATH_MAX];
	ssize_t len = readlinkat(a, name, left, sizeof(left));

	return len >= 0 && readlinkat(b, name, right, sizeof(right)) == len &&
	       memcmp(left, right, (size_t)len) == 0;
}

static bool same_dir(int a, int b, int depth);

static bool same_entry(int a, int b, const char *name, int depth)
{
	hr_autoclose int left = -1, right = -1;
	struct stat of_a, of_b;

	if (fstatat(a, name, &of_a, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(b, name, &of_b, AT_SYMLINK_NOFOLLOW) < 0 || of_a.st_mode != of_b.st_mode ||
	    of_a.st_uid != of_b.st_uid || of_a.st_gid != of_b.st_gid)
		return false;
	if (S_ISLNK(of_a.st_mode))
		return same_link(a, b, name);
	if (!S_ISDIR(of_a.st_mode))
		return S_ISREG(of_a.st_mode) && same_text(a, b, name);
	left = openat(a, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	right = openat(b, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return left >= 0 && right >= 0 && same_dir(left, right, depth + 1);
}

/* Entries of a that b has in the same way; SIZE_MAX where one differs. */
static size_t same_entries(int a, int b, int depth)
{
	dir_auto DIR *dir = list(a);
	size_t entries = 0;

	if (!dir || depth >= TREE_DEPTH)
		return SIZE_MAX;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (is_self(entry->d_name))
			continue;
		if (!same_entry(a, b, entry->d_name, depth))
			return SIZE_MAX;
		entries++;
	}
	return entries;
}

static size_t count(int fd)
{
	dir_auto DIR *dir = list(fd);
	size_t entries = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		entries += !is_self(entry->d_name);
	return entries;
}

static bool same_dir(int a, int b, int depth)
{
	return same_entries(a, b, depth) == count(b);
}

bool tree_same(int a, int b)
{
	return same_dir(a, b, 0);
}

/* ---- removal --------------------------------------------------------------------------- */

static int remove_entry(int dirfd, const char *name, int depth, struct hr_error *err)
{
	hr_autoclose int fd = -1;
	dir_auto DIR *dir = NULL;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 || depth > TREE_DEPTH ? NULL : list(fd);
	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		if (!is_self(entry->d_name) && remove_entry(fd, entry->d_name, depth + 1, err) < 0)
			return -1;
	if (!dir || unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		return hr_fail_errno(err, errno, "removal of %s", name);
	return 0;
}

int tree_remove(int dirfd, const char *name, struct hr_error *err)
{
	return remove_entry(dirfd, name, 0, err);
}
