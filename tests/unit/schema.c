/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_documents.h"

#include "base/cleanup.h"
#include "control/table.h"

Test(schema, folds)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"", "", true},
		{"process", "process", true},
		{"process", "Process", true},
		{"noNewPrivileges", "NONEWPRIVILEGES", true},
		{"process", "proce\xC5\xBF\xC5\xBF", true}, /* U+017F */
		{"maskedPaths",
		 "mas\xE2\x84\xAA"
		 "edpaths",
		 true}, /* U+212A */
		{"PROCE\xC5\xBF\xC5\xBF",
		 "proce\xC5\xBF"
		 "S",
		 true},
		{"l3CacheSchema", "L3cacheschema", true},
		{"", "a", false},
		{"arg", "args", false},
		{"args", "arg", false},
		{"uid", "gid", false},
		{"args", "arg\xC5", false},
		{"args", "arg\xC5\xBE", false},
		{"linuk", "linu\xE2", false},
		{"linuk", "linu\xE2\x84", false},
		{"linuk", "linu\xE2\x84\xAB", false}, /* U+212B, the Angstrom sign */
		{"uid",
		 "u\xC4\xB1"
		 "d",
		 false}, /* U+0131 folds to itself alone */
		{"uid",
		 "U\xC4\xB0"
		 "D",
		 false},		    /* U+0130 too */
		{"no_new", "nonew", false}, /* only json v2 drops _ and - */
		{"no-new", "nonew", false},
		{"a[", "a{", false}, /* a bit apart, as letters of two cases are */
		{"a@", "a`", false},
	};

	for (size_t i = 0; i < hr_count(rows); i++) {
		cr_expect_eq(schema_folds(rows[i].a, rows[i].b), rows[i].same, "row %zu", i);
		cr_expect_eq(schema_folds(rows[i].b, rows[i].a), rows[i].same, "row %zu", i);
	}
}

static void expect_shape(const struct schema_field *field, const char *name)
{
	bool integer = field->type == SCHEMA_INT || field->type == SCHEMA_UINT;
	bool list = field->type == SCHEMA_LIST || field->type == SCHEMA_MAP;

	cr_expect_lt(field->type, SCHEMA_TYPES, "%s", name);
	cr_expect_eq(integer,
		     field->bits == 8 || field->bits == 16 || field->bits == 32 ||
			     field->bits == 64,
		     "%s", name);
	cr_expect_eq(field->bits != 0, integer, "%s", name);
	cr_expect_eq(field->fields != NULL, field->type == SCHEMA_STRUCT, "%s", name);
	cr_expect_eq(field->item != NULL, list, "%s", name);
}

static bool is_control(const char *name)
{
	for (size_t i = 0; name && controls[i]; i++)
		if (strcmp(controls[i]->name, name) == 0)
			return true;
	return false;
}

static void expect_fate(const struct schema_field *field, const char *name)
{
	cr_expect_lt(field->fate, FATES, "%s", name);
	if (field->fate == FATE_KEEP)
		cr_expect_null(field->control, "%s", name);
	else
		cr_expect(is_control(field->control), "%s", name);
	if (field->fate == FATE_DROP)
		cr_expect_str_eq(field->control, "document", "%s", name);
}

