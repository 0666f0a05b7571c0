/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/watch.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Sizes of the kernel's structures; they may be larger than those of our headers. */
#define ROOM 512

static bool sizes_fit(void)
{
	struct seccomp_notif_sizes sizes = {0};

	return !syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) &&
	       sizes.seccomp_notif <= ROOM && sizes.seccomp_notif_resp <= ROOM;
}

int watch_listen(const char *path, int *ret_fd, struct hr_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	hr_autoclose int fd = -1;

	if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
		return hr_fail(err, HR_SYSTEM, "%s: too long for a socket, or not absolute", path);
	if (!sizes_fit())
		return hr_fail(err, HR_SYSTEM,
			       "the kernel cannot hand system calls to another "
			       "process (seccomp's user notification)");
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return hr_fail_errno(err, errno, "a socket for seccomp's listeners");
	/* Linux makes the file with the mode of the socket's inode, less the umask: never wider
	 * than this, not even for an instant. */
	if (fchmod(fd, S_IRUSR | S_IWUSR) || (unlink(path) && errno != ENOENT) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, S_IRUSR | S_IWUSR) || listen(fd, SOMAXCONN))
		return hr_fail_errno(err, errno, "%s: making the socket", path);
	*ret_fd = hr_steal_fd(&fd);
	return 0;
}

union notification {
	struct seccomp_notif is;
	char room[ROOM];
};

union response {
	struct seccomp_notif_resp is;
	char room[ROOM];
};

int watch_receive(int listener, struct watch_call *ret, struct hr_error *err)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	union notification notification = {.room = {0}};

	/* The ioctl waits, O_NONBLOCK or not. */
	if (poll(&ready, 1, 0) < 0)
		return errno == EINTR ? WATCH_NOTHING
				      : hr_fail_errno(err, errno, "polling seccomp's listener");
	if (!(ready.revents & POLLIN))
		return ready.revents ? WATCH_OVER : WATCH_NOTHING;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification.is)) {
		/* ENOENT: the caller was killed, or took a signal, since. */
		if (errno == ENOENT || errno == EINTR || errno == EAGAIN)
			return WATCH_NOTHING;
		return hr_fail_errno(err, errno, "receiving a system call of the container");
	}
	ret->id = notification.is.id;
	ret->thread = (pid_t)notification.is.pid;
	ret->arch = notification.is.data.arch;
	ret->number = notification.is.data.nr;
	for (size_t i = 0; i < WATCH_ARGS; i++)
		ret->args[i] = notification.is.data.args[i];
	return WATCH_CALL;
}

static bool respond(int listener, union response *response)
{
	while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response->is))
		if (errno != EINTR)
			return false;
	return true;
}

bool watch_pass(int listener, const struct watch_call *call)
{
	union response response = {.is = {.id = call->id}};

	response.is.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return respond(listener, &response);
}

bool watch_refuse(int listener, const struct watch_call *call, unsigned error)
{
	union response response = {.is = {.id = call->id}};

	response.is.error = -(int)error;
	return respond(listener, &response);
}

bool watch_waits(int listener, const struct watch_call *call)
{
	uint64_t id = call->id;

	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}
