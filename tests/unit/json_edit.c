/* SPDX-License-Identifier: Apache-2.0 */
/* Building and altering trees, and writing them. */
#include "json/edit.h"

#include "load.h"
#include "unit.h"

#include <stdint.h>

static struct json_doc *doc;

static void start(void)
{
	doc = json_new("built");
	cr_assert_not_null(doc);
}

static void end(void)
{
	json_free(doc);
}

TestSuite(json_edit, .init = start, .fini = end);

static void expect_text(const struct json *value, const char *wanted)
{
	hr_autofree char *text = load_dump(value);

	cr_expect_str_eq(text, wanted);
}

/* A parsed value that lives in `doc`. */
static struct json *value_of(const char *text)
{
	json_auto struct json_doc *parsed = NULL;
	struct hr_error err = {0};
	struct json *copy;

	cr_assert_ok(json_parse("t", text, strlen(text), false, &parsed, &err), err);
	copy = json_clone(doc, json_root(parsed));
	cr_assert_not_null(copy);
	return copy;
}

Test(json_edit, build)
{
	struct json *root = json_root(doc);
	struct json *list = json_put(doc, root, "list", json_new_array(doc));

	expect_text(root, "{\"list\":[]}");
	json_append(list, json_new_string(doc, "a\"\n"));
	json_append(list, json_new_int(doc, INT64_MIN));
	json_append(list, json_new_int(doc, INT64_MAX));
	json_append(list, json_new_bool(doc, true));
	json_append(list, json_new_bool(doc, false));
	json_append(list, json_new_null(doc));
	json_put_string(doc, root, "s", "text");
	json_put_string(doc, root, "none", NULL);
	json_put_int(doc, root, "n", -7);
	json_put(doc, json_put(doc, root, "o", json_new_object(doc)), "", json_new_object(doc));
	expect_text(root, "{\"list\":[\"a\\\"\\n\",-9223372036854775808,9223372036854775807,true,"
			  "false,null],\"s\":\"text\",\"none\":null,\"n\":-7,\"o\":{\"\":{}}}");
	cr_expect_eq(json_count(list), 6);
	cr_expect_eq(json_count(root), 5);
}

static const struct {
	const char *object, *key, *after;
} puts_in[] = {
	{"{}", "k", "{\"k\":\"new\"}"},
	{"{\"a\":1}", "k", "{\"a\":1,\"k\":\"new\"}"},
	{"{\"k\":1}", "k", "{\"k\":\"new\"}"},
	{"{\"k\":1,\"b\":2}", "k", "{\"k\":\"new\",\"b\":2}"},
	{"{\"a\":1,\"k\":{\"x\":1},\"b\":2}", "k", "{\"a\":1,\"k\":\"new\",\"b\":2}"},
	{"{\"a\":1,\"k\":2}", "k", "{\"a\":1,\"k\":\"new\"}"},
	{"{\"a\":1,\"k\":null,\"b\":2}", "k", "{\"a\":1,\"k\":\"new\",\"b\":2}"},
	{"{\"K\":1}", "k", "{\"K\":1,\"k\":\"new\"}"},
};

static void check_puts_in(const __typeof__(puts_in[0]) *row, size_t i)
{
	struct json *object, *value;

	start();
	object = value_of(row->object);
	value = json_new_string(doc, "new");
	cr_expect_eq(json_put(doc, object, row->key, value), value, "row %zu", i);
	expect_text(object, row->after);
	/* The list is whole: its end, and its count. */
	json_put_int(doc, object, "last", 9);
	cr_expect_str_eq(object->last->key, "last");
	cr_expect_null(object->last->next);
	json_put(doc, object, row->key, value);
	cr_expect_eq(json_count(object), json_count(value_of(row->after)) + 1);
	end();
}
ROWS(json_put, puts_in)

static const struct {
	const char *list;
	unsigned remove; /* bit N: the N-th */
	const char *after;
} removals[] = {
	{"[1]", 1, "[]"},
	{"[1,2,3]", 1, "[2,3]"},
	{"[1,2,3]", 2, "[1,3]"},
	{"[1,2,3]", 4, "[1,2]"},
	{"[1,2,3]", 7, "[]"},
	{"[1,2,3]", 5, "[2]"},
	{"{\"a\":1,\"b\":2,\"c\":3}", 6, "{\"a\":1}"},
	{"{\"a\":1,\"b\":2,\"c\":3}", 0, "{\"a\":1,\"b\":2,\"c\":3}"},
};

static void check_removals(const __typeof__(removals[0]) *row, size_t i)
{
	struct json *parent, *next;
	unsigned bit = 0;

	start();
	parent = value_of(row->list);
	for (struct json *child = parent->first; child; child = next) {
		next = child->next;
		if (row->remove & 1U << bit++)
			json_remove(parent, child);
	}
	expect_text(parent, row->after);
	cr_expect_eq(json_count(parent), json_count(value_of(row->after)), "row %zu", i);
	/* What is no child of it is left alone, and one can go on appending. */
	json_remove(parent, json_root(doc));
	if (parent->type == JSON_ARRAY) {
		json_append(parent, json_new_int(doc, 4));
		cr_expect_str_eq(parent->last->text, "4");
	}
	end();
}
ROWS(json_remove, removals)

