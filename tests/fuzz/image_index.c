/* SPDX-License-Identifier: Apache-2.0 */
/* An index, or a manifest, that a name stands for: all candidates have their digests, and each
 * index of theirs lists them; what does not matter when the configuration is known is no error. */
#include "fuzz.h"

#include "image/bind_private.h"

#define CONFIG "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* {} */

static const char child[] = "{\"schemaVersion\":2,\"config\":{\"digest\":\"" CONFIG "\"}}";
static char child_digest[IMAGE_DIGEST_SIZE];

struct input {
	const char *bytes;
	size_t len;
	char digest[IMAGE_DIGEST_SIZE];
};

/* The input under its digest, and one manifest. */
static enum content_result read_blob(void *self, const char *digest, size_t max, char **ret,
				     size_t *ret_len, struct hr_error *err)
{
	const struct input *input = self;
	const char *bytes = strcmp(digest, input->digest) == 0 ? input->bytes : child;

	(void)err;
	*ret_len = bytes == child ? strlen(child) : input->len;
	if (*ret_len > max || (bytes == child && strcmp(digest, child_digest) != 0))
		return CONTENT_NONE;
	*ret = malloc(*ret_len + 1);
	must(*ret);
	memcpy(*ret, bytes, *ret_len);
	(*ret)[*ret_len] = '\0';
	return CONTENT_READ;
}

static enum bind_code fits(struct bind_walk *walk, const char *digest,
			   const struct manifest *manifest, bool ours, bool *ret,
			   struct hr_error *err)
{
	(void)walk;
	(void)err;
	must(image_digest_sound(digest) && image_digest_sound(manifest->config) && ours);
	*ret = true;
	return BIND_OK;
}

static void must_have_digest(const struct blob *blob)
{
	char digest[IMAGE_DIGEST_SIZE];

	must(blob->bytes);
	image_digest_of(blob->bytes, blob->len, digest);
	must(strcmp(digest, blob->digest) == 0);
}

static void must_be_sound(const struct candidate *candidate)
{
	must_have_digest(&candidate->manifest);
	for (size_t i = 0; i < candidate->index_count; i++) {
		const struct blob *blob = &candidate->indexes[i];
		struct manifest index = {0};

		must_have_digest(blob);
		must(manifest_read(blob->bytes, blob->len, &index, NULL) == 0);
		must(manifest_lists(&index, candidate->manifest.digest));
		manifest_done(&index);
	}
}

static size_t walk_it(struct input *input, bool lenient, struct hr_error *err)
{
	struct content content = {.read = read_blob, .self = input};
	struct binding binding = {0};
	struct bind_walk walk = {.content = &content,
				 .binding = &binding,
				 .lenient = lenient,
				 .failed = BIND_UNREACHABLE,
				 .fits = fits,
				 .max = IMAGE_MANIFEST_MAX};
	enum bind_code code = bind_target(&walk, input->digest, -1, "fuzz", err);
	size_t count;

	must(!lenient || code == BIND_OK);
	if (code == BIND_OK)
		code = bind_index(&walk, input->digest, err);
	if (code == BIND_OK)
		code = bind_end(&walk, err);
	must((code == BIND_OK) == (err->code == HR_OK));
	if (code != BIND_OK)
		must_be_told(err);
	for (size_t i = 0; i < binding.count; i++)
		must_be_sound(&binding.candidates[i]);
	count = binding.count;
	binding_done(&binding);
	text_free(&walk.notes);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.bytes = (const char *)data, .len = size};
	struct hr_error strict = {0}, lenient = {0};
	size_t count;

	image_digest_of(child, strlen(child), child_digest);
	image_digest_of(input.bytes, size, input.digest);
	count = walk_it(&input, false, &strict);
	must(strict.code != HR_OK || count == walk_it(&input, true, &lenient));
	if (strict.code != HR_OK)
		walk_it(&input, true, &lenient);
	return 0;
}
