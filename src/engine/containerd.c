/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd: a main file and what it imports, in a queue. Up to 1.7 a plugin's table that is
 * read later replaces the whole of that plugin's (services/server/config/config.go); from 2.0
 * on tables are merged by key (containerd pull request 9982; an empty list replaces none), and a
 * file of an older version is migrated first.
 */
#include "engine/engine_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORTS_MAX 64

const char *engine_plugin(int layout)
{
	if (layout <= 1)
		return "cri";
	return layout == 2 ? "io.containerd.grpc.v1.cri" : "io.containerd.cri.v1.runtime";
}

static int version_of(const struct json *root)
{
	int64_t version;

	return json_int(json_get(root, "version"), &version) && version > 0 && version < 100
		       ? (int)version
		       : 1;
}

/* A template's version is that of the base: config-v3.toml.tmpl, config.toml.tmpl. */
static int layout_of(const struct reading *reading, const struct json *root)
{
	if (reading->engine.is_template && !json_get(root, "version"))
		return strstr(reading->engine.file, "-v3.") ? 3 : 2;
	return version_of(root);
}

/* containerd 2.x, by its program or by a file that no other reads. */
static bool is_second(const struct reading *reading)
{
	return reading->engine.layout >= 3 || engine_major(&reading->engine) >= 2;
}

static int check_tables(struct reading *reading, const struct json *root, const char *path)
{
	const struct json *plugins = json_get(root, "plugins");

	if (plugins && plugins->type != JSON_OBJECT)
		return hr_fail(reading->err, HR_SPEC, "%s: plugins is no table", path);
	return 0;
}

/* The plugin under the name that it has in the main file. */
static const char *migrated(const struct reading *reading, const char *plugin)
{
	int layout = reading->engine.layout;

	if (layout >= 3 &&
	    (strcmp(plugin, engine_plugin(1)) == 0 || strcmp(plugin, engine_plugin(2)) == 0))
		return engine_plugin(layout);
	return plugin;
}

static int merge_plugins(struct reading *reading, const struct json *from)
{
	struct json *plugins = source_table(reading, reading->config, "plugins");

	if (!plugins)
		return engine_no_memory(reading);
	json_each(plugin, from) {
		const char *name = migrated(reading, plugin->key);
		struct json *old = json_get_mut(plugins, name);

		if (old && is_second(reading)) {
			if (source_merge(reading, old, plugin, MERGE_FILLED) < 0)
				return -1;
		} else if (!json_put(reading->engine.doc, plugins, name,
				     json_clone(reading->engine.doc, plugin))) {
			return engine_no_memory(reading);
		}
	}
	return 0;
}

static int merge(struct reading *reading, const struct source *source)
{
	json_each(child, json_root(source->doc)) {
		struct json *old = json_get_mut(reading->config, child->key);

		if (strcmp(child->key, "plugins") == 0) {
			if (merge_plugins(reading, child) < 0)
				return -1;
		} else if (old && strcmp(child->key, "version") == 0) {
			continue;
		} else if (old && old->type == JSON_OBJECT && child->type == JSON_OBJECT) {
			if (source_merge(reading, old, child, MERGE_KEYS) < 0)
				return -1;
		} else if (!json_put(reading->engine.doc, reading->config, child->key,
				     json_clone(reading->engine.doc, child))) {
			return engine_no_memory(reading);
		}
	}
	return 0;
}

/* An import by its absolute path. A pattern that is relative is containerd 1.x' working
 * directory's, which for a service is the root. */
static int resolve(struct reading *reading, const struct source *parent, const char *import,
		   char ret[PATH_MAX])
{
	const char *slash = strrchr(parent->path, '/');
	bool at_root = strchr(import, '*') && !is_second(reading);
	char joined[PATH_MAX];
	int len;

	if (import[0] == '/')
		len = snprintf(joined, sizeof(joined), "%s", import);
	else if (at_root || !slash)
		len = snprintf(joined, sizeof(joined), "/%s", import);
	else
		len = snprintf(joined, sizeof(joined), "%.*s/%s", (int)(slash - parent->path),
			       parent->path, import);
	if (len < 0 || (size_t)len >= sizeof(joined))
		return hr_fail(reading->err, HR_SPEC, "%s: an import is too long", parent->path);
	text_plain_path(joined, ret, PATH_MAX);
	return 0;
}

struct queue {
	char *paths[IMPORTS_MAX];
	bool must[IMPORTS_MAX];
	size_t len;
};

static void queue_free(struct queue *queue)
{
	for (size_t i = 0; i < queue->len; i++)
		free(queue->paths[i]);
}

static int enqueue(struct reading *reading, struct queue *queue, const char *path, bool must)
{
	for (size_t i = 0; i < queue->len; i++)
		if (strcmp(queue->paths[i], path) == 0)
			return 0;
	if (queue->len == IMPORTS_MAX)
		return hr_fail(reading->err, HR_SPEC, "%s: more than %d files are imported",
			       reading->engine.file, IMPORTS_MAX);
	queue->must[queue->len] = must;
	queue->paths[queue->len] = strdup(path);
	if (!queue->paths[queue->len])
		return engine_no_memory(reading);
	queue->len++;
	return 0;
}

