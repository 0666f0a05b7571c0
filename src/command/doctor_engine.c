/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what every engine's configuration must say of its handlers. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ids of findings, by engine. */
enum engine_id {
	ID_CONFIG,
	ID_DEFAULT,
	ID_OTHER,
	ID_MISSING,
	ID_EXECUTABLE,
	ID_RELATIVE,
	ENGINE_IDS
};

#define IDS(engine)                                                                             \
	{                                                                                       \
		[ID_CONFIG] = engine ".config", [ID_DEFAULT] = engine ".default",               \
		[ID_OTHER] = engine ".handler.other", [ID_MISSING] = engine ".handler.missing", \
		[ID_EXECUTABLE] = engine ".handler.executable",                                 \
		[ID_RELATIVE] = engine ".handler.relative",                                     \
	}

static const char *const ids[ENGINE_KINDS][ENGINE_IDS] = {
	[ENGINE_CONTAINERD] = IDS("containerd"),
	[ENGINE_CRIO] = IDS("cri-o"),
	[ENGINE_DOCKER] = IDS("docker"),
	[ENGINE_PODMAN] = IDS("podman"),
};

/* How a handler's program is called in the engine's file. */
static const char *const binary_keys[ENGINE_KINDS] = {
	[ENGINE_CONTAINERD] = "BinaryName",
	[ENGINE_CRIO] = "runtime_path",
	[ENGINE_DOCKER] = "path",
	[ENGINE_PODMAN] = "the path",
};

static const char *const default_keys[ENGINE_KINDS] = {
	[ENGINE_CONTAINERD] = "default_runtime_name",
	[ENGINE_CRIO] = "default_runtime",
	[ENGINE_DOCKER] = "default-runtime",
	[ENGINE_PODMAN] = "runtime",
};

const char *doctor_restart(enum engine_kind kind)
{
	static const char *const words[ENGINE_KINDS] = {
		[ENGINE_CONTAINERD] = "; then: systemctl restart containerd",
		[ENGINE_CRIO] = "; then: systemctl restart crio",
		[ENGINE_DOCKER] = "; then: systemctl restart docker",
		[ENGINE_PODMAN] = "",
	};

	return words[kind];
}

const struct engine_handler *doctor_default(const struct engine *engine)
{
	return engine->default_handler ? engine_handler(engine, engine->default_handler) : NULL;
}

struct finding *doctor_find_handler(struct findings *to, const char *id, enum severity severity,
				    const struct engine *engine,
				    const struct engine_handler *handler)
{
	struct finding *finding = doctor_find(to, id, severity, handler->file, handler->line);

	text_addf(&finding->subject, "%s handler ", engine_name(engine->kind));
	doctor_show(&finding->subject, handler->name);
	return finding;
}

void doctor_edit(struct text *to, const struct engine *engine, const struct engine_handler *handler)
{
	text_addf(to, "Edit %s", handler->file ? handler->file : engine->file);
	if (handler->line)
		text_addf(to, ", line %u", handler->line);
	text_adds(to, ", handler ");
	doctor_show(to, handler->name);
	text_adds(to, ": ");
}

/* ---- files ----------------------------------------------------------------------------- */

/* FILE and LINE of "FILE:LINE: ..." or "FILE: ...". */
static void take_place(const char *message, char file[PATH_MAX], unsigned *ret_line)
{
	size_t len = strcspn(message, ": ");

	*ret_line = 0;
	file[0] = '\0';
	if (message[0] != '/' || len >= PATH_MAX)
		return;
	snprintf(file, PATH_MAX, "%.*s", (int)len, message);
	if (message[len] == ':')
		*ret_line = (unsigned)strtoul(message + len + 1, NULL, 10);
}

static void find_config(enum engine_kind kind, const struct hr_error *err, struct findings *to)
{
	struct finding *finding;
	char file[PATH_MAX];
	unsigned line;

	take_place(err->msg, file, &line);
	finding =
		doctor_find(to, ids[kind][ID_CONFIG], SEVERITY_ERROR, file[0] ? file : NULL, line);
	text_adds(&finding->subject, engine_name(kind));
	text_addf(&finding->evidence, "its configuration cannot be read, nor checked: %s",
		  err->msg);
	text_adds(&finding->remedy, "Edit ");
	text_adds(&finding->remedy, file[0] ? file : "that file");
	if (line)
		text_addf(&finding->remedy, ", line %u", line);
	text_addf(&finding->remedy, ", so that it is what the engine's manual says%s",
		  doctor_restart(kind));
}

