/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records are alive, and the removal of those that are not.
 */
#ifndef HR_STATE_SWEEP_H
#define HR_STATE_SWEEP_H

#include "json/json.h"
#include "state/tally.h"

#include <sys/types.h>

/* Start time of a process in clock ticks since boot, field 22 of proc_pid_stat(5): with the
 * pid it names one process for ever. 0 when it is gone. */
int64_t sweep_start_time(pid_t pid);

/* True while the runtime has state for the id, or the record's creator (record may be
 * NULL) lives and is not this process. */
bool sweep_alive(const char *root, const char *id, const struct json *record);

/*
 * A container is gone, and these execs of it have no line in the audit log yet: write one.
 * False when it could not be written: the record stays, for a later sweep.
 */
typedef bool (*sweep_ended_fn)(const struct json *record, const struct tally *left);

/* Remove dead records older than `grace` seconds, looking at `most` of them, another part
 * of the directory each time. Never blocks, never fails. `ended` may be NULL. */
void sweep_some(int dirfd, unsigned most, int grace, sweep_ended_fn ended);

/* A dead record is about to go or to be replaced: its tally goes with it once what is in it is
 * written. False: not yet. */
bool sweep_tally(int dirfd, const char *name, const struct json *record, sweep_ended_fn ended);

#endif
