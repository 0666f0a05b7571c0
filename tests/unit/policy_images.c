/* SPDX-License-Identifier: Apache-2.0 */
/* The section images: its form, its keys, what is asked of hardrun-image. */
#include "control/control.h"
#include "load.h"
#include "policy/policy.h"
#include "policy/policy_private.h"
#include "policy_images_texts.h"
#include "unit.h"

static void start(void)
{
	need_root();
	scratch_make();
	make_dir("conf", 0755, getuid(), getgid());
	make_dir("conf/keys", 0755, getuid(), getgid());
}

TestSuite(policy_images, .init = start, .fini = scratch_drop);

static int load(struct policy **ret, struct hr_error *err)
{
	hr_autoclose int fd = open(in_scratch("conf"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return policy_load(fd, "/etc/hardrun", control_check_options, ret, err);
}

static struct policy *load_text_of(const char *text)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};

	make_file("conf/policy.json", text);
	cr_assert_ok(load(&policy, &err), err);
	return policy;
}

/* --- Form ------------------------------------------------------------------------------------- */

/* Files of keys are read when they are used. */
static void check_sound(const char *const *text, size_t row)
{
	(void)row;
	policy_free(load_text_of(*text));
}

ROWS(policy_images, sound)

static void check_wrong(const struct wrong *row, size_t number)
{
	struct policy *policy = NULL;
	struct hr_error err = {0};

	(void)number;
	make_file("conf/policy.json", row->text);
	expect_error(load(&policy, &err), &err, HR_POLICY, row->words);
	cr_expect(strncmp(err.msg, "/etc/hardrun/policy.json:", 25) == 0, "%s", err.msg);
}

ROWS(policy_images, wrong)

Test(policy_images, in_several_files)
{
	policy_auto struct policy *policy = NULL;
	struct hr_error err = {0};

	make_dir("conf/policy.d", 0755, getuid(), getgid());
	make_file("conf/policy.d/a.json", IMAGES("\"a\":{\"scopes\":[\"*\"],\"keys\":[\"k\"]}"));
	make_file("conf/policy.json",
		  "{\"version\":1,\"images\":{\"b\":{\"scopes\":[\"*\"],\"keys\":[\"k\"]}},"
		  "\"profiles\":{\"x\":{\"image\":{\"require\":\"a\"}}}}");
	cr_assert_ok(load(&policy, &err), err);
	cr_expect_eq(json_count(policy_images_section(policy)), 2);
	policy_free(policy);
	policy = NULL;
	make_file("conf/policy.json", IMAGES("\"a\":{\"scopes\":[\"*\"],\"keys\":[\"k\"]}"));
	expect_error(load(&policy, &err), &err, HR_POLICY,
		     "/etc/hardrun/policy.json:2:1: images has \"a\" already "
		     "(/etc/hardrun/policy.d/a.json:2:1)");
}

/* --- What is asked ---------------------------------------------------------------------------- */

static char *ask(const struct policy *policy, const char *name)
{
	json_auto struct json_doc *doc = json_new("request");
	struct hr_error err = {0};
	struct json *require = (struct json *)1;

	cr_assert_not_null(doc);
	cr_assert_ok(policy_images(policy, name, doc, &require, &err), err);
	return require ? load_dump(require) : NULL;
}

static void expect_asked(const struct policy *policy, const char *name, const char *wanted)
{
	hr_autofree char *got = ask(policy, name);

	cr_expect_eq(policy_images_required(policy, name), wanted != NULL, "%s",
		     name ? name : "NULL");
	if (wanted)
		cr_expect_str_eq(got, wanted);
	else
		cr_expect_null(got, "%s: %s", name ? name : "NULL", got);
}

#define PAY                                                                                       \
	"{\"scopes\":[\"r.example/pay/*\"],\"keys\":[{\"name\":\"/etc/hardrun/keys/pay.pub\","    \
	"\"pem\":\"-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\\nAAAA==\\n" \
	"-----END PUBLIC "                                                                        \
	"KEY-----\\n\"}],\"reference\":\"exact\",\"annotations\":{\"env\":\"prod\"}}"
#define PAUSE "{\"scopes\":[\"*\"],\"allow\":[\"" SHA "\"],\"keys\":[]}"

Test(policy_images, request)
{
	policy_auto struct policy *policy = load_text_of(
		IMAGES("\"pay\":[{\"scopes\":[\"r.example/pay/*\"],\"keys\":[\"pay.pub\"],"
		       "\"reference\":\"exact\",\"annotations\":{\"env\":\"prod\"}}],"
		       "\"pause\":{\"scopes\":[\"*\"],\"allow\":[\"" SHA "\"]}"));
	json_auto struct json_doc *doc = json_new("request");
	struct hr_error err = {0};
	struct json *require;

	make_file("conf/keys/pay.pub", "# of the payment team\n" PEM "\n");
	expect_asked(policy, "pay", "{\"name\":\"pay\",\"entries\":[" PAY "]}");
	expect_asked(policy, "pause", "{\"name\":\"pause\",\"entries\":[" PAUSE "]}");
	expect_asked(policy, "*", "{\"name\":\"*\",\"entries\":[" PAY "," PAUSE "]}");
	expect_asked(policy, "none", NULL);
	expect_asked(policy, "", NULL);
	expect_asked(policy, NULL, NULL);
	expect_error(policy_images(policy, "pai", doc, &require, &err), &err, HR_POLICY,
		     "images has no \"pai\"; did you mean \"pay\"?");
}

