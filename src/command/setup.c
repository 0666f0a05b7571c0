/* SPDX-License-Identifier: Apache-2.0 */
/* setup: make hardrun known to an engine, and take it away again. */
#include "command/setup.h"

#include "base/cleanup.h"
#include "base/tree.h"
#include "command/command.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: hardrun setup containerd | cri-o | docker | podman [OPTION...]\n"
	"       hardrun setup policy DIR [--dry-run]\n"
	"  --default       make hardrun the engine's default handler too\n"
	"  --handler NAME  hardrun or hardrun-PROFILE, for hardrun and hardrun-restricted; may be\n"
	"                  given more than once\n"
	"  --runtime PATH  the runtime behind new handlers, for the engine's default one\n"
	"  --config FILE   the engine's main file, for the usual one\n"
	"  --dry-run       show what would be done, write nothing\n"
	"  --remove        take away what setup made, byte for byte\n";

static const char usage[] = "containerd | cri-o | docker | podman [--default] [--remove] "
			    "[--dry-run] [--handler NAME]... [--runtime PATH] [--config FILE]";

static void setup_free(struct setup *setup)
{
	text_free(&setup->old.text);
	text_free(&setup->base.text);
	text_free(&setup->new.text);
	text_free(&setup->links);
	text_free(&setup->notes);
	engine_free(setup->now);
	engine_free(setup->engine);
	engine_free(setup->rendered);
	json_free(setup->state);
	json_free(setup->edits);
}

static bool find_kind(const char *word, enum engine_kind *ret)
{
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		if (strcmp(engine_name((enum engine_kind)kind), word) == 0) {
			*ret = (enum engine_kind)kind;
			return true;
		}
	return false;
}

static bool handler_sound(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return strcmp(name, "hardrun") == 0 ||
	       (text_starts(name, "hardrun-") && name[strlen("hardrun-")] != '\0' &&
		name[strspn(name, letters)] == '\0' && strlen(name) <= 64);
}

static bool has_handler(const struct setup *setup, const char *name)
{
	for (size_t i = 0; i < setup->handlers_len; i++)
		if (strcmp(setup->handlers[i], name) == 0)
			return true;
	return false;
}

static int add_handler(struct setup *setup, const char *name, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (!handler_sound(name))
		return hr_fail(err, HR_USAGE,
			       "setup: %s is no name for a handler: hardrun or hardrun-PROFILE",
			       text_shown_z(name, shown));
	if (has_handler(setup, name))
		return 0;
	if (setup->handlers_len == SETUP_HANDLERS)
		return hr_fail(err, HR_USAGE, "setup: more than %d handlers", SETUP_HANDLERS);
	setup->handlers[setup->handlers_len++] = name;
	return 0;
}

/* The option's word behind it; NULL at the end of the line. */
static const char *word_of(int argc, char *const argv[], int *at)
{
	return *at + 1 < argc ? argv[++*at] : NULL;
}

static int parse_option(struct setup *setup, int argc, char *const argv[], int *at,
			struct hr_error *err)
{
	const char *option = argv[*at], *word = NULL;

	if (strcmp(option, "--default") == 0) {
		setup->make_default = true;
	} else if (strcmp(option, "--dry-run") == 0) {
		setup->dry_run = true;
	} else if (strcmp(option, "--remove") == 0) {
		setup->remove = true;
	} else if (strcmp(option, "--handler") == 0 && (word = word_of(argc, argv, at))) {
		return add_handler(setup, word, err);
	} else if (strcmp(option, "--runtime") == 0 && (word = word_of(argc, argv, at))) {
		setup->runtime = word;
	} else if (strcmp(option, "--config") == 0 && (word = word_of(argc, argv, at))) {
		setup->config = word;
	} else {
		command_usage("setup", option, usage, err);
		return -1;
	}
	return 0;
}

static int no_engine(const char *word, struct hr_error *err)
{
	static const char engines[] = "containerd, cri-o, docker, podman, or policy DIR";
	char shown[TEXT_SHOWN_SIZE];

	if (word[0] == '\0' || word[0] == '-')
		return hr_fail(err, HR_USAGE, "setup: which engine? %s", engines);
	return hr_fail(err, HR_USAGE,
		       "setup: %s is no engine that it knows: %s (k3s and rke2: containerd "
		       "--config FILE)",
		       text_shown_z(word, shown), engines);
}

