/* SPDX-License-Identifier: Apache-2.0 */
/* Images that no engine runs: layouts, also altered ones, bundles of umoci, digests alone. */
#include "image/bind.h"

#include "image/layout.h"
#include "load.h"
#include "unit.h"

#define IMAGE1 "sha256:93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622"
#define ARM64  "sha256:c9a648322f2999d65f6220863dc937f13db0f57b0f57030777c8bc9adb0d6335"
#define CONFIG "sha256:1e8435d60abe24c0ee52ce0b272b2a32f0d7f5afcf2316f001dcd2070e75303b"
#define LIST   "sha256:928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212"
#define EVIL   "sha256:c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7"
#define SIGS   "sha256:924cb6be6e96c4c658c2fe8fa9bcdab0f31b9cd307e311f60d3a980f4c16e0ea"
#define OTHERS "sha256:84382ae17fbf0ed3c07015071db929b109a721f4f57a5dc224be0883071645ff"
#define NOBODY "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME   "registry.example/pay/app:v1"
#define OCI    "application/vnd.oci.image."

static int open_fixture(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/tests/image/fixtures/%s", load_srcdir(), name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0, "%s", path);
	return fd;
}

static void expect_code(enum bind_code code, enum bind_code wanted, const struct hr_error *err,
			const char *words)
{
	cr_expect_eq(code, wanted, "code %u, wanted %u: %s", code, wanted, err->msg);
	cr_expect_not_null(strstr(err->msg, words), "wanted \"%s\", got: %s", words, err->msg);
	cr_expect_eq(code == BIND_OK, err->code == HR_OK);
	expect_no_trap(err->msg);
}

/* ---- layouts --------------------------------------------------------------------------- */

static const struct {
	const char *layout, *tag, *digest;
	enum bind_code code;
	const char *words; /* of the refusal; of the first candidate: its digest */
	size_t count;
} layouts[] = {
	{"image", "v1", NULL, BIND_OK, IMAGE1, 1},
	{"image", "v1-arm64", NULL, BIND_OK, ARM64, 1},
	{"image", NULL, IMAGE1, BIND_OK, IMAGE1, 1},
	{"image", "v1", IMAGE1, BIND_OK, IMAGE1, 1},
	{"image", "v1", EVIL, BIND_UNBOUND, "the tag stands for " IMAGE1, 0},
	{"image", "v2", NULL, BIND_UNBOUND, "has: v1, v1-arm64, evil", 0},
	{"image", NULL, NULL, BIND_UNBOUND, "several images", 0},
	{"image", NULL, LIST, BIND_OK, IMAGE1, 2},
	{"image", NULL, NOBODY, BIND_UNBOUND, "whose content is gone", 0},
	{"image", NULL, CONFIG, BIND_DAMAGED, CONFIG ": manifest:1:1", 0},
	{"image", NULL, "sha256:..", BIND_UNBOUND, "no sha256 digest", 0},
	{"image/blobs", "v1", NULL, BIND_UNBOUND, "the folder that holds oci-layout", 0},
	{"cosign-save/legacy-p256", NULL, NULL, BIND_OK, IMAGE1, 1},
	{"cosign-save/legacy-p256", NULL, SIGS, BIND_UNBOUND, "is no container image", 0},
	{"cosign-save/legacy-index", NULL, NULL, BIND_OK, IMAGE1, 2},
	/* tampered/CASES.tsv */
	{"tampered/image-layer-altered", "v1", NULL, BIND_DAMAGED, "damaged: its content has", 0},
	{"tampered/image-layer-altered", NULL, LIST, BIND_DAMAGED, "damaged: its content has", 0},
	{"tampered/image-layer-altered", "evil", NULL, BIND_OK, EVIL, 1},
	{"tampered/image-config-altered", "v1", NULL, BIND_DAMAGED, CONFIG + 7, 0},
	{"tampered/image-manifest-altered", "v1", NULL, BIND_DAMAGED, IMAGE1, 0},
	{"tampered/image-manifest-altered", NULL, LIST, BIND_DAMAGED, IMAGE1, 0},
	{"tampered/image-index-lists-evil", NULL, OTHERS, BIND_OK, EVIL, 2},
	{"tampered/image-missing-config", "v1", NULL, BIND_UNBOUND, "is not in the layout", 0},
	{"tampered/image-missing-config", NULL, LIST, BIND_UNBOUND, "is not in the layout", 0},
};

static void check_layouts(const __typeof__(layouts[0]) *row, size_t i)
{
	hr_autoclose int fd = open_fixture(row->layout);
	struct binding binding = {0};
	struct hr_error err = {0};
	enum bind_code code = bind_layout(fd, row->tag, row->digest, NAME, &binding, &err);

	expect_code(code, row->code, &err, code == BIND_OK ? "" : row->words);
	cr_expect_str_eq(binding.source, "layout");
	cr_expect_not(binding.config_known);
	if (row->code == BIND_OK) {
		cr_assert_eq(binding.count, row->count, "row %zu: %zu", i, binding.count);
		cr_expect_str_eq(binding.candidates[0].manifest.digest, row->words);
		cr_expect(image_digest_sound(binding.candidates[0].config));
		cr_expect_eq(binding.candidates[0].index_count, row->count > 1);
		cr_expect_eq(binding.name_count, 1);
		cr_expect_str_eq(binding.names[0], NAME);
	}
	binding_done(&binding);
}
ROWS(image_bind_layout, layouts)

