/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to src/state: what the files of this folder ask of each other.
 */
#ifndef HR_STATE_STATE_PRIVATE_H
#define HR_STATE_STATE_PRIVATE_H

#include "base/digest.h"
#include "base/text.h"
#include "json/json.h"

#define RECORD_NAME (DIGEST_HEX + 8) /* bytes of a record's file name */

/*
 * The one lock of STATEDIR, for one short call, and the directory of records. Dropped by
 * closing it. Error: HR_SYSTEM, also when another holds it for ten seconds.
 */
int record_lock(const char *statedir, int *ret_lock, int *ret_records, struct hr_error *err);

/* One spelling of a runtime's root: absolute, without links. */
void record_root(const char *root, struct text *ret);

/* The file name of a container's record. */
void record_name(const char *root, const char *id, char ret[RECORD_NAME]);

/* The record as it is, whatever its state; ret is NULL for one that is not there. Error:
 * HR_UNTRUSTED when it cannot be read. */
int record_read(int records, const char *name, struct json_doc **ret, struct hr_error *err);

/* True while the process with this pid and start time lives; this one too. */
bool sweep_lives(int64_t pid, int64_t start);

/* Give `most` files NAME.json of a directory to `look`, another part of it each time, and
 * remove what file_replace_at left in it more than `grace` seconds ago. */
typedef void (*sweep_look_fn)(int dirfd, const char *name, void *data);
void sweep_walk(int dirfd, unsigned most, int grace, sweep_look_fn look, void *data);

#endif
