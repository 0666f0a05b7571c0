/* SPDX-License-Identifier: Apache-2.0 */
#include "line/recorder_place.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK	".lock"
#define SOCKET	".sock"
#define HASH	16
#define WAIT_MS 2000 /* one whose container has just ended needs a moment to say so */

static void names_of(const char *id, struct recorder_place *ret)
{
	char hash[DIGEST_HEX];

	digest_sha256(id, strlen(id), hash);
	snprintf(ret->socket, sizeof(ret->socket), "%.*s" SOCKET, HASH, hash);
	snprintf(ret->lock_name, sizeof(ret->lock_name), "%.*s" LOCK, HASH, hash);
}

/* --- Locks ------------------------------------------------------------------------------------ */

/* The lock of that name, taken: 1; 0: somebody has it; -1 with errno. What was locked may have
 * been removed by the one who had it. */
static int try_lock(int directory, const char *name, bool make, int *ret_fd)
{
	struct stat locked, named;

	for (;;) {
		hr_autoclose int fd =
			openat(directory, name,
			       O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB))
			return errno == EWOULDBLOCK ? 0 : -1;
		if (!fstat(fd, &locked) && !fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) &&
		    locked.st_ino == named.st_ino) {
			*ret_fd = hr_steal_fd(&fd);
			return 1;
		}
		if (!make)
			return -1;
	}
}

static int lock(struct recorder_place *place, struct hr_error *err)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000000};

	for (int waited = 0; waited < WAIT_MS; waited += 20) {
		int got = try_lock(place->directory, place->lock_name, true, &place->lock);

		if (got > 0)
			return 0;
		if (got < 0)
			return hr_fail_errno(err, errno, "the lock of a recorder");
		nanosleep(&pause, NULL);
	}
	return hr_fail(err, HR_SYSTEM,
		       "the calls of another container of this id are still being recorded");
}

/* --- What others have left -------------------------------------------------------------------- */

/* `entry`: the lock of a recorder. */
static void clear_dead(int directory, const char *entry)
{
	char socket[RECORDER_NAME];
	hr_autoclose int fd = -1;

	if (try_lock(directory, entry, false, &fd) <= 0)
		return;
	snprintf(socket, sizeof(socket), "%.*s" SOCKET, (int)(strlen(entry) - strlen(LOCK)), entry);
	unlinkat(directory, socket, 0);
	unlinkat(directory, entry, 0);
}

static void clear_dead_ones(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!list) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(list)))
		if (text_ends(entry->d_name, LOCK) && strlen(entry->d_name) == HASH + strlen(LOCK))
			clear_dead(directory, entry->d_name);
	closedir(list);
}

/* --- A place ---------------------------------------------------------------------------------- */

/* Above 2, which are others' in the recorder. */
static int raise_fd(int *fd)
{
	int raised = *fd > 2 ? *fd : fcntl(*fd, F_DUPFD_CLOEXEC, 3);

	if (raised != *fd)
		close(*fd);
	*fd = raised;
	return raised < 0 ? -1 : 0;
}

static int open_directory(const char *path, int *ret, struct hr_error *err)
{
	if (file_make_dirs(path, 0700, err) || file_open_trusted(path, true, ret, err))
		return hr_context(err, "recordings");
	return raise_fd(ret) ? hr_fail_errno(err, errno, "%s", path) : 0;
}

static int take(const char *statedir, const char *learndir, const char *id,
		struct recorder_place *place, struct hr_error *err)
{
	char sockets[PATH_MAX];

	if (strlen(id) + sizeof(".json.1") > sizeof(place->before))
		return hr_fail(err, HR_SYSTEM,
			       "the container's id is too long for the name of a recording");
	names_of(id, place);
	snprintf(sockets, sizeof(sockets), "%s/learn", statedir);
	if ((size_t)snprintf(place->socket_path, sizeof(place->socket_path), "%s/%s", sockets,
			     place->socket) >= sizeof(place->socket_path))
		return hr_fail(err, HR_SYSTEM, "%s: too long for a socket", sockets);
	snprintf(place->recording, sizeof(place->recording), "%s.json", id);
	snprintf(place->before, sizeof(place->before), "%s.json.1", id);
	if (open_directory(sockets, &place->directory, err) ||
	    open_directory(learndir, &place->recordings, err))
		return -1;
	clear_dead_ones(place->directory);
	if (lock(place, err))
		return -1;
	if (raise_fd(&place->lock))
		return hr_fail_errno(err, errno, "the lock of a recorder");
	(void)renameat(place->recordings, place->recording, place->recordings, place->before);
	return 0;
}

int recorder_place_take(const char *statedir, const char *learndir, const char *id,
			struct recorder_place *ret, struct hr_error *err)
{
	*ret = (struct recorder_place){.directory = -1, .recordings = -1, .lock = -1};
	if (take(statedir, learndir, id, ret, err) == 0)
		return 0;
	recorder_place_done(ret);
	return -1;
}

void recorder_place_clear(const struct recorder_place *place)
{
	unlinkat(place->directory, place->socket, 0);
	unlinkat(place->directory, place->lock_name, 0);
}

void recorder_place_done(struct recorder_place *place)
{
	hr_cleanup_close(&place->lock);
	hr_cleanup_close(&place->recordings);
	hr_cleanup_close(&place->directory);
	place->lock = place->recordings = place->directory = -1;
}

bool recorder_place_taken(const char *statedir, const char *id)
{
	struct recorder_place place;
	char path[PATH_MAX];
	hr_autoclose int fd = -1;

	names_of(id, &place);
	snprintf(path, sizeof(path), "%s/learn/%s", statedir, place.lock_name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

void recorder_place_forget(const char *statedir, const char *id)
{
	struct recorder_place place;
	char path[PATH_MAX];

	names_of(id, &place);
	snprintf(path, sizeof(path), "%s/learn/%s", statedir, place.socket);
	unlink(path);
}
