/* SPDX-License-Identifier: Apache-2.0 */
#include "json/edit.h"

#include "json/tree.h"

#include <string.h>

struct json *json_new_null(struct json_doc *doc)
{
	return json_value(doc, JSON_NULL);
}

struct json *json_new_bool(struct json_doc *doc, bool boolean)
{
	struct json *value = json_value(doc, JSON_BOOL);

	if (value)
		value->boolean = boolean;
	return value;
}

static struct json *new_text(struct json_doc *doc, enum json_type type, const char *text,
			     size_t len)
{
	struct json *value = json_value(doc, type);

	if (!value)
		return NULL;
	value->text = json_copy(doc, text, len);
	value->len = (uint32_t)len;
	return value->text ? value : NULL;
}

/* By hand: a seccomp filter holds some 900 numbers, and printf was a tenth of a create. */
static struct json *new_number(struct json_doc *doc, uint64_t left, bool negative)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (negative)
		text[--at] = '-';
	return new_text(doc, JSON_NUMBER, text + at, sizeof(text) - at);
}

struct json *json_new_int(struct json_doc *doc, int64_t number)
{
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	return new_number(doc, left, number < 0);
}

struct json *json_new_uint(struct json_doc *doc, uint64_t number)
{
	return new_number(doc, number, false);
}

struct json *json_new_string(struct json_doc *doc, const char *text)
{
	return new_text(doc, JSON_STRING, text, strlen(text));
}

struct json *json_new_array(struct json_doc *doc)
{
	return json_value(doc, JSON_ARRAY);
}

struct json *json_new_object(struct json_doc *doc)
{
	return json_value(doc, JSON_OBJECT);
}

struct json *json_clone(struct json_doc *doc, const struct json *value)
{
	struct json *copy;

	if (!value)
		return NULL;
	copy = json_value(doc, value->type);
	if (!copy)
		return NULL;
	copy->boolean = value->boolean;
	copy->offset = value->offset;
	copy->doc = value->doc;
	if (value->type == JSON_STRING || value->type == JSON_NUMBER) {
		copy->text = json_copy(doc, value->text, value->len);
		copy->len = value->len;
		return copy->text ? copy : NULL;
	}
	json_each(child, value) {
		struct json *twin = json_clone(doc, child);

		if (!twin)
			return NULL;
		if (child->key) {
			twin->key = json_copy(doc, child->key, child->key_len);
			twin->key_len = child->key_len;
			if (!twin->key)
				return NULL;
		}
		json_link(copy, twin);
	}
	return copy;
}

void json_forget_origin(struct json *value)
{
	if (!value)
		return;
	value->doc = NULL;
	for (struct json *child = value->first; child; child = child->next)
		json_forget_origin(child);
}

/* Put `value` where the member `old` is. */
static void swap_in(struct json *object, const struct json *old, struct json *value)
{
	value->prev = old->prev;
	value->next = old->next;
	if (old->prev)
		old->prev->next = value;
	else
		object->first = value;
	if (old->next)
		old->next->prev = value;
	else
		object->last = value;
}

struct json *json_put(struct json_doc *doc, struct json *object, const char *key,
		      struct json *value)
{
	if (!object || !value)
		return NULL;
	value->key_len = (uint32_t)strlen(key);
	value->key = json_copy(doc, key, value->key_len);
	if (!value->key)
		return NULL;
	json_each(child, object) {
		if (strcmp(child->key, key) == 0) {
			if (child != value)
				swap_in(object, child, value);
			return value;
		}
	}
	json_link(object, value);
	return value;
}

struct json *json_append(struct json *array, struct json *value)
{
	if (!array || !value)
		return NULL;
	json_link(array, value);
	return value;
}

struct json *json_insert(struct json *array, const struct json *before, struct json *value)
{
	struct json *next;

	if (!array || !value || !before)
		return json_append(array, value);
	for (next = array->first; next && next != before; next = next->next)
		;
	if (!next)
		return json_append(array, value);
	value->next = next;
	value->prev = next->prev;
	if (next->prev)
		next->prev->next = value;
	else
		array->first = value;
	next->prev = value;
	array->len++;
	return value;
}

void json_remove(struct json *parent, const struct json *child)
{
	if (child->prev)
		child->prev->next = child->next;
	else
		parent->first = child->next;
	if (child->next)
		child->next->prev = child->prev;
	else
		parent->last = child->prev;
	parent->len--;
}

struct json *json_put_string(struct json_doc *doc, struct json *object, const char *key,
			     const char *text)
{
	return json_put(doc, object, key, text ? json_new_string(doc, text) : json_new_null(doc));
}

struct json *json_put_int(struct json_doc *doc, struct json *object, const char *key, int64_t value)
{
	return json_put(doc, object, key, json_new_int(doc, value));
}

struct json *json_put_uint(struct json_doc *doc, struct json *object, const char *key,
			   uint64_t value)
{
	return json_put(doc, object, key, json_new_uint(doc, value));
}
