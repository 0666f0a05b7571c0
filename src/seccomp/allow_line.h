/* SPDX-License-Identifier: Apache-2.0 */
/* Inside seccomp/: what goes with a call that is let through. */
#ifndef HR_SECCOMP_ALLOW_LINE_H
#define HR_SECCOMP_ALLOW_LINE_H

#include "seccomp/source.h"

/* The group of profiles/seccomp/groups.seccomp whose calls are of no use one by one; NULL for
 * none. Its note names all that it opens. */
const char *allow_group(const char *call);
const char *allow_group_note(const char *group);

/* Which capability a call with these arguments needs besides; NULL for none. */
const char *allow_note(const char *call, const uint64_t args[SECCOMP_ARGS]);

#endif
