/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of the host's services: a container that gets one commands what listens there. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/real.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES  ((size_t)64 * 1024 * 1024)
#define ACCEPTS_CON 0x10000U /* __SO_ACCEPTCON of include/uapi/linux/net.h */

/* "Num RefCount Protocol Flags Type St Inode Path": the path of one that is listened on;
 * NULL for others, and for abstract names (which a mount does not hold). */
static const char *listening_path(const char *line)
{
	unsigned long flags = 0;

	for (unsigned field = 0; field < 7; field++) {
		line += strspn(line, " ");
		if (field == 3)
			flags = strtoul(line, NULL, 16);
		line += strcspn(line, " ");
	}
	line += strspn(line, " ");
	return (flags & ACCEPTS_CON) && line[0] == '/' ? line : NULL;
}

static bool below(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strcmp(directory, "/") == 0 ||
	       (strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

char *host_listening_below(const char *directory)
{
	hr_autoclose int fd = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
	hr_autofree char *text = NULL;
	char *rest, *line;
	size_t len;

	if (fd < 0 || file_read_fd(fd, "/proc/net/unix", MOST_BYTES, &text, &len, NULL) < 0)
		return NULL;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *path = listening_path(line);
		char real[PATH_MAX];

		/* A process may have bound it through a link, such as /var/run. */
		if (path && below(realpath(path, real) ? real : path, directory))
			return strdup(path);
	}
	return NULL;
}
