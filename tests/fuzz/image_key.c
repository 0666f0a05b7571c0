/* SPDX-License-Identifier: Apache-2.0 */
/* Files of public keys: what is read has a type, an id, and verifies nothing that it did not sign.
 */
#include "fuzz.h"

#include "image/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_key *key = NULL;
	struct hr_error err = {0};

	if (image_key_read("fuzz", (const char *)data, size, &key, &err) < 0) {
		must(!key);
		must_be_told(&err);
		return 0;
	}
	must(strlen(image_key_id(key)) == 64 && strlen(image_key_hint(key)) == 44);
	must(image_key_type(key)[0]);
	must(!image_key_verifies(key, "text", 4, "", 0));
	for (size_t len = 0; len < size && len < 600; len += 8)
		must(!image_key_verifies(key, "text", 4, (const char *)data, len));
	image_key_free(key);
	return 0;
}
