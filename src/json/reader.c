/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "json/scan.h"
#include "json/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define SORT_FROM 16 /* members from which finding duplicates by sorting is cheaper */

struct reader {
	struct json_doc *doc;
	yajl_handle yajl;
	struct json *open[JSON_MAX_DEPTH]; /* the arrays and objects around the next value */
	size_t depth;
	const char *key;
	uint32_t key_len;
	uint32_t key_offset;
	size_t behind; /* the last value that was taken */
	struct hr_error *err;
};

static int fail_at(const struct json_doc *doc, size_t offset, const char *what,
		   struct hr_error *err)
{
	unsigned line, column;

	json_position(doc, offset, &line, &column);
	return hr_fail(err, HR_SPEC, "%s:%u:%u: %s", doc->name, line, column, what);
}

static int no_memory(struct reader *reader)
{
	return hr_fail(reader->err, HR_SYSTEM, "%s: out of memory", reader->doc->name), 0;
}

/* The offset behind the token that yajl just read. */
static size_t token_end(const struct reader *reader)
{
	size_t end = yajl_get_bytes_consumed(reader->yajl);

	return end > reader->doc->len ? reader->doc->len : end;
}

/* Where the string that ends before `end` starts: walk back to its opening quote, the
 * nearest one that is not behind an odd number of backslashes. */
static size_t string_start(const struct reader *reader, size_t end)
{
	const char *text = reader->doc->text;
	size_t at = end < 2 ? 0 : end - 2;

	for (; at > 0; at--) {
		size_t slashes = 0;

		if (text[at] != '"')
			continue;
		while (slashes < at && text[at - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			break;
	}
	return at;
}

static struct json *add(struct reader *reader, enum json_type type, size_t token_len)
{
	struct json *value = json_value(reader->doc, type);
	size_t end = token_end(reader);

	if (!value) {
		no_memory(reader);
		return NULL;
	}
	value->offset = (uint32_t)(token_len > 0 && token_len <= end ? end - token_len : 0);
	reader->behind = end;
	value->key = reader->key;
	value->key_len = reader->key_len;
	if (reader->key)
		value->offset = reader->key_offset;
	reader->key = NULL;
	if (reader->depth > 0)
		json_link(reader->open[reader->depth - 1], value);
	else
		reader->doc->root = value;
	return value;
}

static int on_null(void *data)
{
	return add(data, JSON_NULL, 4) != NULL;
}

static int on_boolean(void *data, int boolean)
{
	struct json *value = add(data, JSON_BOOL, boolean ? 4 : 5);

	if (value)
		value->boolean = boolean != 0;
	return value != NULL;
}

static int add_text(struct reader *reader, enum json_type type, const char *text, size_t len,
		    size_t token_len)
{
	struct json *value = add(reader, type, token_len);

	if (!value)
		return 0;
	value->text = json_copy(reader->doc, text, len);
	value->len = (uint32_t)len;
	return value->text ? 1 : no_memory(reader);
}

static int on_number(void *data, const char *text, size_t len)
{
	return add_text(data, JSON_NUMBER, text, len, len);
}

static int on_string(void *data, const unsigned char *text, size_t len)
{
	struct reader *reader = data;
	size_t end = token_end(reader);

	return add_text(reader, JSON_STRING, (const char *)text, len,
			end - string_start(reader, end));
}

static int on_key(void *data, const unsigned char *text, size_t len)
{
	struct reader *reader = data;
	char *key = json_copy(reader->doc, (const char *)text, len);

	if (!key)
		return no_memory(reader);
	reader->key = key;
	reader->key_len = (uint32_t)len;
	reader->key_offset = (uint32_t)string_start(reader, token_end(reader));
	return 1;
}

static int open_container(struct reader *reader, enum json_type type)
{
	struct json *value;

	if (reader->depth >= JSON_MAX_DEPTH) {
		fail_at(reader->doc, token_end(reader), "nested deeper than 64 levels",
			reader->err);
		return 0;
	}
	value = add(reader, type, 1);
	if (!value)
		return 0;
	reader->open[reader->depth++] = value;
	return 1;
}

static int on_open_object(void *data)
{
	return open_container(data, JSON_OBJECT);
}

static int on_open_array(void *data)
{
	return open_container(data, JSON_ARRAY);
}

static int on_close_array(void *data)
{
	struct reader *reader = data;

	reader->depth--;
	reader->behind = token_end(reader);
	return 1;
}

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	if (order == 0)
		return (*x)->offset < (*y)->offset ? -1 : 1;
	return order;
}

static const struct json *duplicate_in_few(const struct json *object)
{
	json_each(a, object)
		for (const struct json *b = a->next; b; b = b->next)
			if (a->key_len == b->key_len && strcmp(a->key, b->key) == 0)
				return b;
	return NULL;
}

static int duplicate_in_many(struct reader *reader, const struct json *object,
			     const struct json **ret)
{
	const struct json **sorted = malloc(object->len * sizeof(*sorted));
	size_t count = 0;

	*ret = NULL;
	if (!sorted)
		return no_memory(reader);
	json_each(child, object)
		sorted[count++] = child;
	qsort(sorted, count, sizeof(*sorted), by_key);
	for (size_t i = 1; i < count && !*ret; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			*ret = sorted[i];
	free(sorted);
	return 1;
}

static int on_close_object(void *data)
{
	struct reader *reader = data;
	const struct json *object = reader->open[--reader->depth], *twice = NULL;
	char shown[TEXT_SHOWN_SIZE], what[TEXT_SHOWN_SIZE + 80];

	reader->behind = token_end(reader);
	if (object->len < SORT_FROM)
		twice = duplicate_in_few(object);
	else if (!duplicate_in_many(reader, object, &twice))
		return 0;
	if (!twice)
		return 1;
	snprintf(what, sizeof(what), "key \"%s\" stands twice in one object; remove one",
		 text_shown_z(twice->key, shown));
	fail_at(reader->doc, twice->offset, what, reader->err);
	return 0;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_open_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close_object,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close_array,
};

static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '-' || c == '.' || c == '_';
}

/* Where the token starts behind which yajl stopped: at a string's quote, a word's first byte,
 * or the one odd byte. */
static size_t wrong_token(const struct reader *reader, size_t end)
{
	const char *text = reader->doc->text;
	size_t at = end > 0 ? end - 1 : 0;

	if (text[at] == '"' && at > 0)
		return string_start(reader, end);
	while (at > 0 && in_word(text[at]) && in_word(text[at - 1]))
		at--;
	return at;
}

/* yajl's own words for what is wrong, without its "parse error: " and newline. */
static int syntax_error(struct reader *reader, size_t at)
{
	unsigned char *words = yajl_get_error(reader->yajl, 0, NULL, 0);
	const char *text = reader->doc->text;
	char what[160] = "not JSON";

	if (words)
		snprintf(what, sizeof(what), "not JSON: %.*s",
			 (int)strcspn((const char *)words, "\n"), (const char *)words);
	yajl_free_error(reader->yajl, words);
	/* Here alone yajl steps back, by the length of the token without its quotes. */
	if (strstr(what, "after key and value"))
		for (at = reader->behind; at < reader->doc->len && strchr(" \t\r\n", text[at]);)
			at++;
	return fail_at(reader->doc, at, what, reader->err);
}

static int run(struct reader *reader, bool comments)
{
	const unsigned char *text = (const unsigned char *)reader->doc->text;
	yajl_status status;
	size_t at;
	int ret = 0;

	reader->yajl = yajl_alloc(&callbacks, NULL, reader);
	if (!reader->yajl)
		return hr_fail(reader->err, HR_SYSTEM, "%s: out of memory", reader->doc->name);
	yajl_config(reader->yajl, yajl_allow_comments, comments ? 1 : 0);
	/* With the newline behind the text, so that a number alone ends in it. */
	status = yajl_parse(reader->yajl, text, reader->doc->len + 1);
	at = wrong_token(reader, token_end(reader));
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(reader->yajl);
		at = reader->doc->len;
	}
	if (status == yajl_status_client_canceled)
		ret = -1;
	else if (status != yajl_status_ok)
		ret = syntax_error(reader, at);
	yajl_free(reader->yajl);
	return ret;
}

