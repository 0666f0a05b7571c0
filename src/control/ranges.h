/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of ranges of ids in a policy: ["0", "1000-2000"], ends included. */
#ifndef HR_CONTROL_RANGES_H
#define HR_CONTROL_RANGES_H

#include "json/json.h"

/* "N" or "N-M", decimal, N <= M <= 4294967295. */
bool range_read(const char *text, uint32_t *ret_first, uint32_t *ret_last);

/* True if a range of the list holds `id`; a list that is missing or empty holds every id. */
bool ranges_hold(const struct json *list, uint32_t id);

#endif
