/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests, indexes and configurations: what is read of them, and what is refused. */
#include "image/manifest.h"

#include "image/limits.h"
#include "load.h"
#include "unit.h"

#define OCI_IMAGE  "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX  "application/vnd.oci.image.index.v1+json"
#define DOCKER	   "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_LST "application/vnd.docker.distribution.manifest.list.v2+json"
#define OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define A	   "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B	   "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define UPPER	   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HEX128	   UPPER UPPER
#define CONFIG	   "{\"mediaType\":\"" OCI_CONFIG "\",\"digest\":\"" A "\",\"size\":2}"
#define LAYER                                                                                  \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" B "\"," \
	"\"size\":3}"
#define IMAGE(more) "{\"schemaVersion\":2" more ",\"config\":" CONFIG ",\"layers\":[" LAYER "]}"
#define CHILD(type) "{\"mediaType\":\"" type "\",\"digest\":\"" B "\",\"size\":9}"
#define INDEX(more) "{\"schemaVersion\":2" more ",\"manifests\":[" CHILD(OCI_IMAGE) "]}"

/* On the heap and without a NUL: a byte read too far is seen. */
static int read_text(const char *text, struct manifest *ret, struct hr_error *err)
{
	size_t len = strlen(text);
	hr_autofree char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	return manifest_read(copy, len, ret, err);
}

static const struct {
	const char *text;
	enum manifest_kind kind;
	size_t count;
	bool artifact;
} accepted[] = {
	{IMAGE(""), MANIFEST_IMAGE, 1, false},
	{IMAGE(",\"mediaType\":\"" OCI_IMAGE "\""), MANIFEST_IMAGE, 1, false},
	{IMAGE(",\"mediaType\":\"" DOCKER "\""), MANIFEST_IMAGE, 1, false},
	{INDEX(""), MANIFEST_INDEX, 1, false},
	{INDEX(",\"mediaType\":\"" OCI_INDEX "\""), MANIFEST_INDEX, 1, false},
	{INDEX(",\"mediaType\":\"" DOCKER_LST "\""), MANIFEST_INDEX, 1, false},
	/* unknown members, and null ones */
	{IMAGE(",\"x\":[{\"digest\":1}],\"subject\":null,\"manifests\":null"), MANIFEST_IMAGE, 1,
	 false},
	{IMAGE(",\"artifactType\":\"application/x\",\"annotations\":{\"config\":\"\"}"),
	 MANIFEST_IMAGE, 1, false},
	{"{\"schemaVersion\":2,\"manifests\":[]}", MANIFEST_INDEX, 0, false},
	{"{\"schemaVersion\":2,\"config\":" CONFIG "}", MANIFEST_IMAGE, 0, true},
	{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[]}", MANIFEST_IMAGE, 0, true},
	/* the same one twice */
	{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER "," LAYER "]}",
	 MANIFEST_IMAGE, 2, false},
	{"{\"schemaVersion\":2,\"manifests\":[" CHILD(OCI_IMAGE) "," CHILD(OCI_IMAGE) "]}",
	 MANIFEST_INDEX, 2, false},
	/* no size */
	{"{\"schemaVersion\":2,\"config\":{\"digest\":\"" A "\"},\"layers\":[" LAYER "]}",
	 MANIFEST_IMAGE, 1, true},
	/* a signature of cosign, an attestation, a chart */
	{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"mediaType\":"
	 "\"application/vnd.dev.cosign.simplesigning.v1+json\",\"digest\":\"" B "\"}]}",
	 MANIFEST_IMAGE, 1, true},
	{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"mediaType\":"
	 "\"application/vnd.in-toto+json\",\"digest\":\"" B "\"}]}",
	 MANIFEST_IMAGE, 1, true},
	{"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm.config.v1+"
	 "json\",\"digest\":\"" A "\",\"size\":2},\"layers\":[" LAYER "]}",
	 MANIFEST_IMAGE, 1, true},
};

