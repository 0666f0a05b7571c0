/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <sha2.h>
#include <stdint.h>

void digest_sha256(const char *bytes, size_t len, char ret[DIGEST_HEX])
{
	SHA256Data((const uint8_t *)bytes, len, ret);
}
