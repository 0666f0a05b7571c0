/* SPDX-License-Identifier: Apache-2.0 */
/* From a container's record to the manifests that may be what runs: hostile and stale images. */
#include "image_bind.h"

TestSuite(image_bind, .init = setup, .fini = teardown);

/* ---- the configuration is known -------------------------------------------------------- */

Test(image_bind, cri)
{
	by_cri(config);
	expect_bound(1, true);
	cr_expect(has(image));
	cr_expect_str_eq(binding.candidates[0].config, config);
	cr_expect_eq(binding.candidates[0].index_count, 0);
	cr_expect_str_eq(binding.snapshotter, "overlayfs");
	cr_expect_str_eq(binding.snapshot_key, "c1");
	cr_expect_eq(binding.name_count, 1);
	cr_expect_str_eq(binding.names[0], NAME);
}

Test(image_bind, cri_by_an_index)
{
	const char *index = fake_index_of(image, hostile);

	fake_image(NAME, index);
	by_cri(config);
	expect_bound(1, true);
	cr_expect(has_index(image, index));
}

/* The name was pulled again since: what runs is looked for by its configuration. */
Test(image_bind, cri_tag_moved)
{
	const char *moved = fake_manifest(fake_config("/app", 7, 2), "");
	const char *index = fake_index_of(image, hostile);

	fake_image(NAME, moved);
	by_cri(config);
	expect_bound(1, true);
	cr_expect(has(image));
	cr_expect(has_index(image, index), "by its label");
}

/* A hostile image runs, and its name stands for the signed one of the same layers by now. */
Test(image_bind, cri_other_configuration)
{
	by_cri(other);
	expect_bound(1, true);
	cr_expect(has(hostile));
	cr_expect_not(has(image));
}

Test(image_bind, cri_several_manifests)
{
	const char *again = fake_manifest(config, "compressed otherwise");

	by_cri(config);
	expect_bound(2, true);
	cr_expect(has(again));
}

Test(image_bind, cri_record_deleted)
{
	fake.image_count = 0;
	by_cri(config);
	expect_bound(1, true);
	fake_find(image)->labels[0].name = NULL;
	expect_code(BIND_UNBOUND, "there is no record of the image " NAME " (deleted): pull");
	fake_image(config, image);
	expect_bound(1, true);
	fake_remove(config);
	expect_code(BIND_UNBOUND, "is gone: pull the image again");
}

Test(image_bind, cri_damaged)
{
	by_cri(config);
	fake_find(image)->bytes = fake_text("%s ", fake_find(image)->bytes);
	fake_find(image)->len++;
	expect_code(BIND_DAMAGED, image);
	fake_manifest(config, "another one");
	expect_bound(1, true);
	fake_find(config)->len--;
	expect_code(BIND_DAMAGED, config);
}

Test(image_bind, cri_other_chain)
{
	by_cri(fake_config("/app", 1, 2));
	expect_code(BIND_UNBOUND, "are not the 3 snapshots below the container");
	by_cri(fake_config("/app", 1, 4));
	expect_code(BIND_UNBOUND, "are not the 3 snapshots below the container");
	by_cri(fake_config("/app", 2, 3));
	expect_code(BIND_UNBOUND, "are not the 3 snapshots below the container");
	by_cri(fake_config("/app", 1, 0));
	expect_code(BIND_UNBOUND, "are not the 3 snapshots below the container");
}

/* Labels are set by anybody who can have an image pulled. */
Test(image_bind, labels_that_lie)
{
	const char *large = fake_text("%s%*s", fake_find(image)->bytes, 300 * 1024, " ");
	const char *lies[] = {hostile,
			      fake_blob("{}"),
			      fake_blob("no JSON"),
			      fake_index_of(hostile, hostile),
			      fake_blob("{\"schemaVersion\":2,\"config\":{},\"manifests\":[]}"),
			      fake_blob(large)};

	by_cri(config);
	for (size_t i = 0; i < hr_count(lies); i++) {
		fake_label(lies[i], CONFIG_LABEL, config);
		fake_label(lies[i], CHILD_LABEL "3", image);
	}
	expect_bound(1, true);
	cr_expect_eq(candidate_of(image)->index_count, 0);
	fake_find(image)->labels[0].name = NULL;
	fake_image(NAME, hostile);
	expect_code(BIND_DAMAGED, "has the configuration");
}

Test(image_bind, many_labels)
{
	by_cri(config);
	for (unsigned i = 0; i < 100; i++)
		fake_manifest(config, fake_text("%u", i));
	for (unsigned i = 0; i < 100; i++)
		fake_index_of(image, fake_digest(fake_text("missing %u", i)));
	cr_assert_eq(run(NULL), BIND_OK, "%s", error.msg);
	cr_expect(has(image));
	cr_expect_eq(binding.candidates[0].index_count, BIND_INDEXES_MAX);
	cr_expect(fake.reads < 150, "%u reads", fake.reads);
}

/* ---- it is not ------------------------------------------------------------------------- */

Test(image_bind, ctr)
{
	expect_bound(1, false);
	cr_expect(has(image));
	fake_image(NAME, fake_index_of(image, fake_digest("another platform's")));
	expect_bound(1, false);
	cr_expect_eq(candidate_of(image)->index_count, 1);
}

