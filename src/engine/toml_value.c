/* SPDX-License-Identifier: Apache-2.0 */
/* Values, and the keys that they are put under. */
#include "engine/toml_private.h"

#include "base/cleanup.h"

#include <string.h>

#define KEYS_MAX TOML_MAX_DEPTH

/* A path of keys: a."b c".'d' */
struct path {
	char *keys[KEYS_MAX];
	size_t len;
};

static void path_free(struct path *path)
{
	for (size_t i = 0; i < path->len; i++)
		free(path->keys[i]);
}
#define path_auto __attribute__((cleanup(path_free)))

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static int one_key(struct toml *toml, char **ret)
{
	text_auto struct text text = {0};
	size_t start = toml->at;
	char c = toml_peek(toml);

	if (c == '"' || c == '\'') {
		if (toml_starts(toml, "\"\"\"") || toml_starts(toml, "'''"))
			return toml_fail(toml, start, "a multi-line string is no key");
		if (toml_string(toml, &text) < 0)
			return -1;
	} else {
		while (is_bare(toml_peek(toml)))
			toml->at++;
		if (toml->at == start)
			return toml_fail(toml, start, "no key where one must stand");
		text_add(&text, toml->text + start, toml->at - start);
	}
	if (text.failed)
		return toml_no_memory(toml);
	*ret = hr_steal(text.data);
	return 0;
}

static int read_path(struct toml *toml, struct path *path)
{
	for (;;) {
		toml_blanks(toml);
		if (path->len == KEYS_MAX)
			return toml_fail(toml, toml->at, "a key of more than %d parts", KEYS_MAX);
		if (one_key(toml, &path->keys[path->len]) < 0)
			return -1;
		path->len++;
		toml_blanks(toml);
		if (toml_peek(toml) != '.')
			return 0;
		toml->at++;
	}
}

static struct json *find(struct json *table, const char *key)
{
	return json_get_mut(table, key);
}

static int put(struct toml *toml, struct json *table, const char *key, struct json *value,
	       size_t offset)
{
	if (json_count(table) >= TOML_MAX_KEYS)
		return toml_fail(toml, offset, "more than %d keys in one table", TOML_MAX_KEYS);
	if (!json_put(toml->doc, table, key, value))
		return toml_no_memory(toml);
	value->offset = (uint32_t)offset;
	return 0;
}

static int new_table(struct toml *toml, struct json *in, const char *key, const char *how,
		     size_t offset, struct json **ret)
{
	struct json *table = json_new_object(toml->doc);

	if (!table)
		return toml_no_memory(toml);
	table->text = how;
	if (put(toml, in, key, table, offset) < 0)
		return -1;
	*ret = table;
	return 0;
}

static int twice(struct toml *toml, size_t offset, const char *key)
{
	char shown[TEXT_SHOWN_SIZE];

	return toml_fail(toml, offset, "%s is defined a second time", text_shown_z(key, shown));
}

/* One part of a dotted key, which opens a table or goes on in one that a dotted key opened: of
 * the same section, since no other can name it. */
static int step_dotted(struct toml *toml, struct json **table, const char *key, size_t offset)
{
	struct json *next = find(*table, key);

	if (!next)
		return new_table(toml, *table, key, toml_dotted, offset, table);
	if (next->type != JSON_OBJECT || (next->text != toml_implied && next->text != toml_dotted))
		return twice(toml, offset, key);
	next->text = toml_dotted;
	*table = next;
	return 0;
}

int toml_pair(struct toml *toml, struct json *table)
{
	path_auto struct path path = {0};
	size_t offset = toml->at;
	struct json *value;
	const char *last;

	if (read_path(toml, &path) < 0)
		return -1;
	if (toml_peek(toml) != '=')
		return toml_fail(toml, toml->at, "no \"=\" behind the key");
	toml->at++;
	toml_blanks(toml);
	for (size_t i = 0; i + 1 < path.len; i++)
		if (step_dotted(toml, &table, path.keys[i], offset) < 0)
			return -1;
	last = path.keys[path.len - 1];
	if (find(table, last))
		return twice(toml, offset, last);
	if (toml_value(toml, &value) < 0)
		return -1;
	return put(toml, table, last, value, offset);
}

/* One part of a header but the last. */
static int step_header(struct toml *toml, struct json **table, const char *key, size_t offset)
{
	struct json *next = find(*table, key);

	if (!next)
		return new_table(toml, *table, key, toml_implied, offset, table);
	if (next->type == JSON_ARRAY && next->text == toml_tables)
		next = next->last;
	if (!next || next->type != JSON_OBJECT || next->text == toml_inline)
		return twice(toml, offset, key);
	*table = next;
	return 0;
}

static int open_table(struct toml *toml, struct json *in, const char *key, size_t offset)
{
	struct json *table = find(in, key);

	if (!table)
		return new_table(toml, in, key, toml_header, offset, &toml->table);
	if (table->type != JSON_OBJECT || table->text != toml_implied)
		return twice(toml, offset, key);
	table->text = toml_header;
	table->offset = (uint32_t)offset;
	toml->table = table;
	return 0;
}

