/* SPDX-License-Identifier: Apache-2.0 */
/* OCI layouts: what is taken for one, what tags stand for, and that nothing outside is read. */
#include "image/layout.h"

#include "load.h"
#include "unit.h"

#include <signal.h>
#include <sys/types.h>

#define A      "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B      "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define IMAGE1 "sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622"
#define LAYER1 "sha256:10e9eba090453f5c15925603eda010497cd203587d11ee8eb403875d39c80c1f"
/* of "hello" */
#define HELLO "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static int folder = -1;

static void setup(void)
{
	scratch_make();
	folder = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(folder >= 0);
	make_file("oci-layout", "{\"imageLayoutVersion\": \"1.0.0\"}\n");
	make_file("index.json", "{\"schemaVersion\":2,\"manifests\":[]}");
	make_dir("blobs", 0755, geteuid(), getegid());
	make_dir("blobs/sha256", 0755, geteuid(), getegid());
	alarm(20); /* a FIFO must not hold us */
}

static void teardown(void)
{
	close(folder);
	scratch_drop();
}

TestSuite(image_layout, .init = setup, .fini = teardown);

static const char *blob(const char *digest)
{
	static char path[128];

	snprintf(path, sizeof(path), "blobs/sha256/%s", digest + 7);
	return path;
}

