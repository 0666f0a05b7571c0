/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay.h"

#include "base/cleanup.h"
#include "stage/overlay_clones.h"
#include "stage/overlay_layers.h"
#include "stage/overlay_mount.h"
#include "stage/overlay_point.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define IDS_EARLIER 65536 /* how many an earlier call has mapped */

struct rebuild {
	struct overlay_point point;
	const struct stage_overlay *with;
	int cwd;		/* where we were */
	struct mountinfo table; /* as it was before */
	struct mount_entry old; /* points into it */
	struct overlay_options options;
	struct overlay_layers layers;
	struct overlay_clones clones; /* with a user namespace */
	struct overlay_ids ids;	      /* that its files are to have */
	uint64_t view;
	bool compact; /* lower layers are written relative to the base */
	struct text data;
	unsigned long flags;
};

static void rebuild_done(struct rebuild *rebuild)
{
	overlay_point_done(&rebuild->point);
	if (rebuild->cwd >= 0)
		close(rebuild->cwd);
	mountinfo_done(&rebuild->table);
	overlay_options_done(&rebuild->options);
	overlay_layers_done(&rebuild->layers);
	overlay_clones_done(&rebuild->clones);
	text_free(&rebuild->data);
}
#define rebuild_auto __attribute__((cleanup(rebuild_done)))

static bool is_mapped(const struct rebuild *rebuild)
{
	return rebuild->with->userns >= 0;
}

/* --- Before: nothing is changed -------------------------------------------------------------- */

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
		overlay_options_write(&rebuild->options, rebuild->with->context,
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
	    overlay_mount_find(&rebuild->table, rebuild->point.path, &rebuild->old, err) < 0 ||
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

/* What it shows, and the layers with other ids. */
static int prepare_ids(struct rebuild *rebuild, struct hr_error *err)
{
	const struct overlay_point *point = &rebuild->point;
	struct overlay_ids before = {.size = UINT32_MAX};

	if (overlay_layers_shift(&rebuild->layers, &rebuild->options, point->parent, point->name,
				 &before.base, err) < 0)
		return -1;
	if (is_mapped(rebuild) &&
	    overlay_clones_make(&rebuild->options, &rebuild->layers, rebuild->with->userns,
				&rebuild->clones, err) < 0)
		return -1;
	if (is_mapped(rebuild))
		before.size = rebuild->clones.size;
	else if (before.base != 0)
		before.size = IDS_EARLIER;
	rebuild->ids = (struct overlay_ids){rebuild->clones.base, before.size};
	return overlay_layers_view(point->parent, point->name, &before, &rebuild->view, err);
}

static int prepare(struct rebuild *rebuild, struct hr_error *err)
{
	const char *context = rebuild->with->context;

	if (context && check_context(context, err) < 0)
		return -1;
	if (overlay_layers_open(&rebuild->options, rebuild->point.path, &rebuild->layers, err) <
		    0 ||
	    write_data(rebuild, err) < 0 || prepare_ids(rebuild, err) < 0)
		return -1;
	rebuild->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rebuild->cwd < 0)
		return hr_fail_errno(err, errno, "the working directory");
	return 0;
}

/* --- The new one comes ------------------------------------------------------------------------ */

static int mount_plain(const struct overlay_how *how, int point, struct hr_error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", point);
	if (mount(how->source, path, "overlay", how->flags, how->data) < 0)
		return hr_fail_errno(err, errno, "it cannot be mounted anew");
	return 0;
}

static int mount_mapped(const struct rebuild *rebuild, const struct overlay_how *how, int point,
			struct hr_error *err)
{
	hr_autoclose int tree = -1;

