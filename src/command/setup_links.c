/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links that make a handler: one beside our program, whose name is the handler's, and
 * HR_CONFDIR/runtimes/HANDLER to the runtime. HR_CONFDIR appears whole or not at all: a
 * directory there without policy.json refuses every create.
 */
#include "command/setup.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "host/runtime.h"
#include "json/edit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS  SETUP_LINKS
#define POLICY SETUP_POLICY
#define FRESH  SETUP_FRESH

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool target_of(const char *link, char ret[PATH_MAX])
{
	ssize_t len = readlink(link, ret, PATH_MAX - 1);

	if (len < 0)
		return false;
	ret[len] = '\0';
	return true;
}

static bool usable(const char *path, struct runtime *ret, struct hr_error *err)
{
	return runtime_at(path, ret, err) == 0 && runtime_trust(ret, err) == 0;
}

/* The runtime behind the engine's default handler; else the usual one. */
static int find_runtime(struct setup *setup, struct hr_error *err)
{
	const struct engine *engine = setup->rendered ? setup->rendered : setup->engine;
	const struct engine_handler *model = engine_handler(engine, engine->default_handler);
	const char *name = model && model->binary ? model->binary : engine->default_handler;
	struct runtime runtime = {0};
	char path[PATH_MAX];

	if (setup->runtime) {
		if (!usable(setup->runtime, &runtime, err))
			return -1;
	} else if (strlen(name) < PATH_MAX &&
		   (name[0] == '/' ? snprintf(path, sizeof(path), "%s", name) > 0
				   : !strchr(name, '/') && engine_find_program(name, path)) &&
		   usable(path, &runtime, NULL)) {
		name = NULL;
	} else if (!runtime_usual(RUNTIME_RUNC, &runtime) &&
		   !runtime_usual(RUNTIME_CRUN, &runtime)) {
		return hr_fail(err, HR_DENIED, "no runtime: install runc, or say --runtime PATH");
	} else if (model && model->binary && !model->is_hardrun) {
		text_addf(&setup->notes,
			  "The default handler runs %s, which is no runtime that hardrun can stand "
			  "in front of; behind the new handlers is %s.\n",
			  model->binary, runtime.path);
	}
	snprintf(setup->behind, sizeof(setup->behind), "%s", runtime.path);
	return 0;
}

/* Plain "hardrun" has a default, and needs a link for any other runtime only; where others use
 * it, it stays what it is to them. */
static bool needs_link(const struct setup *setup, const char *handler)
{
	if (strcmp(handler, "hardrun") != 0)
		return true;
	return strcmp(setup->behind, "/usr/sbin/runc") != 0 &&
	       (setup->runtime || (!setup_state_used(setup, handler) && !setup_is_live(handler)));
}

/* The name beside our program. */
static int plan_name(struct setup *setup, const char *handler, struct hr_error *err)
{
	char path[PATH_MAX * 2];
	hr_autofree char *real = NULL;

	snprintf(path, sizeof(path), "%s/%s", setup->folder, handler);
	if (strcmp(path, setup->program) == 0)
		return 0;
	if (!is_there(path)) {
		text_addf(&setup->links, "link %s -> %s\n", path, strrchr(setup->program, '/') + 1);
		return 0;
	}
	real = realpath(path, NULL);
	if (!real || strcmp(real, setup->program) != 0)
		return hr_fail(err, HR_DENIED,
			       "%s: is there and is not a link to %s; move it away first", path,
			       setup->program);
	return 0;
}

static int is_live(const char *path, const char *target, struct hr_error *err)
{
	return hr_fail(err, HR_DENIED,
		       "%s: containers of this handler live, which %s runs; the runtime can be "
		       "changed when they are gone",
		       path, target);
}

static int plan_runtime(struct setup *setup, const char *handler, struct hr_error *err)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof(path), LINKS "/%s", handler);
	if (!is_there(path) && needs_link(setup, handler)) {
		if (setup->runtime && strcmp(handler, "hardrun") == 0 && setup_is_live(handler))
			return is_live(path, "/usr/sbin/runc", err);
		text_addf(&setup->links, "link %s -> %s\n", path, setup->behind);
		return 0;
	}
	if (!is_there(path))
		snprintf(target, sizeof(target), "/usr/sbin/runc");
	else if (!target_of(path, target))
		return hr_fail(err, HR_DENIED, "%s: is no link; move it away first", path);
	if (strcmp(target, setup->behind) == 0)
		return 0;
	if (!setup->runtime) {
		text_addf(&setup->notes, "Behind %s stays %s; %s's own runtime is %s.\n", handler,
			  target, engine_name(setup->kind), setup->behind);
		return 0;
	}
	if (!setup_state_made(setup, path))
		return hr_fail(err, HR_DENIED,
			       "%s: leads to %s and was not made by setup; change it by hand: ln "
			       "-sfn %s %s",
			       path, target, setup->behind, path);
	if (setup_is_live(handler))
		return is_live(path, target, err);
	text_addf(&setup->links, "link %s -> %s (now %s)\n", path, setup->behind, target);
	return 0;
}