static void check_accepted(const __typeof__(accepted[0]) *row, size_t i)
{
	struct manifest manifest = {0};
	struct hr_error err = {0};

	cr_assert_ok(read_text(row->text, &manifest, &err), err);
	cr_expect_eq(manifest.kind, row->kind, "row %zu", i);
	cr_expect_eq(manifest.count, row->count, "row %zu", i);
	cr_expect_eq(manifest.artifact, row->artifact, "row %zu", i);
	if (row->kind == MANIFEST_IMAGE)
		cr_expect_str_eq(manifest.config, A);
	for (size_t j = 0; j < manifest.count; j++)
		cr_expect_str_eq(manifest.digests[j], B);
	manifest_done(&manifest);
}
ROWS(image_manifest, accepted)

#define WITH_CHILD(child) "{\"schemaVersion\":2,\"manifests\":[" child "]}"

static const struct {
	const char *text, *words;
} refused[] = {
	{"", "manifest:1:1: "},
	{"[]", "is no object"},
	{"{}", "neither a manifest nor an index"},
	{IMAGE("") " {}", "manifest:"},
	{"{\"schemaVersion\":2,\"mediaType\":\"" OCI_IMAGE "\"}", "neither a manifest"},
	{"{\"schemaVersion\":2,\"layers\":[" LAYER "]}", "without a configuration"},
	{"{\"schemaVersion\":2,\"config\":null,\"layers\":[" LAYER "]}", "without a configuration"},
	/* both at once: CVE-2021-41190 */
	{IMAGE(",\"manifests\":[" CHILD(OCI_IMAGE) "]"), "a manifest and an index in one"},
	{IMAGE(",\"manifests\":[]"), "a manifest and an index in one"},
	{INDEX(",\"layers\":[]"), "a manifest and an index in one"},
	{INDEX(",\"config\":{}"), "a manifest and an index in one"},
	/* a mediaType that says otherwise */
	{IMAGE(",\"mediaType\":\"" OCI_INDEX "\""), "a manifest that says it is "},
	{INDEX(",\"mediaType\":\"" OCI_IMAGE "\""), "an index that says it is "},
	{IMAGE(",\"mediaType\":\"application/x\""), "a manifest that says it is "},
	{IMAGE(",\"mediaType\":1"), "mediaType is no string"},
	{IMAGE(",\"mediaType\":\"" OCI_IMAGE "; charset=utf-8\""), "a manifest that says"},
	/* spelled otherwise, twice */
	{IMAGE(",\"Manifests\":[" CHILD(OCI_IMAGE) "]"), "decoders read as another: Manifests"},
	{INDEX(",\"CONFIG\":" CONFIG), "decoders read as another: CONFIG"},
	{INDEX(",\"Layers\":[]"), "decoders read as another: Layers"},
	{IMAGE(",\"mediatype\":\"" OCI_INDEX "\""), "decoders read as another: mediatype"},
	{INDEX(",\"layer\xC5\xBF\":[]"), "decoders read as another: "},
	{INDEX(",\"manife\\u017fts\":[]"), "decoders read as another: "},
	{IMAGE(",\"config\":" CONFIG), "manifest:1:"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"Digest\":\"" B "\"}"), "read as another: Digest"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"digest\":\"" B "\"}"), "manifest:1:"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"SIZE\":1}"), "read as another: SIZE"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"MediaType\":\"\"}"), "read as another: MediaType"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"\xC5\xBFize\":1}"), "read as another: "},
	/* Docker's schema 1, and versions */
	{"{\"schemaVersion\":1,\"name\":\"a\",\"tag\":\"b\",\"fsLayers\":[{\"blobSum\":\"" A
	 "\"}]}",
	 "Docker's schema 1"},
	{"{\"schemaVersion\":1,\"mediaType\":"
	 "\"application/vnd.docker.distribution.manifest.v1+prettyjws\"}",
	 "Docker's schema 1"},
	{"{\"schemaVersion\":1,\"config\":" CONFIG "}", "schemaVersion is not 2"},
	{"{\"config\":" CONFIG "}", "schemaVersion is not 2"},
	{"{\"schemaVersion\":\"2\",\"config\":" CONFIG "}", "schemaVersion is not 2"},
	/* digests */
	{WITH_CHILD("{}"), "without a digest"},
	{WITH_CHILD("1"), "is no descriptor"},
	{WITH_CHILD("null"), "is no descriptor"},
	{WITH_CHILD("{\"digest\":\"sha256:aa\"}"), "is no sha256 digest: sha256:aa"},
	{WITH_CHILD("{\"digest\":\"" A "a\"}"), "is no sha256 digest"},
	{WITH_CHILD("{\"digest\":\"sha256:" UPPER "\"}"), "is no sha256 digest"},
	{WITH_CHILD("{\"digest\":\"sha512:" HEX128 "\"}"), "is no sha256 digest"},
	{WITH_CHILD("{\"digest\":\"../../../etc/shadow\"}"), "is no sha256 digest"},
	{"{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:1\"}}", "is no sha256 digest"},
	{"{\"schemaVersion\":2,\"config\":\"" A "\"}", "is no descriptor"},
	{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[\"" A "\"]}", "is no descriptor"},
	/* sizes */
	{WITH_CHILD("{\"digest\":\"" A "\",\"size\":-1}"), "is no size"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"size\":\"1\"}"), "is no size"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"size\":1.5}"), "is no size"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"size\":1e3}"), "is no size"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"size\":99999999999999999999}"), "is no size"},
	/* other types */
	{"{\"schemaVersion\":2,\"manifests\":{}}", "is no list"},
	{"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":{}}", "is no list"},
	{WITH_CHILD("{\"digest\":\"" A "\",\"mediaType\":[]}"), "mediaType is no string"},
	{IMAGE(",\"x\":\"\\u0000\""), "manifest:1:"},
};

