/* SPDX-License-Identifier: Apache-2.0 */
#include "image/content.h"

#include "base/cleanup.h"
#include "image/digest.h"

#include <string.h>

enum content_result content_read(const struct content *content, const char *digest, size_t max,
				 char **ret, size_t *ret_len, struct hr_error *err)
{
	hr_autofree char *bytes = NULL;
	char actual[IMAGE_DIGEST_SIZE];
	enum content_result result;
	size_t len = 0;

	result = content->read(content->self, digest, max, &bytes, &len, err);
	if (result != CONTENT_READ)
		return result;
	image_digest_of(bytes, len, actual);
	if (strcmp(actual, digest) != 0) {
		hr_fail(err, HR_SPEC, "%s is damaged: its content has the digest %s", digest,
			actual);
		return CONTENT_FAILED;
	}
	*ret = hr_steal(bytes);
	*ret_len = len;
	return CONTENT_READ;
}
