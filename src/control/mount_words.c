/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a mount. Both runtimes hand words that they do not know to the file system
 * as data, so only known ones pass. Of two contrary words the last one counts (runc
 * specconv, crun's get_mount_flags).
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/mounts.h"

#include <stdio.h>
#include <string.h>

struct word {
	const char *text;
	unsigned set, clear; /* enum mount_flag */
};

static const struct word words[] = {
	{"ro", MOUNT_RO, 0},
	{"rw", 0, MOUNT_RO},
	{"nosuid", MOUNT_NOSUID, 0},
	{"suid", 0, MOUNT_NOSUID},
	{"nodev", MOUNT_NODEV, 0},
	{"dev", 0, MOUNT_NODEV},
	{"noexec", MOUNT_NOEXEC, 0},
	{"exec", 0, MOUNT_NOEXEC},
	{"bind", MOUNT_BIND, 0},
	{"rbind", MOUNT_BIND, 0},
	{"slave", MOUNT_SLAVE, 0},
	{"rslave", MOUNT_SLAVE, 0},
	{"shared", MOUNT_SHARED, 0},
	{"rshared", MOUNT_SHARED, 0},
	{"private", 0, 0},
	{"rprivate", 0, 0},
	{"async", 0, 0},
	{"sync", 0, 0},
	{"dirsync", 0, 0},
	{"atime", 0, MOUNT_NOATIME},
	{"noatime", MOUNT_NOATIME, 0},
	{"diratime", 0, 0},
	{"nodiratime", 0, 0},
	{"relatime", 0, 0},
	{"norelatime", 0, 0},
	{"strictatime", 0, 0},
	{"nostrictatime", 0, 0},
	{"nosymfollow", 0, 0},
	{"defaults", 0, 0},
	{"tmpcopyup", 0, 0},
	/* Recursive ones come on top of the plain ones, mount_setattr(2). */
	{"rro", 0, 0},
	{"rnosuid", 0, 0},
	{"rnodev", 0, 0},
	{"rnoexec", 0, 0},
};

/* What a file system itself understands; "x=" stands for any value. */
static const struct {
	const char *type;
	const char *data[12];
} data_words[] = {
	{"tmpfs", {"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "huge=", NULL}},
	{"devpts", {"newinstance", "ptmxmode=", "mode=", "uid=", "gid=", "max=", NULL}},
	{"proc", {"hidepid=", "subset=", "gid=", NULL}},
};

static const struct {
	unsigned flag;
	const char *text, *contrary;
} forced[] = {
	{MOUNT_RO, "ro", "rw"},
	{MOUNT_NOSUID, "nosuid", "suid"},
	{MOUNT_NODEV, "nodev", "dev"},
	{MOUNT_NOEXEC, "noexec", "exec"},
	{MOUNT_NOATIME, "noatime", "atime"},
};

static const struct word *find_word(const char *text)
{
	for (size_t i = 0; i < hr_count(words); i++)
		if (strcmp(words[i].text, text) == 0)
			return &words[i];
	return NULL;
}

static bool is_data(const char *type, const char *text)
{
	for (size_t i = 0; i < hr_count(data_words); i++) {
		if (strcmp(data_words[i].type, type) != 0)
			continue;
		for (size_t j = 0; data_words[i].data[j]; j++) {
			const char *word = data_words[i].data[j];

			if (text_ends(word, "=") ? text_starts(text, word)
						 : strcmp(text, word) == 0)
				return true;
		}
	}
	return false;
}

static void refuse_word(struct mount *mount, const char *word)
{
	mount_refuse(mount, "options", word,
		     &(struct reason){
			     .rule = "mounts",
			     .why = "not an option that is known for this type of mount; the "
				    "runtime would hand it to the kernel or to the file system",
			     .remedy = "remove the option",
		     });
}

unsigned mount_read_flags(const struct json *options)
{
	unsigned flags = 0;

	json_each(option, options) {
		const struct word *word =
			option->type == JSON_STRING ? find_word(option->text) : NULL;

		if (word)
			flags = (flags | word->set) & ~word->clear;
	}
	return flags;
}

void mount_read_words(struct mount *mount)
{
	const struct json *options = json_get(mount->json, "options");

	/* A comma would make two words of one for the kernel. */
	mount->flags = mount_read_flags(options);
	json_each(option, options)
		if (!find_word(option->text) &&
		    (!is_data(mount->type, option->text) || strchr(option->text, ',')))
			refuse_word(mount, option->text);
	if (mount->flags & MOUNT_SHARED)
		mount_refuse(mount, "options", "shared",
			     &(struct reason){
				     .rule = "mounts",
				     .why = "what the container mounts would appear on the host",
				     .remedy = "ask for private propagation",
			     });
}

static bool is_contrary(const struct mount *mount, const char *word)
{
	/* A user namespace locks these, too, as they are on the host. */
	static const char *const times[] = {"atime",	  "diratime",	 "noatime", "nodiratime",
					    "norelatime", "strictatime", NULL};

	if (mount->locked && text_in(word, times) &&
	    !((mount->force & MOUNT_NOATIME) && strcmp(word, "noatime") == 0))
		return true;
	for (size_t i = 0; i < hr_count(forced); i++)
		if ((mount->force & forced[i].flag) && strcmp(forced[i].contrary, word) == 0)
			return true;
	return false;
}

#define WAY_BACK (TEXT_SHOWN_SIZE + 160)

/* What to write for the flags that were taken away. */
static const char *way_back(const struct mount *mount, char buf[WAY_BACK])
{
	unsigned taken = mount->force & ~mount->flags;
	char shown[TEXT_SHOWN_SIZE];

	if (mount_is_bind(mount) && mount->real)
		snprintf(buf, WAY_BACK,
			 "to keep what was asked: \"mounts\": {\"host_paths\": [{\"path\": "
			 "\"%s\"%s%s%s}]}",
			 text_shown_z(mount->real, shown),
			 taken & MOUNT_RO ? ", \"read_only\": false" : "",
			 taken & MOUNT_NOSUID ? ", \"suid\": true" : "",
			 taken & MOUNT_NODEV ? ", \"dev\": true" : "");
	else if (!mount_is_bind(mount) && (taken & MOUNT_RO))
		snprintf(buf, WAY_BACK,
			 "to keep what was asked: \"mounts\": {\"writable\": [\"%s\"]}",
			 text_shown_z(mount->place, shown));
	else if (!mount_is_bind(mount) && (taken & MOUNT_NOEXEC) &&
		 strcmp(mount->type, "tmpfs") == 0)
		snprintf(buf, WAY_BACK, "to keep what was asked: \"mounts\": {\"exec\": [\"%s\"]}",
			 text_shown_z(mount->place, shown));
	else
		snprintf(buf, WAY_BACK, "nothing to do for most; no option takes these flags off");
	return buf;
}

void mount_write_words(struct mount *mount)
{
	struct json_doc *doc = change_doc(mount->out);
	const struct json *options = json_get(mount->json, "options");
	struct json *list = json_new_array(doc);
	text_auto struct text why = {0};
	char entry[CHANGE_PATH], path[CHANGE_PATH], remedy[WAY_BACK];
	bool change = false;

	json_each(option, options) {
		if (is_contrary(mount, option->text))
			change = true;
		else
			json_append(list, json_new_string(doc, option->text));
	}
	for (size_t i = 0; i < hr_count(forced); i++) {
		if (!(mount->force & forced[i].flag) || json_has_string(list, forced[i].text))
			continue;
		change = true;
		json_append(list, json_new_string(doc, forced[i].text));
	}
	if (!change)
		return;
	text_adds(&why, "a mount needs no set-user-ID programs, devices or more than its use");
	if ((mount->force & MOUNT_RO) && !(mount->flags & MOUNT_RO) && mount->why_ro)
		text_addf(&why, "; %s", mount->why_ro);
	change_index_path("mounts", mount->index, entry);
	change_set(mount->out, change_key_path(entry, "options", path), list, NULL,
		   &(struct reason){
			   .rule = "mounts",
			   .why = why.failed ? NULL : why.data,
			   .remedy = way_back(mount, remedy),
		   });
}
