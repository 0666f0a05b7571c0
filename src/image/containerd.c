/* SPDX-License-Identifier: Apache-2.0 */
#include "image/containerd.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/containerd_decode.h"
#include "image/digest.h"
#include "image/http2.h"
#include "json/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE	   "/containerd.services."
#define ANSWER_MAX ((size_t)4 * 1024 * 1024) /* bytes; a list or a container, not a blob */
#define CHUNK_MAX  ((size_t)2 * 1024 * 1024) /* bytes of a part of a blob (1 MiB) and around it */
#define SPACE_MAX  256

struct containerd {
	struct http2 *http2;
	char space[SPACE_MAX];
};

/* It becomes a header field. */
static bool space_sound(const char *space)
{
	size_t len = strlen(space);

	if (len == 0 || len >= SPACE_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (space[i] <= ' ' || space[i] > '~')
			return false;
	return true;
}

int containerd_open(int fd, const char *space, int64_t deadline_ms, struct containerd **ret,
		    struct hr_error *err)
{
	struct containerd *client;

	if (!space_sound(space))
		return hr_fail(err, HR_SYSTEM, "a namespace that is none");
	client = calloc(1, sizeof(*client));
	if (!client)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	snprintf(client->space, sizeof(client->space), "%s", space);
	if (http2_open(fd, deadline_ms, &client->http2, err) < 0) {
		free(client);
		return -1;
	}
	*ret = client;
	return 0;
}

void containerd_close(struct containerd *client)
{
	if (!client)
		return;
	http2_close(client->http2);
	free(client);
}

/* ---- one answer of one message ---- */

struct answer {
	int (*decode)(struct protobuf message, void *to, struct hr_error *err);
	void *to;
	unsigned count;
};

static int take_message(void *self, const char *bytes, size_t len, struct hr_error *err)
{
	struct answer *answer = self;

	if (answer->count++ > 0)
		return hr_fail(err, HR_SYSTEM, "an answer of two messages");
	if (answer->decode((struct protobuf){bytes, len}, answer->to, err) < 0) {
		if (err)
			err->code = HR_SYSTEM;
		return -1;
	}
	return 0;
}

static enum containerd_result ask(struct containerd *client, const char *path,
				  const struct text *request,
				  int (*message)(void *, const char *, size_t, struct hr_error *),
				  void *self, size_t max, struct hr_error *err)
{
	const struct grpc_call call = {
		.path = path,
		.space = client->space,
		.request = request->data ? request->data : "",
		.request_len = request->len,
		.max = max,
		.message = message,
		.self = self,
	};
	const char *name = strrchr(path, '.') + 1;
	int status;

	if (request->failed) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return CONTAINERD_FAILED;
	}
	if (http2_call(client->http2, &call, &status, err) < 0) {
		hr_context(err, "containerd's %s", name);
		return CONTAINERD_FAILED;
	}
	if (status == GRPC_OK)
		return CONTAINERD_OK;
	if (status == GRPC_NOT_FOUND)
		return CONTAINERD_NONE;
	hr_fail(err, HR_SYSTEM, "containerd's %s answers with error %d", name, status);
	return CONTAINERD_FAILED;
}

static enum containerd_result ask_one(struct containerd *client, const char *path,
				      const char *first, const char *second,
				      int (*decode)(struct protobuf, void *, struct hr_error *),
				      void *to, struct hr_error *err)
{
	text_auto struct text request = {0};
	struct answer answer = {decode, to, 0};
	enum containerd_result result;

	protobuf_put_string(&request, 1, first);
	if (second)
		protobuf_put_string(&request, 2, second);
	result = ask(client, path, &request, take_message, &answer, ANSWER_MAX, err);
	if (result != CONTAINERD_OK || answer.count == 1)
		return result;
	hr_fail(err, HR_SYSTEM, "containerd's %s answers with nothing", strrchr(path, '.') + 1);
	return CONTAINERD_FAILED;
}

/* ---- the calls ---- */

static int to_container(struct protobuf message, void *to, struct hr_error *err)
{
	return decode_container(message, to, err);
}

enum containerd_result containerd_container(struct containerd *client, const char *id,
					    struct containerd_container *ret, struct hr_error *err)
{
	struct containerd_container container = {0};
	enum containerd_result result = ask_one(client, SERVICE "containers.v1.Containers/Get", id,
						NULL, to_container, &container, err);

	if (result == CONTAINERD_OK)
		*ret = container;
	else
		containerd_container_done(&container);
	return result;
}

void containerd_container_done(struct containerd_container *container)
{
	free(container->image);
	free(container->snapshotter);
	free(container->snapshot_key);
	free(container->cri);
	*container = (struct containerd_container){0};
}

static int to_target(struct protobuf message, void *to, struct hr_error *err)
{
	return decode_target(message, to, err);
}

enum containerd_result containerd_image(struct containerd *client, const char *name, char **ret,
					struct hr_error *err)
{
	hr_autofree char *digest = NULL;
	enum containerd_result result = ask_one(client, SERVICE "images.v1.Images/Get", name, NULL,
						to_target, &digest, err);

	if (result == CONTAINERD_OK)
		*ret = hr_steal(digest);
	return result;
}

static int to_parent(struct protobuf message, void *to, struct hr_error *err)
{
	return decode_parent(message, to, err);
}

