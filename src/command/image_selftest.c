/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image selftest: with a key and images of its own that a signed image is accepted and nothing
 * else, that a verifier which fails is a refusal, and that the policy's requirements can be asked.
 * Layout and stores are on a file system in memory that nobody else sees.
 */
#include "command/image.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/file.h"
#include "command/command.h"
#include "command/explain.h"
#include "command/image_selftest.h"
#include "json/edit.h"
#include "line/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#define TIMEOUT_MS 5000
#define HUNG_MS	   300

static const char help[] =
	"usage: hardrun image selftest [--json]\n"
	"\n"
	"Prove that the gate is shut: a signed image is accepted, and what is unsigned, or signed "
	"by\n"
	"another key, for another image or repository, or altered, is not; a verifier that dies "
	"or\n"
	"hangs refuses; of each requirement of the policy the keys can be read, and an unsigned\n"
	"image is refused.\n"
	"\n"
	"Exit status: 0 all is as it must be, 1 it is not, 2 usage, 3 policy, 4 system.\n";

struct selftest {
	bool json;
	int memory; /* root of the file system in memory */
	int layout; /* in it: both images */
	char signed_digest[80], unsigned_digest[80];
	struct json_doc *doc; /* the report */
	struct json *checks;
	bool failed; /* something is not as it must be */
};

/* --- Files in memory -------------------------------------------------------------------------- */

static int make_memory(struct selftest *test, struct hr_error *err)
{
	hr_autoclose int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return hr_fail_errno(err, errno, "a file system in memory");
	test->memory = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return test->memory < 0 ? hr_fail_errno(err, errno, "a file system in memory") : 0;
}

/* Opened; whatever the umask is, anybody can read it. */
static int make_dir(int at, const char *name, int *ret, struct hr_error *err)
{
	hr_autoclose int fd = -1;

	if (mkdirat(at, name, 0755) < 0 && errno != EEXIST)
		return hr_fail_errno(err, errno, "%s", name);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return hr_fail_errno(err, errno, "%s", name);
	*ret = hr_steal_fd(&fd);
	return 0;
}

/* The directory A/B of `at`, made. */
static int make_dirs(int at, const char *a, const char *b, int *ret, struct hr_error *err)
{
	hr_autoclose int above = -1;

	return make_dir(at, a, &above, err) < 0 ? -1 : make_dir(above, b, ret, err);
}

static int make_file(int at, const char *name, const char *text, struct hr_error *err)
{
	hr_autoclose int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return hr_fail_errno(err, errno, "%s", name);
	return file_write_fd(fd, name, text, strlen(text), err);
}

static int make_blob(int at, const char *text, struct hr_error *err)
{
	char hex[DIGEST_HEX];

	digest_sha256(text, strlen(text), hex);
	return make_file(at, hex, text, err);
}

