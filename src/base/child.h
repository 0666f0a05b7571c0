/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child whose output is wanted: used on cold paths only (asking a runtime what it is).
 */
#ifndef HR_BASE_CHILD_H
#define HR_BASE_CHILD_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Run `path` with argv and envp, no standard input, standard error thrown away, and
 * collect at most `max` bytes of its output. Killed after `timeout_ms`, and when we die.
 * ret_status: as of wait(2). Error: HR_SYSTEM, also for the deadline and for more output.
 */
int child_capture(const char *path, char *const argv[], char *const envp[], int timeout_ms,
		  size_t max, char **ret, size_t *ret_len, int *ret_status, struct hr_error *err);

/*
 * Call `become(data)`, which is to exec, in a child that is killed when we die. A child whose
 * `become` returns ends with status 126. Error: HR_SYSTEM.
 */
int child_start(void (*become)(void *data), void *data, pid_t *ret, struct hr_error *err);

#endif