	if (overlay_clones_mount(&rebuild->clones, &rebuild->options, &rebuild->layers, how, &tree,
				 err) < 0)
		return -1;
	if (move_mount(tree, "", point, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return hr_fail_errno(err, errno, "it cannot be put in its place");
	return 0;
}

static int mount_anew(const struct rebuild *rebuild, struct hr_error *err)
{
	hr_autoclose int point = -1;
	const struct overlay_how how = {
		.source = rebuild->old.source,
		.data = rebuild->data.data,
		.flags = (rebuild->flags & ~(unsigned long)MS_RDONLY) | rebuild->options.flags |
			 read_only_flag(rebuild),
	};
	int result;

	if (overlay_point_bare(&rebuild->point, &point, err) < 0)
		return -1;
	result = is_mapped(rebuild) ? mount_mapped(rebuild, &how, point, err)
				    : mount_plain(&how, point, err);
	return result < 0 && rebuild->with->context ? hr_context(err, "with the context") : result;
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

/* --- Afterwards ------------------------------------------------------------------------------- */

static int compare_mounts(const struct rebuild *rebuild, const struct mount_entry *now,
			  const struct overlay_options *options, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE], more[TEXT_SHOWN_SIZE];
	const char *context = rebuild->with->context;

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
	if (!overlay_options_same(options, &rebuild->options, context) ||
	    (context && options->context_count == 0))
		return hr_fail(err, HR_SYSTEM, "its options came back as others: %s",
			       text_shown_z(now->super, shown));
	return 0;
}

static int verify(const struct rebuild *rebuild, struct hr_error *err)
{
	overlay_options_auto struct overlay_options options = {0};
	const struct overlay_point *point = &rebuild->point;
	struct mountinfo table;
	struct mount_entry now;
	uint64_t view;
	int result = -1;

	if (mountinfo_read(&table, err) == 0 &&
	    overlay_mount_find(&table, point->path, &now, err) == 0 &&
	    overlay_mount_check(&now, err) == 0 &&
	    overlay_options_parse(now.super, &options, err) == 0)
		result = compare_mounts(rebuild, &now, &options, err);
	mountinfo_done(&table);
	if (result < 0 ||
	    overlay_layers_view(point->parent, point->name, &rebuild->ids, &view, err) < 0)
		return -1;
	if (view != rebuild->view)
		return hr_fail(err, HR_SYSTEM, "it shows other files than before, or other owners");
	return 0;
}

/* With other ids it was asked of the clones, through which it was mounted. */
static int same_layers(const struct rebuild *rebuild, struct hr_error *err)
{
	return is_mapped(rebuild) ? 0
				  : overlay_layers_same(&rebuild->layers, &rebuild->options, err);
}

static int put_up(const struct rebuild *rebuild, struct hr_error *err)
{
	char path[PATH_MAX];

	if (mount_anew(rebuild, err) < 0)
		return -1;
	overlay_point_path(&rebuild->point, path);
	if (set_access(rebuild, path, err) == 0 && set_propagation(rebuild, path, err) == 0 &&
	    same_layers(rebuild, err) == 0 && verify(rebuild, err) == 0)
		return 0;
	overlay_point_drop(&rebuild->point);
	return -1;
}

/* From within the base, when there are names relative to it. */
static int replace(const struct rebuild *rebuild, struct hr_error *err)
{
	bool gone = false, moves = rebuild->layers.relative || rebuild->compact;
	int result;

	if (moves && fchdir(rebuild->layers.at) < 0)
		return hr_fail_errno(err, errno, "the directory of its layers");
	result = overlay_point_clear(&rebuild->point, rebuild->options.upper, &gone, err);
	if (result == 0)
		result = put_up(rebuild, err);
	if (moves && fchdir(rebuild->cwd) < 0 && result == 0) {
		overlay_point_drop(&rebuild->point);
		result = hr_fail_errno(err, errno, "back to the working directory");
	}
	if (result < 0 && gone)
		hr_context(err, "it is left unmounted");
	return result;
}

/* `how`: what is done when everything before went well. */
static int with_rebuild(const char *rootfs, const struct stage_overlay *with,
			int (*how)(const struct rebuild *rebuild, struct hr_error *err),
			struct hr_error *err)
{
	rebuild_auto struct rebuild rebuild = {
		.point.parent = -1, .cwd = -1, .layers.at = -1, .with = with};
	char shown[TEXT_SHOWN_SIZE];

	if (with->context && (!*with->context || strpbrk(with->context, "\"\\\n"))) {
		hr_fail(err, HR_DENIED, "a context with a byte that cannot stand in one");
	} else if (overlay_point_open(rootfs, &rebuild.point, err) == 0 &&
		   look(&rebuild, err) == 0) {
		if (with->context && with->userns < 0 &&
		    overlay_options_labelled(&rebuild.options, with->context))
			return 0;
		if (prepare(&rebuild, err) == 0 && how(&rebuild, err) == 0)
			return 0;
	}
	return hr_context(err, "the overlay at %s", overlay_shown(rootfs, shown));
}

static int leave(const struct rebuild *rebuild, struct hr_error *err)
{
	(void)rebuild;
	(void)err;
	return 0;
}

int stage_overlay(const char *rootfs, const struct stage_overlay *with, struct hr_error *err)
{
	return with_rebuild(rootfs, with, replace, err);
}

int stage_overlay_check(const char *rootfs, const struct stage_overlay *with, struct hr_error *err)
{
	return with_rebuild(rootfs, with, leave, err);
}
