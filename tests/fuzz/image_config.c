/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration of an image, and what CRI notes of a container. */
#include "fuzz.h"

#include "image/bind_private.h"

static void check_config(const char *bytes, size_t size)
{
	char chain[IMAGE_DIGEST_SIZE] = "", whole[IMAGE_DIGEST_SIZE];
	struct bind_chain snapshots = {0};
	struct diff_ids ids = {0};
	struct hr_error err = {0};

	if (diff_ids_read(bytes, size, &ids, &err) < 0) {
		must_be_told(&err);
		must(!ids.digests && ids.count == 0);
		return;
	}
	must(ids.count <= IMAGE_LAYERS_MAX);
	snapshots.names = calloc(ids.count + 1, sizeof(*snapshots.names));
	snapshots.count = ids.count;
	must(snapshots.names);
	for (size_t i = 0; i < ids.count; i++) {
		chain_next(chain, ids.digests[i]);
		chain_id(&ids, i + 1, whole);
		must(image_digest_sound(chain) && strcmp(chain, whole) == 0);
		memcpy(snapshots.names[ids.count - 1 - i], chain, IMAGE_DIGEST_SIZE);
	}
	must(bind_chain_fits(&snapshots, &ids) == (ids.count > 0));
	if (ids.count > 0) {
		char *digit = &snapshots.names[ids.count / 2][10];

		*digit = *digit == 'a' ? 'b' : 'a';
		must(!bind_chain_fits(&snapshots, &ids));
	}
	bind_chain_done(&snapshots);
	diff_ids_done(&ids);
}

static void check_cri(const char *text)
{
	struct bind_cri cri = {0};
	struct hr_error err = {0};
	enum bind_code code = bind_cri_read(text, "c1", &cri, &err);

	if (code != BIND_OK)
		must_be_told(&err);
	else
		must(cri.container == image_digest_sound(cri.config));
	must(!cri.digest[0] || image_digest_sound(cri.digest));
	json_free(cri.doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_config((const char *)data, size);
	check_cri(text);
	free(text);
	return 0;
}
