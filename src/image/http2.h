/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC over HTTP/2 in the clear (RFC 9113; grpc.io, "gRPC over HTTP2") on a connected socket: one
 * call after the other, until a deadline. The only user of libnghttp2. The peer is held to what a
 * call may bring: bytes, header fields, frames.
 */
#ifndef HR_IMAGE_HTTP2_H
#define HR_IMAGE_HTTP2_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define GRPC_OK	       0
#define GRPC_NOT_FOUND 5

/* Of the callback: the rest of the answer is not wanted. The status is then GRPC_OK. */
#define GRPC_ENOUGH 1

struct http2;

/* `fd` stays the caller's and is set not to block. deadline_ms: of CLOCK_MONOTONIC. */
int http2_open(int fd, int64_t deadline_ms, struct http2 **ret, struct hr_error *err);
void http2_close(struct http2 *http2);

struct grpc_call {
	const char *path;  /* "/containerd.services.images.v1.Images/Get" */
	const char *space; /* header containerd-namespace */
	const char *request;
	size_t request_len;
	size_t max; /* bytes of all messages of the answer */
	/* Each message of the answer; -1 ends the call with the error, GRPC_ENOUGH without one. */
	int (*message)(void *self, const char *bytes, size_t len, struct hr_error *err);
	void *self;
};

/* ret_status: gRPC's. Error: HR_SYSTEM (no answer, or none that can be understood), and what
 * `message` returns. After an error no other call can be made. */
int http2_call(struct http2 *http2, const struct grpc_call *call, int *ret_status,
	       struct hr_error *err);

#endif
