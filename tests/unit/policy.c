/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, reading and refusing policies. Needs root: policies are root's. */
#include "policy/policy.h"

#include "control/control.h"
#include "load.h"
#include "policy_texts.h"
#include "unit.h"

static void start(void)
{
	need_root();
	scratch_make();
	make_dir("conf", 0755, getuid(), getgid());
}

TestSuite(policy_load, .init = start, .fini = scratch_drop);

/* Load scratch/conf; the directory is called /etc/hardrun in messages. */
static int load(struct policy **ret, struct hr_error *err)
{
	hr_autoclose int fd = open(in_scratch("conf"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return policy_load(fd, "/etc/hardrun", control_check_options, ret, err);
}

static const char *option_of(struct policy *policy, const char *profile, const char *path)
{
	static char text[4096];
	const struct json *resolved;
	const struct json *value;
	hr_autofree char *dump = NULL;
	struct hr_error err = {0};

	cr_assert_ok(policy_profile(policy, profile, &resolved, &err), err);
	value = json_path(resolved, path);
	if (!value)
		return "-";
	dump = load_dump(value);
	snprintf(text, sizeof(text), "%s", dump);
	return text;
}

static void expect_loads(void)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};

	cr_expect_ok(load(&policy, &err), err);
}

Test(policy_load, builtin)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	struct policy_audit audit;

	cr_assert_ok(policy_builtin(control_check_options, &policy, &err), err);
	cr_expect_not_null(json_get(policy_profiles(policy), "default"));
	cr_expect_not_null(json_get(policy_profiles(policy), "restricted"));
	cr_expect_not_null(json_get(policy_profiles(policy), "sandbox"));
	policy_audit(policy, &audit);
	cr_expect_str_eq(audit.file, "/var/log/hardrun/audit.jsonl");
	cr_expect(audit.syslog);
	cr_expect_not(audit.required);
	cr_expect_null(audit.annotations);
	policy_free(NULL);
}

/* Every control has its place in every built-in profile. */
Test(policy_load, builtin_is_whole)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	const struct json *profile;

	cr_assert_ok(policy_builtin(control_check_options, &policy, &err), err);
	json_each(name, policy_profiles(policy)) {
		cr_assert_ok(policy_profile(policy, name->key, &profile, &err), err);
		for (size_t i = 0; controls[i]; i++)
			cr_expect_not_null(json_get(profile, controls[i]->name), "%s: %s",
					   name->key, controls[i]->name);
		cr_expect_null(json_get(profile, "extends"));
	}
}

Test(policy_load, smallest)
{
	make_file("conf/policy.json", "{\"version\":1}");
	expect_loads();
}

/* A policy that is being replaced must not turn into the default. */
Test(policy_load, missing)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};

	expect_error(load(&policy, &err), &err, HR_POLICY, "/etc/hardrun/policy.json");
	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.d/a.json", "{\"version\":1}");
	err = (struct hr_error){0};
	expect_error(load(&policy, &err), &err, HR_POLICY, "/etc/hardrun/policy.json");
}

Test(policy_load, drop_ins_in_byte_order)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	struct identity nobody = {0};
	struct selection selection;

	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.d/10.json", RULE("hardrun", "p10"));
	make_file("conf/policy.d/9.json", RULE("hardrun", "p9"));
	make_file("conf/policy.d/B.json", PROFILES("\"p10\":{},\"p9\":{},\"last\":{}"));
	make_file("conf/policy.d/.hidden.json", "no JSON");
	make_file("conf/policy.d/README", "no JSON");
	make_file("conf/policy.d/x.json~", "no JSON");
	make_file("conf/policy.json", RULE("*", "last"));
	cr_assert_ok(load(&policy, &err), err);
	cr_assert_ok(policy_select(policy, &nobody, "hardrun", NULL, &selection, &err), err);
	cr_expect_str_eq(selection.profile, "p10");
	cr_assert_ok(policy_select(policy, &nobody, "other", NULL, &selection, &err), err);
	cr_expect_str_eq(selection.profile, "last");
}

