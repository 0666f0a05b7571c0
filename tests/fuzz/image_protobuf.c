/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's messages: whatever the bytes are, what is read of them is text, and it is told why
 * nothing was. The first byte says as which message they are read. */
#include "fuzz.h"

#include "image/containerd_decode.h"
#include "json/edit.h"

static void must_be_fields(struct protobuf message)
{
	struct protobuf_field field;
	struct hr_error err = {0};
	const char *end = message.at + message.left;
	int more;

	while ((more = protobuf_next(&message, &field, &err)) > 0) {
		must(field.number > 0 && field.number < 1U << 29);
		must(message.at <= end && message.left == (size_t)(end - message.at));
		if (field.type != PROTOBUF_VARINT)
			must(field.bytes.at + field.bytes.left == message.at);
	}
	if (more < 0)
		must_be_told(&err);
}

static void must_end(int result, const struct hr_error *err)
{
	if (result < 0)
		must_be_told(err);
	else
		must(result == 0 && err->code == HR_OK);
}

static int found(void *self, char *digest)
{
	(void)self;
	must(strlen(digest) <= 4096);
	return 0;
}

static void read_container(struct protobuf message)
{
	struct containerd_container container = {0};
	struct hr_error err = {0};
	int result = decode_container(message, &container, &err);

	must_end(result, &err);
	if (result == 0)
		must(container.image && container.snapshotter && container.snapshot_key);
	containerd_container_done(&container);
}

static void read_mounts(struct protobuf message)
{
	json_auto struct json_doc *doc = json_new("mounts");
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len;
	int result;

	must(doc && json_put(doc, json_root(doc), "mounts", json_new_array(doc)));
	result = decode_mounts(message, doc, &err);
	must_end(result, &err);
	text = must_write(json_root(doc), &len);
}

static void read_chunk(struct protobuf message)
{
	struct decoded_chunk chunk;
	struct hr_error err = {0};
	int result = decode_chunk(message, &chunk, &err);

	must_end(result, &err);
	if (result == 0 && chunk.data.left > 0)
		must(chunk.data.at >= message.at &&
		     chunk.data.at + chunk.data.left <= message.at + message.left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct protobuf message = {(const char *)data + 1, size - 1};
	hr_autofree char *text = NULL;
	struct hr_error err = {0};

	if (size == 0)
		return 0;
	must_be_fields(message);
	switch (data[0] % 6) {
	case 0:
		read_container(message);
		break;
	case 1:
		read_mounts(message);
		break;
	case 2:
		read_chunk(message);
		break;
	case 3:
		must_end(decode_target(message, &text, &err), &err);
		break;
	case 4:
		must_end(decode_parent(message, &text, &err), &err);
		break;
	default:
		must_end(decode_list(message, found, NULL, &err), &err);
		break;
	}
	return 0;
}