static int open_fixture(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/image/fixtures/%s", load_srcdir(), name);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

#define ENTRY(digest, more) "{\"digest\":\"" digest "\",\"size\":5" more "}"
#define TAG(tag)	    ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" tag "\"}"
#define KIND(kind)	    ",\"annotations\":{\"kind\":\"dev.cosignproject.cosign/" kind "\"}"
#define INDEX(entries)	    "{\"schemaVersion\":2,\"manifests\":[" entries "]}"

/* index.json, a tag, and the digest it stands for, or words of the refusal. */
static const struct {
	const char *index, *tag, *digest, *words;
} lookups[] = {
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(B, TAG("v2"))), "v1", A, NULL},
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(B, TAG("v2"))), "v2", B, NULL},
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(B, TAG("v2"))), "V1", NULL, "has: v1, v2"},
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(B, TAG("v2"))), NULL, NULL, "several images"},
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(B, TAG("v1"))), "v1", NULL, "the tag twice"},
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(A, TAG("v1"))), "v1", A, NULL},
	{INDEX(ENTRY(A, TAG("v1")) "," ENTRY(A, TAG("v2"))), NULL, A, NULL},
	{INDEX(ENTRY(A, "")), NULL, A, NULL},
	{INDEX(ENTRY(A, "")), "v1", NULL, "no tag"},
	{INDEX(ENTRY(A, "")), "", A, NULL},
	{INDEX(""), NULL, NULL, "there is no image"},
	{INDEX(ENTRY(A, TAG("registry.example:5000/pay/app:v1"))),
	 "registry.example:5000/pay/app:v1", A, NULL},
	/* what `cosign save` puts beside the image, and what registries keep about it */
	{INDEX(ENTRY(A, KIND("image")) "," ENTRY(B, KIND("sigs"))), NULL, A, NULL},
	{INDEX(ENTRY(A, KIND("atts")) "," ENTRY(B, KIND("imageIndex"))), NULL, B, NULL},
	{INDEX(ENTRY(A, KIND("sigs"))), NULL, NULL, "there is no image"},
	{INDEX(ENTRY(A, "") "," ENTRY(B, TAG("sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					     "aaaaaaaaaaaaaaaaaaaa.sig"))),
	 NULL, A, NULL},
	{INDEX(ENTRY(A, "") "," ENTRY(B, TAG("sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					     "aaaaaaaaaaaaaaaaaaaa"))),
	 NULL, A, NULL},
	{INDEX(ENTRY(A, "") "," ENTRY(B, TAG("sha256-aa.sig"))), NULL, NULL, "several images"},
	{INDEX(ENTRY(A, "") "," ENTRY(B, ",\"artifactType\":\"application/x\"")), NULL, A, NULL},
	{INDEX(ENTRY(A, ",\"annotations\":[1]")), NULL, A, NULL},
	{INDEX(ENTRY(A, ",\"annotations\":{\"kind\":7}")), NULL, A, NULL},
	{INDEX(ENTRY(A, TAG("a permission denied b"))), "v1", NULL, "permission\\x20denied"},
};

static void check_lookups(const __typeof__(lookups[0]) *row, size_t i)
{
	char digest[IMAGE_DIGEST_SIZE] = "";
	struct layout layout = {0};
	struct hr_error err = {0};
	int result;

	setup();
	make_file("index.json", row->index);
	cr_assert_ok(layout_open(folder, &layout, &err), err);
	result = layout_find(&layout, row->tag, digest, &err);
	if (row->words)
		expect_error(result, &err, HR_SPEC, row->words);
	else
		cr_expect_str_eq(digest, row->digest, "row %zu: %s", i, err.msg);
	layout_done(&layout);
	teardown();
}
ROWS(image_layout_find, lookups)

static const struct {
	const char *file, *text, *words;
} refused[] = {
	{"oci-layout", "{}", "imageLayoutVersion is missing"},
	{"oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}", "imageLayoutVersion is 2.0.0"},
	{"oci-layout", "{\"imageLayoutVersion\":\"1.0.0\\n\"}", "imageLayoutVersion is 1.0.0"},
	{"oci-layout", "{\"imageLayoutVersion\":1}", "imageLayoutVersion is missing"},
	{"oci-layout", "", "oci-layout:1:1"},
	{"oci-layout", "[]", "is no object"},
	{"oci-layout", NULL, "no OCI layout: there is no oci-layout"},
	{"index.json", NULL, "no OCI layout: there is no index.json"},
	{"index.json", "", "index.json:1:1"},
	{"index.json", "{}", "no list of manifests"},
	{"index.json", "{\"manifests\":{}}", "no list of manifests"},
	{"index.json", "{\"Manifests\":[],\"manifests\":[]}", "read as another: Manifests"},
	{"index.json", "{\"manifests\":[],\"manifests\":[]}", "index.json:1:"},
	{"index.json", INDEX("1"), "is no descriptor"},
	{"index.json", INDEX("{}"), "without a digest"},
	{"index.json", INDEX(ENTRY("sha256:../../../../etc/passwd", "")), "no sha256 digest"},
	{"index.json", INDEX(ENTRY(A, ",\"Digest\":\"" B "\"")), "read as another: Digest"},
	{"index.json", INDEX(ENTRY(A, ",\"Annotations\":{}")), "read as another: Annotations"},
	{"index.json",
	 INDEX(ENTRY(A, ",\"annotations\":{\"org.opencontainers.image.ref.NAME\":\"v1\"}")),
	 "read as another: "},
	{"index.json",
	 "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"manifests\":[]}",
	 "mediaType is not that of an index"},
	{"index.json", "{\"mediaType\":1,\"manifests\":[]}", "mediaType is not that of an index"},
};

static void check_refused(const __typeof__(refused[0]) *row, size_t i)
{
	struct layout layout = {.count = 77};
	struct hr_error err = {0};

	(void)i;
	setup();
	if (row->text)
		make_file(row->file, row->text);
	else
		unlink(in_scratch(row->file));
	expect_error(layout_open(folder, &layout, &err), &err, HR_SPEC, row->words);
	cr_expect_eq(layout.count, 77);
	teardown();
}
ROWS(image_layout_open, refused)

Test(image_layout, too_large)
{
	struct layout layout = {0};
	struct hr_error err = {0};

	cr_assert_eq(truncate(in_scratch("index.json"), 4 * 1024 * 1024 + 1), 0);
	expect_error(layout_open(folder, &layout, &err), &err, HR_SPEC, "larger than");
}

Test(image_layout, long_tag)
{
	char tag[300], text[600];
	struct layout layout = {0};
	struct hr_error err = {0};

	memset(tag, 'a', sizeof(tag));
	tag[sizeof(tag) - 1] = '\0';
	snprintf(text, sizeof(text), INDEX(ENTRY(A, TAG("%s"))), tag);
	make_file("index.json", text);
	expect_error(layout_open(folder, &layout, &err), &err, HR_SPEC, "a tag of 299 bytes");
}

/* In the place of each file of a layout in turn. */
static const char *const places[] = {"oci-layout", "index.json"};

static void expect_untrusted(const char *words)
{
	struct layout layout = {0};
	struct hr_error err = {0};

	expect_error(layout_open(folder, &layout, &err), &err, HR_UNTRUSTED, words);
}

Test(image_layout, links)
{
	for (size_t i = 0; i < hr_count(places); i++) {
		rename(in_scratch(places[i]), in_scratch("aside"));
		make_link(places[i], "aside");
		expect_untrusted("symbolic link");
		unlink(in_scratch(places[i]));
		rename(in_scratch("aside"), in_scratch(places[i]));
	}
}

Test(image_layout, pipes_and_directories)
{
	for (size_t i = 0; i < hr_count(places); i++) {
		rename(in_scratch(places[i]), in_scratch("aside"));
		cr_assert_eq(mkfifo(in_scratch(places[i]), 0644), 0);
		expect_untrusted("not a regular file");
		unlink(in_scratch(places[i]));
		cr_assert_eq(mkdir(in_scratch(places[i]), 0755), 0);
		expect_untrusted("not a regular file");
		rmdir(in_scratch(places[i]));
		rename(in_scratch("aside"), in_scratch(places[i]));
	}
}

/* ---- blobs ----------------------------------------------------------------------------- */

static enum content_result read_blob(const char *digest, size_t max, struct hr_error *err)
{
	struct layout layout = {.fd = folder};
	struct content content = layout_content(&layout);
	hr_autofree char *bytes = NULL;
	size_t len = 0;
	enum content_result result = content_read(&content, digest, max, &bytes, &len, err);

	if (result == CONTENT_READ)
		cr_expect(len == 5 && memcmp(bytes, "hello", 5) == 0);
	return result;
}

static enum content_result check_blob(const char *digest, int64_t size, struct hr_error *err)
{
	struct layout layout = {.fd = folder};

	return layout_check(&layout, digest, size, err);
}

Test(image_layout, blobs)
{
	struct hr_error err = {0}, other = {0}, third = {0}, fourth = {0};

	make_file(blob(HELLO), "hello");
	make_file(blob(A), "hello");
	cr_expect_eq(read_blob(HELLO, 5, &err), CONTENT_READ, "%s", err.msg);
	cr_expect_eq(check_blob(HELLO, 5, &err), CONTENT_READ, "%s", err.msg);
	cr_expect_eq(check_blob(HELLO, -1, &err), CONTENT_READ, "%s", err.msg);
	cr_expect_eq(read_blob(B, 5, &err), CONTENT_NONE);
	cr_expect_eq(check_blob(B, 5, &err), CONTENT_NONE);
	cr_expect_eq(err.code, HR_OK);
	cr_expect_eq(read_blob(HELLO, 4, &err), CONTENT_FAILED);
	cr_expect_eq(err.code, HR_SPEC, "%s", err.msg);
	cr_expect_eq(read_blob(A, 5, &other), CONTENT_FAILED);
	cr_expect_eq(other.code, HR_SPEC, "%s", other.msg);
	cr_expect_eq(check_blob(A, 5, &third), CONTENT_FAILED);
	expect_error(-1, &third, HR_SPEC, "damaged: its content has the digest " HELLO);
	cr_expect_eq(check_blob(HELLO, 6, &fourth), CONTENT_FAILED);
	expect_error(-1, &fourth, HR_SPEC, "5 bytes, and its descriptor says 6");
}

Test(image_layout, empty_blob)
{
	struct hr_error err = {0};

	make_file(blob("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
		  "");
	cr_expect_eq(
		check_blob(
			"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			0, &err),
		CONTENT_READ, "%s", err.msg);
}

static void expect_untrusted_blob(const char *words)
{
	struct hr_error err = {0}, other = {0};

	cr_expect_eq(read_blob(HELLO, 5, &err), CONTENT_FAILED);
	expect_error(-1, &err, HR_UNTRUSTED, words);
	cr_expect_eq(check_blob(HELLO, 5, &other), CONTENT_FAILED);
	expect_error(-1, &other, HR_UNTRUSTED, words);
}

Test(image_layout, blob_is_a_link)
{
	make_file("aside", "hello");
	make_link(blob(HELLO), "../../aside");
	expect_untrusted_blob("symbolic link");
	unlink(in_scratch(blob(HELLO)));
	make_link(blob(HELLO), "/proc/self/fd/0");
	expect_untrusted_blob("symbolic link");
	unlink(in_scratch(blob(HELLO)));
	cr_assert_eq(mkfifo(in_scratch(blob(HELLO)), 0644), 0);
	expect_untrusted_blob("not a regular file");
}

Test(image_layout, directory_is_a_link)
{
	cr_assert_eq(rmdir(in_scratch("blobs/sha256")), 0);
	make_dir("elsewhere", 0755, geteuid(), getegid());
	make_file("elsewhere/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		  "hello");
	make_link("blobs/sha256", "../elsewhere");
	expect_untrusted_blob("symbolic link");
}

Test(image_layout, unreadable)
{
	struct hr_error err = {0};
	struct layout layout = {0};

	need_root();
	cr_assert_eq(chmod(in_scratch("index.json"), 0600), 0);
	cr_assert_eq(seteuid(65534), 0);
	expect_error(layout_open(folder, &layout, &err), &err, HR_SYSTEM, "chmod -R a+rX");
	cr_assert_eq(seteuid(0), 0);
}

/* ---- what tools wrote ------------------------------------------------------------------ */

static const struct {
	const char *name, *tag, *digest, *kind;
	size_t count;
} saved[] = {
	{"image", "v1", IMAGE1, "", 3},
	{"cosign-save/legacy-p256", NULL, IMAGE1, "dev.cosignproject.cosign/image", 2},
	{"cosign-save/legacy-index", NULL,
	 "sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212",
	 "dev.cosignproject.cosign/imageIndex", 2},
};

static void check_saved(const __typeof__(saved[0]) *row, size_t i)
{
	hr_autoclose int fd = open_fixture(row->name);
	char digest[IMAGE_DIGEST_SIZE];
	struct layout layout = {0};
	struct hr_error err = {0};

	(void)i;
	cr_assert(fd >= 0, "%s", row->name);
	cr_assert_ok(layout_open(fd, &layout, &err), err);
	cr_expect_eq(layout.count, row->count);
	cr_expect_str_eq(layout.entries[0].kind, row->kind);
	cr_assert_ok(layout_find(&layout, row->tag, digest, &err), err);
	cr_expect_str_eq(digest, row->digest);
	cr_expect_eq(layout_check(&layout, LAYER1, 136, &err), CONTENT_READ, "%s", err.msg);
	layout_done(&layout);
}
ROWS(image_layout_saved, saved)
