/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay_point.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#define BUSY_TRIES   6	  /* 2, 4, 8, 16, 32 ms apart */
#define GONE_TIMEOUT 2000 /* ms */

int overlay_point_open(const char *rootfs, struct overlay_point *ret, struct hr_error *err)
{
	char above[PATH_MAX];
	char *slash;

	ret->parent = -1;
	if (rootfs[0] != '/' || strlen(rootfs) >= sizeof(ret->path) || text_goes_up(rootfs))
		return hr_fail(err, HR_DENIED, "it is not a plain absolute path");
	text_plain_path(rootfs, ret->path, sizeof(ret->path));
	memcpy(above, ret->path, sizeof(above));
	slash = strrchr(above, '/');
	slash[slash == above] = '\0';
	ret->name = strrchr(ret->path, '/') + 1;
	if (!*ret->name)
		return hr_fail(err, HR_DENIED, "it is the root of the host");
	return file_open_trusted(above, true, &ret->parent, err);
}

void overlay_point_done(struct overlay_point *point)
{
	if (point->parent >= 0)
		close(point->parent);
	point->parent = -1;
}

void overlay_point_path(const struct overlay_point *point, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "/proc/self/fd/%d/%s", point->parent, point->name);
}

/* Somebody who reads sizes of file systems may have it open for an instant. */
static int unmount(const char *path)
{
	struct timespec pause = {.tv_nsec = 2000000};

	for (int tries = 1;; tries++) {
		if (umount2(path, UMOUNT_NOFOLLOW) == 0)
			return 0;
		if (errno != EBUSY || tries == BUSY_TRIES)
			return -1;
		nanosleep(&pause, NULL);
		pause.tv_nsec *= 2;
	}
}

/*
 * A mount namespace that was copied meanwhile keeps the superblock, and with it the upper
 * directory: two overlays would write it. The kernel tells the end of a superblock to those who
 * watch a file of it. Where no watch is to be had (a limit, a rule of SELinux) it is the kernel
 * alone that sees two: it refuses the second with index=on, and warns without.
 */
static int await_end(int watch, struct hr_error *err)
{
	struct pollfd ready = {.fd = watch, .events = POLLIN};
	struct inotify_event events[16]; /* of the directory itself: none has a name */

	while (poll(&ready, 1, GONE_TIMEOUT) > 0) {
		ssize_t got = read(watch, events, sizeof(events));

		for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(events[0]); i++)
			if (events[i].mask & IN_UNMOUNT)
				return 0;
	}
	return hr_fail(err, HR_SYSTEM,
		       "another mount namespace still has the overlay, whose upperdir would be "
		       "written by two; try again");
}

int overlay_point_clear(const struct overlay_point *point, bool await, bool *ret_gone,
			struct hr_error *err)
{
	hr_autoclose int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[PATH_MAX];

	overlay_point_path(point, path);
	if (watch >= 0 &&
	    (!await ||
	     inotify_add_watch(watch, path, IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW) < 0)) {
		close(watch);
		watch = -1;
	}
	if (unmount(path) < 0)
		return hr_fail_errno(err, errno, "it cannot be unmounted");
	*ret_gone = true;
	return watch < 0 ? 0 : await_end(watch, err);
}

int overlay_point_bare(const struct overlay_point *point, int *ret, struct hr_error *err)
{
	struct statx own, above;
	int fd = openat(point->parent, point->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return hr_fail_errno(err, errno, "its mount point");
	*ret = fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &own) < 0 ||
	    statx(point->parent, "", AT_EMPTY_PATH, STATX_MNT_ID, &above) < 0)
		return hr_fail_errno(err, errno, "its mount point");
	if (own.stx_mnt_id != above.stx_mnt_id)
		return hr_fail(err, HR_SYSTEM, "something else was mounted on it meanwhile");
	return 0;
}

void overlay_point_drop(const struct overlay_point *point)
{
	char path[PATH_MAX];

	overlay_point_path(point, path);
	if (unmount(path) < 0)
		umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
}
