/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "unit.h"

/* FIPS 180-4's own examples, and lengths around a block and its padding. */
static const struct {
	char byte; /* repeated, when there is no text */
	size_t len;
	const char *text, *digest;
} vectors[] = {
	{0, 0, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{0, 3, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{0, 56, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{'a', 1, NULL, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
	{'a', 55, NULL, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
	{'a', 56, NULL, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
	{'a', 57, NULL, "f13b2d724659eb3bf47f2dd6af1accc87b81f09f59f2b75e5c0bed6589dfe8c6"},
	{'a', 63, NULL, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
	{'a', 64, NULL, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
	{'a', 65, NULL, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
	{'a', 119, NULL, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
	{'a', 120, NULL, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
	{'a', 128, NULL, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e"},
	{'a', 1000000, NULL, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	{0, 4, NULL, /* four NULs */
	 "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119"},
};

static void check_vectors(const __typeof__(vectors[0]) *row, size_t i)
{
	hr_autofree char *repeated = malloc(row->len + 1);
	char digest[DIGEST_HEX + 1];

	cr_assert_not_null(repeated);
	memset(repeated, row->byte, row->len);
	digest[DIGEST_HEX] = '#';
	digest_sha256(row->text ? row->text : repeated, row->len, digest);
	cr_expect_str_eq(digest, row->digest, "row %zu", i);
	cr_expect_eq(digest[DIGEST_HEX], '#');
}
ROWS(digest, vectors)
