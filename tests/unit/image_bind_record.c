/* SPDX-License-Identifier: Apache-2.0 */
/* From a container's record to its image: records, snapshots, names, and what is recorded. */
#include "image_bind.h"

#include "load.h"

TestSuite(image_bind_record, .init = setup, .fini = teardown);

/* ---- containers and snapshots ---------------------------------------------------------- */

Test(image_bind_record, snapshots)
{
	const char *top = fake.snapshots[2].name;

	fake.snapshots[3].value = "";
	expect_code(BIND_UNBOUND, "stands on no layer");
	fake.snapshots[3].value = fake_text("%s-100000-100000", top);
	fake_snapshot(fake.snapshots[3].value, top);
	expect_code(BIND_UNBOUND, "is no layer of an image");
	fake.snapshots[3].value = fake_digest("a copy");
	fake_snapshot(fake.snapshots[3].value, top);
	expect_code(BIND_UNBOUND, "has other layers than the container");
	fake.snapshots[3].value = fake.snapshots[1].name;
	expect_code(BIND_UNBOUND, "has other layers than the container");
	fake.snapshots[3].value = fake_digest("gone");
	expect_code(BIND_UNBOUND, "has no snapshot sha256:");
	fake.snapshots[3].value = top;
	fake.snapshots[0].value = top;
	expect_code(BIND_UNBOUND, "more than 512 snapshots");
	/* one more below the lowest layer */
	fake.snapshots[0].value = fake_digest("below");
	fake_snapshot(fake.snapshots[0].value, "");
	expect_code(BIND_UNBOUND, "has other layers than the container");
	by_cri(config);
	expect_code(BIND_UNBOUND, "are not the 4 snapshots below the container");
	fake.snapshots[0].value = "";
	expect_bound(1, true);
}

Test(image_bind_record, no_container)
{
	fake.key = "";
	expect_code(BIND_UNBOUND, "has no snapshot in containerd");
	fake.key = "c1";
	fake.snapshotter = "";
	expect_code(BIND_UNBOUND, "has no snapshot in containerd");
	fake.key = NULL;
	expect_code(BIND_UNBOUND, "no record of the container c1");
}

Test(image_bind_record, unreachable)
{
	static const char *const calls[] = {"container", "image", "parent",
					    "mounts",	 "list",  "read"};

	for (size_t i = 0; i < 2 * hr_count(calls); i++) {
		fake.failing = calls[i / 2];
		fake.cri = i % 2 ? fake_cri(config, "") : NULL;
		expect_code(BIND_UNREACHABLE, "no answer");
	}
}

/* ---- a second place -------------------------------------------------------------------- */

static const char *stored_digest, *stored_bytes;

static enum content_result stored(void *self, const char *digest, size_t max, char **ret,
				  size_t *ret_len, struct hr_error *err)
{
	(void)self;
	(void)max;
	if (strcmp(stored_bytes, "fails") == 0)
		return hr_fail(err, HR_SYSTEM, "fails"), CONTENT_FAILED;
	if (strcmp(digest, stored_digest) != 0)
		return CONTENT_NONE;
	*ret = strdup(stored_bytes);
	*ret_len = strlen(stored_bytes);
	return CONTENT_READ;
}

Test(image_bind_record, store)
{
	struct content store = {.read = stored};

	stored_digest = image;
	stored_bytes = fake_find(image)->bytes;
	fake_remove(image);
	expect_code(BIND_UNBOUND, "whose content is gone");
	cr_expect_eq(run(&store), BIND_OK, "%s", error.msg);
	by_cri(config);
	cr_expect_eq(run(&store), BIND_OK, "%s", error.msg);
	stored_bytes = "damaged";
	cr_expect_eq(run(&store), BIND_UNBOUND, "%s", error.msg);
	stored_bytes = "fails";
	cr_expect_eq(run(&store), BIND_UNBOUND, "%s", error.msg);
}

