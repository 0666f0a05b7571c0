/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/root.h"

#include "base/cleanup.h"
#include "host/userns.h"
#include "stage/overlay_layers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

static int open_root(const char *rootfs, int *ret_fd, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	int fd = open(rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return hr_fail_errno(err, errno, "the root directory %s",
				     overlay_shown(rootfs, shown));
	*ret_fd = fd;
	return 0;
}

/* True for an overlay that is mounted there: one that is around the directory is none of ours. */
static bool is_overlay(int fd)
{
	struct statx stx;
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC &&
	       statx(fd, "", AT_EMPTY_PATH, 0, &stx) == 0 &&
	       (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int clone_plain(int fd, const char *rootfs, int userns, int *ret_tree, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	const char *why = NULL;
	int tree = userns_clone(fd, true, userns, &why);

	if (tree < 0)
		return hr_fail(err, HR_DENIED, "the root directory %s %s",
			       overlay_shown(rootfs, shown), why);
	*ret_tree = tree;
	return 0;
}

/* The engine's own stays in its place; a runtime mounts a clone of it elsewhere. */
static int clone_overlay(const char *rootfs, int *ret_tree, struct hr_error *err)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};
	char shown[TEXT_SHOWN_SIZE];
	hr_autoclose int tree =
		open_tree(AT_FDCWD, rootfs,
			  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (unsigned)AT_SYMLINK_NOFOLLOW);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return hr_fail_errno(err, errno,
				     "a clone of the overlay at %s, which must not be unbindable",
				     overlay_shown(rootfs, shown));
	*ret_tree = hr_steal_fd(&tree);
	return 0;
}

/* Before the overlay is made anew: an unbindable one has no clone. */
static int check_clone(const char *rootfs, struct hr_error *err)
{
	hr_autoclose int tree = -1;

	return clone_overlay(rootfs, &tree, err);
}

int stage_root_check(const char *rootfs, int userns, struct hr_error *err)
{
	const struct stage_overlay with = {.userns = userns};
	hr_autoclose int fd = -1;
	hr_autoclose int tree = -1;

	if (open_root(rootfs, &fd, err) < 0)
		return -1;
	if (!is_overlay(fd))
		return clone_plain(fd, rootfs, userns, &tree, err);
	return check_clone(rootfs, err) < 0 ? -1 : stage_overlay_check(rootfs, &with, err);
}

int stage_root(const char *rootfs, const struct stage_overlay *with, int *ret_tree,
	       struct hr_error *err)
{
	hr_autoclose int fd = -1;
	char shown[TEXT_SHOWN_SIZE];

	if (open_root(rootfs, &fd, err) < 0)
		return -1;
	if (is_overlay(fd)) {
		/* An open directory of it would keep it from being unmounted. */
		close(hr_steal_fd(&fd));
		if (check_clone(rootfs, err) < 0 || stage_overlay(rootfs, with, err) < 0)
			return -1;
		return clone_overlay(rootfs, ret_tree, err);
	}
	if (with->context)
		return hr_fail(err, HR_DENIED,
			       "the root directory %s is no overlay, which alone takes a context",
			       overlay_shown(rootfs, shown));
	return clone_plain(fd, rootfs, with->userns, ret_tree, err);
}
