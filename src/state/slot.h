/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pod has to itself on this node while a container of it lives, such as an SELinux
 * level: STATEDIR/KIND/NAME.json, one for each name in use, lists the containers that hold it.
 * A holder counts while the process that wrote it lives; then while the runtime has its
 * container, unless that container's record names another. Whoever takes a slot drops the
 * holders that do not count: nothing has to be given back.
 */
#ifndef HR_STATE_SLOT_H
#define HR_STATE_SLOT_H

#include "base/error.h"

#include <stdbool.h>

/* Open, it holds the lock of the state directory. */
struct slots {
	const char *kind;   /* the directory's name; of messages, too */
	const char *member; /* of the record, that names the slot */
	int dirfd, records;
	int lock; /* -1: the caller holds it */
};

struct slot_holder {
	const char *root; /* as record_root has it */
	const char *id;
	const char *pod; /* holders of one root and pod share */
	/* True for a holder that is in no way another pod; may be NULL. */
	bool (*joins)(const char *root, const char *id, const void *data);
	const void *data;
};

/* Make the directory where it is missing, and take the lock. HR_SYSTEM, HR_UNTRUSTED. */
int slots_open(const char *statedir, const char *kind, const char *member, struct slots *ret,
	       struct hr_error *err);

/* For one who has the lock and the directory of records, which stays his. False when there is
 * no directory of this kind. */
bool slots_beside(int records, const char *kind, const char *member, struct slots *ret);

void slots_close(struct slots *slots);
#define slots_auto __attribute__((cleanup(slots_close)))

/*
 * Add a holder, with this process as the one who wrote it. ret_taken: another pod holds the
 * slot, and without `share` nothing was done. Error: HR_UNTRUSTED when the slot cannot be read
 * (it may be in use), HR_SYSTEM when it cannot be written.
 */
int slot_take(const struct slots *slots, const char *name, const struct slot_holder *who,
	      bool share, bool *ret_taken, struct hr_error *err);

/* Take back what this process added. True if nobody holds the slot any more. */
bool slot_leave(const struct slots *slots, const char *name, const struct slot_holder *who);

/* Drop the holders that do not count, and the file with the last one: then true. */
bool slot_prune(const struct slots *slots, const char *name);

/* slot_prune for `most` slots, others each time. */
void slots_sweep(const struct slots *slots, unsigned most);

#endif
