/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of TOML: what is taken, what is refused and in which line. Values are compared
 * with another reader's in tests/e2e/setup_toml.sh. */
#include "engine/toml.h"

#include "base/text.h"
#include "unit.h"

static int parse(const char *bytes, size_t len, struct json_doc **ret, struct hr_error *err)
{
	/* On the heap and without a NUL: a byte read too far is seen. */
	hr_autofree char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	return toml_parse("t.toml", copy, len, ret, err);
}

static const struct {
	const char *in, *out;
} good[] = {
	{"", "{}"},
	{"\xEF\xBB\xBF"
	 "a = 1",
	 "{\"a\":1}"},
	{"a = 'x' # y\r\nb = \"\\u00e9\\t\"\r\n", "{\"a\":\"x\",\"b\":\"\xC3\xA9\\t\"}"},
	{"a.b.'c d' = 1\na.\"e\" = 2\n", "{\"a\":{\"b\":{\"c d\":1},\"e\":2}}"},
	{"i = [+1_000, -0, 0xfF, 0o17, 0b101]\n", "{\"i\":[1000,0,255,15,5]}"},
	{"f = [1.50, -1e+5, 1_0.0_1, 6.626e-34]\n", "{\"f\":[1.50,-1e+5,10.01,6.626e-34]}"},
	{"x = [inf, -nan, 1979-05-27 07:32:00Z, 07:32:00.5]\n",
	 "{\"x\":[\"inf\",\"-nan\",\"1979-05-27 07:32:00Z\",\"07:32:00.5\"]}"},
	{"b = [ true, # x\n false,\n]\n", "{\"b\":[true,false]}"},
	{"m = '''\na\r\nb'''\nn = \"\"\"x\\\n   y\"\"\"\"\"\n",
	 "{\"m\":\"a\\nb\",\"n\":\"xy\\\"\\\"\"}"},
	{"t = { a = 1, b.c = 2 }\n", "{\"t\":{\"a\":1,\"b\":{\"c\":2}}}"},
	{"[a.b]\nx=1\n[a]\ny=2\n[[c]]\n[[c]]\nz=3\n[c.d]\n",
	 "{\"a\":{\"b\":{\"x\":1},\"y\":2},\"c\":[{},{\"z\":3,\"d\":{}}]}"},
	{"[plugins.\"io.containerd.grpc.v1.cri\".containerd]\nk = 1\n",
	 "{\"plugins\":{\"io.containerd.grpc.v1.cri\":{\"containerd\":{\"k\":1}}}}"},
};

