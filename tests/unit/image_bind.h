/* SPDX-License-Identifier: Apache-2.0 */
/* One image, one other of the same layers, and a container on them (image_fake.h). */
#ifndef HR_TESTS_UNIT_IMAGE_BIND_H
#define HR_TESTS_UNIT_IMAGE_BIND_H

#include "image/bind.h"
#include "image_fake.h"

#define NAME "registry.example/pay/app:v1"

static struct binding binding;
static struct hr_error error;
static const char *config, *other; /* same layers, other command */
static const char *image, *hostile;

static inline void setup(void)
{
	config = fake_config("/app", 1, 3);
	other = fake_config("/bin/evil", 1, 3);
	image = fake_manifest(config, "");
	hostile = fake_manifest(other, "");
	fake_image(NAME, image);
	fake_container(NAME, config, NULL);
}

static inline void teardown(void)
{
	binding_done(&binding);
	fake_done();
}

static inline enum bind_code run(const struct content *store)
{
	enum bind_code code;

	binding_done(&binding);
	error = (struct hr_error){0};
	code = bind_containerd(NULL, "c1", store, &binding, &error);
	cr_expect_eq(code == BIND_OK, error.code == HR_OK, "%s", error.msg);
	cr_expect_eq(code == BIND_OK, binding.mounts != NULL);
	expect_no_trap(error.msg);
	for (size_t i = 0; i < binding.count && code == BIND_OK; i++) {
		const struct blob *blob = &binding.candidates[i].manifest;
		char digest[IMAGE_DIGEST_SIZE];

		image_digest_of(blob->bytes, blob->len, digest);
		cr_expect_str_eq(digest, blob->digest);
		cr_expect(image_digest_sound(binding.candidates[i].config));
	}
	return code;
}

static inline void expect_bound(size_t count, bool known)
{
	cr_assert_eq(run(NULL), BIND_OK, "%s", error.msg);
	cr_expect_eq(binding.count, count, "%zu candidates", binding.count);
	cr_expect_eq(binding.config_known, known);
	cr_expect_str_eq(binding.source, "containerd");
}

static inline void expect_code(enum bind_code wanted, const char *words)
{
	enum bind_code code = run(NULL);

	cr_expect_eq(code, wanted, "code %u: %s", code, error.msg);
	cr_expect_not_null(strstr(error.msg, words), "wanted \"%s\", got: %s", words, error.msg);
}

static inline bool has(const char *digest)
{
	for (size_t i = 0; i < binding.count; i++)
		if (strcmp(binding.candidates[i].manifest.digest, digest) == 0)
			return true;
	return false;
}

static inline const struct candidate *candidate_of(const char *digest)
{
	cr_assert(has(digest), "%s", digest);
	for (size_t i = 0; i < binding.count; i++)
		if (strcmp(binding.candidates[i].manifest.digest, digest) == 0)
			return &binding.candidates[i];
	return &binding.candidates[0];
}

static inline bool has_index(const char *digest, const char *index)
{
	const struct candidate *candidate = candidate_of(digest);

	for (size_t i = 0; i < candidate->index_count; i++)
		if (strcmp(candidate->indexes[i].digest, index) == 0)
			return candidate->indexes[i].bytes != NULL;
	return false;
}

static inline void by_cri(const char *of)
{
	fake.cri = fake_cri(of, "");
}

#endif
