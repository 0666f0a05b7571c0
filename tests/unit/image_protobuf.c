/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers: what is a message and what is none, and what is written. */
#include "image/protobuf.h"

#include "unit.h"

/* On the heap, so that a byte read too far is seen. */
static struct protobuf_field fields[8];
static char *copy;

static int read_all(const char *bytes, size_t len, struct hr_error *err)
{
	struct protobuf message;
	int count = 0, more;

	free(copy);
	copy = malloc(len ? len : 1);
	cr_assert_not_null(copy);
	memcpy(copy, bytes, len);
	message = (struct protobuf){copy, len};
	while ((more = protobuf_next(&message, &fields[count], err)) > 0)
		cr_assert_lt(++count, (int)hr_count(fields));
	return more < 0 ? -1 : count;
}

#define B(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	int count;
	uint32_t number;
	enum protobuf_type type;
	uint64_t value; /* or length */
} good[] = {
	{B(""), 0, 0, 0, 0},
	{B("\x08\x00"), 1, 1, PROTOBUF_VARINT, 0},
	{B("\x08\x96\x01"), 1, 1, PROTOBUF_VARINT, 150},
	{B("\x08\x80\x80\x00"), 1, 1, PROTOBUF_VARINT, 0},
	{B("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 1, 1, PROTOBUF_VARINT, UINT64_MAX},
	{B("\x12\x03"
	   "abc"),
	 1, 2, PROTOBUF_BYTES, 3},
	{B("\x12\x00"), 1, 2, PROTOBUF_BYTES, 0},
	{B("\x0d"
	   "abcd"),
	 1, 1, PROTOBUF_FIXED32, 4},
	{B("\x09"
	   "abcdefgh"),
	 1, 1, PROTOBUF_FIXED64, 8},
	{B("\xf8\xff\xff\xff\x0f\x01"), 1, 536870911, PROTOBUF_VARINT, 1},
	{B("\x08\x01\x12\x00\x08\x02"), 3, 1, PROTOBUF_VARINT, 2},
};

static void check_good(const __typeof__(good[0]) *row, size_t i)
{
	struct hr_error err = {0};
	const struct protobuf_field *last = &fields[row->count > 0 ? row->count - 1 : 0];

	cr_assert_eq(read_all(row->bytes, row->len, &err), row->count, "row %zu: %s", i, err.msg);
	if (row->count == 0)
		return;
	cr_expect_eq(last->number, row->number, "row %zu", i);
	cr_expect_eq(last->type, row->type, "row %zu", i);
	cr_expect_eq(row->type == PROTOBUF_VARINT ? last->value : last->bytes.left, row->value,
		     "row %zu", i);
}

ROWS(image_protobuf, good)

static const struct {
	const char *bytes;
	size_t len;
} bad[] = {
	{B("\x08")},
	{B("\x80")},
	{B("\x00\x00")}, /* field 0 */
	{B("\x02\x00")},
	{B("\x08\x80")},
	{B("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")}, /* 65 bits */
	{B("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x01")},
	{B("\x80\x80\x80\x80\x80\x01\x00")}, /* a field of 2^32 and more */
	{B("\x12\x01")},
	{B("\x12\x04"
	   "abc")},
	{B("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	   "abc")},
	{B("\x12\xff\xff\xff\xff\x0f"
	   "abc")},
	{B("\x0d"
	   "abc")},
	{B("\x09"
	   "abcdefg")},
	{B("\x0b\x0c")}, /* a group */
	{B("\x0c")},
	{B("\x0e\x00")},
	{B("\x0f\x00")},
	{B("\x08\x01\x12")},
};

static void check_bad(const __typeof__(bad[0]) *row, size_t i)
{
	struct hr_error err = {0};

	cr_expect_eq(read_all(row->bytes, row->len, &err), -1, "row %zu", i);
	cr_expect_eq(err.code, HR_SPEC, "row %zu", i);
	expect_no_trap(err.msg);
}

ROWS(image_protobuf, bad)

static const struct {
	const char *bytes;
	size_t len;
	const char *text; /* NULL: none */
} strings[] = {
	{B("\x0a\x00"), ""},
	{B("\x0a\x03"
	   "abc"),
	 "abc"},
	{B("\x0a\x02\xc3\xa9"), "\xc3\xa9"},
	{B("\x0a\x03"
	   "a\0c"),
	 NULL},
	{B("\x0a\x01\0"), NULL},
	{B("\x0a\x01\xff"), NULL},
	{B("\x0a\x02\xc0\xaf"), NULL},
	{B("\x0a\x03\xed\xa0\x80"), NULL},
	{B("\x08\x05"), NULL},
	{B("\x0d"
	   "abcd"),
	 NULL},
};

static void check_strings(const __typeof__(strings[0]) *row, size_t i)
{
	struct hr_error err = {0};
	hr_autofree char *text = strdup("before");
	int wanted = row->text ? 0 : -1;

	cr_assert_eq(read_all(row->bytes, row->len, &err), 1, "row %zu", i);
	cr_expect_eq(protobuf_string(&fields[0], &text, &err), wanted, "row %zu", i);
	cr_expect_str_eq(text, row->text ? row->text : "before", "row %zu", i);
	cr_expect_eq(err.code, row->text ? HR_OK : HR_SPEC);
}

ROWS(image_protobuf, strings)

Test(image_protobuf, written_and_read)
{
	static const size_t lengths[] = {0, 1, 127, 128, 300, 16384, 100000};
	struct hr_error err = {0};

	for (size_t i = 0; i < hr_count(lengths); i++) {
		text_auto struct text text = {0};
		hr_autofree char *value = calloc(1, lengths[i] + 1), *got = NULL;
		uint32_t number = i % 2 ? 1 : 536870911;

		cr_assert_not_null(value);
		memset(value, 'x', lengths[i]);
		protobuf_put_string(&text, number, value);
		cr_assert_not(text.failed);
		cr_assert_eq(read_all(text.data, text.len, &err), 1, "%s", err.msg);
		cr_expect_eq(fields[0].number, number);
		cr_assert_ok(protobuf_string(&fields[0], &got, &err), err);
		cr_expect_str_eq(got, value);
	}
}

Test(image_protobuf, bytes_of_requests)
{
	text_auto struct text text = {0};

	protobuf_put_string(&text, 1, "native");
	protobuf_put_string(&text, 2, "");
	cr_assert_eq(text.len, 10);
	cr_expect_eq(memcmp(text.data, "\x0a\x06native\x12\x00", 10), 0);
}
