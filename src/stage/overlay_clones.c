/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay_clones.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "host/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#define POINT "/.hardrun" /* of the new overlay, in a root that has the layers alone */

/* --- Making them ------------------------------------------------------------------------------ */

struct work {
	const struct overlay_options *options;
	const struct overlay_layers *layers;
	int userns;
	struct overlay_clones *clones;
};

/* By its name on the host: a clone needs the mount that it is on. */
static int open_named(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* Through a clone; links lead nowhere else, as they will not when it is attached. */
static int open_through(const struct overlay_clone *clone, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	const char *rest = path + strlen(clone->at);

	rest += strspn(rest, "/");
	return (int)syscall(SYS_openat2, clone->fd, *rest ? rest : ".", &how, sizeof(how));
}

/* The one through which the kernel will get to `path`: what was attached last lies on top. */
static const struct overlay_clone *covering(const struct overlay_clones *clones, const char *path)
{
	for (size_t i = clones->count; i > 0; i--)
		if (text_below(path, clones->list[i - 1].at))
			return &clones->list[i - 1];
	return NULL;
}

static bool is_place(int fd, const struct overlay_place *place)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == place->dev && st.st_ino == place->ino;
}

static bool shows(const struct overlay_clone *clone, const char *path,
		  const struct overlay_place *place)
{
	hr_autoclose int fd = clone ? open_through(clone, path) : -1;

	return is_place(fd, place);
}

static int add(const struct work *work, int fd, const char *at, struct hr_error *err)
{
	struct overlay_clone *clone = &work->clones->list[work->clones->count];
	const char *why = NULL;
	char shown[TEXT_SHOWN_SIZE];

	clone->at = strdup(at);
	if (!clone->at)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	clone->fd = userns_clone(fd, false, work->userns, &why);
	work->clones->count++;
	if (clone->fd < 0)
		return hr_fail(err, HR_DENIED, "its layers: %s %s", overlay_shown(at, shown), why);
	return 0;
}

/* A clone of `at`, in which `path` is: to be attached to a directory that must be there. */
static int add_for(const struct work *work, const char *at, const char *path,
		   const struct overlay_place *place, struct hr_error *err)
{
	const struct overlay_clone *below = covering(work->clones, at);
	hr_autoclose int fd = open_named(at);
	hr_autoclose int point = below ? open_through(below, at) : -1;
	char shown[TEXT_SHOWN_SIZE];

	if (fd < 0)
		return hr_fail_errno(err, errno, "its layer %s", overlay_shown(path, shown));
	if (below && point < 0)
		return hr_fail(err, HR_DENIED,
			       "its layer %s is reached by a link, or through a mount, that is not "
			       "known here",
			       overlay_shown(path, shown));
	if (add(work, fd, at, err) < 0)
		return -1;
	if (!shows(covering(work->clones, path), path, place))
		return hr_fail(err, HR_DENIED, "its layer %s is not the same in a clone",
			       overlay_shown(path, shown));
	return 0;
}

static int add_layer(const struct work *work, size_t i, struct hr_error *err)
{
	const struct overlay_place *place = &work->layers->places[i];
	char path[PATH_MAX], shown[TEXT_SHOWN_SIZE];

	overlay_layers_path(work->layers, work->options, i, path);
	if (text_goes_up(path))
		return hr_fail(err, HR_DENIED, "its layer %s is named by way of \"..\"",
			       overlay_shown(path, shown));
	if (shows(covering(work->clones, path), path, place))
		return 0;
	if (i >= work->options->lower_count) {
		char above[PATH_MAX];

		snprintf(above, sizeof(above), "%.*s", (int)(strrchr(path, '/') - path), path);
		return add_for(work, above, path, place, err);
	}
	return add_for(work, path, path, place, err);
}

/* Two mounts of one file system are not the same to the kernel. */
static int check_pair(const struct work *work, struct hr_error *err)
{
	size_t i = work->options->lower_count;
	char upper[PATH_MAX], other[PATH_MAX];

	overlay_layers_path(work->layers, work->options, i, upper);
	overlay_layers_path(work->layers, work->options, i + 1, other);
	if (covering(work->clones, upper) == covering(work->clones, other))
		return 0;
	return hr_fail(err, HR_DENIED,
		       "its upperdir and its workdir are not below one directory, or not on one "
		       "mount");
}

