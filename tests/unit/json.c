/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: what is taken, what is refused and where, and the places of values. */
#include "json/json.h"

#include "base/text.h"
#include "load.h"
#include "unit.h"

#define TEXT(literal) literal, sizeof(literal) - 1

static int parse(const char *bytes, size_t len, struct json_doc **ret, struct hr_error *err)
{
	/* On the heap and without a NUL: a byte read too far is seen. */
	hr_autofree char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	return json_parse("t.json", copy, len, false, ret, err);
}

/* Read and written again. `out` NULL: the same text. */
static const struct {
	const char *in, *out;
} round_trip[] = {
	{"null", NULL},
	{"true", NULL},
	{"false", NULL},
	{"\"\"", NULL},
	{"\"text\"", NULL},
	{"{}", NULL},
	{"[]", NULL},
	{"[[],{},[{}]]", NULL},
	{" \t\r\n{ \"a\" : [ 1 , 2 ] }\n", "{\"a\":[1,2]}"},
	/* order of members, and null ones */
	{"{\"z\":1,\"a\":2,\"m\":null,\"b\":{\"y\":1,\"x\":2}}", NULL},
	{"{\"\":1}", NULL},
	{"{\" \":1,\"a.b\":2,\"[0]\":3}", NULL},
	/* the text of numbers */
	{"[0,-0,1,-1,10,1.0,1.50,-0.0,1e5,1E5,1e+5,1e-5,0e0]", NULL},
	{"[9223372036854775807,9223372036854775808,18446744073709551615,18446744073709551616]",
	 NULL},
	{"[123456789012345678901234567890.12345678901234567890e-400,1e99999]", NULL},
	{"[0.1,0.10,0.100000000000000005551115123125782702118158340454101562]", NULL},
	/* strings */
	{"\"\\\"\\\\\\n\\r\\t\\b\\f\"", NULL},
	{"\"\\/\"", "\"/\""},
	{"\"\\u0041\\u00e9\\u20AC\"", "\"A\xC3\xA9\xE2\x82\xAC\""},
	{"\"\\uD83D\\uDE00\"", "\"\xF0\x9F\x98\x80\""},
	{"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", NULL},
	{"\"\\u0001\\u001f\"", "\"\\u0001\\u001F\""},
	{"\"\x7F\"", NULL},
	{"\"</script>\"", NULL},
	{"{\"k\\u0065y\":1}", "{\"key\":1}"},
	{"{\"a\\\"b\\\\\":1}", NULL},
	{"\"\\u2028\\u2029\\uFEFF\"", "\"\xE2\x80\xA8\xE2\x80\xA9\xEF\xBB\xBF\""},
};

