/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/overlay_layers.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#define MAX_LINKS 8 /* Docker and Podman have one, of a short name to the layer */

#define SHOWN_END 60 /* bytes: snapshots and containers differ at the end of their paths */

const char *overlay_shown(const char *path, char buf[TEXT_SHOWN_SIZE])
{
	size_t len = strlen(path);
	char end[TEXT_SHOWN_SIZE];

	if (len <= TEXT_SHOWN_MAX)
		return text_shown_z(path, buf);
	snprintf(buf, TEXT_SHOWN_SIZE, "...%s", text_shown(path + len - SHOWN_END, SHOWN_END, end));
	return buf;
}

/* --- Where relative names start -------------------------------------------------------------- */

/* Cut `levels` components off; false when there are not as many. */
static bool cut(char *path, int levels)
{
	for (; levels > 0; levels--) {
		char *slash = strrchr(path, '/');

		if (!slash || slash == path)
			return false;
		*slash = '\0';
	}
	return true;
}

/* `path`/../../ */
static bool set_base(const char *path, char base[PATH_MAX])
{
	text_plain_path(path, base, PATH_MAX);
	if (!text_goes_up(base) && cut(base, 2))
		return true;
	base[0] = '\0';
	return false;
}

/* BASE/12/fs of containerd, or, when the upper directory is relative too, "ID/diff" of an overlay
 * that is mounted at BASE/ID/merged. */
static void find_base(const struct overlay_options *options, const char *point, char base[PATH_MAX])
{
	size_t len;

	base[0] = '\0';
	if (!options->upper)
		return;
	if (options->upper[0] == '/') {
		set_base(options->upper, base);
		return;
	}
	if (!set_base(point, base))
		return;
	len = strcspn(options->upper, "/");
	if (strncmp(point + strlen(base) + 1, options->upper, len) != 0 ||
	    point[strlen(base) + 1 + len] != '/')
		base[0] = '\0';
}

/* --- One layer ------------------------------------------------------------------------------- */

/* The directory above it, which root alone may change, and what it is called there. */
static int open_parent(const char *path, int *ret_fd, const char **ret_name, struct hr_error *err)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX], shown[TEXT_SHOWN_SIZE];

	if (!slash || !slash[1] || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
		return hr_fail(err, HR_DENIED, "its layer %s is no directory of its own",
			       overlay_shown(path, shown));
	*ret_name = slash + 1;
	snprintf(parent, sizeof(parent), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return file_open_trusted(parent, true, ret_fd, err);
}

/* Put the target of the link PATH into `path`. */
static int follow(int parent, const char *name, char path[PATH_MAX], struct hr_error *err)
{
	char target[PATH_MAX], joined[PATH_MAX], shown[TEXT_SHOWN_SIZE];
	ssize_t len = readlinkat(parent, name, target, sizeof(target) - 1);
	int used;

	overlay_shown(path, shown);
	if (len <= 0)
		return hr_fail_errno(err, errno, "its layer %s", shown);
	target[len] = '\0';
	if (target[0] == '/')
		used = snprintf(joined, sizeof(joined), "%s", target);
	else
		used = snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path),
				path, target);
	if (used < 0 || (size_t)used >= sizeof(joined))
		return hr_fail(err, HR_DENIED, "its layer %s is a link that is too long", shown);
	text_plain_path(joined, path, PATH_MAX);
	return 0;
}

static struct overlay_place place_of(const struct stat *st)
{
	return (struct overlay_place){st->st_dev, st->st_ino, st->st_uid, st->st_gid};
}

static int check_place(int fd, const char *path, struct overlay_place *ret, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	struct statfs fs;
	struct stat st;

	overlay_shown(path, shown);
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return hr_fail_errno(err, errno, "its layer %s", shown);
	if (!S_ISDIR(st.st_mode) || fs.f_type == PROC_SUPER_MAGIC)
		return hr_fail(err, HR_DENIED, "its layer %s is no directory of a file system",
			       shown);
	*ret = place_of(&st);
	return 0;
}

/* Where the kernel gets by the same name. A descriptor of a process (/proc/PID/fd/N) is a
 * directory that nobody can find again. */
static int check_name(const char *path, const struct overlay_place *place, struct hr_error *err)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	hr_autoclose int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	char shown[TEXT_SHOWN_SIZE];
	struct stat st;

	overlay_shown(path, shown);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "its layer %s", shown);
	if (st.st_dev != place->dev || st.st_ino != place->ino)
		return hr_fail(err, HR_DENIED, "its layer %s cannot be told", shown);
	return 0;
}