Test(policy_load, error_in_a_drop_in)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};

	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.d/a.json", "{\"version\":1,\n\"profile\":{}}");
	make_file("conf/policy.json", "{\"version\":1}");
	expect_error(load(&policy, &err), &err, HR_POLICY,
		     "/etc/hardrun/policy.d/a.json:2:1: a policy has no \"profile\"");
}

Test(policy_load, too_many_files)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};
	char name[40];

	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.json", "{\"version\":1}");
	for (unsigned i = 1; i <= 63; i++) {
		snprintf(name, sizeof(name), "conf/policy.d/%u.json", i);
		make_file(name, "{\"version\":1}");
	}
	expect_loads();
	make_file("conf/policy.d/64.json", "{\"version\":1}");
	expect_error(load(&policy, &err), &err, HR_POLICY, "more than 64 policy files");
}

/* Sections that may stand in one file only. */
Test(policy_load, twice)
{
	struct policy *policy = NULL;
	struct hr_error err = {0}, other = {0};

	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.d/a.json", "{\"version\":1,\"default\":\"sandbox\"}");
	make_file("conf/policy.json", "{\"version\":1,\n\"default\":\"restricted\"}");
	expect_error(
		load(&policy, &err), &err, HR_POLICY,
		"/etc/hardrun/policy.json:2:1: stands in /etc/hardrun/policy.d/a.json already");
	make_file("conf/policy.d/a.json", "{\"version\":1,\"audit\":{}}");
	make_file("conf/policy.json", "{\"version\":1,\n\"audit\":{}}");
	expect_error(
		load(&policy, &other), &other, HR_POLICY,
		"/etc/hardrun/policy.json:2:1: stands in /etc/hardrun/policy.d/a.json already");
}

Test(policy_load, profile_in_two_files)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};

	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.d/a.json", PROFILES("\"web\":{}"));
	make_file("conf/policy.json", "{\"version\":1,\"profiles\":{\n  \"web\":{}}}");
	expect_error(load(&policy, &err), &err, HR_POLICY,
		     "/etc/hardrun/policy.json:2:3: profile \"web\" is there already "
		     "(/etc/hardrun/policy.d/a.json)");
}

/* Owner, mode and kind of every file. Needs root. */
static const struct {
	const char *name; /* whose owner, mode or kind is wrong */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	enum hr_code code; /* HR_OK: fine */
	const char *words;
} trust[] = {
	{"policy.json", 0, 0, 0644, HR_OK, NULL},
	{"policy.json", 0, 0, 0664, HR_UNTRUSTED, "/etc/hardrun/policy.json: others than root"},
	{"policy.json", 0, 100, 0640, HR_OK, NULL},
	{"policy.json", 0, 100, 0664, HR_UNTRUSTED, "/etc/hardrun/policy.json: others than root"},
	{"policy.json", 0, 0, 0646, HR_UNTRUSTED, "/etc/hardrun/policy.json: others than root"},
	{"policy.json", 1000, 0, 0644, HR_UNTRUSTED, "/etc/hardrun/policy.json: others than root"},
	{"policy.d", 0, 0, 0755, HR_OK, NULL},
	{"policy.d", 0, 0, 0777, HR_UNTRUSTED, "/etc/hardrun/policy.d: others than root"},
	{"policy.d", 0, 0, 01777, HR_UNTRUSTED, "/etc/hardrun/policy.d: others than root"},
	{"policy.d", 1000, 0, 0755, HR_UNTRUSTED, "/etc/hardrun/policy.d: others than root"},
	{"policy.d/a.json", 0, 0, 0666, HR_UNTRUSTED, "policy.d/a.json: others than root"},
	{"policy.d/a.json", 1000, 0, 0644, HR_UNTRUSTED, "policy.d/a.json: others than root"},
};

