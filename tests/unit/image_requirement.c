/* SPDX-License-Identifier: Apache-2.0 */
/* The request's requirement, and what the judge does at its edges. */
#include "image/requirement.h"

#include "image_sign.h"

#include "image/judge.h"

#define S "\"scopes\":[\"*\"]"

static int read_text(const char *text, struct json_doc **ret_doc, struct requirement **ret,
		     struct hr_error *err)
{
	struct hr_error why = {0};

	cr_assert_ok(json_parse("require", text, strlen(text), false, ret_doc, &why), why);
	return requirement_read(json_root(*ret_doc), ret, err);
}

static const struct {
	const char *text;
	enum hr_code code; /* HR_OK: it is read */
} rows[] = {
	{"{\"name\":\"n\",\"entries\":[]}", HR_OK},
	{"{\"name\":\"n\",\"entries\":[{" S "}]}", HR_OK},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"keys\":null,\"allow\":null}]}", HR_OK},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"formats\":[],\"sources\":[]}]}", HR_OK},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"allow\":[\"" MANIFEST "\"]}]}", HR_OK},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"annotations\":{\"a\":\"\"}}]}", HR_OK},
	{"{}", HR_SPEC},
	{"[]", HR_SPEC},
	{"{\"entries\":[]}", HR_SPEC},
	{"{\"name\":\"n\"}", HR_SPEC},
	{"{\"name\":1,\"entries\":[]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":{}}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[],\"x\":1}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[1]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{\"scopes\":[]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{\"scopes\":\"*\"}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{\"scopes\":[1]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{\"scopes\":[\"**\"]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"x\":1}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"Deny\":[]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"reference\":\"tag\"}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"reference\":true}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"formats\":[\"notary\"]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"formats\":\"cosign\"}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"allow\":[\"sha256:93\"]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"deny\":[\"SHA256:93\"]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"deny\":{\"a\":1}}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"sources\":[1]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"annotations\":{\"a\":1}}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"annotations\":[]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"keys\":{}}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"keys\":[\"k\"]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"keys\":[{\"name\":\"k\"}]}]}", HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"keys\":[{\"name\":\"k\",\"pem\":\"\",\"x\":1}]}]}",
	 HR_SPEC},
	{"{\"name\":\"n\",\"entries\":[{" S ",\"keys\":[{\"name\":\"k\",\"pem\":\"\"}]}]}",
	 HR_POLICY},
	{"{\"name\":\"n\",\"entries\":[{" S "},{" S ",\"keys\":[{\"name\":\"k\",\"pem\":"
	 "\"-----BEGIN PRIVATE KEY-----\"}]}]}",
	 HR_POLICY},
};

