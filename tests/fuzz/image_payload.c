/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simple signing payload with a good signature, which this target makes itself: whatever the
 * payload is, it is accepted only when a second, simple look at it says the same.
 */
#include "fuzz.h"

#include "fuzz_image.h"

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum requirement_match matches[] = {MATCH_REPOSITORY, MATCH_EXACT, MATCH_NONE};
	const char *payload = (const char *)data;
	hr_autofree char *sig = fuzz_sign(payload, size), *text = malloc(size + 1);

	must(sig && text);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < hr_count(matches); i++) {
		struct signature_verdict verdict;

		fuzz_entry()->match = matches[i];
		signature_simple(fuzz_entry(), fuzz_subject(), payload, size, sig, strlen(sig),
				 &verdict);
		fuzz_told(&verdict);
		must(verdict.key == fuzz_entry()->keys[0] || size > IMAGE_PAYLOAD_MAX);
		if (verdict.result != SIGNATURE_GOOD)
			continue;
		/* The digest may be written with escapes. */
		must(has(text, HEX) || has(text, "\\u"));
		must(has(text, "cosign") || has(text, "\\u"));
	}
	return 0;
}
