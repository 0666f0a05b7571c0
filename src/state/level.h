/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELinux levels: two categories for each pod, shared by its containers and by no other pod of
 * the node while one of them lives (state/slot.h). A container's level is the member "level" of
 * its record, which the caller writes. /run is empty after a boot, and so is this.
 */
#ifndef HR_STATE_LEVEL_H
#define HR_STATE_LEVEL_H

#include "json/json.h"
#include "state/slot.h"

#include <stdbool.h>

#define LEVEL_CATEGORIES 1024
#define LEVEL_COUNT	 (LEVEL_CATEGORIES * (LEVEL_CATEGORIES - 1) / 2) /* 523,776 */
/* Levels that are tried before there is none. Their order is as good as random for each pod:
 * with 99 % of all in use, the chance to miss the rest is 1 in 10^17. */
#define LEVEL_TRIES 4096
#define LEVEL_SWEPT 8  /* levels whose holders one claim looks at besides */
#define LEVEL_SIZE  24 /* "s0:c1022,c1023" and the NUL fit */

struct level {
	char name[LEVEL_SIZE];
	bool taken; /* what was asked is another living pod's */
};

/* True for "s0:cA,cB" with A < B < 1024 in the kernel's own spelling: the lower first, no
 * leading zeros. (It would read "s0:c9,c3" as well, and show it as "s0:c3,c9".) */
bool level_sound(const char *text);

/*
 * Claim a level for the container `id` below the runtime's `root`, before its record is
 * reserved; it is held while this process lives, and from then on while the container does.
 * The pod's is what the record of `sandbox` names (its sandbox's id; NULL: the container is a
 * pod of its own). `asked` (or NULL) comes before that: ret->taken says that another pod holds
 * it and, without `share`, that nothing was claimed. Otherwise a free one. Error: HR_SYSTEM
 * (the state directory, no free level), HR_UNTRUSTED (the pod's record, or the file of the
 * level that was asked, cannot be read), HR_SPEC (`asked` is not sound).
 */
int level_claim(const char *statedir, const char *root, const char *id, const char *sandbox,
		const char *asked, bool share, struct level *ret, struct hr_error *err);

/* The same, where a holder for which `joins` is true is of the container's pod, or uses its level
 * no more. */
int level_claim_joined(const char *statedir, const struct slot_holder *who, const char *asked,
		       bool share, struct level *ret, struct hr_error *err);

/* Take back what this process claimed. */
void level_withdraw(const char *statedir, const char *root, const char *id, const char *level);

/* What level_claim would try first for a new pod; touches nothing. */
void level_propose(const char *root, const char *id, const char *sandbox, struct level *ret);

/* The levels of a pod in the order in which they are tried, from 0. `root`: absolute, without
 * links. */
void level_nth(const char *root, const char *pod, unsigned n, char ret[LEVEL_SIZE]);

/* A dead record is about to go or to be replaced: so does what it kept of its level. `records`:
 * the directory of records, locked. */
void level_forget(int records, const struct json *record);

#endif
