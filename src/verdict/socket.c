/* SPDX-License-Identifier: Apache-2.0 */
/* A socket of a daemon of root's. */
#include "verdict/ask.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* The directory of `path`, which root alone may change; `path` is cut there. */
static int open_directory(char *path, const char **ret_name, int *ret, struct hr_error *err)
{
	char *name = strrchr(path, '/');

	if (!name || !name[1])
		return hr_fail(err, HR_UNTRUSTED, "it is no socket");
	*name++ = '\0';
	*ret_name = name;
	return file_open_trusted(path[0] ? path : "/", true, ret, err);
}

/* O_PATH. Its mode may give it to a group; that somebody else listens there is another matter. It
 * may be a link, of which the directory has to be root's as well. */
static int open_socket(const char *path, int *ret, struct hr_error *err)
{
	char given[PATH_MAX], real[PATH_MAX];
	hr_autoclose int above = -1;
	hr_autoclose int directory = -1;
	hr_autoclose int fd = -1;
	const char *name = "";
	struct stat st;

	if (!realpath(path, real))
		return hr_fail_errno(err, errno, "it cannot be opened");
	snprintf(given, sizeof(given), "%s", path);
	if (open_directory(given, &name, &above, err) < 0 ||
	    open_directory(real, &name, &directory, err) < 0)
		return -1;
	fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "it cannot be opened");
	if (!S_ISSOCK(st.st_mode))
		return hr_fail(err, HR_UNTRUSTED, "it is no socket");
	if (st.st_uid != 0 || (st.st_mode & S_IWOTH))
		return hr_fail(err, HR_UNTRUSTED, "others than root can use it");
	*ret = hr_steal_fd(&fd);
	return 0;
}

/* Without a limit connect(2) waits as long as the listener's queue is full. */
static int set_timeout(int fd, unsigned timeout_ms)
{
	const struct timeval time = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000,
	};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

int verdict_connect(const char *path, unsigned timeout_ms, int *ret, struct hr_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	hr_autoclose int at = -1;
	hr_autoclose int fd = -1;
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (open_socket(path, &at, err) < 0)
		return -1;
	/* What was looked at, and not what has come into its place. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", at);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || set_timeout(fd, timeout_ms > 0 ? timeout_ms : 1) < 0)
		return hr_fail_errno(err, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EAGAIN)
			return hr_fail(err, HR_SYSTEM, "nobody takes a connection there");
		return hr_fail_errno(err, errno, "nobody answers there");
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || set_timeout(fd, 0) < 0)
		return hr_fail_errno(err, errno, "socket");
	if (peer.uid != 0)
		return hr_fail(err, HR_UNTRUSTED, "uid %u listens there, and not root", peer.uid);
	*ret = hr_steal_fd(&fd);
	return 0;
}
