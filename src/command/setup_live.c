/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that live, by the records that create left. */
#include "command/setup.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "host/runtime.h"
#include "state/record.h"

#include <dirent.h>
#include <fcntl.h>
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
