/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building and altering trees. New values live in the document's arena. Every function
 * returns NULL when memory is gone (and when a parent is NULL), so calls can be nested
 * and checked once.
 */
#ifndef HR_JSON_EDIT_H
#define HR_JSON_EDIT_H

#include "json/json.h"

struct json *json_new_null(struct json_doc *doc);
struct json *json_new_bool(struct json_doc *doc, bool value);
struct json *json_new_int(struct json_doc *doc, int64_t value);
struct json *json_new_uint(struct json_doc *doc, uint64_t value);
struct json *json_new_string(struct json_doc *doc, const char *text);
struct json *json_new_array(struct json_doc *doc);
struct json *json_new_object(struct json_doc *doc);

/* A deep copy of a value (NULL gives NULL). It keeps the origin (doc and offset) of what
 * was copied; the text it was read from must live as long as its origin is asked for. */
struct json *json_clone(struct json_doc *doc, const struct json *value);

/* Forget where the values of a tree (NULL for none) were read: for a clone that outlives
 * the document it was cloned from. */
void json_forget_origin(struct json *value);

/* Put a value made in `doc` under `key`; replaces a member of that name in its place,
 * otherwise it comes last. `key` is copied. Returns the value. */
struct json *json_put(struct json_doc *doc, struct json *object, const char *key,
		      struct json *value);

/* Append to an array. Returns the value. */
struct json *json_append(struct json *array, struct json *value);

/* Insert into an array in front of `before`, one of its elements; NULL: at its end. Returns the
 * value. */
struct json *json_insert(struct json *array, const struct json *before, struct json *value);

/* Unlink a child from its array or object. */
void json_remove(struct json *parent, const struct json *child);

/* The same tree, not const: for the owner of the document. */
struct json *json_get_mut(struct json *object, const char *key);

/* Shorthands for records and audit lines. */
struct json *json_put_string(struct json_doc *doc, struct json *object, const char *key,
			     const char *text);
struct json *json_put_int(struct json_doc *doc, struct json *object, const char *key,
			  int64_t value);
struct json *json_put_uint(struct json_doc *doc, struct json *object, const char *key,
			   uint64_t value);

#endif