void check_engine_files(const struct node *node, struct findings *to)
{
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++) {
		const struct engine *engine = node->engines[kind];

		if (!engine) {
			find_config((enum engine_kind)kind, &node->engine_err[kind], to);
			continue;
		}
		for (size_t i = 0; i < engine->files_len; i++)
			doctor_trust(to, SEVERITY_ERROR, engine->files[i],
				     "which runtime an engine starts");
	}
}

/* ---- the default ----------------------------------------------------------------------- */

/* Names that stand for a program, or that engines know by themselves. */
static bool is_built_in(const struct engine *engine, const char *name)
{
	static const char *const known[] = {"runc",  "crun", "kata",	"runsc",
					    "youki", "krun", "ocijail", NULL};

	switch (engine->kind) {
	case ENGINE_CONTAINERD:
		return false;
	case ENGINE_CRIO:
		return text_in(name, known);
	case ENGINE_DOCKER:
		return strcmp(name, "runc") == 0 || text_starts(name, "io.containerd.");
	case ENGINE_PODMAN:
		return name[0] == '/' || text_in(name, known);
	case ENGINE_KINDS:
		break;
	}
	return false;
}

/* Without a CRI plugin nothing asks for the default. */
static bool is_asked(const struct engine *engine)
{
	const struct json *disabled = json_get(engine->config, "disabled_plugins");

	return engine->kind != ENGINE_CONTAINERD ||
	       !(json_has_string(disabled, "cri") ||
		 json_has_string(disabled, engine_plugin(engine->layout)));
}

void check_engine_defaults(const struct node *node, struct findings *to)
{
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++) {
		const struct engine *engine = node->engines[kind];
		struct finding *finding;

		if (!engine || !engine->configured || !engine->default_handler ||
		    doctor_default(engine) || is_built_in(engine, engine->default_handler) ||
		    !is_asked(engine))
			continue;
		finding = doctor_find(to, ids[kind][ID_DEFAULT], SEVERITY_ERROR, engine->file, 0);
		text_addf(&finding->subject, "%s default runtime", engine_name(engine->kind));
		text_addf(&finding->evidence, "%s is ", default_keys[kind]);
		doctor_show(&finding->evidence, engine->default_handler);
		text_adds(
			&finding->evidence,
			", and there is no such handler: containers that ask for none fail; there "
			"are:");
		for (size_t i = 0; i < engine->handlers_len; i++) {
			text_adds(&finding->evidence, " ");
			doctor_show(&finding->evidence, engine->handlers[i].name);
		}
		if (kind == ENGINE_DOCKER)
			text_adds(&finding->evidence,
				  " (options on dockerd's command line are not seen here)");
		text_addf(&finding->remedy,
			  "Edit %s: add that handler, or set %s to one that is "
			  "there%s",
			  engine->file, default_keys[kind], doctor_restart(engine->kind));
	}
}

/* ---- the program ----------------------------------------------------------------------- */

/* Where a handler of this name is to lead: beside this program. */
static void wanted_path(const struct node *node, const char *name, char ret[PATH_MAX])
{
	const char *slash = strrchr(node->self, '/');

	snprintf(ret, PATH_MAX, "%.*s/%s", (int)(slash ? slash - node->self : 0), node->self, name);
}

static bool named_hardrun(const char *path)
{
	const char *slash = strrchr(path, '/');

	return text_starts(slash ? slash + 1 : path, "hardrun");
}

/* A handler by hardrun's name, or whose program is a link to one by such a name. */
static bool claims(const struct engine_handler *handler)
{
	const char *program = handler->binary ? handler->binary : "";
	hr_autofree char *real = program[0] == '/' ? realpath(program, NULL) : NULL;

	return (real && named_hardrun(real)) ||
	       (text_starts(handler->name, "hardrun") && !doctor_is_wrapper(program));
}

static void remedy_program(const struct node *node, const char *program, struct text *to)
{
	text_adds(to, "mv -T --backup=numbered ");
	doctor_word(to, program);
	text_adds(to, " ");
	doctor_word(to, program);
	text_adds(to, ".old && ln -sfn ");
	doctor_word(to, node->self);
	text_adds(to, " ");
	doctor_word(to, program);
}

static void find_pretender(const struct node *node, const struct engine *engine,
			   const struct engine_handler *handler, struct findings *to)
{
	struct finding *finding = doctor_find_handler(to, ids[engine->kind][ID_OTHER],
						      SEVERITY_ERROR, engine, handler);

	text_addf(&finding->evidence, "%s is ", binary_keys[engine->kind]);
	doctor_show(&finding->evidence, handler->binary);
	text_adds(&finding->evidence,
		  ", which is another program: it does not answer \"version\" as hardrun does; its "
		  "containers run without hardrun");
	remedy_program(node, handler->binary, &finding->remedy);
}

