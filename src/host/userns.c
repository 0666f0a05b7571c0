/* SPDX-License-Identifier: Apache-2.0 */
#include "host/userns.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAP_SIZE 65536 /* bytes of uid_map: the kernel has at most 340 lines in it */

/* --- Making one --------------------------------------------------------------------------------
 */

static int write_map(pid_t pid, const char *name, uint32_t base, uint32_t size,
		     struct hr_error *err)
{
	char path[64], line[64];
	hr_autoclose int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return file_write_fd(fd, path, line,
			     (size_t)snprintf(line, sizeof(line), "0 %u %u\n", base, size), err);
}

static int open_ns(pid_t pid, int *ret_fd, struct hr_error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	*ret_fd = fd;
	return 0;
}

int userns_make(uint32_t base, uint32_t size, int *ret_fd, struct hr_error *err)
{
	pid_t pid;
	int result = -1;

	if (child_hold(CLONE_NEWUSER, NULL, NULL, &pid, err) < 0)
		return hr_context(err, "a user namespace");
	if (write_map(pid, "uid_map", base, size, err) == 0 &&
	    write_map(pid, "gid_map", base, size, err) == 0)
		result = open_ns(pid, ret_fd, err);
	child_end(pid);
	return result;
}

/* --- What it maps -------------------------------------------------------------------------------
 */

/*
 * Open O_PATH first: opening a device or a FIFO that somebody named here would have
 * effects. Only what lives on nsfs is opened for reading.
 */
static int open_nsfs(const char *path)
{
	hr_autoclose int handle = open(path, O_PATH | O_CLOEXEC);
	struct statfs fs;
	char again[64];

	if (handle < 0 || fstatfs(handle, &fs) < 0)
		return -1;
	errno = EINVAL;
	if (fs.f_type != NSFS_MAGIC)
		return -1;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", handle);
	return open(again, O_RDONLY | O_CLOEXEC);
}

int userns_open(const char *path, int kind)
{
	hr_autoclose int fd = open_nsfs(path);

	if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) == kind)
		return hr_steal_fd(&fd);
	errno = EINVAL;
	return -1;
}

static int enter(void *data)
{
	const int *fd = data;

	return setns(*fd, CLONE_NEWUSER) < 0 ? errno : 0;
}

static int read_map(pid_t pid, const char *name, char **ret, struct hr_error *err)
{
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_read_at(AT_FDCWD, path, path, MAP_SIZE, ret, &len, NULL, err);
}

/* False when it is not what the kernel writes. */
static bool parse_map(const char *text, struct host_ids *ret, size_t room, size_t *ret_count)
{
	size_t count = 0;

	while (*text) {
		uint32_t values[3];

		for (size_t i = 0; i < hr_count(values); i++) {
			char *end;

			values[i] = (uint32_t)strtoul(text, &end, 10);
			if (end == text)
				return false;
			text = end;
		}
		text += strspn(text, " \n");
		if (count++ < room)
			ret[count - 1] = (struct host_ids){values[0], values[1], values[2]};
	}
	*ret_count = count;
	return true;
}

/* Which ids it shows depends on who opens the file: so somebody else must be in it. Our own is
 * asked of ourselves, as nobody joins the namespace that he is in. */
static int hold_in(int fd, pid_t *ret, struct hr_error *err)
{
	struct stat asked, own;

	if (fstat(fd, &asked) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
	    asked.st_dev == own.st_dev && asked.st_ino == own.st_ino) {
		*ret = 0;
		return 0;
	}
	return child_hold(0, enter, &fd, ret, err);
}

struct maps {
	struct host_ids *ret;
	size_t room, count;
};

/* users and groups: NULL is not asked for. */
static int read_maps(int fd, struct maps *users, struct maps *groups, struct hr_error *err)
{
	const struct {
		const char *name;
		struct maps *maps;
	} both[] = {{"uid_map", users}, {"gid_map", groups}};
	pid_t pid;
	int result = 0;

	if (hold_in(fd, &pid, err) < 0)
		return -1;
	for (size_t i = 0; i < hr_count(both) && result == 0; i++) {
		hr_autofree char *text = NULL;
		struct maps *maps = both[i].maps;

		if (!maps)
			continue;
		result = read_map(pid ? pid : getpid(), both[i].name, &text, err);
		if (result == 0 && !parse_map(text, maps->ret, maps->room, &maps->count))
			result = hr_fail(err, HR_SYSTEM, "%s: of a form that is not known",
					 both[i].name);
	}
	if (pid > 0)
		child_end(pid);
	return result;
}

int userns_maps(const char *path, bool groups, struct host_ids *ret, size_t room, size_t *ret_count,
		struct hr_error *err)
{
	hr_autoclose int fd = userns_open(path, CLONE_NEWUSER);
	struct maps maps = {ret, room, 0};

