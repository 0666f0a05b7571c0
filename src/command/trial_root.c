/* SPDX-License-Identifier: Apache-2.0 */
#include "command/trial_root.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Which nobody means as an image. The control rootfs, which has the whole list, sees the overlay
 * and not what is under it. */
static const char *const never[] = {
	"/",	  "/bin",    "/boot", "/dev", "/etc",  "/home", "/lib", "/lib32",
	"/lib64", "/libx32", "/mnt",  "/opt", "/proc", "/root", "/run", "/sbin",
	"/srv",	  "/sys",    "/tmp",  "/usr", "/var",  NULL,
};

static int check(const char *option, const char *path, int fd, struct hr_error *err)
{
	char link[32], shown[TEXT_SHOWN_SIZE], real[PATH_MAX];
	struct stat root, given;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, real, sizeof(real) - 1);
	if (len < 0 || stat("/", &root) < 0 || fstat(fd, &given) < 0)
		return hr_fail_errno(err, errno, "%s", link);
	real[len] = '\0';
	if (text_in(real, never) || text_below(real, "/proc") || text_below(real, "/sys") ||
	    text_below(real, "/dev") ||
	    (root.st_dev == given.st_dev && root.st_ino == given.st_ino))
		return hr_fail(
			err, HR_USAGE,
			"%s %s: is a directory of the host's own system; name one that holds "
			"an image and nothing of the host",
			option, text_shown_z(path, shown));
	return 0;
}

static int bind(int fd, const char *to, struct hr_error *err)
{
	char from[32];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (mkdir(to, 0700) < 0 || mount(from, to, NULL, MS_BIND, NULL) < 0)
		return hr_fail_errno(err, errno, "%s", to);
	return 0;
}

/* The root of an overlay has owner and mode of its upper directory. */
static int make_like(const char *path, const struct stat *like, struct hr_error *err)
{
	if (mkdir(path, 0700) < 0 || chown(path, like->st_uid, like->st_gid) < 0 ||
	    chmod(path, like->st_mode & 07777) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return 0;
}

/* The layers get names of our own, so that nothing in the caller's name means something to
 * overlayfs. */
static int overlay(const struct trial_place *place, int fd, const struct stat *st,
		   struct hr_error *err)
{
	char lower[PATH_MAX + 16], upper[PATH_MAX + 16], work[PATH_MAX + 16], root[PATH_MAX + 16];
	char options[4 * PATH_MAX];

	snprintf(lower, sizeof(lower), "%s/lower", place->dir);
	snprintf(upper, sizeof(upper), "%s/upper", place->dir);
	snprintf(work, sizeof(work), "%s/work", place->dir);
	snprintf(root, sizeof(root), "%s/rootfs", place->bundle);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper,
		 work);
	if (bind(fd, lower, err) < 0 || make_like(upper, st, err) < 0)
		return -1;
	if (mkdir(work, 0700) < 0 || mkdir(root, 0700) < 0 ||
	    mount("overlay", root, "overlay", 0, options) < 0)
		return hr_fail_errno(err, errno, "an overlay over the root file system");
	return 0;
}

int trial_root_overlay(const struct trial_place *place, const char *option, const char *path,
		       struct hr_error *err)
{
	hr_autoclose int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char shown[TEXT_SHOWN_SIZE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail(err, HR_USAGE, "%s %s: cannot be opened as a directory (%s)", option,
			       text_shown_z(path, shown),
			       errno == ENOENT ? "there is none" : strerrorname_np(errno));
	if (check(option, path, fd, err) < 0)
		return -1;
	return overlay(place, fd, &st, err);
}
