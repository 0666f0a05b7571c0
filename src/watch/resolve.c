/* SPDX-License-Identifier: Apache-2.0 */
/* What a path means for another process. */
#include "watch/proc.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* The text of a link in /proc/PID: of a file in another mount namespace it is the path there. */
static bool link_text(pid_t pid, const char *name, char *ret, size_t room)
{
	char path[PROC_PATH];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	len = readlink(path, ret, room - 1);
	if (len <= 0 || (size_t)len >= room - 1 || ret[0] != '/')
		return false;
	ret[len] = '\0';
	return !text_ends(ret, " (deleted)");
}

/* A path of its mount namespace as seen from its root, which a chroot may have moved. */
static bool below_root(pid_t pid, char *path)
{
	char root[PATH_MAX];

	if (!link_text(pid, "root", root, sizeof(root)))
		return false;
	if (!strcmp(root, "/"))
		return true;
	if (!text_below(path, root))
		return false;
	memmove(path, path + strlen(root), strlen(path + strlen(root)) + 1);
	if (!path[0])
		memcpy(path, "/", 2);
	return true;
}

/* Where a relative path begins. */
static bool start_of(pid_t pid, int dirfd, char *ret, size_t room)
{
	char name[PROC_PATH] = "cwd";

	if (dirfd != AT_FDCWD)
		snprintf(name, sizeof(name), "fd/%d", dirfd);
	return link_text(pid, name, ret, room) && below_root(pid, ret);
}

int proc_open(pid_t pid, int dirfd, const char *path, bool follow)
{
	/* RESOLVE_IN_ROOT follows no magic links, so nothing leads out; O_PATH opens no FIFO and
	 * no device. */
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | (follow ? 0U : (unsigned)O_NOFOLLOW),
		.resolve = RESOLVE_IN_ROOT,
	};
	char root_path[PROC_PATH], start[PATH_MAX] = "", whole[PATH_MAX * 2];
	hr_autoclose int root = -1;

	snprintf(root_path, sizeof(root_path), "/proc/%d/root", pid);
	root = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -1;
	if (path[0] != '/' && !start_of(pid, dirfd, start, sizeof(start))) {
		errno = EXDEV;
		return -1;
	}
	snprintf(whole, sizeof(whole), "%s/%s", start, path);
	return (int)syscall(SYS_openat2, root, whole, &how, sizeof(how));
}

bool proc_shown(pid_t pid, int fd, char *ret, size_t room)
{
	char name[PROC_PATH];

	snprintf(name, sizeof(name), "fd/%d", fd);
	return link_text(getpid(), name, ret, room) && below_root(pid, ret);
}
