/* SPDX-License-Identifier: Apache-2.0 */
/* Which profile: two passes, and what an author of pods can and cannot reach by it. */
#include "policy/policy.h"

#include "policy_texts.h"
#include "unit.h"

static const char text[] =
	"{ \"version\": 1, \"default\": \"shop\", \"profiles\": {\n"
	"  \"shop\": {}, \"web\": {}, \"pay\": {}, \"pay-debug\": {}, \"other\": {},\n"
	"  \"weak\": {}, \"pause\": {}, \"hand\": {}, \"note\": {}, \"img\": {} },\n"
	"\"rules\": [\n"
	"{\"when\":{\"handler\":\"hardrun-hand\"},\"use\":\"hand\"},\n"
	"{\"when\":{\"annotation\":{\"team\":\"red*\",\"tier\":[\"1\",\"2\"]}},\"use\":\"note\"},\n"
	"{\"when\":{\"namespace\":[\"pay-*\",\"bank\"]},\"use\":\"pay\","
	"\"may_choose\":[\"pay-debug\",\"note\"]},\n"
	"{\"when\":{\"namespace\":\"pay-eu\"},\"use\":\"weak\"},\n"
	"{\"when\":{\"namespace\":\"web\",\"pod\":\"front-*\"},\"use\":\"web\"},\n"
	"{\"when\":{\"namespace\":\"web\",\"handler\":\"hardrun-hand\"},\"use\":\"other\"},\n"
	"{\"when\":{\"container\":\"debug\"},\"use\":\"weak\"},\n"
	"{\"when\":{\"image\":\"docker.io/*\"},\"use\":\"img\"},\n"
	"{\"when\":{\"sandbox\":true,\"namespace\":\"web\"},\"use\":\"pause\"},\n"
	"{\"when\":{\"sandbox\":false,\"namespace\":\"no-pause\"},\"use\":\"weak\"}\n"
	"]}\n";

static struct policy *policy;

static void start(void)
{
	struct hr_error err = {0};

	scratch_make();
	make_file("p.json", text);
	cr_assert_ok(policy_load_file(in_scratch("p.json"), NULL, &policy, &err), err);
}

static void end(void)
{
	policy_free(policy);
	scratch_drop();
}

/* Who asks; `cri` false: nothing is believed, whatever stands in the other fields. */
struct who {
	bool cri, sandbox;
	const char *ns, *pod, *container, *image, *handler, *annotations;
};

