/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_private.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "engine/toml.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ANSWER_MS  2000
#define ANSWER_MAX ((size_t)64 * 1024)

struct kind {
	const char *name;
	const char *program;
	const char *file; /* the usual place */
	int (*read)(struct reading *reading);
};

static const struct kind kinds[ENGINE_KINDS] = {
	[ENGINE_CONTAINERD] = {"containerd", "containerd", "/etc/containerd/config.toml",
			       containerd_read},
	[ENGINE_CRIO] = {"cri-o", "crio", "/etc/crio/crio.conf", crio_read},
	[ENGINE_DOCKER] = {"docker", "dockerd", "/etc/docker/daemon.json", docker_read},
	[ENGINE_PODMAN] = {"podman", "podman", "/etc/containers/containers.conf", podman_read},
};

const char *engine_name(enum engine_kind kind)
{
	return kinds[kind].name;
}

int engine_no_memory(struct reading *reading)
{
	return hr_fail(reading->err, HR_SYSTEM, "%s: out of memory",
		       kinds[reading->engine.kind].name);
}

bool engine_find_program(const char *name, char ret[PATH_MAX])
{
	static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					      "/usr/bin",	 "/sbin",	   "/bin"};

	for (size_t i = 0; i < hr_count(folders); i++) {
		snprintf(ret, PATH_MAX, "%s/%s", folders[i], name);
		if (access(ret, X_OK) == 0)
			return true;
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The first word of the form N.N: "containerd github.com/containerd/containerd 1.6.20~ds1 ...",
 * "Docker version 20.10.24+dfsg1, build 297e128", "Version:    1.28.1". */
static void take_version(const char *answer, char ret[64])
{
	for (const char *at = answer; *at; at++) {
		const char *word = *at == 'v' ? at + 1 : at;
		size_t digits = strspn(word, "0123456789");
		bool begins = at == answer || strchr(" \t\n:", at[-1]) != NULL;

		if (begins && digits > 0 && word[digits] == '.' && is_digit(word[digits + 1])) {
			snprintf(ret, 64, "%.*s", (int)strcspn(word, " ,\t\r\n"), word);
			return;
		}
	}
}

static void ask_version(struct engine *engine)
{
	char *const argv[] = {(char *)(uintptr_t)kinds[engine->kind].program,
			      (char *)(uintptr_t) "--version", NULL};
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *const envp[] = {path, NULL};
	hr_autofree char *answer = NULL;
	size_t len;
	int status;

	if (engine->program && child_capture(engine->program, argv, envp, ANSWER_MS, ANSWER_MAX,
					     &answer, &len, &status, NULL) == 0)
		take_version(answer, engine->version);
}

int engine_major(const struct engine *engine)
{
	int major = 0;

	for (const char *c = engine->version; is_digit(*c) && major < 1000; c++)
		major = major * 10 + *c - '0';
	return major;
}

struct engine_handler *handler_add(struct reading *reading, const char *name,
				   const struct json *table)
{
	struct engine *engine = &reading->engine;
	struct engine_handler *handlers, *handler;

	handlers = realloc(engine->handlers, (engine->handlers_len + 1) * sizeof(*handlers));
	if (!handlers) {
		engine_no_memory(reading);
		return NULL;
	}
	engine->handlers = handlers;
	handler = &handlers[engine->handlers_len++];
	*handler = (struct engine_handler){.name = name, .table = table, .systemd_cgroup = -1};
	if (table)
		engine_where(engine, table, &handler->file, &handler->line);
	return handler;
}

static bool named_hardrun(const char *path)
{
	const char *slash = strrchr(path, '/');

	return text_starts(slash ? slash + 1 : path, "hardrun");
}

void handler_judge(struct engine_handler *handler)
{
	hr_autofree char *real = NULL;
	struct stat st, self;

	if (!handler->binary)
		return;
	if (handler->binary[0] == '/')
		real = realpath(handler->binary, NULL);
	handler->is_hardrun = named_hardrun(handler->binary) || (real && named_hardrun(real)) ||
			      (real && stat(real, &st) == 0 && stat("/proc/self/exe", &self) == 0 &&
			       st.st_dev == self.st_dev && st.st_ino == self.st_ino);
}

const struct engine_handler *engine_handler(const struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->handlers_len; i++)
		if (strcmp(engine->handlers[i].name, name) == 0)
			return &engine->handlers[i];
	return NULL;
}

void engine_where(const struct engine *engine, const struct json *value, const char **ret_file,
		  unsigned *ret_line)
{
	const struct reading *reading = (const struct reading *)engine;

	*ret_file = NULL;
	*ret_line = 0;
	for (const struct source *source = reading->sources; source; source = source->next) {
		if (source->doc != value->doc)
			continue;
		*ret_file = source->path;
		*ret_line = toml_line(source->text, source->len, value->offset);
	}
}

static int read_all(struct reading *reading)
{
	struct engine *engine = &reading->engine;

	engine->doc = json_new(kinds[engine->kind].name);
	if (!engine->doc || !engine->file)
		return engine_no_memory(reading);
	reading->config = json_root(engine->doc);
	engine->config = reading->config;
	if (kinds[engine->kind].read(reading) < 0)
		return -1;
	for (size_t i = 0; i < engine->handlers_len; i++)
		handler_judge(&engine->handlers[i]);
	return 0;
}

int engine_read_as(enum engine_kind kind, const char *file, const struct engine_file *as,
		   const char *version, struct engine **ret, struct hr_error *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct engine *engine;
	char program[PATH_MAX];

	if (!reading)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", kinds[kind].name);
	engine = &reading->engine;
	reading->as = as;
	reading->err = err;
	engine->kind = kind;
	engine->file = strdup(file ? file : kinds[kind].file);
	if (engine_find_program(kinds[kind].program, program))
		engine->program = strdup(program);
	engine->installed = engine->program != NULL;
	if (version)
		snprintf(engine->version, sizeof(engine->version), "%s", version);
	else
		ask_version(engine);
	if (read_all(reading) < 0) {
		engine_free(engine);
		return -1;
	}
	reading->as = NULL;
	*ret = engine;
	return 0;
}

int engine_read(enum engine_kind kind, const char *file, struct engine **ret, struct hr_error *err)
{
	return engine_read_as(kind, file, NULL, NULL, ret, err);
}

void engine_free(struct engine *engine)
{
	struct reading *reading = (struct reading *)engine;

	if (!engine)
		return;
	while (reading->sources) {
		struct source *next = reading->sources->next;

		json_free(reading->sources->doc);
		free(reading->sources->text);
		free(reading->sources->path);
		free(reading->sources);
		reading->sources = next;
	}
	json_free(engine->doc);
	free(engine->handlers);
	free(engine->files);
	free((void *)(uintptr_t)engine->file);
	free((void *)(uintptr_t)engine->program);
	free(reading);
}
