/* SPDX-License-Identifier: Apache-2.0 */
/* The recordings of containers on this node. */
#include "command/learn.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "json/edit.h"
#include "line/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
	DIR *dir;
	struct json_doc *doc;
	struct json *array;
	struct text text;
	size_t count;
};

static const char *or_dash(const char *text)
{
	return text && text[0] != '\0' ? text : "-";
}

/* "complete", "running", "cut short". */
static const char *state_of(const struct recording *recording, const char *id, bool former)
{
	if (recording_is_complete(recording))
		return "complete";
	return !former && recorder_runs(HR_STATEDIR, id) ? "running" : "cut short";
}

static bool add_json(struct list *list, const struct recording *recording, const char *id,
		     const char *state)
{
	static const char *const keys[] = {"namespace", "pod",	   "container", "image", "base",
					   "profile",	"runtime", "started",	"ended"};
	struct json_doc *doc = list->doc;
	struct json *entry = json_append(list->array, json_new_object(doc));
	bool good = json_put_string(doc, entry, "id", id) &&
		    json_put_string(doc, entry, "state", state) &&
		    json_put_uint(doc, entry, "calls", recording_count(recording));

	for (size_t i = 0; i < hr_count(keys) && good; i++)
		if (recording_said(recording, keys[i]))
			good = json_put_string(doc, entry, keys[i],
					       recording_said(recording, keys[i])) != NULL;
	return good;
}

static void add_line(struct list *list, const struct recording *recording, const char *id,
		     const char *state)
{
	char a[TEXT_SHOWN_SIZE], b[TEXT_SHOWN_SIZE], c[TEXT_SHOWN_SIZE], d[TEXT_SHOWN_SIZE],
		e[TEXT_SHOWN_SIZE], f[TEXT_SHOWN_SIZE];

	text_addf(&list->text, "%s  %s/%s/%s  %s  %s  %zu calls  %s\n", text_shown_z(id, a),
		  text_shown_z(or_dash(recording_said(recording, "namespace")), b),
		  text_shown_z(or_dash(recording_said(recording, "pod")), c),
		  text_shown_z(or_dash(recording_said(recording, "container")), d),
		  text_shown_z(or_dash(recording_said(recording, "image")), e),
		  text_shown_z(or_dash(recording_said(recording, "base")), f),
		  recording_count(recording), state);
}

/* One that cannot be read is told, and the others are listed. */
static int add(struct list *list, const char *name, struct hr_error *err)
{
	bool former = text_ends(name, ".json.1");
	size_t id_len = strlen(name) - strlen(former ? ".json.1" : ".json"), len;
	recording_auto struct recording *recording = NULL;
	hr_autofree char *text = NULL, *id = strndup(name, id_len);
	struct hr_error wrong = {.code = HR_OK};
	char shown[TEXT_SHOWN_SIZE];
	const char *state;

	if (!id)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	text_shown_z(name, shown);
	if (file_read_at(dirfd(list->dir), name, shown, LEARN_FILE_MAX, &text, &len, NULL, &wrong) <
		    0 ||
	    recording_read(shown, text, len, &recording, &wrong) < 0) {
		fprintf(stderr, "hardrun: warning: learn: %s\n", wrong.msg);
		return 0;
	}
	state = state_of(recording, id, former);
	if (former) {
		free(id);
		id = strdup(name);
		if (!id)
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	list->count++;
	add_line(list, recording, id, state);
	if (list->text.failed || !add_json(list, recording, id, state))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

static int is_recording(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (text_ends(entry->d_name, ".json") || text_ends(entry->d_name, ".json.1"));
}

static int add_all(struct list *list, struct hr_error *err)
{
	struct dirent **names = NULL;
	int count = scandir(HR_LEARNDIR, &names, is_recording, alphasort), rc = 0;

	if (count < 0)
		return hr_fail_errno(err, errno, HR_LEARNDIR);
	for (int i = 0; i < count; i++) {
		if (rc == 0)
			rc = add(list, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int print(const struct list *list, bool as_json, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (as_json) {
		if (json_write(list->array, &text, &len, err) < 0)
			return -1;
		printf("%s\n", text);
	} else if (list->count == 0) {
		printf("no recordings in " HR_LEARNDIR "\n");
	} else {
		printf("%s", list->text.data);
	}
	return fflush(stdout) == 0
		       ? 0
		       : hr_fail(err, HR_SYSTEM, "learn: standard output could not be written");
}

int learn_list(bool as_json, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("recordings");
	struct list list = {.doc = doc, .array = doc ? json_new_array(doc) : NULL};
	int rc = 0;

	if (!list.array) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return EXIT_SYSTEM;
	}
	list.dir = opendir(HR_LEARNDIR);
	if (!list.dir && errno != ENOENT)
		rc = hr_fail_errno(err, errno, HR_LEARNDIR);
	if (list.dir)
		rc = add_all(&list, err);
	if (rc == 0)
		rc = print(&list, as_json, err);
	if (list.dir)
		closedir(list.dir);
	text_free(&list.text);
	return rc < 0 ? command_exit(err) : EXIT_OK;
}