/* The blob's digest, good until the next but three. */
static const char *put_blob(const char *bytes)
{
	static char digests[4][IMAGE_DIGEST_SIZE];
	static unsigned turn;
	char *digest = digests[turn++ % 4], name[128];

	image_digest_of(bytes, strlen(bytes), digest);
	snprintf(name, sizeof(name), "blobs/sha256/%s", digest + 7);
	make_file(name, bytes);
	return digest;
}

/* A layout of one image with one layer there and one that is not, of this type. */
static void make_layout(const char *type)
{
	const char *layer = put_blob("a layer");
	char text[2048];

	snprintf(text, sizeof(text),
		 "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"" NOBODY "\"]}}", layer);
	snprintf(text, sizeof(text),
		 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" OCI
		 "config.v1+json\",\"digest\":\"%s\"},\"layers\":[{\"mediaType\":\"" OCI
		 "layer.v1.tar\",\"digest\":\"%s\",\"size\":7},{\"mediaType\":\"%s\","
		 "\"digest\":\"" NOBODY "\",\"size\":9}]}",
		 put_blob(text), layer, type);
	layer = put_blob(text);
	snprintf(text, sizeof(text), "{\"manifests\":[{\"digest\":\"%s\"}]}", layer);
	make_file("index.json", text);
	make_file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
}

