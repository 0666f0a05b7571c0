/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities that are asked for because of whose something is. */
#include "watch/privilege.h"

#include "base/cleanup.h"
#include "watch/proc.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define UNCHANGED UINT32_MAX /* -1 */

/* Real, effective, saved and file system id, as the host counts. */
struct ids {
	uint32_t real, effective, saved, fs;
};

static bool take_ids(const char *status, const char *key, struct ids *ret)
{
	unsigned long ids[4];

	if (!proc_numbers(proc_field(status, key), hr_count(ids), ids, NULL))
		return false;
	*ret = (struct ids){(uint32_t)ids[0], (uint32_t)ids[1], (uint32_t)ids[2], (uint32_t)ids[3]};
	return true;
}

static bool read_ids(pid_t pid, const char *key, struct ids *ret)
{
	char status[PROC_STATUS];

	return proc_read(pid, "status", status, sizeof(status)) && take_ids(status, key, ret);
}

bool privilege_host_id(const struct privilege *who, const char *map, uint32_t id, uint32_t *ret)
{
	char text[8192];
	const char *at = text;
	unsigned long row[3]; /* inside, outside, how many */

	if (!proc_read(who->process->pid, map, text, sizeof(text)))
		return false;
	while (proc_numbers(at, hr_count(row), row, &at)) {
		if (id >= row[0] && id - row[0] < row[2]) {
			*ret = (uint32_t)(row[1] + (id - row[0]));
			return true;
		}
	}
	return false;
}

/* --- set*id ----------------------------------------------------------------------------------- */

/* Which of the caller's ids an argument may be. */
enum {
	REAL = 1,
	EFFECTIVE = 2,
	SAVED = 4,
	FS = 8,
};

struct setting {
	bool group;
	unsigned may[3]; /* of each argument; 0: there is none */
	bool keeps;	 /* -1 leaves it as it is */
};

static bool is_own(const struct ids *own, unsigned may, uint32_t id)
{
	return ((may & REAL) && id == own->real) || ((may & EFFECTIVE) && id == own->effective) ||
	       ((may & SAVED) && id == own->saved) || ((may & FS) && id == own->fs);
}

/* An id that the namespace does not have is EINVAL whatever the caller may do. */
static bool asks_ids(const struct privilege *who, const struct setting *setting)
{
	struct ids own;
	bool asks = false;

	if (!read_ids(who->call->thread, setting->group ? "Gid" : "Uid", &own))
		return false;
	for (unsigned i = 0; i < hr_count(setting->may) && setting->may[i]; i++) {
		uint32_t id = (uint32_t)who->call->args[i], host;

		if (id == UNCHANGED && setting->keeps)
			continue;
		if (!privilege_host_id(who, setting->group ? "gid_map" : "uid_map", id, &host))
			return false;
		asks = asks || !is_own(&own, setting->may[i], host);
	}
	return asks;
}

static const struct setting set = {.may = {REAL | SAVED}};
static const struct setting setre = {
	.may = {REAL | EFFECTIVE, REAL | EFFECTIVE | SAVED},
	.keeps = true,
};
static const struct setting setres = {
	.may = {REAL | EFFECTIVE | SAVED, REAL | EFFECTIVE | SAVED, REAL | EFFECTIVE | SAVED},
	.keeps = true,
};
static const struct setting setfs = {.may = {REAL | EFFECTIVE | SAVED | FS}, .keeps = true};

static bool asks_gids(const struct privilege *who, struct setting setting)
{
	setting.group = true;
	return asks_ids(who, &setting);
}

bool asks_setuid(const struct privilege *who)
{
	return asks_ids(who, &set);
}

bool asks_setreuid(const struct privilege *who)
{
	return asks_ids(who, &setre);
}

bool asks_setresuid(const struct privilege *who)
{
	return asks_ids(who, &setres);
}

bool asks_setfsuid(const struct privilege *who)
{
	return asks_ids(who, &setfs);
}

bool asks_setgid(const struct privilege *who)
{
	return asks_gids(who, set);
}

bool asks_setregid(const struct privilege *who)
{
	return asks_gids(who, setre);
}

bool asks_setresgid(const struct privilege *who)
{
	return asks_gids(who, setres);
}

bool asks_setfsgid(const struct privilege *who)
{
	return asks_gids(who, setfs);
}

/* --- Files ------------------------------------------------------------------------------------ */

/* Which argument is what; dirfd -1: none. */
static const struct place {
	const char *name;
	int dirfd, path, flags, ids; /* ids: the first of two; -1: none */
	bool link;		     /* the link itself */
} places[] = {
	{"chmod", -1, 0, -1, -1, false},   {"chown", -1, 0, -1, 1, false},
	{"fchmod", 0, -1, -1, -1, false},  {"fchmodat", 0, 1, -1, -1, false},
	{"fchmodat2", 0, 1, 3, -1, false}, {"fchown", 0, -1, -1, 1, false},
	{"fchownat", 0, 1, 4, 2, false},   {"lchown", -1, 0, -1, 1, true},
};

