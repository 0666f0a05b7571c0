/* SPDX-License-Identifier: Apache-2.0 */
#include "image/protobuf.h"

#include "json/scan.h"

#include <stdlib.h>
#include <string.h>

#define VARINT_MAX 10 /* bytes of 64 bits */

static bool read_varint(struct protobuf *message, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_MAX && message->left > 0; i++) {
		unsigned char byte = (unsigned char)*message->at++;

		message->left--;
		/* The tenth has one bit to give. */
		if (i == VARINT_MAX - 1 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool take(struct protobuf *message, uint64_t len, struct protobuf *ret)
{
	if (len > message->left)
		return false;
	*ret = (struct protobuf){message->at, (size_t)len};
	message->at += len;
	message->left -= (size_t)len;
	return true;
}

static bool read_value(struct protobuf *message, uint64_t type, struct protobuf_field *ret)
{
	uint64_t len;

	switch (type) {
	case PROTOBUF_VARINT:
		ret->type = PROTOBUF_VARINT;
		return read_varint(message, &ret->value);
	case PROTOBUF_FIXED64:
		ret->type = PROTOBUF_FIXED64;
		return take(message, 8, &ret->bytes);
	case PROTOBUF_BYTES:
		ret->type = PROTOBUF_BYTES;
		return read_varint(message, &len) && take(message, len, &ret->bytes);
	case PROTOBUF_FIXED32:
		ret->type = PROTOBUF_FIXED32;
		return take(message, 4, &ret->bytes);
	default:
		return false;
	}
}

int protobuf_next(struct protobuf *message, struct protobuf_field *ret, struct hr_error *err)
{
	struct protobuf_field field = {0};
	uint64_t tag;

	if (message->left == 0)
		return 0;
	if (!read_varint(message, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return hr_fail(err, HR_SPEC, "a message with a field that is none");
	field.number = (uint32_t)(tag >> 3);
	if (!read_value(message, tag & 7, &field))
		return hr_fail(err, HR_SPEC, "a message that ends within field %u", field.number);
	*ret = field;
	return 1;
}

int protobuf_want(const struct protobuf_field *field, enum protobuf_type type, struct hr_error *err)
{
	if (field->type == type)
		return 0;
	return hr_fail(err, HR_SPEC, "a message with field %u of type %d", field->number,
		       (int)field->type);
}

int protobuf_string(const struct protobuf_field *field, char **ret, struct hr_error *err)
{
	size_t offset;
	char *copy;

	if (protobuf_want(field, PROTOBUF_BYTES, err) < 0)
		return -1;
	if (memchr(field->bytes.at, '\0', field->bytes.left) ||
	    !json_scan_utf8(field->bytes.at, field->bytes.left, &offset))
		return hr_fail(err, HR_SPEC, "a message with field %u that is no text",
			       field->number);
	copy = strndup(field->bytes.at, field->bytes.left);
	if (!copy)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	free(*ret);
	*ret = copy;
	return 0;
}

static void put_varint(struct text *to, uint64_t value)
{
	char bytes[VARINT_MAX];
	size_t len = 0;

	do {
		bytes[len++] = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value > 0);
	text_add(to, bytes, len);
}

void protobuf_put_string(struct text *to, uint32_t number, const char *value)
{
	put_varint(to, (uint64_t)number << 3 | PROTOBUF_BYTES);
	put_varint(to, strlen(value));
	text_adds(to, value);
}
