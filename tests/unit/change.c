/* SPDX-License-Identifier: Apache-2.0 */
/* What the only writer of a document does to it, and what it says about that. */
#include "change/change.h"

#include "base/text.h"
#include "load.h"
#include "unit.h"

static struct json_doc *doc;
static struct change out;

static void start_with(const char *text)
{
	struct hr_error err = {0};

	cr_assert_ok(json_parse("config.json", text, strlen(text), false, &doc, &err), err);
	cr_assert_ok(change_init(&out, doc, &err), err);
	out.control = "test";
}

static void end(void)
{
	change_done(&out);
	json_free(doc);
	doc = NULL;
}

TestSuite(change, .fini = end);

static const struct reason because = {
	.rule = "test.rule", .why = "it would be possible", .remedy = "change it"};

static void expect_document(const char *wanted)
{
	hr_autofree char *text = load_dump(json_root(doc));

	cr_expect_str_eq(text, wanted);
}

static void expect_report(const char *wanted)
{
	hr_autofree char *text = load_dump(out.report);

	cr_expect_str_eq(text, wanted);
}

static void set(const char *path, const char *value)
{
	change_set(&out, path, json_new_string(change_doc(&out), value), NULL, &because);
}

static void append(const char *path, const char *value)
{
	change_append(&out, path, json_new_string(change_doc(&out), value), &because);
}

/* Paths, through objects and lists; missing objects on the way are made. */
static const struct {
	bool append;
	const char *document, *path, *after; /* NULL: fails */
} edits[] = {
	{false, "{}", "a", "{\"a\":\"v\"}"},
	{false, "{\"a\":1,\"b\":2}", "a", "{\"a\":\"v\",\"b\":2}"},
	{false, "{\"a\":null,\"b\":2}", "a", "{\"a\":\"v\",\"b\":2}"},
	{false, "{}", "a.b.c", "{\"a\":{\"b\":{\"c\":\"v\"}}}"},
	{false, "{\"a\":{\"x\":1}}", "a.b", "{\"a\":{\"x\":1,\"b\":\"v\"}}"},
	{false, "{\"l\":[{},{\"p\":1}]}", "l[1].p", "{\"l\":[{},{\"p\":\"v\"}]}"},
	{false, "{\"l\":[{\"m\":[{}]}]}", "l[0].m[0].p", "{\"l\":[{\"m\":[{\"p\":\"v\"}]}]}"},
	{false, "{\"l\":[{}]}", "l[1].p", NULL},
	{false, "{}", "l[0].p", NULL},
	{false, "{\"l\":[1]}", "l[0]", NULL}, /* an element itself is never set */
	{false, "{}", "", NULL},
	{false, "{}", "a..b", NULL},
	{false, "{}", "a[x].b", NULL},
	{true, "{}", "l", "{\"l\":[\"v\"]}"},
	{true, "{\"a\":{\"l\":[1]}}", "a.l", "{\"a\":{\"l\":[1,\"v\"]}}"},
	{true, "{}", "a.l", "{\"a\":{\"l\":[\"v\"]}}"},
	{true, "{\"l\":null}", "l", "{\"l\":[\"v\"]}"},
	{true, "{\"l\":[{\"m\":[]}]}", "l[0].m", "{\"l\":[{\"m\":[\"v\"]}]}"},
};

static void check_edits(const __typeof__(edits[0]) *row, size_t i)
{
	struct hr_error err = {0};

	start_with(row->document);
	(row->append ? append : set)(row->path, "v");
	cr_expect_eq(out.failed, row->after == NULL, "row %zu", i);
	cr_expect_eq(change_ok(&out, &err), row->after ? 0 : -1, "row %zu", i);
	if (row->after) {
		expect_document(row->after);
		cr_expect_eq(json_count(out.report), 1);
		cr_expect_str_eq(json_string(out.report->first, "path"), row->path);
		cr_expect_str_eq(json_string(out.report->first, "action"), "set");
	} else {
		cr_expect_eq(err.code, HR_SYSTEM);
	}
	end();
}
ROWS(change_edits, edits)

Test(change, entry)
{
	start_with("{\"a\":{\"b\":[1,2]}}");
	out.control = "paths";
	set("a.b", "new");
	expect_report("[{\"path\":\"a.b\",\"action\":\"set\",\"mode\":\"enforce\",\"from\":[1,2],"
		      "\"to\":\"new\",\"control\":\"paths\",\"rule\":\"test.rule\","
		      "\"origin\":\"built-in\",\"why\":\"it would be possible\","
		      "\"remedy\":\"change it\"}]");
}

