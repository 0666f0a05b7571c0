/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/layers.h"

#include "base/cleanup.h"
#include "stage/overlay_layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOWER_MAX 512
/* core/mount/mount_linux.go of containerd; the digits of os.MkdirTemp are behind it. */
#define IDMAPPED "/ovl-idmapped"

/* --- What the snapshotter says ---------------------------------------------------------------- */

struct snapshot {
	char *text; /* owns the names of the lower ones */
	const char *lower[LOWER_MAX];
	size_t lower_count;
	const char *upper; /* NULL: read-only */
	bool idmapped;	   /* to be mounted with other ids */
};

static int add_lower(struct snapshot *snapshot, const char *path, struct hr_error *err)
{
	if (path[0] != '/' || snapshot->lower_count == LOWER_MAX)
		return hr_fail(err, HR_DENIED,
			       "the snapshot's layers are too many, or are not absolute paths");
	snapshot->lower[snapshot->lower_count++] = path;
	return 0;
}

/* containerd writes them with colons and without escapes. */
static int read_lower(struct snapshot *snapshot, const char *value, struct hr_error *err)
{
	char *rest, *path;

	if (snapshot->text)
		return hr_fail(err, HR_DENIED, "the snapshot's lowerdir is there twice");
	rest = snapshot->text = strdup(value);
	if (!rest)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	while ((path = strsep(&rest, ":")))
		if (add_lower(snapshot, path, err) < 0)
			return -1;
	return 0;
}

static const char *value_of(const char *option, const char *name)
{
	size_t len = strlen(name);

	return strncmp(option, name, len) == 0 && option[len] == '=' ? option + len + 1 : NULL;
}

static int read_option(struct snapshot *snapshot, const char *option, struct hr_error *err)
{
	const char *value;

	if ((value = value_of(option, "lowerdir")))
		return read_lower(snapshot, value, err);
	if ((value = value_of(option, "lowerdir+")))
		return add_lower(snapshot, value, err);
	if (value_of(option, "datadir+"))
		return hr_fail(err, HR_DENIED, "the snapshot has a layer for data only");
	if ((value = value_of(option, "upperdir")))
		snapshot->upper = value;
	if (value_of(option, "uidmap"))
		snapshot->idmapped = true;
	return 0;
}

static int read_snapshot(const struct json *mount, struct snapshot *ret, struct hr_error *err)
{
	json_each(option, json_get(mount, "options"))
		if (option->type == JSON_STRING && read_option(ret, option->text, err) < 0)
			return -1;
	if (ret->lower_count == 0)
		return hr_fail(err, HR_DENIED, "the snapshot has no lowerdir");
	return 0;
}

/* --- What is mounted -------------------------------------------------------------------------- */

/* Options that say nothing about layers, and that overlay_options_parse does not take, as nothing
 * with them is mounted anew. A comma of a path is no comma in mountinfo. */
static void cut_volatile(char *super)
{
	static const char *const words[] = {",volatile", ",fsync=volatile"};

	for (size_t i = 0; i < hr_count(words); i++) {
		size_t len = strlen(words[i]);
		char *at = strstr(super, words[i]);

		if (at && (at[len] == ',' || at[len] == '\0'))
			memmove(at, at + len, strlen(at + len) + 1);
	}
}

static bool ends_in(const char *path, const char *tail)
{
	size_t len = strlen(path), tail_len = strlen(tail);

	return tail_len > 0 && len > tail_len && path[len - tail_len - 1] == '/' &&
	       strcmp(path + len - tail_len, tail) == 0;
}

/* What is behind the idmapped clone's directory in a name, which is there no longer; NULL for
 * another name. containerd 2.0 has a clone of each layer, called by its number, later ones have
 * one of the directory above all. */
static const char *behind_clone(const char *name)
{
	const char *at = strstr(name, IDMAPPED);

	if (!at)
		return NULL;
	at += strlen(IDMAPPED);
	at += strspn(at, "0123456789");
	return *at == '/' && faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? at + 1
										      : NULL;
}

static bool is_number(const char *text, size_t number)
{
	char decimal[24];

	snprintf(decimal, sizeof(decimal), "%zu", number);
	return strcmp(text, decimal) == 0;
}

/* A name that leads nowhere of itself becomes the snapshot's where its end is the same: one through
 * an idmapped clone, or, without an upper directory, one that is relative to what nothing tells. */
static int settle(struct overlay_options *options, const struct snapshot *snapshot,
		  struct hr_error *err)
{
	for (size_t i = 0; i < options->lower_count; i++) {
		const char *name = options->lower[i], *tail = NULL;
		bool clone = name[0] == '/' && snapshot->idmapped && (tail = behind_clone(name));
		char shown[TEXT_SHOWN_SIZE], of[TEXT_SHOWN_SIZE];

		if (name[0] != '/' && !options->upper)
			tail = name;
		if (!tail)
			continue;
		if (!ends_in(snapshot->lower[i], tail) && !(clone && is_number(tail, i)))
			return hr_fail(err, HR_DENIED,
				       "its layer %zu of %zu is, by its name %s, another directory "
				       "than %s of the snapshot",
				       i + 1, options->lower_count, overlay_shown(name, shown),
				       overlay_shown(snapshot->lower[i], of));
		options->lower[i] = snapshot->lower[i];
	}
	return 0;
}

/* --- Comparing -------------------------------------------------------------------------------- */

