/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration of a container engine says of its runtimes: containerd, CRI-O,
 * Docker, podman. Read only; merged from all files as the engine merges them.
 */
#ifndef HR_ENGINE_ENGINE_H
#define HR_ENGINE_ENGINE_H

#include "json/json.h"

#include <limits.h>
#include <stdbool.h>

enum engine_kind { ENGINE_CONTAINERD, ENGINE_CRIO, ENGINE_DOCKER, ENGINE_PODMAN, ENGINE_KINDS };

struct engine_handler {
	const char *name;	    /* the key of the table of runtimes */
	const char *binary;	    /* BinaryName, runtime_path, path; NULL: the engine's own */
	const char *type;	    /* runtime_type; NULL where there is none */
	const char *file;	    /* the file that says so; NULL: built into the engine */
	unsigned line;		    /* in it, from 1; 0: not known */
	int systemd_cgroup;	    /* 1, 0; -1: not said */
	const struct json *options; /* the table of options; NULL for none */
	const struct json *table;   /* the whole of the handler */
	bool is_hardrun;	    /* binary leads to a hardrun */
};

struct engine {
	enum engine_kind kind;
	const char *file;    /* the main file, there or not */
	bool installed;	     /* its program is on this machine */
	bool configured;     /* at least one file was read */
	const char *program; /* absolute path of its program; NULL */
	char version[64];    /* of the program; "" when it did not say */
	bool is_template;    /* containerd's file adds to the template of k3s or rke2 */
	int layout;	     /* containerd: `version` of the main file, 1, 2 or 3; else 0 */
	const char *default_handler;
	struct engine_handler *handlers;
	size_t handlers_len;
	const struct json *config; /* all of it, merged */
	const char **files;	   /* that were read, in the order in which they count */
	size_t files_len;
	struct json_doc *doc; /* owner of config */
};

/* "containerd", "cri-o", "docker", "podman". */
const char *engine_name(enum engine_kind kind);

/*
 * Read one engine's configuration. `file` is its main file; NULL for the usual place. An
 * engine that is not there is no error (installed and configured false). Error: HR_SPEC for
 * a file that cannot be understood (FILE:LINE in the message), HR_SYSTEM for one that cannot
 * be read.
 */
int engine_read(enum engine_kind kind, const char *file, struct engine **ret, struct hr_error *err);

/* The path of a program by its name alone, in the folders that services have in PATH. */
bool engine_find_program(const char *name, char ret[PATH_MAX]);

void engine_free(struct engine *engine);
static inline void engine_free_p(struct engine **engine)
{
	engine_free(*engine);
}
#define engine_auto __attribute__((cleanup(engine_free_p)))

/* A file as it would be: for engine_read_as. */
struct engine_file {
	const char *path;
	const char *text; /* NULL: it is not there */
	size_t len;
};

/* The same, but with one file as it would be (NULL for none), and without asking the engine's
 * program for its version when `version` says it (NULL: ask). */
int engine_read_as(enum engine_kind kind, const char *file, const struct engine_file *as,
		   const char *version, struct engine **ret, struct hr_error *err);

/* The handler of that name; NULL. */
const struct engine_handler *engine_handler(const struct engine *engine, const char *name);

/* File and line of any value of engine->config; NULL and 0 for one that no file says. */
void engine_where(const struct engine *engine, const struct json *value, const char **ret_file,
		  unsigned *ret_line);

/* The plugin of containerd that knows the handlers, in a file of that version. */
const char *engine_plugin(int layout);

/* The number before the first dot of the engine's version; 0 when that is not known. */
int engine_major(const struct engine *engine);

#endif
