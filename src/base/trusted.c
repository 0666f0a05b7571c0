/* SPDX-License-Identifier: Apache-2.0 */
/* The walk along a path on which every step must be root's. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINKS 40 /* as the kernel's own limit, path_resolution(7) */

struct walk {
	const char *path;    /* as it was given, for messages */
	char left[PATH_MAX]; /* what is still to be walked */
	int at;		     /* O_PATH descriptor of where we are */
	bool sticky;	     /* the directory `at` is world-writable and sticky */
	unsigned links;
	struct hr_error *err;
};

static int untrusted(struct walk *walk, const char *part, const char *what)
{
	char shown[TEXT_SHOWN_SIZE], whole[TEXT_SHOWN_SIZE];

	return hr_fail(walk->err, HR_UNTRUSTED,
		       "%s: component \"%s\" %s; make it root's and writable by root alone",
		       text_shown_z(walk->path, whole), text_shown_z(part, shown), what);
}

static int check_step(struct walk *walk, const char *part, const struct stat *st)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0;

	if (!file_is_roots(st) && !sticky)
		return untrusted(walk, part, "can be changed by others than root");
	walk->sticky = sticky && !file_is_roots(st);
	return 0;
}

static int restart_at_root(struct walk *walk)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return hr_fail_errno(walk->err, errno, "open /");
	if (walk->at >= 0)
		close(walk->at);
	walk->at = root;
	return 0;
}

/* Put a link's target before what is left. */
static int follow(struct walk *walk, const char *part, int link)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);
	int used;

	if (len < 0)
		return hr_fail_errno(walk->err, errno, "read link");
	target[len] = '\0';
	if (++walk->links > MAX_LINKS)
		return untrusted(walk, part, "leads through too many symbolic links");
	used = snprintf(joined, sizeof(joined), "%s/%s", target, walk->left);
	if (used < 0 || (size_t)used >= sizeof(joined))
		return untrusted(walk, part, "leads to a path that is too long");
	memcpy(walk->left, joined, (size_t)used + 1);
	return target[0] == '/' ? restart_at_root(walk) : 0;
}

/* Take the first component off walk->left; false at the end. */
static bool take(struct walk *walk, char part[NAME_MAX + 1], bool *ret_too_long)
{
	size_t skip = strspn(walk->left, "/"), len = strcspn(walk->left + skip, "/");

	*ret_too_long = len > NAME_MAX;
	if (len == 0 || *ret_too_long)
		return false;
	memcpy(part, walk->left + skip, len);
	part[len] = '\0';
	memmove(walk->left, walk->left + skip + len, strlen(walk->left + skip + len) + 1);
	return true;
}

static int step(struct walk *walk, const char *part)
{
	hr_autoclose int next = openat(walk->at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char shown[TEXT_SHOWN_SIZE];
	int saved = errno;

	if (next < 0) {
		hr_fail_errno(walk->err, saved, "%s", text_shown_z(walk->path, shown));
		errno = saved;
		return -1;
	}
	if (fstat(next, &st) < 0)
		return hr_fail_errno(walk->err, errno, "fstat");
	if (walk->sticky && st.st_uid != 0)
		return untrusted(walk, part,
				 "in a directory that everybody can write is not root's");
	if (check_step(walk, part, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return follow(walk, part, next);
	close(walk->at);
	walk->at = hr_steal_fd(&next);
	return 0;
}

/* `..` is walked like any name: the kernel gives the parent of where we are, which was
 * checked on the way down. */
static int walk_all(struct walk *walk)
{
	char part[NAME_MAX + 1];
	bool too_long;

	if (restart_at_root(walk) < 0)
		return -1;
	while (take(walk, part, &too_long))
		if (step(walk, part) < 0)
			return -1;
	return too_long ? untrusted(walk, "", "is too long") : 0;
}

int file_open_trusted(const char *path, bool directory, int *ret_fd, struct hr_error *err)
{
	struct walk walk = {.path = path, .at = -1, .err = err};
	struct stat st;
	char shown[TEXT_SHOWN_SIZE];
	int flags = O_CLOEXEC | (directory ? O_RDONLY | O_DIRECTORY : O_PATH);
	int ret = -1;

	if (path[0] != '/' || strlen(path) >= sizeof(walk.left))
		return hr_fail(err, HR_USAGE, "%s: is not an absolute path of sound length",
			       text_shown_z(path, shown));
	memcpy(walk.left, path, strlen(path) + 1);
	if (walk_all(&walk) == 0) {
		if (fstat(walk.at, &st) < 0)
			hr_fail_errno(err, errno, "fstat");
		else if (walk.sticky)
			untrusted(&walk, path, "can be written by everybody");
		else if (!directory)
			ret = hr_steal_fd(&walk.at);
		else
			ret = openat(walk.at, ".", flags);
		if (ret < 0)
			hr_fail_errno(err, errno, "%s", text_shown_z(path, shown));
	}
	if (walk.at >= 0) {
		int saved = errno;

		close(walk.at);
		errno = saved;
	}
	if (ret < 0)
		return -1;
	*ret_fd = ret;
	return 0;
}
