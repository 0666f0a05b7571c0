/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that outlive us or must not.
 */
#ifndef HR_BASE_FD_H
#define HR_BASE_FD_H

#include "base/error.h"

#include <stddef.h>

/*
 * A sealed memfd (no write, grow or shrink) that holds `bytes`, at a descriptor number of
 * at least `lowest`, kept over exec, positioned at its start. Linux 3.17.
 */
int fd_document(const char *name, const char *bytes, size_t len, int lowest, int *ret_fd,
		struct hr_error *err);

/* Mark every descriptor from `first` on close-on-exec. Linux 5.11 (CLOSE_RANGE_CLOEXEC). */
int fd_cloexec_from(unsigned first, struct hr_error *err);

#endif