static void check_refused(const __typeof__(refused[0]) *row, size_t i)
{
	struct manifest manifest = {.count = 77};
	struct hr_error err = {0};

	(void)i;
	expect_error(read_text(row->text, &manifest, &err), &err, HR_SPEC, row->words);
	cr_expect_eq(manifest.count, 77, "nothing is handed out");
}
ROWS(image_manifest, refused)

/* {"schemaVersion":2,BEFORE[CHILD,CHILD,...]} */
static char *many(const char *before, const char *child, size_t count)
{
	size_t room = strlen(before) + 64 + count * (strlen(child) + 1);
	char *text = malloc(room), *at = text;

	cr_assert_not_null(text);
	at += sprintf(at, "{\"schemaVersion\":2,%s[", before);
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%s", i > 0 ? "," : "", child);
	strcpy(at, "]}");
	return text;
}

static void expect_count(const char *before, const char *child, size_t count, const char *words)
{
	hr_autofree char *text = many(before, child, count);
	struct manifest manifest = {0};
	struct hr_error err = {0};

	if (words) {
		expect_error(read_text(text, &manifest, &err), &err, HR_SPEC, words);
		return;
	}
	cr_assert_ok(read_text(text, &manifest, &err), err);
	cr_expect_eq(manifest.count, count);
	manifest_done(&manifest);
}

Test(image_manifest, limits)
{
	expect_count("\"manifests\":", CHILD(OCI_IMAGE), IMAGE_MANIFESTS_MAX, NULL);
	expect_count("\"manifests\":", CHILD(OCI_IMAGE), IMAGE_MANIFESTS_MAX + 1,
		     "more than 128 entries");
	expect_count("\"config\":" CONFIG ",\"layers\":", LAYER, IMAGE_LAYERS_MAX, NULL);
	expect_count("\"config\":" CONFIG ",\"layers\":", LAYER, IMAGE_LAYERS_MAX + 1,
		     "more than 512 entries");
}

Test(image_manifest, depth)
{
	char text[512], *at = text;
	struct manifest manifest = {0};
	struct hr_error err = {0};

	for (unsigned deep = 31; deep <= 32; deep++) {
		at = text + sprintf(text, "{\"schemaVersion\":2,\"config\":%s,\"x\":", CONFIG);
		for (unsigned i = 0; i < deep; i++)
			*at++ = '[';
		for (unsigned i = 0; i < deep; i++)
			*at++ = ']';
		strcpy(at, "}");
		if (deep == 31)
			cr_expect_ok(read_text(text, &manifest, &err), err);
		else
			expect_error(read_text(text, &manifest, &err), &err, HR_SPEC, "32 levels");
		manifest_done(&manifest);
	}
}