/* Layers that must not be handed on are left out of layouts. */
Test(image_bind_layout, foreign_layers, .init = scratch_make, .fini = scratch_drop)
{
	static const struct {
		const char *type, *words; /* NULL: bound */
	} rows[] = {
		{OCI "layer.v1.tar", "the layer " NOBODY " is not in the layout"},
		{OCI "layer.nondistributable.v1.tar", NULL},
		{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", NULL},
	};
	hr_autoclose int fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_dir("blobs", 0755, geteuid(), getegid());
	make_dir("blobs/sha256", 0755, geteuid(), getegid());
	for (size_t i = 0; i < hr_count(rows); i++) {
		struct binding binding = {0};
		struct hr_error err = {0};
		enum bind_code code;

		make_layout(rows[i].type);
		code = bind_layout(fd, NULL, NULL, NULL, &binding, &err);
		expect_code(code, rows[i].words ? BIND_UNBOUND : BIND_OK, &err,
			    rows[i].words ? rows[i].words : "");
		binding_done(&binding);
	}
}

/* ---- bundles of umoci ------------------------------------------------------------------ */

static char *list_bytes, *image_bytes;

static enum content_result stored(void *self, const char *digest, size_t max, char **ret,
				  size_t *ret_len, struct hr_error *err)
{
	const char *bytes = strcmp(digest, LIST) == 0	  ? list_bytes
			    : strcmp(digest, IMAGE1) == 0 ? image_bytes
							  : NULL;

	(void)self;
	(void)max;
	(void)err;
	if (!bytes)
		return CONTENT_NONE;
	*ret = strdup(bytes);
	*ret_len = strlen(bytes);
	return CONTENT_READ;
}
static const struct content store = {.read = stored};

static void setup(void)
{
	char directory[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s/tests/image/fixtures/image/blobs/sha256",
		 load_srcdir());
	list_bytes = load_text(directory, LIST + 7);
	image_bytes = load_text(directory, IMAGE1 + 7);
	cr_assert(list_bytes && image_bytes);
	scratch_make();
}

static void teardown(void)
{
	free(list_bytes);
	free(image_bytes);
	scratch_drop();
}

#define STEP(kind, digest, size) \
	"{\"mediaType\":\"" OCI kind ".v1+json\",\"digest\":\"" digest "\",\"size\":" size "}"
/* As umoci 0.4.7 writes it. */
#define UMOCI(steps)                                                                           \
	"{\"umoci_version\":\"2\",\"from_descriptor_path\":{\"descriptor_walk\":[" steps "]}," \
	"\"map_options\":{\"uid_mappings\":null,\"gid_mappings\":null,\"rootless\":false},"    \
	"\"whiteout_mode\":0}"

static const struct {
	const char *text; /* NULL: none */
	enum bind_code code;
	const char *words; /* of a refusal */
	const char *digest;
	size_t indexes;
	bool at_hand;
} bundles[] = {
	{UMOCI(STEP("manifest", IMAGE1, "555")), BIND_OK, "", IMAGE1, 0, true},
	{UMOCI(STEP("index", LIST, "491") "," STEP("manifest", IMAGE1, "555")), BIND_OK, "", IMAGE1,
	 1, true},
	{UMOCI(STEP("manifest", ARM64, "555")), BIND_OK, "", ARM64, 0, false},
	{UMOCI(STEP("index", LIST, "491") "," STEP("manifest", ARM64, "555")), BIND_OK, "", ARM64,
	 1, false},
	/* the index does not list it */
	{UMOCI(STEP("index", LIST, "491") "," STEP("manifest", EVIL, "401")), BIND_OK, "", EVIL, 0,
	 false},
	{NULL, BIND_UNBOUND, "no bundle of umoci", NULL, 0, false},
	{"", BIND_DAMAGED, "umoci.json:1:1", NULL, 0, false},
	{"{}", BIND_DAMAGED, "does not say from what", NULL, 0, false},
	{UMOCI(""), BIND_DAMAGED, "does not say from what", NULL, 0, false},
	{"{\"from_descriptor_path\":{\"descriptor_walk\":{}}}", BIND_DAMAGED,
	 "does not say from what", NULL, 0, false},
	{"{\"from_descriptor_path\":[{\"descriptor_walk\":1}]}", BIND_DAMAGED,
	 "does not say from what", NULL, 0, false},
	{"{\"From_Descriptor_Path\":{}}", BIND_DAMAGED, "read as another", NULL, 0, false},
	{UMOCI("1"), BIND_DAMAGED, "is no descriptor", NULL, 0, false},
	{UMOCI(STEP("index", LIST, "491")), BIND_DAMAGED, "no manifest of an image", NULL, 0,
	 false},
	{UMOCI(STEP("manifest", LIST, "491")), BIND_DAMAGED, "is an index", NULL, 0, false},
	{UMOCI(STEP("manifest", IMAGE1, "554")), BIND_DAMAGED, "its descriptor says 554", NULL, 0,
	 false},
	{UMOCI(STEP("manifest", "sha512:aa", "1")), BIND_DAMAGED, "is no sha256 digest", NULL, 0,
	 false},
	{UMOCI("{\"digest\":\"" IMAGE1 "\"}"), BIND_DAMAGED, "no manifest of an image", NULL, 0,
	 false},
};

static void check_bundle(int fd, const __typeof__(bundles[0]) *row)
{
	struct binding binding = {0};
	struct hr_error err = {0};
	enum bind_code code = bind_umoci(fd, NAME, &store, &binding, &err);

	expect_code(code, row->code, &err, row->words);
	cr_expect_str_eq(binding.source, "umoci");
	if (code == BIND_OK) {
		cr_assert_eq(binding.count, 1);
		cr_expect_str_eq(binding.candidates[0].manifest.digest, row->digest);
		cr_expect_eq(binding.candidates[0].manifest.bytes != NULL, row->at_hand);
		cr_expect_eq(binding.candidates[0].index_count, row->indexes);
		cr_expect_str_eq(binding.candidates[0].config, row->at_hand ? CONFIG : "");
	}
	binding_done(&binding);
}

/* By the directory, and by the file. */
static void check_bundles(const __typeof__(bundles[0]) *row, size_t i)
{
	hr_autoclose int directory = -1, file = -1;

	(void)i;
	setup();
	if (row->text)
		make_file("umoci.json", row->text);
	directory = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check_bundle(directory, row);
	file = open(in_scratch("umoci.json"), O_RDONLY | O_CLOEXEC);
	if (row->text)
		check_bundle(file, row);
	teardown();
}
ROWS(image_bind_layout, bundles)

/* ---- a digest alone -------------------------------------------------------------------- */

static const struct {
	const char *digest, *name;
	bool at_hand;
	size_t names;
	const char *words; /* of a refusal */
} descriptors[] = {
	{IMAGE1, NAME, true, 1, NULL},
	{LIST, NAME, true, 1, NULL},
	{EVIL, NAME, false, 1, NULL},
	{EVIL, NULL, false, 0, NULL},
	{EVIL, "", false, 0, NULL},
	{EVIL, IMAGE1, false, 0, NULL},
	{"", NAME, false, 0, "no sha256 digest"},
	{"sha256:93958635", NAME, false, 0, "no sha256 digest"},
};

static void check_descriptors(const __typeof__(descriptors[0]) *row, size_t i)
{
	struct binding binding = {0};
	struct hr_error err = {0};
	enum bind_code code;

	(void)i;
	setup();
	code = bind_descriptor(row->digest, row->name, &store, &binding, &err);
	expect_code(code, row->words ? BIND_UNBOUND : BIND_OK, &err, row->words ? row->words : "");
	cr_expect_str_eq(binding.source, "descriptor");
	if (code == BIND_OK) {
		cr_assert_eq(binding.count, 1);
		cr_expect_eq(binding.name_count, row->names);
		cr_expect_str_eq(binding.candidates[0].manifest.digest, row->digest);
		cr_expect_eq(binding.candidates[0].manifest.bytes != NULL, row->at_hand);
		cr_expect_str_eq(binding.candidates[0].config,
				 strcmp(row->digest, IMAGE1) == 0 ? CONFIG : "");
	}
	binding_done(&binding);
	teardown();
}
ROWS(image_bind_layout, descriptors)
