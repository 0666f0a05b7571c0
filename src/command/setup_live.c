/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is still needed, and taking away what is not: containers that live are known by the
 * records that create left.
 */
#include "command/setup.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/tree.h"
#include "host/runtime.h"
#include "json/edit.h"
#include "state/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX ((size_t)16 * 1024 * 1024)

static bool lives(int folder, const char *name, const char *handler)
{
	json_auto struct json_doc *record = NULL;
	hr_autofree char *text = NULL;
	const char *root, *id, *made_by;
	size_t len;

	if (file_read_at(folder, name, name, RECORD_MAX, &text, &len, NULL, NULL) < 0 ||
	    json_parse(name, text, len, false, &record, NULL) < 0)
		return false;
	root = json_string(json_root(record), "root");
	id = json_string(json_root(record), "id");
	made_by = json_string(json_root(record), "handler");
	return root && id && made_by && strcmp(made_by, handler) == 0 &&
	       runtime_state_kind(root, id) != RUNTIME_KINDS;
}

bool setup_is_live(const char *handler)
{
	hr_autoclose int folder = record_open(HR_STATEDIR);
	int copy = folder >= 0 ? fcntl(folder, F_DUPFD_CLOEXEC, 0) : -1;
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	bool live = false;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return false;
	}
	while (!live && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			live = lives(folder, entry->d_name, handler);
	closedir(dir);
	return live;
}

/* --- taking away ------------------------------------------------------------------- */

/* Left as it is: used by another engine's file, or by containers that live. */
static bool is_needed(struct setup *setup, const char *path, const char *name)
{
	if (setup_state_used(setup, name))
		return true;
	if (engine_handler(setup->engine, name)) {
		text_addf(&setup->notes, "%s stays: %s is a handler by other lines than setup's.\n",
			  path, name);
		return true;
	}
	if (!setup_is_live(name))
		return false;
	text_addf(&setup->notes,
		  "%s stays: containers of %s live and need it to be stopped; run this again when "
		  "they are gone.\n",
		  path, name);
	return true;
}

static bool is_untouched_policy(void)
{
	hr_autofree char *text = NULL;
	size_t len;

	return file_read_at(AT_FDCWD, SETUP_POLICY, SETUP_POLICY, 4096, &text, &len, NULL, NULL) ==
		       0 &&
	       strcmp(text, SETUP_POLICY_TEXT) == 0;
}

/* True if HR_CONFDIR holds nothing but what setup puts there, and runtimes is empty. */
static bool is_ours_alone(void)
{
	DIR *dir = opendir(HR_CONFDIR);
	struct dirent *entry;
	bool alone = dir != NULL;

	while (alone && (entry = readdir(dir)))
		alone = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			strcmp(entry->d_name, "policy.json") == 0 ||
			strcmp(entry->d_name, "setup.json") == 0 ||
			(strcmp(entry->d_name, "runtimes") == 0 &&
			 (rmdir(SETUP_LINKS) == 0 || errno != ENOTEMPTY));
	if (dir)
		closedir(dir);
	return alone;
}

/* The whole of HR_CONFDIR, at once. */
static int remove_confdir(struct hr_error *err)
{
	if (!is_untouched_policy() || !is_ours_alone() || rename(HR_CONFDIR, SETUP_FRESH) < 0)
		return 0;
	return tree_remove(AT_FDCWD, SETUP_FRESH, err);
}

/* A link to our program, or one of HR_CONFDIR/runtimes. */
static bool is_own_link(const struct setup *setup, const char *path)
{
	hr_autofree char *real = NULL;

	if (text_starts(path, SETUP_LINKS "/"))
		return true;
	real = realpath(path, NULL);
	return real && strcmp(real, setup->program) == 0;
}

/* True if setup.json need not name it any more. That file alone is no reason to remove
 * anything: what is no link of ours, and no folder above the engine's file, is left alone. */
static bool remove_one(struct setup *setup, const char *path)
{
	struct stat st;

	if (path[0] != '/' || text_goes_up(path))
		return true;
	if (text_below(path, HR_CONFDIR) && !text_starts(path, SETUP_LINKS "/"))
		return false;
	if (lstat(path, &st) < 0)
		return true;
	/* One that holds more now, and nothing of ours, is no longer ours. */
	if (S_ISDIR(st.st_mode))
		return (text_below(setup->path, path) && rmdir(path) == 0) ||
		       !setup_state_below(setup, path);
	if (!S_ISLNK(st.st_mode) || !is_own_link(setup, path)) {
		text_addf(&setup->notes, "%s stays: it is not what setup made.\n", path);
		return true;
	}
	return !is_needed(setup, path, strrchr(path, '/') + 1) && unlink(path) == 0;
}

/* HR_CONFDIR last; where it stays, so does what setup made in it. */
int setup_links_remove(struct setup *setup, struct hr_error *err)
{
	const struct json *made = setup->state ? json_get(json_root(setup->state), "made") : NULL;
	json_auto struct json_doc *doc = json_new("gone");
	struct json *gone = doc ? json_put(doc, json_root(doc), "gone", json_new_array(doc)) : NULL;
	bool whole = setup_state_made(setup, HR_CONFDIR), empty = false;
	size_t left = 0;

	if (!setup->state)
		return 0;
	for (const struct json *path = made ? made->last : NULL; path; path = path->prev) {
		if (path->type != JSON_STRING)
			continue;
		if (remove_one(setup, path->text))
			json_append(gone, json_new_string(doc, path->text));
		else
			left += !text_below(path->text, HR_CONFDIR) ||
				text_starts(path->text, SETUP_LINKS "/");
	}
	if (left == 0)
		for (const char *const *own =
			     (const char *const[]){HR_CONFDIR, SETUP_POLICY, SETUP_LINKS, NULL};
		     *own; own++)
			json_append(gone, json_new_string(doc, *own));
	if (!gone || setup_state_write(setup, HR_CONFDIR, NULL, gone, &empty, err) < 0)
		return gone ? -1 : hr_fail(err, HR_SYSTEM, "setup: out of memory");
	if (empty && whole && remove_confdir(err) < 0)
		return -1;
	if (empty && setup_state_made(setup, SETUP_LINKS))
		rmdir(SETUP_LINKS);
	return 0;
}