Test(image_manifest, too_large)
{
	size_t len = IMAGE_MANIFEST_MAX + 1;
	hr_autofree char *text = malloc(len);
	struct manifest manifest = {0};
	struct diff_ids ids = {0};
	struct hr_error err = {0}, other = {0};

	cr_assert_not_null(text);
	memset(text, ' ', len);
	memcpy(text, IMAGE(""), strlen(IMAGE("")));
	expect_error(manifest_read(text, len, &manifest, &err), &err, HR_SPEC, "larger than");
	cr_expect_eq(manifest_read(text, len - 1, &manifest, NULL), 0);
	manifest_done(&manifest);
	memset(text, ' ', len);
	memcpy(text, "{}", 2);
	expect_error(diff_ids_read(text, len, &ids, &other), &other, HR_SPEC, "larger than");
}

Test(image_manifest, items)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"manifests\":[" CHILD(OCI_IMAGE) "," CHILD(DOCKER) "," CHILD(
			OCI_INDEX) "," CHILD(DOCKER_LST) "," CHILD("application/x") ",{\"digest\":"
										    "\"" A "\"}]}";
	struct manifest manifest = {0};
	struct hr_error err = {0};

	cr_assert_ok(read_text(text, &manifest, &err), err);
	cr_expect_eq(manifest.items[0].kind, MANIFEST_IMAGE);
	cr_expect_eq(manifest.items[1].kind, MANIFEST_IMAGE);
	cr_expect_eq(manifest.items[2].kind, MANIFEST_INDEX);
	cr_expect_eq(manifest.items[3].kind, MANIFEST_INDEX);
	cr_expect_eq(manifest.items[4].kind, MANIFEST_KINDS);
	cr_expect_eq(manifest.items[5].kind, MANIFEST_KINDS);
	cr_expect_eq(manifest.items[0].size, 9);
	cr_expect_eq(manifest.items[5].size, -1);
	cr_expect(manifest_lists(&manifest, B));
	cr_expect_not(manifest_lists(&manifest, A), "listed, and not as a manifest");
	manifest_done(&manifest);
}

Test(image_manifest, foreign_layers)
{
	struct manifest manifest = {0};
	struct hr_error err = {0};

	cr_assert_ok(read_text("{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER
			       ",{\"mediaType\":\"application/"
			       "vnd.oci.image.layer.nondistributable.v1.tar+gzip\",\"digest\":\"" A
			       "\",\"size\":1},{\"mediaType\":\"application/"
			       "vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"digest\":\"" A
			       "\"}]}",
			       &manifest, &err),
		     err);
	cr_expect_eq(manifest.count, 3, "they are layers");
	cr_expect_not(manifest.items[0].foreign);
	cr_expect(manifest.items[1].foreign);
	cr_expect(manifest.items[2].foreign);
	cr_expect_not(manifest.artifact);
	manifest_done(&manifest);
}

static const struct {
	const char *text, *words; /* NULL: accepted */
	size_t count;
} configs[] = {
	{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" A "\",\"" B "\"]}}", NULL, 2},
	{"{\"rootfs\":{\"diff_ids\":[\"" A "\"]},\"config\":{\"ROOTFS\":1}}", NULL, 1},
	{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}", NULL, 0},
	{"{\"rootfs\":null}", NULL, 0},
	{"{}", NULL, 0},
	{"", "configuration:1:1", 0},
	{"[]", "is no object", 0},
	{"{\"rootfs\":[]}", "is no object", 0},
	{"{\"rootfs\":{\"type\":\"tar\",\"diff_ids\":[]}}", "not layers", 0},
	{"{\"rootfs\":{\"diff_ids\":{}}}", "is no list", 0},
	{"{\"rootfs\":{\"diff_ids\":[1]}}", "is no sha256 digest", 0},
	{"{\"rootfs\":{\"diff_ids\":[\"" A "\",\"sha256:b\"]}}", "is no sha256 digest", 0},
	{"{\"rootfs\":{\"diff_ids\":[]},\"RootFS\":{}}", "read as another: RootFS", 0},
	{"{\"rootfs\":{\"diff_ids\":[]},\"rootf\xC5\xBF\":{}}", "read as another", 0},
	{"{\"rootfs\":{\"diff_ids\":[],\"Diff_IDs\":[]}}", "read as another: Diff_IDs", 0},
	{"{\"rootfs\":{\"diff_ids\":[],\"diff_ids\":[]}}", "configuration:1:", 0},
	{"{\"rootfs\":{},\"rootfs\":{}}", "configuration:1:", 0},
};

