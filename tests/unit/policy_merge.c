/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile is once what it extends is merged in, and where its values come from. */
#include "policy/policy_private.h"

#include "change/change.h"
#include "load.h"
#include "policy_texts.h"
#include "unit.h"

static const char text[] = "{ \"version\": 1, \"profiles\": {\n"
			   "  \"web\": { \"extends\": \"default\",\n"
			   "    \"capabilities\": { \"allow\": [\"CAP_KILL\"] },\n"
			   "    \"cwd\": { \"mode\": \"audit\" } },\n"
			   "  \"shop\": { \"extends\": \"web\",\n"
			   "    \"capabilities\": { \"strip\": [] },\n"
			   "    \"cwd\": {} },\n"
			   "  \"empty\": {},\n"
			   "  \"tight\": { \"extends\": \"restricted\", \"mode\": \"audit\" },\n"
			   "  \"mixed\": { \"extends\": \"tight\", \"mode\": \"enforce\",\n"
			   "    \"restore\": { \"allow\": true, \"mode\": \"off\" } }\n"
			   "}}\n";

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

TestSuite(policy_merge, .init = start, .fini = end);

static const struct json *profile_of(const char *name)
{
	const struct json *profile = NULL;
	struct hr_error err = {0};

	cr_assert_ok(policy_profile(policy, name, &profile, &err), err);
	return profile;
}

static const struct {
	const char *profile, *path, *value; /* NULL: none */
	unsigned line, column;		    /* where it is written; 0: built-in */
} values[] = {
	/* a leaf of the child replaces, its neighbours stay */
	{"web", "capabilities.allow", "[\"CAP_KILL\"]", 3, 23},
	{"web", "cwd.mode", "\"audit\"", 4, 14},
	{"web", "restore.allow", "false", 0, 0},
	{"web", "seccomp.profile", "\"default\"", 0, 0},
	/* two levels */
	{"shop", "capabilities.allow", "[\"CAP_KILL\"]", 3, 23},
	{"shop", "capabilities.strip", "[]", 6, 23},
	{"shop", "cwd.mode", "\"audit\"", 4, 14},
	/* nothing said: default */
	{"empty", "seccomp.profile", "\"default\"", 0, 0},
	{"empty", "document.other_platforms", "\"drop\"", 0, 0},
	{"empty", "mode", NULL, 0, 0},
	{"empty", "extends", NULL, 0, 0},
	/* lists replace and are not joined */
	{"restricted", "capabilities.allow", "[\"CAP_NET_BIND_SERVICE\"]", 0, 0},
	{"sandbox", "capabilities.allow", "[]", 0, 0},
	{"sandbox", "seccomp.profile", "\"restricted\"", 0, 0},
	{"sandbox", "document.other_platforms", "\"refuse\"", 0, 0},
	/* the profile's mode is inherited */
	{"tight", "mode", "\"audit\"", 9, 39},
	{"tight", "capabilities.allow", "[\"CAP_NET_BIND_SERVICE\"]", 0, 0},
	{"mixed", "mode", "\"enforce\"", 10, 34},
	{"mixed", "restore.mode", "\"off\"", 11, 33},
	{"mixed", "restore.allow", "true", 11, 18},
};

static void check_values(const __typeof__(values[0]) *row, size_t i)
{
	char origin[CHANGE_ORIGIN], wanted[128];
	const struct json *value;
	hr_autofree char *dump = NULL;

	start();
	value = json_path(profile_of(row->profile), row->path);
	if (!row->value) {
		cr_expect_null(value, "row %zu", i);
		end();
		return;
	}
	cr_assert_not_null(value, "row %zu", i);
	dump = load_dump(value);
	cr_expect_str_eq(dump, row->value, "row %zu: %s", i, dump);
	snprintf(wanted, sizeof(wanted), "%s:%u:%u", in_scratch("p.json"), row->line, row->column);
	cr_expect_str_eq(change_origin(value, origin), row->line ? wanted : "built-in",
			 "row %zu: %s", i, origin);
	end();
}
ROWS(policy_values, values)

/* A profile that was merged once is not altered by one that extends it. */
Test(policy_merge, does_not_share)
{
	hr_autofree char *before = load_dump(profile_of("default")), *after = NULL;

	profile_of("web");
	profile_of("shop");
	profile_of("mixed");
	after = load_dump(profile_of("default"));
	cr_expect_str_eq(after, before);
	cr_expect_eq(profile_of("shop"), profile_of("shop"));
}

Test(policy_merge, unknown_profile)
{
	const struct json *profile = NULL;
	struct hr_error err = {0};

	expect_error(policy_profile(policy, "shopp", &profile, &err), &err, HR_POLICY,
		     "there is no profile \"shopp\"; did you mean \"shop\"?");
	cr_expect_null(profile);
}

static const struct {
	const char *word, *near; /* NULL: none is near */
} names[] = {
	{"capabilities", "capabilities"},
	{"capabilites", "capabilities"},
	{"capabilitys", "capabilities"},
	{"secomp", "seccomp"},
	{"secccomp", "seccomp"},
	{"Seccomp", "seccomp"},
	{"hook", "hooks"},
	{"xyz", NULL},
	{"", NULL},
	{"completely-different", NULL},
	{"cdw", "cwd"},
	{"a-word-that-is-much-longer-than-any-name-of-ours-could-be", NULL},
};

