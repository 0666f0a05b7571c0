/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records are alive, and the removal of those that are not.
 */
#ifndef HR_STATE_SWEEP_H
#define HR_STATE_SWEEP_H

#include "json/json.h"

#include <sys/types.h>

/* Start time of a process in clock ticks since boot, field 22 of proc_pid_stat(5): with the
 * pid it names one process for ever. 0 when it is gone. */
int64_t sweep_start_time(pid_t pid);

/* True while the runtime has state for the id, or the record's creator (record may be
 * NULL) lives and is not this process. */
bool sweep_alive(const char *root, const char *id, const struct json *record);

/* Remove dead records older than `grace` seconds, looking at `most` of them, another part
 * of the directory each time. Never blocks, never fails. `ended`: see record_reserve. */
void sweep_some(int dirfd, unsigned most, int grace, struct json_doc *ended);

/* A record is about to go: take its tally with it, and put into `ended` (NULL for nowhere)
 * what no line says yet. */
void sweep_tally(int dirfd, const char *name, const struct json *record, struct json_doc *ended);

#endif