/* What is asked outlives the policy. */
Test(policy_images, request_alone)
{
	struct policy *policy = load_text_of(ENTRY("\"scopes\":[\"*\"],\"allow\":[\"" SHA "\"]"));
	json_auto struct json_doc *doc = json_new("request");
	struct hr_error err = {0};
	struct json *require;
	unsigned line, column;

	cr_assert_ok(policy_images(policy, "*", doc, &require, &err), err);
	policy_free(policy);
	json_where(json_get(require, "entries")->first->first, &line, &column);
	cr_expect_eq(line, 0);
	cr_expect_eq(column, 0);
}

Test(policy_images, nothing_there)
{
	policy_auto struct policy *policy = load_text_of("{\"version\":1}"), *builtin = NULL;
	struct hr_error err = {0};

	expect_asked(policy, "*", NULL);
	cr_expect_not(policy_images_there(policy));
	cr_assert_ok(policy_builtin(control_check_options, &builtin, &err), err);
	expect_asked(builtin, "*", NULL);
	cr_expect_not(policy_images_required(NULL, "*"));
	cr_expect(policy_images_required(NULL, "a"));
	expect_error(policy_images_check_name(policy, NULL, "a", &err), &err, HR_POLICY,
		     "\"a\" is required, and the policy has no section images");
}

/* A key is read anew each time. */
Test(policy_images, key_is_replaced)
{
	policy_auto struct policy *policy =
		load_text_of(ENTRY("\"scopes\":[\"*\"],\n\"keys\":[\"k.pub\"]"));
	json_auto struct json_doc *doc = json_new("request");
	struct hr_error err = {0};
	struct json *require;

	expect_error(policy_images(policy, "a", doc, &require, &err), &err, HR_POLICY,
		     "/etc/hardrun/policy.json:3:9: key /etc/hardrun/keys/k.pub: missing");
	make_file("conf/keys/k.pub", PEM);
	err = (struct hr_error){0};
	cr_expect_ok(policy_images(policy, "a", doc, &require, &err), err);
	make_file("conf/keys/k.pub", "gone");
	expect_error(policy_images(policy, "a", doc, &require, &err), &err, HR_POLICY,
		     "holds no block -----BEGIN PUBLIC KEY-----");
}

/* --- What keys are ---------------------------------------------------------------------------- */

static int read_key(const char *key, struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;
	json_auto struct json_doc *doc = json_new("request");
	struct json *require;
	char text[PATH_MAX * 2];

	snprintf(text, sizeof(text), ENTRY("\"scopes\":[\"*\"],\n\"keys\":[\"%s\"]"), key);
	make_file("conf/policy.json", text);
	cr_assert_ok(load(&policy, err), *err);
	return policy_images(policy, "a", doc, &require, err);
}

static void check_contents(const __typeof__(contents[0]) *row, size_t number)
{
	struct hr_error err = {0};

	(void)number;
	make_file("conf/keys/k.pub", row->text);
	if (row->words)
		expect_error(read_key("k.pub", &err), &err, HR_POLICY, row->words);
	else
		cr_expect_ok(read_key("k.pub", &err), err);
}

ROWS(policy_images, contents)