static void check_trust(const __typeof__(trust[0]) *row, size_t i)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	char name[64];
	int result;

	start();
	make_dir("conf/policy.d", 0755, 0, 0);
	make_file("conf/policy.d/a.json", "{\"version\":1}");
	make_file("conf/policy.json", "{\"version\":1}");
	snprintf(name, sizeof(name), "conf/%s", row->name);
	cr_assert_eq(chown(in_scratch(name), row->uid, row->gid), 0);
	cr_assert_eq(chmod(in_scratch(name), row->mode), 0);
	result = load(&policy, &err);
	if (row->code == HR_OK)
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
	else
		expect_error(result, &err, row->code, row->words);
	scratch_drop();
}
ROWS(policy_trust, trust)

Test(policy_load, links_are_not_followed)
{
	struct policy *policy = NULL;
	struct hr_error err = {0}, other = {0}, third = {0};

	make_file("conf/real.json", "{\"version\":1}");
	make_link("conf/policy.json", "real.json");
	expect_error(load(&policy, &err), &err, HR_POLICY,
		     "/etc/hardrun/policy.json: is a symbolic link");
	remove(in_scratch("conf/policy.json"));
	make_file("conf/policy.json", "{\"version\":1}");
	make_dir("conf/other.d", 0755, getuid(), getgid());
	make_link("conf/policy.d", "other.d");
	cr_expect_eq(load(&policy, &other), -1, "policy.d is a link");
	remove(in_scratch("conf/policy.d"));
	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_link("conf/policy.d/a.json", "../real.json");
	expect_error(load(&policy, &third), &third, HR_POLICY,
		     "/etc/hardrun/policy.d/a.json: is a symbolic link");
}

/* Errors that an administrator's files can cause are POLICY's (exit status 3). */
Test(policy_load, directories_in_place_of_files)
{
	struct policy *policy = NULL;
	struct hr_error err = {0}, other = {0};

	make_dir("conf/policy.json", 0755, getuid(), getgid());
	expect_error(load(&policy, &err), &err, HR_POLICY, "/etc/hardrun/policy.json: ");
	remove(in_scratch("conf/policy.json"));
	make_file("conf/policy.json", "{\"version\":1}");
	make_file("conf/policy.d", "a file");
	cr_expect_eq(load(&policy, &other), -1);
	cr_expect_not_null(strstr(other.msg, "/etc/hardrun/policy.d"), "%s", other.msg);
}

Test(policy_load, too_large)
{
	hr_autofree char *text = malloc(((size_t)1 << 20) + 2);
	struct policy *policy = NULL;
	struct hr_error err = {0};

	memset(text, ' ', ((size_t)1 << 20) + 1);
	text[((size_t)1 << 20) + 1] = '\0';
	memcpy(text, "{\"version\":1}", 13);
	make_file("conf/policy.json", text);
	expect_error(load(&policy, &err), &err, HR_POLICY,
		     "/etc/hardrun/policy.json: larger than 1048576 bytes");
	text[(size_t)1 << 20] = '\0';
	make_file("conf/policy.json", text);
	expect_loads();
}

/* One file, as `hardrun check` reads it. */
Test(policy_load, file)
{
	policy_auto struct policy *policy = NULL;
	struct policy *none = NULL;
	struct hr_error err = {0}, other = {0};

	make_file("good.json", PROFILES("\"web\":{\"cwd\":{\"mode\":\"audit\"}}"));
	cr_assert_ok(policy_load_file(in_scratch("good.json"), control_check_options, &policy,
				      &err),
		     err);
	cr_expect_str_eq(option_of(policy, "web", "cwd.mode"), "\"audit\"");
	expect_error(policy_load_file(in_scratch("gone.json"), control_check_options, &none,
				      &other),
		     &other, HR_SYSTEM, "gone.json: missing");
}

