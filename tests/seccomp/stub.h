/* SPDX-License-Identifier: Apache-2.0 */
/* runc's ENOSYS stub. Of use to oci.c only. */
#ifndef HR_TESTS_SECCOMP_STUB_H
#define HR_TESTS_SECCOMP_STUB_H

#include "document.h"

#include <linux/filter.h>

#define STUB_MAX 512 /* instructions of the longest stub: every ABI */

/*
 * runc puts a program before the filter that answers ENOSYS to every number above the
 * highest one the document names, for each ABI the document lists (and the native one with
 * `native`). None where the default lets calls through or is ENOSYS already. Returns the
 * number of instructions.
 */
size_t stub_make(const struct document *document, bool native, struct sock_filter ret[STUB_MAX]);

/* libseccomp's token for an architecture as runc spells it, 0 for one it does not know. */
unsigned stub_arch(const char *name);

#endif
