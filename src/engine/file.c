/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the engines: found, read, put together. */
#include "engine/engine_private.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "engine/toml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define FILES_MAX  256 /* that one engine reads */
#define FOLDED_MAX 8   /* directories in one another */

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->all[i]);
	free(names->all);
}

static int names_add(struct reading *reading, struct names *names, const char *path)
{
	char **all = realloc(names->all, (names->len + 1) * sizeof(*all));

	if (!all)
		return engine_no_memory(reading);
	names->all = all;
	names->all[names->len] = strdup(path);
	if (!names->all[names->len])
		return engine_no_memory(reading);
	names->len++;
	return 0;
}

static bool is_as(const struct reading *reading, const char *path)
{
	return reading->as && strcmp(reading->as->path, path) == 0;
}

/* The bytes; *ret stays NULL when the file is not there. */
static int read_bytes(struct reading *reading, const char *path, char **ret, size_t *ret_len)
{
	hr_autoclose int fd = -1;
	struct stat st;

	if (is_as(reading, path)) {
		if (!reading->as->text)
			return 0;
		*ret = malloc(reading->as->len + 1);
		if (!*ret)
			return engine_no_memory(reading);
		memcpy(*ret, reading->as->text, reading->as->len);
		(*ret)[reading->as->len] = '\0';
		*ret_len = reading->as->len;
		return 0;
	}
	/* O_NONBLOCK: a FIFO in its place must not hold us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(reading->err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return hr_fail(reading->err, HR_SYSTEM, "%s: is not a regular file", path);
	return file_read_fd(fd, path, TOML_MAX_BYTES, ret, ret_len, reading->err);
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]) || text[i] == '\0')
			return false;
	return true;
}

static int parse(struct reading *reading, struct source *source)
{
	if (reading->engine.kind == ENGINE_CONTAINERD && text_ends(source->path, ".tmpl"))
		return template_parse(reading, source);
	if (reading->engine.kind != ENGINE_DOCKER)
		return toml_parse(source->path, source->text, source->len, &source->doc,
				  reading->err);
	/* dockerd takes a file of nothing for an empty object. */
	if (is_blank(source->text, source->len))
		source->doc = json_new(source->path);
	else
		return json_parse(source->path, source->text, source->len, false, &source->doc,
				  reading->err);
	return source->doc ? 0 : engine_no_memory(reading);
}

static int note_file(struct reading *reading, const char *path)
{
	struct engine *engine = &reading->engine;
	const char **files = realloc(engine->files, (engine->files_len + 1) * sizeof(*files));

	if (!files)
		return engine_no_memory(reading);
	engine->files = files;
	engine->files[engine->files_len++] = path;
	engine->configured = true;
	return 0;
}

/* --- keys without regard to case ------------------------------------------------------ */

/* Tables whose keys the engines' readers (all in Go) match without regard to case, or by several
 * spellings; "*" is any key. Which of two spellings counts is up to the reader, so one that is
 * not the documented one is refused. */
#define HANDLER "runtime_type runtime_path runtime_root runtime_engine options"
#define OPTIONS                                                                                   \
	"BinaryName SystemdCgroup Root NoPivotRoot NoNewKeyring ShimCgroup IoUid IoGid CriuPath " \
	"CriuImagePath CriuWorkPath TypeUrl ConfigPath"