static void check_good(const __typeof__(good[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len;

	(void)i;
	cr_assert_ok(parse(row->in, strlen(row->in), &doc, &err), err);
	cr_assert_ok(json_write(json_root(doc), &text, &len, &err), err);
	cr_expect_str_eq(text, row->out);
}
ROWS(toml, good)

static const struct {
	const char *in;
	const char *message;
} bad[] = {
	{"a = 1\nb = \n", "t.toml:2: no value"},
	{"a = 1\n\na = 2\n", "t.toml:3: a is defined a second time"},
	{"[a]\n[b]\n[a]\n", "t.toml:3: a is defined a second time"},
	{"a = {}\n[a.b]\n", "t.toml:2: a is defined a second time"},
	{"[a.b]\n[a]\nb.c = 1\n", "t.toml:3: b is defined a second time"},
	{"a = []\n[[a]]\n", "t.toml:2: a is defined a second time"},
	{"a = text\n", "t.toml:1: text is no number or date"},
	{"a = 9223372036854775808\n", "(or too large)"},
	{"a = 01\n", "is no number"},
	{"a = 2001-02-29\n", "is no number or date"},
	{"a = \"x\n\"\n", "t.toml:1: a string that does not end in its line"},
	{"a = '''\n\n", "t.toml:1: a string that does not end"},
	{"a = \"\\u0000\"\n", "an escaped NUL"},
	{"a = \"\\ud800\"\n", "no Unicode character"},
	{"a = \"\\q\"\n", "an escape that TOML has not"},
	{"a = '\xff'\n", "bytes that are not UTF-8"},
	{"# \x01\n", "a control character"},
	{"a = 1\rb = 2\n", "something behind the end"},
	{"a = { b = 1,\n c = 2 }\n", "t.toml:1: no key where one must stand"},
	{"a = [1\n2]\n", "t.toml:2: an array that does not go on"},
	{"a = 1 b = 2\n", "something behind the end"},
	{"[a\n", "a header that does not end"},
	{"a b = 1\n", "no \"=\" behind the key"},
	{"\"\"\"a\"\"\" = 1\n", "a multi-line string is no key"},
};

static void check_bad(const __typeof__(bad[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	(void)i;
	expect_error(parse(row->in, strlen(row->in), &doc, &err), &err, HR_SPEC, row->message);
	cr_expect_null(doc);
}
ROWS(toml, bad)

static void repeat(struct text *text, const char *part, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_adds(text, part);
}

static int parse_text(const struct text *text, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;

	return parse(text->data, text->len, &doc, err);
}

Test(toml, limits_of_depth)
{
	struct text text = {0}, keys = {0}, deep = {0};
	struct hr_error err = {0};

	text_adds(&text, "a = ");
	repeat(&text, "[", TOML_MAX_DEPTH);
	repeat(&text, "]", TOML_MAX_DEPTH);
	cr_expect_ok(parse_text(&text, &err), err);
	text_adds(&deep, "a = ");
	repeat(&deep, "[", 100000);
	expect_error(parse_text(&deep, &err), &err, HR_SPEC, "nested deeper");
	err = (struct hr_error){0};
	repeat(&keys, "a.", TOML_MAX_DEPTH);
	text_adds(&keys, "a = 1");
	expect_error(parse_text(&keys, &err), &err, HR_SPEC, "a key of more than");
	text_free(&text);
	text_free(&keys);
	text_free(&deep);
}

Test(toml, limits_of_size)
{
	struct text keys = {0}, large = {0};
	struct hr_error err = {0};

	for (unsigned i = 0; i <= TOML_MAX_KEYS; i++)
		text_addf(&keys, "k%u = 1\n", i);
	expect_error(parse_text(&keys, &err), &err, HR_SPEC, "t.toml:4097: more than 4096 keys");
	err = (struct hr_error){0};
	repeat(&large, "#\n", TOML_MAX_BYTES / 2 + 1);
	expect_error(parse_text(&large, &err), &err, HR_SPEC, "larger than");
	text_free(&keys);
	text_free(&large);
}

Test(toml, a_nul_byte)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	expect_error(parse("a = 1\n\0b = 2\n", 13, &doc, &err), &err, HR_SPEC,
		     "t.toml:2: a NUL byte");
}

Test(toml, places)
{
	static const char text[] = "# x\na = 1\n[b.c]\nd.e = [\n 'x',\n 'y']\n[[f]]\n";
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};
	const struct json *root, *d;

	cr_assert_ok(parse(text, strlen(text), &doc, &err), err);
	root = json_root(doc);
	d = json_path(root, "b.c.d.e");
	cr_expect_eq(toml_line(text, strlen(text), json_get(root, "a")->offset), 2);
	cr_expect_eq(toml_line(text, strlen(text), json_path(root, "b.c")->offset), 3);
	cr_expect_eq(toml_line(text, strlen(text), d->offset), 4);
	cr_expect_eq(toml_line(text, strlen(text), d->last->offset), 6);
	cr_expect(toml_has_header(json_path(root, "b.c")));
	cr_expect_not(toml_has_header(json_path(root, "b")));
	cr_expect_not(toml_has_header(json_path(root, "b.c.d")));
	cr_expect_not(toml_has_header(NULL));
}

/* What is written means the same when it is read. */
Test(toml, written_and_read_again)
{
	static const char text[] =
		"a = [1, 2.5, true, \"q\\\"\\\\\\n\\u0001\", { 'x y' = 1, z = [] }]\n";
	json_auto struct json_doc *doc = NULL, *again = NULL;
	struct text written = {0};
	struct hr_error err = {0};

	cr_assert_ok(parse(text, strlen(text), &doc, &err), err);
	text_adds(&written, "a = ");
	toml_write(&written, json_get(json_root(doc), "a"));
	cr_assert_ok(parse(written.data, written.len, &again, &err), err);
	cr_expect(json_same(json_root(doc), json_root(again)), "%s", written.data);
	text_free(&written);
}