static void find_other(const struct node *node, const struct engine *engine,
		       const struct engine_handler *handler, struct findings *to)
{
	struct finding *finding = doctor_find_handler(to, ids[engine->kind][ID_OTHER],
						      SEVERITY_ERROR, engine, handler);
	char wanted[PATH_MAX];

	wanted_path(node, text_starts(handler->name, "hardrun") ? handler->name : "hardrun",
		    wanted);
	if (handler->binary) {
		text_addf(&finding->evidence, "%s is ", binary_keys[engine->kind]);
		doctor_show(&finding->evidence, handler->binary);
	} else {
		text_addf(&finding->evidence, "%s is not set: the engine's own runtime is used",
			  binary_keys[engine->kind]);
	}
	text_adds(&finding->evidence, "; its containers run without hardrun");
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "set %s to \"%s\"%s", binary_keys[engine->kind], wanted,
		  doctor_restart(engine->kind));
}

static void find_relative(const struct node *node, const struct engine *engine,
			  const struct engine_handler *handler, struct findings *to)
{
	struct finding *finding = doctor_find_handler(to, ids[engine->kind][ID_RELATIVE],
						      SEVERITY_WARNING, engine, handler);
	char wanted[PATH_MAX];

	wanted_path(node, handler->binary, wanted);
	text_addf(&finding->evidence, "%s is ", binary_keys[engine->kind]);
	doctor_show(&finding->evidence, handler->binary);
	text_adds(&finding->evidence,
		  ": looked for in the engine's PATH, where another program can come first; "
		  "wanted: an absolute path");
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "set %s to \"%s\"%s", binary_keys[engine->kind], wanted,
		  doctor_restart(engine->kind));
}

static void find_missing(const struct node *node, const struct engine *engine,
			 const struct engine_handler *handler, int why, struct findings *to)
{
	struct finding *finding = doctor_find_handler(to, ids[engine->kind][ID_MISSING],
						      SEVERITY_ERROR, engine, handler);
	const char *slash = strrchr(handler->binary, '/');

	text_addf(&finding->evidence, "%s is ", binary_keys[engine->kind]);
	doctor_show(&finding->evidence, handler->binary);
	text_addf(&finding->evidence, ", which is %s: every pod of the handler fails",
		  hr_errno_text(why));
	if (slash > handler->binary) {
		hr_autofree char *directory =
			strndup(handler->binary, (size_t)(slash - handler->binary));

		text_adds(&finding->remedy, "mkdir -p ");
		doctor_word(&finding->remedy, directory ? directory : "/");
		text_adds(&finding->remedy, " && ");
	}
	text_adds(&finding->remedy, "ln -sfn ");
	doctor_word(&finding->remedy, node->self);
	text_adds(&finding->remedy, " ");
	doctor_word(&finding->remedy, handler->binary);
}

static void find_executable(const struct node *node, const struct engine *engine,
			    const struct engine_handler *handler, const struct stat *st,
			    struct findings *to)
{
	struct finding *finding = doctor_find_handler(to, ids[engine->kind][ID_EXECUTABLE],
						      SEVERITY_ERROR, engine, handler);

	text_addf(&finding->evidence, "%s is ", binary_keys[engine->kind]);
	doctor_show(&finding->evidence, handler->binary);
	text_addf(&finding->evidence, ", %s (mode %04o): every pod of the handler fails",
		  S_ISREG(st->st_mode) ? "which cannot be executed" : "which is no program",
		  (unsigned)st->st_mode & 07777);
	if (S_ISREG(st->st_mode)) {
		text_adds(&finding->remedy, "chmod 0755 ");
		doctor_word(&finding->remedy, handler->binary);
		return;
	}
	remedy_program(node, handler->binary, &finding->remedy);
}

static void judge_handler(const struct node *node, const struct engine *engine,
			  const struct engine_handler *handler, struct findings *to)
{
	struct stat st;

	if (!handler->is_hardrun) {
		if (handler->binary && named_hardrun(handler->binary))
			find_pretender(node, engine, handler, to);
		else if (claims(handler))
			find_other(node, engine, handler, to);
		return;
	}
	if (handler->binary[0] != '/')
		find_relative(node, engine, handler, to);
	else if (stat(handler->binary, &st) < 0)
		find_missing(node, engine, handler, errno, to);
	else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		find_executable(node, engine, handler, &st, to);
}

void check_engine_handlers(const struct node *node, struct findings *to)
{
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		for (size_t i = 0; node->engines[kind] && i < node->engines[kind]->handlers_len;
		     i++)
			judge_handler(node, node->engines[kind], &node->engines[kind]->handlers[i],
				      to);
}