enum containerd_result containerd_parent(struct containerd *client, const char *snapshotter,
					 const char *key, char **ret, struct hr_error *err)
{
	hr_autofree char *parent = NULL;
	enum containerd_result result = ask_one(client, SERVICE "snapshots.v1.Snapshots/Stat",
						snapshotter, key, to_parent, &parent, err);

	if (result == CONTAINERD_OK)
		*ret = hr_steal(parent);
	return result;
}

static int to_mounts(struct protobuf message, void *to, struct hr_error *err)
{
	return decode_mounts(message, to, err);
}

/* A document of its own whose root is the array. */
static int make_list(struct json_doc *doc, struct json_doc **ret, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (json_write(json_get(json_root(doc), "mounts"), &text, &len, err) < 0)
		return -1;
	return json_parse("mounts", text, len, false, ret, err);
}

enum containerd_result containerd_mounts(struct containerd *client, const char *snapshotter,
					 const char *key, struct json_doc **ret,
					 struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("mounts");
	enum containerd_result result;

	if (!doc || !json_put(doc, json_root(doc), "mounts", json_new_array(doc))) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return CONTAINERD_FAILED;
	}
	result = ask_one(client, SERVICE "snapshots.v1.Snapshots/Mounts", snapshotter, key,
			 to_mounts, doc, err);
	if (result == CONTAINERD_OK && make_list(doc, ret, err) < 0)
		return CONTAINERD_FAILED;
	return result;
}

/* ---- lists of content ---- */

struct list {
	char **digests;
	size_t count, max;
};

static int add_digest(void *self, char *digest)
{
	struct list *list = self;

	if (list->count == list->max || !image_digest_sound(digest))
		return 0; /* the rest of this message is looked at, and left out */
	list->digests[list->count] = strdup(digest);
	if (!list->digests[list->count])
		return -1;
	list->count++;
	return 0;
}

static int take_list(void *self, const char *bytes, size_t len, struct hr_error *err)
{
	const struct list *list = self;

	if (decode_list((struct protobuf){bytes, len}, add_digest, self, err) == 0)
		return list->count == list->max ? GRPC_ENOUGH : 0;
	if (err)
		err->code = HR_SYSTEM;
	return -1;
}

enum containerd_result containerd_list(struct containerd *client, const char *const *keys,
				       const char *value, size_t max, char ***ret,
				       struct hr_error *err)
{
	text_auto struct text request = {0};
	struct list list = {calloc(max + 1, sizeof(char *)), 0, max};
	enum containerd_result result;

	if (!list.digests) {
		hr_fail(err, HR_SYSTEM, "out of memory");
		return CONTAINERD_FAILED;
	}
	for (; *keys; keys++) {
		text_auto struct text filter = {0};

		text_addf(&filter, "labels.\"%s\"==%s", *keys, value);
		protobuf_put_string(&request, 1, filter.failed ? "" : filter.data);
		request.failed = request.failed || filter.failed;
	}
	result = ask(client, SERVICE "content.v1.Content/List", &request, take_list, &list,
		     ANSWER_MAX, err);
	if (result == CONTAINERD_OK)
		*ret = list.digests;
	else
		containerd_list_done(list.digests);
	return result;
}

void containerd_list_done(char **list)
{
	for (char **one = list; list && *one; one++)
		free(*one);
	free(list);
}

/* ---- blobs ---- */

struct blob_read {
	struct text text;
	size_t max;
	bool too_long;
};

static int take_chunk(void *self, const char *bytes, size_t len, struct hr_error *err)
{
	struct blob_read *blob = self;
	struct decoded_chunk chunk;

	if (decode_chunk((struct protobuf){bytes, len}, &chunk, err) < 0) {
		if (err)
			err->code = HR_SYSTEM;
		return -1;
	}
	if (chunk.offset != blob->text.len)
		return hr_fail(err, HR_SYSTEM, "an answer with a gap");
	if (chunk.data.left > blob->max - blob->text.len) {
		blob->too_long = true;
		return GRPC_ENOUGH;
	}
	text_add(&blob->text, chunk.data.at ? chunk.data.at : "", chunk.data.left);
	return blob->text.failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}

static enum content_result read_blob(void *self, const char *digest, size_t max, char **ret,
				     size_t *ret_len, struct hr_error *err)
{
	text_auto struct text request = {0};
	struct blob_read blob = {.max = max};
	enum containerd_result result;

	protobuf_put_string(&request, 1, digest);
	result = ask(self, SERVICE "content.v1.Content/Read", &request, take_chunk, &blob,
		     max + CHUNK_MAX, err);
	text_add(&blob.text, "", 0);
	if (blob.too_long) {
		hr_fail(err, HR_SPEC, "content of more than %zu bytes", max);
		result = CONTAINERD_FAILED;
	}
	if (result == CONTAINERD_OK && !blob.text.failed) {
		*ret_len = blob.text.len;
		*ret = hr_steal(blob.text.data);
		return CONTENT_READ;
	}
	text_free(&blob.text);
	return result == CONTAINERD_NONE ? CONTENT_NONE : CONTENT_FAILED;
}

struct content containerd_content(struct containerd *client)
{
	return (struct content){.read = read_blob, .self = client};
}
