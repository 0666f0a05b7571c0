/* SPDX-License-Identifier: Apache-2.0 */
/* Protocol buffers on the wire (protobuf.dev, "Encoding"), as far as containerd's messages need it:
 * read field by field within bounds, written by appending. */
#ifndef HR_IMAGE_PROTOBUF_H
#define HR_IMAGE_PROTOBUF_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum protobuf_type {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

struct protobuf {
	const char *at;
	size_t left; /* bytes */
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_type type;
	uint64_t value;	       /* PROTOBUF_VARINT */
	struct protobuf bytes; /* PROTOBUF_BYTES: in the message, which has to live on */
};

/* The next field of a message: 1, 0 at its end, -1 with HR_SPEC for what is no message: a length
 * beyond the end, a number longer than 10 bytes, a group, field 0. */
int protobuf_next(struct protobuf *message, struct protobuf_field *ret, struct hr_error *err);

/* HR_SPEC when the field is of another type. */
int protobuf_want(const struct protobuf_field *field, enum protobuf_type type,
		  struct hr_error *err);

/* A string field: UTF-8 without NUL. Replaces *ret (freed), as the last one counts. HR_SPEC,
 * HR_SYSTEM. */
int protobuf_string(const struct protobuf_field *field, char **ret, struct hr_error *err);

/* Append a field; text->failed when memory is gone. */
void protobuf_put_string(struct text *to, uint32_t number, const char *value);

#endif