static int make_layout(struct selftest *test, struct hr_error *err)
{
	const char *const blobs_of[] = {layer, signed_config, signed_manifest, unsigned_config,
					unsigned_manifest};
	hr_autoclose int blobs = -1;
	char index[512];

	snprintf(index, sizeof(index),
		 "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" SELFTEST_MANIFEST
		 "\",\"digest\":\"%s\",\"size\":%zu},{\"mediaType\":\"" SELFTEST_MANIFEST
		 "\",\"digest\":\"%s\",\"size\":%zu}]}",
		 test->signed_digest, strlen(signed_manifest), test->unsigned_digest,
		 strlen(unsigned_manifest));
	if (make_dir(test->memory, "layout", &test->layout, err) < 0 ||
	    make_file(test->layout, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", err) < 0 ||
	    make_file(test->layout, "index.json", index, err) < 0 ||
	    make_dirs(test->layout, "blobs", "sha256", &blobs, err) < 0)
		return -1;
	for (size_t i = 0; i < hr_count(blobs_of); i++)
		if (make_blob(blobs, blobs_of[i], err) < 0)
			return -1;
	return 0;
}

/* A store NAME with one signature (NULL: none) about an image. */
static int make_store(const struct selftest *test, const char *name, const char *digest,
		      const char *text, int *ret, struct hr_error *err)
{
	hr_autoclose int store = -1;
	hr_autoclose int entry = -1;
	char hex[DIGEST_HEX], file[128];

	if (make_dir(test->memory, name, &store, err) < 0)
		return -1;
	if (text) {
		digest_sha256(text, strlen(text), hex);
		snprintf(file, sizeof(file), "cosign-%s.json", hex);
		if (make_dirs(store, "sha256", digest + strlen("sha256:"), &entry, err) < 0 ||
		    make_file(entry, file, text, err) < 0)
			return -1;
	}
	*ret = hr_steal_fd(&store);
	return 0;
}

/* --- The report ------------------------------------------------------------------------------- */

static int note(struct selftest *test, const char *name, bool good, const char *code,
		const char *why, struct hr_error *err)
{
	struct json_doc *doc = test->doc;
	struct json *check = json_append(test->checks, json_new_object(doc));

	test->failed |= !good;
	if (!json_put_string(doc, check, "name", name) ||
	    !json_put(doc, check, "good", json_new_bool(doc, good)) ||
	    !json_put_string(doc, check, "code", code ? code : "none") ||
	    (why && !json_put_string(doc, check, "why", why)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (!test->json)
		printf("%s %s: %s%s%s\n", good ? "good" : "BAD ", name, code ? code : "none",
		       good || !why ? "" : ": ", good || !why ? "" : why);
	return 0;
}

/* --- Its own images --------------------------------------------------------------------------- */

struct trial {
	const char *name, *wanted;
	const char *store; /* the signature that is in the store; NULL: none */
	const char *pem;
	const char *image_name;
	bool other; /* the image is the one that nobody signed */
	int signal;
};

static const struct trial trials[] = {
	{"a signed image", "accepted", signature, key_pem, SELFTEST_NAME, false, 0},
	{"an unsigned image", "unsigned", NULL, key_pem, SELFTEST_NAME, true, 0},
	{"an image signed by another key", "unsigned", signature, other_pem, SELFTEST_NAME, false,
	 0},
	{"a signature of another image", "unsigned", signature, key_pem, SELFTEST_NAME, true, 0},
	{"a signature for another repository", "unsigned", signature, key_pem,
	 SELFTEST_NAME "-other", false, 0},
	{"an altered signature", "unsigned", altered_signature, key_pem, SELFTEST_NAME, true, 0},
	{"a verifier that is killed", "died", signature, key_pem, SELFTEST_NAME, false, SIGKILL},
	{"a verifier that hangs", "late", signature, key_pem, SELFTEST_NAME, false, SIGSTOP},
};

static struct json *make_require(struct json_doc *doc, const char *pem)
{
	struct json *root = json_root(doc), *entry, *key;
	struct json *entries = json_put(doc, root, "entries", json_new_array(doc));
	bool good;

	entry = json_append(entries, json_new_object(doc));
	good = json_put_string(doc, root, "name", "selftest") &&
	       json_append(json_put(doc, entry, "scopes", json_new_array(doc)),
			   json_new_string(doc, "*"));
	key = json_append(json_put(doc, entry, "keys", json_new_array(doc)), json_new_object(doc));
	good = good && json_put_string(doc, key, "name", "selftest") &&
	       json_put_string(doc, key, "pem", pem);
	return good ? root : NULL;
}

static int try_one(struct selftest *test, const struct trial *trial, int store,
		   struct hr_error *err)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;
	json_auto struct json_doc *require = json_new("require");
	json_auto struct json_doc *answer = NULL;
	const char *code;

	question.source = VERDICT_LAYOUT;
	question.require = require ? make_require(require, trial->pem) : NULL;
	question.timeout_ms = trial->signal == SIGSTOP ? HUNG_MS : TIMEOUT_MS;
	question.dir = test->layout;
	question.digest = trial->other ? test->unsigned_digest : test->signed_digest;
	question.name = trial->image_name;
	question.store = store;
	question.signal = trial->signal;
	if (!question.require)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (verdict_ask(&question, &answer, err) < 0)
		return -1;
	code = json_string(json_root(answer), "code");
	return note(test, trial->name, code && strcmp(code, trial->wanted) == 0, code,
		    json_string(json_root(answer), "why"), err);
}

static int try_all(struct selftest *test, struct hr_error *err)
{
	for (size_t i = 0; i < hr_count(trials); i++) {
		const struct trial *trial = &trials[i];
		hr_autoclose int store = -1;
		char name[32];

		snprintf(name, sizeof(name), "store-%zu", i);
		if (make_store(test, name,
			       trial->other ? test->unsigned_digest : test->signed_digest,
			       trial->store, &store, err) < 0 ||
		    try_one(test, trial, store, err) < 0)
			return -1;
	}
	return 0;
}

/* --- The policy's requirements ---------------------------------------------------------------- */

static int ask_keys(struct selftest *test, const struct policy *policy, const char *name,
		    struct hr_error *err)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;
	json_auto struct json_doc *answer = NULL;
	char what[TEXT_SHOWN_SIZE + 32], shown[TEXT_SHOWN_SIZE];

	question.source = VERDICT_KEYS;
	question.timeout_ms = TIMEOUT_MS;
	if (image_ask(policy, name, &question, &answer, err) < 0)
		return -1;
	snprintf(what, sizeof(what), "%s: its keys", text_shown_z(name, shown));
	return note(test, what, verdict_accepted(json_root(answer)),
		    json_string(json_root(answer), "code"), json_string(json_root(answer), "why"),
		    err);
}

/* The image that nobody signed, by a name that the scope covers. */
static int ask_scope(struct selftest *test, const struct policy *policy, const char *name,
		     const char *scope, struct hr_error *err)
{
	struct verdict_question question = VERDICT_QUESTION_NONE;
	json_auto struct json_doc *answer = NULL;
	char image[PATH_MAX], what[TEXT_SHOWN_SIZE + PATH_MAX];
	char shown[TEXT_SHOWN_SIZE];
	int cut = (int)strlen(scope) - text_ends(scope, "*");

	snprintf(image, sizeof(image), "%.*s%s", cut, scope,
		 cut == 0		 ? SELFTEST_NAME
		 : text_ends(scope, "*") ? "hardrun-selftest"
					 : "");
	question.source = VERDICT_LAYOUT;
	question.timeout_ms = TIMEOUT_MS;
	question.dir = test->layout;
	question.digest = test->unsigned_digest;
	question.name = image;
	if (image_ask(policy, name, &question, &answer, err) < 0)
		return -1;
	/* The policy was read, so the scope has none but the characters of names. */
	snprintf(what, sizeof(what), "%s: an unsigned image below %s", text_shown_z(name, shown),
		 scope);
	return note(test, what, !verdict_accepted(json_root(answer)),
		    json_string(json_root(answer), "code"), json_string(json_root(answer), "why"),
		    err);
}

static int ask_requirement(struct selftest *test, const struct policy *policy,
			   const struct json *named, struct hr_error *err)
{
	if (ask_keys(test, policy, named->key, err) < 0)
		return -1;
	json_each(entry, named)
		json_each(scope, json_get(entry, "scopes"))
			if (ask_scope(test, policy, named->key, scope->text, err) < 0)
				return -1;
	return 0;
}

static int check_store(struct selftest *test, struct hr_error *err)
{
	static const char name[] = "the store " HR_STOREDIR;
	struct hr_error local = {0};
	hr_autoclose int fd = -1;
	struct stat st;

	if (faccessat(AT_FDCWD, HR_STOREDIR, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return note(test, name, true, "empty", NULL, err);
	if (file_open_trusted(HR_STOREDIR, true, &fd, &local) < 0)
		return note(test, name, false, "unreadable", local.msg, err);
	if (fstat(fd, &st) < 0 || (st.st_mode & 05) != 05)
		return note(test, name, false, "unreadable",
			    "the verifier is nobody, and cannot read it; chmod 755 it", err);
	return note(test, name, true, "readable", NULL, err);
}

static int check_policy(struct selftest *test, struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;

	if (explain_policy(&(struct explain){0}, &policy, err) < 0)
		return -1;
	json_each(named, policy_images_section(policy))
		if (ask_requirement(test, policy, named, err) < 0)
			return -1;
	return check_store(test, err);
}

/* --- The command ------------------------------------------------------------------------------ */

static void digest_of(const char *text, char ret[80])
{
	char hex[DIGEST_HEX];

	digest_sha256(text, strlen(text), hex);
	snprintf(ret, 80, "sha256:%s", hex);
}

static int print_json(struct selftest *test, struct hr_error *err)
{
	struct json *root = json_root(test->doc);
	hr_autofree char *text = NULL;
	size_t len;

	if (!json_put(test->doc, root, "good", json_new_bool(test->doc, !test->failed)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

static int run(struct selftest *test, struct hr_error *err)
{
	if (!json_put_int(test->doc, json_root(test->doc), "version", 1))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	test->checks =
		json_put(test->doc, json_root(test->doc), "checks", json_new_array(test->doc));
	digest_of(signed_manifest, test->signed_digest);
	digest_of(unsigned_manifest, test->unsigned_digest);
	if (make_memory(test, err) < 0 || make_layout(test, err) < 0 || try_all(test, err) < 0 ||
	    check_policy(test, err) < 0 || (test->json && print_json(test, err) < 0))
		return -1;
	return test->failed ? EXIT_REFUSED : EXIT_OK;
}

int command_image_selftest(int argc, char *const argv[], struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("selftest");
	struct selftest test = {.memory = -1, .layout = -1, .doc = doc};
	int status;

	if (argc > 1 && command_wants_help(argv[1]))
		return command_help(help);
	if (argc > 1 && !(argc == 2 && strcmp(argv[1], "--json") == 0))
		return command_usage("image selftest", argv[1], "[--json]", err);
	test.json = argc > 1;
	status = doc ? run(&test, err) : hr_fail(err, HR_SYSTEM, "out of memory");
	if (test.layout >= 0)
		close(test.layout);
	if (test.memory >= 0)
		close(test.memory);
	return status < 0 ? command_exit(err) : status;
}