/* No entry and no change when the value is there already. */
Test(change, set_what_is_there)
{
	start_with("{\"a\":{\"x\":1,\"y\":\"v\"},\"t\":true}");
	set("a.y", "v");
	change_set(&out, "t", json_new_bool(doc, true), NULL, &because);
	expect_report("[]");
	expect_document("{\"a\":{\"x\":1,\"y\":\"v\"},\"t\":true}");
}

Test(change, drop)
{
	const struct json *root;

	start_with("{\"a\":1,\"l\":[\"x\",\"y\"],\"z\":2}");
	root = json_root(doc);
	change_drop(&out, "a", root, json_get(root, "a"), &because);
	change_drop(&out, "l[1]", json_get(root, "l"), json_get(root, "l")->first->next, &because);
	expect_document("{\"l\":[\"x\"],\"z\":2}");
	cr_expect_str_eq(json_string(out.report->first, "action"), "drop");
	cr_expect_str_eq(json_get(out.report->first, "from")->text, "1");
	cr_expect_null(json_get(out.report->first, "to"));
	cr_expect_str_eq(json_string(out.report->last, "from"), "y");
	cr_expect_eq(out.refusals, 0);
}

Test(change, refuse_and_warn)
{
	struct hr_error err = {0};

	start_with("{\"a\":1}");
	change_warn(&out, "a", "1", &because);
	cr_expect_eq(change_verdict(&out, &err), 0);
	change_refuse(&out, "b", NULL, &because);
	change_refuse(&out, "c", "value", &because);
	cr_expect_eq(out.refusals, 2);
	expect_document("{\"a\":1}");
	cr_expect_eq(json_count(out.report), 3);
	cr_expect_str_eq(json_string(out.report->first, "action"), "warn");
	cr_expect_null(json_get(out.report->first->next, "from"));
	cr_expect_str_eq(json_string(out.report->last, "from"), "value");
}

/* Audit: the report says it, the document stays, nothing is refused. */
Test(change, audit_mode)
{
	const char before[] = "{\"a\":1,\"l\":[1]}";
	struct hr_error err = {0};

	start_with(before);
	out.mode = MODE_AUDIT;
	set("a", "v");
	set("new.deep", "v");
	append("l", "v");
	append("other.l", "v");
	change_drop(&out, "a", json_root(doc), json_get(json_root(doc), "a"), &because);
	change_refuse(&out, "a", "1", &because);
	expect_document(before);
	cr_expect_eq(json_count(out.report), 6);
	cr_expect_eq(out.refusals, 0);
	cr_expect_eq(change_verdict(&out, &err), 0);
	cr_expect_eq(err.code, HR_OK);
	json_each(entry, out.report)
		cr_expect_str_eq(json_string(entry, "mode"), "audit");
	/* One that enforces beside it is still the verdict. */
	out.mode = MODE_ENFORCE;
	change_refuse(&out, "b", NULL, &because);
	expect_error(change_verdict(&out, &err), &err, HR_DENIED, "refused by test: b: ");
	cr_expect_null(strstr(err.msg, "more"));
}

Test(change, mode_names)
{
	for (unsigned mode = 0; mode < MODES; mode++)
		cr_expect_eq(change_mode_find(change_mode_name((enum change_mode)mode)), mode);
	cr_expect_eq(change_mode_find("Enforce"), MODES);
	cr_expect_eq(change_mode_find(""), MODES);
	cr_expect_eq((int)MODE_ENFORCE, 0, "what was not asked for is enforced");
}

/* What stands for a value in the report. */
Test(change, shown_values)
{
	hr_autofree char *large = calloc(1, 1101);

	start_with("{}");
	memset(large, 'x', 1100);
	change_set(&out, "secret", json_new_string(doc, "PASSWORD=1"), "(masked)", &because);
	set("large", large);
	cr_expect_str_eq(json_string(out.report->first, "to"), "(masked)");
	cr_expect_str_eq(json_string(json_root(doc), "secret"), "PASSWORD=1");
	cr_expect_str_eq(json_string(json_root(doc), "large"), large);
	/* 1100 letters and two quotes. */
	cr_expect_str_eq(json_string(out.report->last, "to"),
			 "1102 bytes, sha256 "
			 "bda0136d8703a5ca83b2a3b914ef7b1d0ec3cf9a2a282a27bba5531a4edfd4f2");
}

static const struct {
	const char *parent, *key, *path;
} key_paths[] = {
	{"a", "b", "a.b"},
	{"", "b", "b"},
	{"a.b", "c-d_E9", "a.b.c-d_E9"},
	{"annotations", "run.oci.handler", "annotations[\"run.oci.handler\"]"},
	{"annotations", "", "annotations[\"\"]"},
	{"a", "x y", "a[\"x\\x20y\"]"},
	{"a", "x\"]", "a[\"x\\x22\\x5D\"]"},
	{"a", "\xC3\xA9", "a[\"\\xC3\\xA9\"]"},
	{"", "a/b", "[\"a/b\"]"},
};

