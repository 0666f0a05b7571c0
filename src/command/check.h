/* SPDX-License-Identifier: Apache-2.0 */
/* What check looks at beside the policy's own text. */
#ifndef HR_COMMAND_CHECK_H
#define HR_COMMAND_CHECK_H

#include "base/text.h"
#include "policy/policy.h"

/* A line, and true, where the policy has a section images and this program no hardrun-image
 * beside it. */
bool check_verifier(const struct policy *policy, bool note, struct text *ret);

#endif
