/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "stage/overlay_layers.h"
#include "stage/overlay_mount.h"

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

struct rebuild {
	char point[PATH_MAX];
	char shown[TEXT_SHOWN_SIZE];
	const char *name;	/* the last component of the point */
	int parent;		/* the directory that has it */
	int cwd;		/* where we were */
	const char *context;	/* that is wanted, or NULL */
	struct mountinfo table; /* as it was before */
	struct mount_entry old; /* points into it */
	struct overlay_options options;
	struct overlay_layers layers;
	uint64_t view;
	bool compact; /* lower layers are written relative to the base */
	struct text data;
	unsigned long flags;
};

static void rebuild_done(struct rebuild *rebuild)
{
	if (rebuild->parent >= 0)
		close(rebuild->parent);
	if (rebuild->cwd >= 0)
		close(rebuild->cwd);
	mountinfo_done(&rebuild->table);
	overlay_options_done(&rebuild->options);
	overlay_layers_done(&rebuild->layers);
	text_free(&rebuild->data);
}
#define rebuild_auto __attribute__((cleanup(rebuild_done)))

/* --- Before: nothing is changed -------------------------------------------------------------- */

static int set_point(struct rebuild *rebuild, const char *rootfs, struct hr_error *err)
{
	char above[PATH_MAX];
	char *slash;

	if (rootfs[0] != '/' || strlen(rootfs) >= sizeof(rebuild->point) || text_goes_up(rootfs))
		return hr_fail(err, HR_DENIED, "it is not a plain absolute path");
	text_plain_path(rootfs, rebuild->point, sizeof(rebuild->point));
	memcpy(above, rebuild->point, sizeof(above));
	slash = strrchr(above, '/');
	slash[slash == above] = '\0';
	rebuild->name = strrchr(rebuild->point, '/') + 1;
	if (!*rebuild->name)
		return hr_fail(err, HR_DENIED, "it is the root of the host");
	return file_open_trusted(above, true, &rebuild->parent, err);
}

/* What has been mounted with `ro` and is no overlay that is read-only by itself. */
static unsigned long read_only_flag(const struct rebuild *rebuild)
{
	return rebuild->options.read_only &&
			       (rebuild->options.upper || (rebuild->flags & MS_RDONLY))
		       ? MS_RDONLY
		       : 0;
}

/* The kernel takes one page, and cuts what is longer without a word. */
static int write_data(struct rebuild *rebuild, struct hr_error *err)
{
	size_t room = (size_t)sysconf(_SC_PAGESIZE);

	for (;;) {
		text_free(&rebuild->data);
		rebuild->data = (struct text){0};
		overlay_options_write(&rebuild->options, rebuild->context,
				      rebuild->compact ? rebuild->layers.base : NULL,
				      &rebuild->data);
		if (rebuild->data.failed)
			return hr_fail(err, HR_SYSTEM, "out of memory");
		if (rebuild->data.len < room)
			return 0;
		if (rebuild->compact || !rebuild->layers.base[0])
			return hr_fail(err, HR_DENIED,
				       "its options are %zu bytes, which mount(2) does not take",
				       rebuild->data.len);
		rebuild->compact = true;
	}
}

static int look(struct rebuild *rebuild, struct hr_error *err)
{
	if (mountinfo_read(&rebuild->table, err) < 0 ||
	    overlay_mount_find(&rebuild->table, rebuild->point, &rebuild->old, err) < 0 ||
	    overlay_mount_check(&rebuild->old, err) < 0 ||
	    overlay_mount_flags(rebuild->old.options, &rebuild->flags, err) < 0)
		return -1;
	return overlay_options_parse(rebuild->old.super, &rebuild->options, err);
}

/* Would the kernel know the context? Asked of an overlay that is never made. */
static int check_context(const char *context, struct hr_error *err)
{
	hr_autoclose int fd = fsopen("overlay", FSOPEN_CLOEXEC);
	char shown[TEXT_SHOWN_SIZE];

	if (fd < 0 || fsconfig(fd, FSCONFIG_SET_STRING, "context", context, 0) < 0)
		return hr_fail_errno(err, errno, "the kernel takes no context %s",
				     text_shown_z(context, shown));
	return 0;
}

