/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HR_CONFDIR/setup.json: what setup made beside the engines' files, and which file uses which
 * handlers. {"version": 1, "made": [PATH...], "files": {PATH: {"engine", "handlers", "edits"}}}
 */
#include "command/setup.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STATE	  HR_CONFDIR "/setup.json"
#define STATE_MAX ((size_t)1024 * 1024)

int setup_state_load(struct setup *setup, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	hr_autoclose int fd = -1;
	int64_t version;
	size_t len;

	if (faccessat(AT_FDCWD, STATE, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (file_open_trusted(STATE, false, &fd, err) < 0 ||
	    file_read_at(AT_FDCWD, STATE, STATE, STATE_MAX, &text, &len, NULL, err) < 0 ||
	    json_parse(STATE, text, len, false, &setup->state, err) < 0)
		return -1;
	if (!json_int(json_get(json_root(setup->state), "version"), &version) || version != 1)
		return hr_fail(err, HR_SPEC, STATE ": is of a version that this hardrun knows not");
	return 0;
}

static const struct json *root_of(const struct setup *setup)
{
	return setup->state ? json_root(setup->state) : NULL;
}

const struct json *setup_state_engine(const struct setup *setup)
{
	return json_get(json_get(root_of(setup), "files"), setup->path);
}

bool setup_state_made(const struct setup *setup, const char *path)
{
	return json_has_string(json_get(root_of(setup), "made"), path);
}

bool setup_state_used(const struct setup *setup, const char *handler)
{
	json_each(file, json_get(root_of(setup), "files"))
		if (strcmp(file->key, setup->path) != 0 &&
		    json_has_string(json_get(file, "handlers"), handler))
			return true;
	return false;
}

bool setup_state_below(const struct setup *setup, const char *folder)
{
	json_each(file, json_get(root_of(setup), "files"))
		if (strcmp(file->key, setup->path) != 0 && text_below(file->key, folder))
			return true;
	return false;
}

/* This file's entry. */
static struct json *entry(const struct setup *setup, struct json_doc *doc)
{
	struct json *file = json_new_object(doc), *handlers = json_new_array(doc);
	const struct json *edits = setup->edits ? json_get(json_root(setup->edits), "edits") : NULL;

	for (size_t i = 0; i < setup->handlers_len; i++)
		if (!json_append(handlers, json_new_string(doc, setup->handlers[i])))
			return NULL;
	if (!json_put_string(doc, file, "engine", engine_name(setup->kind)) ||
	    !json_put(doc, file, "handlers", handlers))
		return NULL;
	if (edits && !json_put(doc, file, "edits", json_clone(doc, edits)))
		return NULL;
	return file;
}

static bool fill_made(const struct setup *setup, struct json_doc *doc, struct json *list,
		      const struct json *made, const struct json *gone)
{
	const struct json *lists[] = {json_get(root_of(setup), "made"), made};

	for (size_t i = 0; i < hr_count(lists); i++)
		json_each(path, lists[i])
			if (path->type == JSON_STRING && !json_has_string(gone, path->text) &&
			    !json_has_string(list, path->text) &&
			    !json_append(list, json_new_string(doc, path->text)))
				return false;
	return true;
}

/* ret_list, ret_files: what will stand in it. */
static bool fill(const struct setup *setup, struct json_doc *doc, const struct json *made,
		 const struct json *gone, struct json **ret_list, struct json **ret_files)
{
	const struct json *old = json_get(root_of(setup), "files");
	struct json *files = old ? json_clone(doc, old) : json_new_object(doc);
	const struct json *own;

	*ret_list = json_new_array(doc);
	*ret_files = files;
	if (!json_put_int(doc, json_root(doc), "version", 1) ||
	    !json_put(doc, json_root(doc), "made", *ret_list) ||
	    !json_put(doc, json_root(doc), "files", files) ||
	    !fill_made(setup, doc, *ret_list, made, gone))
		return false;
	if (!setup->remove)
		return json_put(doc, files, setup->path, entry(setup, doc)) != NULL;
	own = json_get(files, setup->path);
	if (own)
		json_remove(files, own);
	return true;
}

int setup_state_write(const struct setup *setup, const char *folder, const struct json *made,
		      const struct json *gone, bool *ret_empty, struct hr_error *err)
{
	char path[PATH_MAX];
	json_auto struct json_doc *doc = json_new("setup.json");
	hr_autofree char *written = NULL;
	text_auto struct text text = {0};
	struct json *list, *files;
	size_t len;

	if (!doc || !fill(setup, doc, made, gone, &list, &files))
		return hr_fail(err, HR_SYSTEM, STATE ": out of memory");
	*ret_empty = json_count(list) == 0 && json_count(files) == 0;
	if (*ret_empty)
		return unlink(STATE) < 0 && errno != ENOENT ? hr_fail_errno(err, errno, STATE) : 0;
	if (json_write(json_root(doc), &written, &len, err) < 0)
		return -1;
	text_addf(&text, "%s\n", written);
	snprintf(path, sizeof(path), "%s/setup.json", folder);
	return text.failed ? hr_fail(err, HR_SYSTEM, STATE ": out of memory")
			   : setup_write(path, &text, NULL, err);
}
