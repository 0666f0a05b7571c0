/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of src/image/containerd.h, one by one, against whatever listens on a socket.
 * usage: containerd_tool SOCKET NAMESPACE DEADLINE_MS CALL [ARGUMENT...]
 *
 *	container ID           image, snapshotter, key, CRI's extension, a line each
 *	image NAME             digest
 *	parent SNAPSHOTTER KEY
 *	mounts SNAPSHOTTER KEY JSON
 *	list KEY[,KEY...] VALUE [MAX]  digests
 *	read DIGEST MAX        the bytes
 *	bind ID ROUNDS         what binding one container asks; prints milliseconds of each round
 *	two NAME OTHER MAX     read NAME (a digest), then image OTHER on the same connection
 *
 * Exit 0; 1: there is none; 2: failed, and why on stderr; 3: damaged.
 */
#include "base/cleanup.h"
#include "image/containerd.h"
#include "image/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct hr_error err;
static const char *path, *space;
static int64_t limit_ms;

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

static struct containerd *dial(int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct containerd *client = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		perror(path);
		exit(4);
	}
	if (containerd_open(fd, space, (int64_t)now_ms() + limit_ms, &client, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		exit(2);
	}
	*ret_fd = fd;
	return client;
}

static int end(enum containerd_result result)
{
	if (result == CONTAINERD_FAILED)
		fprintf(stderr, "%s\n", err.msg);
	return result == CONTAINERD_OK ? 0 : result == CONTAINERD_NONE ? 1 : 2;
}

static int call_container(struct containerd *client, const char *id)
{
	struct containerd_container container = {0};
	enum containerd_result result = containerd_container(client, id, &container, &err);

	if (result == CONTAINERD_OK)
		printf("%s\n%s\n%s\n%s\n", container.image, container.snapshotter,
		       container.snapshot_key, container.cri ? container.cri : "");
	containerd_container_done(&container);
	return end(result);
}

static int call_string(enum containerd_result result, char *string)
{
	if (result == CONTAINERD_OK)
		printf("%s\n", string);
	free(string);
	return end(result);
}

static int call_mounts(struct containerd *client, const char *snapshotter, const char *key)
{
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	enum containerd_result result = containerd_mounts(client, snapshotter, key, &doc, &err);
	size_t len;

	if (result == CONTAINERD_OK && json_write(json_root(doc), &text, &len, &err) == 0)
		printf("%s\n", text);
	return end(result);
}

static int call_list(struct containerd *client, char *keys, const char *value, const char *max)
{
	const char *list[17] = {NULL};
	char **digests = NULL, *save = NULL;
	enum containerd_result result;
	size_t count = 0;

	for (char *key = strtok_r(keys, ",", &save); key && count < 16;
	     key = strtok_r(NULL, ",", &save))
		list[count++] = key;
	result = containerd_list(client, list, value, max ? strtoul(max, NULL, 10) : 32, &digests,
				 &err);
	for (size_t i = 0; result == CONTAINERD_OK && digests[i]; i++)
		printf("%s\n", digests[i]);
	if (result == CONTAINERD_OK)
		containerd_list_done(digests);
	return end(result);
}

static int call_read(struct containerd *client, const char *digest, const char *max)
{
	struct content content = containerd_content(client);
	hr_autofree char *bytes = NULL;
	size_t len = 0;

	switch (content_read(&content, digest, strtoul(max, NULL, 10), &bytes, &len, &err)) {
	case CONTENT_READ:
		fwrite(bytes, 1, len, stdout);
		return 0;
	case CONTENT_NONE:
		return 1;
	case CONTENT_FAILED:
	case CONTENT_RESULTS:
		break;
	}
	fprintf(stderr, "%s\n", err.msg);
	return err.code == HR_SPEC ? 3 : 2;
}

static int call_two(struct containerd *client, const char *digest, const char *name,
		    const char *max)
{
	char *found = NULL;
	int first = call_read(client, digest, max);
	enum containerd_result result = containerd_image(client, name, &found, &err);

	printf("first %d\n", first);
	return call_string(result, found);
}

/* Container, image, the chain, manifest and configuration, mounts. */
static int bind_once(struct containerd *client, const char *id)
{
	struct containerd_container container = {0};
	json_auto struct json_doc *mounts = NULL;
	struct content content = containerd_content(client);
	hr_autofree char *digest = NULL, *bytes = NULL, *key = NULL;
	size_t len;

	if (containerd_container(client, id, &container, &err) != CONTAINERD_OK ||
	    containerd_image(client, container.image, &digest, &err) != CONTAINERD_OK)
		return 2;
	key = strdup(container.snapshot_key);
	while (key && key[0]) {
		char *parent = NULL;

		if (containerd_parent(client, container.snapshotter, key, &parent, &err) !=
		    CONTAINERD_OK)
			return 2;
		free(key);
		key = parent;
	}
	if (content_read(&content, digest, 1 << 22, &bytes, &len, &err) != CONTENT_READ)
		return 2;
	free(bytes);
	bytes = NULL;
	if (content_read(&content, digest, 1 << 22, &bytes, &len, &err) != CONTENT_READ ||
	    containerd_mounts(client, container.snapshotter, container.snapshot_key, &mounts,
			      &err) != CONTAINERD_OK)
		return 2;
	containerd_container_done(&container);
	return 0;
}

static int call_bind(const char *id, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++) {
		double start = now_ms();
		int fd, result;
		struct containerd *client = dial(&fd);

		result = bind_once(client, id);
		containerd_close(client);
		close(fd);
		if (result != 0) {
			fprintf(stderr, "%s\n", err.msg);
			return result;
		}
		printf("%.3f\n", now_ms() - start);
	}
	return 0;
}

static int call(struct containerd *client, int count, char *words[])
{
	const char *name = words[0];
	char *found = NULL;
	enum containerd_result result;

	if (strcmp(name, "container") == 0 && count == 2)
		return call_container(client, words[1]);
	if (strcmp(name, "image") == 0 && count == 2) {
		result = containerd_image(client, words[1], &found, &err);
		return call_string(result, found);
	}
	if (strcmp(name, "parent") == 0 && count == 3) {
		result = containerd_parent(client, words[1], words[2], &found, &err);
		return call_string(result, found);
	}
	if (strcmp(name, "mounts") == 0 && count == 3)
		return call_mounts(client, words[1], words[2]);
	if (strcmp(name, "list") == 0 && count >= 3)
		return call_list(client, words[1], words[2], words[3]);
	if (strcmp(name, "read") == 0 && count == 3)
		return call_read(client, words[1], words[2]);
	if (strcmp(name, "two") == 0 && count == 4)
		return call_two(client, words[1], words[2], words[3]);
	return 5;
}

int main(int argc, char *argv[])
{
	struct containerd *client;
	int fd, status;

	if (argc < 6)
		return 5;
	path = argv[1];
	space = argv[2];
	limit_ms = strtol(argv[3], NULL, 10);
	if (strcmp(argv[4], "bind") == 0)
		return call_bind(argv[5], argc > 6 ? strtoul(argv[6], NULL, 10) : 1);
	client = dial(&fd);
	status = call(client, argc - 4, argv + 4);
	containerd_close(client);
	close(fd);
	return status;
}
