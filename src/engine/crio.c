/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRI-O: the main file, then every file below its drop-in directory, as filepath.Walk comes by
 * them; values by key, a handler's table as a whole (pkg/config/config.go).
 */
#include "engine/engine_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* crio.runtime.runtimes is a map of tables, and a map's value is replaced. */
static int merge(struct reading *reading, const struct json *root)
{
	const struct json *from = json_path(root, "crio.runtime.runtimes");
	struct json *runtimes, *to;
	const struct json *kept;

	kept = json_path(reading->config, "crio.runtime.runtimes");
	runtimes = json_clone(reading->engine.doc, kept);
	if (!runtimes)
		runtimes = json_new_object(reading->engine.doc);
	if (!runtimes || source_merge(reading, runtimes, from, MERGE_VALUES) < 0 ||
	    source_merge(reading, reading->config, root, MERGE_KEYS) < 0)
		return engine_no_memory(reading);
	to = source_table(reading, reading->config, "crio");
	to = to ? source_table(reading, to, "runtime") : NULL;
	if (!to)
		return hr_fail(reading->err, HR_SPEC, "%s: crio.runtime is no table",
			       reading->last->path);
	if (!json_put(reading->engine.doc, to, "runtimes", runtimes))
		return engine_no_memory(reading);
	return 0;
}

static int read_file(struct reading *reading, const char *path)
{
	struct source *source;

	if (source_read(reading, path, false, &source) < 0)
		return -1;
	return source ? merge(reading, json_root(source->doc)) : 0;
}

static int read_files(struct reading *reading)
{
	names_auto struct names names = {0};
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s.d", reading->engine.file);
	if (read_file(reading, reading->engine.file) < 0 ||
	    source_list(reading, directory, "*", true, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++)
		if (read_file(reading, names.all[i]) < 0)
			return -1;
	return 0;
}

/* From 1.31 on crun is the one that is built in. */
static const char *built_in(const struct engine *engine)
{
	const char *dot = strchr(engine->version, '.');

	return dot && engine_major(engine) == 1 && strtol(dot + 1, NULL, 10) < 31 ? "runc" : "crun";
}

int crio_read(struct reading *reading)
{
	struct engine *engine = &reading->engine;
	const struct json *runtime;
	const char *cgroup;
	int systemd = -1;

	if (read_files(reading) < 0)
		return -1;
	runtime = json_path(engine->config, "crio.runtime");
	cgroup = json_string(runtime, "cgroup_manager");
	if (cgroup)
		systemd = strcmp(cgroup, "systemd") == 0;
	json_each(table, json_get(runtime, "runtimes")) {
		struct engine_handler *handler = handler_add(reading, table->key, table);

		if (!handler)
			return -1;
		handler->binary = json_string(table, "runtime_path");
		if (handler->binary && !handler->binary[0])
			handler->binary = NULL;
		handler->type = json_string(table, "runtime_type");
		handler->systemd_cgroup = systemd;
	}
	engine->default_handler = json_string(runtime, "default_runtime");
	if (!engine->default_handler || !engine->default_handler[0])
		engine->default_handler = built_in(engine);
	if (!engine_handler(engine, built_in(engine)) &&
	    !handler_add(reading, built_in(engine), NULL))
		return -1;
	return 0;
}
