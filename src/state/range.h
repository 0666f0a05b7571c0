/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids of the host for a pod: one slot of 65,536, shared by its containers and by no other pod
 * of the node while one of them lives (state/slot.h). A container's is the member "range" of its
 * record, the first id in decimal, which the caller writes. The least recently used slot comes
 * first, so that what is left of a pod's ids is nobody's for long: STATEDIR/ranges/order has when
 * each was used. That file is of no weight: one that is damaged or gone is begun anew.
 */
#ifndef HR_STATE_RANGE_H
#define HR_STATE_RANGE_H

#include "host/subid.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

#define RANGE_SWEPT 8 /* slots whose holders one claim looks at besides */

struct range {
	uint32_t base; /* the first id; 0: none */
	bool taken;    /* another living pod has what the sandbox's record names */
};

/*
 * Claim a range for the container `id` below the runtime's `root`, before its record is reserved;
 * it is held while this process lives, and from then on while the container does. Without
 * `sandbox`: a new one of `pool`. With it (its id): the one that the sandbox's record names, of
 * whatever pool; base 0 where it names none, there is no record, or another pod has it by now.
 * Error: HR_SYSTEM (the state directory, no free slot), HR_UNTRUSTED (the sandbox's record, or
 * the file of its slot, cannot be read).
 */
int range_claim(const char *statedir, const char *root, const char *id, const char *sandbox,
		const struct subid_pool *pool, struct range *ret, struct hr_error *err);

/* Take back what this process claimed. */
void range_withdraw(const char *statedir, const char *root, const char *id, uint32_t base);

/* What range_claim would give a new pod as far as files tell; touches nothing. */
void range_propose(const char *statedir, const struct subid_pool *pool, struct range *ret);

/* A dead record is about to go or to be replaced: so does what it kept of its range. `records`:
 * the directory of records, locked. */
void range_forget(int records, const struct json *record);

#endif