static const struct {
	enum engine_kind kind;
	const char *table, *keys;
} known[] = {
	{ENGINE_CONTAINERD, "", "version imports plugins disabled_plugins required_plugins"},
	{ENGINE_CONTAINERD, "plugins.*", "containerd"},
	{ENGINE_CONTAINERD, "plugins.*.containerd",
	 "default_runtime_name default_runtime untrusted_workload_runtime runtimes"},
	{ENGINE_CONTAINERD, "plugins.*.containerd.default_runtime", HANDLER},
	{ENGINE_CONTAINERD, "plugins.*.containerd.default_runtime.options", OPTIONS},
	{ENGINE_CONTAINERD, "plugins.*.containerd.untrusted_workload_runtime", HANDLER},
	{ENGINE_CONTAINERD, "plugins.*.containerd.untrusted_workload_runtime.options", OPTIONS},
	{ENGINE_CONTAINERD, "plugins.*.containerd.runtimes.*", HANDLER},
	{ENGINE_CONTAINERD, "plugins.*.containerd.runtimes.*.options", OPTIONS},
	{ENGINE_CRIO, "", "crio"},
	{ENGINE_CRIO, "crio", "runtime"},
	{ENGINE_CRIO, "crio.runtime", "runtimes default_runtime cgroup_manager"},
	{ENGINE_CRIO, "crio.runtime.runtimes.*",
	 "runtime_path runtime_type runtime_root runtime_config_path platform_runtime_paths "
	 "inherit_default_runtime monitor_path monitor_env monitor_cgroup monitor_exec_cgroup "
	 "allowed_annotations default_annotations privileged_without_host_devices"},
	{ENGINE_DOCKER, "", "runtimes default-runtime exec-opts features"},
	{ENGINE_DOCKER, "runtimes.*", "path runtimeArgs runtimeType options"},
	{ENGINE_DOCKER, "runtimes.*.options", OPTIONS},
	{ENGINE_PODMAN, "", "engine containers"},
	{ENGINE_PODMAN, "engine", "runtime runtimes runtime_supports_json cgroup_manager"},
};

