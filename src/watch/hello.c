/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/watch.h"

#include "base/cleanup.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PART 16384 /* bytes read at a time */

int watch_accept(int socket, struct watch_peer *ret, struct hr_error *err)
{
	hr_autoclose int fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);

	if (fd < 0)
		return hr_fail_errno(err, errno, "taking a runtime's connection");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return hr_fail_errno(err, errno, "asking who connects");
	if (peer.uid)
		return hr_fail(err, HR_UNTRUSTED,
			       "user %u (process %d) offers a listener; only root's runtime may",
			       peer.uid, peer.pid);
	*ret = (struct watch_peer){.connection = hr_steal_fd(&fd)};
	return 0;
}

void watch_peer_free(struct watch_peer *peer)
{
	for (size_t i = 0; i < peer->fd_count; i++)
		if (peer->fds[i] >= 0)
			close(peer->fds[i]);
	if (peer->connection >= 0)
		close(peer->connection);
	text_free(&peer->message);
	*peer = (struct watch_peer){.connection = -1};
}

/* Every descriptor that comes is ours now: kept, or closed when there are more than a runtime
 * sends. False: there were more. */
static bool keep_fds(struct watch_peer *peer, struct msghdr *message)
{
	bool fits = !(message->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd = -1;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
			if (peer->fd_count < WATCH_FDS) {
				peer->fds[peer->fd_count++] = fd;
				continue;
			}
			close(fd);
			fits = false;
		}
	}
	return fits;
}

/* One part of the message: its bytes, 0 at its end, -1 with errno; EPROTO for too much. */
static ssize_t read_part(struct watch_peer *peer)
{
	char bytes[PART];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * WATCH_FDS)];
	} control;
	struct iovec into = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr message = {.msg_iov = &into,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(peer->connection, &message, MSG_CMSG_CLOEXEC);

	if (got < 0)
		return got;
	if (!keep_fds(peer, &message) || peer->message.len + (size_t)got > WATCH_HELLO) {
		errno = EPROTO;
		return -1;
	}
	text_add(&peer->message, bytes, (size_t)got);
	if (peer->message.failed) {
		errno = ENOMEM;
		return -1;
	}
	return got;
}

/* Place of "seccompFd" in fds, which stand in the order of the descriptors that came; -1. */
static int listener_of(const struct json *fds, size_t came)
{
	size_t place = 0;

	if (!fds || fds->type != JSON_ARRAY)
		return -1;
	json_each(name, fds) {
		if (name->type == JSON_STRING && !strcmp(name->text, "seccompFd"))
			return place < came ? (int)place : -1;
		place++;
	}
	return -1;
}

/* No call has the id 0: any other kind of file answers otherwise. */
static bool is_listener(int fd)
{
	uint64_t none = 0;

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) < 0 && errno == ENOENT;
}

static int understand(struct watch_peer *peer, const struct json *state, struct watch_hello *ret,
		      struct hr_error *err)
{
	const char *id = json_string(json_get(state, "state"), "id");
	int place = listener_of(json_get(state, "fds"), peer->fd_count);
	int64_t pid = 0;
	int flags;

	if (!id || !*id || strlen(id) >= sizeof(ret->id))
		return hr_fail(err, HR_UNTRUSTED, "a runtime's message: no state.id");
	if (!json_int(json_get(state, "pid"), &pid) || pid < 0 || pid > INT32_MAX)
		return hr_fail(err, HR_UNTRUSTED, "a runtime's message: no pid");
	if (place < 0)
		return hr_fail(err, HR_UNTRUSTED,
			       "a runtime's message: no descriptor that fds calls seccompFd");
	if (!is_listener(peer->fds[place]))
		return hr_fail(err, HR_UNTRUSTED,
			       "a runtime's message: its seccompFd is no listener of seccomp");
	flags = fcntl(peer->fds[place], F_GETFL);
	if (flags < 0 || fcntl(peer->fds[place], F_SETFL, flags | O_NONBLOCK))
		return hr_fail_errno(err, errno, "a runtime's listener");
	*ret = (struct watch_hello){.pid = (pid_t)pid};
	memcpy(ret->id, id, strlen(id) + 1);
	ret->listener = hr_steal_fd(&peer->fds[place]);
	return 0;
}

/* 1: it was whole and understood; 0: it is not whole. */
static int try_whole(struct watch_peer *peer, bool ended, struct watch_hello *ret,
		     struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error why = {.code = HR_OK};
	size_t len = peer->message.len;

	while (len && strchr(" \t\r\n", peer->message.data[len - 1]))
		len--;
	/* An object can only be whole where a brace closes; runc and crun may keep the connection
	 * open behind it. */
	if (!ended && (!len || peer->message.data[len - 1] != '}'))
		return 0;
	if (json_parse("message", peer->message.data ? peer->message.data : "", len, false, &doc,
		       &why))
		return ended ? hr_fail(err, HR_UNTRUSTED,
				       "a runtime's message is cut or no JSON: %s", why.msg)
			     : 0;
	return understand(peer, json_root(doc), ret, err) ? -1 : 1;
}

int watch_hear(struct watch_peer *peer, struct watch_hello *ret, struct hr_error *err)
{
	for (;;) {
		ssize_t got = read_part(peer);
		int whole;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return 0;
		if (got < 0 && errno == EPROTO)
			return hr_fail(err, HR_UNTRUSTED,
				       "a runtime's message is larger than %d bytes or has more "
				       "than %d descriptors",
				       WATCH_HELLO, WATCH_FDS);
		if (got < 0)
			return hr_fail_errno(err, errno, "reading a runtime's message");
		whole = try_whole(peer, got == 0, ret, err);
		if (whole)
			return whole;
	}
}