static const struct {
	struct who who;
	const char *profile, *why;
	unsigned line; /* of the rule, 0: none */
} chosen[] = {
	/* no rule */
	{{.cri = false}, "shop", "default", 0},
	{{.cri = true, .ns = "x"}, "shop", "default", 0},
	/* believed conditions, first match wins */
	{{.cri = true, .ns = "pay-eu"}, "pay", "rule", 7},
	{{.cri = true, .ns = "bank"}, "pay", "rule", 7},
	{{.cri = true, .ns = "banks"}, "shop", "default", 0},
	{{.cri = true, .ns = "pay-eu", .container = "debug"}, "pay", "rule", 7},
	{{.cri = true, .ns = "x", .container = "debug"}, "weak", "rule", 11},
	{{.cri = true, .ns = "web", .pod = "front-1"}, "web", "rule", 9},
	{{.cri = true, .ns = "web", .pod = "back-1"}, "shop", "default", 0},
	{{.cri = true, .ns = "web"}, "shop", "default", 0}, /* no pod's name: no match */
	{{.cri = true, .ns = "x", .image = "docker.io/nginx"}, "img", "rule", 12},
	/* outside of CRI nothing is believed */
	{{.cri = false, .ns = "pay-eu"}, "shop", "default", 0},
	{{.cri = false, .image = "docker.io/nginx"}, "shop", "default", 0},
	{{.cri = false, .sandbox = false, .ns = "no-pause"}, "shop", "default", 0},
	/* handler and annotation: the second pass */
	{{.cri = true, .ns = "x", .handler = "hardrun-hand"}, "hand", "rule", 5},
	{{.cri = false, .handler = "hardrun-hand"}, "hand", "rule", 5},
	{{.cri = false, .handler = "hardrun-other"}, "other", "handler", 0},
	{{.cri = false, .handler = "hardrun-default"}, "default", "handler", 0},
	{{.cri = false, .annotations = "{\"team\":\"red-1\",\"tier\":\"2\"}"}, "note", "rule", 6},
	{{.cri = false, .annotations = "{\"team\":\"red-1\"}"}, "shop", "default", 0},
	{{.cri = false, .annotations = "{\"team\":\"blue\",\"tier\":\"1\"}"}, "shop", "default", 0},
	{{.cri = false,
	  .handler = "hardrun-web",
	  .annotations = "{\"team\":\"red\",\"tier\":\"1\"}"},
	 "note",
	 "rule",
	 6},
	/* any author may name any RuntimeClass: it does not leave the first pass */
	{{.cri = true, .ns = "pay-eu", .handler = "hardrun-hand"}, "pay", "rule", 7},
	{{.cri = true, .ns = "pay-eu", .handler = "hardrun-weak"}, "pay", "rule", 7},
	{{.cri = true, .ns = "web", .pod = "front-1", .handler = "hardrun-other"},
	 "web",
	 "rule",
	 9},
	/* but for what the rule lets choose */
	{{.cri = true, .ns = "pay-eu", .handler = "hardrun-pay-debug"}, "pay-debug", "handler", 0},
	{{.cri = true, .ns = "pay-eu", .annotations = "{\"team\":\"red\",\"tier\":\"1\"}"},
	 "note",
	 "rule",
	 6},
	/* a believed and an unbelieved condition together: first pass */
	{{.cri = true, .ns = "web", .handler = "hardrun-hand"}, "other", "rule", 10},
	/* the sandbox has its own door */
	{{.cri = true, .sandbox = true, .ns = "pay-eu"}, "sandbox", "sandbox", 0},
	{{.cri = true, .sandbox = true, .ns = "x", .handler = "hardrun-hand"},
	 "sandbox",
	 "sandbox",
	 0},
	{{.cri = true, .sandbox = true, .ns = "x", .handler = "hardrun-weak"},
	 "sandbox",
	 "sandbox",
	 0},
	{{.cri = true, .sandbox = true, .annotations = "{\"team\":\"red\",\"tier\":\"1\"}"},
	 "sandbox",
	 "sandbox",
	 0},
	{{.cri = true, .sandbox = true, .ns = "web"}, "pause", "rule", 13},
	{{.cri = true, .sandbox = true, .ns = "web", .handler = "hardrun-weak"},
	 "pause",
	 "rule",
	 13},
	{{.cri = true, .sandbox = true, .ns = "no-pause"}, "sandbox", "sandbox", 0},
	{{.cri = true, .sandbox = false, .ns = "no-pause"}, "weak", "rule", 14},
};

static void check_chosen(const __typeof__(chosen[0]) *row, size_t i)
{
	const struct who *who = &row->who;
	struct identity identity = {.cri = who->cri,
				    .sandbox = who->sandbox,
				    .pod_namespace = who->ns,
				    .pod = who->pod,
				    .container = who->container,
				    .image = who->image};
	const char *json = who->annotations ? who->annotations : "{}";
	json_auto struct json_doc *annotations = NULL;
	struct selection selection = {0};
	struct hr_error err = {0};
	unsigned line = 0, column;

	start();
	cr_assert_eq(json_parse("a", json, strlen(json), false, &annotations, NULL), 0);
	cr_assert_ok(policy_select(policy, &identity, who->handler ? who->handler : "hardrun",
				   who->annotations ? json_root(annotations) : NULL, &selection,
				   &err),
		     err);
	cr_expect_str_eq(selection.profile, row->profile, "row %zu: %s", i, selection.profile);
	cr_expect_str_eq(selection.why, row->why, "row %zu: %s", i, selection.why);
	if (selection.rule)
		json_where(selection.rule, &line, &column);
	cr_expect_eq(line, row->line, "row %zu: the rule of line %u", i, line);
	end();
}
ROWS(policy_select, chosen)

static const struct {
	const char *handler;
	bool known;
} handlers[] = {
	{"hardrun", true},
	{"hardrun-web", true},
	{"hardrun-hand", true},
	{"hardrun-restricted", true},
	{"hardrun-", false},
	{"hardrun-wbe", false},
	{"hardrun-WEB", false},
	{"web", false},
	{"runc", false},
	{"hardrun-web-2", false},
	{"hardrun-no such file", false},
};

static void check_handlers(const __typeof__(handlers[0]) *row, size_t i)
{
	struct identity workload = {.cri = true, .pod_namespace = "pay-eu"};
	struct selection selection = {0};
	struct hr_error err = {0};
	int result;

	start();
	result = policy_select(policy, &workload, row->handler, NULL, &selection, &err);
	if (row->known)
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
	else
		expect_error(result, &err, HR_POLICY, "which is no handler of this policy");
	end();
}
ROWS(policy_handlers, handlers)

