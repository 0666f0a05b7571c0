/* SPDX-License-Identifier: Apache-2.0 */
#include "state/record.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "json/edit.h"
#include "state/level.h"
#include "state/range.h"
#include "state/state_private.h"
#include "state/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define LOCK_TRIES     5000 /* of 2 ms each */
#define LONGEST_RECORD ((size_t)4 * 1024 * 1024)

/* The part of `path` that is there, resolved, and the rest as it is. */
static void resolve_head(const char *path, struct text *ret)
{
	char head[PATH_MAX], resolved[PATH_MAX];
	size_t len = strlen(path);

	while (len > 0 && len < sizeof(head)) {
		memcpy(head, path, len);
		head[len] = '\0';
		if (realpath(head, resolved)) {
			text_addf(ret, "%s/%s", resolved, path + len);
			return;
		}
		while (len > 0 && path[len - 1] != '/')
			len--;
		while (len > 1 && path[len - 1] == '/')
			len--;
	}
	text_adds(ret, path);
}

/* One spelling of a runtime's root: absolute, without links. It may be made later, by the
 * runtime, and must have the same name then. */
void record_root(const char *root, struct text *ret)
{
	text_auto struct text joined = {0}, resolved = {0};
	char here[PATH_MAX], plain[PATH_MAX];

	if (root[0] != '/' && getcwd(here, sizeof(here)))
		text_addf(&joined, "%s/", here);
	text_adds(&joined, root);
	if (joined.failed)
		return;
	text_plain_path(joined.data, plain, sizeof(plain));
	resolve_head(plain, &resolved);
	if (resolved.failed)
		return;
	text_plain_path(resolved.data, plain, sizeof(plain));
	text_adds(ret, plain);
}

void record_name(const char *root, const char *id, char ret[RECORD_NAME])
{
	char digest[DIGEST_HEX];
	text_auto struct text key = {0};

	record_root(root, &key);
	text_add(&key, "", 1);
	text_adds(&key, id);
	digest_sha256(key.failed ? "" : key.data, key.failed ? 0 : key.len, digest);
	snprintf(ret, RECORD_NAME, "%s.json", digest);
}

int record_open(const char *statedir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/records", statedir);
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_or_make(const char *statedir, struct hr_error *err)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/records", statedir);
	if (file_make_dirs(path, 0700, err) < 0)
		return -1;
	fd = record_open(statedir);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return fd;
}

int record_read(int dirfd, const char *name, struct json_doc **ret, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	struct hr_error local = {0};
	struct stat st;
	size_t len;

	*ret = NULL;
	if (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (file_read_at(dirfd, name, name, LONGEST_RECORD, &text, &len, &st, &local) == 0 &&
	    file_is_roots(&st) && json_parse(name, text, len, false, ret, &local) == 0)
		return 0;
	return hr_fail(err, HR_UNTRUSTED,
		       "the container's record cannot be read (%s); create the container anew",
		       local.code == HR_OK ? "it is not root's alone" : local.msg);
}

int record_load(const char *statedir, const char *root, const char *id, struct json_doc **ret,
		struct hr_error *err)
{
	hr_autoclose int dirfd = record_open(statedir);
	json_auto struct json_doc *doc = NULL;
	char name[RECORD_NAME];
	const char *state;

	*ret = NULL;
	if (dirfd < 0)
		return 0;
	record_name(root, id, name);
	if (record_read(dirfd, name, &doc, err) < 0)
		return -1;
	state = doc ? json_string(json_root(doc), "state") : NULL;
	if (state && strcmp(state, "committed") == 0)
		*ret = hr_steal(doc);
	return 0;
}

static int write_record(int dirfd, const char *name, struct json_doc *record, const char *state,
			struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (!json_put_string(record, json_root(record), "state", state))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(json_root(record), &text, &len, err) < 0)
		return -1;
	if (len > LONGEST_RECORD)
		return hr_fail(err, HR_DENIED,
			       "what is to be kept of the container is larger than "
			       "%zu MiB; shorten its labels and its report",
			       LONGEST_RECORD / 1024 / 1024);
	if (file_replace_at(dirfd, name, text, len, 0600, 0, 0, err) < 0)
		return hr_context(err, "record");
	return 0;
}

