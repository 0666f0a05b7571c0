/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <nettle/sha2.h>
#include <stdint.h>

void digest_sha256(const char *bytes, size_t len, char ret[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	struct sha256_ctx context;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&context);
	sha256_update(&context, len, (const uint8_t *)bytes);
	sha256_digest(&context, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret[i * 2] = digits[digest[i] >> 4];
		ret[i * 2 + 1] = digits[digest[i] & 15];
	}
	ret[sizeof(digest) * 2] = '\0';
}
