/* SPDX-License-Identifier: Apache-2.0 */
#include "state/slot.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "json/edit.h"
#include "state/state_private.h"
#include "state/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_SLOT ((size_t)1024 * 1024)

/* ---- the directory --------------------------------------------------------------------- */

static int open_directory(const char *path, struct hr_error *err)
{
	hr_autoclose int fd = -1;
	struct stat st;

	if (file_make_dirs(path, 0700, err) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	if (!file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED, "%s is not root's alone", path);
	return hr_steal_fd(&fd);
}

int slots_open(const char *statedir, const char *kind, const char *member, struct slots *ret,
	       struct hr_error *err)
{
	struct slots slots = {.kind = kind, .member = member, .records = -1, .lock = -1};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", statedir, kind);
	slots.dirfd = open_directory(path, err);
	if (slots.dirfd < 0)
		return -1;
	if (record_lock(statedir, &slots.lock, &slots.records, err) < 0) {
		slots_close(&slots);
		return -1;
	}
	*ret = slots;
	return 0;
}

bool slots_beside(int records, const char *kind, const char *member, struct slots *ret)
{
	char path[NAME_MAX];

	snprintf(path, sizeof(path), "../%s", kind);
	*ret = (struct slots){.kind = kind, .member = member, .records = records, .lock = -1};
	ret->dirfd = openat(records, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return ret->dirfd >= 0;
}

void slots_close(struct slots *slots)
{
	if (slots->dirfd >= 0)
		close(slots->dirfd);
	slots->dirfd = -1;
	if (slots->lock < 0)
		return;
	close(slots->records);
	close(slots->lock);
	slots->records = slots->lock = -1;
}

/* ---- who holds it ---------------------------------------------------------------------- */

static bool written_by_the_living(const struct json *holder)
{
	int64_t pid, start;

	return json_int(json_get(holder, "pid"), &pid) &&
	       json_int(json_get(holder, "start"), &start) && sweep_lives(pid, start);
}

/* The container lives, and its record says that what it has is another slot: an earlier one of
 * its name had this one, or a create for it that was refused. A record that is lost or cannot
 * be read says nothing. */
static bool has_another(const struct slots *slots, const char *name, const struct json *holder)
{
	json_auto struct json_doc *record = NULL;
	char file[RECORD_NAME];
	const char *named;

	record_name(json_string(holder, "root"), json_string(holder, "id"), file);
	if (record_read(slots->records, file, &record, NULL) < 0 || !record)
		return false;
	named = json_string(json_root(record), slots->member);
	return !named || strcmp(named, name) != 0;
}

static bool same(const struct json *holder, const char *key, const char *value)
{
	return strcmp(json_string(holder, key), value) == 0;
}

/* Another create of the living container's name, which is gone: one of them will do. */
static bool repeated(const struct json *holder)
{
	const char *root = json_string(holder, "root"), *id = json_string(holder, "id");

	for (const struct json *before = holder->prev; before; before = before->prev)
		if (same(before, "id", id) && same(before, "root", root) &&
		    !written_by_the_living(before))
			return true;
	return false;
}

static bool counts(const struct slots *slots, const char *name, const struct json *holder)
{
	if (written_by_the_living(holder))
		return true;
	return sweep_alive(json_string(holder, "root"), json_string(holder, "id"), NULL) &&
	       !repeated(holder) && !has_another(slots, name, holder);
}

/* ---- the file -------------------------------------------------------------------------- */

static struct json *holders_of(struct json_doc *slot)
{
	return json_get_mut(json_root(slot), "holders");
}

static bool sound(struct json_doc *slot)
{
	const struct json *holders = json_get(json_root(slot), "holders");
	int64_t number;

	if (!holders || holders->type != JSON_ARRAY)
		return false;
	json_each(holder, holders)
		if (!json_string(holder, "root") || !json_string(holder, "id") ||
		    !json_string(holder, "pod") || !json_int(json_get(holder, "pid"), &number) ||
		    !json_int(json_get(holder, "start"), &number))
			return false;
	return true;
}

static void file_of(const char *name, char ret[NAME_MAX])
{
	snprintf(ret, NAME_MAX, "%s.json", name);
}

/* NULL in ret for one that nobody holds. */
static int read_slot(const struct slots *slots, const char *name, struct json_doc **ret,
		     struct hr_error *err)
{
	json_auto struct json_doc *slot = NULL;
	struct hr_error local = {0};
	hr_autofree char *text = NULL;
	char file[NAME_MAX];
	struct stat st;
	size_t len;

	*ret = NULL;
	file_of(name, file);
	if (faccessat(slots->dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (file_read_at(slots->dirfd, file, file, LONGEST_SLOT, &text, &len, &st, &local) == 0 &&
	    file_is_roots(&st) && json_parse(file, text, len, false, &slot, &local) == 0 &&
	    sound(slot)) {
		*ret = hr_steal(slot);
		return 0;
	}
	return hr_fail(err, HR_UNTRUSTED,
		       "%s: who holds %s cannot be told, so it is taken for used (%s); remove "
		       "%s/%s in hardrun's state directory once no container has it",
		       slots->kind, name,
		       local.code == HR_OK ? "its file is not as hardrun wrote it" : local.msg,
		       slots->kind, file);
}

static int write_slot(const struct slots *slots, const char *name, struct json_doc *slot,
		      struct hr_error *err)
{
	hr_autofree char *text = NULL;
	char file[NAME_MAX];
	size_t len;

	file_of(name, file);
	if (json_count(holders_of(slot)) == 0) {
		unlinkat(slots->dirfd, file, 0);
		return 0;
	}
	if (json_write(json_root(slot), &text, &len, err) < 0 ||
	    file_replace_at(slots->dirfd, file, text, len, 0600, 0, 0, err) < 0)
		return hr_context(err, "%s", slots->kind);
	return 0;
}

/* True if any went. */
static bool drop_dead(const struct slots *slots, const char *name, struct json_doc *slot)
{
	struct json *holders = holders_of(slot);
	size_t before = json_count(holders);

	for (struct json *holder = holders->first, *next; holder; holder = next) {
		next = holder->next;
		if (!counts(slots, name, holder))
			json_remove(holders, holder);
	}
	return json_count(holders) != before;
}

static int add_holder(struct json_doc *slot, const struct slot_holder *who, struct hr_error *err)
{
	struct json *holder = json_append(holders_of(slot), json_new_object(slot));
	int64_t start = sweep_start_time(getpid());

	if (start == 0)
		return hr_fail(err, HR_SYSTEM,
			       "/proc/self/stat cannot be read: is /proc mounted, and this "
			       "process's own?");
	if (!json_put_string(slot, holder, "root", who->root) ||
	    !json_put_string(slot, holder, "id", who->id) ||
	    !json_put_string(slot, holder, "pod", who->pod) ||
	    !json_put_int(slot, holder, "pid", getpid()) ||
	    !json_put_int(slot, holder, "start", start))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* ---- what is asked of it --------------------------------------------------------------- */

static bool held_by_others(struct json_doc *slot, const struct slot_holder *who)
{
	json_each(holder, holders_of(slot)) {
		if (same(holder, "pod", who->pod) && same(holder, "root", who->root))
			continue;
		if (!who->joins || written_by_the_living(holder) ||
		    !who->joins(json_string(holder, "root"), json_string(holder, "id"), who->data))
			return true;
	}
	return false;
}

static int open_slot(const struct slots *slots, const char *name, struct json_doc **ret,
		     struct hr_error *err)
{
	json_auto struct json_doc *slot = NULL;

	if (read_slot(slots, name, &slot, err) < 0)
		return -1;
	if (slot) {
		drop_dead(slots, name, slot);
	} else {
		slot = json_new(name);
		if (!slot || !json_put(slot, json_root(slot), "holders", json_new_array(slot)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	*ret = hr_steal(slot);
	return 0;
}

int slot_take(const struct slots *slots, const char *name, const struct slot_holder *who,
	      bool share, bool *ret_taken, struct hr_error *err)
{
	json_auto struct json_doc *slot = NULL;
	bool taken;

	if (open_slot(slots, name, &slot, err) < 0)
		return -1;
	taken = held_by_others(slot, who);
	if ((!taken || share) &&
	    (add_holder(slot, who, err) < 0 || write_slot(slots, name, slot, err) < 0))
		return -1;
	*ret_taken = taken;
	return 0;
}

static bool is_own(const struct json *holder, const struct slot_holder *who)
{
	int64_t pid;

	return json_int(json_get(holder, "pid"), &pid) && pid == getpid() &&
	       same(holder, "root", who->root) && same(holder, "id", who->id) &&
	       written_by_the_living(holder);
}

bool slot_leave(const struct slots *slots, const char *name, const struct slot_holder *who)
{
	json_auto struct json_doc *slot = NULL;
	struct json *holders;

	if (read_slot(slots, name, &slot, NULL) < 0 || !slot)
		return false;
	holders = holders_of(slot);
	for (struct json *holder = holders->first, *next; holder; holder = next) {
		next = holder->next;
		if (is_own(holder, who))
			json_remove(holders, holder);
	}
	write_slot(slots, name, slot, NULL);
	return json_count(holders) == 0;
}

bool slot_prune(const struct slots *slots, const char *name)
{
	json_auto struct json_doc *slot = NULL;

	if (read_slot(slots, name, &slot, NULL) < 0 || !slot || !drop_dead(slots, name, slot))
		return false;
	write_slot(slots, name, slot, NULL);
	return json_count(holders_of(slot)) == 0;
}

static void prune_file(int dirfd, const char *file, void *data)
{
	char name[NAME_MAX];

	(void)dirfd;
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(file) - strlen(".json")), file);
	slot_prune(data, name);
}

void slots_sweep(const struct slots *slots, unsigned most)
{
	struct slots copy = *slots;

	sweep_walk(slots->dirfd, most, 0, prune_file, &copy);
}