/* Wrong policies: file:line:column, and what is wrong. */
static void check_wrong(const struct wrong *row, size_t i)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};
	char words[512];
	int result;

	start();
	make_file("conf/policy.json", row->text);
	result = load(&policy, &err);
	cr_expect_eq(result, -1, "row %zu is taken: %s", i, row->text);
	if (result == 0) {
		policy_free(policy);
		scratch_drop();
		return;
	}
	snprintf(words, sizeof(words), "/etc/hardrun/policy.json:%s", row->words);
	expect_error(result, &err, HR_POLICY, words);
	cr_expect_null(strchr(err.msg, '\n'), "%s", err.msg);
	scratch_drop();
}
ROWS(policy_wrong, wrong)

static void check_good(const char *const *row, size_t i)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};

	start();
	make_file("conf/policy.json", *row);
	cr_expect_eq(load(&policy, &err), 0, "row %zu: %s", i, err.msg);
	scratch_drop();
}
ROWS(policy_good, good)

Test(policy_load, audit_settings)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	struct policy_audit audit;

	make_file("conf/policy.json",
		  "{\"version\":1,\"audit\":{\"file\":\"/var/log/x\",\"syslog\":false,"
		  "\"required\":true,\"annotations\":[\"team\"]}}");
	cr_assert_ok(load(&policy, &err), err);
	policy_audit(policy, &audit);
	cr_expect_str_eq(audit.file, "/var/log/x");
	cr_expect_not(audit.syslog);
	cr_expect(audit.required);
	cr_expect(json_has_string(audit.annotations, "team"));
}

/* "required" alone must not mean: no file, so nothing that could fail. */
Test(policy_load, audit_required_has_a_file)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	struct policy_audit audit;

	make_file("conf/policy.json", "{\"version\":1,\"audit\":{\"required\":true}}");
	if (load(&policy, &err) < 0)
		return; /* refused: fine as well */
	policy_audit(policy, &audit);
	cr_expect(audit.required);
	cr_expect_not_null(audit.file, "the line that is required goes nowhere");
}

/* ---- all mistakes at once, as `hardrun check` asks for them ---- */

static char found[8192]; /* a line for each, without the file's directory */

static void keep(const char *finding, void *to)
{
	const char *name = strstr(finding, "conf/");
	size_t len = strlen(found);

	(void)to;
	snprintf(found + len, sizeof(found) - len, "%s\n", name ? name + 5 : finding);
}

static int check_all(int dirfd, const char *path, struct policy **ret, struct hr_error *err)
{
	found[0] = '\0';
	return policy_check(dirfd, path, control_check_options, keep, NULL, ret, err);
}

