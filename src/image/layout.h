/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI image layout (image-spec, image-layout.md), also as `cosign save` and `skopeo copy` write
 * it, read below a directory descriptor: no link is followed, nothing outside is opened.
 */
#ifndef HR_IMAGE_LAYOUT_H
#define HR_IMAGE_LAYOUT_H

#include "image/content.h"
#include "image/digest.h"

#include <stdint.h>

struct layout_entry {
	char digest[IMAGE_DIGEST_SIZE];
	int64_t size;  /* bytes of the blob; -1: not given */
	char tag[256]; /* org.opencontainers.image.ref.name; "" for none */
	char kind[64]; /* `cosign save`: "dev.cosignproject.cosign/image", ".../imageIndex",
			  ".../sigs", ".../atts"; "" for none */
	bool artifact; /* the entry has an artifactType: a referrer, no image */
};

struct layout {
	int fd;			      /* borrowed */
	struct layout_entry *entries; /* of index.json, in order */
	size_t count;
};

/* Error: HR_SPEC: no layout, or one that is not understood; HR_UNTRUSTED: a link or special file in
 * the place of one of its files; HR_SYSTEM. */
int layout_open(int fd, struct layout *ret, struct hr_error *err);
void layout_done(struct layout *layout);

/* The digest that a tag stands for; without one (NULL) the only image of the layout. Error:
 * HR_SPEC, which lists the tags that are there. */
int layout_find(const struct layout *layout, const char *tag, char ret[IMAGE_DIGEST_SIZE],
		struct hr_error *err);

/* blobs/sha256/HEX below the directory. */
struct content layout_content(const struct layout *layout);

/* Is the blob there, with its digest and this size (-1: whatever it is)? However large it is.
 * CONTENT_FAILED with HR_SPEC: it is another. */
enum content_result layout_check(const struct layout *layout, const char *digest, int64_t size,
				 struct hr_error *err);

/* A file below a directory: a regular one, through no link, at most `max` bytes. CONTENT_NONE when
 * it is missing. Error: HR_SPEC (too large), HR_UNTRUSTED (no regular file, or a link),
 * HR_SYSTEM. */
enum content_result layout_file(int fd, const char *path, size_t max, char **ret, size_t *ret_len,
				struct hr_error *err);

#endif
