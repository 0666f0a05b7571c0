/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard input, output and error of a container with a user namespace of its own.
 */
#ifndef HR_STAGE_STDIO_H
#define HR_STAGE_STDIO_H

#include "base/error.h"

#include <stdint.h>

/*
 * Give the pipes (FIFOs) among descriptors 0 to 2 to the host's `uid` and `gid`: engines make them
 * root's, and a process may open its own /dev/stdout only as the owner. A character
 * device that is no terminal, such as /dev/null, becomes a node of its own, as a runtime may give
 * that away too. Files and terminals are not touched. Error: HR_SYSTEM, HR_DENIED (a block device).
 */
int stage_stdio(uint32_t uid, uint32_t gid, struct hr_error *err);

#endif