/* The letter at *at, small; two that are not ASCII fold to an ASCII one. */
static char folded(const char **at)
{
	char c = **at;

	if (text_starts(*at, "\xc5\xbf") || text_starts(*at, "\xe2\x84\xaa")) {
		*at += c == '\xc5' ? 2 : 3;
		return c == '\xc5' ? 's' : 'k';
	}
	(*at)++;
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool key_is(const char *key, const char *known_key, size_t len)
{
	const char *end = known_key + len;

	while (*key && known_key < end)
		if (folded(&key) != folded(&known_key))
			return false;
	return !*key && known_key == end;
}

static int check_key(struct reading *reading, const struct source *source, const struct json *value,
		     const char *keys)
{
	char shown[TEXT_SHOWN_SIZE];

	for (size_t len; *keys; keys += len + (keys[len] == ' ')) {
		len = strcspn(keys, " ");
		if (!key_is(value->key, keys, len) ||
		    (strlen(value->key) == len && memcmp(value->key, keys, len) == 0))
			continue;
		return hr_fail(reading->err, HR_SPEC,
			       "%s:%u: the engine may take %s for %.*s, whose letters are of "
			       "another case; write %.*s",
			       source->path, toml_line(source->text, source->len, value->offset),
			       text_shown_z(value->key, shown), (int)len, keys, (int)len, keys);
	}
	return 0;
}

/* `table`: what is left of the path to the tables that are meant. */
static int check_keys(struct reading *reading, const struct source *source, const struct json *at,
		      const char *table, const char *keys)
{
	size_t len = strcspn(table, ".");
	const char *rest = table + len + (table[len] == '.');

	if (!at || at->type != JSON_OBJECT)
		return 0;
	json_each(child, at) {
		bool meant = strlen(child->key) == len && memcmp(child->key, table, len) == 0;

		if (len == 0 ? check_key(reading, source, child, keys) < 0
			     : (meant || table[0] == '*') &&
				       check_keys(reading, source, child, rest, keys) < 0)
			return -1;
	}
	return 0;
}

static int check_case(struct reading *reading, const struct source *source)
{
	for (size_t i = 0; i < hr_count(known); i++)
		if (known[i].kind == reading->engine.kind &&
		    check_keys(reading, source, json_root(source->doc), known[i].table,
			       known[i].keys) < 0)
			return -1;
	return 0;
}

int source_read(struct reading *reading, const char *path, bool must, struct source **ret)
{
	hr_autofree char *text = NULL;
	struct source *source;
	size_t len = 0;

	*ret = NULL;
	if (reading->engine.files_len >= FILES_MAX)
		return hr_fail(reading->err, HR_SPEC, "%s: more than %d files of configuration",
			       path, FILES_MAX);
	if (read_bytes(reading, path, &text, &len) < 0)
		return -1;
	if (!text && must)
		return hr_fail(reading->err, HR_SYSTEM, "%s: is missing", path);
	if (!text)
		return 0;
	source = calloc(1, sizeof(*source));
	if (!source)
		return engine_no_memory(reading);
	source->text = hr_steal(text);
	source->len = len;
	source->path = strdup(path);
	if (reading->last)
		reading->last->next = source;
	else
		reading->sources = source;
	reading->last = source;
	if (!source->path)
		return engine_no_memory(reading);
	if (note_file(reading, source->path) < 0 || parse(reading, source) < 0 ||
	    check_case(reading, source) < 0)
		return -1;
	*ret = source;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Names in the directory, sorted; the one of the file "as it would be" as well. */
static int list_names(struct reading *reading, const char *directory, struct names *ret)
{
	size_t len = strlen(directory);
	bool seen = !reading->as || !reading->as->text ||
		    !text_starts(reading->as->path, directory) || reading->as->path[len] != '/' ||
		    strchr(reading->as->path + len + 1, '/');
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int result = 0;

	if (!dir && errno != ENOENT && errno != ENOTDIR)
		return hr_fail_errno(reading->err, errno, "%s", directory);
	while (dir && result == 0 && (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		seen = seen || strcmp(entry->d_name, reading->as->path + len + 1) == 0;
		result = names_add(reading, ret, entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (!seen && result == 0)
		result = names_add(reading, ret, reading->as->path + len + 1);
	if (ret->len > 0)
		qsort(ret->all, ret->len, sizeof(*ret->all), by_bytes);
	return result;
}

static int list_at(struct reading *reading, const char *directory, const char *pattern,
		   unsigned deep, struct names *ret)
{
	names_auto struct names names = {0};
	char path[PATH_MAX];
	struct stat st;

	if (list_names(reading, directory, &names) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		int len = snprintf(path, sizeof(path), "%s/%s", directory, names.all[i]);
		bool folder;

		if (len < 0 || (size_t)len >= sizeof(path))
			return hr_fail(reading->err, HR_SYSTEM, "%s: path too long", directory);
		if (is_as(reading, path) && !reading->as->text)
			continue;
		folder = !is_as(reading, path) && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
		if (folder && deep > 0 && list_at(reading, path, pattern, deep - 1, ret) < 0)
			return -1;
		if (!folder && text_match(pattern, names.all[i]) &&
		    names_add(reading, ret, path) < 0)
			return -1;
	}
	return 0;
}

int source_list(struct reading *reading, const char *directory, const char *pattern, bool deep,
		struct names *ret)
{
	return list_at(reading, directory, pattern, deep ? FOLDED_MAX : 0, ret);
}

int source_merge(struct reading *reading, struct json *to, const struct json *from,
		 enum merging how)
{
	json_each(child, from) {
		struct json *old = json_get_mut(to, child->key);
		bool both = old && old->type == JSON_OBJECT && child->type == JSON_OBJECT;

		if (old && how == MERGE_FILLED && child->type == JSON_ARRAY &&
		    json_count(child) == 0)
			continue;
		if (both && how != MERGE_VALUES) {
			if (source_merge(reading, old, child, how) < 0)
				return -1;
		} else if (!json_put(reading->engine.doc, to, child->key,
				     json_clone(reading->engine.doc, child))) {
			return engine_no_memory(reading);
		}
	}
	return 0;
}

struct json *source_table(struct reading *reading, struct json *object, const char *key)
{
	struct json *table = json_get_mut(object, key);

	if (table)
		return table->type == JSON_OBJECT ? table : NULL;
	return json_put(reading->engine.doc, object, key, json_new_object(reading->engine.doc));
}