static void check_round_trip(const __typeof__(round_trip[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL, *again = NULL;
	hr_autofree char *once = NULL, *twice = NULL;
	struct hr_error err = {0};

	cr_assert_ok(parse(row->in, strlen(row->in), &doc, &err), err);
	once = load_dump(json_root(doc));
	cr_expect_str_eq(once, row->out ? row->out : row->in, "row %zu: %s", i, once);
	cr_assert_ok(parse(once, strlen(once), &again, &err), err);
	twice = load_dump(json_root(again));
	cr_expect_str_eq(twice, once);
	cr_expect(json_same(json_root(doc), json_root(again)));
}
ROWS(json, round_trip)

static const struct {
	const char *bytes;
	size_t len;
	const char *words; /* in the message */
} refused[] = {
	{TEXT(""), "t.json:1:1: "},
	{TEXT(" \n "), "t.json:2:2: "},
	{TEXT("{"), "t.json:1:2: not JSON"},
	{TEXT("{\n \"a\": [1,\n"), "t.json:3:1: not JSON"},
	{TEXT("}"), "t.json:1:"},
	{TEXT("{\"a\"}"), "t.json:1:"},
	{TEXT("{\"a\":}"), "t.json:1:"},
	{TEXT("{\"a\":1,}"), "t.json:1:"},
	{TEXT("{,\"a\":1}"), "t.json:1:"},
	{TEXT("{a:1}"), "t.json:1:"},
	{TEXT("{'a':1}"), "t.json:1:"},
	{TEXT("{1:1}"), "t.json:1:"},
	{TEXT("{null:1}"), "t.json:1:"},
	{TEXT("{\"a\":1 \"b\":2}"), "t.json:1:"},
	{TEXT("[1,]"), "t.json:1:"},
	{TEXT("[,1]"), "t.json:1:"},
	{TEXT("[1 2]"), "t.json:1:"},
	{TEXT("[1"), "t.json:1:"},
	{TEXT("[1}"), "t.json:1:"},
	{TEXT("\"open"), "t.json:1:"},
	{TEXT("\"a\\\""), "t.json:1:"},
	{TEXT("tru"), "t.json:1:"},
	{TEXT("True"), "t.json:1:"},
	{TEXT("nul"), "t.json:1:"},
	{TEXT("nulll"), "t.json:1:"},
	{TEXT("NaN"), "t.json:1:"},
	{TEXT("Infinity"), "t.json:1:"},
	{TEXT("-"), "t.json:1:"},
	{TEXT("+1"), "t.json:1:"},
	{TEXT("01"), "t.json:1:"},
	{TEXT("-01"), "t.json:1:"},
	{TEXT("1."), "t.json:1:"},
	{TEXT("1.e1"), "t.json:1:"},
	{TEXT(".5"), "t.json:1:"},
	{TEXT("1e"), "t.json:1:"},
	{TEXT("1e+"), "t.json:1:"},
	{TEXT("0x10"), "t.json:1:"},
	{TEXT("1_000"), "t.json:1:"},
	{TEXT("1 2"), "t.json:1:"},
	{TEXT("{} {}"), "t.json:1:"},
	{TEXT("{}]"), "t.json:1:"},
	{TEXT("{}x"), "t.json:1:"},
	{TEXT("[1] true"), "t.json:1:"},
	{TEXT("\"\\x41\""), "t.json:1:"},
	{TEXT("\"\\u12\""), "t.json:1:"},
	{TEXT("\"\\u12G4\""), "t.json:1:"},
	{TEXT("\"\\a\""), "t.json:1:"},
	{TEXT("\"a\nb\""), "t.json:"},
	{TEXT("\"a\tb\""), "t.json:1:"},
	{TEXT("\"a\x01\""), "t.json:1:"},
	{TEXT("\xEF\xBB\xBF{}"), "t.json:1:"},
	{TEXT("\f{}"), "t.json:1:"},
	{TEXT("\xC2\xA0{}"), "t.json:1:"},
	{TEXT("// c\n{}"), "t.json:"},
	{TEXT("{} // c"), "t.json:"},
	{TEXT("/* c */ {}"), "t.json:"},
	{TEXT("{\"a\":/**/1}"), "t.json:"},
	/* the bytes */
	{TEXT("{\"a\":\"\xFF\"}"), "t.json:1:7: bytes that are not UTF-8"},
	{TEXT("{\n \"a\":\"\xC3\"}"), "t.json:2:7: bytes that are not UTF-8"},
	{TEXT("{}\0"), "t.json:1:3: a NUL byte"},
	{TEXT("{\"a\":\"\\u0000\"}"), "t.json:1:7: an escaped NUL"},
	{TEXT("[\n\"\\ud800\"]"), "t.json:2:2: an unpaired surrogate"},
	/* twice the same name */
	{TEXT("{\"a\":1,\"a\":1}"), "t.json:1:8: key \"a\" stands twice"},
	{TEXT("{\"a\":1,\"b\":{\"c\":1,\n \"c\":null}}"), "t.json:2:2: key \"c\" stands twice"},
	{TEXT("{\"a\":1,\"\\u0061\":2}"), "t.json:1:8: key \"a\" stands twice"},
	{TEXT("{\"\":1,\"\":2}"), "t.json:1:7: key \"\" stands twice"},
	{TEXT("{\"\xC3\xA9\":1,\"\\u00e9\":2}"), "key \"\\xC3\\xA9\" stands twice"},
	{TEXT("[{\"x y\":null,\"x y\":null}]"), "key \"x\\x20y\" stands twice"},
};

static void check_refused(const __typeof__(refused[0]) *row, size_t i)
{
	struct json_doc *doc = NULL;
	struct hr_error err = {0};
	int result = parse(row->bytes, row->len, &doc, &err);

	cr_expect_eq(result, -1, "row %zu is taken: %.*s", i, (int)row->len, row->bytes);
	if (result == 0)
		json_free(doc);
	else
		expect_error(result, &err, HR_SPEC, row->words);
	cr_expect_eq(json_parse("t.json", row->bytes, row->len, false, &doc, NULL), -1);
}
ROWS(json, refused)

/* Names that are no twins, and many of them: found by sorting from 16 on. */
static const struct {
	size_t members;
	size_t first, second; /* the twins; equal: none */
} twins[] = {
	{2, 0, 1},  {14, 3, 13},  {15, 0, 14},	  {16, 0, 0},	    {16, 0, 15},      {16, 14, 15},
	{17, 1, 9}, {1000, 0, 0}, {1000, 0, 999}, {1000, 499, 500}, {1000, 998, 999},
};

static void check_twins(const __typeof__(twins[0]) *row, size_t i)
{
	text_auto struct text text = {0};
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	char words[80];
	int result;

	text_adds(&text, "{");
	for (size_t m = 0; m < row->members; m++)
		text_addf(&text, "%s\"key%zu\":%zu", m ? ",\n" : "\n",
			  m == row->second ? row->first : m, m);
	text_adds(&text, "}");
	result = parse(text.data, text.len, &doc, &err);
	if (row->first == row->second) {
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
		cr_expect_eq(json_count(json_root(doc)), row->members);
		return;
	}
	snprintf(words, sizeof(words), "t.json:%zu:1: key \"key%zu\" stands twice", row->second + 2,
		 row->first);
	expect_error(result, &err, HR_SPEC, words);
}
ROWS(json, twins)

static const struct {
	unsigned depth;
	bool object, taken;
} depths[] = {
	{1, false, true},    {63, false, true}, {64, false, true}, {65, false, false},
	{500, false, false}, {64, true, true},	{65, true, false}, {100000, false, false},
};

static void check_depths(const __typeof__(depths[0]) *row, size_t i)
{
	text_auto struct text text = {0};
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	int result;

	for (unsigned d = 0; d < row->depth; d++)
		text_adds(&text, row->object ? "{\"k\":" : "[");
	if (row->object)
		text_adds(&text, "1");
	for (unsigned d = 0; d < row->depth; d++)
		text_adds(&text, row->object ? "}" : "]");
	result = parse(text.data, text.len, &doc, &err);
	if (row->taken)
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
	else
		expect_error(result, &err, HR_SPEC, "nested deeper than 64");
}
ROWS(json, depths)

Test(json, size)
{
	hr_autofree char *bytes = malloc(JSON_MAX_BYTES + 1);
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0}, other = {0};

	cr_assert_not_null(bytes);
	memset(bytes, ' ', JSON_MAX_BYTES + 1);
	memcpy(bytes, "{}", 2);
	cr_expect_ok(json_parse("t", bytes, JSON_MAX_BYTES, false, &doc, &err), err);
	json_free(hr_steal(doc));
	expect_error(json_parse("t", bytes, JSON_MAX_BYTES + 1, false, &doc, &other), &other,
		     HR_SPEC, "larger than 16 MiB");
}

static const struct {
	const char *in, *out; /* NULL: refused */
} commented[] = {
	{"// a\n{\"x\":1} // b", "{\"x\":1}"},
	{"/* a */ {\"x\" /* b */ : /* c */ 1 /* d */ } /**/", "{\"x\":1}"},
	{"{\"u\":\"http://x/*y*/\"}", "{\"u\":\"http://x/*y*/\"}"},
	{"[1, // one\n 2]", "[1,2]"},
	{"{\"x\":1,}", NULL},
	{"{} / {}", NULL},
	{"/* open", NULL},
	{"# shell\n{}", NULL},
};

static void check_commented(const __typeof__(commented[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	int result = json_parse("p.json", row->in, strlen(row->in), true, &doc, &err);

	if (!row->out) {
		expect_error(result, &err, HR_SPEC, "p.json:");
		return;
	}
	cr_assert_eq(result, 0, "row %zu: %s", i, err.msg);
	text = load_dump(json_root(doc));
	cr_expect_str_eq(text, row->out);
}
ROWS(json, commented)

/* A member stands where its key does; an element where its first byte is. */
static const struct {
	const char *text, *path; /* keys; #N for the N-th element */
	unsigned line, column;
} places[] = {
	{"{}", "", 1, 1},
	{" \n  [1]", "", 2, 3},
	{"\"s\"", "", 1, 1},
	{"  12", "", 1, 3},
	{"{\"a\":1}", "a", 1, 2},
	{"{ \"a\" :\n 1,\n\t\"b\": [] }", "b", 3, 2},
	{"{\"a\": \"x\\\"y\\\\\", \"b\": 1}", "b", 1, 17},
	{"{\"a\\\"b\": 1}", "a\"b", 1, 2},
	{"{\"\\\\\": 1}", "\\", 1, 2},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#0", 1, 7},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#1", 1, 11},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#2", 2, 2},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#3", 2, 9},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#4", 2, 15},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#5", 2, 22},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#6", 2, 26},
	{"{\"a\":[10, true,\n false, null, \"s\\\\\", \"\", {}, []]}", "a.#7", 2, 30},
	{"[-1.5e3\n,\n22]", "#0", 1, 2},
	{"[-1.5e3\n,\n22]", "#1", 3, 1},
	{"[\"\\u00e9\\\"\", 7]", "#0", 1, 2},
	{"[\"\\u00e9\\\"\", 7]", "#1", 1, 14},
	{"[\"\xC3\xA9\", 7]", "#1", 1, 8}, /* columns count bytes */
	{"// \"c\n{ /* \" */ \"a\" /* \" */ : 1}", "a", 2, 11},
	{"[ /* \"x */ \"s\" /* y\" */ ]", "#0", 1, 12},
};

static const struct json *walk(const struct json *at, const char *path)
{
	char key[32];

	while (*path && at) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		path += len + (path[len] == '.');
		if (key[0] != '#') {
			at = json_get(at, key);
			continue;
		}
		at = at->first;
		for (long n = strtol(key + 1, NULL, 10); n > 0 && at; n--)
			at = at->next;
	}
	return at;
}

static void check_places(const __typeof__(places[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	unsigned line = 0, column = 0;
	const struct json *value;

	cr_assert_ok(json_parse("t", row->text, strlen(row->text), true, &doc, &err), err);
	value = walk(json_root(doc), row->path);
	/* json_get hides null */
	cr_assert_not_null(value, "row %zu", i);
	json_where(value, &line, &column);
	cr_expect(line == row->line && column == row->column, "row %zu: %u:%u, wanted %u:%u", i,
		  line, column, row->line, row->column);
	cr_expect_eq(value->doc, doc);
}
ROWS(json, places)

/* The text is the document's own copy. */
Test(json, owns_its_text)
{
	char bytes[] = "{\"a\":\"b\"}";
	json_auto struct json_doc *doc = NULL;

	cr_assert_eq(json_parse("name", bytes, strlen(bytes), false, &doc, NULL), 0);
	memset(bytes, 'x', sizeof(bytes) - 1);
	cr_expect_str_eq(json_string(json_root(doc), "a"), "b");
	cr_expect_str_eq(json_name(doc), "name");
}

/* 100,000 members and a text of 1 MB: no square in it. */
Test(json, large_documents, .timeout = 20)
{
	text_auto struct text text = {0};
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	text_adds(&text, "{\"s\":\"");
	for (unsigned i = 0; i < 250000; i++)
		text_adds(&text, "\\\"\\\\");
	text_adds(&text, "\"");
	for (unsigned i = 0; i < 100000; i++)
		text_addf(&text, ",\"k%u\":[]", i);
	text_adds(&text, "}");
	cr_assert_ok(json_parse("t", text.data, text.len, false, &doc, &err), err);
	cr_expect_eq(json_count(json_root(doc)), 100001);
	cr_expect_eq(json_get(json_root(doc), "s")->len, 500000);
}