static int enqueue_pattern(struct reading *reading, struct queue *queue, char *pattern,
			   const struct source *parent)
{
	names_auto struct names names = {0};
	char *slash = strrchr(pattern, '/');
	char shown[TEXT_SHOWN_SIZE];

	*slash = '\0';
	if (strpbrk(slash + 1, "?[\\") || strpbrk(pattern, "*?[\\"))
		return hr_fail(reading->err, HR_SPEC,
			       "%s: the import %s/%s cannot be followed: only * in a file's name "
			       "is known here",
			       parent->path, text_shown_z(pattern, shown), slash + 1);
	if (source_list(reading, pattern, slash + 1, false, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++)
		if (enqueue(reading, queue, names.all[i], true) < 0)
			return -1;
	return 0;
}

static int enqueue_imports(struct reading *reading, struct queue *queue,
			   const struct source *parent)
{
	const struct json *imports = json_get(json_root(parent->doc), "imports");
	char path[PATH_MAX];

	if (imports && imports->type != JSON_ARRAY)
		return hr_fail(reading->err, HR_SPEC, "%s: imports is no list", parent->path);
	json_each(import, imports) {
		if (import->type != JSON_STRING)
			return hr_fail(reading->err, HR_SPEC, "%s: imports holds no path",
				       parent->path);
		if (resolve(reading, parent, import->text, path) < 0)
			return -1;
		if (strchr(import->text, '*')) {
			if (enqueue_pattern(reading, queue, path, parent) < 0)
				return -1;
		} else if (enqueue(reading, queue, path, true) < 0) {
			return -1;
		}
	}
	return 0;
}

static int read_queue(struct reading *reading, struct queue *queue)
{
	if (enqueue(reading, queue, reading->engine.file, false) < 0)
		return -1;
	for (size_t i = 0; i < queue->len; i++) {
		struct source *source;

		if (source_read(reading, queue->paths[i], queue->must[i], &source) < 0)
			return -1;
		if (!source)
			continue;
		if (i == 0)
			reading->engine.layout = layout_of(reading, json_root(source->doc));
		if (check_tables(reading, json_root(source->doc), source->path) < 0 ||
		    merge(reading, source) < 0 || enqueue_imports(reading, queue, source) < 0)
			return -1;
	}
	return 0;
}

static int add_handler(struct reading *reading, const char *name, const struct json *table)
{
	struct engine_handler *handler = handler_add(reading, name, table);
	const struct json *cgroup;

	if (!handler)
		return -1;
	handler->options = json_get(table, "options");
	handler->type = json_string(table, "runtime_type");
	handler->binary = json_string(handler->options, "BinaryName");
	if (handler->binary && !handler->binary[0])
		handler->binary = NULL;
	cgroup = json_get(handler->options, "SystemdCgroup");
	if (cgroup && cgroup->type == JSON_BOOL)
		handler->systemd_cgroup = cgroup->boolean;
	return 0;
}

/* Up to 1.7 two tables are handlers by another name, once they say a type; the first is the
 * default then, whatever default_runtime_name says (pkg/cri/config/config.go). */
static int add_deprecated(struct reading *reading, const struct json *cri, const char *key,
			  const char *name)
{
	const struct json *table = json_get(cri, key);
	const char *type = json_string(table, "runtime_type");

	if (!type || !type[0] || is_second(reading))
		return 0;
	return add_handler(reading, name, table) < 0 ? -1 : 1;
}

static int add_handlers(struct reading *reading, const struct json *cri)
{
	int result = add_deprecated(reading, cri, "default_runtime", "default");

	if (result > 0)
		reading->engine.default_handler = "default";
	if (result < 0 ||
	    add_deprecated(reading, cri, "untrusted_workload_runtime", "untrusted") < 0)
		return -1;
	json_each(table, json_get(cri, "runtimes"))
		if (table->type == JSON_OBJECT && !engine_handler(&reading->engine, table->key) &&
		    add_handler(reading, table->key, table) < 0)
			return -1;
	return 0;
}

int containerd_read(struct reading *reading)
{
	__attribute__((cleanup(queue_free))) struct queue queue = {0};
	struct engine *engine = &reading->engine;
	const struct json *cri, *runtimes;
	struct engine_handler *runc;

	if (read_queue(reading, &queue) < 0)
		return -1;
	cri = json_get(json_get(json_get(engine->config, "plugins"), engine_plugin(engine->layout)),
		       "containerd");
	runtimes = json_get(cri, "runtimes");
	engine->default_handler = json_string(cri, "default_runtime_name");
	if (!engine->default_handler)
		engine->default_handler = "runc";
	if (add_handlers(reading, cri) < 0)
		return -1;
	/* Up to 1.7 a table of runtimes replaces the one that is built in. */
	if (engine_handler(engine, "runc") ||
	    (runtimes && !is_second(reading) && !engine->is_template))
		return 0;
	runc = handler_add(reading, "runc", NULL);
	if (!runc)
		return -1;
	runc->type = "io.containerd.runc.v2";
	return 0;
}