static const struct place *place_of(const char *name)
{
	for (size_t i = 0; i < hr_count(places); i++)
		if (!strcmp(places[i].name, name))
			return &places[i];
	return NULL;
}

/* An open descriptor of the caller's; for O_PATH a FIFO is as good as a file. */
static int open_fd(pid_t pid, int fd)
{
	char path[PROC_PATH];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return open(path, O_PATH | O_CLOEXEC);
}

static bool stat_place(const struct privilege *who, const struct place *place, struct stat *ret)
{
	pid_t pid = who->call->thread;
	int dirfd = place->dirfd < 0 ? AT_FDCWD : privilege_int(who, (unsigned)place->dirfd);
	int flags = place->flags < 0 ? 0 : privilege_int(who, (unsigned)place->flags);
	char path[WATCH_PATH] = "";
	hr_autoclose int fd = -1;

	if (place->path >= 0 &&
	    !watch_string(who->call, who->call->args[place->path], path, sizeof(path)))
		return false;
	if (path[0])
		fd = proc_open(pid, dirfd, path, !place->link && !(flags & AT_SYMLINK_NOFOLLOW));
	else if (place->path < 0 || (flags & AT_EMPTY_PATH))
		fd = open_fd(pid, dirfd);
	return fd >= 0 && !fstat(fd, ret);
}

/* chown(2): an owner may give a file to his own groups, and to himself. */
bool asks_chown(const struct privilege *who)
{
	const struct place *place = place_of(who->name);
	uint32_t uid, gid, host = 0;
	struct ids groups;
	struct stat st;

	if (!place || place->ids < 0 || !stat_place(who, place, &st))
		return false;
	uid = (uint32_t)who->call->args[place->ids];
	gid = (uint32_t)who->call->args[place->ids + 1];
	if (uid != UNCHANGED && (!privilege_host_id(who, "uid_map", uid, &host) ||
				 host != st.st_uid || st.st_uid != who->process->fsuid))
		return true;
	if (gid == UNCHANGED)
		return false;
	if (st.st_uid != who->process->fsuid || !privilege_host_id(who, "gid_map", gid, &host))
		return true;
	return host != st.st_gid && read_ids(who->call->thread, "Gid", &groups) &&
	       host != groups.fs && !privilege_in_group(who, host);
}

bool asks_chmod(const struct privilege *who)
{
	const struct place *place = place_of(who->name);
	struct stat st;

	return place && stat_place(who, place, &st) && st.st_uid != who->process->fsuid;
}

bool privilege_in_group(const struct privilege *who, uint32_t gid)
{
	char status[PROC_STATUS];
	const char *at;
	char *end;

	if (!proc_read(who->call->thread, "status", status, sizeof(status)))
		return false;
	for (at = proc_field(status, "Groups"); at && *at && *at != '\n'; at = end) {
		unsigned long group = strtoul(at, &end, 10);

		if (end == at)
			return false;
		if (group == gid)
			return true;
		end += strspn(end, " ");
	}
	return false;
}

/* --- Processes -------------------------------------------------------------------------------- */

/* /proc/N/status as the container sees it, if that is a proc file system; whatever else may be
 * there is not waited for. */
static bool status_of(const struct privilege *who, int pid, char *ret, size_t room)
{
	char path[PROC_PATH];
	hr_autoclose int place = -1, fd = -1;
	struct statfs fs;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	place = proc_open(who->call->thread, AT_FDCWD, path, false);
	if (place < 0 || fstatfs(place, &fs) || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	got = fd < 0 ? -1 : read(fd, ret, room - 1);
	if (got < 0)
		return false;
	ret[got] = '\0';
	return true;
}

static bool ids_of_other(const struct privilege *who, int pid, const char *key, struct ids *ret)
{
	char status[PROC_STATUS];

	return pid > 0 && status_of(who, pid, status, sizeof(status)) && take_ids(status, key, ret);
}

/* kill(2): sender's real or effective id is the receiver's real or saved one. */
bool asks_kill(const struct privilege *who)
{
	int pid = privilege_int(who, strcmp(who->name, "tgkill") ? 0 : 1);
	struct ids own, other;

	return read_ids(who->call->thread, "Uid", &own) && ids_of_other(who, pid, "Uid", &other) &&
	       own.effective != other.saved && own.effective != other.real &&
	       own.real != other.saved && own.real != other.real;
}

/* ptrace(2): all ids of the other are the caller's. */
bool asks_other(const struct privilege *who)
{
	int pid = privilege_int(who, strcmp(who->name, "ptrace") ? 0 : 1);
	struct ids own, other;

	for (int group = 0; group < 2; group++) {
		const char *key = group ? "Gid" : "Uid";

		if (!read_ids(who->call->thread, key, &own) || !ids_of_other(who, pid, key, &other))
			return false;
		if (own.real != other.real || own.real != other.effective ||
		    own.real != other.saved)
			return true;
	}
	return false;
}