/* Without any policy: default, and the handlers of the built-in profiles. */
Test(policy_builtin, selects)
{
	policy_auto struct policy *builtin = NULL;
	struct identity nobody = {0}, pause = {.cri = true, .sandbox = true};
	struct selection selection;
	struct hr_error err = {0};

	cr_assert_ok(policy_builtin(NULL, &builtin, &err), err);
	cr_assert_ok(policy_select(builtin, &nobody, "hardrun", NULL, &selection, &err), err);
	cr_expect_str_eq(selection.profile, "default");
	cr_assert_ok(policy_select(builtin, &nobody, "hardrun-restricted", NULL, &selection, &err),
		     err);
	cr_expect_str_eq(selection.profile, "restricted");
	cr_assert_ok(policy_select(builtin, &pause, "hardrun", NULL, &selection, &err), err);
	cr_expect_str_eq(selection.profile, "sandbox");
	expect_error(policy_select(builtin, &nobody, "hardrun-x", NULL, &selection, &err), &err,
		     HR_POLICY, "hardrun-x");
}

/* ---- what may not be meant ---- */

#define WHEN(conditions) "{\"when\":{" conditions "},\"use\":\"default\"}"
#define NEVER		 "this rule never matches: the earlier one at "

static char remarks[4096]; /* "LINE words", a line each */

static void keep_remark(const struct json *at, const char *words, void *to)
{
	unsigned line, column;
	size_t len = strlen(remarks);

	(void)to;
	json_where(at, &line, &column);
	snprintf(remarks + len, sizeof(remarks) - len, "%u %s\n", line, words);
}

/* The second of two rules (line 3) never matches because of the first, or it does. */
static const struct {
	const char *first, *second;
	bool shadowed;
} rules[] = {
	{WHEN("\"namespace\":\"a\""), WHEN("\"namespace\":\"a\""), true},
	{WHEN("\"namespace\":\"a\""), WHEN("\"namespace\":\"b\""), false},
	{WHEN("\"namespace\":\"a*\""), WHEN("\"namespace\":\"ab\""), true},
	{WHEN("\"namespace\":\"a*\""), WHEN("\"namespace\":\"ab*c\""), true},
	{WHEN("\"namespace\":\"ab*c\""), WHEN("\"namespace\":\"a*\""), false},
	{WHEN("\"namespace\":\"a*b\""), WHEN("\"namespace\":\"a*\""), false},
	{WHEN("\"namespace\":\"*\""), WHEN("\"namespace\":[\"x\",\"y*\"]"), true},
	{WHEN("\"namespace\":[\"x\",\"y*\"]"), WHEN("\"namespace\":[\"y1\",\"x\"]"), true},
	{WHEN("\"namespace\":[\"x\",\"y*\"]"), WHEN("\"namespace\":[\"y1\",\"z\"]"), false},
	{WHEN("\"namespace\":\"a\""), WHEN("\"namespace\":\"a\",\"pod\":\"p\""), true},
	{WHEN("\"namespace\":\"a\",\"pod\":\"p\""), WHEN("\"namespace\":\"a\""), false},
	{WHEN("\"pod\":\"p\""), WHEN("\"namespace\":\"a\""), false},
	/* a rule matches a pause container only if it says so */
	{WHEN("\"namespace\":\"a\""), WHEN("\"namespace\":\"a\",\"sandbox\":true"), false},
	{WHEN("\"namespace\":\"a\""), WHEN("\"namespace\":\"a\",\"sandbox\":false"), true},
	{WHEN("\"sandbox\":false"), WHEN("\"namespace\":\"a\""), true},
	{WHEN("\"sandbox\":true"), WHEN("\"namespace\":\"a\""), false},
	{WHEN("\"sandbox\":true"), WHEN("\"namespace\":\"a\",\"sandbox\":true"), true},
	/* the two passes do not touch each other */
	{WHEN("\"handler\":\"*\""), WHEN("\"namespace\":\"a\",\"handler\":\"x\""), false},
	{WHEN("\"handler\":\"x*\""), WHEN("\"handler\":\"x1\",\"annotation\":{\"k\":\"v\"}"), true},
	{WHEN("\"annotation\":{\"k\":\"v\"}"), WHEN("\"annotation\":{\"k\":\"v\",\"l\":\"w\"}"),
	 true},
	{WHEN("\"annotation\":{\"k\":\"v\",\"l\":\"w\"}"), WHEN("\"annotation\":{\"k\":\"v\"}"),
	 false},
	{WHEN("\"annotation\":{\"k\":\"v\"}"), WHEN("\"handler\":\"x\""), false},
};