/* yajl takes these two for blanks, Go does not; inside strings nobody takes them. */
static bool has_odd_blank(const char *text, size_t len, size_t *ret_offset)
{
	const char *feed = memchr(text, '\f', len), *tab = memchr(text, '\v', len);
	const char *first = feed && (!tab || feed < tab) ? feed : tab;

	if (first)
		*ret_offset = (size_t)(first - text);
	return first != NULL;
}

int json_parse(const char *name, const char *bytes, size_t len, bool comments,
	       struct json_doc **ret_doc, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_doc_new(name);
	struct reader reader = {.doc = doc, .err = err};
	const char *wrong;
	size_t offset;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", name);
	if (len > JSON_MAX_BYTES)
		return hr_fail(err, HR_SPEC, "%s: larger than %zu MiB", name,
			       JSON_MAX_BYTES / 1024 / 1024);
	doc->text = malloc(len + 1);
	if (!doc->text)
		return hr_fail(err, HR_SYSTEM, "%s: out of memory", name);
	memcpy(doc->text, bytes, len);
	doc->text[len] = '\n';
	doc->len = len;
	wrong = json_scan(doc->text, len, &offset);
	if (!wrong && has_odd_blank(doc->text, len, &offset))
		wrong = "a form feed or vertical tab, which JSON does not count as a blank";
	if (wrong)
		return fail_at(doc, offset, wrong, err);
	if (run(&reader, comments) < 0)
		return -1;
	if (!doc->root)
		return fail_at(doc, len, "empty", err);
	*ret_doc = doc;
	doc = NULL;
	return 0;
}
