/* SPDX-License-Identifier: Apache-2.0 */
/* Why a mount refuses a path: what the kernel looks at, in the order in which it does. */
#include "watch/process.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "watch/file_capabilities.h"
#include "watch/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum use {
	USE_OPEN,     /* flags are an argument */
	USE_OPEN_HOW, /* flags are in a struct open_how */
	USE_CREATE,   /* a new entry: one that is there is another error */
	USE_REMOVE,   /* the directory is written, whether the entry is there or not */
	USE_ALTER,    /* what is there */
	USE_RUN,
};

#define CWD	-1 /* no argument: the working directory */
#define NONE	-1 /* no argument of flags; links are followed */
#define NO_LINK -2 /* no argument of flags; links are not followed */

/* Which argument is what. Those with two paths stand twice. */
static const struct pathed {
	const char *name;
	enum use use;
	int dirfd, path, flags;
} table[] = {
	{"chmod", USE_ALTER, CWD, 0, NONE},
	{"chown", USE_ALTER, CWD, 0, NONE},
	{"creat", USE_OPEN, CWD, 0, NONE},
	{"execve", USE_RUN, CWD, 0, NONE},
	{"execveat", USE_RUN, 0, 1, 4},
	{"fchmodat", USE_ALTER, 0, 1, NONE},
	{"fchmodat2", USE_ALTER, 0, 1, 3},
	{"fchownat", USE_ALTER, 0, 1, 4},
	{"futimesat", USE_ALTER, 0, 1, NONE},
	{"lchown", USE_ALTER, CWD, 0, NO_LINK},
	{"link", USE_CREATE, CWD, 1, NONE},
	{"linkat", USE_CREATE, 2, 3, NONE},
	{"lremovexattr", USE_ALTER, CWD, 0, NO_LINK},
	{"lsetxattr", USE_ALTER, CWD, 0, NO_LINK},
	{"mkdir", USE_CREATE, CWD, 0, NONE},
	{"mkdirat", USE_CREATE, 0, 1, NONE},
	{"mknod", USE_CREATE, CWD, 0, NONE},
	{"mknodat", USE_CREATE, 0, 1, NONE},
	{"open", USE_OPEN, CWD, 0, 1},
	{"openat", USE_OPEN, 0, 1, 2},
	{"openat2", USE_OPEN_HOW, 0, 1, 2},
	{"removexattr", USE_ALTER, CWD, 0, NONE},
	{"rename", USE_REMOVE, CWD, 0, NONE},
	{"rename", USE_REMOVE, CWD, 1, NONE},
	{"renameat", USE_REMOVE, 0, 1, NONE},
	{"renameat", USE_REMOVE, 2, 3, NONE},
	{"renameat2", USE_REMOVE, 0, 1, NONE},
	{"renameat2", USE_REMOVE, 2, 3, NONE},
	{"rmdir", USE_REMOVE, CWD, 0, NONE},
	{"setxattr", USE_ALTER, CWD, 0, NONE},
	{"symlink", USE_CREATE, CWD, 1, NONE},
	{"symlinkat", USE_CREATE, 1, 2, NONE},
	{"truncate", USE_ALTER, CWD, 0, NONE},
	{"unlink", USE_REMOVE, CWD, 0, NONE},
	{"unlinkat", USE_REMOVE, 0, 1, NONE},
	{"utime", USE_ALTER, CWD, 0, NONE},
	{"utimensat", USE_ALTER, 0, 1, 3},
	{"utimes", USE_ALTER, CWD, 0, NONE},
};

const char *const watch_pathed[] = {
	"chmod",	"chown",     "creat",	  "execve",	 "execveat",  "fchmodat",
	"fchmodat2",	"fchownat",  "futimesat", "lchown",	 "link",      "linkat",
	"lremovexattr", "lsetxattr", "mkdir",	  "mkdirat",	 "mknod",     "mknodat",
	"open",		"openat",    "openat2",	  "removexattr", "rename",    "renameat",
	"renameat2",	"rmdir",     "setxattr",  "symlink",	 "symlinkat", "truncate",
	"unlink",	"unlinkat",  "utime",	  "utimensat",	 "utimes",    NULL,
};

