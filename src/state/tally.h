/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Execs that bring nothing new: a probe runs the same process every few seconds, and a line
 * each in the audit log would bury the others. The first is written there; how often it was
 * repeated since is counted in a file beside the container's record and comes with the next
 * line, after an hour or when the container is gone.
 */
#ifndef HR_STATE_TALLY_H
#define HR_STATE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_PERIOD 3600 /* seconds between two lines of the same process */
#define TALLY_MOST   16	  /* processes of a container that are counted; of others each is written */
#define TALLY_NAME   80	  /* bytes of a file's name */

struct tally {
	int64_t count; /* execs for which there is no line yet */
	int64_t since; /* time(2) of the line before them */
};

/* The file that belongs to a record's, both names in the directory of records. */
const char *tally_name(const char *record_name, char buf[TALLY_NAME]);

/* An exec that is to be written: the tally is held until tally_done. */
struct tally_turn {
	int fd; /* -1: nothing is kept */
	size_t at;
	int64_t now;
	char sha256[65];
	struct tally before; /* what its line stands for as well */
};

/*
 * Count one exec of a process (its document's SHA-256 in hex) at the time `now`. True: it is
 * counted, and no line is needed. False: write one, which stands for the ret->before.count
 * before it as well, and call tally_done. What cannot be counted (a full disk, a file that
 * is not ours, a lock that is held) is written.
 */
bool tally_exec(int dirfd, const char *record_name, const char *sha256, int64_t now,
		struct tally_turn *ret);

/* `written`: the line is in the log, further ones are counted from now on. Otherwise all stays
 * as it was. */
void tally_done(struct tally_turn *turn, bool written);

/* What of a container that is gone was counted and not written. `ret_last`: seconds since the
 * last one was. */
void tally_left(int dirfd, const char *record_name, struct tally *ret, int64_t *ret_last);

void tally_remove(int dirfd, const char *record_name);

#endif
