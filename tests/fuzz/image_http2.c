/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says to a call, all at once, before it closes: an end, and no more messages than
 * were said. */
#include "fuzz.h"

#include "image/http2.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX 100000

struct seen {
	size_t bytes, count;
};

static int take(void *self, const char *bytes, size_t len, struct hr_error *err)
{
	struct seen *seen = self;

	(void)err;
	must(len <= MAX && (len == 0 || bytes));
	seen->bytes += len;
	seen->count++;
	return bytes && len > 0 && bytes[0] == 'E' ? GRPC_ENOUGH : 0;
}

static void call(struct http2 *http2, size_t size)
{
	struct seen seen = {0};
	struct hr_error err = {0};
	const struct grpc_call it = {.path = "/a.B/C",
				     .space = "n",
				     .request = "abc",
				     .request_len = 3,
				     .max = MAX,
				     .message = take,
				     .self = &seen};
	int status = -1, result;

	result = http2_call(http2, &it, &status, &err);
	must(seen.bytes <= size && seen.count <= size);
	if (result < 0)
		must_be_told(&err);
	else
		must(status >= 0 && status <= 99);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timespec now;
	struct http2 *http2 = NULL;
	struct hr_error err = {0};
	int pair[2], room = 1 << 20;

	if (size > 100000)
		return 0;
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	must(send(pair[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
	must(shutdown(pair[1], SHUT_WR) == 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	must(http2_open(pair[0], ((int64_t)now.tv_sec + 20) * 1000, &http2, &err) == 0);
	call(http2, size);
	call(http2, size);
	http2_close(http2);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