static void expect_key(const struct schema_field *fields, const struct schema_field *field)
{
	/* The folding rule rests on names in ASCII. */
	for (const char *c = field->key; *c != '\0'; c++)
		cr_expect((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				  (*c >= '0' && *c <= '9'),
			  "%s", field->key);
	for (const struct schema_field *other = fields; other != field; other++)
		cr_expect_not(schema_folds(other->key, field->key), "%s", field->key);
}

static size_t expect_sane(const struct schema_field *schema, const char *name)
{
	size_t count = 0;

	expect_shape(schema, name);
	expect_fate(schema, name);
	if (schema->item) {
		cr_expect_null(schema->item->key, "%s", name);
		cr_expect_eq(schema->item->fate, schema->fate, "%s", name);
		count += expect_sane(schema->item, name);
	}
	for (const struct schema_field *field = schema->fields; field && field->key; field++) {
		expect_key(schema->fields, field);
		count += 1 + expect_sane(field, field->key);
	}
	return count;
}

Test(schema, table_is_sane)
{
	/* Counted from specs-go/config.go of 1.3.0; two more are of 1.1 (linux.intelRdt). */
	cr_expect_eq(expect_sane(&schema_spec, "spec"), 224 + 2);
	cr_expect_eq(expect_sane(&schema_process, "process"), 42);
	cr_expect_eq(expect_sane(&schema_resources, "resources"), 64);
	cr_expect_null(schema_spec.key);
	cr_expect_null(schema_process.key);
	cr_expect_null(schema_resources.key);
}

/* Every field of the table is in the document: in the first element of a list or map. */
static void expect_all(const struct schema_field *schema, const struct json *value,
		       const char *name)
{
	if (schema->item && value->first)
		expect_all(schema->item, value->first, name);
	for (const struct schema_field *field = schema->fields; field && field->key; field++) {
		const struct json *member = NULL;

		json_each(child, value)
			if (strcmp(child->key, field->key) == 0)
				member = child;
		cr_expect_not_null(member, "%s of %s", field->key, name);
		if (member)
			expect_all(field, member, field->key);
	}
}

Test(schema, knows_everything)
{
	struct hr_error err = {0};
	json_auto struct json_doc *doc = read_quoted(everything, &err);
	text_auto struct text unknown = {0};

	cr_assert_not_null(doc, "%s", err.msg);
	cr_expect_eq(schema_check(&schema_spec, json_root(doc), add_path, &unknown, &err), 0, "%s",
		     err.msg);
	cr_expect_eq(unknown.len, 0, "%s", unknown.data);
	expect_all(&schema_spec, json_root(doc), "the document");
}

struct row {
	const struct schema_field *schema;
	const char *json;
	const char *error;   /* the whole message behind "config.json: "; NULL: accepted */
	const char *unknown; /* paths of unknown keys, with blanks between; NULL: none */
};

static void expect_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *json = rows[i].json, *want = rows[i].error ? rows[i].error : "";
		struct hr_error err = {0};
		json_auto struct json_doc *doc = read_quoted(json, &err);
		text_auto struct text unknown = {0};
		int ret;

		cr_assert_not_null(doc, "%s: %s", json, err.msg);
		ret = schema_check(rows[i].schema, json_root(doc), add_path, &unknown, &err);
		cr_expect_eq(ret, rows[i].error ? -1 : 0, "%s: %s", json, err.msg);
		cr_expect_eq(err.code, rows[i].error ? HR_SPEC : HR_OK, "%s", json);
		cr_expect_str_eq(err.msg + (err.code ? strlen("config.json: ") : 0), want, "%s",
				 json);
		cr_expect_str_eq(unknown.data ? unknown.data : "",
				 rows[i].unknown ? rows[i].unknown : "", "%s", json);
		/* Without a callback the verdict is the same. */
		cr_expect_eq(schema_check(rows[i].schema, json_root(doc), NULL, NULL, NULL), ret);
	}
}

#define SPEC	&schema_spec
#define PROCESS &schema_process
#define SPELL(k) \
	"Go's decoder takes this key for \"" k "\", other readers do not: spell it \"" k "\""
#define TWIN(k) "Go's decoder takes this key and \"" k "\" for the same: remove one"