static int prepare(struct rebuild *rebuild, struct hr_error *err)
{
	if (rebuild->context && check_context(rebuild->context, err) < 0)
		return -1;
	if (overlay_layers_open(&rebuild->options, rebuild->point, &rebuild->layers, err) < 0 ||
	    write_data(rebuild, err) < 0 ||
	    overlay_layers_view(rebuild->parent, rebuild->name, &rebuild->view, err) < 0)
		return -1;
	rebuild->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rebuild->cwd < 0)
		return hr_fail_errno(err, errno, "the working directory");
	return 0;
}

/* --- The old one goes --------------------------------------------------------------------------
 */

/* By the directory that was checked, whatever is in its way now. */
static void own_path(const struct rebuild *rebuild, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "/proc/self/fd/%d/%s", rebuild->parent, rebuild->name);
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

/* ret_gone: it is unmounted, whatever follows. */
static int take_down(const struct rebuild *rebuild, bool *ret_gone, struct hr_error *err)
{
	hr_autoclose int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[PATH_MAX];

	own_path(rebuild, path);
	if (watch >= 0 &&
	    (!rebuild->options.upper ||
	     inotify_add_watch(watch, path, IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW) < 0)) {
		close(watch);
		watch = -1;
	}
	if (unmount(path) < 0)
		return hr_fail_errno(err, errno, "it cannot be unmounted");
	*ret_gone = true;
	return watch < 0 ? 0 : await_end(watch, err);
}

/* --- The new one comes -------------------------------------------------------------------------
 */

/* The directory that the mount was on, and that no mount is on now. */
static int open_point(const struct rebuild *rebuild, int *ret, struct hr_error *err)
{
	struct statx own, above;
	int fd = openat(rebuild->parent, rebuild->name,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return hr_fail_errno(err, errno, "its mount point");
	*ret = fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &own) < 0 ||
	    statx(rebuild->parent, "", AT_EMPTY_PATH, STATX_MNT_ID, &above) < 0)
		return hr_fail_errno(err, errno, "its mount point");
	if (own.stx_mnt_id != above.stx_mnt_id)
		return hr_fail(err, HR_SYSTEM, "something else was mounted on it meanwhile");
	return 0;
}