	if (fd < 0)
		return hr_fail_errno(err, errno, "a user namespace");
	if (read_maps(fd, groups ? NULL : &maps, groups ? &maps : NULL, err) < 0)
		return -1;
	*ret_count = maps.count;
	return 0;
}

int userns_range(int fd, uint32_t *ret_base, uint32_t *ret_size, struct hr_error *err)
{
	struct host_ids user = {0}, group = {0};
	struct maps users = {&user, 1, 0}, groups = {&group, 1, 0};

	if (read_maps(fd, &users, &groups, err) < 0)
		return -1;
	if (users.count != 1 || groups.count != 1 || user.inside != 0 || group.inside != 0 ||
	    user.outside != group.outside || user.count != group.count)
		return hr_fail(err, HR_DENIED, "its map is not one range of ids from 0 on");
	*ret_base = user.outside;
	*ret_size = user.count;
	return 0;
}

/* --- Whose it is -------------------------------------------------------------------------------
 */

bool userns_owner(const char *path, struct stat *ret)
{
	hr_autoclose int fd = open_nsfs(path);
	hr_autoclose int owner = fd < 0 ? -1 : ioctl(fd, NS_GET_USERNS);

	return owner >= 0 && fstat(owner, ret) == 0;
}

static bool maps_all(const char *path)
{
	hr_autofree char *text = NULL;
	struct host_ids ids;
	size_t len, count;

	return file_read_at(AT_FDCWD, path, path, MAP_SIZE, &text, &len, NULL, NULL) == 0 &&
	       parse_map(text, &ids, 1, &count) && count == 1 && ids.inside == 0 &&
	       ids.outside == 0 && ids.count == UINT32_MAX;
}

bool userns_is_first(void)
{
	return getuid() == 0 && maps_all("/proc/self/uid_map") && maps_all("/proc/self/gid_map");
}

/* --- Mounts with its ids ---------------------------------------------------------------------- */

static const char *on_file_system(int fd)
{
	static const struct {
		uint32_t magic;
		const char *why;
	} known[] = {
		{0x794C7630U /* OVERLAYFS_SUPER_MAGIC */,
		 "is on an overlay, which cannot have other ids"},
		{0x65735546U /* FUSE_SUPER_MAGIC */, "is on FUSE, which cannot have other ids"},
		{0x6969U /* NFS_SUPER_MAGIC */, "is on NFS, which cannot have other ids"},
		{0xFF534D42U /* CIFS_SUPER_MAGIC */, "is on CIFS, which cannot have other ids"},
		{0xFE534D42U /* SMB2 */, "is on CIFS, which cannot have other ids"},
		{0x01021997U /* V9FS_MAGIC */, "is on 9p, which cannot have other ids"},
		{0x01021994U /* TMPFS_MAGIC */,
		 "is on tmpfs, which cannot have other ids before Linux 6.3"},
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0)
		for (size_t i = 0; i < hr_count(known); i++)
			if (known[i].magic == (uint32_t)fs.f_type)
				return known[i].why;
	return "is on a file system that cannot have other ids";
}

static const char *why_not(int fd, int error)
{
	switch (error) {
	case EPERM:
		return "has other ids than on disk already";
	case ENOSYS:
		return "cannot have other ids: the kernel has no such mounts (Linux 5.12 has)";
	case EINVAL:
		return on_file_system(fd);
	default:
		return "cannot be mounted with other ids";
	}
}

static int clone_tree(int fd, unsigned recursive, int userns, const char **ret_why)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.propagation = MS_PRIVATE,
		.userns_fd = (unsigned)userns,
	};
	hr_autoclose int tree =
		open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive);

	if (tree < 0)
		*ret_why = "cannot be cloned: it is in another mount namespace, or unbindable";
	else if (mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)) < 0)
		*ret_why = why_not(fd, errno);
	else
		return hr_steal_fd(&tree);
	return -1;
}

int userns_clone(int fd, bool recursive, int userns, const char **ret_why)
{
	const char *why = NULL;
	int tree = clone_tree(fd, recursive ? AT_RECURSIVE : 0, userns, &why);

	/* One mount that cannot stops all, and the kernel does not tell which. */
	if (tree < 0 && recursive && userns_idmaps(fd, false, userns, &why))
		why = "has something mounted below it that cannot have other ids";
	if (tree < 0 && ret_why)
		*ret_why = why;
	return tree;
}

bool userns_idmaps(int fd, bool recursive, int userns, const char **ret_why)
{
	hr_autoclose int tree = userns_clone(fd, recursive, userns, ret_why);

	return tree >= 0;
}
