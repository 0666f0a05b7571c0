/* SPDX-License-Identifier: Apache-2.0 */
/* Private to inventory. */
#ifndef HR_COMMAND_INVENTORY_H
#define HR_COMMAND_INVENTORY_H

#include "base/text.h"
#include "json/json.h"

/* The list of containers, as --json has it, for a terminal. */
void inventory_text(const struct json *containers, struct text *to);

#endif
