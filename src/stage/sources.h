/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was checked is what is mounted. Between the check of a path of the host and the
 * runtime's own mount somebody who can write a directory on the way may put another one in
 * its place. So the descriptor that was judged is cloned, and the clone is attached below
 * STATEDIR/stage in a mount namespace of our own, which the runtime inherits and which ends
 * with it; the document names the clone: STATEDIR/stage/N/THE/REAL/PATH.
 */
#ifndef HR_STAGE_SOURCES_H
#define HR_STAGE_SOURCES_H

#include "host/host.h"

/* What else is to be seen in that mount namespace, of a container with a user namespace of ours. */
struct stage_plan {
	int userns; /* whose ids the clones in `idmapped` get; -1: none */
	int root;   /* a detached tree (stage_root's) to be attached at HOST_STAGE_ROOT; -1: none */
	int netns;  /* whose sysfs is to be at HOST_STAGE_SYSFS; -1: nobody's */
	const struct json *idmapped; /* numbers of sources (HOST_STAGE/N/...); NULL: none */
};
#define STAGE_PLAN_NONE                               \
	{                                             \
		.userns = -1, .root = -1, .netns = -1 \
	}

/*
 * Stage the bind sources of `mounts` (of the document as it was decided) that name a place
 * below HOST_STAGE; the host has the descriptors. And what the plan says (NULL: nothing): the
 * clones keep the flags that their mounts have on the host; one that is idmapped is private, and
 * all that is mounted below it (rbind) is idmapped too, or nothing is. Without a source and
 * without a plan nothing happens. Otherwise this process has a mount namespace of its own from
 * here on, whose mounts are slaves of the host's: what is unmounted there goes here too. The
 * descriptors of the plan stay the caller's. Linux 5.2, with a plan 5.12. Error: HR_SYSTEM.
 */
int stage_sources(const struct host_real *host, const struct json *mounts,
		  const struct stage_plan *plan, struct hr_error *err);

#endif
