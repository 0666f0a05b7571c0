/* SPDX-License-Identifier: Apache-2.0 */
#include "command/kernel_join.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/runtime.h"
#include "host/subid.h"
#include "seccomp/watched.h"
#include "state/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_CGROUP ((size_t)16 * 1024)
#define SLACK	       1 /* seconds that clocks and rounding may differ */

struct container {
	struct json_doc *doc;
	const char *id;
	const char *level; /* NULL: none */
	uint32_t base;	   /* of its ids; 0: none */
	pid_t init;
	int64_t began;	   /* seconds of the epoch */
	struct stat pidns; /* st_ino 0: not known */
	char *cgroup;	   /* proc_pid_cgroup(5) of its first process; NULL: not known */
};

struct kernel_join {
	struct container *all;
	size_t len, room;
	int64_t boot; /* seconds of the epoch */
	struct stat own_pidns;
	pid_t last; /* the process that was looked at last, which many records name */
	int64_t last_began;
	const struct container *last_found;
};

/* ---- processes ------------------------------------------------------------------------- */

static int64_t boot_time(void)
{
	struct timespec now, since;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &since);
	return now.tv_sec - since.tv_sec;
}

/* When a process began; 0: it is gone. */
static int64_t began(const struct kernel_join *join, pid_t pid)
{
	int64_t ticks = sweep_start_time(pid);

	return ticks > 0 ? join->boot + ticks / sysconf(_SC_CLK_TCK) : 0;
}

static char *cgroup_of(pid_t pid)
{
	char path[64], *text = NULL;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	return file_read_at(AT_FDCWD, path, path, LONGEST_CGROUP, &text, &len, NULL, NULL) < 0
		       ? NULL
		       : text;
}

static void pidns_of(pid_t pid, struct stat *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	if (stat(path, ret) < 0)
		*ret = (struct stat){0};
}

static bool same_pidns(const struct stat *a, const struct stat *b)
{
	return a->st_ino != 0 && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* ---- containers ------------------------------------------------------------------------ */

static void container_done(struct container *container)
{
	json_free(container->doc);
	free(container->cgroup);
}

/* False for one that does not live. */
static bool look(const struct kernel_join *join, struct container *ret)
{
	const struct json *record = json_root(ret->doc);
	const char *root = json_string(record, "root"), *base = json_string(record, "range");
	enum runtime_kind kind;
	uint64_t start;

	ret->id = json_string(record, "id");
	ret->level = json_string(record, "level");
	ret->base = base ? (uint32_t)strtoul(base, NULL, 10) : 0;
	if (!root || !ret->id || !runtime_id_sound(ret->id))
		return false;
	kind = runtime_state_kind(root, ret->id);
	if (kind == RUNTIME_KINDS ||
	    runtime_state_init(kind, root, ret->id, &ret->init, &start, NULL) < 0 ||
	    sweep_start_time(ret->init) != (int64_t)start)
		return false;
	ret->began = began(join, ret->init);
	ret->cgroup = cgroup_of(ret->init);
	pidns_of(ret->init, &ret->pidns);
	return ret->began > 0;
}

static int add(struct kernel_join *join, struct json_doc *doc, struct hr_error *err)
{
	struct container container = {.doc = doc};

	if (!look(join, &container)) {
		container_done(&container);
		return 0;
	}
	if (join->len == join->room) {
		size_t room = join->room ? 2 * join->room : 64;
		struct container *grown = realloc(join->all, room * sizeof(*grown));

		if (!grown) {
			container_done(&container);
			return hr_fail(err, HR_SYSTEM, "out of memory");
		}
		join->all = grown;
		join->room = room;
	}
	join->all[join->len++] = container;
	return 0;
}

static int read_records(struct kernel_join *join, const char *statedir, struct hr_error *err)
{
	int dirfd = record_open(statedir), result = 0;
	DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);

	for (const struct dirent *entry; dir && result == 0 && (entry = readdir(dir));) {
		struct json_doc *doc = NULL;
		hr_autofree char *text = NULL;
		size_t len;

		if (text_ends(entry->d_name, ".json") &&
		    file_read_at(dirfd, entry->d_name, "record", JSON_MAX_BYTES, &text, &len, NULL,
				 NULL) == 0 &&
		    json_parse("record", text, len, false, &doc, NULL) == 0)
			result = add(join, doc, err);
	}
	if (dir)
		closedir(dir);
	else if (dirfd >= 0)
		close(dirfd);
	return result;
}

int kernel_join_open(const char *statedir, struct kernel_join **ret, struct hr_error *err)
{
	kernel_join_auto struct kernel_join *join = calloc(1, sizeof(*join));

	if (!join)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	join->boot = boot_time();
	pidns_of(getpid(), &join->own_pidns);
	if (read_records(join, statedir, err) < 0)
		return -1;
	*ret = hr_steal(join);
	return 0;
}

void kernel_join_free(struct kernel_join *join)
{
	if (!join)
		return;
	for (size_t i = 0; i < join->len; i++)
		container_done(&join->all[i]);
	free(join->all);
	free(join);
}

bool kernel_join_lives(const struct kernel_join *join, const char *id)
{
	return kernel_join_since(join, id) > 0;
}