/* What the store knows of other platforms is not on the node. */
Test(image_bind_record, store_of_another_platform)
{
	struct content store = {.read = stored};

	fake_image(NAME, fake_index_of(image, hostile));
	stored_digest = hostile;
	stored_bytes = fake_find(hostile)->bytes;
	fake_remove(hostile);
	fake_remove(other);
	cr_expect_eq(run(&store), BIND_OK, "%s", error.msg);
	cr_expect_eq(binding.count, 1);
}

/* ---- names ----------------------------------------------------------------------------- */

#define HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Names of the container, and those that are left: joined by blanks. */
static const struct {
	const char *image, *user, *wanted;
} names[] = {
	{NAME, "", NAME},
	{NAME, ",\"user_specified_image\":\"" NAME "\"", NAME},
	{NAME, ",\"user_specified_image\":\"other/app@sha256:" HEX64 "\"",
	 "other/app@sha256:" HEX64},
	{"", ",\"user_specified_image\":\"redis\"", "redis"},
	{"sha256:" HEX64, "", ""},
	{HEX64, ",\"user_specified_image\":\"sha256:" HEX64 "\"", ""},
	{HEX64, ",\"user_specified_image\":\"deadbeef\"", "deadbeef"},
	{"sha256:v1", "", "sha256:v1"},
	{NAME, ",\"user_specified_image\":7", NAME},
	{NAME, ",\"user_specified_image\":\"b\"}},\"ImageName\":\"c\",\"x\":{\"y\":{", "b"},
	{NAME, "}},\"ImageName\":\"c\",\"x\":{\"y\":{", NAME " c"},
};

static void check_names(const __typeof__(names[0]) *row, size_t i)
{
	const char *found = "";

	setup();
	fake.image = row->image;
	fake.cri = fake_cri(config, row->user);
	cr_assert_eq(run(NULL), BIND_OK, "%s", error.msg);
	for (size_t j = 0; j < binding.name_count; j++)
		found = fake_text("%s%s%s", found, j > 0 ? " " : "", binding.names[j]);
	cr_expect_str_eq(found, row->wanted, "row %zu: %s", i, found);
	teardown();
}
ROWS(image_bind_record, names)

/* crictl takes an id that is cut anywhere. */
Test(image_bind_record, short_ids)
{
	fake.image = fake_text("%.20s", config);
	by_cri(config);
	expect_bound(1, true);
	cr_expect_eq(binding.name_count, 0);
	fake.image = fake_text("%.12s", config + 7);
	expect_bound(1, true);
	cr_expect_eq(binding.name_count, 0);
}

/* ---- CRI's record ---------------------------------------------------------------------- */

Test(image_bind_record, sandbox)
{
	fake.cri = "{\"Version\":\"v1\",\"Metadata\":{\"ID\":\"c1\",\"Name\":\"pod\",\"Config\":{"
		   "\"metadata\":{\"name\":\"pod\"}},\"NetNSPath\":\"/run/netns/x\"}}";
	expect_bound(1, false);
	cr_expect_eq(binding.name_count, 1);
}

/* As containerd has it after 2.2. */
Test(image_bind_record, digest_of_the_image)
{
	const char *index = fake_index_of(image, hostile);

	fake.image_count = 0;
	fake_find(image)->labels[0].name = NULL;
	fake_find(index)->labels[0].name = NULL;
	fake.cri = fake_text("{\"Version\":\"v1\",\"Metadata\":{\"ID\":\"c1\",\"ImageRef\":\"%s\","
			     "\"ImageDigest\":\"%s\",\"ImageName\":\"" NAME "\"}}",
			     config, index);
	expect_bound(1, true);
	cr_expect(has_index(image, index));
	fake.cri = fake_text("{\"Version\":\"v1\",\"Metadata\":{\"ID\":\"c1\",\"ImageRef\":\"%s\","
			     "\"ImageDigest\":\"registry.example/pay/app@%s\"}}",
			     config, index);
	expect_bound(1, true);
}

