/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtimes make of a linux.seccomp object: the program that they would load,
 * written from what runc (libcontainer/seccomp, patchbpf) and crun (libcrun/seccomp.c) do
 * with libseccomp and from nothing of src/.
 */
#ifndef HR_TESTS_SECCOMP_OCI_H
#define HR_TESTS_SECCOMP_OCI_H

#include "document.h"

#include <linux/filter.h>

enum oci_runtime {
	OCI_RUNC,     /* 1.1.0 to 1.1.5 */
	OCI_RUNC_1_1, /* later 1.1: its ENOSYS stub knows the native ABI even if not listed */
	OCI_RUNC_1_2, /* 1.2 and later: a binary tree for more than 32 names */
	OCI_CRUN,     /* 1.8 to 1.21 */
	OCI_RUNTIMES
};

struct oci_filter {
	struct sock_filter *program; /* NULL: no filter is loaded at all */
	size_t len;
};

const char *oci_name(enum oci_runtime runtime);

/* Error: the runtime would not start the container, and why. */
int oci_compile(const struct document *document, enum oci_runtime runtime, struct oci_filter *ret,
		struct hr_error *err);
void oci_free(struct oci_filter *filter);

#endif
