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
