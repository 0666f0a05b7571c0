/* SPDX-License-Identifier: Apache-2.0 */
#include "host/real.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct {
	const char *type, *file;
	int flag;
} table[] = {
	{"mount", "mnt", CLONE_NEWNS},	 {"pid", "pid", CLONE_NEWPID},
	{"ipc", "ipc", CLONE_NEWIPC},	 {"network", "net", CLONE_NEWNET},
	{"uts", "uts", CLONE_NEWUTS},	 {"cgroup", "cgroup", CLONE_NEWCGROUP},
	{"user", "user", CLONE_NEWUSER}, {"time", "time", CLONE_NEWTIME},
};

const char *host_ns_file(const char *type)
{
	for (size_t i = 0; i < hr_count(table); i++)
		if (strcmp(table[i].type, type) == 0)
			return table[i].file;
	return NULL;
}

static int ns_flag(const char *type)
{
	for (size_t i = 0; i < hr_count(table); i++)
		if (strcmp(table[i].type, type) == 0)
			return table[i].flag;
	return 0;
}

/*
 * Open O_PATH first: opening a device or a FIFO that somebody named here would have
 * effects. Only what lives on nsfs is opened for the ioctl.
 */
static int open_ns(const char *path, int flag, struct stat *ret)
{
	hr_autoclose int handle = open(path, O_PATH | O_CLOEXEC);
	hr_autoclose int fd = -1;
	struct statfs fs;
	char again[64];

	if (handle < 0 || fstatfs(handle, &fs) < 0 || fs.f_type != NSFS_MAGIC)
		return -1;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", handle);
	fd = open(again, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, NS_GET_NSTYPE) != flag)
		return -1;
	return fstat(fd, ret);
}

/*
 * The kernel's own first namespaces have fixed numbers (linux/proc_ns.h, since Linux 6.18
 * in linux/nsfs.h): network and mount only on young kernels.
 */
static bool is_kernels_first(const struct stat *st)
{
	return st->st_ino >= 0xEFFFFFF8U && st->st_ino <= 0xEFFFFFFFU;
}

static bool is_of(const char *process, const char *file, const struct stat *st, bool *ret_known)
{
	char path[64];
	struct stat other;

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, file);
	*ret_known = stat(path, &other) == 0;
	return *ret_known && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

/*
 * Whose it is. Where we may not look at pid 1 (the engine is in a container itself, and
 * pid 1 has more capabilities than we have), the kernel's first namespaces stand for its.
 */
static enum host_ns judge(const char *file, const struct stat *st)
{
	bool own_known, init_known;
	bool own = is_of("self", file, st, &own_known), init = is_of("1", file, st, &init_known);

	if (!own_known)
		return HOST_NS_WRONG;
	if (own || init || (!init_known && is_kernels_first(st)))
		return HOST_NS_HOST;
	return HOST_NS_OTHER;
}

/*
 * The same for us and for the runtime, whoever opens it: absolute, and not by way of the
 * process that asks (/proc/self, /proc/thread-self, /dev/fd, or a link to one of these).
 */
static bool path_is_everybodys(const char *path)
{
	char directory[PATH_MAX], resolved[PATH_MAX], own[64];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (path[0] != '/' || len == 0 || len >= sizeof(directory))
		return false;
	memcpy(directory, path, len);
	directory[len] = '\0';
	snprintf(own, sizeof(own), "/proc/%d/", (int)getpid());
	return realpath(directory, resolved) && !text_starts(resolved, own);
}

enum host_ns host_real_ns(struct host *host, const char *type, const char *path)
{
	struct host_real *real = (struct host_real *)host;
	const char *file = host_ns_file(type);
	struct judged *judged = &real->judged[real->judged_count];
	enum host_ns what;
	struct stat st;

	if (real->judged_count == JUDGED_MAX || !file || open_ns(path, ns_flag(type), &st) < 0 ||
	    strlen(path) >= sizeof(judged->path))
		return HOST_NS_WRONG;
	strcpy(judged->path, path);
	judged->dev = st.st_dev;
	judged->ino = st.st_ino;
	real->judged_count++;
	what = judge(file, &st);
	return what == HOST_NS_OTHER && !path_is_everybodys(path) ? HOST_NS_WRONG : what;
}

int host_recheck(struct host_real *real, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; i < real->judged_count; i++) {
		const struct judged *judged = &real->judged[i];
		struct stat st;

		if (stat(judged->path, &st) < 0 || st.st_dev != judged->dev ||
		    st.st_ino != judged->ino)
			return hr_fail(err, HR_DENIED,
				       "namespace \"%s\" is another than the one that was "
				       "checked a moment ago; try again",
				       text_shown_z(judged->path, shown));
	}
	return 0;
}