static int open_element(struct toml *toml, struct json *in, const char *key, size_t offset)
{
	struct json *array = find(in, key), *table = json_new_object(toml->doc);

	if (!array) {
		array = json_new_array(toml->doc);
		if (!array)
			return toml_no_memory(toml);
		array->text = toml_tables;
		if (put(toml, in, key, array, offset) < 0)
			return -1;
	} else if (array->type != JSON_ARRAY || array->text != toml_tables) {
		return twice(toml, offset, key);
	}
	if (json_count(array) >= TOML_MAX_KEYS)
		return toml_fail(toml, offset, "more than %d elements", TOML_MAX_KEYS);
	if (!table || !json_append(array, table))
		return toml_no_memory(toml);
	table->text = toml_header;
	table->offset = (uint32_t)offset;
	toml->table = table;
	return 0;
}

/* [a.b] or [[a.b]] */
int toml_section(struct toml *toml)
{
	path_auto struct path path = {0};
	bool element = toml_starts(toml, "[[");
	struct json *table = json_root(toml->doc);
	size_t offset = toml->at;

	toml->at += element ? 2 : 1;
	if (read_path(toml, &path) < 0)
		return -1;
	if (!toml_starts(toml, element ? "]]" : "]"))
		return toml_fail(toml, offset, "a header that does not end");
	toml->at += element ? 2 : 1;
	for (size_t i = 0; i + 1 < path.len; i++)
		if (step_header(toml, &table, path.keys[i], offset) < 0)
			return -1;
	return (element ? open_element : open_table)(toml, table, path.keys[path.len - 1], offset);
}

/* Blanks, comments and line ends between the elements of an array. */
static int space(struct toml *toml)
{
	do {
		toml_blanks(toml);
		if (toml_comment(toml) < 0)
			return -1;
	} while (toml_newline(toml));
	return 0;
}

static int read_array(struct toml *toml, struct json *array)
{
	size_t start = toml->at++;

	for (;;) {
		struct json *value;

		if (space(toml) < 0)
			return -1;
		if (toml_peek(toml) == ']')
			break;
		if (json_count(array) >= TOML_MAX_KEYS)
			return toml_fail(toml, start, "more than %d elements", TOML_MAX_KEYS);
		if (toml_value(toml, &value) < 0 || space(toml) < 0)
			return -1;
		json_append(array, value);
		if (toml_peek(toml) == ']')
			break;
		if (toml_peek(toml) != ',')
			return toml_fail(toml, toml->at < toml->len ? toml->at : start,
					 "an array that does not go on with \",\" or \"]\"");
		toml->at++;
	}
	toml->at++;
	return 0;
}

/* In one line, without a comma behind the last. */
static int read_inline(struct toml *toml, struct json *table)
{
	size_t start = toml->at++;

	toml_blanks(toml);
	if (toml_peek(toml) == '}') {
		toml->at++;
		return 0;
	}
	for (;;) {
		toml_blanks(toml);
		if (toml_pair(toml, table) < 0)
			return -1;
		toml_blanks(toml);
		if (toml_peek(toml) == '}')
			break;
		if (toml_peek(toml) != ',')
			return toml_fail(toml, start,
					 "an inline table that does not go on with \",\" or \"}\"");
		toml->at++;
	}
	toml->at++;
	return 0;
}

static int read_nested(struct toml *toml, struct json **ret)
{
	bool array = toml_peek(toml) == '[';
	struct json *value = array ? json_new_array(toml->doc) : json_new_object(toml->doc);
	int result;

	if (!value)
		return toml_no_memory(toml);
	if (toml->depth == TOML_MAX_DEPTH)
		return toml_fail(toml, toml->at, "nested deeper than %d levels", TOML_MAX_DEPTH);
	value->text = toml_inline;
	toml->depth++;
	result = array ? read_array(toml, value) : read_inline(toml, value);
	toml->depth--;
	*ret = value;
	return result;
}

static int read_text(struct toml *toml, struct json **ret)
{
	text_auto struct text text = {0};

	if (toml_string(toml, &text) < 0)
		return -1;
	*ret = json_new_string(toml->doc, text.data);
	return *ret ? 0 : toml_no_memory(toml);
}

static int read_bool(struct toml *toml, bool value, struct json **ret)
{
	toml->at += value ? 4 : 5;
	if (is_bare(toml_peek(toml)))
		return toml_fail(toml, toml->at, "no value that TOML knows");
	*ret = json_new_bool(toml->doc, value);
	return *ret ? 0 : toml_no_memory(toml);
}

int toml_value(struct toml *toml, struct json **ret)
{
	size_t offset = toml->at;
	char c = toml_peek(toml);
	int result;

	if (c == '"' || c == '\'')
		result = read_text(toml, ret);
	else if (c == '[' || c == '{')
		result = read_nested(toml, ret);
	else if (toml_starts(toml, "true"))
		result = read_bool(toml, true, ret);
	else if (toml_starts(toml, "false"))
		result = read_bool(toml, false, ret);
	else
		result = toml_word(toml, ret);
	if (result == 0)
		(*ret)->offset = (uint32_t)offset;
	return result;
}
