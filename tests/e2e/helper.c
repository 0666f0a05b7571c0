/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small parts that the scripts with real runtimes need, in one static program:
 *	helper console SOCKET OUT	take a terminal over the socket, as an engine does for
 *					--console-socket, and write what it says into OUT
 *	helper wait			do nothing until killed
 *	libnetwork-setkey OPTION ID ...	(by argv[0]) stands for Docker's daemon as a hook:
 *					writes its environment and its input to /run/setkey.ID
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "helper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void copy(int from, int to)
{
	char buf[4096];
	ssize_t n;

	/* A terminal answers EIO when its last user is gone. */
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			fail("write");
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		fail(path);
	}
	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		fail(path);
	return fd;
}

static int receive_terminal(int connection)
{
	char name[256];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {.iov_base = name, .iov_len = sizeof(name)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) < 0)
		fail("recvmsg");
	head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

static void console(const char *path, const char *out)
{
	int to = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int terminal, connection;

	if (to < 0)
		fail(out);
	/* Whoever was to send it may have failed. */
	alarm(20);
	connection = accept4(listen_at(path), NULL, NULL, SOCK_CLOEXEC);
	terminal = connection < 0 ? -1 : receive_terminal(connection);
	if (terminal < 0 || !isatty(terminal))
		fail("no terminal came");
	close(connection);
	copy(terminal, to);
}

static void setkey(const char *id)
{
	char path[256];
	int to;

	snprintf(path, sizeof(path), "/run/setkey.%.64s", id);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (to < 0)
		fail(path);
	for (char **variable = environ; *variable; variable++)
		dprintf(to, "%s\n", *variable);
	copy(0, to);
}

int main(int argc, char *argv[])
{
	if (argc > 2 && strcmp(argv[0], "libnetwork-setkey") == 0)
		setkey(argv[2]);
	else if (argc == 4 && strcmp(argv[1], "console") == 0)
		console(argv[2], argv[3]);
	else if (argc == 2 && strcmp(argv[1], "wait") == 0)
		pause();
	else
		return 2;
	return 0;
}