static const struct {
	const char *cri, *words;
} odd_records[] = {
	{"", "CRI's record:1:1"},
	{"{}", "unknown version"},
	{"[]", "unknown version"},
	{"{\"Version\":\"v2\",\"Metadata\":{}}", "unknown version"},
	{"{\"Version\":\"v1\",\"Metadata\":[]}", "unknown version"},
	{"{\"Version\":\"v1\"}", "unknown version"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"ID\":\"c2\"}}", "about another container"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"ImageRef\":\"\"}}", "no image by its digest"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"ImageRef\":1}}", "no image by its digest"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"ImageRef\":\"app:v1\"}}", "no image by its digest"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"imageref\":\"\"}}", "read as another"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"ImageRef\":\"a\",\"ImageRef\":\"b\"}}",
	 "CRI's record:1:"},
	{"{\"Version\":\"v1\",\"Metadata\":{\"Config\":{\"a\":\"\\u0000\"}}}", "CRI's record:1:"},
};

static void check_odd_records(const __typeof__(odd_records[0]) *row, size_t i)
{
	(void)i;
	setup();
	fake.cri = row->cri;
	expect_code(BIND_UNBOUND, row->words);
	teardown();
}
ROWS(image_bind_record, odd_records)

/* ---- what containerd's CRI wrote ------------------------------------------------------- */

static char *decode_base64(const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *bytes = calloc(strlen(text) + 1, 1), *at = bytes;
	unsigned bits = 0, value = 0;

	for (; *text && *text != '='; text++) {
		value = value << 6 | (unsigned)(strchr(digits, *text) - digits);
		bits += 6;
		if (bits >= 8)
			*at++ = (char)(value >> (bits -= 8));
	}
	return bytes;
}

static const struct {
	const char *file, *name, *config; /* of the image; NULL: a sandbox */
} recorded[] = {
	{"cri-1.6.20.old", "127.0.0.1:5055/demo/mut:latest",
	 "sha256:8e23ecf0c26c3820b20cf5fb7859f681c578979721dc7b2e54f3fdec693824ab"},
	{"cri-1.6.20.oldid",
	 "127.0.0.1:5055/demo/"
	 "mut@sha256:3a7381f60911c8a59b07c61ef344b3a1c807a595039ae902896592835e3d070b",
	 "sha256:8e23ecf0c26c3820b20cf5fb7859f681c578979721dc7b2e54f3fdec693824ab"},
	{"cri-1.6.20.sandbox", NULL, NULL},
};

static void load_record(const char *name, struct json_doc **ret)
{
	char directory[PATH_MAX];
	const struct json *root, *extension;

	snprintf(directory, sizeof(directory), "%s/tests/image/fixtures/containerd", load_srcdir());
	*ret = load_json(directory, fake_text("%s.container.json", name));
	cr_assert_not_null(*ret, "%s", name);
	root = json_root(*ret);
	extension = json_get(root, "Extensions");
	fake.cri =
		fake_own(decode_base64(json_string(extension ? extension->first : NULL, "value")));
	fake.image = json_string(root, "Image");
	fake.key = json_string(root, "SnapshotKey");
}

/* The images are not recorded: it is seen what was looked for. */
static void check_recorded(const __typeof__(recorded[0]) *row, size_t i)
{
	struct json_doc *doc = NULL;

	(void)i;
	setup();
	load_record(row->file, &doc);
	fake_snapshot(fake.key, fake.snapshots[2].name);
	fake.id = fake.key;
	cr_expect_eq(bind_containerd(NULL, fake.id, NULL, &binding, &error), BIND_UNBOUND);
	cr_expect_eq(binding.config_known, row->config != NULL);
	cr_expect_not_null(strstr(error.msg, "pull the image again"), "%s", error.msg);
	if (row->config)
		cr_expect_not_null(strstr(error.msg, row->config), "%s", error.msg);
	cr_expect_eq(binding.name_count, 1);
	cr_expect_str_eq(binding.names[0], row->name ? row->name : fake.image);
	teardown();
	json_free(doc);
}
ROWS(image_bind_record, recorded)