Test(schema, folded_keys)
{
	static const struct row rows[] = {
		{SPEC, "{'Process':{}}", "Process: " SPELL("process"), NULL},
		{SPEC, "{'ociversion':'1.0.2'}", "ociversion: " SPELL("ociVersion"), NULL},
		{SPEC, "{'process':{},'PROCESS':null}", "PROCESS: " SPELL("process"), NULL},
		{SPEC, "{'proce\xC5\xBFs':{}}", "[\"proce\\xC5\\xBFs\"]: " SPELL("process"), NULL},
		{SPEC, "{'proce\\u017fs':{}}", "[\"proce\\xC5\\xBFs\"]: " SPELL("process"), NULL},
		{SPEC, "{'linu\xE2\x84\xAA':{}}", NULL, "[\"linu\\xE2\\x84\\xAA\"]"},
		{SPEC, "{'hoo\xE2\x84\xAAs':{}}", "[\"hoo\\xE2\\x84\\xAAs\"]: " SPELL("hooks"),
		 NULL},
		{SPEC, "{'Windows':{}}", "Windows: " SPELL("windows"), NULL},
		{SPEC, "{'windows':{'A':1,'a':1}}", NULL, NULL},
		{SPEC, "{'mounts':[{},{'Source':'/'}]}", "mounts[1].Source: " SPELL("source"),
		 NULL},
		{SPEC, "{'linux':{'seccomp':{'syscalls':[{'args':[{'OP':''}]}]}}}",
		 "linux.seccomp.syscalls[0].args[0].OP: " SPELL("op"), NULL},
		{SPEC, "{'linux':{'resources':{'rdma':{'x_y':{'hcahandles':1}}}}}",
		 "linux.resources.rdma.x_y.hcahandles: " SPELL("hcaHandles"), NULL},
		{SPEC, "{'linux':{'timeOffsets':{'boottime':{'Secs':1}}}}",
		 "linux.timeOffsets.boottime.Secs: " SPELL("secs"), NULL},
		{PROCESS, "{'noNewPrivileges':true,'nonewprivileges':false}",
		 "nonewprivileges: " SPELL("noNewPrivileges"), NULL},
		{&schema_resources, "{'Devices':[]}", "Devices: " SPELL("devices"), NULL},
		{SPEC, "{'new':1,'NEW':2}", "NEW: " TWIN("new"), "new NEW"},
		{SPEC,
		 "{'s2':1,'x':1,'\xC5\xBF"
		 "2':1}",
		 "[\"\\xC5\\xBF2\"]: " TWIN("s2"), "s2 x [\"\\xC5\\xBF2\"]"},
		{SPEC, "{'process':{'b':1,'a':2,'args':[],'B':3}}", "process.B: " TWIN("b"),
		 "process.b process.a process.B"},
		/* Maps are read by exact name everywhere. */
		{SPEC, "{'annotations':{'a':'','A':''},'linux':{'netDevices':{'x':{},'X':{}}}}",
		 NULL, NULL},
	};

	expect_rows(rows, hr_count(rows));
}

Test(schema, unknown_keys)
{
	static const struct row rows[] = {
		{SPEC, "{}", NULL, NULL},
		{SPEC, "{'foo':null}", NULL, "foo"},
		{SPEC, "{'process':{'foo':{'Args':[]}}}", NULL, "process.foo"},
		{PROCESS, "{'foo':1,'process':1}", NULL, "foo process"},
		{SPEC, "{'mounts':[{},{},{'foo':1,'foo2':1}]}", NULL,
		 "mounts[2].foo mounts[2].foo2"},
		{SPEC, "{'hooks':{'prestart':[{'Foo':1}]}}", NULL, "hooks.prestart[0].Foo"},
		{SPEC, "{'linux':{'netDevices':{'eth0.1':{'foo':1}}}}", NULL,
		 "linux.netDevices[\"eth0.1\"].foo"},
		{SPEC, "{'process':{'':1,'a b':1,'a.b':1,'a-b':1}}", NULL,
		 "process[\"\"] process[\"a\\x20b\"] process[\"a.b\"] process.a-b"},
		{SPEC, "{'no such file\\n':1}", NULL, "[\"no\\x20such\\x20file\\x0A\"]"},
		{SPEC, "{'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz':1}",
		 NULL, "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"]"},
		{SPEC, "{'deep':[[[[[[[[[[[[[[[[[[[[{'Process':[[]]}]]]]]]]]]]]]]]]]]]]]}", NULL,
		 "deep"},
	};

	expect_rows(rows, hr_count(rows));
}

