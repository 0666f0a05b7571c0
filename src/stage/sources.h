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

/*
 * Stage the bind sources of `mounts` (of the document as it was decided) that name a place
 * below HOST_STAGE; the host has the descriptors. Without one nothing happens. Otherwise
 * this process has a mount namespace of its own from here on, whose mounts are slaves of the
 * host's: what is unmounted there goes here too. Linux 5.2. Error: HR_SYSTEM.
 */
int stage_sources(const struct host_real *host, const struct json *mounts, struct hr_error *err);

#endif
