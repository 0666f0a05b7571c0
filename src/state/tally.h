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

/*
 * Count one exec of a process (its document's SHA-256 in hex) at the time `now`. True: it is
 * counted, and no line is needed. False: write one, which stands for the ret->count before
 * it as well. What cannot be counted (a full disk, a file that is not ours, a lock that is
 * held) is written.
 */
bool tally_exec(int dirfd, const char *record_name, const char *sha256, int64_t now,
		struct tally *ret);

/* What of a container that is gone was counted and not written; removes the file. */
void tally_end(int dirfd, const char *record_name, struct tally *ret);

#endif