Test(image_bind, ctr_same_layers)
{
	const char *index = fake_index_of(image, hostile);

	fake_image(NAME, index);
	expect_bound(2, false);
	cr_expect(has_index(image, index) && has_index(hostile, index));
	cr_expect_str_eq(candidate_of(hostile)->config, other);
	/* It might be what runs: its configuration is no less for being gone. */
	fake_remove(other);
	expect_code(BIND_UNBOUND, "cannot be told whether it is what runs");
	fake_remove(hostile);
	expect_bound(1, false);
}

/* containerd runs what calls itself an artifact. */
Test(image_bind, ctr_artifact)
{
	const char *artifact = fake_blob(fake_text(
		"{\"schemaVersion\":2,\"artifactType\":\"application/x\",\"config\":{\"mediaType\":"
		"\"application/vnd.oci.empty.v1+json\",\"digest\":\"%s\"},\"layers\":[]}",
		other));
	const char *empty = fake_blob(
		fake_text("{\"schemaVersion\":2,\"config\":{\"digest\":\"%s\"}}", fake_blob("{}")));

	fake_image(NAME, fake_index_of(image, artifact));
	expect_bound(2, false);
	fake_image(NAME, fake_index_of(image, empty));
	expect_bound(1, false);
}

Test(image_bind, ctr_tag_moved)
{
	const char *moved = fake_manifest(fake_config("/app", 7, 3), "");

	fake_image(NAME, moved);
	expect_code(BIND_UNBOUND, "has other layers than the container");
	expect_code(BIND_UNBOUND, fake_text(NAME " is %s by now: create the", moved));
	fake_image(NAME, fake_index_of(moved, moved));
	expect_code(BIND_UNBOUND, "which lists no manifest that fits");
	fake.image_count = 0;
	expect_code(BIND_UNBOUND, "pull the image again");
	fake_image(NAME, fake_digest("never pulled"));
	expect_code(BIND_UNBOUND, "whose content is gone: pull the image again");
	fake.image = "";
	expect_code(BIND_UNBOUND, "names no image");
}

/* What an index says, and whether it might hide what runs. */
Test(image_bind, ctr_odd_indexes)
{
	const char *good = fake_entry(image, "manifest"),
		   *bad = fake_blob("{\"schemaVersion\":2,\"config\":{}}");
	const char *nested = fake_index_of(hostile, hostile);
	const struct {
		const char *entries, *words; /* NULL: bound */
		size_t count;
	} rows[] = {
		{fake_text("%s,%s", good, good), NULL, 1},
		{fake_text("%s,%s", good, fake_entry(bad, "manifest")), "without a digest", 0},
		{fake_text("%s,%s", good, fake_entry(bad, "layer")), NULL, 1},
		{fake_text("%s,%s", good, fake_entry(hostile, "index")), "what it is not", 0},
		{fake_text("%s,%s", good, fake_entry(nested, "manifest")), "what it is not", 0},
		{fake_text("%s,%s", good, fake_entry(nested, "index")), "index in the index", 0},
		{fake_text("%s,%s", good, fake_entry(fake_digest("missing"), "index")), NULL, 1},
		{fake_text("%s,%s", good, fake_entry(fake_digest("missing"), "manifest")), NULL, 1},
		{fake_text("{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
			   "\"digest\":\"%s\",\"size\":3}",
			   image),
		 "its descriptor says 3", 0},
	};

	for (size_t i = 0; i < hr_count(rows); i++) {
		fake.cri = NULL;
		fake_image(NAME, fake_index(rows[i].entries));
		if (rows[i].words)
			expect_code(BIND_DAMAGED, rows[i].words);
		else
			expect_bound(rows[i].count, false);
		/* With the configuration known the rest does not matter. */
		by_cri(config);
		expect_bound(1, true);
	}
}

Test(image_bind, ctr_crowds)
{
	const char *entries = fake_entry(image, "manifest");

	for (unsigned i = 1; i < IMAGE_MANIFESTS_MAX; i++)
		entries = fake_text("%s,%s", entries,
				    fake_entry(fake_digest(fake_text("%u", i)), "manifest"));
	fake_image(NAME, fake_index(entries));
	expect_bound(1, false);
	entries = fake_entry(image, "manifest");
	for (unsigned i = 0; i < IMAGE_CANDIDATES_MAX; i++)
		entries =
			fake_text("%s,%s", entries,
				  fake_entry(fake_manifest(other, fake_text("%u", i)), "manifest"));
	fake_image(NAME, fake_index(entries));
	expect_code(BIND_UNBOUND, "more manifests may be what runs");
	by_cri(config);
	expect_bound(1, true);
}

/* An index cannot hold its own digest, but a store can lie. */
Test(image_bind, loop)
{
	const char *self = fake_digest("a loop");

	fake_put(self, fake_text("{\"schemaVersion\":2,\"manifests\":[%s,%s]}",
				 fake_entry(self, "index"), fake_entry(image, "manifest")));
	fake_image(NAME, self);
	expect_code(BIND_DAMAGED, self);
}
