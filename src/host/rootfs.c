/* SPDX-License-Identifier: Apache-2.0 */
#include "host/real.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define MAX_LINKS 40 /* as the kernel's own limit, path_resolution(7) */

/* Directories that are never a container's root, as they stand... */
static const char *const never[] = {
	"/",	"/bin",	    "/home",	     "/lib",	  "/lib64",	"/media",   "/mnt",
	"/opt", "/root",    "/run",	     "/run/lock", "/sbin",	"/srv",	    "/tmp",
	"/var", "/var/lib", "/var/lib/dpkg", "/var/log",  "/var/spool", "/var/tmp", NULL,
};
/* ...and with all that is below them. */
static const char *const never_below[] = {
	"/boot",
	"/dev",
	"/etc",
	"/proc",
	"/root",
	"/run",
	"/sys",
	"/usr",
	"/var/backups",
	"/var/lib/cni",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/crio",
	"/var/lib/docker",
	"/var/lib/etcd",
	"/var/lib/hardrun",
	"/var/lib/kubelet",
	"/var/lib/sss",
	"/var/lib/systemd",
	"/var/log",
	"/var/spool",
	NULL,
};
/* But for what engines unpack images into. */
static const char *const storage[] = {
	"/run/containers/storage/overlay",
	"/var/lib/containerd/io.containerd.snapshotter.v1.",
	"/var/lib/containers/storage/btrfs/",
	"/var/lib/containers/storage/overlay/",
	"/var/lib/containers/storage/vfs/",
	"/var/lib/containers/storage/zfs/",
	"/var/lib/docker/aufs/",
	"/var/lib/docker/btrfs/",
	"/var/lib/docker/containerd/",
	"/var/lib/docker/devicemapper/",
	"/var/lib/docker/fuse-overlayfs/",
	"/var/lib/docker/overlay",
	"/var/lib/docker/rootfs/",
	"/var/lib/docker/vfs/",
	"/var/lib/docker/zfs/",
	NULL,
};

bool host_root_path(const struct host_real *real, const char *root, char ret[PATH_MAX])
{
	int len = root[0] == '/' ? snprintf(ret, PATH_MAX, "%s", root)
				 : snprintf(ret, PATH_MAX, "%s/%s", real->bundle, root);

	return len > 0 && len < PATH_MAX;
}

static bool is_host_root(const char *path)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat("/", &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static const char of_the_host[] = "is a directory of the host's own system";

static bool is_hosts(const char *path, const char *bundle)
{
	if (text_in(path, never))
		return true;
	if (text_below(path, bundle))
		return false;
	for (size_t i = 0; storage[i]; i++)
		if (text_starts(path, storage[i]))
			return false;
	for (size_t i = 0; never_below[i]; i++)
		if (text_below(path, never_below[i]))
			return true;
	return false;
}

/* What snapshotters make of layers: it shows no directory of the host, and needs no look at the
 * mount table. */
static bool is_overlay(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

const char *host_real_root_wrong(struct host *host, const char *path)
{
	const struct host_real *real = (const struct host_real *)host;
	char joined[PATH_MAX], resolved[PATH_MAX], bundle[PATH_MAX];
	struct host_mounted mounted;
	char origin[PATH_MAX];
	struct stat st;

	if (!host_root_path(real, path, joined) || !realpath(joined, resolved) ||
	    stat(resolved, &st) < 0)
		return "cannot be opened";
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	if (!realpath(real->bundle, bundle))
		return "cannot be opened";
	if (is_host_root(resolved) || is_hosts(resolved, bundle))
		return of_the_host;
	if (text_below(bundle, resolved))
		return "holds the bundle itself";
	/* A view of a directory under another name. */
	if (!host_real_mounted(host, resolved, &mounted))
		return "cannot be told from the host's own";
	if (mounted.point && !is_overlay(resolved) &&
	    (!host_real_origin(host, resolved, origin) || (origin[0] && is_hosts(origin, bundle))))
		return "shows a directory of the host's own system";
	return NULL;
}

enum host_entry host_real_root_entry(struct host *host, const char *root, const char *name)
{
	const struct host_real *real = (const struct host_real *)host;
	hr_autoclose int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	if (!host_root_path(real, root, path))
		return HOST_ENTRY_OTHER;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return HOST_ENTRY_OTHER;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? HOST_ENTRY_ABSENT : HOST_ENTRY_OTHER;
	return S_ISDIR(st.st_mode) ? HOST_ENTRY_DIRECTORY : HOST_ENTRY_OTHER;
}

struct lookup {
	int root;	     /* descriptor of the rootfs */
	char done[PATH_MAX]; /* resolved so far, "" for the root itself */
	char left[PATH_MAX]; /* still to be walked */
	unsigned links;
};

/* Put `target` before what is left. */
static bool follow(struct lookup *lookup, const char *target)
{
	char joined[PATH_MAX];
	int len = snprintf(joined, sizeof(joined), "%s/%s", target, lookup->left);

	if (++lookup->links > MAX_LINKS || len < 0 || len >= PATH_MAX)
		return false;
	memcpy(lookup->left, joined, (size_t)len + 1);
	if (target[0] == '/')
		lookup->done[0] = '\0';
	return true;
}

static bool step(struct lookup *lookup, const char *part)
{
	char next[PATH_MAX], target[PATH_MAX];
	ssize_t got;
	int len;

	if (strcmp(part, ".") == 0)
		return true;
	if (strcmp(part, "..") == 0) {
		char *slash = strrchr(lookup->done, '/');

		if (slash)
			*slash = '\0';
		return true;
	}
	len = snprintf(next, sizeof(next), "%s/%s", lookup->done, part);
	if (len < 0 || len >= PATH_MAX)
		return false;
	/* What is resolved holds no link, so the kernel follows none on the way. */
	got = readlinkat(lookup->root, next + 1, target, sizeof(target) - 1);
	if (got > 0) {
		target[got] = '\0';
		return follow(lookup, target);
	}
	memcpy(lookup->done, next, (size_t)len + 1);
	return true;
}

static bool walk(struct lookup *lookup)
{
	for (;;) {
		size_t skip = strspn(lookup->left, "/");
		size_t len = strcspn(lookup->left + skip, "/");
		char part[NAME_MAX + 1];

		if (len == 0)
			return true;
		if (len > NAME_MAX)
			return false;
		memcpy(part, lookup->left + skip, len);
		part[len] = '\0';
		memmove(lookup->left, lookup->left + skip + len,
			strlen(lookup->left + skip + len) + 1);
		if (!step(lookup, part))
			return false;
	}
}

bool host_real_root_resolve(struct host *host, const char *root, const char *path,
			    char ret[PATH_MAX])
{
	const struct host_real *real = (const struct host_real *)host;
	struct lookup lookup = {.root = -1};
	hr_autoclose int fd = -1;

	if (!host_root_path(real, root, ret) || strlen(path) >= sizeof(lookup.left))
		return false;
	fd = open(ret, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		/* Not there for us (another control says so, or it is another mount
		 * namespace's): nothing to resolve through. */
		snprintf(ret, PATH_MAX, "%s", path);
		return true;
	}
	lookup.root = fd;
	strcpy(lookup.left, path);
	if (!walk(&lookup))
		return false;
	snprintf(ret, PATH_MAX, "%s", lookup.done[0] ? lookup.done : "/");
	return true;
}