static void check_configs(const __typeof__(configs[0]) *row, size_t i)
{
	struct diff_ids ids = {0};
	struct hr_error err = {0};
	int result = diff_ids_read(row->text, strlen(row->text), &ids, &err);

	if (row->words)
		expect_error(result, &err, HR_SPEC, row->words);
	else
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
	cr_expect_eq(ids.count, row->count, "row %zu", i);
	diff_ids_done(&ids);
}
ROWS(image_manifest, configs)

/* As sha256sum has it of "497180.. d340a4..". */
Test(image_manifest, chain)
{
	static const char text[] =
		"{\"rootfs\":{\"diff_ids\":["
		"\"sha256:497180c3f205cb6318462531810de081654bfa967f1ff0a702974c945e3c0741\","
		"\"sha256:d340a47eee46963ba1c3b2556cb30398112ab85437cd44dff5135c0e2d93f4ef\"]}}";
	char chain[IMAGE_DIGEST_SIZE];
	struct diff_ids ids = {0};
	struct hr_error err = {0};

	cr_assert_ok(diff_ids_read(text, strlen(text), &ids, &err), err);
	chain_id(&ids, 1, chain);
	cr_expect_str_eq(chain, ids.digests[0]);
	chain_id(&ids, 2, chain);
	cr_expect_str_eq(chain,
			 "sha256:18bcb3c485c2ea5bbbb6a5d8c13e695d264f36e8207cd3ff14c1921650646903");
	diff_ids_done(&ids);
}

/* What tools wrote. */
static const struct {
	const char *path;
	enum manifest_kind kind;
	size_t count;
	bool artifact;
} files[] = {
	{"image/blobs/sha256/93958635bdea6865012f68c1af202b95592515b2edf8bc2f036fcd4a5027f622",
	 MANIFEST_IMAGE, 2, false},
	{"image/blobs/sha256/c0390c2a0586f6161519473cca38569a441183a724f7c52761befe440877f3e7",
	 MANIFEST_IMAGE, 1, false},
	{"image/blobs/sha256/928fef0d9ab0d83cdbddd6eb87f39db23ba1f9c84b3c7716e13d1b7d570e0212",
	 MANIFEST_INDEX, 2, false},
	{"image/index.json", MANIFEST_INDEX, 3, false},
	{"cosign-save/legacy-index/index.json", MANIFEST_INDEX, 2, false},
	{"cosign-legacy/p256/sig-manifest.json", MANIFEST_IMAGE, 1, true},
	{"cosign-bundle/p256.referrer-manifest.json", MANIFEST_IMAGE, 1, true},
	{"cosign-bundle/p256.referrers-tag-index.json", MANIFEST_INDEX, 1, false},
};

static void check_files(const __typeof__(files[0]) *row, size_t i)
{
	char directory[PATH_MAX];
	hr_autofree char *text = NULL;
	struct manifest manifest = {0};
	struct hr_error err = {0};

	(void)i;
	snprintf(directory, sizeof(directory), "%s/tests/image/fixtures", load_srcdir());
	text = load_text(directory, row->path);
	cr_assert_not_null(text, "%s", row->path);
	cr_assert_ok(read_text(text, &manifest, &err), err);
	cr_expect_eq(manifest.kind, row->kind, "%s", row->path);
	cr_expect_eq(manifest.count, row->count, "%s", row->path);
	cr_expect_eq(manifest.artifact, row->artifact, "%s", row->path);
	manifest_done(&manifest);
}
ROWS(image_manifest, files)
