/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/schema.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the check stands: a value and what it is in. Paths are made only when needed. */
struct place {
	const struct place *up; /* NULL for the document itself */
	const struct json *value;
	size_t index; /* in the list; a member of an object has its name in the value */
};

struct check {
	schema_unknown_fn unknown;
	void *data;
	struct hr_error *err;
};

static int check_value(const struct check *check, const struct schema_field *schema,
		       const struct place *place);

/*
 * Go matches a key to a field by exact name, else by unicode.SimpleFold of every rune
 * (encoding/json fold.go foldName; foldFunc before 1.21; the same with GOEXPERIMENT=jsonv2,
 * where v1 sets MatchCaseSensitiveDelimiter). Every name of the table is ASCII, and the
 * only runes outside ASCII that fold into it are U+017F (to s) and U+212A (to k): other
 * bytes stand for themselves. crun (libocispec on yajl_tree_get) matches exactly.
 */
static unsigned fold_next(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	unsigned folded = *s;
	size_t len = 1;

	if (s[0] >= 'a' && s[0] <= 'z') {
		folded = s[0] - ('a' - 'A');
	} else if (s[0] == 0xC5 && s[1] == 0xBF) { /* U+017F */
		folded = 'S';
		len = 2;
	} else if (s[0] == 0xE2 && s[1] == 0x84 && s[2] == 0xAA) { /* U+212A */
		folded = 'K';
		len = 3;
	}
	*at += len;
	return folded;
}

static int fold_compare(const char *a, const char *b)
{
	unsigned x, y;

	do {
		x = fold_next(&a);
		y = fold_next(&b);
	} while (x == y && x != '\0');
	return (x > y) - (x < y);
}

bool schema_folds(const char *a, const char *b)
{
	return fold_compare(a, b) == 0;
}

/* Of what text_shown leaves alone, the bytes that cannot be taken for a path's own. */
static bool plain_key(const struct json *value)
{
	if (value->key_len == 0 || value->key_len > TEXT_SHOWN_MAX)
		return false;
	for (const char *c = value->key; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && *c != '_' && *c != '-')
			return false;
	return true;
}

static void render(const struct place *place, struct text *out)
{
	const struct json *value = place->value;
	char shown[TEXT_SHOWN_SIZE];

	if (!place->up)
		return;
	render(place->up, out);
	if (!value->key)
		text_addf(out, "[%zu]", place->index);
	else if (plain_key(value))
		text_addf(out, "%s%s", out->len > 0 ? "." : "", value->key);
	else
		text_addf(out, "[\"%s\"]", text_shown(value->key, value->key_len, shown));
}

/* Fail with "config.json: process.args: " before what is wrong with the value. */
static int __attribute__((format(printf, 3, 4)))
refuse(const struct check *check, const struct place *place, const char *fmt, ...)
{
	text_auto struct text path = {0};
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	render(place, &path);
	return hr_fail(check->err, HR_SPEC, "%s%s%s: %s", json_name(place->value->doc),
		       path.len > 0 ? ": " : "", path.len > 0 ? path.data : "", what);
}

static const enum json_type wanted[SCHEMA_TYPES] = {
	[SCHEMA_STRUCT] = JSON_OBJECT, [SCHEMA_MAP] = JSON_OBJECT,    [SCHEMA_LIST] = JSON_ARRAY,
	[SCHEMA_STRING] = JSON_STRING, [SCHEMA_BOOL] = JSON_BOOL,     [SCHEMA_INT] = JSON_NUMBER,
	[SCHEMA_UINT] = JSON_NUMBER,   [SCHEMA_OPAQUE] = JSON_OBJECT,
};

