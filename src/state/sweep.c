/* SPDX-License-Identifier: Apache-2.0 */
#include "state/sweep.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/runtime.h"
#include "state/level.h"
#include "state/range.h"
#include "state/state_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LONGEST_STAT  ((size_t)8192)
#define UNWRITTEN_MAX 86400 /* seconds that execs wait for an audit log that cannot be written */
#define MOST_NAMES    65536 /* a directory larger than this is swept in part */

int64_t sweep_start_time(pid_t pid)
{
	hr_autofree char *stat = NULL;
	char path[64];
	const char *at;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read_at(AT_FDCWD, path, path, LONGEST_STAT, &stat, &len, NULL, NULL) < 0)
		return 0;
	/* The command, field 2, may hold blanks, newlines and parentheses: count behind the
	 * last one. */
	at = strrchr(stat, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoimax(at, NULL, 10) : 0;
}

bool sweep_lives(int64_t pid, int64_t start)
{
	return pid > 0 && pid <= INT_MAX && start != 0 && sweep_start_time((pid_t)pid) == start;
}

static bool creator_lives(const struct json *record)
{
	int64_t pid, start;

	return json_int(json_path(record, "creator.pid"), &pid) &&
	       json_int(json_path(record, "creator.start"), &start) && pid != getpid() &&
	       sweep_lives(pid, start);
}

static bool runtime_has(const char *root, const char *id)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", root, id);

	if (len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0)
		return true;
	return runtime_state_kind(root, id) != RUNTIME_KINDS; /* runsc has no directory */
}

bool sweep_alive(const char *root, const char *id, const struct json *record)
{
	return runtime_has(root, id) || (record && creator_lives(record));
}

/* The record that belongs to it, or NULL when it cannot be read, is in ret. */
static bool dead(int dirfd, const char *name, int grace, struct json_doc **ret)
{
	hr_autofree char *text = NULL;
	const struct json *record;
	const char *root, *id;
	struct stat st;
	size_t len;

	if (file_read_at(dirfd, name, name, JSON_MAX_BYTES, &text, &len, &st, NULL) < 0 ||
	    time(NULL) - st.st_mtime < grace)
		return false;
	if (json_parse(name, text, len, false, ret, NULL) < 0)
		return true;
	record = json_root(*ret);
	root = json_string(record, "root");
	id = json_string(record, "id");
	return !root || !id || !sweep_alive(root, id, record);
}

bool sweep_tally(int dirfd, const char *name, const struct json *record, sweep_ended_fn ended)
{
	struct tally left;
	int64_t age;

	tally_left(dirfd, name, &left, &age);
	if (left.count > 0 && ended && record && !ended(record, &left) && age < UNWRITTEN_MAX)
		return false;
	tally_remove(dirfd, name);
	return true;
}

struct sweep {
	int grace;
	sweep_ended_fn ended;
};

static void sweep_one(int dirfd, const char *name, void *data)
{
	json_auto struct json_doc *record = NULL;
	const struct sweep *sweep = data;

	if (!dead(dirfd, name, sweep->grace, &record) ||
	    !sweep_tally(dirfd, name, record ? json_root(record) : NULL, sweep->ended))
		return;
	level_forget(dirfd, record ? json_root(record) : NULL);
	range_forget(dirfd, record ? json_root(record) : NULL);
	unlinkat(dirfd, name, 0);
}

static bool is_record(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends(entry->d_name, ".json");
}

/* What a hardrun that was killed between writing and renaming left (base/file.c). */
static bool is_leftover(int dirfd, const char *name, int grace)
{
	struct stat st;

	return text_starts(name, ".hardrun.") &&
	       fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       time(NULL) - st.st_mtime >= grace;
}

static size_t count(DIR *dir)
{
	size_t records = 0;

	for (const struct dirent *entry; records < MOST_NAMES && (entry = readdir(dir));)
		records += is_record(entry);
	rewinddir(dir);
	return records;
}

void sweep_walk(int dirfd, unsigned most, int grace, sweep_look_fn look, void *data)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	size_t all, skip, seen = 0;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return;
	}
	all = count(dir);
	/* Start somewhere else each time, so that many live records do not hide dead ones. */
	skip = all > most ? (size_t)getpid() * 2654435761U % all : 0;
	for (const struct dirent *entry; seen < skip + most && (entry = readdir(dir));) {
		if (is_leftover(dirfd, entry->d_name, grace))
			unlinkat(dirfd, entry->d_name, 0);
		if (!is_record(entry) || seen++ < skip)
			continue;
		look(dirfd, entry->d_name, data);
	}
	closedir(dir);
}

void sweep_some(int dirfd, unsigned most, int grace, sweep_ended_fn ended)
{
	struct sweep sweep = {grace, ended};

	sweep_walk(dirfd, most, grace, sweep_one, &sweep);
}