int setup_links_plan(struct setup *setup, struct hr_error *err)
{
	hr_autoclose int fd = -1, confdir = -1;

	if (setup->remove)
		return 0;
	if (find_runtime(setup, err) < 0)
		return -1;
	if (file_open_trusted(setup->program, false, &fd, err) < 0 ||
	    (is_there(HR_CONFDIR) && file_open_trusted(HR_CONFDIR, true, &confdir, err) < 0))
		return hr_context(err, "setup");
	if (is_there(HR_CONFDIR) && !is_there(POLICY))
		text_adds(&setup->notes,
			  "There is " HR_CONFDIR " without policy.json: every create "
			  "is refused until it is there.\n");
	for (size_t i = 0; i < setup->handlers_len; i++) {
		if (plan_name(setup, setup->handlers[i], err) < 0 ||
		    plan_runtime(setup, setup->handlers[i], err) < 0)
			return -1;
	}
	if (!is_there(HR_CONFDIR))
		text_adds(&setup->links, "make " POLICY ": {\"version\": 1}\n");
	return 0;
}

/* --- making ------------------------------------------------------------------------ */

static bool note(struct json_doc *doc, const char *path)
{
	return json_append(json_get_mut(json_root(doc), "made"), json_new_string(doc, path)) !=
	       NULL;
}

/* What is not there yet, in the order in which it is made. */
static int list_new(const struct setup *setup, struct json_doc *doc, struct hr_error *err)
{
	static const char *const own[] = {HR_CONFDIR, POLICY, LINKS};
	bool good = json_put(doc, json_root(doc), "made", json_new_array(doc)) != NULL;
	char path[PATH_MAX * 2];

	for (size_t i = 0; good && i < hr_count(own); i++)
		if (!is_there(own[i]) && (i != 1 || !is_there(HR_CONFDIR)))
			good = note(doc, own[i]);
	for (size_t i = 0; good && i < setup->handlers_len; i++) {
		snprintf(path, sizeof(path), "%s/%s", setup->folder, setup->handlers[i]);
		if (!is_there(path))
			good = note(doc, path);
		snprintf(path, sizeof(path), LINKS "/%s", setup->handlers[i]);
		if (good && !is_there(path) && needs_link(setup, setup->handlers[i]))
			good = note(doc, path);
	}
	for (const char *slash = strchr(setup->path + 1, '/'); good && slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - setup->path), setup->path);
		good = is_there(path) || note(doc, path);
	}
	return good ? 0 : hr_fail(err, HR_SYSTEM, "setup: out of memory");
}

/* HR_CONFDIR with all that setup puts there but links, at once: setup.json names what is made
 * before it is, so that --remove finds it whenever this ends. */
static int make_confdir(const struct setup *setup, const struct json *made, struct hr_error *err)
{
	text_auto struct text text = {0};
	bool empty;

	if (is_there(HR_CONFDIR)) {
		if (setup_state_write(setup, HR_CONFDIR, made, NULL, &empty, err) < 0)
			return -1;
		if (mkdir(LINKS, 0755) < 0 && errno != EEXIST)
			return hr_fail_errno(err, errno, LINKS);
		return 0;
	}
	if (mkdir(FRESH, 0755) < 0 || mkdir(FRESH "/runtimes", 0755) < 0)
		return hr_fail_errno(err, errno, FRESH);
	text_adds(&text, SETUP_POLICY_TEXT);
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "setup: out of memory");
	if (setup_write(FRESH "/policy.json", &text, NULL, err) < 0 ||
	    setup_state_write(setup, FRESH, made, NULL, &empty, err) < 0)
		return -1;
	return rename(FRESH, HR_CONFDIR) < 0 ? hr_fail_errno(err, errno, HR_CONFDIR) : 0;
}

/* Made under another name first: a link is there whole, or as it was. */
static int make_link(const char *path, const char *target, struct hr_error *err)
{
	char temporary[PATH_MAX * 2 + 32], is[PATH_MAX];

	if (target_of(path, is) && strcmp(is, target) == 0)
		return 0;
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	unlink(temporary);
	if (symlink(target, temporary) < 0 || rename(temporary, path) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return 0;
}

static int make_links(const struct setup *setup, const char *handler, struct hr_error *err)
{
	char path[PATH_MAX * 2];

	snprintf(path, sizeof(path), "%s/%s", setup->folder, handler);
	if (!is_there(path) && make_link(path, strrchr(setup->program, '/') + 1, err) < 0)
		return -1;
	snprintf(path, sizeof(path), LINKS "/%s", handler);
	if (!needs_link(setup, handler) || (is_there(path) && !setup->runtime))
		return 0;
	return make_link(path, setup->behind, err);
}

int setup_links_make(struct setup *setup, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("made");
	char folder[PATH_MAX];

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "setup: out of memory");
	if (list_new(setup, doc, err) < 0 ||
	    make_confdir(setup, json_get(json_root(doc), "made"), err) < 0)
		return -1;
	for (size_t i = 0; i < setup->handlers_len; i++)
		if (make_links(setup, setup->handlers[i], err) < 0)
			return -1;
	snprintf(folder, sizeof(folder), "%s", setup->path);
	*strrchr(folder, '/') = '\0';
	return folder[0] ? file_make_dirs(folder, 0755, err) : 0;
}