static int mount_anew(const struct rebuild *rebuild, struct hr_error *err)
{
	hr_autoclose int point = -1;
	unsigned long flags = (rebuild->flags & ~(unsigned long)MS_RDONLY) |
			      rebuild->options.flags | read_only_flag(rebuild);
	char path[64];

	if (open_point(rebuild, &point, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", point);
	if (mount(rebuild->old.source, path, "overlay", flags, rebuild->data.data) < 0)
		return hr_fail_errno(err, errno, "it cannot be mounted anew%s",
				     rebuild->context ? " with the context" : "");
	return 0;
}

/* What mount(2) cannot say: read-only for one of mount and superblock alone. */
static int set_access(const struct rebuild *rebuild, const char *path, struct hr_error *err)
{
	struct mount_attr attr = {0};

	if ((rebuild->flags & MS_RDONLY) == read_only_flag(rebuild))
		return 0;
	if (rebuild->flags & MS_RDONLY)
		attr.attr_set = MOUNT_ATTR_RDONLY;
	else
		attr.attr_clr = MOUNT_ATTR_RDONLY;
	if (mount_setattr(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &attr, sizeof(attr)) < 0)
		return hr_fail_errno(err, errno, "its mount option ro");
	return 0;
}

/* A new mount is shared or private as the one that it is in. */
static int set_propagation(const struct rebuild *rebuild, const char *path, struct hr_error *err)
{
	unsigned long type = overlay_mount_tagged(&rebuild->old, "shared:")	 ? MS_SHARED
			     : overlay_mount_tagged(&rebuild->old, "unbindable") ? MS_UNBINDABLE
										 : MS_PRIVATE;

	if (mount(NULL, path, NULL, type, NULL) < 0)
		return hr_fail_errno(err, errno, "its propagation");
	return 0;
}

/* --- Afterwards --------------------------------------------------------------------------------
 */

static int compare_mounts(const struct rebuild *rebuild, const struct mount_entry *now,
			  const struct overlay_options *options, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE], more[TEXT_SHOWN_SIZE];

	if (options->read_only && !rebuild->options.read_only)
		return hr_fail(err, HR_SYSTEM,
			       "it came back read-only; the kernel's log tells why");
	if (strcmp(now->options, rebuild->old.options) != 0)
		return hr_fail(err, HR_SYSTEM, "its mount options were %s and are %s",
			       text_shown_z(rebuild->old.options, shown),
			       text_shown_z(now->options, more));
	if (overlay_mount_tagged(now, "shared:") !=
		    overlay_mount_tagged(&rebuild->old, "shared:") ||
	    overlay_mount_tagged(now, "unbindable") !=
		    overlay_mount_tagged(&rebuild->old, "unbindable") ||
	    overlay_mount_tagged(now, "master:"))
		return hr_fail(err, HR_SYSTEM, "its propagation was \"%s\" and is \"%s\"",
			       text_shown_z(rebuild->old.tags, shown),
			       text_shown_z(now->tags, more));
	if (!overlay_options_same(options, &rebuild->options, rebuild->context) ||
	    (rebuild->context && options->context_count == 0))
		return hr_fail(err, HR_SYSTEM, "its options came back as others: %s",
			       text_shown_z(now->super, shown));
	return 0;
}

static int verify(const struct rebuild *rebuild, struct hr_error *err)
{
	overlay_options_auto struct overlay_options options = {0};
	struct mountinfo table;
	struct mount_entry now;
	uint64_t view;
	int result = -1;

	if (mountinfo_read(&table, err) == 0 &&
	    overlay_mount_find(&table, rebuild->point, &now, err) == 0 &&
	    overlay_mount_check(&now, err) == 0 &&
	    overlay_options_parse(now.super, &options, err) == 0)
		result = compare_mounts(rebuild, &now, &options, err);
	mountinfo_done(&table);
	if (result < 0 || overlay_layers_view(rebuild->parent, rebuild->name, &view, err) < 0)
		return -1;
	if (view != rebuild->view)
		return hr_fail(err, HR_SYSTEM, "it shows other files than before");
	return 0;
}

/* A wrong one is not left to anybody, even if somebody has it open by now. */
static int take_back(const char *path)
{
	if (unmount(path) < 0)
		umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
	return -1;
}

static int put_up(const struct rebuild *rebuild, struct hr_error *err)
{
	char path[PATH_MAX];

	if (mount_anew(rebuild, err) < 0)
		return -1;
	own_path(rebuild, path);
	if (set_access(rebuild, path, err) < 0 || set_propagation(rebuild, path, err) < 0 ||
	    overlay_layers_same(&rebuild->layers, &rebuild->options, err) < 0 ||
	    verify(rebuild, err) < 0)
		return take_back(path);
	return 0;
}

/* From within the base, when there are names relative to it. */
static int replace(const struct rebuild *rebuild, struct hr_error *err)
{
	bool gone = false, moves = rebuild->layers.relative || rebuild->compact;
	int result;

	if (moves && fchdir(rebuild->layers.at) < 0)
		return hr_fail_errno(err, errno, "the directory of its layers");
	result = take_down(rebuild, &gone, err);
	if (result == 0)
		result = put_up(rebuild, err);
	if (moves && fchdir(rebuild->cwd) < 0 && result == 0) {
		char path[PATH_MAX];

		own_path(rebuild, path);
		hr_fail_errno(err, errno, "back to the working directory");
		result = take_back(path);
	}
	if (result < 0 && gone)
		hr_context(err, "it is left unmounted");
	return result;
}

int stage_overlay(const char *rootfs, const struct stage_overlay *with, struct hr_error *err)
{
	rebuild_auto struct rebuild rebuild = {
		.parent = -1, .cwd = -1, .layers.at = -1, .context = with->context};

	overlay_shown(rootfs, rebuild.shown);
	if (with->context && (!*with->context || strpbrk(with->context, "\"\\\n"))) {
		hr_fail(err, HR_DENIED, "a context with a byte that cannot stand in one");
	} else if (set_point(&rebuild, rootfs, err) == 0 && look(&rebuild, err) == 0) {
		if (with->context && overlay_options_labelled(&rebuild.options, with->context))
			return 0;
		if (prepare(&rebuild, err) == 0 && replace(&rebuild, err) == 0)
			return 0;
	}
	return hr_context(err, "the overlay at %s", rebuild.shown);
}
