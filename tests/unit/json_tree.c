/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up, and comparing. */
#include "json/json.h"

#include "load.h"
#include "unit.h"

#include <stdint.h>

static struct json_doc *doc_of(const char *text)
{
	struct json_doc *doc = NULL;
	struct hr_error err = {0};

	cr_assert_ok(json_parse("t", text, strlen(text), false, &doc, &err), err);
	return doc;
}

#define SAMPLE                                                                      \
	"{\"s\":\"x\",\"empty\":\"\",\"n\":5,\"t\":true,\"f\":false,\"null\":null," \
	"\"o\":{\"a\":{\"b\":\"deep\"},\"null\":null},\"l\":[\"a\",1,\"\",null,\"b\"]}"

Test(json_tree, get)
{
	json_auto struct json_doc *doc = doc_of(SAMPLE);
	const struct json *root = json_root(doc);

	cr_expect_str_eq(json_get(root, "s")->text, "x");
	cr_expect_null(json_get(root, "S"));
	cr_expect_null(json_get(root, ""));
	cr_expect_null(json_get(root, "null"), "null is as absent");
	cr_expect_null(json_get(NULL, "s"));
	cr_expect_null(json_get(json_get(root, "s"), "s"));
	cr_expect_null(json_get(json_get(root, "l"), "a"));
}

static const struct {
	const char *path, *text; /* NULL: nothing there */
} by_path[] = {
	{"s", "x"},
	{"o.a.b", "deep"},
	{"o.a.c", NULL},
	{"o.null.b", NULL},
	{"s.x", NULL},
	{"l.a", NULL},
	{"", NULL},
	{"o..b", NULL},
	{".s", NULL},
	{"s.", NULL},
	{"gone.x", NULL},
	{"null", NULL},
	{"0123456789012345678901234567890123456789012345678901234567890123456789", NULL},
};

static void check_by_path(const __typeof__(by_path[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = doc_of(SAMPLE);
	const struct json *value = json_path(json_root(doc), row->path);

	if (!row->text) {
		cr_expect_null(value, "row %zu", i);
		return;
	}
	cr_assert_not_null(value, "row %zu", i);
	cr_expect_str_eq(value->text, row->text);
	cr_expect_null(json_path(NULL, row->path));
}
ROWS(json_tree, by_path)

Test(json_tree, typed)
{
	json_auto struct json_doc *doc = doc_of(SAMPLE);
	const struct json *root = json_root(doc), *list = json_get(root, "l");

	cr_expect_str_eq(json_string(root, "s"), "x");
	cr_expect_str_eq(json_string(root, "empty"), "");
	cr_expect_null(json_string(root, "n"));
	cr_expect_null(json_string(root, "null"));
	cr_expect_null(json_string(NULL, "s"));
	cr_expect(json_true(root, "t"));
	cr_expect_not(json_true(root, "f"));
	cr_expect_not(json_true(root, "s"));
	cr_expect_not(json_true(root, "n"));
	cr_expect_not(json_true(NULL, "t"));
	cr_expect_eq(json_count(root), 8);
	cr_expect_eq(json_count(list), 5);
	cr_expect_eq(json_count(json_get(root, "s")), 0);
	cr_expect_eq(json_count(NULL), 0);
	cr_expect(json_has_string(list, "b"));
	cr_expect(json_has_string(list, ""));
	cr_expect_not(json_has_string(list, "1"));
	cr_expect_not(json_has_string(root, "s"));
	cr_expect_not(json_has_string(NULL, "b"));
}

Test(json_tree, each)
{
	json_auto struct json_doc *doc = doc_of(SAMPLE);
	char keys[64] = "";

	json_each(member, json_root(doc)) {
		strcat(keys, member->key);
		strcat(keys, " ");
		cr_expect_eq(member->key_len, strlen(member->key));
	}
	cr_expect_str_eq(keys, "s empty n t f null o l ");
	json_each(never, (const struct json *)NULL)
		cr_expect(false);
}

static const struct {
	const char *text;
	bool integer;
	int64_t value;
} integers[] = {
	{"0", true, 0},
	{"-0", true, 0},
	{"42", true, 42},
	{"-1", true, -1},
	{"9223372036854775807", true, INT64_MAX},
	{"-9223372036854775808", true, INT64_MIN},
	{"9223372036854775808", false, 0},
	{"-9223372036854775809", false, 0},
	{"99999999999999999999999999", false, 0},
	{"1.0", false, 0},
	{"1e3", false, 0},
	{"1E0", false, 0},
	{"\"1\"", false, 0},
	{"true", false, 0},
	{"null", false, 0},
	{"[1]", false, 0},
};

static void check_integers(const __typeof__(integers[0]) *row, size_t i)
{
	/* In a list: a number that ends the text is another matter. */
	char text[64];
	json_auto struct json_doc *doc = NULL;
	int64_t value = 77;

	snprintf(text, sizeof(text), "[%s]", row->text);
	doc = doc_of(text);
	cr_expect_eq(json_int(json_root(doc)->first, &value), row->integer, "row %zu", i);
	cr_expect_eq(value, row->integer ? row->value : 77, "row %zu", i);
	cr_expect_not(json_int(NULL, &value));
}
ROWS(json_tree, integers)

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{"null", "null", true},
	{"true", "true", true},
	{"true", "false", false},
	{"1", "1", true},
	{"1", "2", false},
	{"1", "1.0", false}, /* by their text */
	{"1", "\"1\"", false},
	{"\"a\"", "\"a\"", true},
	{"\"a\"", "\"\\u0061\"", true},
	{"\"a\"", "\"ab\"", false},
	{"[]", "[]", true},
	{"[]", "{}", false},
	{"[]", "null", false},
	{"[1,2]", "[1,2]", true},
	{"[1,2]", "[2,1]", false},
	{"[1]", "[1,1]", false},
	{"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
	{"{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}", false},
	{"{\"a\":1}", "{\"b\":1}", false},
	{"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	{"{\"a\":{\"b\":[{\"c\":null}]}}", "{\"a\":{\"b\":[{\"c\":null}]}}", true},
	{"{\"a\":{\"b\":[{\"c\":1}]}}", "{\"a\":{\"b\":[{\"c\":2}]}}", false},
	{"{\"a\":null}", "{\"a\":1}", false},
	{"{\"a\":1}", "{\"a\":null}", false},
	/* a null member hides no other one */
	{"{\"a\":null}", "{\"b\":1}", false},
	{"{\"a\":1,\"b\":null}", "{\"a\":1,\"c\":2}", false},
	{"{\"b\":1}", "{\"a\":null}", false},
};

static void check_pairs(const __typeof__(pairs[0]) *row, size_t i)
{
	json_auto struct json_doc *a = doc_of(row->a), *b = doc_of(row->b);

	cr_expect_eq(json_same(json_root(a), json_root(b)), row->same, "row %zu: %s %s", i, row->a,
		     row->b);
	cr_expect_eq(json_same(json_root(b), json_root(a)), row->same, "row %zu: %s %s", i, row->b,
		     row->a);
	cr_expect(json_same(json_root(a), json_root(a)));
}
ROWS(json_tree, pairs)