/* One path of a call. */
struct asked {
	const struct watch_call *call;
	const struct pathed *how;
	int dirfd;
	uint64_t opening; /* the flags of open */
	bool follow;
	char path[WATCH_PATH];
};

static bool is_write(const struct asked *asked)
{
	return (asked->opening & O_ACCMODE) != O_RDONLY || (asked->opening & O_TRUNC) ||
	       (asked->opening & O_TMPFILE) == O_TMPFILE;
}

static bool read_flags(struct asked *asked)
{
	const struct pathed *how = asked->how;
	uint64_t value = how->flags >= 0 ? asked->call->args[how->flags] : 0;
	struct open_how open_how = {0};

	switch (how->use) {
	case USE_OPEN:
		asked->opening = how->flags >= 0 ? value : O_CREAT | O_WRONLY | O_TRUNC;
		break;
	case USE_OPEN_HOW:
		if (watch_bytes(asked->call, value, &open_how, sizeof(open_how)) < sizeof(open_how))
			return false;
		asked->opening = open_how.flags;
		break;
	case USE_CREATE:
	case USE_REMOVE:
	case USE_ALTER:
	case USE_RUN:
		asked->follow = how->flags != NO_LINK && !(value & AT_SYMLINK_NOFOLLOW);
		return true;
	}
	asked->follow = !(asked->opening & O_NOFOLLOW) &&
			(asked->opening & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	return !(asked->opening & O_PATH);
}

static bool read_asked(const struct watch_call *call, const struct pathed *how, struct asked *ret)
{
	*ret = (struct asked){.call = call, .how = how, .dirfd = AT_FDCWD};
	if (how->dirfd != CWD)
		ret->dirfd = (int)(uint32_t)call->args[how->dirfd];
	return read_flags(ret) &&
	       watch_string(call, call->args[how->path], ret->path, sizeof(ret->path)) &&
	       ret->path[0];
}

/* --- What is there ---------------------------------------------------------------------------- */

static bool has_option(const struct proc_mount *mount, const char *option)
{
	size_t len = strlen(option);

	for (const char *at = mount->options; *at; at += strcspn(at, ",")) {
		at += *at == ',';
		if (strcspn(at, ",") == len && !strncmp(at, option, len))
			return true;
	}
	return false;
}

/* runc and crun hide a file behind /dev/null, a directory behind an empty read-only one. */
static bool is_mask(const struct proc_mount *mount, const struct stat *st, const char *path)
{
	static const char *const kernels[] = {
		"proc",	       "sysfs",	    "cgroup", "cgroup2",  "securityfs", "debugfs",
		"tracefs",     "pstore",    "bpf",    "efivarfs", "configfs",	"fusectl",
		"binfmt_misc", "hugetlbfs", "mqueue", NULL,
	};

	if (S_ISCHR(st->st_mode))
		return !strcmp(mount->where, path) && st->st_rdev == makedev(1, 3) &&
		       strcmp(path, "/dev/null") != 0;
	return (text_starts(mount->where, "/proc/") || text_starts(mount->where, "/sys/")) &&
	       strcmp(mount->where, "/sys/fs/cgroup") != 0 && has_option(mount, "ro") &&
	       !text_in(mount->type, kernels);
}

/* What a mount does to a use of a file that is there (`entry` NULL), or of an entry of a
 * directory. */
static enum watch_path_kind refusal(const struct asked *asked, const struct proc_mount *mount,
				    const struct stat *st, const char *path, bool parent)
{
	enum use use = asked->how->use;
	bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
	bool open = use == USE_OPEN || use == USE_OPEN_HOW;

	if (is_mask(mount, st, path))
		return WATCH_PATH_MASKED;
	if (parent)
		return has_option(mount, "ro") && (!open || (asked->opening & O_CREAT)) &&
				       use != USE_RUN && use != USE_ALTER
			       ? WATCH_PATH_READ_ONLY
			       : WATCH_PATH_FINE;
	if (use == USE_RUN)
		return has_option(mount, "noexec") && S_ISREG(st->st_mode) ? WATCH_PATH_NOEXEC
									   : WATCH_PATH_FINE;
	if (open && device)
		return has_option(mount, "nodev") ? WATCH_PATH_NODEV : WATCH_PATH_FINE;
	/* Writing to a FIFO or a socket writes no file system. */
	if (open && !S_ISREG(st->st_mode) && (asked->opening & O_TMPFILE) != O_TMPFILE)
		return WATCH_PATH_FINE;
	if (open && !is_write(asked))
		return WATCH_PATH_FINE;
	return has_option(mount, "ro") ? WATCH_PATH_READ_ONLY : WATCH_PATH_FINE;
}

/* --- Which file ------------------------------------------------------------------------------- */

/* Split "a/b/" into "a" and "b"; false for "/", "." and "..". */
static bool split(const char *path, char *ret_directory, const char **ret_name)
{
	size_t len = strlen(path);
	char *slash;

	memcpy(ret_directory, path, len + 1);
	while (len > 1 && ret_directory[len - 1] == '/')
		ret_directory[--len] = '\0';
	slash = strrchr(ret_directory, '/');
	*ret_name = path + (slash ? slash - ret_directory + 1 : 0);
	if (!slash)
		memcpy(ret_directory, ".", 2);
	else
		slash[slash == ret_directory] = '\0';
	return **ret_name && strcmp(*ret_name, ".") != 0 && strcmp(*ret_name, "..") != 0;
}

/* The file, or where it would be. */
static int open_asked(const struct asked *asked, bool *ret_parent, char *ret_directory,
		      const char **ret_name)
{
	enum use use = asked->how->use;
	int fd = proc_open(asked->call->thread, asked->dirfd, asked->path, asked->follow);

	*ret_parent = use == USE_REMOVE || (fd < 0 && errno == ENOENT);
	if (fd >= 0 && use == USE_CREATE) {
		close(fd);
		return -1;
	}
	if (!*ret_parent)
		return fd;
	if (fd >= 0)
		close(fd);
	if (!split(asked->path, ret_directory, ret_name))
		return -1;
	return proc_open(asked->call->thread, asked->dirfd, ret_directory, true);
}

static enum watch_path_kind look(const struct asked *asked, struct watch_path *ret)
{
	pid_t pid = asked->call->thread;
	char directory[WATCH_PATH];
	const char *name = NULL;
	bool parent;
	hr_autoclose int fd = open_asked(asked, &parent, directory, &name);
	struct proc_mount mount;
	struct stat st;
	unsigned long id;
	size_t len;

	if (fd < 0 || fstat(fd, &st) || !proc_mount_id(fd, &id) || !proc_mount(pid, id, &mount) ||
	    !proc_shown(pid, fd, ret->path, sizeof(ret->path)))
		return WATCH_PATH_FINE;
	ret->kind = refusal(asked, &mount, &st, ret->path, parent);
	snprintf(ret->mount, sizeof(ret->mount), "%s", mount.where);
	ret->capabilities = 0;
	if (asked->how->use == USE_RUN && ret->kind == WATCH_PATH_FINE && !parent &&
	    !has_option(&mount, "nosuid"))
		ret->capabilities = file_capabilities_missing(fd, pid);
	if (ret->capabilities)
		ret->kind = WATCH_PATH_CAPABILITIES;
	if (!parent)
		return ret->kind;
	len = strlen(ret->path);
	snprintf(ret->path + len, sizeof(ret->path) - len, "%s%.*s", len > 1 ? "/" : "",
		 (int)strcspn(name, "/"), name);
	return ret->kind;
}

enum watch_path_kind watch_path(const char *name, const struct watch_call *call,
				struct watch_path *ret)
{
	struct asked asked;

	if (call->thread <= 0)
		return WATCH_PATH_FINE;
	for (size_t i = 0; i < hr_count(table); i++)
		if (!strcmp(table[i].name, name) && read_asked(call, &table[i], &asked) &&
		    look(&asked, ret) != WATCH_PATH_FINE)
			return ret->kind;
	return WATCH_PATH_FINE;
}