static int parse(struct setup *setup, int argc, char *const argv[], struct hr_error *err)
{
	if (argc < 2 || !find_kind(argv[1], &setup->kind))
		return no_engine(argc < 2 ? "" : argv[1], err);
	for (int at = 2; at < argc; at++)
		if (parse_option(setup, argc, argv, &at, err) < 0)
			return -1;
	if (setup->remove && (setup->make_default || setup->runtime || setup->handlers_len > 0))
		return hr_fail(err, HR_USAGE,
			       "setup: --remove takes all of it away; of the other options only "
			       "--config and --dry-run go with it");
	return 0;
}

static int find_program(struct setup *setup, struct hr_error *err)
{
	ssize_t len = readlink("/proc/self/exe", setup->program, sizeof(setup->program) - 1);
	char *slash;

	if (len < 0)
		return hr_fail_errno(err, errno, "/proc/self/exe");
	setup->program[len] = '\0';
	snprintf(setup->folder, sizeof(setup->folder), "%s", setup->program);
	slash = strrchr(setup->folder, '/');
	*slash = '\0';
	return 0;
}

void setup_binary(const struct setup *setup, const char *handler, struct text *to)
{
	text_addf(to, "\"%s/%s\"", setup->folder, handler);
}

const struct engine_handler *setup_model(const struct setup *setup)
{
	const struct engine *engine = setup->rendered ? setup->rendered : setup->engine;
	const struct engine_handler *model = engine_handler(engine, engine->default_handler);

	if (engine->kind != ENGINE_CONTAINERD || (model && setup_containerd_fits(model)))
		return model;
	return engine_handler(engine, "runc");
}

/* --- one run ------------------------------------------------------------------------- */

static int choose_path(struct setup *setup, struct hr_error *err)
{
	char path[PATH_MAX * 2];

	if (setup->kind == ENGINE_CONTAINERD)
		return setup_containerd_choose(setup, err);
	snprintf(path, sizeof(path), "%s%s", setup->main,
		 setup->kind == ENGINE_DOCKER ? "" : ".d/90-hardrun.conf");
	return setup_resolve(path, setup->path, err);
}

/* The engine as it is, the file, and the engine as it would be without us. */
static int read_all(struct setup *setup, struct hr_error *err)
{
	struct engine_file as = {.path = setup->path};

	if (engine_read(setup->kind, setup->config, &setup->now, err) < 0 ||
	    setup_resolve(setup->now->file, setup->main, err) < 0)
		return -1;
	if (strcmp(setup->now->file, setup->main) != 0) {
		engine_free(setup->now);
		setup->now = NULL;
		if (engine_read(setup->kind, setup->main, &setup->now, err) < 0)
			return -1;
	}
	if (setup_state_load(setup, err) < 0 || choose_path(setup, err) < 0 ||
	    setup_read(setup, err) < 0)
		return -1;
	if (setup->kind == ENGINE_DOCKER
		    ? setup_docker_base(setup, err) < 0
		    : setup_marks_check(setup, err) < 0 ||
			      setup_unmark(setup->path, &setup->old, &setup->base, err) < 0)
		return -1;
	as.text = setup->base.there ? setup->base.text.data : NULL;
	as.len = setup->base.text.len;
	return engine_read_as(setup->kind, setup->main, &as, setup->now->version, &setup->engine,
			      err);
}

/* Ours of an earlier run stay, and what is asked for comes to them. */
static int settle_handlers(struct setup *setup, struct hr_error *err)
{
	const struct engine *now = setup->now;
	const char *asked = setup->handlers_len ? setup->handlers[0] : "hardrun";

	if (setup->handlers_len == 0 && (add_handler(setup, "hardrun", err) < 0 ||
					 add_handler(setup, "hardrun-restricted", err) < 0))
		return -1;
	for (size_t i = 0; i < setup->handlers_len; i++) {
		const struct engine_handler *old =
			engine_handler(setup->engine, setup->handlers[i]);

		if (old)
			return hr_fail(err, HR_DENIED,
				       "%s:%u: the handler %s stands there already and is not "
				       "setup's; take it out first, or name another with --handler",
				       old->file ? old->file : "", old->line, old->name);
	}
	for (size_t i = 0; i < now->handlers_len; i++)
		if (handler_sound(now->handlers[i].name) &&
		    !engine_handler(setup->engine, now->handlers[i].name) &&
		    add_handler(setup, now->handlers[i].name, err) < 0)
			return -1;
	if (setup->make_default)
		setup->default_handler = asked;
	else if (has_handler(setup, now->default_handler) &&
		 strcmp(now->default_handler, setup->engine->default_handler) != 0)
		setup->default_handler = now->default_handler;
	return 0;
}