static void check_rows(const __typeof__(rows[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;
	struct requirement *requirement = NULL;
	struct hr_error err = {0};
	int result = read_text(row->text, &doc, &requirement, &err);

	cr_expect_eq(result, row->code == HR_OK ? 0 : -1, "row %zu: %s", i, err.msg);
	cr_expect_eq(err.code, row->code, "row %zu: %s", i, err.msg);
	expect_no_trap(err.msg);
	requirement_free(requirement);
}
ROWS(image_requirement, rows)

Test(image_requirement, defaults)
{
	static const struct {
		const char *list, *text;
		bool first, second;
	} lists[] = {
		{"sources", "containerd", true, false},
		{"sources", "layout", true, false},
		{"sources", "descriptor", true, false},
		{"sources", "umoci", false, true},
		{"sources", "", false, false},
		{"snapshotters", "overlayfs", true, false},
		{"snapshotters", "native", true, false},
		{"snapshotters", "stargz", false, true},
		{"snapshotters", "Overlayfs", false, false},
		{"allow", MANIFEST, false, true},
		{"deny", MANIFEST, false, false},
	};
	json_auto struct json_doc *doc = NULL;
	struct requirement *requirement = NULL;
	struct hr_error err = {0};

	cr_assert_ok(read_text("{\"name\":\"n\",\"entries\":[{" S "},{" S
			       ",\"sources\":[\"umoci\"],\"snapshotters\":[\"stargz\"],\"formats\":"
			       "[\"bundle\"],\"reference\":\"none\",\"allow\":[\"" MANIFEST
			       "\"],\"deny\":[\"" EVIL "\"]}]}",
			       &doc, &requirement, &err),
		     err);
	cr_assert_eq(requirement->count, 2);
	cr_expect(requirement->entries[0].cosign && requirement->entries[0].bundle);
	cr_expect(!requirement->entries[1].cosign && requirement->entries[1].bundle);
	cr_expect_eq(requirement->entries[0].match, MATCH_REPOSITORY);
	cr_expect_eq(requirement->entries[1].match, MATCH_NONE);
	for (size_t i = 0; i < hr_count(lists); i++) {
		cr_expect_eq(requirement_lists(&requirement->entries[0], lists[i].list,
					       lists[i].text),
			     lists[i].first, "%s %s", lists[i].list, lists[i].text);
		cr_expect_eq(requirement_lists(&requirement->entries[1], lists[i].list,
					       lists[i].text),
			     lists[i].second, "%s %s", lists[i].list, lists[i].text);
	}
	requirement_free(requirement);
	requirement_free(NULL);
}

Test(image_requirement, too_many)
{
	text_auto struct text keys = {0}, entries = {0};
	struct json_doc *doc = NULL;
	struct requirement *requirement = NULL;
	struct hr_error err = {0};

	text_adds(&keys, "{\"name\":\"n\",\"entries\":[{" S ",\"keys\":[1");
	for (size_t i = 0; i < 32; i++)
		text_adds(&keys, ",1");
	text_adds(&keys, "]}]}");
	expect_error(read_text(keys.data, &doc, &requirement, &err), &err, HR_SPEC, "32 keys");
	json_free(hr_steal(doc));
	err = (struct hr_error){0};
	text_adds(&entries, "{\"name\":\"n\",\"entries\":[1");
	for (size_t i = 0; i < 256; i++)
		text_adds(&entries, ",1");
	text_adds(&entries, "]}");
	expect_error(read_text(entries.data, &doc, &requirement, &err), &err, HR_SPEC,
		     "256 entries");
	json_free(doc);
}

/* --- The judge's edges ------------------------------------------------------------------------ */

static const char *code_of(struct json_doc *doc, const char *name, struct binding *binding, int fd,
			   const char *entry)
{
	json_auto struct json_doc *asked = NULL;
	struct requirement *requirement = NULL;
	text_auto struct text text = {0};
	struct hr_error err = {0};

	text_addf(&text, "{\"name\":\"%s\",\"entries\":[%s]}", name, entry);
	cr_assert_ok(read_text(text.data, &asked, &requirement, &err), err);
	cr_assert_ok(judge(requirement, binding, fd, doc, json_root(doc), &err), err);
	requirement_free(requirement);
	return json_string(json_root(doc), "code");
}

Test(image_requirement, no_candidate)
{
	json_auto struct json_doc *doc = json_new("answer");
	struct binding binding = {.source = "containerd"};

	cr_expect_str_eq(code_of(doc, "n", &binding, -1, "{" S ",\"allow\":[\"" MANIFEST "\"]}"),
			 "unbound");
	cr_expect(!json_true(json_root(doc), "accepted"));
}

Test(image_requirement, no_store_and_all_requirements)
{
	json_auto struct json_doc *doc = json_new("answer");
	struct candidate candidate = {.manifest = {.digest = MANIFEST}};
	struct binding binding = {.candidates = &candidate, .count = 1, .source = "descriptor"};
	const struct json *answer = json_root(doc);

	cr_expect_str_eq(code_of(doc, "*", &binding, -1, "{" S "}"), "unsigned");
	cr_expect_str_eq(json_string(answer, "found"),
			 "no signature in the store, for there is no store");
	cr_expect_not_null(strstr(json_string(answer, "remedy"),
				  "\"allow\" of the entry of images with the scope *"));
}

static const struct {
	const char *source, *snapshotter, *more, *code;
} origins[] = {
	{"containerd", "overlayfs", "", "accepted"},
	{"containerd", "native", "", "accepted"},
	{"containerd", "stargz", "", "unbound"},
	{"containerd", "", "", "unbound"},
	{"containerd", NULL, "", "unbound"},
	{"containerd", "stargz", ",\"snapshotters\":[\"stargz\"]", "accepted"},
	{"containerd", "overlayfs", ",\"snapshotters\":[\"stargz\"]", "unbound"},
	{"containerd", "overlayfs", ",\"snapshotters\":[]", "unbound"},
	{"umoci", NULL, "", "unbound"},
	{"umoci", NULL, ",\"sources\":[\"umoci\"]", "accepted"},
	{"layout", NULL, "", "accepted"},
	{"descriptor", NULL, "", "accepted"},
	{"other", NULL, "", "unbound"},
	{NULL, NULL, "", "unbound"},
};

static void check_origins(const __typeof__(origins[0]) *row, size_t i)
{
	json_auto struct json_doc *doc = json_new("answer");
	struct candidate candidate = {.manifest = {.digest = MANIFEST}};
	hr_autofree char *snapshotter = row->snapshotter ? strdup(row->snapshotter) : NULL;
	struct binding binding = {.candidates = &candidate, .count = 1, .source = row->source};
	text_auto struct text entry = {0};

	binding.snapshotter = snapshotter;
	text_addf(&entry, "{" S ",\"allow\":[\"" MANIFEST "\"]%s}", row->more);
	cr_expect_str_eq(code_of(doc, "n", &binding, -1, entry.data), row->code, "row %zu", i);
}
ROWS(image_requirement, origins)
