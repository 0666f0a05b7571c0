/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A linux.seccomp object, read plainly: what stands there, nothing filled in. Strings and
 * values are borrowed from the JSON document.
 */
#ifndef HR_TESTS_SECCOMP_DOCUMENT_H
#define HR_TESTS_SECCOMP_DOCUMENT_H

#include "json/json.h"

#define DOCUMENT_ARGS 16 /* conditions an entry; no runtime and no test has more */

struct condition {
	uint64_t index, value, value_two;
	const char *op; /* "" when it is missing */
	bool whole;	/* index, value and op are there */
};

struct entry {
	const struct json *names;
	const char *action; /* NULL when it is missing */
	bool has_errno;
	uint64_t errno_ret;
	size_t count; /* of conditions */
	struct condition conditions[DOCUMENT_ARGS];
};

struct document {
	const char *default_action; /* NULL when it is missing */
	bool has_errno;
	uint64_t errno_ret;
	const struct json *architectures; /* NULL when missing */
	const struct json *flags;	  /* NULL when missing */
	size_t count;
	struct entry *entries;
};

/* Error: HR_SPEC where a number is no unsigned integer of 64 bits or a list is no list:
 * no runtime reads that. */
int document_read(const struct json *seccomp, struct document *ret, struct hr_error *err);
void document_free(struct document *document);

#endif