int64_t kernel_join_since(const struct kernel_join *join, const char *id)
{
	int64_t first = 0;

	for (size_t i = 0; i < join->len; i++)
		if ((!id || strcmp(join->all[i].id, id) == 0) &&
		    (first == 0 || join->all[i].began < first))
			first = join->all[i].began;
	return first;
}

/* ---- joining --------------------------------------------------------------------------- */

/* Of a path of a cgroup: one component is the container's, as engines and runtimes name it: ID,
 * ID.scope, docker-ID.scope, libpod-ID. */
static bool names(const char *path, size_t len, const char *id)
{
	size_t id_len = strlen(id);

	for (const char *at = path, *end = path + len; at < end;) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t part = (size_t)((slash ? slash : end) - at);

		if (part > 6 && memcmp(at + part - 6, ".scope", 6) == 0)
			part -= 6;
		if (part >= id_len && memcmp(at + part - id_len, id, id_len) == 0 &&
		    (part == id_len || at[part - id_len - 1] == '-'))
			return true;
		at = slash ? slash + 1 : end;
	}
	return false;
}

/* Any line "N:controllers:PATH" does. */
static bool cgroup_names(const char *cgroup, const char *id)
{
	for (const char *line = cgroup; line && line[0];) {
		size_t len = strcspn(line, "\n");
		const char *path = memchr(line, '/', len);

		if (path && names(path, len - (size_t)(path - line), id))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

/* The same cgroups, and not those of everybody: only one container may have them. */
static const struct container *by_cgroup(const struct kernel_join *join, const char *cgroup)
{
	const struct container *found = NULL, *named = NULL;

	for (size_t i = 0; i < join->len; i++) {
		const struct container *one = &join->all[i];

		if (cgroup_names(cgroup, one->id) &&
		    (!named || strlen(one->id) > strlen(named->id)))
			named = one;
	}
	if (named)
		return named;
	for (size_t i = 0; i < join->len; i++) {
		if (!join->all[i].cgroup || strcmp(join->all[i].cgroup, cgroup) != 0)
			continue;
		if (found)
			return NULL;
		found = &join->all[i];
	}
	return found;
}

static const struct container *by_pidns(const struct kernel_join *join, pid_t pid)
{
	const struct container *found = NULL;
	struct stat pidns;

	pidns_of(pid, &pidns);
	if (same_pidns(&pidns, &join->own_pidns))
		return NULL;
	for (size_t i = 0; i < join->len; i++) {
		if (!same_pidns(&pidns, &join->all[i].pidns))
			continue;
		if (found)
			return NULL;
		found = &join->all[i];
	}
	return found;
}

static const struct container *look_at(const struct kernel_join *join, pid_t pid)
{
	hr_autofree char *own = cgroup_of(getpid()), *cgroup = NULL;
	const struct container *found;

	for (size_t i = 0; i < join->len; i++)
		if (join->all[i].init == pid)
			return &join->all[i];
	cgroup = cgroup_of(pid);
	found = cgroup && (!own || strcmp(own, cgroup) != 0) ? by_cgroup(join, cgroup) : NULL;
	return found ? found : by_pidns(join, pid);
}

/* A number is given to another process some day: one that began after the record is another. */
static const struct container *by_process(struct kernel_join *join,
					  const struct kernel_record *record)
{
	if (record->pid <= 0)
		return NULL;
	if (join->last != record->pid) {
		join->last = record->pid;
		join->last_began = began(join, record->pid);
		join->last_found = join->last_began > 0 ? look_at(join, record->pid) : NULL;
	}
	if (record->seconds > 0 && record->seconds + SLACK < join->last_began)
		return NULL;
	return join->last_found;
}

static bool has_level(const char *subject, const char *level)
{
	const char *at = strstr(subject, ":s0");

	return at && strcmp(at + 1, level) == 0;
}

/* Both are a pod's; the container that is asked for comes first. */
static const struct container *by_pod(const struct kernel_join *join,
				      const struct kernel_record *record, const char *id,
				      bool level)
{
	const struct container *found = NULL;

	for (size_t i = 0; i < join->len; i++) {
		const struct container *one = &join->all[i];
		bool its = level ? one->level && has_level(record->subject, one->level)
				 : one->base > 0 && record->uid != UINT32_MAX &&
					   record->uid >= one->base &&
					   record->uid - one->base < SUBID_SLOT;

		if (!its || (record->seconds > 0 && record->seconds + SLACK < one->began))
			continue;
		if (id && strcmp(one->id, id) == 0)
			return one;
		found = found ? found : one;
	}
	return found;
}

const struct json *kernel_join_find(struct kernel_join *join, const struct kernel_record *record,
				    const char *id, enum kernel_join_by *ret_by)
{
	const struct container *found = by_process(join, record);
	enum kernel_join_by by = KERNEL_JOIN_PROCESS;

	if (!found) {
		found = by_pod(join, record, id, false);
		by = KERNEL_JOIN_RANGE;
	}
	if (!found) {
		found = by_pod(join, record, id, true);
		by = KERNEL_JOIN_LEVEL;
	}
	if (ret_by)
		*ret_by = found ? by : KERNEL_JOIN_NONE;
	return found ? json_root(found->doc) : NULL;
}