Test(schema, types)
{
	static const struct row rows[] = {
		{SPEC, "null", "must be an object, is null", NULL},
		{SPEC, "[]", "must be an object, is an array", NULL},
		{SPEC, "'{}'", "must be an object, is a string", NULL},
		{SPEC, "{'process':[]}", "process: must be an object, is an array", NULL},
		{SPEC, "{'mounts':{}}", "mounts: must be an array, is an object", NULL},
		{SPEC, "{'hostname':1}", "hostname: must be a string, is a number", NULL},
		{SPEC, "{'root':{'readonly':'true'}}",
		 "root.readonly: must be a boolean, is a string", NULL},
		{PROCESS, "{'noNewPrivileges':1}",
		 "noNewPrivileges: must be a boolean, is a number", NULL},
		{PROCESS, "{'args':'sh'}", "args: must be an array, is a string", NULL},
		{PROCESS, "{'env':['A=B',7]}", "env[1]: must be a string, is a number", NULL},
		{PROCESS, "{'args':[['sh']]}", "args[0]: must be a string, is an array", NULL},
		{PROCESS, "{'args':[[[[[[[[[[]]]]]]]]]]}", "args[0]: must be a string, is an array",
		 NULL},
		{PROCESS, "{'user':{'uid':'0'}}",
		 "user.uid: must be an unsigned 32-bit integer, is a string", NULL},
		{PROCESS, "{'oomScoreAdj':false}",
		 "oomScoreAdj: must be a signed 64-bit integer, is a boolean", NULL},
		{SPEC, "{'annotations':[]}", "annotations: must be an object, is an array", NULL},
		{SPEC, "{'annotations':{'a b':{}}}",
		 "annotations[\"a\\x20b\"]: must be a string, is an object", NULL},
		{SPEC, "{'linux':{'sysctl':{'net.a':1}}}",
		 "linux.sysctl[\"net.a\"]: must be a string, is a number", NULL},
		{SPEC, "{'linux':{'netDevices':{'eth0':'eth1'}}}",
		 "linux.netDevices.eth0: must be an object, is a string", NULL},
	};

	expect_rows(rows, hr_count(rows));
}

Test(schema, nulls)
{
	static const struct row rows[] = {
		{SPEC, "{'process':null,'mounts':null,'annotations':null,'hostname':null}", NULL,
		 NULL},
		{PROCESS, "{'terminal':null,'user':{'uid':null},'oomScoreAdj':null,'env':null}",
		 NULL, NULL},
		{PROCESS, "{'args':[null]}", "args[0]: must be a string, is null", NULL},
		{PROCESS, "{'user':{'additionalGids':[1,null]}}",
		 "user.additionalGids[1]: must be an unsigned 32-bit integer, is null", NULL},
		{SPEC, "{'mounts':[null]}", "mounts[0]: must be an object, is null", NULL},
		{SPEC, "{'hooks':{'poststop':[{},null]}}",
		 "hooks.poststop[1]: must be an object, is null", NULL},
		{SPEC, "{'annotations':{'a':null}}", "annotations.a: must be a string, is null",
		 NULL},
		{SPEC, "{'linux':{'netDevices':{'eth0':null}}}",
		 "linux.netDevices.eth0: must be an object, is null", NULL},
	};

	expect_rows(rows, hr_count(rows));
}

/* {"a":{"b":NUMBER}} for a path "a.b". */
static void nest(struct text *json, const char *path, const char *number)
{
	size_t depth = 1;

	text_adds(json, "{'");
	for (; *path != '\0'; path++) {
		if (*path == '.') {
			text_adds(json, "':{'");
			depth++;
		} else {
			text_add(json, path, 1);
		}
	}
	text_addf(json, "':%s", number);
	while (depth-- > 0)
		text_adds(json, "}");
	cr_assert_not(json->failed);
}

