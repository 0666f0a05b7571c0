/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What create decided for a container, kept for exec, update and the person on call:
 * versioned JSON in STATEDIR/records, named by sha256(realpath(root) NUL id). A record is
 * live as long as the runtime's state has the id or its creator lives, and is never
 * replaced while it is. No call that ends a container touches it: the sweep of a later
 * create removes what is dead.
 */
#ifndef HR_STATE_RECORD_H
#define HR_STATE_RECORD_H

#include "json/json.h"
#include "state/sweep.h"

#include <sys/types.h>

#define RECORD_VERSION 1
#define RECORD_SWEPT   8  /* records that one create looks at */
#define RECORD_GRACE   60 /* seconds that a dead record stays, for the one who asks why */

/* STATEDIR/records; -1 with errno kept when it is missing. */
int record_open(const char *statedir);

/*
 * Read the record of a container. ret is NULL when there is none, or none that was
 * committed: then the caller falls back to the default ceiling. Error: HR_UNTRUSTED when
 * one is there that cannot be read, which must not pass for none.
 */
int record_load(const char *statedir, const char *root, const char *id, struct json_doc **ret,
		struct hr_error *err);

/*
 * Write the record (state "preparing", creator this process) under the one lock, after
 * seeing that the id is not alive, and sweep (`ended`: see sweep.h; may be NULL). Error:
 * HR_DENIED when it is alive, HR_SYSTEM when the record cannot be written.
 */
int record_reserve(const char *statedir, const char *root, const char *id, struct json_doc *record,
		   sweep_ended_fn ended, struct hr_error *err);

/* Write it again as "committed": config.json is in place. */
int record_commit(const char *statedir, const char *root, const char *id, struct json_doc *record,
		  struct hr_error *err);

/* Take back a reservation of this process; for failures between the two. */
void record_withdraw(const char *statedir, const char *root, const char *id);

/* tally_exec for the container of a record. */
bool record_tally(const char *statedir, const char *root, const char *id, const char *sha256,
		  struct tally_turn *ret);

#endif
