/* SPDX-License-Identifier: Apache-2.0 */
/* inventory: the containers that hardrun made and that are alive, by their records. */
#include "command/command.h"
#include "command/inventory.h"
#include "command/review.h"

#include "audit/audit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "host/runtime.h"
#include "json/edit.h"
#include "state/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define JSON_VERSION 1

static const char help[] =
	"usage: hardrun inventory [--json]\n"
	"\n"
	"The containers that hardrun made and that are alive, by the records that create left:\n"
	"pod, image and who signed it, profile, runtime, labels, range of ids, and how much was\n"
	"changed. `hardrun explain --id ID` has the whole report of one.\n"
	"\n"
	"  --json   one object\n"
	"\n"
	"Exit status: 0, 2 usage, 4 the records cannot be read.\n";

struct inventory {
	struct json_doc *doc;
	struct json *list;
	uint64_t gone, unreadable;
	bool failed;
};

/* ---- one record ---------------------------------------------------------------------------- */

static void string(struct inventory *all, struct json *in, const char *key, const char *text)
{
	if (text && text[0] && !json_put_string(all->doc, in, key, text))
		all->failed = true;
}

static void number(struct inventory *all, struct json *in, const char *key, uint64_t value)
{
	if (!json_put_uint(all->doc, in, key, value))
		all->failed = true;
}

static void boolean(struct inventory *all, struct json *in, const char *key, bool value)
{
	if (!json_put(all->doc, in, key, json_new_bool(all->doc, value)))
		all->failed = true;
}

static void put_copy(struct inventory *all, struct json *in, const char *key,
		     const struct json *value)
{
	struct json *copy = value ? json_put(all->doc, in, key, json_clone(all->doc, value)) : NULL;

	if (copy)
		json_forget_origin(copy);
	else if (value)
		all->failed = true;
}

static void add_who(struct inventory *all, struct json *in, const struct json *record)
{
	static const char *const names[] = {"kind",    "namespace", "pod",
					    "pod_uid", "container", "image"};
	const struct json *identity = json_get(record, "identity");

	for (size_t i = 0; i < hr_count(names); i++)
		string(all, in, i == 5 ? "image_name" : names[i], json_string(identity, names[i]));
}

static void add_counts(struct inventory *all, struct json *in, const struct json *record)
{
	size_t count[REVIEW_PARTS];
	int64_t unwritten = 0;

	review_count(json_get(record, "report"), count);
	json_int(json_get(record, "report_unwritten"), &unwritten);
	number(all, in, "changes", count[REVIEW_CHANGED]);
	number(all, in, "warnings", count[REVIEW_REMARKED]);
	number(all, in, "audited", count[REVIEW_AUDITED]);
	if (unwritten > 0)
		number(all, in, "unlisted", (uint64_t)unwritten);
}

/* Whether the first process lives: a container that has ended is there until it is deleted. */
static void add_process(struct inventory *all, struct json *in, const char *root, const char *id)
{
	enum runtime_kind kind = runtime_state_kind(root, id);
	uint64_t start = 0;
	pid_t pid = 0;
	bool lives = kind != RUNTIME_KINDS && runtime_id_sound(id) &&
		     runtime_state_init(kind, root, id, &pid, &start, NULL) == 0 &&
		     sweep_start_time(pid) == (int64_t)start;

	boolean(all, in, "running", lives);
	if (lives)
		number(all, in, "pid", (uint64_t)pid);
}

static void add_entry(struct inventory *all, const struct json *record, time_t since)
{
	static const char *const names[] = {
		"id",	   "root",	"bundle", "state", "handler", "runtime", "runtime_version",
		"profile", "chosen_by", "range",  "level"};
	static const char *const labels[] = {"apparmor", "selinux"};
	struct json *entry = json_append(all->list, json_new_object(all->doc));
	struct json *mac = json_put(all->doc, entry, "mac", json_new_object(all->doc));
	char time[AUDIT_TIME];

	all->failed = all->failed || !mac;
	for (size_t i = 0; i < hr_count(names); i++)
		string(all, entry, names[i], json_string(record, names[i]));
	add_process(all, entry, json_string(record, "root"), json_string(record, "id"));
	add_who(all, entry, record);
	string(all, entry, "since", audit_time(since < 0 ? 0 : since, 0, time));
	for (size_t i = 0; i < hr_count(labels); i++)
		put_copy(all, mac, labels[i], json_get(json_get(record, "ceilings"), labels[i]));
	put_copy(all, entry, "image", json_get(record, "image"));
	add_counts(all, entry, record);
	boolean(all, entry, "learn", json_true(record, "learn"));
	boolean(all, entry, "log", json_true(record, "log"));
}

