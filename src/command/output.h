/* SPDX-License-Identifier: Apache-2.0 */
/* Files that our own commands write for their caller. */
#ifndef HR_COMMAND_OUTPUT_H
#define HR_COMMAND_OUTPUT_H

#include "base/error.h"

#include <stddef.h>

/* Make or replace `file`, whole or not at all: mode 0644, root's. What is no plain file (a pipe,
 * /dev/stdout) is written to. HR_SYSTEM. */
int command_output(const char *file, const char *text, size_t len, struct hr_error *err);

#endif