Test(policy_images, key_with_a_nul)
{
	hr_autoclose int fd =
		open(in_scratch("conf/keys/k.pub"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	struct hr_error err = {0};

	cr_assert_eq(write(fd, PEM "\0x", sizeof(PEM) + 1), (ssize_t)sizeof(PEM) + 1);
	expect_error(read_key("k.pub", &err), &err, HR_POLICY, "holds a NUL");
}

Test(policy_images, keys_are_roots)
{
	struct hr_error err = {0};
	char path[PATH_MAX];

	make_file("conf/keys/k.pub", PEM);
	snprintf(path, sizeof(path), "%s", in_scratch("conf/keys/k.pub"));
	cr_expect_ok(read_key("k.pub", &err), err);
	cr_expect_ok(read_key(path, &err), err);
	cr_assert_eq(chmod(path, 0664), 0);
	expect_error(read_key("k.pub", &err), &err, HR_POLICY, "k.pub: others than root");
	err = (struct hr_error){0};
	expect_error(read_key(path, &err), &err, HR_POLICY, "k.pub");
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_eq(chown(path, 65534, 0), 0);
	err = (struct hr_error){0};
	expect_error(read_key("k.pub", &err), &err, HR_POLICY, "k.pub: others than root");
	cr_assert_eq(chown(path, 0, 0), 0);
	cr_assert_eq(chmod(in_scratch("conf/keys"), 0775), 0);
	err = (struct hr_error){0};
	expect_error(read_key("k.pub", &err), &err, HR_POLICY,
		     "/etc/hardrun/keys: others than root");
	err = (struct hr_error){0};
	expect_error(read_key(path, &err), &err, HR_POLICY, "keys");
}

/* What stands in a key's place. */
Test(policy_images, keys_are_files)
{
	struct hr_error err = {0};
	static char big[20000];

	make_file("conf/keys/k.pub", PEM);
	make_link("conf/keys/link", "k.pub");
	expect_error(read_key("link", &err), &err, HR_POLICY, "is a symbolic link");
	/* along an absolute path links are followed, each of root's */
	err = (struct hr_error){0};
	cr_expect_ok(read_key(in_scratch("conf/keys/link"), &err), err);
	make_dir("conf/keys/dir", 0755, 0, 0);
	expect_error(read_key("dir", &err), &err, HR_POLICY, "is not a regular file");
	err = (struct hr_error){0};
	expect_error(read_key(in_scratch("conf/keys/dir"), &err), &err, HR_POLICY,
		     "is not a regular file");
	cr_assert_eq(mkfifo(in_scratch("conf/keys/fifo"), 0644), 0);
	err = (struct hr_error){0};
	expect_error(read_key("fifo", &err), &err, HR_POLICY, "is not a regular file");
	err = (struct hr_error){0};
	expect_error(read_key(in_scratch("conf/keys/fifo"), &err), &err, HR_POLICY,
		     "is not a regular file");
	memset(big, '#', sizeof(big) - 1);
	make_file("conf/keys/big", big);
	err = (struct hr_error){0};
	expect_error(read_key("big", &err), &err, HR_POLICY, "larger than 16384 bytes");
}

Test(policy_images, no_directory_of_keys)
{
	struct hr_error err = {0};

	cr_assert_eq(rmdir(in_scratch("conf/keys")), 0);
	expect_error(read_key("k.pub", &err), &err, HR_POLICY, "make it, and put the key there");
	make_link("conf/keys", "/tmp");
	err = (struct hr_error){0};
	expect_error(read_key("k.pub", &err), &err, HR_POLICY, "/etc/hardrun/keys is ");
}

/* --- Scopes that are the same ----------------------------------------------------------------- */

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{"redis", "docker.io/library/redis", true},
	{"redis", "library/redis", true},
	{"redis", "index.docker.io/redis", true},
	{"docker.io/a/b", "a/b", true},
	{"a/*", "docker.io/a/*", true},
	{"index.docker.io/*", "docker.io/*", true},
	{"*", "*", true},
	{"registry.example/a", "registry.example/a", true},
	{"localhost/a", "localhost/a", true},
	{"*", "docker.io/*", false},
	{"registry.example/a", "registry.example/a/*", false},
	{"localhost/a", "docker.io/localhost/a", false},
	{"redis", "redis/*", false},
	{"registry.example:5000/a", "registry.example/a", false},
};

static void check_pairs(const __typeof__(pairs[0]) *row, size_t number)
{
	(void)number;
	cr_expect_eq(policy_scope_same(row->a, row->b), row->same, "%s %s", row->a, row->b);
	cr_expect_eq(policy_scope_same(row->b, row->a), row->same, "%s %s", row->b, row->a);
}

ROWS(policy_images, pairs)

/* --- Remarks ---------------------------------------------------------------------------------- */

static void keep(const struct json *at, const char *remark, void *to)
{
	unsigned line, column;

	json_where(at, &line, &column);
	text_addf(to, "%u:%u: %s\n", line, column, remark);
}

static void check_remarks(const __typeof__(remarks[0]) *row, size_t number)
{
	policy_auto struct policy *policy = load_text_of(row->text);
	text_auto struct text all = {0};

	(void)number;
	policy_remarks(policy, keep, &all);
	text_adds(&all, "");
	text_add(&all, "", 0);
	if (row->words)
		cr_expect_not_null(strstr(all.data, row->words), "wanted %s, got: %s", row->words,
				   all.data);
	if (row->absent)
		cr_expect_null(strstr(all.data, row->absent), "not wanted %s: %s", row->absent,
			       all.data);
}

ROWS(policy_images, remarks)

/* --- The profile as a policy ------------------------------------------------------------------ */

Test(policy_images, effective)
{
	policy_auto struct policy *policy = NULL, *again = NULL;
	text_auto struct text first = {0}, second = {0};
	struct hr_error err = {0};

	make_file("conf/keys/k", PEM);
	make_file("conf/policy.json", POLICY("\"a\":{\"scopes\":[\"x/a\"]," KEYS
					     "},\"b\":{\"scopes\":[\"x/b\"]," PIN "}",
					     "*", PAUSED));
	cr_assert_ok(policy_load_file(in_scratch("conf/policy.json"), control_check_options,
				      &policy, &err),
		     err);
	cr_assert_ok(policy_effective(policy, "x", false, &first, &err), err);
	cr_expect_not_null(strstr(first.data, "conf/keys/k\""), "%s", first.data);
	make_file("e.json", first.data);
	cr_assert_ok(policy_load_file(in_scratch("e.json"), control_check_options, &again, &err),
		     err);
	cr_assert_ok(policy_effective(again, "x", false, &second, &err), err);
	cr_expect_str_eq(first.data, second.data);
}