static int write_new(struct setup *setup, struct hr_error *err)
{
	switch (setup->kind) {
	case ENGINE_CONTAINERD:
		return setup_containerd(setup, err);
	case ENGINE_CRIO:
		return setup_crio(setup, err);
	case ENGINE_DOCKER:
		return setup_docker(setup, err);
	case ENGINE_PODMAN:
		return setup_podman(setup, err);
	case ENGINE_KINDS:
		break;
	}
	return -1;
}

static int plan(struct setup *setup, struct hr_error *err)
{
	if (find_program(setup, err) < 0 || read_all(setup, err) < 0)
		return -1;
	if (setup->remove) {
		setup->new.there = setup->base.there;
		text_add(&setup->new.text, setup->base.text.data, setup->base.text.len);
		return 0;
	}
	if (settle_handlers(setup, err) < 0)
		return -1;
	setup->new.there = true;
	if (write_new(setup, err) < 0 || setup_check(setup, err) < 0)
		return -1;
	return setup_links_plan(setup, err);
}

static int put_file(struct setup *setup, struct hr_error *err)
{
	if (setup_same(&setup->old, &setup->new))
		return 0;
	if (setup->new.there)
		return setup_write(setup->path, &setup->new.text,
				   setup->old.there ? &setup->st : NULL, err);
	return unlink(setup->path) < 0 ? hr_fail_errno(err, errno, "%s", setup->path) : 0;
}

static int apply(struct setup *setup, struct hr_error *err)
{
	if (!setup->remove && setup_links_make(setup, err) < 0)
		return -1;
	if (put_file(setup, err) < 0)
		return -1;
	return setup->remove ? setup_links_remove(setup, err) : 0;
}

static bool has_leftovers(const struct setup *setup)
{
	return setup->remove && setup->state &&
	       (setup_state_engine(setup) ||
		!json_count(json_path(json_root(setup->state), "files")));
}

/* What a setup left that was killed. */
static int clean(const struct setup *setup, struct hr_error *err)
{
	setup_clean(setup->path);
	return tree_remove(AT_FDCWD, SETUP_FRESH, err);
}

static int run(struct setup *setup, struct text *out, struct hr_error *err)
{
	hr_autoclose int lock = -1;
	bool changed;

	if (setup_lock(&lock, err) < 0 || plan(setup, err) < 0)
		return -1;
	if (!setup->dry_run && clean(setup, err) < 0)
		return -1;
	setup_notes(setup);
	changed = !setup_same(&setup->old, &setup->new);
	if (!changed && setup->links.len == 0 && !has_leftovers(setup)) {
		text_adds(out, "nothing to do\n");
		return 0;
	}
	if (changed)
		setup_diff(setup->path, &setup->old, &setup->new, out);
	if (setup->links.len > 0)
		text_adds(out, setup->links.data);
	if (!setup->dry_run && apply(setup, err) < 0)
		return -1;
	if (setup->notes.len > 0)
		text_adds(out, setup->notes.data);
	if (setup->dry_run)
		text_adds(out, "Nothing was written (--dry-run).\n");
	else if (changed)
		setup_closing(setup, out);
	return 0;
}

int command_setup(int argc, char *const argv[], struct hr_error *err)
{
	__attribute__((cleanup(setup_free))) struct setup setup = {0};
	text_auto struct text out = {0};
	int result;

	if (argc > 2 && strcmp(argv[2], "policy") == 0)
		return command_setup_policy(argc - 2, argv + 2, err);
	if (argc > 2 && command_wants_help(argv[argc - 1]))
		return command_help(help);
	result = parse(&setup, argc - 1, argv + 1, err);
	if (result == 0 && geteuid() != 0)
		result = hr_fail(err, HR_SYSTEM, "setup: works as root only");
	if (result == 0)
		result = run(&setup, &out, err);
	if (out.len > 0 && !out.failed)
		printf("%s", out.data);
	if (result == 0)
		return EXIT_OK;
	return err->code == HR_POLICY ? EXIT_REFUSED : command_exit(err);
}