static int add_creator(struct json_doc *record, struct hr_error *err)
{
	struct json *creator =
		json_put(record, json_root(record), "creator", json_new_object(record));

	if (!json_put_int(record, creator, "pid", getpid()) ||
	    !json_put_int(record, creator, "start", sweep_start_time(getpid())) ||
	    !json_put_int(record, json_root(record), "made", time(NULL)) ||
	    !json_put_int(record, json_root(record), "version", RECORD_VERSION))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* Held only for this call; the kernel drops it when we are killed. A holder that was
 * stopped must not hold every other create. */
static int take_lock(int dirfd, struct hr_error *err)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	hr_autoclose int fd = openat(dirfd, ".lock",
				     O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return hr_fail_errno(err, errno, "record lock");
	for (unsigned tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return hr_fail_errno(err, errno, "record lock");
		if (tries == LOCK_TRIES)
			return hr_fail(
				err, HR_SYSTEM,
				"record lock: held for %d seconds by another hardrun; is one "
				"stopped?",
				LOCK_TRIES / 500);
		nanosleep(&pause, NULL);
	}
	return hr_steal_fd(&fd);
}

int record_lock(const char *statedir, int *ret_lock, int *ret_records, struct hr_error *err)
{
	hr_autoclose int dirfd = open_or_make(statedir, err);
	int lock = dirfd < 0 ? -1 : take_lock(dirfd, err);

	if (lock < 0)
		return -1;
	*ret_lock = lock;
	*ret_records = hr_steal_fd(&dirfd);
	return 0;
}

int record_reserve(const char *statedir, const char *root, const char *id, struct json_doc *record,
		   sweep_ended_fn ended, struct hr_error *err)
{
	hr_autoclose int dirfd = -1, lock = -1;
	json_auto struct json_doc *old = NULL;
	text_auto struct text plain = {0};
	char name[RECORD_NAME], shown[TEXT_SHOWN_SIZE];

	if (record_lock(statedir, &lock, &dirfd, err) < 0)
		return -1;
	record_root(root, &plain);
	if (plain.failed || !json_put_string(record, json_root(record), "root", plain.data))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	record_name(root, id, name);
	record_read(dirfd, name, &old, NULL);
	if (sweep_alive(plain.data, id, old ? json_root(old) : NULL))
		return hr_fail(err, HR_DENIED,
			       "container id \"%s\" is in use below the runtime's root; choose "
			       "another, or delete that container first",
			       text_shown_z(id, shown));
	sweep_tally(dirfd, name, old ? json_root(old) : NULL, ended);
	level_forget(dirfd, old ? json_root(old) : NULL);
	range_forget(dirfd, old ? json_root(old) : NULL);
	if (add_creator(record, err) < 0 || write_record(dirfd, name, record, "preparing", err) < 0)
		return -1;
	sweep_some(dirfd, RECORD_SWEPT, RECORD_GRACE, ended);
	return 0;
}

int record_commit(const char *statedir, const char *root, const char *id, struct json_doc *record,
		  struct hr_error *err)
{
	hr_autoclose int dirfd = open_or_make(statedir, err);
	char name[RECORD_NAME];

	if (dirfd < 0)
		return -1;
	record_name(root, id, name);
	return write_record(dirfd, name, record, "committed", err);
}

void record_withdraw(const char *statedir, const char *root, const char *id)
{
	hr_autoclose int dirfd = record_open(statedir);
	char name[RECORD_NAME];

	if (dirfd < 0)
		return;
	record_name(root, id, name);
	unlinkat(dirfd, name, 0);
}

bool record_tally(const char *statedir, const char *root, const char *id, const char *sha256,
		  struct tally_turn *ret)
{
	hr_autoclose int dirfd = record_open(statedir);
	char name[RECORD_NAME];

	*ret = (struct tally_turn){.fd = -1};
	if (dirfd < 0)
		return false;
	record_name(root, id, name);
	return tally_exec(dirfd, name, sha256, time(NULL), ret);
}
