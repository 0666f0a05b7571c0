/* SPDX-License-Identifier: Apache-2.0 */
/* The Test Anything Protocol, as the harness reads it. */
#ifndef HR_TESTS_TAP_H
#define HR_TESTS_TAP_H

#include <stdbool.h>

/* One case; `fmt` is its name. Returns `good`. */
bool tap(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A remark under the last case. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print the plan; returns the exit status of the program. */
int tap_done(void);

#endif