static int open_layer(char path[PATH_MAX], struct overlay_place *ret, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	for (int links = 0; links <= MAX_LINKS; links++) {
		hr_autoclose int parent = -1;
		hr_autoclose int fd = -1;
		const char *name = "";
		struct stat st;

		if (open_parent(path, &parent, &name, err) < 0)
			return -1;
		fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			return hr_fail_errno(err, errno, "its layer %s",
					     overlay_shown(path, shown));
		if (!S_ISLNK(st.st_mode))
			return check_place(fd, path, ret, err);
		if (!file_is_roots(&st))
			return hr_fail(err, HR_UNTRUSTED, "its layer %s is a link of others",
				       overlay_shown(path, shown));
		if (follow(parent, name, path, err) < 0)
			return -1;
	}
	return hr_fail(err, HR_DENIED, "its layer %s is a link of a link",
		       overlay_shown(path, shown));
}

/* BASE/12/fs without a link: most are, and the way to the base was checked. False: not so. */
static bool open_plain(int base, const char *path, struct overlay_place *ret)
{
	hr_autoclose int above = -1;
	hr_autoclose int fd = -1;
	char name[NAME_MAX + 1];
	const char *slash = strchr(path, '/');
	struct stat st;

	if (!slash || slash == path || slash - path > NAME_MAX || !slash[1] ||
	    strchr(slash + 1, '/') || text_goes_up(path))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
	above = openat(base, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (above < 0 || fstat(above, &st) < 0 || !S_ISDIR(st.st_mode) || !file_is_roots(&st))
		return false;
	fd = openat(above, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	*ret = place_of(&st);
	return true;
}

/* --- All of them ------------------------------------------------------------------------------ */

static const char *layer_name(const struct overlay_options *options, size_t i)
{
	if (i < options->lower_count)
		return options->lower[i];
	return i == options->lower_count ? options->upper : options->work;
}

static bool join(const struct overlay_layers *layers, const char *name, char ret[PATH_MAX])
{
	bool relative = name[0] != '/';
	int used = snprintf(ret, PATH_MAX, "%s%s%s", relative ? layers->base : "",
			    relative ? "/" : "", name);

	return used >= 0 && used < PATH_MAX;
}

static int add_layer(struct overlay_layers *layers, const char *name, struct hr_error *err)
{
	struct overlay_place *place = &layers->places[layers->count];
	char path[PATH_MAX], joined[PATH_MAX], shown[TEXT_SHOWN_SIZE];

	overlay_shown(name, shown);
	if (name[0] != '/' && !layers->base[0])
		return hr_fail(err, HR_DENIED,
			       "its layer %s is relative to a directory that nothing tells", shown);
	if (!join(layers, name, joined))
		return hr_fail(err, HR_DENIED, "its layer %s has a name that is too long", shown);
	layers->count++;
	text_plain_path(joined, path, sizeof(path));
	if (layers->base[0] && text_below(path, layers->base) && strcmp(path, layers->base) != 0 &&
	    open_plain(layers->at, path + strlen(layers->base) + 1, place))
		return 0;
	return open_layer(path, place, err) < 0 ? -1 : check_name(joined, place, err);
}

static int open_base(struct overlay_layers *layers, struct hr_error *err)
{
	struct overlay_place place;

	if (!layers->base[0])
		return 0;
	if (file_open_trusted(layers->base, true, &layers->at, err) < 0 ||
	    check_place(layers->at, layers->base, &place, err) < 0)
		return -1;
	return check_name(layers->base, &place, err);
}

int overlay_layers_open(const struct overlay_options *options, const char *point,
			struct overlay_layers *ret, struct hr_error *err)
{
	size_t count = options->lower_count + (options->upper ? 2 : 0);

	*ret = (struct overlay_layers){.at = -1};
	ret->places = calloc(count, sizeof(*ret->places));
	if (!ret->places)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	find_base(options, point, ret->base);
	if (open_base(ret, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *name = layer_name(options, i);

		ret->relative |= name[0] != '/';
		if (add_layer(ret, name, err) < 0)
			return -1;
	}
	return 0;
}

void overlay_layers_path(const struct overlay_layers *layers, const struct overlay_options *options,
			 size_t i, char ret[PATH_MAX])
{
	char joined[PATH_MAX];

	/* It was not too long when it was opened. */
	text_plain_path(join(layers, layer_name(options, i), joined) ? joined : "", ret, PATH_MAX);
}

void overlay_layers_done(struct overlay_layers *layers)
{
	if (layers->at >= 0)
		close(layers->at);
	free(layers->places);
	*layers = (struct overlay_layers){.at = -1};
}

int overlay_layers_same(const struct overlay_layers *layers, const struct overlay_options *options,
			struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; i < layers->count; i++) {
		const char *name = layer_name(options, i);
		struct stat st;

		overlay_shown(name, shown);
		if (stat(name, &st) < 0)
			return hr_fail_errno(err, errno, "its layer %s", shown);
		if (st.st_dev != layers->places[i].dev || st.st_ino != layers->places[i].ino)
			return hr_fail(err, HR_SYSTEM, "its layer %s has become another directory",
				       shown);
	}
	return 0;
}
