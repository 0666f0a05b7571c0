/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a peer that may never answer. */
#ifndef HR_IMAGE_WIRE_H
#define HR_IMAGE_WIRE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Wait until `fd` has something for us, or with `unsent` room for more, but only to `deadline_ms`
 * of CLOCK_MONOTONIC: HR_SYSTEM. May return early. */
int wire_wait(int fd, bool unsent, int64_t deadline_ms, struct hr_error *err);

#endif
