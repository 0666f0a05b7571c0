/* SPDX-License-Identifier: Apache-2.0 */
#include "image/base64.h"
#include "image/limits.h"
#include "image/store.h"

#include "unit.h"

#include <stdint.h>
#include <sys/wait.h>

/* What the tests put in is about this: the digest of "{}". */
#define SUBJECT "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define HEX	"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define DIR	"sha256/" HEX

static int store = -1;

static void begin(void)
{
	scratch_make();
	store = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(void)
{
	close(store);
	scratch_drop();
}

TestSuite(image_store, .init = begin, .fini = end, .timeout = 60);

static struct store_signature cosign(const char *payload, size_t len, const char *signature)
{
	return (struct store_signature){.kind = STORE_COSIGN,
					.payload = (char *)(uintptr_t)payload,
					.payload_len = len,
					.signature = (char *)(uintptr_t)signature,
					.signature_len = strlen(signature)};
}

static struct store_signature bundle(const char *text)
{
	return (struct store_signature){.kind = STORE_BUNDLE,
					.bundle = (char *)(uintptr_t)text,
					.bundle_len = strlen(text)};
}

static void put(const struct store_signature *signature, bool wanted_new)
{
	struct hr_error err = {0};
	bool new = !wanted_new;

	cr_assert_ok(store_put_signature(store, SUBJECT, signature, &new, &err), err);
	cr_expect_eq(new, wanted_new);
}

static struct store_signatures read_all(void)
{
	struct store_signatures all = {0};
	struct hr_error err = {0};

	cr_assert_ok(store_signatures(store, SUBJECT, &all, &err), err);
	return all;
}

static void expect_counts(size_t count, size_t unread)
{
	struct store_signatures all = read_all();

	cr_expect_eq(all.count, count, "%zu signatures, wanted %zu", all.count, count);
	cr_expect_eq(all.unread, unread, "%zu unread, wanted %zu", all.unread, unread);
	store_signatures_done(&all);
}

/* --- Manifests ------------------------------------------------------------------------------ */

Test(image_store, manifest)
{
	struct content content = store_content(&store);
	struct hr_error err = {0};
	char *bytes = NULL;
	size_t len = 0;
	bool new = false;

	cr_expect_eq(content_read(&content, SUBJECT, 10, &bytes, &len, &err), CONTENT_NONE);
	cr_assert_ok(store_put_manifest(store, SUBJECT, "{}", 2, &new, &err), err);
	cr_expect(new);
	cr_assert_ok(store_put_manifest(store, SUBJECT, "{}", 2, &new, &err), err);
	cr_expect(!new);
	cr_assert_eq(content_read(&content, SUBJECT, 10, &bytes, &len, &err), CONTENT_READ);
	cr_expect_eq(len, 2);
	cr_expect_str_eq(bytes, "{}");
	free(bytes);
	cr_expect_eq(content_read(&content, SUBJECT, 1, &bytes, &len, &err), CONTENT_FAILED);
	cr_expect_eq(err.code, HR_SPEC);
	expect_no_trap(err.msg);
	expect_counts(0, 0);
}

Test(image_store, manifest_of_another_digest)
{
	struct hr_error err = {0}, other = {0};
	bool new;

	expect_error(store_put_manifest(store, SUBJECT, "{ }", 3, &new, &err), &err, HR_SPEC,
		     "damaged");
	expect_error(store_put_manifest(store, "sha256:../../x", "{}", 2, &new, &other), &other,
		     HR_SPEC, "not sound");
	cr_expect_eq(access(in_scratch("sha256"), F_OK), -1, "nothing is made");
}

Test(image_store, manifest_too_large)
{
	hr_autofree char *bytes = calloc(1, IMAGE_MANIFEST_MAX + 1);
	char digest[IMAGE_DIGEST_SIZE];
	struct hr_error err = {0};
	bool new = false;

	image_digest_of(bytes, IMAGE_MANIFEST_MAX + 1, digest);
	expect_error(store_put_manifest(store, digest, bytes, IMAGE_MANIFEST_MAX + 1, &new, &err),
		     &err, HR_SPEC, "more than");
	err = (struct hr_error){0};
	image_digest_of(bytes, IMAGE_MANIFEST_MAX, digest);
	cr_assert_ok(store_put_manifest(store, digest, bytes, IMAGE_MANIFEST_MAX, &new, &err), err);
	cr_expect(new);
}

Test(image_store, without_a_store)
{
	struct store_signatures all = {.count = 1};
	char(*digests)[IMAGE_DIGEST_SIZE] = NULL;
	struct hr_error err = {0};
	int none = -1;
	struct content content = store_content(&none);
	size_t len = 1;
	char *bytes;

	cr_expect_eq(content_read(&content, SUBJECT, 10, &bytes, &len, &err), CONTENT_NONE);
	cr_assert_ok(store_signatures(-1, SUBJECT, &all, &err), err);
	cr_expect_eq(all.count + all.unread, 0);
	cr_assert_ok(store_digests(-1, &digests, &len, &err), err);
	cr_expect_eq(len, 0);
	free(digests);
}

/* --- Signatures ----------------------------------------------------------------------------- */

Test(image_store, signatures)
{
	struct store_signature first = cosign("pay\0load", 8, "c2ln"),
			       second = bundle("{\"a\": 1}");
	struct store_signatures all;

	expect_counts(0, 0);
	put(&first, true);
	put(&second, true);
	put(&first, false);
	put(&second, false);
	all = read_all();
	cr_assert_eq(all.count, 2);
	cr_expect_eq(all.unread, 0);
	/* By the names of their files. */
	cr_expect_eq(all.list[0].kind, STORE_BUNDLE);
	cr_expect_eq(all.list[0].bundle_len, second.bundle_len);
	cr_expect_arr_eq(all.list[0].bundle, second.bundle, second.bundle_len);
	cr_expect_eq(all.list[1].kind, STORE_COSIGN);
	cr_expect_eq(all.list[1].payload_len, 8);
	cr_expect_arr_eq(all.list[1].payload, "pay\0load", 8);
	cr_expect_eq(all.list[1].signature_len, 4);
	cr_expect_str_eq(all.list[1].signature, "c2ln");
	store_signatures_done(&all);
	cr_expect_eq(all.count, 0);
}

Test(image_store, largest_signatures)
{
	hr_autofree char *payload = calloc(1, IMAGE_PAYLOAD_MAX + 1);
	hr_autofree char *text = malloc(IMAGE_BUNDLE_MAX + 2);
	struct store_signature most = cosign(payload, IMAGE_PAYLOAD_MAX, "c2ln"), whole;
	struct hr_error err = {0}, other = {0};
	bool new = false;

	memset(text, ' ', IMAGE_BUNDLE_MAX + 1);
	text[IMAGE_BUNDLE_MAX + 1] = '\0';
	whole = bundle(text + 1);
	put(&most, true);
	put(&whole, true);
	expect_counts(2, 0);
	most.payload_len++;
	whole = bundle(text);
	expect_error(store_put_signature(store, SUBJECT, &most, &new, &err), &err, HR_SPEC,
		     "more than 65536");
	expect_error(store_put_signature(store, SUBJECT, &whole, &new, &other), &other, HR_SPEC,
		     "more than 262144");
	expect_counts(2, 0);
}

Test(image_store, empty_bundle)
{
	struct store_signature empty = bundle("");
	struct hr_error err = {0};
	bool new = false;

	expect_error(store_put_signature(store, SUBJECT, &empty, &new, &err), &err, HR_SPEC,
		     "empty");
	expect_counts(0, 0);
}

static const struct {
	const char *signature;
	const char *words;
} bad_signatures[] = {
	{"c2ln\",\"x\":\"", "signature"}, /* no way out of the JSON */
	{"c2l", "signature"},
	{"c2ln\n", "signature"},
	{"c2l=c2ln", "signature"},
	{"c2lp=", "signature"},
};

static void check_bad_signatures(const __typeof__(bad_signatures[0]) *row, size_t at)
{
	struct store_signature signature = cosign("{}", 2, row->signature);
	struct hr_error err = {0};
	bool new = false;

	(void)at;
	expect_error(store_put_signature(store, SUBJECT, &signature, &new, &err), &err, HR_SPEC,
		     row->words);
	cr_expect_eq(access(in_scratch("sha256"), F_OK), -1, "nothing is made");
}
ROWS(image_store, bad_signatures)

Test(image_store, too_many)
{
	struct store_signature signature;
	struct hr_error err = {0};
	char text[64];
	bool new = false;

	for (int i = 0; i < IMAGE_SIGNATURES_MAX; i++) {
		snprintf(text, sizeof(text), "{\"number\": %d}", i);
		signature = bundle(text);
		put(&signature, true);
	}
	put(&signature, false);
	signature = bundle("{}");
	expect_error(store_put_signature(store, SUBJECT, &signature, &new, &err), &err, HR_SPEC,
		     "at most 64");
	expect_counts(IMAGE_SIGNATURES_MAX, 0);
	make_file(DIR "/junk", "");
	expect_counts(IMAGE_SIGNATURES_MAX, 1);
}

/* --- What else may lie there ---------------------------------------------------------------- */

#define OTHER "0000000000000000000000000000000000000000000000000000000000000000"

Test(image_store, files_that_are_no_signatures)
{
	struct store_signature good = bundle("{}");

	put(&good, true); /* makes the directory */
	make_file(DIR "/README", "");
	make_file(DIR "/bundle-" HEX, "{}");	       /* no .json */
	make_file(DIR "/bundle-" OTHER ".json", "{}"); /* has another digest */
	make_file(DIR "/cosign-" HEX ".json", "{}");   /* has it, and no payload */
	make_file(DIR "/notary-" HEX ".json", "{}");   /* a kind that is none */
	make_file(DIR "/.left", "");		       /* not ours, and no signature: no word */
	make_file(DIR "/manifest", "x");
	expect_counts(1, 5);
}

/* The name is right, and what is in it is no pair of base64. */
static const char *const bad_pairs[] = {
	"{\"payload\":\"e30=\",\"signature\":\"c2ln\",\"more\":1}",
	"{\"payload\":\"e30\",\"signature\":\"c2ln\"}",
	"{\"payload\":\"e30=\"}",
	"{\"payload\":1,\"signature\":\"c2ln\"}",
	"[\"e30=\",\"c2ln\"]",
	"{\"payload\":\"e30=\",\"payload\":\"e30=\",\"signature\":\"c2ln\"}",
	"",
};

static void check_bad_pairs(const __typeof__(bad_pairs[0]) *row, size_t at)
{
	struct store_signature good = bundle("{}");
	char digest[IMAGE_DIGEST_SIZE], name[256];

	(void)at;
	put(&good, true);
	image_digest_of(*row, strlen(*row), digest);
	snprintf(name, sizeof(name), "%s/cosign-%s.json", DIR, digest + 7);
	make_file(name, *row);
	expect_counts(1, 1);
}
ROWS(image_store, bad_pairs)

Test(image_store, nothing_but_regular_files)
{
	struct store_signature one = bundle("{}"), two = bundle("{\"a\": 2}");
	const char *name = in_scratch(DIR "/bundle-" HEX ".json");

	put(&two, true);
	put(&one, true);
	cr_assert_eq(rename(name, in_scratch("elsewhere")), 0);
	expect_counts(1, 0);
	make_link(DIR "/bundle-" HEX ".json", "../../elsewhere");
	expect_counts(1, 1);
	cr_assert_eq(unlink(name), 0);
	cr_assert_eq(mkfifo(name, 0644), 0);
	expect_counts(1, 1); /* and does not wait */
	cr_assert_eq(unlink(name), 0);
	cr_assert_eq(mkdir(name, 0755), 0);
	expect_counts(1, 1);
}

Test(image_store, no_link_on_the_way)
{
	struct store_signature one = bundle("{}");
	struct store_signatures all = {0};
	struct content content = store_content(&store);
	struct hr_error err = {0}, other = {0}, third = {0};
	char *bytes = NULL;
	size_t len;
	bool new = false;

	put(&one, true);
	cr_assert_ok(store_put_manifest(store, SUBJECT, "{}", 2, &new, &err), err);
	cr_assert_eq(rename(in_scratch("sha256"), in_scratch("moved")), 0);
	make_link("sha256", "moved");
	expect_error(store_signatures(store, SUBJECT, &all, &err), &err, HR_SYSTEM, "store");
	cr_expect_eq(content_read(&content, SUBJECT, 10, &bytes, &len, &other), CONTENT_FAILED);
	expect_error(store_put_manifest(store, SUBJECT, "{}", 2, &new, &third), &third, HR_SYSTEM,
		     "store");
}

/* --- Putting -------------------------------------------------------------------------------- */

Test(image_store, what_is_there_is_not_changed)
{
	struct store_signature one = bundle("{}");
	struct hr_error err = {0}, other = {0};
	hr_autofree char *text = NULL, *manifest = NULL;
	bool new = false;

	put(&one, true);
	make_file(DIR "/bundle-" HEX ".json", "{}}");
	make_file(DIR "/manifest", "[]");
	expect_error(store_put_signature(store, SUBJECT, &one, &new, &err), &err, HR_SYSTEM,
		     "is damaged");
	expect_error(store_put_manifest(store, SUBJECT, "{}", 2, &new, &other), &other, HR_SYSTEM,
		     "is damaged");
	text = text_of(DIR "/bundle-" HEX ".json");
	manifest = text_of(DIR "/manifest");
	cr_expect_str_eq(text, "{}}");
	cr_expect_str_eq(manifest, "[]");
}

static void expect_mode(const char *name, mode_t mode)
{
	struct stat st;

	cr_assert_eq(stat(in_scratch(name), &st), 0, "%s", name);
	cr_expect_eq(st.st_mode & 07777, mode, "%s: %o, wanted %o", name, st.st_mode & 07777, mode);
	cr_expect_eq(st.st_uid, geteuid());
}

Test(image_store, everybody_can_read)
{
	struct store_signature one = bundle("{}");
	struct hr_error err = {0};
	bool new;

	umask(077);
	put(&one, true);
	cr_assert_ok(store_put_manifest(store, SUBJECT, "{}", 2, &new, &err), err);
	expect_mode("sha256", 0755);
	expect_mode(DIR, 0755);
	expect_mode(DIR "/manifest", 0644);
	expect_mode(DIR "/bundle-" HEX ".json", 0644);
	/* As a crash between two steps may have left it. */
	cr_assert_eq(chmod(in_scratch(DIR), 0700), 0);
	put(&one, false);
	expect_mode(DIR, 0755);
}

static void put_many(void)
{
	char text[64];

	for (int i = 0; i < 20; i++) {
		struct store_signature one;
		struct hr_error err = {0};
		bool new;

		snprintf(text, sizeof(text), "{\"number\": %d}", i);
		one = bundle(text);
		if (store_put_signature(store, SUBJECT, &one, &new, &err) < 0 ||
		    store_put_manifest(store, SUBJECT, "{}", 2, &new, &err) < 0)
			_exit(1);
	}
	_exit(0);
}

Test(image_store, many_at_once)
{
	pid_t pids[8];
	int status;

	for (size_t i = 0; i < hr_count(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			put_many();
	}
	for (size_t i = 0; i < hr_count(pids); i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
	expect_counts(20, 0);
}

Test(image_store, digests)
{
	static const char *const other =
		"sha256:87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7";
	char(*digests)[IMAGE_DIGEST_SIZE] = NULL;
	struct store_signature one = bundle("{}");
	struct hr_error err = {0};
	size_t count = 0;
	bool new;

	put(&one, true);
	cr_assert_ok(store_put_manifest(store, other, "a\n", 2, &new, &err), err);
	make_dir("sha256/short", 0755, geteuid(), getegid());
	make_file("sha256/file", "");
	cr_assert_ok(store_digests(store, &digests, &count, &err), err);
	cr_assert_eq(count, 2);
	cr_expect_str_eq(digests[0], SUBJECT);
	cr_expect_str_eq(digests[1], other);
	free(digests);
}
