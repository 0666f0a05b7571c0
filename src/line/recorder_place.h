/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to recorder*.c: its files. STATEDIR/learn/HASH.sock is the socket that the runtime
 * connects to, HASH.lock is locked (flock) as long as the recorder lives; HASH is of the
 * container's id, which may be longer than a socket's path. HR_LEARNDIR/ID.json is the recording.
 */
#ifndef HR_LINE_RECORDER_PLACE_H
#define HR_LINE_RECORDER_PLACE_H

#include "base/error.h"

#include <stdbool.h>

#define RECORDER_NAME 64

struct recorder_place {
	int directory; /* of sockets and locks */
	int recordings;
	int lock;
	char socket[RECORDER_NAME]; /* its name there */
	char lock_name[RECORDER_NAME];
	char recording[256];   /* ID.json */
	char before[256];      /* ID.json.1 */
	char socket_path[108]; /* absolute */
};

/*
 * Open or make the directories, clear away what dead recorders have left, take the lock of this
 * container, and move the recording that another of the same id has left to ID.json.1. One that
 * still runs is waited for a moment. Descriptors are above 2. Error: HR_SYSTEM.
 */
int recorder_place_take(const char *statedir, const char *learndir, const char *id,
			struct recorder_place *ret, struct hr_error *err);

/* Nobody finds the socket any more; ends the recorder's turn when the lock is closed. */
void recorder_place_clear(const struct recorder_place *place);

/* Close the descriptors. */
void recorder_place_done(struct recorder_place *place);

/* As recorder_runs. */
bool recorder_place_taken(const char *statedir, const char *id);

/* Nobody finds the socket any more. */
void recorder_place_forget(const char *statedir, const char *id);

#endif
