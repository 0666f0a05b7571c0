/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside seccomp/: pieces of the reader of linux.seccomp that the lint shares, and what
 * Docker's form of it has on top.
 */
#ifndef HR_SECCOMP_OCI_H
#define HR_SECCOMP_OCI_H

#include "seccomp/filter.h"

#define ERRNO_MAX	   4095 /* of the kernel; it takes larger ones for this */
#define OCI_TESTS_MAX	   12	/* conditions of an entry; a call has six arguments */
#define OCI_CALL_RULES_MAX 256	/* of one call */
#define OCI_ENTRIES_MAX	   4096 /* the kernel's limit of instructions */

struct oci_test {
	unsigned index;
	const char *op; /* "SCMP_CMP_EQ": as written */
	struct compare compare;
	bool masked_away; /* the value has bits that the mask takes away */
};

/* One object of args. HR_POLICY. */
int oci_read_test(const struct json *test, struct oci_test *ret, struct hr_error *err);

/* The answer of an entry. -1 when that is none. */
int oci_read_answer(const struct json *entry, struct answer *ret);

/* HR_POLICY "file:line:column: ..." of a value that was read from a file. Returns -1. */
int oci_fail(const struct json *at, struct hr_error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Keys, and the native architecture by archMap or architectures. */
int docker_check(const struct json *object, const struct seccomp_host *host, struct hr_error *err);

/* 1 if an entry's includes and excludes let it count on this host, 0 if not, -1 with
 * HR_POLICY. */
int docker_applies(const struct json *entry, const struct seccomp_host *host, struct hr_error *err);

#endif
