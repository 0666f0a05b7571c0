/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the kernel mounts an overlay over layers with other ids: version numbers do not tell,
 * distributions carry parts back. So it is done once per boot, where nobody sees it.
 */
#ifndef HR_STAGE_PROBE_H
#define HR_STAGE_PROBE_H

#include "base/error.h"

/*
 * `userns`: any user namespace of userns_make. That it does is kept in STATEDIR/userns.json with
 * the kernel's boot id; where that is missing, damaged, not root's or of another boot, or cannot be
 * written, the kernel is asked again, which takes some milliseconds. Error, which says what is
 * missing ("the kernel has no overlay with other ids (Linux 5.19 has)"): HR_SYSTEM.
 */
int stage_probe(const char *statedir, int userns, struct hr_error *err);

#endif
