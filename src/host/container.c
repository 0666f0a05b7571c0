/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtimes keep below their --root, as far as it is asked for here. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/runtime.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_STATE JSON_MAX_BYTES

const char *runtime_default_root(enum runtime_kind kind)
{
	switch (kind) {
	case RUNTIME_RUNC:
		return "/run/runc";
	case RUNTIME_CRUN:
		return "/run/crun";
	case RUNTIME_RUNSC:
		return "/var/run/runsc";
	case RUNTIME_KINDS:
		break;
	}
	return "/run/runc";
}

static bool exists(const char *root, const char *id, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s/%s", root, id, name);

	return len > 0 && (size_t)len < sizeof(path) && faccessat(AT_FDCWD, path, F_OK, 0) == 0;
}

/* runsc: ROOT/ID_sandbox:SANDBOX.state. */
static bool runsc_file(const char *root, const char *id, char ret[PATH_MAX])
{
	DIR *dir = opendir(root);
	size_t len = strlen(id);
	bool found = false;

	if (!dir)
		return false;
	for (const struct dirent *entry; !found && (entry = readdir(dir));) {
		if (strncmp(entry->d_name, id, len) != 0 ||
		    !text_starts(entry->d_name + len, "_sandbox:") ||
		    !text_ends(entry->d_name, ".state"))
			continue;
		found = snprintf(ret, PATH_MAX, "%s/%s", root, entry->d_name) < PATH_MAX;
	}
	closedir(dir);
	return found;
}

enum runtime_kind runtime_state_kind(const char *root, const char *id)
{
	char path[PATH_MAX];
	int len;

	if (exists(root, id, "state.json"))
		return RUNTIME_RUNC;
	if (exists(root, id, "status"))
		return RUNTIME_CRUN;
	len = snprintf(path, sizeof(path), "%s/%s", root, id);
	/* A directory without a file is runc's or crun's in the making: no runsc then. */
	if (len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0)
		return RUNTIME_KINDS;
	return runsc_file(root, id, path) ? RUNTIME_RUNSC : RUNTIME_KINDS;
}

static const char *bundle_of(enum runtime_kind kind, const struct json *state)
{
	const char *last = NULL;

	switch (kind) {
	case RUNTIME_RUNC:
		/* runc puts its own behind what the annotations gave. */
		json_each(label, json_path(state, "config.labels"))
			if (label->type == JSON_STRING && text_starts(label->text, "bundle="))
				last = label->text + strlen("bundle=");
		return last;
	case RUNTIME_CRUN:
		return json_string(state, "bundle");
	case RUNTIME_RUNSC:
		return json_string(state, "bundleDir");
	case RUNTIME_KINDS:
		break;
	}
	return NULL;
}

static int read_state(enum runtime_kind kind, const char *root, const char *id,
		      char shown[TEXT_SHOWN_SIZE], struct json_doc **ret, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	char path[PATH_MAX];
	size_t len;
	int used;

	if (kind == RUNTIME_RUNSC)
		used = runsc_file(root, id, path) ? 1 : -1;
	else
		used = snprintf(path, sizeof(path), "%s/%s/%s", root, id,
				kind == RUNTIME_CRUN ? "status" : "state.json");
	if (used < 0 || (size_t)used >= sizeof(path))
		return hr_fail(err, HR_SYSTEM, "the runtime's state is missing");
	if (file_read_at(AT_FDCWD, path, text_shown_z(path, shown), LONGEST_STATE, &text, &len,
			 NULL, err) < 0)
		return -1;
	return json_parse(shown, text, len, false, ret, err);
}

int runtime_state_bundle(enum runtime_kind kind, const char *root, const char *id,
			 char ret[PATH_MAX], struct hr_error *err)
{
	json_auto struct json_doc *state = NULL;
	char shown[TEXT_SHOWN_SIZE];
	const char *bundle;

	if (read_state(kind, root, id, shown, &state, err) < 0)
		return -1;
	bundle = bundle_of(kind, json_root(state));
	if (!bundle || bundle[0] != '/' || strlen(bundle) >= PATH_MAX)
		return hr_fail(err, HR_SPEC, "%s: names no bundle", shown);
	strcpy(ret, bundle);
	return 0;
}

int runtime_state_init(enum runtime_kind kind, const char *root, const char *id, pid_t *ret,
		       uint64_t *ret_start, struct hr_error *err)
{
	const bool crun = kind == RUNTIME_CRUN;
	json_auto struct json_doc *state = NULL;
	char shown[TEXT_SHOWN_SIZE];
	uint64_t pid;

	if (read_state(kind, root, id, shown, &state, err) < 0)
		return -1;
	if (!json_uint(json_get(json_root(state), crun ? "pid" : "init_process_pid"), &pid) ||
	    !json_uint(json_get(json_root(state),
				crun ? "process-start-time" : "init_process_start"),
		       ret_start) ||
	    pid == 0 || pid > INT_MAX)
		return hr_fail(err, HR_SPEC, "%s: names no process", shown);
	*ret = (pid_t)pid;
	return 0;
}
