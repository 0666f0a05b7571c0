/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of the host's services: a container that gets one commands what listens there. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/real.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
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

/* Calls `found` for each path that a process of our network namespace listens on, until it
 * returns true. */
bool host_each_listening(bool (*found)(const char *path, void *data), void *data)
{
	hr_autoclose int fd = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
	hr_autofree char *text = NULL;
	char *rest, *line;
	size_t len;

	if (fd < 0 || file_read_fd(fd, "/proc/net/unix", MOST_BYTES, &text, &len, NULL) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *path = listening_path(line);

		if (path && found(path, data))
			return true;
	}
	return false;
}

/* --- Sockets that are seen -------------------------------------------------------------- */

/* What a walk may still look at: a socket that was bound by a relative name, or in another
 * network namespace, is found by looking only. */
#define MOST_LOOKED_AT 20000
#define DEEPEST	       16

struct walk {
	char path[PATH_MAX];
	unsigned left;
};

static bool look_into(struct walk *walk, int directory, size_t len, unsigned depth);

static bool look_at(struct walk *walk, int directory, const struct dirent *entry, size_t len,
		    unsigned depth)
{
	unsigned char type = entry->d_type;
	int used = snprintf(walk->path + len, sizeof(walk->path) - len, "/%s", entry->d_name);
	struct stat st;
	int fd;

	if (used < 0 || (size_t)used >= sizeof(walk->path) - len)
		return false;
	if (type == DT_UNKNOWN && fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		type = (unsigned char)IFTODT(st.st_mode);
	if (type == DT_SOCK)
		return true;
	if (type != DT_DIR || depth == DEEPEST)
		return false;
	fd = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && look_into(walk, fd, len + (size_t)used, depth + 1);
}

/* Takes `directory` over. */
static bool look_into(struct walk *walk, int directory, size_t len, unsigned depth)
{
	DIR *dir = fdopendir(directory);
	bool found = false;

	if (!dir) {
		close(directory);
		return false;
	}
	for (const struct dirent *entry; !found && walk->left > 0 && (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		walk->left--;
		found = look_at(walk, directory, entry, len, depth);
	}
	closedir(dir);
	return found;
}

char *host_socket_in(int directory, const char *path)
{
	struct walk walk = {.left = MOST_LOOKED_AT};
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || strlen(path) >= sizeof(walk.path)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	strcpy(walk.path, strcmp(path, "/") == 0 ? "" : path);
	return look_into(&walk, fd, strlen(walk.path), 1) ? strdup(walk.path) : NULL;
}