static void check_names(const __typeof__(names[0]) *row, size_t i)
{
	static const char *const list[] = {"capabilities", "seccomp", "hooks", "cwd", NULL};
	static const char *const none[] = {NULL};
	const char *near = policy_nearest(row->word, list);

	if (row->near)
		cr_expect(near && strcmp(near, row->near) == 0, "row %zu: %s: %s", i, row->word,
			  near);
	else
		cr_expect_null(near, "row %zu: %s: %s", i, row->word, near);
	cr_expect_null(policy_nearest(row->word, none));
}
ROWS(policy_nearest, names)

/* More profiles than the hint looks at. */
Test(policy_merge, hint_among_many)
{
	policy_auto struct policy *many = NULL;
	const struct json *profile;
	struct hr_error err = {0}, other = {0};
	char path[PATH_MAX * 2];
	FILE *file;

	snprintf(path, sizeof(path), "%s", in_scratch("many.json"));
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs("{\"version\":1,\"profiles\":{", file);
	for (unsigned i = 0; i < 300; i++)
		fprintf(file, "%s\"profile-%u\":{}", i ? "," : "", i);
	fputs("}}", file);
	fclose(file);
	cr_assert_ok(policy_load_file(path, NULL, &many, &err), err);
	expect_error(policy_profile(many, "profil-1", &profile, &other), &other, HR_POLICY,
		     "did you mean \"profile-1\"?");
}

/* ---- the effective profile, as a policy ---- */

static const struct {
	const char *profile, *name; /* under which it is written */
	const char *option;	    /* a line that it holds */
	const char *place;	    /* in its comment; NULL: built-in */
} effective[] = {
	{"default", "effective-default", "\"drop\": []", NULL},
	{"restricted", "effective-restricted", "\"readonly\": true,", NULL},
	{"sandbox", "effective-sandbox", "\"allow\": [],", NULL},
	{"web", "web", "\"allow\": [\"CAP_KILL\"],", ":3:23"},
	{"shop", "shop", "\"strip\": [],", ":6:23"},
	{"empty", "empty", "\"secrets\": \"warn\"", NULL},
	{"tight", "tight", "{\n      \"mode\": \"audit\",", ":9:39"},
	{"mixed", "mixed", "\"mode\": \"off\"", ":11:33"},
};

/* What was written, loaded and written again. */
static struct policy *load_again(const struct text *written)
{
	struct policy *again = NULL;
	struct hr_error err = {0};

	make_file("again.json", written->data);
	cr_assert_ok(policy_load_file(in_scratch("again.json"), NULL, &again, &err), err);
	return again;
}

static void check_effective(const __typeof__(effective[0]) *row, size_t i)
{
	text_auto struct text first = {0}, second = {0}, plain = {0};
	policy_auto struct policy *again = NULL;
	const struct json *profile;
	struct hr_error err = {0};
	char comment[PATH_MAX * 3];

	start();
	snprintf(comment, sizeof(comment), "%s // %s%s\n", row->option,
		 row->place ? in_scratch("p.json") : "built-in", row->place ? row->place : "");
	cr_assert_ok(policy_effective(policy, row->profile, true, &first, &err), err);
	cr_expect_not_null(strstr(first.data, comment), "row %zu: %s not in:\n%s", i, comment,
			   first.data);
	again = load_again(&first);
	cr_expect_str_eq(policy_default(again), row->name);
	cr_assert_ok(policy_profile(again, row->name, &profile, &err), err);
	cr_expect(json_same(profile, profile_of(row->profile)), "row %zu", i);
	policy_free(again);
	/* The same bytes, from the one with comments and the one without. */
	cr_assert_ok(policy_effective(policy, row->profile, false, &plain, &err), err);
	again = load_again(&plain);
	cr_assert_ok(policy_effective(again, row->name, false, &second, &err), err);
	cr_expect_str_eq(second.data, plain.data, "row %zu", i);
	cr_expect_null(strstr(plain.data, "//"));
	end();
}
ROWS(policy_effective, effective)

/* Keys and values that need care in JSON and in a comment's neighbourhood. */
Test(policy_merge, effective_of_odd_text)
{
	text_auto struct text first = {0}, second = {0};
	policy_auto struct policy *odd = NULL, *again = NULL;
	struct hr_error err = {0};

	make_file(
		"odd.json",
		"{\"version\":1,\"profiles\":{\"a \\\"b\\n//\":{"
		"\"annotations\":{\"allow\":[\"// \\\\ \\u0001 \\\"\"]},"
		"\"rlimits\":{\"max\":{}},\"mounts\":{\"host_paths\":[{\"path\":\"/srv/*/\"}]}}}}");
	cr_assert_ok(policy_load_file(in_scratch("odd.json"), NULL, &odd, &err), err);
	cr_assert_ok(policy_effective(odd, "a \"b\n//", false, &first, &err), err);
	again = load_again(&first);
	cr_assert_ok(policy_effective(again, "a \"b\n//", false, &second, &err), err);
	cr_expect_str_eq(second.data, first.data);
}
