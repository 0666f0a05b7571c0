/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of mounts. A directory has many names: links, "..", bind mounts of it or of what
 * is above it. What does not change is the file system and the path in it, which mountinfo
 * tells of every mount; so that is what is compared.
 */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/real.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* File systems that are windows into the kernel. */
static const char *const kernel_types[] = {
	"binder",    "binfmt_misc", "bpf",	"cgroup",     "cgroup2", "configfs",   "debugfs",
	"devpts",    "devtmpfs",    "efivarfs", "functionfs", "fusectl", "gadgetfs",   "mqueue",
	"nfsd",	     "nsfs",	    "proc",	"pstore",     "resctrl", "rpc_pipefs", "securityfs",
	"selinuxfs", "smackfs",	    "sysfs",	"tracefs",    "xenfs",	 NULL,
};
/* Where they usually are; what is mounted there is known by its place. */
static const char *const kernel_places[] = {"/dev", "/proc", "/sys", NULL};

/* --- Where things meet ------------------------------------------------------------------ */

static bool same_region(const char *dev, const char *path, const struct region *other)
{
	return strcmp(dev, other->dev) == 0 && host_related(path, other->path);
}

static bool regions_meet(struct host_real *real, const struct source *source,
			 const struct region *other)
{
	if (same_region(source->at.dev, source->at.path, other))
		return true;
	for (size_t i = 0; i < real->mounts.count; i++) {
		const struct mount_entry *mount = &real->mounts.entries[i];

		if (strcmp(mount->point, source->real) != 0 &&
		    text_below(mount->point, source->real) &&
		    same_region(mount->dev, mount->root, other))
			return true;
	}
	return false;
}

struct listening {
	struct host_real *real;
	struct source *source;
};

/* A path below it, or a socket that is shown there under another name. */
static bool listens_in(const char *path, void *data)
{
	const struct listening *look = data;
	hr_autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	struct region region = {0};
	char name[PATH_MAX];
	bool in;

	if (fd < 0 || !host_name_of(fd, name))
		return false;
	in = text_below(name, look->source->real) ||
	     (host_region_of(look->real, fd, name, &region) &&
	      regions_meet(look->real, look->source, &region));
	host_region_done(&region);
	if (in)
		look->source->socket = strdup(path);
	return in;
}

static void find_socket(struct host_real *real, struct source *source)
{
	struct listening look = {real, source};

	for (size_t i = 0; i + 1 < real->source_count; i++)
		if (real->sources[i].real && strcmp(real->sources[i].real, source->real) == 0) {
			const char *socket = real->sources[i].socket;

			source->socket = socket ? strdup(socket) : NULL;
			return;
		}
	if (!host_each_listening(listens_in, &look))
		source->socket = host_socket_in(source->fd, source->real);
}

/* --- Opening ---------------------------------------------------------------------------- */

static int open_source(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static enum host_kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return HOST_KIND_DIRECTORY;
	case S_IFREG:
		return HOST_KIND_FILE;
	case S_IFSOCK:
		return HOST_KIND_SOCKET;
	case S_IFIFO:
		return HOST_KIND_FIFO;
	case S_IFBLK:
	case S_IFCHR:
		return HOST_KIND_DEVICE;
	default:
		return HOST_KIND_ABSENT;
	}
}

static bool in_kernel_place(const char *point)
{
	for (size_t i = 0; kernel_places[i]; i++)
		if (text_below(point, kernel_places[i]))
			return true;
	return false;
}

/* The mount it is on, or one below it, that is of a kernel file system. */
static void find_kernel_fs(struct host_real *real, const struct source *source,
			   struct host_source *ret)
{
	const struct mount_entry *own = host_mount_of(real, source->fd);

	for (size_t i = 0; i < real->mounts.count; i++) {
		const struct mount_entry *mount = &real->mounts.entries[i];

		if ((mount != own && !text_below(mount->point, source->real)) ||
		    !text_in(mount->type, kernel_types) || in_kernel_place(mount->point))
			continue;
		ret->kernel_fs = mount->type;
		ret->kernel_at = mount->point;
		return;
	}
}

static bool room_for(struct host_real *real)
{
	if (!real->sources)
		real->sources = calloc(SOURCES_MAX, sizeof(*real->sources));
	return real->sources && real->source_count < SOURCES_MAX;
}

/* Opened and named; NULL when it cannot be opened. One that was removed meanwhile, or is outside
 * of our root, has no sound name, and stays without. */
static struct source *keep(struct host_real *real, size_t index, const char *path, struct stat *ret)
{
	struct stat local, *st = ret ? ret : &local;
	struct source *source = &real->sources[real->source_count];
	char name[PATH_MAX];

	*source = (struct source){.index = index, .fd = open_source(path)};
	if (source->fd < 0)
		return NULL;
	real->source_count++;
	if (fstat(source->fd, st) == 0 && host_name_of(source->fd, name) && st->st_nlink > 0)
		source->real = strdup(name);
	return source;
}