static void check_key_paths(const __typeof__(key_paths[0]) *row, size_t i)
{
	char buf[CHANGE_PATH];

	cr_expect_str_eq(change_key_path(row->parent, row->key, buf), row->path, "row %zu: %s", i,
			 buf);
}
ROWS(change_path, key_paths)

Test(change_path, lengths)
{
	char key[600], buf[CHANGE_PATH + 1], parent[600];

	memset(key, ' ', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	memset(parent, 'p', sizeof(parent) - 1);
	parent[sizeof(parent) - 1] = '\0';
	buf[CHANGE_PATH] = '#';
	change_key_path("annotations", key, buf);
	cr_expect_eq(buf[CHANGE_PATH], '#');
	change_key_path(parent, key, buf);
	cr_expect_eq(buf[CHANGE_PATH], '#');
	change_index_path(parent, 12345678, buf);
	cr_expect_eq(buf[CHANGE_PATH], '#');
	cr_expect_str_eq(change_index_path("linux.devices", 0, buf), "linux.devices[0]");
}

/* The odd key that is longest closes its bracket: a cut path names another field. */
Test(change_path, longest_odd_key)
{
	char key[600], buf[CHANGE_PATH];

	memset(key, ' ', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	change_key_path("annotations", key, buf);
	cr_expect(text_ends(buf, "\"]"), "%s", buf);
}

/* Where a rule comes from. */
Test(change, origins)
{
	const char policy[] = "{\n \"allow\": [\"a\"],\n \"deny\": []}";
	json_auto struct json_doc *file = NULL, *builtin = NULL, *built = json_new("container");
	char buf[CHANGE_ORIGIN];
	struct reason reason = because;

	start_with("{}");
	cr_assert_eq(json_parse("/etc/hardrun/policy.json", policy, strlen(policy), true, &file,
				NULL),
		     0);
	cr_assert_eq(json_parse("built-in", policy, strlen(policy), true, &builtin, NULL), 0);
	cr_expect_str_eq(change_origin(NULL, buf), "built-in");
	cr_expect_str_eq(change_origin(json_get(json_root(builtin), "deny"), buf), "built-in");
	cr_expect_str_eq(change_origin(json_get(json_root(file), "deny"), buf),
			 "/etc/hardrun/policy.json:3:2");
	cr_expect_str_eq(change_origin(json_get(json_root(file), "allow")->first, buf),
			 "/etc/hardrun/policy.json:2:12");
	cr_expect_str_eq(change_origin(json_root(built), buf), "container");

	reason.by = json_get(json_root(file), "allow");
	change_warn(&out, "a", NULL, &reason);
	out.origin = "container's ceiling";
	change_warn(&out, "b", NULL, &because);
	change_warn(&out, "c", NULL, &reason);
	cr_expect_str_eq(json_string(out.report->first, "origin"), "/etc/hardrun/policy.json:2:2");
	cr_expect_str_eq(json_string(out.report->first->next, "origin"), "container's ceiling");
	/* A ceiling's values stand in the record: where they came from is said once. */
	cr_expect_str_eq(json_string(out.report->last, "origin"), "container's ceiling");
}

Test(change, ceilings)
{
	struct json *ceiling;
	hr_autofree char *text = NULL;

	start_with("{}");
	out.control = "capabilities";
	out.mode = MODE_AUDIT;
	ceiling = json_new_object(change_notes(&out));
	json_put_string(change_notes(&out), ceiling, "x", "y");
	change_ceiling(&out, ceiling);
	text = load_dump(out.ceilings);
	cr_expect_str_eq(
		text,
		"{\"capabilities\":{\"x\":\"y\",\"mode\":\"audit\",\"origin\":\"built-in\"}}");
}

static const struct {
	const char *value, *remedy, *message;
} verdicts[] = {
	{NULL, NULL, "refused by test: p: it would be possible (rule test.rule, built-in)"},
	{"v", NULL, "refused by test: p \"v\": it would be possible (rule test.rule, built-in)"},
	{"v", "change it",
	 "refused by test: p \"v\": it would be possible (rule test.rule, built-in); change it"},
	{"no such file\n", NULL,
	 "refused by test: p \"no\\x20such\\x20file\\x0A\": it would be possible (rule test.rule, "
	 "built-in)"},
};

static void check_verdicts(const __typeof__(verdicts[0]) *row, size_t i)
{
	struct reason reason = because;
	struct hr_error err = {0};

	start_with("{}");
	reason.remedy = row->remedy;
	change_refuse(&out, "p", row->value, &reason);
	cr_expect_eq(change_verdict(&out, &err), -1);
	cr_expect_eq(err.code, HR_DENIED);
	cr_expect_str_eq(err.msg, row->message, "row %zu: %s", i, err.msg);
	end();
}
ROWS(change_verdict, verdicts)

static const struct {
	unsigned refusals;
	const char *tail; /* of the message */
} counts[] = {
	{1, "built-in); change it"},
	{2, "; change it; and 1 more: p1"},
	{3, "; change it; and 2 more: p1, p2"},
	{5, "; change it; and 4 more: p1, p2, p3, p4"},
	{6, "; change it; and 5 more: p1, p2, p3, p4, ..."},
	{100, "; change it; and 99 more: p1, p2, p3, p4, ..."},
};

static void check_counts(const __typeof__(counts[0]) *row, size_t i)
{
	struct hr_error err = {0};
	char path[16];

	start_with("{}");
	change_warn(&out, "warned", NULL, &because);
	for (unsigned n = 0; n < row->refusals; n++) {
		snprintf(path, sizeof(path), "p%u", n);
		change_refuse(&out, path, NULL, &because);
		change_warn(&out, "warned", NULL, &because);
	}
	cr_expect_eq(change_verdict(&out, &err), -1);
	cr_expect(text_starts(err.msg, "refused by test: p0: "));
	cr_expect(text_ends(err.msg, row->tail), "row %zu: %s", i, err.msg);
	end();
}
ROWS(change_verdict, counts)

/*
 * The longest parts that can come together: the value is cut first, and what tells a person
 * what to do is there (path, rule, origin, remedy).
 */
Test(change_verdict, nothing_but_the_value_is_cut)
{
	char path[300], value[65], why[120], remedy[300], name[60];
	json_auto struct json_doc *policy = NULL;
	struct reason reason = {.rule = "document.accept_unknown", .why = why, .remedy = remedy};
	struct hr_error err = {0};

	start_with("{}");
	memset(path, 'p', sizeof(path));
	memcpy(path + sizeof(path) - 5, ".end", 5);
	memset(value, ' ', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	memset(why, 'w', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	memset(remedy, 'r', sizeof(remedy));
	memcpy(remedy + sizeof(remedy) - 5, "-end", 5);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	cr_assert_eq(json_parse(name, "{\"a\":1}", 7, false, &policy, NULL), 0);
	reason.by = json_root(policy);
	change_refuse(&out, path, value, &reason);
	cr_expect_eq(change_verdict(&out, &err), -1);
	cr_expect_not_null(strstr(err.msg, ".end"), "the path is cut");
	cr_expect_not_null(strstr(err.msg, "(rule document.accept_unknown, "), "the rule is cut");
	cr_expect_not_null(strstr(err.msg, "n:1:1)"), "the origin is cut");
	cr_expect_not_null(strstr(err.msg, "r-end"), "the remedy is cut: %s", err.msg);
}

/* As with a hook: /64 odd bytes/ in the value, and again, escaped, in the remedy. */
Test(change_verdict, odd_value_in_the_remedy)
{
	char value[65], shown[TEXT_SHOWN_SIZE], remedy[TEXT_SHOWN_SIZE + 160];
	struct hr_error err = {0};
	struct reason reason = because;

	start_with("{}");
	memset(value, ' ', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(remedy, sizeof(remedy),
		 "if it is needed, allow it in a profile: \"hooks\": {\"allow\": [\"%s:%s\"]}",
		 "createContainer", text_shown_z(value, shown));
	reason.remedy = remedy;
	change_refuse(&out, "hooks.createContainer[0]", value, &reason);
	cr_expect_eq(change_verdict(&out, &err), -1);
	cr_expect(text_ends(err.msg, "\"]}"), "%s", err.msg);
}

/* Memory gone is sticky, asked for once, and stops later writing. */
Test(change, failure_is_sticky)
{
	struct hr_error err = {0};

	start_with("{\"a\":1}");
	change_set(&out, "a", NULL, NULL, &because);
	cr_expect(out.failed);
	set("a", "v");
	append("l", "v");
	expect_document("{\"a\":1}");
	expect_error(change_ok(&out, &err), &err, HR_SYSTEM, "out of memory");
}

/* Twice is the same as once. */
Test(change, idempotent)
{
	start_with("{\"a\":{\"b\":1}}");
	set("a.b", "v");
	set("c.d", "w");
	cr_expect_eq(json_count(out.report), 2);
	set("a.b", "v");
	set("c.d", "w");
	cr_expect_eq(json_count(out.report), 2);
	expect_document("{\"a\":{\"b\":\"v\"},\"c\":{\"d\":\"w\"}}");
}

/* Only ceilings are wanted: there is no document. */
Test(change, without_document)
{
	struct hr_error err = {0};

	cr_assert_ok(change_init(&out, NULL, &err), err);
	cr_expect_null(change_doc(&out));
	cr_expect_ok(change_ok(&out, &err), err);
}
