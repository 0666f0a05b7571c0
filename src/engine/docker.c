/* SPDX-License-Identifier: Apache-2.0 */
/* Docker: daemon.json. Options on dockerd's command line are not seen here. */
#include "engine/engine_private.h"

#include <string.h>

/* exec-opts holds "native.cgroupdriver=systemd" */
static int cgroup_driver(const struct json *config)
{
	static const char option[] = "native.cgroupdriver=";
	int systemd = -1;

	json_each(word, json_get(config, "exec-opts"))
		if (word->type == JSON_STRING && text_starts(word->text, option))
			systemd = strcmp(word->text + strlen(option), "systemd") == 0;
	return systemd;
}

static int add_handlers(struct reading *reading, const struct json *runtimes)
{
	json_each(table, runtimes) {
		struct engine_handler *handler = handler_add(reading, table->key, table);

		if (!handler)
			return -1;
		handler->binary = json_string(table, "path");
		handler->type = json_string(table, "runtimeType");
		handler->options = json_get(table, "options");
	}
	return 0;
}

int docker_read(struct reading *reading)
{
	struct engine *engine = &reading->engine;
	struct source *source;
	const struct json *runtimes;

	if (source_read(reading, engine->file, false, &source) < 0)
		return -1;
	if (source && json_root(source->doc)->type != JSON_OBJECT)
		return hr_fail(reading->err, HR_SPEC, "%s: is no object", engine->file);
	if (source &&
	    source_merge(reading, reading->config, json_root(source->doc), MERGE_KEYS) < 0)
		return -1;
	runtimes = json_get(engine->config, "runtimes");
	if (runtimes && runtimes->type != JSON_OBJECT)
		return hr_fail(reading->err, HR_SPEC, "%s: runtimes is no object", engine->file);
	if (add_handlers(reading, runtimes) < 0)
		return -1;
	if (!engine_handler(engine, "runc") && !handler_add(reading, "runc", NULL))
		return -1;
	for (size_t i = 0; i < engine->handlers_len; i++)
		engine->handlers[i].systemd_cgroup = cgroup_driver(engine->config);
	engine->default_handler = json_string(engine->config, "default-runtime");
	if (!engine->default_handler)
		engine->default_handler = "runc";
	return 0;
}
