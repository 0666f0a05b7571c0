/* SPDX-License-Identifier: Apache-2.0 */
#include "image/http2.h"

#include "base/text.h"
#include "image/wire.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define READ_SIZE     16384
#define WINDOW	      (1 << 20)	   /* bytes that the peer may send ahead */
#define FRAMES_MAX    20000	   /* of one call */
#define OTHER_MAX     (2 * WINDOW) /* bytes of one call that are none of its messages */
#define FIELDS_MAX    64	   /* of the headers and trailers of one call */
#define FIELD_BYTES   8192	   /* of all of them */
#define PREFIX_LEN    5		   /* of a message: compressed, length */
#define STATUS_UNSEEN (-1)

/* The call that is made, and what came of it. */
struct turn {
	const struct grpc_call *call;
	int32_t stream;
	size_t sent; /* of prefix and request */
	size_t received, fields, field_bytes, frames;
	int status;
	bool enough; /* the stream was given up by us */
	bool closed;
	uint32_t close_code;
};

struct http2 {
	int fd;
	int64_t deadline_ms;
	nghttp2_session *session;
	struct text out; /* to be sent */
	size_t out_at;	 /* so much of it was */
	bool broken;
	struct turn turn;
	struct text part; /* of a message that is not whole yet */
	struct hr_error err;
};

/* What goes wrong in a callback is kept, and ends the loop. */
static int stop(struct http2 *http2, const char *what)
{
	hr_fail(&http2->err, HR_SYSTEM, "%s", what);
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static bool is(const uint8_t *text, size_t len, const char *wanted)
{
	return strlen(wanted) == len && memcmp(text, wanted, len) == 0;
}

/* Decimal, at most two digits (gRPC has 17 codes). */
static int read_status(struct http2 *http2, const uint8_t *value, size_t len)
{
	bool sound = len >= 1 && len <= 2 && http2->turn.status == STATUS_UNSEEN;
	int status = 0;

	for (size_t i = 0; i < len && sound; i++) {
		sound = value[i] >= '0' && value[i] <= '9';
		status = status * 10 + (value[i] - '0');
	}
	if (!sound)
		return stop(http2, "an answer with a grpc-status that is none, or two");
	http2->turn.status = status;
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
		     void *data)
{
	struct http2 *http2 = data;

	(void)session, (void)flags;
	http2->turn.field_bytes += name_len + value_len;
	if (++http2->turn.fields > FIELDS_MAX || http2->turn.field_bytes > FIELD_BYTES)
		return stop(http2, "an answer with too many header fields");
	if (frame->hd.stream_id != http2->turn.stream)
		return 0;
	if (is(name, name_len, ":status"))
		return is(value, value_len, "200") ? 0 : stop(http2, "an answer that is no gRPC's");
	if (!is(name, name_len, "grpc-status"))
		return 0;
	if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return stop(http2, "an answer with a grpc-status before its end");
	return read_status(http2, value, value_len);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *data)
{
	struct http2 *http2 = data;

	(void)session;
	if (head->type == NGHTTP2_GOAWAY)
		return stop(http2, "the connection was ended");
	return ++http2->turn.frames > FRAMES_MAX ? stop(http2, "an answer of too many frames") : 0;
}

static uint32_t message_len(const char *prefix)
{
	uint32_t len;

	memcpy(&len, prefix + 1, sizeof(len));
	return be32toh(len);
}

/* What still comes of the stream is passed over. */
static int give_up(struct http2 *http2)
{
	http2->turn.enough = true;
	http2->part.len = 0;
	return nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, http2->turn.stream,
					 NGHTTP2_CANCEL) == 0
		       ? 0
		       : stop(http2, "out of memory");
}

