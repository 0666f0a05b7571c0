/* SPDX-License-Identifier: Apache-2.0 */
#include "image/containerd_decode.h"

#include "base/cleanup.h"
#include "json/edit.h"

#include <stdlib.h>
#include <string.h>

#define STRING_MAX    4096 /* bytes of a name, a digest, a path */
#define EXTENSION_MAX ((size_t)1024 * 1024)
#define MOUNTS_MAX    8
#define OPTIONS_MAX   1024

static const char container_extension[] = "io.cri-containerd.container.metadata";
static const char sandbox_extension[] = "io.cri-containerd.sandbox.metadata";

/* Field numbers of a message; 0 ends the list. */
struct wanted {
	uint32_t number;
	char **ret;
};

static int decode_strings(struct protobuf message, const struct wanted *wanted,
			  struct hr_error *err)
{
	struct protobuf_field field;
	int more;

	while ((more = protobuf_next(&message, &field, err)) > 0)
		for (const struct wanted *one = wanted; one->number; one++) {
			if (one->number != field.number)
				continue;
			if (protobuf_string(&field, one->ret, err) < 0)
				return -1;
			if (field.bytes.left > STRING_MAX)
				return hr_fail(err, HR_SPEC, "a name of more than %d bytes",
					       STRING_MAX);
		}
	return more;
}

/* The one embedded message with this number, the last of several; an empty one if there is none. */
static int decode_member(struct protobuf message, uint32_t number, struct protobuf *ret,
			 struct hr_error *err)
{
	struct protobuf_field field;
	int more;

	*ret = (struct protobuf){0};
	while ((more = protobuf_next(&message, &field, err)) > 0) {
		if (field.number != number)
			continue;
		if (protobuf_want(&field, PROTOBUF_BYTES, err) < 0)
			return -1;
		*ret = field.bytes;
	}
	return more;
}

static int need(char **string, struct hr_error *err)
{
	if (*string)
		return 0;
	*string = strdup("");
	return *string ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}

/* ---- containers ---- */

/* An entry of map<string, Any>: key 1, value 2; an Any's value is its field 2. */
static int decode_extension(struct protobuf entry, struct containerd_container *ret,
			    struct hr_error *err)
{
	hr_autofree char *key = NULL;
	const struct wanted names[] = {{1, &key}, {0}};
	struct protobuf any, value;

	if (decode_strings(entry, names, err) < 0 || decode_member(entry, 2, &any, err) < 0)
		return -1;
	if (!key || (strcmp(key, container_extension) != 0 && strcmp(key, sandbox_extension) != 0))
		return 0;
	if (decode_member(any, 2, &value, err) < 0)
		return -1;
	if (value.left > EXTENSION_MAX)
		return hr_fail(err, HR_SPEC, "the extension %s has more than %zu bytes", key,
			       EXTENSION_MAX);
	/* A container's own counts more than a sandbox's. */
	if (ret->cri && strcmp(key, sandbox_extension) == 0)
		return 0;
	if (value.left > 0 && memchr(value.at, '\0', value.left))
		return hr_fail(err, HR_SPEC, "the extension %s is no text", key);
	free(ret->cri);
	ret->cri = strndup(value.at ? value.at : "", value.left);
	return ret->cri ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}

int decode_container(struct protobuf message, struct containerd_container *ret,
		     struct hr_error *err)
{
	const struct wanted names[] = {
		{3, &ret->image}, {6, &ret->snapshotter}, {7, &ret->snapshot_key}, {0}};
	struct protobuf container, rest;
	struct protobuf_field field;
	int more;

	if (decode_member(message, 1, &container, err) < 0 ||
	    decode_strings(container, names, err) < 0)
		return -1;
	rest = container;
	while ((more = protobuf_next(&rest, &field, err)) > 0)
		if (field.number == 10 && (protobuf_want(&field, PROTOBUF_BYTES, err) < 0 ||
					   decode_extension(field.bytes, ret, err) < 0))
			return -1;
	if (more < 0)
		return -1;
	if (need(&ret->image, err) < 0 || need(&ret->snapshotter, err) < 0)
		return -1;
	return need(&ret->snapshot_key, err);
}

