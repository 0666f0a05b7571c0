/* SPDX-License-Identifier: Apache-2.0 */
/* Where blobs come from: containerd, an OCI layout, the store, a test's table. */
#ifndef HR_IMAGE_CONTENT_H
#define HR_IMAGE_CONTENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum content_result {
	CONTENT_READ,	/* and it has its digest */
	CONTENT_NONE,	/* there is none of that digest */
	CONTENT_FAILED, /* err says why */
	CONTENT_RESULTS
};

struct content {
	/* Read the blob of `digest` (sound), at most `max` bytes; the caller frees *ret. */
	enum content_result (*read)(void *self, const char *digest, size_t max, char **ret,
				    size_t *ret_len, struct hr_error *err);
	void *self;
};

/* content->read, and the bytes are hashed: other ones than the digest says are CONTENT_FAILED with
 * HR_SPEC ("damaged"). */
enum content_result content_read(const struct content *content, const char *digest, size_t max,
				 char **ret, size_t *ret_len, struct hr_error *err);

#endif