/* Hand out the messages that are whole. */
static int hand_out(struct http2 *http2)
{
	const struct grpc_call *call = http2->turn.call;
	struct text *part = &http2->part;
	size_t at = 0;

	while (part->len - at >= PREFIX_LEN) {
		size_t len = message_len(part->data + at);
		int result;

		if (part->data[at] != 0)
			return stop(http2, "an answer with a compressed message");
		if (len > call->max)
			return stop(http2, "an answer that is too long");
		if (part->len - at - PREFIX_LEN < len)
			break;
		at += PREFIX_LEN;
		result = call->message(call->self, part->data + at, len, &http2->err);
		if (result < 0)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
		if (result == GRPC_ENOUGH)
			return give_up(http2);
		at += len;
	}
	part->len -= at;
	memmove(part->data, part->data + at, part->len);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
		   size_t len, void *data)
{
	struct http2 *http2 = data;

	(void)session, (void)flags;
	if (stream != http2->turn.stream || http2->turn.enough)
		return 0;
	text_add(&http2->part, (const char *)bytes, len);
	return http2->part.failed ? stop(http2, "out of memory") : hand_out(http2);
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *data)
{
	struct http2 *http2 = data;

	(void)session;
	if (stream == http2->turn.stream) {
		http2->turn.closed = true;
		http2->turn.close_code = code;
	}
	return 0;
}

static ssize_t give_request(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room,
			    uint32_t *flags, nghttp2_data_source *source, void *data)
{
	struct http2 *http2 = data;
	const struct grpc_call *call = http2->turn.call;
	size_t len = call->request_len;
	const unsigned char prefix[PREFIX_LEN] = {0, (unsigned char)(len >> 24),
						  (unsigned char)(len >> 16),
						  (unsigned char)(len >> 8), (unsigned char)len};
	size_t given = 0, *sent = &http2->turn.sent;

	(void)session, (void)stream, (void)source;
	for (; given < room && *sent < PREFIX_LEN + len; (*sent)++)
		to[given++] = *sent < PREFIX_LEN ? prefix[*sent]
						 : (uint8_t)call->request[*sent - PREFIX_LEN];
	if (*sent == PREFIX_LEN + len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)given;
}

/* All that is to be sent goes at once: each piece would wake the peer. */
static int gather(struct http2 *http2, struct hr_error *err)
{
	const uint8_t *bytes;
	ssize_t len;

	http2->out.len = http2->out_at = 0;
	while ((len = nghttp2_session_mem_send(http2->session, &bytes)) > 0)
		text_add(&http2->out, (const char *)bytes, (size_t)len);
	if (len < 0 || http2->out.failed)
		return hr_fail(err, HR_SYSTEM, "HTTP/2: %s",
			       len < 0 ? nghttp2_strerror((int)len) : "out of memory");
	return 0;
}

static int send_all(struct http2 *http2, struct hr_error *err)
{
	ssize_t sent;

	if (http2->out_at == http2->out.len && gather(http2, err) < 0)
		return -1;
	if (http2->out_at == http2->out.len)
		return 0;
	sent = send(http2->fd, http2->out.data + http2->out_at, http2->out.len - http2->out_at,
		    MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (sent < 0)
		return hr_fail_errno(err, errno, "the connection");
	http2->out_at += (size_t)sent;
	return 0;
}

static int receive(struct http2 *http2, struct hr_error *err)
{
	uint8_t bytes[READ_SIZE];
	ssize_t got = recv(http2->fd, bytes, sizeof(bytes), 0), used;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got < 0)
		return hr_fail_errno(err, errno, "the connection");
	if (got == 0)
		return hr_fail(err, HR_SYSTEM, "the connection was closed");
	http2->turn.received += (size_t)got;
	if (http2->turn.received > http2->turn.call->max + OTHER_MAX)
		return hr_fail(err, HR_SYSTEM, "an answer that is too long");
	used = nghttp2_session_mem_recv(http2->session, bytes, (size_t)got);
	if (http2->err.code != HR_OK)
		return hr_fail(err, http2->err.code, "%s", http2->err.msg);
	if (used != got)
		return hr_fail(err, HR_SYSTEM, "HTTP/2: %s",
			       used < 0 ? nghttp2_strerror((int)used) : "bytes left over");
	return 0;
}

