/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to json/: the document behind a tree, and its arena. Nothing in it is freed
 * singly; json_free gives all of it back.
 */
#ifndef HR_JSON_TREE_H
#define HR_JSON_TREE_H

#include "json/json.h"

struct json_chunk;

struct json_doc {
	char *name;
	char *text; /* the bytes that were parsed; NULL for a built document */
	size_t len;
	struct json *root;
	struct json_chunk *chunks; /* newest first */
};

/* An empty document with a copy of `name`; NULL when memory is gone. */
struct json_doc *json_doc_new(const char *name);

/* Zeroed memory, aligned for any value; NULL when memory is gone. */
void *json_alloc(struct json_doc *doc, size_t size);

/* A NUL-terminated copy of bytes. */
char *json_copy(struct json_doc *doc, const char *bytes, size_t len);

/* A new value of this type, not linked to anything. */
struct json *json_value(struct json_doc *doc, enum json_type type);

/* Link `value` as the last child of `parent`. */
void json_link(struct json *parent, struct json *value);

/* Line and column (from 1) of a byte of the text. */
void json_position(const struct json_doc *doc, size_t offset, unsigned *ret_line,
		   unsigned *ret_column);

#endif