const char *host_real_pin(struct host *host, size_t index, const char *path)
{
	struct host_real *real = (struct host_real *)host;
	struct source *source = room_for(real) ? keep(real, index, path, NULL) : NULL;

	if (!source || !source->real)
		return NULL;
	/* Staged under the name by which it was known, and will be known again. */
	free(source->real);
	source->real = strdup(path);
	return source->real;
}

bool host_real_source(struct host *host, size_t index, const char *path, struct host_source *ret)
{
	struct host_real *real = (struct host_real *)host;
	struct source *source;
	struct stat st;

	*ret = (struct host_source){.kind = HOST_KIND_ABSENT};
	if (!room_for(real))
		return false;
	source = keep(real, index, path, &st);
	if (!source || !source->real ||
	    !host_region_of(real, source->fd, source->real, &source->at))
		return true;
	ret->kind = kind_of(st.st_mode);
	ret->real = source->real;
	find_kernel_fs(real, source, ret);
	if (ret->kind == HOST_KIND_DIRECTORY)
		find_socket(real, source);
	ret->socket = source->socket;
	return true;
}

static const struct source *find(const struct host_real *real, size_t index)
{
	for (size_t i = real->source_count; i > 0; i--)
		if (real->sources[i - 1].index == index)
			return &real->sources[i - 1];
	return NULL;
}

const char *host_source_name(const struct host_real *real, size_t index)
{
	const struct source *source = find(real, index);

	return source ? source->real : NULL;
}

int host_source_fd(const struct host_real *real, size_t index)
{
	const struct source *source = find(real, index);

	return source && source->real ? source->fd : -1;
}

/* --- Judging ---------------------------------------------------------------------------- */

/* What is mounted below a directory is part of it; but not where engines and the kubelet mount
 * what lies elsewhere, the volumes of their containers. */
static bool meets_mount_below(struct host_real *real, const struct source *source,
			      const char *directory)
{
	for (size_t i = 0; i < real->mounts.count; i++) {
		const struct mount_entry *mount = &real->mounts.entries[i];

		if (!text_below(directory, "/var/lib") && text_below(mount->point, directory) &&
		    strcmp(mount->point, directory) != 0 &&
		    same_region(mount->dev, mount->root, &source->at))
			return true;
	}
	return false;
}

bool host_real_source_meets(struct host *host, size_t index, const char *directory)
{
	struct host_real *real = (struct host_real *)host;
	const struct source *source = find(real, index);
	hr_autoclose int fd = open(directory, O_PATH | O_CLOEXEC);
	struct region region = {0};
	char name[PATH_MAX];
	bool meets;

	if (!source || !source->real || host_related(source->real, directory))
		return true;
	if (fd < 0)
		return false; /* it is not there, and what is not there has one name */
	if (!host_name_of(fd, name) || host_related(source->real, name))
		return true;
	meets = !host_region_of(real, fd, name, &region) || regions_meet(real, source, &region) ||
		meets_mount_below(real, source, name);
	host_region_done(&region);
	return meets;
}

/* Where a path leads, by links that root alone made; as it is written where others could have
 * put one: then it stands for nothing but itself. */
static const char *where_to(const char *path, char buf[PATH_MAX])
{
	hr_autoclose int fd = -1;

	return file_open_trusted(path, false, &fd, NULL) == 0 && host_name_of(fd, buf) ? buf : path;
}

bool host_real_within(struct host *host, const char *path, const char *directory)
{
	char a[PATH_MAX], b[PATH_MAX];

	(void)host;
	return text_below(where_to(path, a), where_to(directory, b));
}

bool host_real_plain_below(struct host *host, const char *directory, const char *path)
{
	hr_autoclose int at = open(directory, O_PATH | O_CLOEXEC);
	char left[PATH_MAX], *save = NULL;
	struct stat st;

	(void)host;
	if (snprintf(left, sizeof(left), "%s", path) >= (int)sizeof(left))
		return false;
	for (char *part = strtok_r(left, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		int next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			return true; /* the runtime makes the rest */
		close(at);
		at = next;
		if (fstat(at, &st) < 0 || S_ISLNK(st.st_mode))
			return false;
	}
	return true;
}

bool host_real_sound(struct host *host, const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	hr_autoclose int directory = -1;
	enum host_kind kind;
	struct stat st;

	(void)host;
	if (path[0] != '/' || slash == path || strlen(path) >= sizeof(parent))
		return false;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	if (file_open_trusted(parent, true, &directory, NULL) < 0 ||
	    fstatat(directory, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	kind = kind_of(st.st_mode);
	return kind == HOST_KIND_DIRECTORY || kind == HOST_KIND_FILE;
}

void host_real_sources_done(struct host_real *real)
{
	for (size_t i = 0; i < real->source_count; i++) {
		struct source *source = &real->sources[i];

		if (source->fd >= 0)
			close(source->fd);
		free(source->real);
		free(source->socket);
		host_region_done(&source->at);
	}
	free(real->sources);
	mountinfo_done(&real->mounts);
}

const char *host_unstaged(const char *source)
{
	const char *rest;

	if (!text_starts(source, HOST_STAGE "/"))
		return source;
	rest = source + strlen(HOST_STAGE "/");
	rest += strspn(rest, "0123456789");
	return rest[0] == '/' && rest[-1] != '/' ? rest : source;
}