/* `places`: every "LINE:COLUMN: first words" in the order in which they are found. */
static const struct {
	const char *text, *places[10];
} several[] = {
	{"{\"version\":1}", {NULL}},
	{"{\"vers\":1,\n\"profils\":{}}",
	 {"1:2: a policy has no \"vers\"", "2:1: a policy has no",
	  "1:1: \"version\": 1 is missing"}},
	{PROFILES("\n\"a\":[],\n\"b\":{\"mode\":\"on\"},\n\"default\":{}"),
	 {"2:1: a profile must be an object", "4:1: profile \"default\" is there already",
	  "3:6: mode must be"}},
	/* an option by itself, a control that is none, and options of another profile */
	{PROFILES("\"a\":{\n\"capabilities\":{\"alow\":[],\n\"allow\":[\"CAP_X\"],\n\"mode\":1},\n"
		  "\"cdw\":{}},\n\"b\":{\n\"restore\":{\"allow\":1},\"cwd\":2}"),
	 {"2:17: capabilities has no option \"alow\"", "3:10: \"CAP_X\" is no capability",
	  "4:1: mode must be", "5:1: there is no control \"cdw\"",
	  "7:12: restore.allow must be true or false",
	  "7:23: the options of a control must be an object"}},
	/* what is inherited is said again, at the same place */
	{PROFILES("\"a\":{\n\"extends\":\"aa\"},\n\"b\":{\"extends\":\"a\"},\n\"c\":{\"extends\":"
		  "\"c\"}"),
	 {"2:1: there is no profile \"aa\"", "2:1: there is no profile \"aa\"",
	  "2:1: there is no profile \"aa\"", "4:1: \"extends\" goes in a circle"}},
	{RULES("3,\n{\"use\":\"x\"},\n{\"when\":{\"pd\":\"a\",\n\"pod\":1},\"use\":\"default\","
	       "\n\"may_choose\":[\"y\",1]}"),
	 {"2:1: a rule must be an object", "3:1: a rule needs \"when\"", "4:10: when has no \"pd\"",
	  "5:1: must be a pattern", "3:2: there is no profile \"x\"",
	  "6:15: there is no profile \"y\"", "6:19: must be the name of a profile"}},
	{"{\"version\":1,\n\"default\":\"x\",\n\"audit\":{\"file\":\"x\",\n\"syslog\":1,\n"
	 "\"annotations\":[1],\n\"fil\":1}}",
	 {"6:1: audit has no \"fil\"", "3:10: audit.file must be an absolute path",
	  "4:1: audit.syslog must be", "5:16: audit.annotations holds names",
	  "2:1: there is no profile \"x\""}},
	/* what cannot be read at all is the only thing that is said */
	{"{\"version\":1,\n\"rules\":[1,],\n\"default\":\"x\"}", {"2:"}},
	{"[]", {"1:1: a policy must be an object"}},
};

static void check_several(const __typeof__(several[0]) *row, size_t i)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	char wanted[128];
	const char *at = found;

	start();
	make_file("conf/policy.json", row->text);
	cr_expect_ok(check_all(-1, in_scratch("conf/policy.json"), &policy, &err), err);
	cr_expect_eq(policy != NULL, row->places[0] == NULL, "row %zu: %s", i, found);
	for (size_t n = 0; row->places[n]; n++) {
		snprintf(wanted, sizeof(wanted), "policy.json:%s", row->places[n]);
		cr_expect_eq(strncmp(at, wanted, strlen(wanted)), 0, "row %zu: wanted %s in:\n%s",
			     i, wanted, found);
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	cr_expect_eq(*at, '\0', "row %zu: more than wanted:\n%s", i, at);
	expect_no_trap(found);
	scratch_drop();
}
ROWS(policy_several, several)

/* The directory as policy_load reads it: every file, with owners and modes. */
Test(policy_load, check_directory)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};
	hr_autoclose int fd = open(in_scratch("conf"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_expect_ok(check_all(fd, "conf", &policy, &err), err);
	cr_expect_not_null(strstr(found, "policy.json is missing"), "%s", found);
	make_dir("conf/policy.d", 0777, 0, 0);
	make_file("conf/policy.d/a.json", "{\"version\":1,}");
	make_file("conf/policy.d/b.json", "{\"version\":2}");
	make_file("conf/policy.json", "{\"version\":1}");
	cr_assert_eq(chmod(in_scratch("conf/policy.json"), 0666), 0);
	cr_expect_ok(check_all(fd, "conf", &policy, &err), err);
	cr_expect_null(policy);
	cr_expect_not_null(strstr(found, "policy.d: others than root"), "%s", found);
	cr_expect_not_null(strstr(found, "policy.d/a.json:1:"), "%s", found);
	cr_expect_not_null(strstr(found, "policy.d/b.json:1:2: \"version\": 1 is"), "%s", found);
	cr_expect_not_null(strstr(found, "policy.json: others than root"), "%s", found);
}

Test(policy_load, check_system_errors)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};

	expect_error(check_all(-1, in_scratch("conf/absent.json"), &policy, &err), &err, HR_SYSTEM,
		     "absent.json: missing");
	cr_expect_str_empty(found);
}
