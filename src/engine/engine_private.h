/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to engine/: an engine while it is read, and what its four readers share.
 */
#ifndef HR_ENGINE_ENGINE_PRIVATE_H
#define HR_ENGINE_ENGINE_PRIVATE_H

#include "base/text.h"
#include "engine/engine.h"
#include "json/edit.h"

/* A file that was read; values of `doc` know their offset in `text`. */
struct source {
	char *path;
	char *text;
	size_t len;
	struct json_doc *doc;
	struct source *next;
};

struct reading {
	struct engine engine; /* what the caller gets */
	const struct engine_file *as;
	struct source *sources, *last;
	struct json *config; /* engine.config, to be altered */
	struct hr_error *err;
};

struct names {
	char **all;
	size_t len;
};

void names_free(struct names *names);
#define names_auto __attribute__((cleanup(names_free)))

/* How the tables of two files become one. */
enum merging {
	MERGE_KEYS,   /* by key, all the way down */
	MERGE_FILLED, /* the same, but an empty list replaces none */
	MERGE_VALUES  /* by key; a table in it is replaced whole */
};

/* Read and parse a file. ret is NULL when it is not there, which with `must` is an error. */
int source_read(struct reading *reading, const char *path, bool must, struct source **ret);

/* Full paths of what in `directory` matches `pattern` (only `*` is special), by name, in byte
 * order; with `deep`, of what is in the directories below as well. None for no directory. */
int source_list(struct reading *reading, const char *directory, const char *pattern, bool deep,
		struct names *ret);

/* Put the members of `from` into `to`: tables in both are merged as said. */
int source_merge(struct reading *reading, struct json *to, const struct json *from,
		 enum merging how);

/* The table `key` of the object, made when it is missing; NULL when memory is gone or it is no
 * table. */
struct json *source_table(struct reading *reading, struct json *object, const char *key);

/* Add a handler; `table` NULL for one that is built into the engine. */
struct engine_handler *handler_add(struct reading *reading, const char *name,
				   const struct json *table);

/* Sets handler->is_hardrun by handler->binary. */
void handler_judge(struct engine_handler *handler);

/*
 * Read the file of containerd that k3s and rke2 make their own of: the line {{ template "base"
 * . }}, and TOML. Any other template is refused.
 */
int template_parse(struct reading *reading, struct source *source);

int engine_no_memory(struct reading *reading);

int containerd_read(struct reading *reading);
int crio_read(struct reading *reading);
int docker_read(struct reading *reading);
int podman_read(struct reading *reading);

#endif