static void remarks_of(const char *json)
{
	policy_auto struct policy *other = NULL;
	struct hr_error err = {0};

	make_file("r.json", json);
	cr_assert_ok(policy_load_file(in_scratch("r.json"), NULL, &other, &err), err);
	remarks[0] = '\0';
	policy_remarks(other, keep_remark, NULL);
}

static void check_rules(const __typeof__(rules[0]) *row, size_t i)
{
	char json[512];

	start();
	snprintf(json, sizeof(json), "{\"version\":1,\"rules\":[\n%s,\n%s]}", row->first,
		 row->second);
	remarks_of(json);
	cr_expect_eq(strstr(remarks, "3 " NEVER) != NULL, row->shadowed, "row %zu: %s", i, remarks);
	cr_expect_null(strstr(remarks, "2 " NEVER), "row %zu: %s", i, remarks);
	end();
}
ROWS(policy_shadow, rules)

static const struct {
	const char *json, *remark; /* NULL: none */
} noted[] = {
	{"{\"version\":1}", NULL},
	{"{\"version\":1,\"profiles\":{\"a\":{}},\"default\":\"a\"}", NULL},
	{"{\"version\":1,\"profiles\":{\"a\":{},\"b\":{\"extends\":\"a\"}},\"default\":\"b\"}",
	 NULL},
	{"{\"version\":1,\"profiles\":{\"a\":{}},\"rules\":[{\"when\":{\"pod\":\"p\"},"
	 "\"use\":\"default\",\"may_choose\":[\"a\"]}]}",
	 NULL},
	{"{\"version\":1,\"profiles\":{\n\"a\":{}}}", "2 no rule uses profile \"a\""},
	{"{\"version\":1,\"profiles\":{\"b\":{\"extends\":\"a\"},\n\"a\":{}}}",
	 "2 no rule uses profile \"a\""},
	{"{\"version\":1,\"profiles\":{\"a\":{\n\"mode\":\"audit\"}},\"default\":\"a\"}",
	 "2 mode audit is left on: the controls of this profile are reported"},
	{"{\"version\":1,\"profiles\":{\"a\":{\"cwd\":{\n\"mode\":\"off\"}}},\"default\":\"a\"}",
	 "2 mode off: cwd is not applied"},
	{"{\"version\":1,\"profiles\":{\"a\":{\"cwd\":{\"mode\":\"enforce\"}}},\"default\":\"a\"}",
	 NULL},
	{"{\"version\":1,\"profiles\":{\"a\":{\"seccomp\":{\n\"learn\":true}}},\"default\":\"a\"}",
	 "2 learn is left on: system calls wait for a process that records them"},
	{"{\"version\":1,\"profiles\":{\"a\":{\"seccomp\":{\"learn\":false,\"log\":true}}},"
	 "\"default\":\"a\"}",
	 NULL},
	{RULE("h", "default"), "1 this rule does not enforce"},
	{"{\"version\":1,\"rules\":[\n" WHEN("\"sandbox\":true,\"image\":\"x\"") "]}",
	 "2 this rule never matches: a pause container has neither"},
	{"{\"version\":1,\"rules\":[\n" WHEN("\"sandbox\":true") "]}", NULL},
};

static void check_noted(const __typeof__(noted[0]) *row, size_t i)
{
	start();
	remarks_of(row->json);
	if (row->remark)
		cr_expect_not_null(strstr(remarks, row->remark), "row %zu: %s", i, remarks);
	else
		cr_expect_str_empty(remarks, "row %zu: %s", i, remarks);
	end();
}
ROWS(policy_noted, noted)

/* A handler's link gives its profile to whoever calls it. */
Test(policy_noted_links, handler)
{
	scratch_make();
	make_dir("runtimes", 0755, getuid(), getgid());
	make_link("runtimes/hardrun-a", "/usr/bin/runc");
	remarks_of("{\"version\":1,\"profiles\":{\"a\":{},\n\"b\":{}}}");
	cr_expect_null(strstr(remarks, "\"a\""), "%s", remarks);
	cr_expect_not_null(strstr(remarks, "2 no rule uses profile \"b\""), "%s", remarks);
	scratch_drop();
}
