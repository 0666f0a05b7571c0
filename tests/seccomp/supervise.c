/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for the supervisor of a watched container, as small as one can be: what is proved
 * with it is that runtimes take the watched form, and that seccomp_judge answers as the kernel.
 * usage: supervise print [--all] PROFILE SOCKET
 *            prints linux.seccomp in its watched form
 *        supervise serve PROFILE SOCKET
 *            answers the calls of the first container that hands a listener over, until it has
 *            ended; prints COUNT CALL ANSWER of each
 * PROFILE is a built-in name. Exits 1 on a failure, 2 when used wrongly.
 */
#include "load.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/watched.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ROWS_MAX    2048
#define WAIT_MS	    120000
#define MESSAGE_MAX 65536

static struct {
	char *shown;
	size_t count;
} rows[ROWS_MAX];

static int fail(const char *what)
{
	fprintf(stderr, "supervise: %s: %s\n", what, strerrorname_np(errno));
	return 1;
}

static struct seccomp_filter *profile_filter(const char *name)
{
	struct seccomp_source *source = NULL;
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};
	size_t len;
	const char *text = seccomp_builtin(name, &len);

	if (!text || seccomp_parse(name, text, len, &source, &err) < 0 ||
	    seccomp_lower(source, seccomp_native(), &filter, &err) < 0) {
		fprintf(stderr, "supervise: %s: %s\n", name, err.msg);
		exit(2);
	}
	seccomp_source_free(source);
	return filter;
}

static int print(const char *profile, const char *socket, bool all)
{
	json_auto struct json_doc *doc = json_new("supervise");
	seccomp_filter_auto struct seccomp_filter *filter = profile_filter(profile);
	hr_autofree char *text = NULL;
	struct json *object = NULL;
	struct hr_error err = {0};

	if (seccomp_write_watched(filter, seccomp_native(),
				  all ? SECCOMP_WATCH_ALL : SECCOMP_WATCH_REFUSED, NULL, socket,
				  doc, &object, &err) < 0) {
		fprintf(stderr, "supervise: %s\n", err.msg);
		return 1;
	}
	text = load_dump(object);
	puts(text);
	return 0;
}

/* --- The listener ------------------------------------------------------------------------- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		return -1;
	return fd;
}

/* The first descriptor beside the state that a runtime sends; it has no other. */
static int take_listener(int connection)
{
	static char message[MESSAGE_MAX];
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 4)];
		struct cmsghdr aligned;
	} control;
	struct iovec data = {message, sizeof(message)};
	struct msghdr header = {.msg_iov = &data,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *at;
	int fd;

	if (recvmsg(connection, &header, MSG_CMSG_CLOEXEC) <= 0)
		return -1;
	at = CMSG_FIRSTHDR(&header);
	if (!at || at->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(at), sizeof(fd));
	return fd;
}

/* --- Answering ---------------------------------------------------------------------------- */

static void count_row(const char *call, const uint64_t args[6],
		      const struct seccomp_judgement *judgement)
{
	struct text text = {0};
	size_t at = 0;

	seccomp_show_call(call, args, &text);
	text_addf(&text, " %s",
		  judgement->passes ? "passes" : strerrorname_np((int)judgement->error));
	while (at < ROWS_MAX - 1 && rows[at].shown && strcmp(rows[at].shown, text.data) != 0)
		at++;
	rows[at].count++;
	if (rows[at].shown)
		text_free(&text);
	else
		rows[at].shown = text.data;
}

static void answer(int listener, const struct seccomp_filter *filter,
		   const struct seccomp_notif *call)
{
	struct seccomp_notif_resp response = {.id = call->id};
	struct seccomp_judgement judgement = {.error = ENOSYS};
	char name[NAMES_SIZE] = "";
	uint64_t args[6];

	for (size_t i = 0; i < 6; i++)
		args[i] = call->data.args[i];
	if (call->data.arch == seccomp_audit_arch(seccomp_native()) &&
	    seccomp_call_name(call->data.nr, seccomp_native(), name))
		seccomp_judge(filter, name, args, &judgement);
	count_row(name, args, &judgement);
	if (judgement.passes)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		response.error = -(int)judgement.error;
	/* A caller that is gone needs no answer. */
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int answer_all(int listener, const struct seccomp_filter *filter)
{
	struct pollfd wait = {.fd = listener, .events = POLLIN};

	while (poll(&wait, 1, WAIT_MS) > 0 && !(wait.revents & POLLHUP)) {
		struct seccomp_notif call = {0};

		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
			answer(listener, filter, &call);
		else if (errno != ENOENT && errno != EINTR)
			return fail("receiving");
	}
	return wait.revents & POLLHUP ? 0 : fail("waiting");
}

static int serve(const char *profile, const char *path)
{
	seccomp_filter_auto struct seccomp_filter *filter = profile_filter(profile);
	hr_autoclose int socket = listen_at(path), connection = -1, listener = -1;
	struct pollfd wait = {.fd = socket, .events = POLLIN};
	int rc;

	if (socket < 0)
		return fail(path);
	if (poll(&wait, 1, WAIT_MS) <= 0 || (connection = accept(socket, NULL, NULL)) < 0)
		return fail("accepting");
	listener = take_listener(connection);
	if (listener < 0)
		return fail("no listener");
	rc = answer_all(listener, filter);
	for (size_t i = 0; i < ROWS_MAX && rows[i].shown; i++) {
		printf("%zu\t%s\n", rows[i].count, rows[i].shown);
		free(rows[i].shown);
	}
	return rc;
}

int main(int argc, char **argv)
{
	bool all = argc == 5 && strcmp(argv[2], "--all") == 0;

	if (argc == 4 + all && strcmp(argv[1], "print") == 0)
		return print(argv[2 + all], argv[3 + all], all);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	fprintf(stderr, "usage: supervise print [--all] PROFILE SOCKET | serve PROFILE SOCKET\n");
	return 2;
}