static void read_one(struct inventory *all, int dirfd, const char *name)
{
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	const struct json *record;
	const char *id, *root;
	struct stat st;
	size_t len;

	errno = 0; /* not every failure sets it */
	if (file_read_at(dirfd, name, "record", JSON_MAX_BYTES, &text, &len, &st, NULL) < 0) {
		all->unreadable += errno != ENOENT;
		return;
	}
	if (json_parse("record", text, len, false, &doc, NULL) < 0) {
		all->unreadable++;
		return;
	}
	record = json_root(doc);
	id = json_string(record, "id");
	root = json_string(record, "root");
	if (!id || !root)
		all->unreadable++;
	else if (!sweep_alive(root, id, record))
		all->gone++;
	else
		add_entry(all, record, st.st_mtim.tv_sec);
}

static int read_all(struct inventory *all, struct hr_error *err)
{
	int dirfd = record_open(HR_STATEDIR);
	DIR *dir;

	if (dirfd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0; /* none was ever made since the machine was started */
	dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	if (!dir) {
		hr_fail_errno(err, errno, "inventory: " HR_STATEDIR "/records");
		if (dirfd >= 0)
			close(dirfd);
		return -1;
	}
	for (const struct dirent *entry; !all->failed && (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && text_ends(entry->d_name, ".json"))
			read_one(all, dirfd, entry->d_name);
	closedir(dir);
	return 0;
}

/* ---- order --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	static const char *const names[] = {"namespace", "pod", "kind", "container", "id", "root"};
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;

	for (size_t i = 0; i < hr_count(names); i++) {
		const char *one = json_string(x, names[i]), *other = json_string(y, names[i]);
		int order = strcmp(one ? one : "", other ? other : "");

		/* A pod's sandbox stands before its containers. */
		if (order != 0)
			return strcmp(names[i], "kind") == 0 ? -order : order;
	}
	return 0;
}

static void sort(struct inventory *all)
{
	size_t len = json_count(all->list), at = 0;
	hr_autofree struct json **entries = calloc(len + 1, sizeof(struct json *));

	if (!entries) {
		all->failed = true;
		return;
	}
	while (all->list->first) {
		entries[at++] = all->list->first;
		json_remove(all->list, all->list->first);
	}
	qsort(entries, len, sizeof(struct json *), compare);
	for (size_t i = 0; i < len; i++)
		json_append(all->list, entries[i]);
}

/* ---- out ----------------------------------------------------------------------------------- */

static int print_text(const struct inventory *all, struct hr_error *err)
{
	text_auto struct text text = {0};

	inventory_text(all->list, &text);
	if (all->unreadable > 0)
		text_addf(&text, "%u records cannot be read\n", (unsigned)all->unreadable);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return file_write_fd(STDOUT_FILENO, "standard output", text.data, text.len, err);
}

static int print_json(struct inventory *all, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	text_auto struct text text = {0};
	size_t len;

	number(all, json_root(all->doc), "gone", all->gone);
	number(all, json_root(all->doc), "unreadable", all->unreadable);
	if (all->failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(json_root(all->doc), &bytes, &len, err) < 0)
		return -1;
	text_add(&text, bytes, len);
	text_adds(&text, "\n");
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return file_write_fd(STDOUT_FILENO, "standard output", text.data, text.len, err);
}

/* ---- the command --------------------------------------------------------------------------- */

static int inventory(bool json, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("inventory");
	struct inventory all = {.doc = doc};

	if (doc) {
		number(&all, json_root(doc), "version", JSON_VERSION);
		all.list = json_put(doc, json_root(doc), "containers", json_new_array(doc));
	}
	if (!all.list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (read_all(&all, err) < 0)
		return -1;
	sort(&all);
	if (all.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return json ? print_json(&all, err) : print_text(&all, err);
}

int command_inventory(int argc, char *const argv[], struct hr_error *err)
{
	bool json = false;

	for (int i = 2; i < argc; i++) {
		if (command_wants_help(argv[i]))
			return command_help(help);
		if (strcmp(argv[i], "--json") != 0)
			return command_usage("inventory", argv[i], "[--json]", err);
		json = true;
	}
	return inventory(json, err) < 0 ? command_exit(err) : EXIT_OK;
}