static int add_all(const struct work *work, struct hr_error *err)
{
	size_t lower = work->options->lower_count;

	if (work->layers->at >= 0 && add(work, work->layers->at, work->layers->base, err) < 0)
		return -1;
	for (size_t i = lower; i < work->layers->count; i++)
		if (add_layer(work, i, err) < 0)
			return -1;
	for (size_t i = 0; i < lower; i++)
		if (add_layer(work, i, err) < 0)
			return -1;
	return work->options->upper ? check_pair(work, err) : 0;
}

int overlay_clones_make(const struct overlay_options *options, const struct overlay_layers *layers,
			int userns, struct overlay_clones *ret, struct hr_error *err)
{
	const struct work work = {options, layers, userns, ret};

	*ret = (struct overlay_clones){
		.list = calloc(layers->count + 1, sizeof(*ret->list)),
	};
	if (!ret->list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (userns_range(userns, &ret->base, &ret->size, err) < 0)
		return hr_context(err, "the user namespace");
	return add_all(&work, err);
}

void overlay_clones_done(struct overlay_clones *clones)
{
	for (size_t i = 0; i < clones->count; i++) {
		free(clones->list[i].at);
		if (clones->list[i].fd >= 0)
			close(clones->list[i].fd);
	}
	free(clones->list);
	*clones = (struct overlay_clones){0};
}

/* --- Mounting over them: in a child ----------------------------------------------------------- */

struct job {
	const struct overlay_clones *clones;
	const struct overlay_options *options;
	const struct overlay_layers *layers;
	const struct overlay_how *how;
};

/* Our root becomes an empty file system, in a mount namespace that has a copy of every other mount;
 * as slaves: one that ends on the host is not kept by us. */
static int enter_root(struct hr_error *err)
{
	hr_autoclose int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	hr_autoclose int root = -1;

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return hr_fail_errno(err, errno, "a mount namespace for its layers");
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
	    (root = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)) < 0 ||
	    move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(root) < 0 ||
	    chroot(".") < 0)
		return hr_fail_errno(err, errno, "a root directory for its layers");
	return 0;
}

static int attach(const struct overlay_clone *clone, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	overlay_shown(clone->at, shown);
	if (file_make_dirs(clone->at, 0755, err) < 0)
		return hr_context(err, "its layers");
	if (move_mount(clone->fd, "", AT_FDCWD, clone->at,
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0)
		return hr_fail_errno(err, errno, "its layers: a clone of %s", shown);
	return 0;
}

/*
 * An overlay works with the credentials of who mounted it. Ours have no id in an idmapped upper
 * directory: the kernel could not make its work directory and would mount read-only, without an
 * error. The capabilities over files go with the id, and are taken again.
 */
static int take_ids(uint32_t base, struct hr_error *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return hr_fail_errno(err, errno, "capget");
	setfsgid(base);
	setfsuid(base);
	/* They have no other way to tell. */
	if ((uint32_t)setfsgid((gid_t)-1) != base || (uint32_t)setfsuid((uid_t)-1) != base)
		return hr_fail(err, HR_SYSTEM, "the ids %u are not to be had", base);
	if (syscall(SYS_capset, &header, data) < 0)
		return hr_fail_errno(err, errno, "capset");
	return 0;
}

static int mount_over(void *data, int *ret, struct hr_error *err)
{
	const struct job *job = data;

	if (enter_root(err) < 0)
		return -1;
	for (size_t i = 0; i < job->clones->count; i++)
		if (attach(&job->clones->list[i], err) < 0)
			return -1;
	if (mkdir(POINT, 0755) < 0 || (job->layers->base[0] && chdir(job->layers->base) < 0))
		return hr_fail_errno(err, errno, "a place for it");
	if (overlay_layers_same(job->layers, job->options, err) < 0 ||
	    take_ids(job->clones->base, err) < 0)
		return -1;
	if (mount(job->how->source, POINT, "overlay", job->how->flags, job->how->data) < 0)
		return hr_fail_errno(err, errno, "it cannot be mounted over layers with other ids");
	*ret = open_tree(AT_FDCWD, POINT, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return *ret < 0 ? hr_fail_errno(err, errno, "a clone of it") : 0;
}

int overlay_clones_mount(const struct overlay_clones *clones, const struct overlay_options *options,
			 const struct overlay_layers *layers, const struct overlay_how *how,
			 int *ret_tree, struct hr_error *err)
{
	struct job job = {clones, options, layers, how};

	return child_work(CLONE_NEWNS, mount_over, &job, ret_tree, err);
}