/* ---- images, snapshots ---- */

int decode_target(struct protobuf message, char **ret, struct hr_error *err)
{
	const struct wanted names[] = {{2, ret}, {0}};
	struct protobuf image, target;

	if (decode_member(message, 1, &image, err) < 0 ||
	    decode_member(image, 3, &target, err) < 0 || decode_strings(target, names, err) < 0)
		return -1;
	return need(ret, err);
}

int decode_parent(struct protobuf message, char **ret, struct hr_error *err)
{
	const struct wanted names[] = {{2, ret}, {0}};
	struct protobuf info;

	if (decode_member(message, 1, &info, err) < 0 || decode_strings(info, names, err) < 0)
		return -1;
	return need(ret, err);
}

static int decode_mount(struct protobuf mount, struct json_doc *doc, struct hr_error *err)
{
	hr_autofree char *type = NULL;
	hr_autofree char *source = NULL;
	const struct wanted names[] = {{1, &type}, {2, &source}, {0}};
	struct json *object = json_new_object(doc), *options = json_new_array(doc);
	struct protobuf_field field;
	int more;

	if (decode_strings(mount, names, err) < 0)
		return -1;
	while ((more = protobuf_next(&mount, &field, err)) > 0) {
		hr_autofree char *option = NULL;

		if (field.number != 4)
			continue;
		if (protobuf_string(&field, &option, err) < 0)
			return -1;
		if (json_count(options) == OPTIONS_MAX)
			return hr_fail(err, HR_SPEC, "a mount with more than %d options",
				       OPTIONS_MAX);
		if (!json_append(options, json_new_string(doc, option)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	if (more < 0)
		return -1;
	if (!json_put_string(doc, object, "type", type ? type : "") ||
	    !json_put_string(doc, object, "source", source ? source : "") ||
	    !json_put(doc, object, "options", options) ||
	    !json_append(json_get_mut(json_root(doc), "mounts"), object))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

int decode_mounts(struct protobuf message, struct json_doc *doc, struct hr_error *err)
{
	struct protobuf_field field;
	int more, count = 0;

	while ((more = protobuf_next(&message, &field, err)) > 0) {
		if (field.number != 1)
			continue;
		if (++count > MOUNTS_MAX)
			return hr_fail(err, HR_SPEC, "more than %d mounts", MOUNTS_MAX);
		if (protobuf_want(&field, PROTOBUF_BYTES, err) < 0 ||
		    decode_mount(field.bytes, doc, err) < 0)
			return -1;
	}
	return more;
}

/* ---- content ---- */

int decode_list(struct protobuf message, int (*found)(void *self, char *digest), void *self,
		struct hr_error *err)
{
	struct protobuf_field field;
	int more;

	while ((more = protobuf_next(&message, &field, err)) > 0) {
		hr_autofree char *digest = NULL;
		const struct wanted names[] = {{1, &digest}, {0}};

		if (field.number != 1)
			continue;
		if (protobuf_want(&field, PROTOBUF_BYTES, err) < 0 ||
		    decode_strings(field.bytes, names, err) < 0)
			return -1;
		if (digest && found(self, digest) < 0)
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	return more;
}

int decode_chunk(struct protobuf message, struct decoded_chunk *ret, struct hr_error *err)
{
	struct protobuf_field field;
	int more;

	*ret = (struct decoded_chunk){0};
	while ((more = protobuf_next(&message, &field, err)) > 0) {
		if (field.number == 1) {
			if (protobuf_want(&field, PROTOBUF_VARINT, err) < 0)
				return -1;
			ret->offset = field.value;
		} else if (field.number == 2) {
			if (protobuf_want(&field, PROTOBUF_BYTES, err) < 0)
				return -1;
			ret->data = field.bytes;
		}
	}
	return more;
}
