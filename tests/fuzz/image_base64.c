/* SPDX-License-Identifier: Apache-2.0 */
/* base64 and names: what is read has one form, and reading that again gives the same. */
#include "fuzz.h"

#include "image/base64.h"
#include "image/reference.h"

static void check_base64(const char *text, size_t len)
{
	hr_autofree char *bytes = NULL, *again = NULL;
	struct hr_error err = {0};
	size_t bytes_len = 0;

	again = base64_encode(text, len);
	must(again && base64_decode(again, strlen(again), &bytes, &bytes_len, &err) == 0);
	must(bytes_len == len && memcmp(bytes, text, len) == 0);
	free(hr_steal(bytes));
	free(hr_steal(again));
	if (base64_decode(text, len, &bytes, &bytes_len, &err) < 0) {
		must_be_told(&err);
		return;
	}
	again = base64_encode(bytes, bytes_len);
	must(again && strlen(again) == len && memcmp(again, text, len) == 0);
}

static void check_name(const char *text)
{
	struct reference once, twice;
	size_t len = 0;

	if (reference_pattern_sound(text) && reference_read("redis", &once))
		reference_matches(text, &once, &len);
	if (!reference_read(text, &once))
		return;
	must(reference_read(once.repository, &twice));
	must(strcmp(once.repository, twice.repository) == 0);
	must(!twice.tag[0] && !twice.digest[0]);
	must(strchr(once.repository, '/') && !strstr(once.repository, "//"));
	must(!strchr(once.repository, '@') && !strstr(once.repository, ".."));
	for (const char *c = once.repository; *c; c++)
		must(*c > ' ' && *c <= '~');
	must(!once.digest[0] || image_digest_sound(once.digest));
	/* It is covered by itself, most particularly, and by all. */
	must(reference_matches(once.repository, &once, &len) && len == strlen(once.repository) + 1);
	must(reference_matches("*", &once, &len) && len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hr_autofree char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_base64((const char *)data, size);
	check_name(text);
	return 0;
}