static int compare_place(const struct overlay_place *place, const char *path, const char *what,
			 struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	struct stat st;

	overlay_shown(path, shown);
	if (stat(path, &st) < 0)
		return hr_fail_errno(err, errno, "the snapshot's %s %s", what, shown);
	if (st.st_dev != place->dev || st.st_ino != place->ino)
		return hr_fail(err, HR_DENIED,
			       "its %s is another directory than %s of the snapshot", what, shown);
	return 0;
}

static int compare_places(const struct overlay_layers *layers, const struct snapshot *snapshot,
			  struct hr_error *err)
{
	char what[64];

	for (size_t i = 0; i < snapshot->lower_count; i++) {
		snprintf(what, sizeof(what), "layer %zu of %zu", i + 1, snapshot->lower_count);
		if (compare_place(&layers->places[i], snapshot->lower[i], what, err) < 0)
			return -1;
	}
	if (!snapshot->upper)
		return 0;
	return compare_place(&layers->places[snapshot->lower_count], snapshot->upper,
			     "upper directory", err);
}

static int compare(struct overlay_options *options, const struct snapshot *snapshot,
		   const char *point, struct hr_error *err)
{
	struct overlay_layers layers = {.at = -1};
	int result;

	if (options->lower_count != snapshot->lower_count)
		return hr_fail(err, HR_DENIED, "it has %zu layers, and the snapshot %zu",
			       options->lower_count, snapshot->lower_count);
	if (!options->upper != !snapshot->upper)
		return hr_fail(err, HR_DENIED, "it is %s, and the snapshot is not",
			       options->upper ? "writable" : "read-only");
	if (settle(options, snapshot, err) < 0)
		return -1;
	result = overlay_layers_open(options, point, &layers, err);
	if (result < 0)
		hr_context(err, "its layers cannot be told");
	else
		result = compare_places(&layers, snapshot, err);
	overlay_layers_done(&layers);
	return result;
}

int layers_overlay(const struct mount_entry *mounted, const struct json *mount,
		   struct hr_error *err)
{
	struct snapshot snapshot = {0};
	overlay_options_auto struct overlay_options options = {0};
	hr_autofree char *super = strdup(mounted->super);
	char shown[TEXT_SHOWN_SIZE];
	int result = -1;

	if (!super)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (strcmp(mounted->type, "overlay") != 0 || strcmp(mounted->root, "/") != 0)
		return hr_fail(err, HR_DENIED, "it is no overlay, or not the whole of one, but %s",
			       text_shown_z(mounted->type, shown));
	cut_volatile(super);
	if (read_snapshot(mount, &snapshot, err) == 0 &&
	    overlay_options_parse(super, &options, err) == 0)
		result = compare(&options, &snapshot, mounted->point, err);
	free(snapshot.text);
	return result;
}

/* --- The mount -------------------------------------------------------------------------------- */

/* Nothing of ours or the engine's lies in an image's files before its runtime starts. */
static int check_inside(const struct mountinfo *table, const char *root, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; i < table->count; i++)
		if (text_below(table->entries[i].point, root) &&
		    strcmp(table->entries[i].point, root) != 0)
			return hr_fail(err, HR_DENIED, "%s is mounted in it",
				       overlay_shown(table->entries[i].point, shown));
	return 0;
}

static int check_overlay(const struct mountinfo *table, const char *root, const struct json *mount,
			 struct hr_error *err)
{
	const struct mount_entry *entry;
	struct statx stx;

	if (statx(AT_FDCWD, root, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &stx) < 0)
		return hr_fail_errno(err, errno, "root.path");
	entry = stx.stx_mask & STATX_MNT_ID ? mountinfo_find(table, stx.stx_mnt_id) : NULL;
	if (!entry || strcmp(entry->point, root) != 0)
		return hr_fail(err, HR_DENIED,
			       "nothing is mounted there, and the snapshot is an "
			       "overlay");
	return layers_overlay(entry, mount, err);
}

static int check_bind(const char *root, const struct json *mount, struct hr_error *err)
{
	const char *source = json_string(mount, "source");
	char shown[TEXT_SHOWN_SIZE];
	struct stat here, there;

	if (!source || source[0] != '/')
		return hr_fail(err, HR_DENIED, "the snapshot is a bind of no path");
	overlay_shown(source, shown);
	if (lstat(root, &here) < 0)
		return hr_fail_errno(err, errno, "root.path");
	if (stat(source, &there) < 0)
		return hr_fail_errno(err, errno, "the snapshot's directory %s", shown);
	if (here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		return hr_fail(err, HR_DENIED, "it is another directory than %s of the snapshot",
			       shown);
	return 0;
}

int layers_check(const char *root, const struct json *mounts, struct hr_error *err)
{
	const struct json *mount = mounts ? mounts->first : NULL;
	const char *type = json_string(mount, "type");
	char shown[TEXT_SHOWN_SIZE];
	struct mountinfo table;
	int result;

	if (json_count(mounts) != 1 || !type)
		return hr_fail(err, HR_DENIED, "the snapshot is %zu mounts, and not one",
			       json_count(mounts));
	result = mountinfo_read(&table, err);
	if (result == 0)
		result = check_inside(&table, root, err);
	if (result == 0 && strcmp(type, "overlay") == 0)
		result = check_overlay(&table, root, mount, err);
	else if (result == 0 && strcmp(type, "bind") == 0)
		result = check_bind(root, mount, err);
	else if (result == 0)
		result = hr_fail(err, HR_DENIED,
				 "the snapshot is mounted as %s, whose layers are not known here",
				 text_shown_z(type, shown));
	mountinfo_done(&table);
	return result;
}
