/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp source in one step: its linux.seccomp, and how much that lets through. */
#ifndef HR_TESTS_FILTER_H
#define HR_TESTS_FILTER_H

#include "seccomp/seccomp.h"

int filter_compile(const struct seccomp_source *source, const char *arch, struct json_doc *doc,
		   struct json **ret, struct hr_error *err);

/* 0 when it cannot be compiled. */
size_t filter_count(const struct seccomp_source *source, const char *arch);

#endif
