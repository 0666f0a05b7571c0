/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents: bytes in, a tree, bytes out. A document owns its text and its whole
 * tree (one arena); every string taken from it is borrowed and const. Order of members
 * and the text of numbers are kept. A value knows its offset in the text, from which line
 * and column are found when a message needs them. Only change/ alters the tree of a
 * caller's document; the functions for that are in json/edit.h.
 */
#ifndef HR_JSON_JSON_H
#define HR_JSON_JSON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define JSON_MAX_DEPTH 64

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER, /* text as it stood */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_TYPES
};

struct json {
	enum json_type type;
	bool boolean;		    /* JSON_BOOL */
	uint32_t offset;	    /* of the value's first byte in its document's text */
	const struct json_doc *doc; /* where it was read: names the file in messages */
	const char *key;	    /* name as a member of an object, otherwise NULL */
	uint32_t key_len;	    /* bytes */
	uint32_t len;		    /* bytes of text, or number of children */
	const char *text;	    /* JSON_STRING (decoded) and JSON_NUMBER; NUL-terminated */
	struct json *first;	    /* children of arrays and objects, in order */
	struct json *last;
	struct json *next; /* the next child of the same parent */
	struct json *prev;
};

struct json_doc;

/*
 * Parse `len` bytes. They must be one JSON value in RFC 3629 UTF-8 without NUL, escaped
 * or not, and without unpaired surrogates, at most JSON_MAX_BYTES and JSON_MAX_DEPTH
 * deep; two members of one object with the same name are refused. With `comments`,
 * slash-star and slash-slash comments are allowed (policy files only).
 * `name` stands in messages ("config.json"). Error: HR_SPEC with name:line:column.
 */
int json_parse(const char *name, const char *bytes, size_t len, bool comments,
	       struct json_doc **ret_doc, struct hr_error *err);

/* An empty object, to be filled with json/edit.h. NULL when memory is gone. */
struct json_doc *json_new(const char *name);

struct json *json_root(struct json_doc *doc);
const char *json_name(const struct json_doc *doc);
void json_free(struct json_doc *doc);
static inline void json_free_p(struct json_doc **doc)
{
	json_free(*doc);
}
#define json_auto __attribute__((cleanup(json_free_p)))

/* Line and column of a value, both from 1; columns count bytes. 0:0 for a value that was
 * not read from text. */
void json_where(const struct json *value, unsigned *ret_line, unsigned *ret_column);

/* Member `key` of an object; NULL when absent, when it is null, or when `object` is NULL
 * or no object. */
const struct json *json_get(const struct json *object, const char *key);

/* json_get along a dotted path of plain keys: "process.capabilities.bounding". */
const struct json *json_path(const struct json *object, const char *path);

/* The text of a string member; NULL when absent or no string. */
const char *json_string(const struct json *object, const char *key);

/* True if member `key` is the boolean true. */
bool json_true(const struct json *object, const char *key);

/* The value of an integer that fits; false for anything else (fraction, exponent too). */
bool json_int(const struct json *value, int64_t *ret);

/* The value of an integer from 0 to 2^64 - 1; false for anything else. */
bool json_uint(const struct json *value, uint64_t *ret);

/* The number of children; 0 for NULL. */
size_t json_count(const struct json *value);

/* True if `array` (which may be NULL) holds the string `text`. */
bool json_has_string(const struct json *array, const char *text);

/* True if both are the same value: numbers by their text, members in any order, and null
 * members as if they were not there. */
bool json_same(const struct json *a, const struct json *b);

#define json_each(child, parent)                                                  \
	for (const struct json *child = (parent) ? (parent)->first : NULL; child; \
	     child = child->next)

/* Write a value as compact JSON (one line, no newline at the end). The caller frees
 * ret_text. Error: HR_SYSTEM (memory). */
int json_write(const struct json *value, char **ret_text, size_t *ret_len, struct hr_error *err);

#endif
