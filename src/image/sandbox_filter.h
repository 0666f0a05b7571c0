/* SPDX-License-Identifier: Apache-2.0 */
/* Private to image/sandbox.c: the system calls that are left. */
#ifndef HR_IMAGE_SANDBOX_FILTER_H
#define HR_IMAGE_SANDBOX_FILTER_H

#include "base/error.h"

/* For good; needs no_new_privs. Error: HR_SYSTEM. */
int sandbox_filter(struct hr_error *err);

#endif