static nghttp2_nv field(const char *name, const char *value)
{
	/* Not written to: the flags say that both are to be copied. */
	return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
			    .value = (uint8_t *)(uintptr_t)value,
			    .namelen = strlen(name),
			    .valuelen = strlen(value),
			    .flags = NGHTTP2_NV_FLAG_NONE};
}

static int submit(struct http2 *http2, struct hr_error *err)
{
	const struct grpc_call *call = http2->turn.call;
	const nghttp2_nv fields[] = {
		field(":method", "POST"),
		field(":scheme", "http"),
		field(":path", call->path),
		field(":authority", "localhost"),
		field("te", "trailers"),
		field("content-type", "application/grpc"),
		field("user-agent", "hardrun-image"),
		field("containerd-namespace", call->space),
	};
	nghttp2_data_provider body = {.read_callback = give_request};

	http2->turn.stream = nghttp2_submit_request(
		http2->session, NULL, fields, sizeof(fields) / sizeof(fields[0]), &body, NULL);
	if (http2->turn.stream < 0)
		return hr_fail(err, HR_SYSTEM, "HTTP/2: %s", nghttp2_strerror(http2->turn.stream));
	return 0;
}

static int converse(struct http2 *http2, struct hr_error *err)
{
	for (;;) {
		if (send_all(http2, err) < 0)
			return -1;
		if (http2->turn.closed)
			return 0;
		/* The peer broke the protocol, and was told. */
		if (!nghttp2_session_want_read(http2->session))
			return hr_fail(err, HR_SYSTEM, "an answer that is no HTTP/2");
		if (wire_wait(http2->fd, http2->out_at < http2->out.len, http2->deadline_ms, err) <
			    0 ||
		    receive(http2, err) < 0)
			return -1;
	}
}

static int exchange(struct http2 *http2, struct hr_error *err)
{
	if (submit(http2, err) < 0 || converse(http2, err) < 0)
		return -1;
	if (http2->turn.enough) {
		http2->turn.status = GRPC_OK;
		return 0;
	}
	if (http2->turn.close_code != NGHTTP2_NO_ERROR || http2->turn.status == STATUS_UNSEEN)
		return hr_fail(err, HR_SYSTEM, "an answer without an end (HTTP/2 error %u)",
			       http2->turn.close_code);
	if (http2->part.len > 0)
		return hr_fail(err, HR_SYSTEM, "an answer with part of a message");
	return 0;
}

int http2_call(struct http2 *http2, const struct grpc_call *call, int *ret_status,
	       struct hr_error *err)
{
	if (http2->broken)
		return hr_fail(err, HR_SYSTEM, "the connection is broken");
	http2->turn = (struct turn){.call = call, .status = STATUS_UNSEEN};
	http2->part.len = 0;
	if (exchange(http2, err) < 0) {
		http2->broken = true;
		return -1;
	}
	*ret_status = http2->turn.status;
	return 0;
}

static int make_session(struct http2 *http2)
{
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, FIELD_BYTES},
	};
	nghttp2_session_callbacks *callbacks;
	int result;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return -1;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	result = nghttp2_session_client_new(&http2->session, callbacks, http2);
	nghttp2_session_callbacks_del(callbacks);
	if (result != 0 || nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings,
						   sizeof(settings) / sizeof(settings[0])) != 0)
		return -1;
	return nghttp2_session_set_local_window_size(http2->session, NGHTTP2_FLAG_NONE, 0, WINDOW);
}

int http2_open(int fd, int64_t deadline_ms, struct http2 **ret, struct hr_error *err)
{
	int flags = fcntl(fd, F_GETFL);
	struct http2 *http2;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return hr_fail_errno(err, errno, "the socket");
	http2 = calloc(1, sizeof(*http2));
	if (!http2)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	http2->fd = fd;
	http2->deadline_ms = deadline_ms;
	/* The peer can begin while there is other work to do here. */
	if (make_session(http2) != 0 || send_all(http2, err) < 0) {
		http2_close(http2);
		return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	*ret = http2;
	return 0;
}

void http2_close(struct http2 *http2)
{
	nghttp2_session_del(http2->session);
	text_free(&http2->part);
	text_free(&http2->out);
	free(http2);
}
