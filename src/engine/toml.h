/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0 (https://toml.io/en/v1.0.0): bytes in, a tree of json/ out. Every document is read
 * as the specification says or refused with its line. Dates, times, inf and nan become strings
 * as they stand; integers become decimal, floats keep their digits. The value's `offset` is
 * that of its key, of its header's "[", or its own inside an array; toml_line makes a line of
 * it.
 */
#ifndef HR_ENGINE_TOML_H
#define HR_ENGINE_TOML_H

#include "json/json.h"

#define TOML_MAX_BYTES ((size_t)1024 * 1024)
#define TOML_MAX_DEPTH 32   /* of a path of keys, and of values in one another */
#define TOML_MAX_KEYS  4096 /* in one table, or elements of one array */

/* Read a document. `name` stands in messages. Error: HR_SPEC, "name:LINE: ...". */
int toml_parse(const char *name, const char *bytes, size_t len, struct json_doc **ret_doc,
	       struct hr_error *err);

/* The line, from 1, of a byte of a text. */
unsigned toml_line(const char *bytes, size_t len, size_t offset);

/* True for a table that has a header of its own, [NAME], at its offset. */
bool toml_has_header(const struct json *table);

/* Append `text` in quotes, as a string or a key of TOML (and of JSON). */
struct text;
void toml_quote(struct text *to, const char *text);

/* Append `name` as one key: bare where it may be. */
void toml_key(struct text *to, const char *name);

/* Append a value in one line. */
void toml_write(struct text *to, const struct json *value);

#endif