/* Calls can be nested and checked once. */
Test(json_edit, nothing_in_nothing_out)
{
	cr_expect_null(json_put(doc, NULL, "k", json_new_int(doc, 1)));
	cr_expect_null(json_put(doc, json_root(doc), "k", NULL));
	cr_expect_null(json_append(NULL, json_new_int(doc, 1)));
	cr_expect_null(json_append(json_new_array(doc), NULL));
	cr_expect_null(json_clone(doc, NULL));
	cr_expect_null(json_put_string(doc, NULL, "k", "v"));
	cr_expect_null(json_put_int(doc, NULL, "k", 1));
	cr_expect_null(json_get_mut(NULL, "k"));
	expect_text(json_root(doc), "{}");
	json_free(NULL);
}

Test(json_edit, get_mut)
{
	struct json *object = value_of("{\"a\":1,\"n\":null,\"o\":{\"b\":2}}");

	cr_expect_str_eq(json_get_mut(object, "a")->text, "1");
	cr_expect_null(json_get_mut(object, "n"));
	cr_expect_null(json_get_mut(object, "gone"));
	cr_expect_null(json_get_mut(json_get_mut(object, "a"), "x"));
	json_put_int(doc, json_get_mut(object, "o"), "b", 3);
	expect_text(object, "{\"a\":1,\"n\":null,\"o\":{\"b\":3}}");
}

/* Deep, with names and origin, and nothing shared. */
Test(json_edit, clone)
{
	const char text[] = "{\n \"a\": [1.50, {\"b\": \"x\"}], \"n\": null, \"t\": true }";
	json_auto struct json_doc *parsed = NULL;
	struct json *copy;
	unsigned line, column;

	cr_assert_eq(json_parse("origin", text, strlen(text), false, &parsed, NULL), 0);
	copy = json_clone(doc, json_root(parsed));
	expect_text(copy, "{\"a\":[1.50,{\"b\":\"x\"}],\"n\":null,\"t\":true}");
	cr_expect(json_same(copy, json_root(parsed)));
	json_where(json_path(copy, "a"), &line, &column);
	cr_expect(line == 2 && column == 2, "%u:%u", line, column);
	cr_expect_str_eq(json_name(json_get(copy, "a")->doc), "origin");
	json_put_int(doc, copy, "a", 1);
	cr_expect_eq(json_count(json_get(json_root(parsed), "a")), 2);
	cr_expect_null(json_clone(doc, json_root(parsed))->key);
}

/* What was not read from text has no place. */
Test(json_edit, built_values_have_no_place)
{
	unsigned line = 7, column = 7;

	json_where(json_put_int(doc, json_root(doc), "k", 1), &line, &column);
	cr_expect(line == 0 && column == 0);
	cr_expect_str_eq(json_name(doc), "built");
}

/* The document's own copies: the caller's buffers may go. */
Test(json_edit, copies_texts)
{
	char key[] = "key", value[] = "value";

	json_put_string(doc, json_root(doc), key, value);
	memset(key, 'x', 3);
	memset(value, 'x', 5);
	expect_text(json_root(doc), "{\"key\":\"value\"}");
}

/* More than a chunk of the arena, in pieces and at once. */
Test(json_edit, large_values)
{
	hr_autofree char *large = malloc(300001);
	struct json *list = json_put(doc, json_root(doc), "list", json_new_array(doc));

	cr_assert_not_null(large);
	memset(large, 'l', 300000);
	large[300000] = '\0';
	for (unsigned i = 0; i < 20000; i++)
		cr_assert_not_null(json_append(list, json_new_int(doc, i)));
	cr_assert_not_null(json_put_string(doc, json_root(doc), "large", large));
	cr_expect_str_eq(list->first->text, "0");
	cr_expect_str_eq(list->last->text, "19999");
	cr_expect_str_eq(json_string(json_root(doc), "large"), large);
}

static const struct {
	const char *text, *written;
} strings[] = {
	{"", "\"\""},
	{"plain", "\"plain\""},
	{"\"", "\"\\\"\""},
	{"\\", "\"\\\\\""},
	{"/", "\"/\""},
	{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
	{"\x01\x1F\x7F", "\"\\u0001\\u001F\x7F\""},
	{"\xC3\xA9\xF0\x9F\x98\x80", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
};

static void check_strings(const __typeof__(strings[0]) *row, size_t i)
{
	start();
	(void)i;
	expect_text(json_new_string(doc, row->text), row->written);
	end();
}
ROWS(json_write, strings)

Test(json_edit, write_gives_length)
{
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len = 0;

	json_put_int(doc, json_root(doc), "a", 1);
	cr_assert_ok(json_write(json_root(doc), &text, &len, &err), err);
	cr_expect_eq(len, 7);
	cr_expect_eq(text[len], '\0');
}
