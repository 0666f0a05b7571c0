/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup between its files. One run plans the change of one file of an engine, and the links
 * that go with it; everything is checked before anything is written. What setup adds to a
 * TOML file stands between two marks, so that the file itself says how it was; what cannot be
 * seen in files is kept in HR_CONFDIR/setup.json.
 */
#ifndef HR_COMMAND_SETUP_H
#define HR_COMMAND_SETUP_H

#include "base/text.h"
#include "engine/engine.h"

#include <limits.h>
#include <sys/stat.h>

#define SETUP_HANDLERS 32

#define SETUP_POLICY	  HR_CONFDIR "/policy.json"
#define SETUP_POLICY_TEXT "{\"version\": 1}\n" /* that setup makes */
#define SETUP_LINKS	  HR_CONFDIR "/runtimes"
#define SETUP_FRESH	  HR_CONFDIR ".setup" /* becomes HR_CONFDIR, or was it */

/* A file: `there` false for none. */
struct content {
	bool there;
	struct text text;
};

struct setup {
	enum engine_kind kind;
	bool make_default, dry_run, remove;
	const char *config;  /* --config; NULL */
	const char *runtime; /* --runtime; NULL */
	const char *handlers[SETUP_HANDLERS];
	size_t handlers_len;
	const char *default_handler; /* to be set; NULL: none of ours */

	char program[PATH_MAX];	 /* ours, without links */
	char folder[PATH_MAX];	 /* where it is */
	char main[PATH_MAX];	 /* the engine's main file, without links */
	char path[PATH_MAX];	 /* the file that is changed */
	struct stat st;		 /* of it, when old.there */
	struct content old;	 /* as it is */
	struct content base;	 /* without what setup made */
	struct content new;	 /* as it will be */
	struct engine *now;	 /* the engine with the file as it is */
	struct engine *engine;	 /* with the base */
	struct engine *rendered; /* what k3s or rke2 made of the template; NULL */
	char behind[PATH_MAX];	 /* the runtime for new links */

	struct json_doc *state; /* setup.json as it was; NULL: there is none */
	struct json_doc *edits; /* docker: what is put in where; a list under "edits" */
	struct text links;	/* what will be done to links and folders, a line each */
	struct text notes;	/* what the user should know, a line each */
};

/* Where the handlers stand in the merged configuration, and which key names the default. */
struct setup_place {
	const char *path[5]; /* to the table of handlers; NULL ends it */
	const char *key;     /* of the default handler, in the table around it */
};
struct setup_place setup_place(const struct engine *engine);

/* --- setup_file.c --- */

/* Resolve setup->main, choose nothing yet. */
int setup_resolve(const char *path, char ret[PATH_MAX], struct hr_error *err);

/* Read setup->path into setup->old and ->st. Error: HR_UNTRUSTED, HR_SYSTEM. */
int setup_read(struct setup *setup, struct hr_error *err);

/* Replace or make a file so that a crash leaves the old one or the new one; st NULL: root's,
 * 0644. */
int setup_write(const char *path, const struct text *text, const struct stat *st,
		struct hr_error *err);

/* Remove what a write of the path left that was killed. */
void setup_clean(const char *path);

/* Until ret_fd is closed no other setup works. Error: HR_SYSTEM when one does. */
int setup_lock(int *ret_fd, struct hr_error *err);

bool setup_same(const struct content *a, const struct content *b);

/* --- setup_marks.c --- */
#define SETUP_BEGIN "# >>> hardrun setup"
#define SETUP_END   "# <<< hardrun setup"

/* The text without what stands between marks. Error: HR_SPEC. */
int setup_unmark(const char *path, const struct content *from, struct content *ret,
		 struct hr_error *err);

/* Refuse marks that are no comments, but part of a value. Error: HR_SPEC. */
int setup_marks_check(const struct setup *setup, struct hr_error *err);

/* Begin and end a marked part at the end of `to`. */
void setup_begin(struct text *to, bool was_there);
void setup_end(struct text *to);

/* A line (without or with its end) that was there before, kept between marks. */
void setup_keep(struct text *to, const char *line, size_t len);

/* --- the engines: fill setup->path; then setup->new --- */
int setup_containerd_choose(struct setup *setup, struct hr_error *err);
int setup_containerd(struct setup *setup, struct hr_error *err);

/* True if the shim of runc runs it, so that its options are good for ours. */
bool setup_containerd_fits(const struct engine_handler *handler);
int setup_crio(struct setup *setup, struct hr_error *err);
int setup_podman(struct setup *setup, struct hr_error *err);
int setup_docker_base(struct setup *setup, struct hr_error *err);
int setup_docker(struct setup *setup, struct hr_error *err);

/* The handler whose options new ones get: the default one, or runc; NULL for none. */
const struct engine_handler *setup_model(const struct setup *setup);

/* The path of a handler's program. */
void setup_binary(const struct setup *setup, const char *handler, struct text *to);

/* --- setup_check.c: the result means what is wanted, and nothing else --- */
int setup_check(struct setup *setup, struct hr_error *err);

/* --- setup_links.c --- */

/* Look at everything; fills setup->behind and ->links. */
int setup_links_plan(struct setup *setup, struct hr_error *err);

/* Before the file is changed. */
int setup_links_make(struct setup *setup, struct hr_error *err);

/* --- setup_state.c --- */
int setup_state_load(struct setup *setup, struct hr_error *err);

/* What is kept of setup->path; NULL. */
const struct json *setup_state_engine(const struct setup *setup);
bool setup_state_made(const struct setup *setup, const char *path);

/* True if another file than this setup's uses the handler. */
bool setup_state_used(const struct setup *setup, const char *handler);

/* True if another file that setup changed is below the folder. */
bool setup_state_below(const struct setup *setup, const char *folder);

/* Write setup.json in a folder (HR_CONFDIR, or what becomes it): with `made` (a list, or NULL)
 * more, and without what `gone` lists (or NULL); this file's own entry as it is now, or gone with
 * --remove. */
int setup_state_write(const struct setup *setup, const char *folder, const struct json *made,
		      const struct json *gone, bool *ret_empty, struct hr_error *err);

/* --- setup_diff.c --- */
void setup_diff(const char *path, const struct content *old, const struct content *new,
		struct text *to);

/* Adds to setup->notes what is no fault, and may not be meant. */
void setup_notes(struct setup *setup);

/* What is left to do. */
void setup_closing(const struct setup *setup, struct text *out);

/* --- setup_live.c --- */

/* True if a container made through this handler lives, by the records. */
bool setup_is_live(const char *handler);

/* Take links and folders away, after the file was changed back. */
int setup_links_remove(struct setup *setup, struct hr_error *err);

#endif
