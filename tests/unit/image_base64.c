/* SPDX-License-Identifier: Apache-2.0 */
/* base64: what decodes, what does not, and that each text is the only one of its bytes. */
#include "image/base64.h"

#include "unit.h"

/* On the heap without a NUL: a byte read too far is seen. */
static int decode(const char *text, size_t len, char **ret, size_t *ret_len, struct hr_error *err)
{
	hr_autofree char *copy = malloc(len ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	return base64_decode(copy, len, ret, ret_len, err);
}

/* RFC 4648, section 10, and a little more. */
static const struct {
	const char *text, *bytes;
	size_t len;
} good[] = {
	{"", "", 0},
	{"Zg==", "f", 1},
	{"Zm8=", "fo", 2},
	{"Zm9v", "foo", 3},
	{"Zm9vYg==", "foob", 4},
	{"Zm9vYmE=", "fooba", 5},
	{"Zm9vYmFy", "foobar", 6},
	{"AA==", "\0", 1},
	{"AAA=", "\0\0", 2},
	{"AAAA", "\0\0\0", 3},
	{"/////w==", "\xFF\xFF\xFF\xFF", 4},
	{"+/+/", "\xFB\xFF\xBF", 3},
	{"aGFyZHJ1bg==", "hardrun", 7},
};

static void check_good(const __typeof__(good[0]) *row, size_t i)
{
	hr_autofree char *bytes = NULL, *again = NULL;
	struct hr_error err = {0};
	size_t len = 0;

	cr_assert_ok(decode(row->text, strlen(row->text), &bytes, &len, &err), err);
	cr_assert_eq(len, row->len, "row %zu: %zu bytes", i, len);
	cr_expect_eq(memcmp(bytes, row->bytes, len), 0, "row %zu", i);
	cr_expect_eq(bytes[len], '\0');
	again = base64_encode(row->bytes, row->len);
	cr_expect_str_eq(again, row->text);
}
ROWS(image_base64, good)

static const struct {
	const char *text;
	size_t len;
	const char *words;
} bad[] = {
	{"Z", 1, "multiple of 4"},
	{"Zg", 2, "multiple of 4"},
	{"Zg=", 3, "multiple of 4"},
	{"Zm9vZg", 6, "multiple of 4"},
	{"Z===", 4, "character 2"},
	{"====", 4, "character 1"},
	{"=AAA", 4, "character 1"},
	{"A=AA", 4, "character 2"},
	{"AA=A", 4, "character 3"},
	{"Zg==Zg==", 8, "character 3"},
	{"Zg==AAAA", 8, "character 3"},
	{"Zh==", 4, "left over"}, /* two texts for one byte */
	{"Zm9=", 4, "left over"},
	{"AB==", 4, "left over"},
	{"AAB=", 4, "left over"},
	{"Zm9v\n", 5, "multiple of 4"},
	{"Zm9\n", 4, "character 4"},
	{"Zm\n9", 4, "character 3"},
	{"Zm9v\nm9", 8, "character 5"},
	{" Zm9", 4, "character 1"},
	{"Zm9 ", 4, "character 4"},
	{"Zm-_", 4, "character 3"}, /* the alphabet of section 5 */
	{"Zm_v", 4, "character 3"},
	{"Zm\0v", 4, "character 3"},
	{"Zm\xC3\xA9", 4, "character 3"},
	{"Zm\xFF\xFF", 4, "character 3"},
	{"\x80mmm", 4, "character 1"},
	{"Zm@v", 4, "character 3"},
	{"Zm[v", 4, "character 3"},
	{"Zm`v", 4, "character 3"},
	{"Zm{v", 4, "character 3"},
	{"Zm:v", 4, "character 3"},
	{"Zm.v", 4, "character 3"},
	{"Zm,v", 4, "character 3"},
};

static void check_bad(const __typeof__(bad[0]) *row, size_t i)
{
	char *bytes = NULL;
	struct hr_error err = {0};
	size_t len = 77;

	(void)i;
	expect_error(decode(row->text, row->len, &bytes, &len, &err), &err, HR_SPEC, row->words);
	cr_expect_null(bytes);
	cr_expect_eq(len, 77);
}
ROWS(image_base64, bad)

/* All that four characters can be: what decodes is what encodes to the same. */
Test(image_base64, one_text_for_each_bytes)
{
	static const char odd[] = "ABQgwz09+/=-_ \n";
	size_t n = sizeof(odd) - 1, decoded = 0;

	for (size_t i = 0; i < n * n * n * n; i++) {
		char text[5] = {odd[i % n], odd[i / n % n], odd[i / n / n % n], odd[i / n / n / n]};
		hr_autofree char *bytes = NULL, *again = NULL;
		size_t len = 0;

		if (base64_decode(text, 4, &bytes, &len, NULL) < 0)
			continue;
		decoded++;
		again = base64_encode(bytes, len);
		cr_assert_str_eq(again, text);
	}
	cr_expect_gt(decoded, 1000);
}

Test(image_base64, all_bytes)
{
	char all[256];
	hr_autofree char *text = NULL, *again = NULL;
	size_t len = 0;

	for (size_t from = 0; from < 3; from++) {
		for (size_t i = 0; i < sizeof(all); i++)
			all[i] = (char)(unsigned char)(i + from);
		text = base64_encode(all, sizeof(all) - from);
		cr_assert_eq(base64_decode(text, strlen(text), &again, &len, NULL), 0);
		cr_assert_eq(len, sizeof(all) - from);
		cr_expect_eq(memcmp(all, again, len), 0);
		free(hr_steal(text));
		free(hr_steal(again));
	}
}
