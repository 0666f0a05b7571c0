/* SPDX-License-Identifier: Apache-2.0 */
/* The result, before it is written: read back, compared with what was, shown to the engine. */
#include "command/setup.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "engine/toml.h"
#include "json/edit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define ANSWER_MS  10000
#define ANSWER_MAX ((size_t)4 * 1024 * 1024)

struct setup_place setup_place(const struct engine *engine)
{
	switch (engine->kind) {
	case ENGINE_CONTAINERD:
		return (struct setup_place){{"plugins", engine_plugin(engine->layout), "containerd",
					     "runtimes"},
					    "default_runtime_name"};
	case ENGINE_CRIO:
		return (struct setup_place){{"crio", "runtime", "runtimes"}, "default_runtime"};
	case ENGINE_DOCKER:
		return (struct setup_place){{"runtimes"}, "default-runtime"};
	case ENGINE_PODMAN:
	case ENGINE_KINDS:
		break;
	}
	return (struct setup_place){{"engine", "runtimes"}, "runtime"};
}

static bool is_ours(const struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->handlers_len; i++)
		if (strcmp(setup->handlers[i], name) == 0)
			return true;
	return false;
}

/* Without our handlers, the name of the default one, and tables that hold nothing; `built_in`:
 * without a runc that says no more than what is built in. */
static void strip(const struct setup *setup, struct json *at, const struct setup_place *place,
		  size_t depth, bool built_in)
{
	struct json *next = json_get_mut(at, place->path[depth]);
	bool last = !place->path[depth + 1];
	const struct json *value;

	if (last && (value = json_get(at, place->key)))
		json_remove(at, value);
	if (last && (value = json_get(at, "runtime_supports_json")))
		json_remove(at, value);
	if (!next)
		return;
	if (!last)
		strip(setup, next, place, depth + 1, built_in);
	for (struct json *child = next->first, *after; last && child; child = after) {
		after = child->next;
		if (is_ours(setup, child->key) ||
		    (built_in && strcmp(child->key, "runc") == 0 && json_count(child) == 1))
			json_remove(next, child);
	}
	if (json_count(next) == 0)
		json_remove(at, next);
}

static struct json *stripped(const struct setup *setup, struct json_doc *doc,
			     const struct engine *engine, const struct setup_place *place,
			     bool built_in)
{
	struct json *copy = json_clone(doc, engine->config);
	const struct json *version;

	if (!copy)
		return NULL;
	strip(setup, copy, place, 0, built_in);
	/* A file that is made has a version. */
	version = json_get(copy, "version");
	if (engine->kind == ENGINE_CONTAINERD && version)
		json_remove(copy, version);
	return copy;
}

/* Everything but handlers and default means the same. */
static int check_rest(const struct setup *setup, const struct engine *after, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("setup");
	const struct setup_place place = setup_place(after);
	bool had_runc = engine_handler(setup->engine, "runc") &&
			engine_handler(setup->engine, "runc")->table;
	struct json *was, *is;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "setup: out of memory");
	was = stripped(setup, doc, setup->engine, &place, false);
	is = stripped(setup, doc, after, &place, !had_runc);
	if (!was || !is)
		return hr_fail(err, HR_SYSTEM, "setup: out of memory");
	if (!json_same(was, is) ||
	    (setup->engine->configured && after->layout != setup->engine->layout))
		return hr_fail(err, HR_DENIED,
			       "%s: with setup's lines other settings would change too; nothing "
			       "was written",
			       setup->path);
	return 0;
}

static int not_effective(const struct setup *setup, const char *what, struct hr_error *err)
{
	return hr_fail(err, HR_DENIED,
		       "%s: %s would not take effect: a file that is read later says otherwise, or "
		       "replaces the whole plugin (containerd up to 1.7 and its imports); nothing "
		       "was written, name that file with --config",
		       setup->path, what);
}

static int check_handlers(const struct setup *setup, const struct engine *after,
			  struct hr_error *err)
{
	const struct json *list = json_path(after->config, "engine.runtime_supports_json");

