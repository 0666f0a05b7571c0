/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podman: the package's containers.conf, the administrator's, then its drop-ins by name; the
 * later wins by key, a list as a whole (containers/common, pkg/config).
 */
#include "engine/engine_private.h"

#include "base/cleanup.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SHIPPED "/usr/share/containers/containers.conf"

/* Where podman looks for the runtimes that it knows by itself. */
static const char *const folders[] = {"/usr/bin",	 "/usr/sbin", "/usr/local/bin",
				      "/usr/local/sbin", "/sbin",     "/bin"};

static const char *built_in_path(const char *name)
{
	static char path[PATH_MAX];

	for (size_t i = 0; i < hr_count(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static int read_file(struct reading *reading, const char *path)
{
	struct source *source;

	if (source_read(reading, path, false, &source) < 0)
		return -1;
	return source ? source_merge(reading, reading->config, json_root(source->doc), MERGE_KEYS)
		      : 0;
}

static int read_files(struct reading *reading)
{
	names_auto struct names names = {0};
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s.d", reading->engine.file);
	if (read_file(reading, SHIPPED) < 0 || read_file(reading, reading->engine.file) < 0 ||
	    source_list(reading, directory, "*.conf", false, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++)
		if (read_file(reading, names.all[i]) < 0)
			return -1;
	return 0;
}

/* The first of its paths that is there; else the first. */
static const char *first_path(const struct json *list)
{
	const char *first = NULL;

	json_each(path, list) {
		if (path->type != JSON_STRING)
			continue;
		if (!first)
			first = path->text;
		if (access(path->text, X_OK) == 0)
			return path->text;
	}
	return first;
}

/* Kept in the document, which the handlers borrow from. */
static int add_built_in(struct reading *reading, const char *name)
{
	struct engine_handler *handler;
	const char *path = built_in_path(name);
	struct json *text;

	if (engine_handler(&reading->engine, name) || !path)
		return 0;
	text = json_new_string(reading->engine.doc, path);
	handler = text ? handler_add(reading, name, NULL) : NULL;
	if (!handler)
		return engine_no_memory(reading);
	handler->binary = text->text;
	return 0;
}

int podman_read(struct reading *reading)
{
	struct engine *engine = &reading->engine;
	const struct json *settings;
	const char *cgroup;

	if (read_files(reading) < 0)
		return -1;
	settings = json_get(engine->config, "engine");
	json_each(list, json_get(settings, "runtimes")) {
		struct engine_handler *handler = handler_add(reading, list->key, list);

		if (!handler)
			return -1;
		handler->binary = first_path(list);
	}
	if (add_built_in(reading, "crun") < 0 || add_built_in(reading, "runc") < 0)
		return -1;
	cgroup = json_string(settings, "cgroup_manager");
	for (size_t i = 0; cgroup && i < engine->handlers_len; i++)
		engine->handlers[i].systemd_cgroup = strcmp(cgroup, "systemd") == 0;
	engine->default_handler = json_string(settings, "runtime");
	if (!engine->default_handler || !engine->default_handler[0])
		engine->default_handler = engine_handler(engine, "crun") ? "crun" : "runc";
	return 0;
}
