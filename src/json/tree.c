/* SPDX-License-Identifier: Apache-2.0 */
#include "json/tree.h"

#include "json/edit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

struct json_chunk {
	struct json_chunk *next;
	size_t used, room;
	_Alignas(16) unsigned char bytes[];
};

void *json_alloc(struct json_doc *doc, size_t size)
{
	struct json_chunk *chunk = doc->chunks;
	void *at;

	size = (size + 15) & ~(size_t)15;
	if (!chunk || chunk->room - chunk->used < size) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		*chunk = (struct json_chunk){.next = doc->chunks, .room = room};
		doc->chunks = chunk;
	}
	at = chunk->bytes + chunk->used;
	chunk->used += size;
	return memset(at, 0, size);
}

char *json_copy(struct json_doc *doc, const char *bytes, size_t len)
{
	char *copy = json_alloc(doc, len + 1);

	if (copy && len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

struct json *json_value(struct json_doc *doc, enum json_type type)
{
	struct json *value = json_alloc(doc, sizeof(*value));

	if (value) {
		value->type = type;
		value->doc = doc;
	}
	return value;
}

void json_link(struct json *parent, struct json *value)
{
	if (parent->last)
		parent->last->next = value;
	else
		parent->first = value;
	value->prev = parent->last;
	parent->last = value;
	value->next = NULL;
	parent->len++;
}

struct json_doc *json_doc_new(const char *name)
{
	struct json_doc *doc = calloc(1, sizeof(*doc));

	if (!doc)
		return NULL;
	doc->name = strdup(name);
	if (!doc->name) {
		free(doc);
		return NULL;
	}
	return doc;
}

struct json_doc *json_new(const char *name)
{
	struct json_doc *doc = json_doc_new(name);

	if (!doc)
		return NULL;
	doc->root = json_value(doc, JSON_OBJECT);
	if (!doc->root) {
		json_free(doc);
		return NULL;
	}
	return doc;
}

void json_free(struct json_doc *doc)
{
	if (!doc)
		return;
	while (doc->chunks) {
		struct json_chunk *next = doc->chunks->next;

		free(doc->chunks);
		doc->chunks = next;
	}
	free(doc->text);
	free(doc->name);
	free(doc);
}

struct json *json_root(struct json_doc *doc)
{
	return doc->root;
}

const char *json_name(const struct json_doc *doc)
{
	return doc->name;
}

void json_position(const struct json_doc *doc, size_t offset, unsigned *ret_line,
		   unsigned *ret_column)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < offset && i < doc->len; i++) {
		column++;
		if (doc->text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

void json_where(const struct json *value, unsigned *ret_line, unsigned *ret_column)
{
	*ret_line = *ret_column = 0;
	if (value->doc && value->doc->text)
		json_position(value->doc, value->offset, ret_line, ret_column);
}

struct json *json_get_mut(struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (struct json *child = object->first; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child->type == JSON_NULL ? NULL : child;
	return NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	json_each(child, object)
		if (strcmp(child->key, key) == 0)
			return child->type == JSON_NULL ? NULL : child;
	return NULL;
}

const struct json *json_path(const struct json *object, const char *path)
{
	char key[64];

	while (object) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_get(object, key);
		if (path[len] == '\0')
			return object;
		path += len + 1;
	}
	return NULL;
}

const char *json_string(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_STRING ? value->text : NULL;
}

bool json_true(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);

	return value && value->type == JSON_BOOL && value->boolean;
}

bool json_int(const struct json *value, int64_t *ret)
{
	char *end;
	intmax_t number;

	if (!value || value->type != JSON_NUMBER)
		return false;
	errno = 0;
	number = strtoimax(value->text, &end, 10);
	if (errno != 0 || *end != '\0' || end == value->text)
		return false;
	*ret = number;
	return true;
}

bool json_uint(const struct json *value, uint64_t *ret)
{
	char *end;
	uintmax_t number;

	if (!value || value->type != JSON_NUMBER || value->text[0] == '-')
		return false;
	errno = 0;
	number = strtoumax(value->text, &end, 10);
	if (errno != 0 || *end != '\0' || end == value->text)
		return false;
	*ret = number;
	return true;
}

size_t json_count(const struct json *value)
{
	return value && (value->type == JSON_ARRAY || value->type == JSON_OBJECT) ? value->len : 0;
}

bool json_has_string(const struct json *array, const char *text)
{
	if (!array || array->type != JSON_ARRAY)
		return false;
	json_each(item, array)
		if (item->type == JSON_STRING && strcmp(item->text, text) == 0)
			return true;
	return false;
}

/* Members that are null count as absent, as for json_get. */
static bool has_members(const struct json *a, const struct json *b)
{
	json_each(child, a) {
		const struct json *other = json_get(b, child->key);

		if (child->type != JSON_NULL && (!other || !json_same(child, other)))
			return false;
	}
	return true;
}

static bool same_members(const struct json *a, const struct json *b)
{
	return has_members(a, b) && has_members(b, a);
}

static bool same_items(const struct json *a, const struct json *b)
{
	const struct json *other = b->first;

	json_each(item, a) {
		if (!json_same(item, other))
			return false;
		other = other->next;
	}
	return true;
}

bool json_same(const struct json *a, const struct json *b)
{
	if (a->type != b->type || (a->type != JSON_OBJECT && a->len != b->len))
		return false;
	switch (a->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return a->boolean == b->boolean;
	case JSON_NUMBER:
	case JSON_STRING:
		return memcmp(a->text, b->text, a->len) == 0;
	case JSON_ARRAY:
		return same_items(a, b);
	case JSON_OBJECT:
		return same_members(a, b);
	case JSON_TYPES:
		break;
	}
	return false;
}