	for (size_t i = 0; i < setup->handlers_len; i++) {
		const char *name = setup->handlers[i];
		const struct engine_handler *handler = engine_handler(after, name);
		char wanted[PATH_MAX * 2];

		snprintf(wanted, sizeof(wanted), "%s/%s", setup->folder, name);
		if (!handler || !handler->binary || strcmp(handler->binary, wanted) != 0)
			return not_effective(setup, name, err);
		if (after->kind == ENGINE_PODMAN && !json_has_string(list, name))
			return not_effective(setup, "runtime_supports_json", err);
	}
	if (strcmp(after->default_handler, setup->default_handler
						   ? setup->default_handler
						   : setup->engine->default_handler) != 0)
		return not_effective(setup, "the default handler", err);
	for (size_t i = 0; i < setup->engine->handlers_len; i++)
		if (!engine_handler(after, setup->engine->handlers[i].name))
			return not_effective(setup, setup->engine->handlers[i].name, err);
	return 0;
}

/* The words that make the engine's program read a file, and say 0 when it is good. */
static bool words_for(const struct setup *setup, const char *file, const char *words[6])
{
	if (setup->kind == ENGINE_CONTAINERD) {
		memcpy(words, (const char *[]){"containerd", "--config", file, "config", "dump"},
		       5 * sizeof(*words));
		return true;
	}
	/* dockerd --validate came with 23.0. */
	if (setup->kind == ENGINE_DOCKER && engine_major(setup->now) >= 23) {
		memcpy(words, (const char *[]){"dockerd", "--validate", "--config-file", file},
		       4 * sizeof(*words));
		return true;
	}
	return false;
}

/* A path of a file that is not written yet; imports that are relative to it would be lost. */
static bool may_be_moved(const struct setup *setup)
{
	json_each(import, json_get(setup->engine->config, "imports"))
		if (import->type != JSON_STRING || import->text[0] != '/')
			return false;
	return true;
}

static int check_by_engine(struct setup *setup, struct hr_error *err)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char file[64], *envp[] = {path, NULL};
	const char *words[6] = {NULL};
	hr_autofree char *answer = NULL;
	hr_autoclose int fd = -1;
	size_t len;
	int status;

	if (!setup->now->program || text_ends(setup->path, ".tmpl") || !setup->new.there ||
	    !may_be_moved(setup) || !words_for(setup, file, words))
		return 0;
	if (fd_document("hardrun-setup", setup->new.text.data, setup->new.text.len, 10, &fd, err) <
	    0)
		return -1;
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	if (child_capture(setup->now->program, (char *const *)(uintptr_t)words, envp, ANSWER_MS,
			  ANSWER_MAX, &answer, &len, &status, err) < 0)
		return hr_context(err, "%s: the engine's own check", setup->path);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return hr_fail(
			err, HR_DENIED, "%s: %s does not take the result%s; nothing was written",
			setup->path, words[0],
			setup->old.there ? " (see whether it takes the file as it is now)" : "");
	return 0;
}

/* It says all that already, in lines that somebody moved. */
static int keep_old(struct setup *setup, struct hr_error *err)
{
	text_free(&setup->new.text);
	setup->new = (struct content){.there = setup->old.there};
	text_add(&setup->new.text, setup->old.text.data, setup->old.text.len);
	return setup->new.text.failed ? hr_fail(err, HR_SYSTEM, "setup: out of memory") : 0;
}

int setup_check(struct setup *setup, struct hr_error *err)
{
	const struct engine_file as = {setup->path, setup->new.there ? setup->new.text.data : NULL,
				       setup->new.text.len};
	engine_auto struct engine *after = NULL;

	if (setup->new.text.failed)
		return hr_fail(err, HR_SYSTEM, "setup: out of memory");
	if (engine_read_as(setup->kind, setup->main, &as, setup->now->version, &after, err) < 0)
		return hr_context(err, "the result would not be sound, nothing was written");
	if (check_handlers(setup, after, err) < 0 || check_rest(setup, after, err) < 0)
		return -1;
	if (setup->kind != ENGINE_DOCKER && json_same(after->config, setup->now->config))
		return keep_old(setup, err);
	return check_by_engine(setup, err);
}
