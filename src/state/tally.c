/* SPDX-License-Identifier: Apache-2.0 */
#include "state/tally.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LINE	   (DIGEST_HEX - 1 + 2 * 21 + 1) /* "SHA256 SINCE COUNT\n", numbers in 20 columns */
#define LOCK_TRIES 20				 /* of 1 ms each */

_Static_assert(TALLY_NAME > DIGEST_HEX + sizeof(".execs"), "name of a tally");

/* One line of the file. */
struct entry {
	char sha256[DIGEST_HEX];
	struct tally tally;
};

struct book {
	struct entry entries[TALLY_MOST];
	size_t len;
};

const char *tally_name(const char *record_name, char buf[TALLY_NAME])
{
	const char *dot = strrchr(record_name, '.');
	size_t len = dot ? (size_t)(dot - record_name) : strlen(record_name);

	snprintf(buf, TALLY_NAME, "%.*s.execs", (int)(len < DIGEST_HEX ? len : DIGEST_HEX),
		 record_name);
	return buf;
}

/* Held until the line is written; who cannot have it soon writes one instead of counting. */
static bool take_lock(int fd)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* A number at the right end of its 20 columns. */
static bool read_number(const char *columns, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoimax(columns, &end, 10);
	return errno == 0 && end == columns + 20 && *ret >= 0;
}

static bool read_entry(const char *line, struct entry *ret)
{
	const char *since = line + DIGEST_HEX, *count = since + 21;

	if (strspn(line, "0123456789abcdef") != DIGEST_HEX - 1 || line[DIGEST_HEX - 1] != ' ' ||
	    !read_number(since, &ret->tally.since) || !read_number(count, &ret->tally.count))
		return false;
	snprintf(ret->sha256, sizeof(ret->sha256), "%.*s", DIGEST_HEX - 1, line);
	return true;
}

/* What does not read as written here (cut by a full disk) is forgotten with all behind it. */
static void read_book(int fd, struct book *ret)
{
	char line[LINE];

	ret->len = 0;
	while (ret->len < TALLY_MOST &&
	       pread(fd, line, sizeof(line), (off_t)(ret->len * LINE)) == LINE) {
		line[LINE - 1] = '\0';
		if (!read_entry(line, &ret->entries[ret->len]))
			return;
		ret->len++;
	}
}

static bool write_entry(int fd, const struct entry *entry, size_t at)
{
	char line[LINE + 1];

	snprintf(line, sizeof(line), "%s %20" PRId64 " %20" PRId64 "\n", entry->sha256,
		 entry->tally.since, entry->tally.count);
	return pwrite(fd, line, LINE, (off_t)(at * LINE)) == LINE;
}

static int open_book(int dirfd, const char *record_name, int flags)
{
	char name[TALLY_NAME];
	struct stat st;
	hr_autoclose int fd = openat(dirfd, tally_name(record_name, name),
				     O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !file_is_roots(&st) ||
	    !take_lock(fd))
		return -1;
	return hr_steal_fd(&fd);
}

static bool is_due(const struct tally *tally, int64_t now)
{
	/* A clock that was set back must not stop the lines. */
	return now < tally->since || now - tally->since >= TALLY_PERIOD;
}

/* The entry of a process: an old one, a new one, or in the place of one that is long quiet
 * and has nothing to say; TALLY_MOST for none. */
static size_t find_entry(const struct book *book, const char *sha256, int64_t now)
{
	for (size_t i = 0; i < book->len; i++)
		if (strcmp(book->entries[i].sha256, sha256) == 0)
			return i;
	if (book->len < TALLY_MOST)
		return book->len;
	for (size_t i = 0; i < book->len; i++)
		if (is_due(&book->entries[i].tally, now) && book->entries[i].tally.count == 0)
			return i;
	return TALLY_MOST;
}

bool tally_exec(int dirfd, const char *record_name, const char *sha256, int64_t now,
		struct tally_turn *ret)
{
	hr_autoclose int fd = open_book(dirfd, record_name, O_CREAT);
	struct entry *entry;
	struct book book;

	*ret = (struct tally_turn){.fd = -1, .now = now};
	if (fd < 0 || strlen(sha256) != DIGEST_HEX - 1)
		return false;
	read_book(fd, &book);
	ret->at = find_entry(&book, sha256, now);
	if (ret->at == TALLY_MOST)
		return false;
	entry = &book.entries[ret->at];
	if (ret->at < book.len && strcmp(entry->sha256, sha256) == 0) {
		if (!is_due(&entry->tally, now)) {
			entry->tally.count++;
			return write_entry(fd, entry, ret->at);
		}
		ret->before = entry->tally;
	}
	snprintf(ret->sha256, sizeof(ret->sha256), "%s", sha256);
	ret->fd = hr_steal_fd(&fd);
	return false;
}

void tally_done(struct tally_turn *turn, bool written)
{
	struct entry entry = {.tally = {.since = turn->now}};

	if (turn->fd < 0)
		return;
	memcpy(entry.sha256, turn->sha256, sizeof(entry.sha256));
	if (written)
		write_entry(turn->fd, &entry, turn->at);
	close(turn->fd);
	turn->fd = -1;
}

void tally_left(int dirfd, const char *record_name, struct tally *ret, int64_t *ret_last)
{
	hr_autoclose int fd = open_book(dirfd, record_name, 0);
	struct book book;
	struct stat st;

	*ret = (struct tally){0};
	*ret_last = 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	*ret_last = time(NULL) - st.st_mtime;
	read_book(fd, &book);
	for (size_t i = 0; i < book.len; i++) {
		const struct tally *tally = &book.entries[i].tally;

		if (tally->count > 0 && (ret->count == 0 || tally->since < ret->since))
			ret->since = tally->since;
		ret->count += tally->count;
	}
}

void tally_remove(int dirfd, const char *record_name)
{
	char name[TALLY_NAME];

	unlinkat(dirfd, tally_name(record_name, name), 0);
}