Test(schema, integers)
{
	static const struct {
		const char *path, *number;
		bool fits;
	} rows[] = {
		{"process.user.uid", "0", true},
		{"process.user.uid", "4294967295", true},
		{"process.user.uid", "4294967296", false},
		{"process.user.uid", "99999999999999999999999999", false},
		{"process.user.uid", "-1", false},
		{"process.user.uid", "-0", false},
		{"process.user.uid", "1.0", false},
		{"process.user.uid", "0.0", false},
		{"process.user.uid", "1e3", false},
		{"process.user.uid", "1E+3", false},
		{"process.scheduler.nice", "2147483647", true},
		{"process.scheduler.nice", "2147483648", false},
		{"process.scheduler.nice", "-2147483648", true},
		{"process.scheduler.nice", "-2147483649", false},
		{"process.scheduler.nice", "-0", true},
		{"process.scheduler.nice", "-1.5", false},
		{"process.scheduler.nice", "1e0", false},
		{"linux.resources.cpu.quota", "9223372036854775807", true},
		{"linux.resources.cpu.quota", "9223372036854775808", false},
		{"linux.resources.cpu.quota", "-9223372036854775808", true},
		{"linux.resources.cpu.quota", "-9223372036854775809", false},
		{"linux.resources.cpu.shares", "18446744073709551615", true},
		{"linux.resources.cpu.shares", "18446744073709551616", false},
		{"linux.resources.cpu.shares", "-1", false},
		{"linux.resources.blockIO.weight", "65535", true},
		{"linux.resources.blockIO.weight", "65536", false},
		/* No JSON: the reader's to refuse. crun's strtoul would read them by base 0. */
		{"process.user.uid", "010", false},
		{"process.user.uid", "0x10", false},
		{"process.user.uid", "+1", false},
		{"process.user.uid", "-", false},
		{"process.user.uid", ".5", false},
		{"process.user.uid", "NaN", false},
	};

	for (size_t i = 0; i < hr_count(rows); i++) {
		struct hr_error err = {0};
		text_auto struct text json = {0};
		json_auto struct json_doc *doc = NULL;
		int ret = -1;

		nest(&json, rows[i].path, rows[i].number);
		doc = read_quoted(json.data, &err);
		if (doc)
			ret = schema_check(&schema_spec, json_root(doc), NULL, NULL, &err);
		cr_expect_eq(ret, rows[i].fits ? 0 : -1, "%s: %s", json.data, err.msg);
		cr_expect(ret == 0 || err.code == HR_SPEC, "%s", json.data);
	}
}

Test(schema, integer_message)
{
	static const struct row rows[] = {
		{PROCESS, "{'user':{'additionalGids':[0,1e5]}}",
		 "user.additionalGids[1]: must be an unsigned 32-bit integer without fraction "
		 "or exponent, is \"1e5\"",
		 NULL},
		{PROCESS, "{'oomScoreAdj':-1E+2}",
		 "oomScoreAdj: must be a signed 64-bit integer without fraction or exponent, "
		 "is \"-1E\\x2B2\"",
		 NULL},
	};

	expect_rows(rows, hr_count(rows));
}

/* Arguments and environment variables never stand in a message. */
Test(schema, message_shows_no_value)
{
	struct hr_error err = {0};
	json_auto struct json_doc *doc = read_quoted("{'args':{'secret':'secret'}}", &err);

	cr_assert_not_null(doc, "%s", err.msg);
	cr_expect_eq(schema_check(PROCESS, json_root(doc), NULL, NULL, &err), -1);
	cr_expect_null(strstr(err.msg, "secret"), "%s", err.msg);
}

/* Many unknown keys that nearly fold to each other: found by sorting, not by pairs. */
Test(schema, many_unknown_keys)
{
	struct hr_error err = {0};
	text_auto struct text json = {0};
	json_auto struct json_doc *doc = NULL;

	for (unsigned i = 0; i < 100000; i++)
		text_addf(&json, "%s'x%u':0", i == 0 ? "{" : ",", i);
	text_adds(&json, ",'X77777':0}");
	cr_assert_not(json.failed);
	doc = read_quoted(json.data, &err);
	cr_assert_not_null(doc, "%s", err.msg);
	cr_expect_eq(schema_check(SPEC, json_root(doc), NULL, NULL, &err), -1);
	cr_expect_str_eq(err.msg, "config.json: X77777: " TWIN("x77777"));
}