static const char *const type_names[JSON_TYPES] = {
	[JSON_NULL] = "null",	    [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
	[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
};

static bool integral(const struct schema_field *schema)
{
	return schema->type == SCHEMA_INT || schema->type == SCHEMA_UINT;
}

static int wrong_type(const struct check *check, const struct schema_field *schema,
		      const struct place *place)
{
	const char *is = type_names[place->value->type];

	if (!integral(schema))
		return refuse(check, place, "must be %s, is %s", type_names[wanted[schema->type]],
			      is);
	return refuse(check, place, "must be %s %u-bit integer, is %s",
		      schema->type == SCHEMA_INT ? "a signed" : "an unsigned", schema->bits, is);
}

/* True if the text is digits alone and their value is at most `max`. */
static bool digits_within(const char *text, uint64_t max)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(unsigned char)*text - '0';

		if (digit > 9 || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	return true;
}

/*
 * As strconv.ParseInt and ParseUint take it: no fraction, no exponent, "-0" only where a
 * sign may stand. crun's strtoull would take -1 for 2^64-1.
 */
static bool integer_fits(const struct schema_field *schema, const char *text)
{
	uint64_t max = UINT64_MAX >> (64 - schema->bits);

	if (schema->type == SCHEMA_UINT)
		return digits_within(text, max);
	max /= 2;
	return *text == '-' ? digits_within(text + 1, max + 1) : digits_within(text, max);
}

static int check_integer(const struct check *check, const struct schema_field *schema,
			 const struct place *place)
{
	const struct json *value = place->value;
	char shown[TEXT_SHOWN_SIZE];

	if (integer_fits(schema, value->text))
		return 0;
	return refuse(check, place,
		      "must be %s %u-bit integer without fraction or exponent, is \"%s\"",
		      schema->type == SCHEMA_INT ? "a signed" : "an unsigned", schema->bits,
		      text_shown(value->text, value->len, shown));
}

/*
 * A null in a list or map is refused by its type: Go makes a zero value of it (a device
 * 0:0, an empty sysctl), crun an error or an empty string.
 */
static int check_items(const struct check *check, const struct schema_field *item,
		       const struct place *place)
{
	struct place below = {.up = place};

	json_each(child, place->value) {
		below.value = child;
		if (check_value(check, item, &below) < 0)
			return -1;
		below.index++;
	}
	return 0;
}

/* The field that Go would take the member for, however it is spelled. */
static const struct schema_field *find_field(const struct schema_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (schema_folds(fields->key, key))
			return fields;
	return NULL;
}

static int report_unknown(const struct check *check, const struct place *place)
{
	text_auto struct text path = {0};

	if (!check->unknown)
		return 0;
	render(place, &path);
	if (path.failed)
		return hr_fail(check->err, HR_SYSTEM, "out of memory");
	check->unknown(check->data, path.data, place->value);
	return 0;
}

static int check_member(const struct check *check, const struct schema_field *field,
			const struct place *place)
{
	if (strcmp(place->value->key, field->key) != 0)
		return refuse(check, place,
			      "Go's decoder takes this key for \"%s\", other readers do not: "
			      "spell it \"%s\"",
			      field->key, field->key);
	/* Go leaves a field alone that is null; for crun it is absent, as for json_get. */
	if (place->value->type == JSON_NULL)
		return 0;
	return check_value(check, field, place);
}

/* qsort: by folded key, then by place in the text. */
static int by_folded_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;
	int order = fold_compare((*x)->key, (*y)->key);

	if (order != 0)
		return order;
	return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

/*
 * Refuse unknown keys that fold to one another: a runtime newer than the table would take
 * both for one field. Sorted, as the keys may be a million. Known keys cannot be part of
 * it: they are spelled as in the table, and the reader refuses exact duplicates.
 */
static int check_twins(const struct check *check, const struct place *place)
{
	const struct json *object = place->value;
	hr_autofree const struct json **sorted = calloc(object->len, sizeof(*sorted));
	char shown[TEXT_SHOWN_SIZE];
	size_t count = 0;

	if (!sorted)
		return hr_fail(check->err, HR_SYSTEM, "out of memory");
	json_each(child, object)
		sorted[count++] = child;
	qsort(sorted, count, sizeof(*sorted), by_folded_key);
	for (size_t i = 1; i < count; i++) {
		const struct json *before = sorted[i - 1];
		struct place twin = {.up = place, .value = sorted[i]};

		if (schema_folds(before->key, twin.value->key))
			return refuse(check, &twin,
				      "Go's decoder takes this key and \"%s\" for the same: "
				      "remove one",
				      text_shown(before->key, before->key_len, shown));
	}
	return 0;
}

static int check_struct(const struct check *check, const struct schema_field *fields,
			const struct place *place)
{
	struct place below = {.up = place};
	size_t unknown = 0;

	json_each(child, place->value) {
		const struct schema_field *field = find_field(fields, child->key);
		int bad;

		below.value = child;
		if (!field)
			unknown++;
		bad = field ? check_member(check, field, &below) : report_unknown(check, &below);
		if (bad < 0)
			return -1;
	}
	return unknown > 1 ? check_twins(check, place) : 0;
}

static int check_value(const struct check *check, const struct schema_field *schema,
		       const struct place *place)
{
	if (schema->type == SCHEMA_OPAQUE)
		return 0;
	if (place->value->type != wanted[schema->type])
		return wrong_type(check, schema, place);
	switch (schema->type) {
	case SCHEMA_STRUCT:
		return check_struct(check, schema->fields, place);
	case SCHEMA_MAP:
	case SCHEMA_LIST:
		return check_items(check, schema->item, place);
	case SCHEMA_INT:
	case SCHEMA_UINT:
		return check_integer(check, schema, place);
	case SCHEMA_STRING:
	case SCHEMA_BOOL:
	case SCHEMA_OPAQUE:
		return 0;
	case SCHEMA_TYPES:
		break;
	}
	assert(false);
	return -1;
}

int schema_check(const struct schema_field *schema, const struct json *document,
		 schema_unknown_fn unknown, void *data, struct hr_error *err)
{
	struct check check = {.unknown = unknown, .data = data, .err = err};
	struct place place = {.value = document};

	return check_value(&check, schema, &place);
}
