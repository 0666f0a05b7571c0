/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a file of cgroup v2, as the key `unified` gives it. */
#ifndef HR_CONTROL_CGROUP_VALUE_H
#define HR_CONTROL_CGROUP_VALUE_H

#include <stdint.h>

enum cgroup_form {
	CGROUP_COUNT, /* pids.max */
	CGROUP_BYTES, /* memory.max: may end in K, M, G, T, P or E */
	CGROUP_QUOTA, /* cpu.max: "QUOTA PERIOD" */
};

#define CGROUP_NO_LIMIT	 (-1) /* "max" */
#define CGROUP_NO_NUMBER (-2) /* the kernel might take it, for another number than we would */

/*
 * The limit, in processes, bytes or microseconds. The kernel (memparse, kstrtoll) takes blanks,
 * signs, octal and hexadecimal too; here only plain decimal is a number.
 */
int64_t cgroup_value(enum cgroup_form form, const char *text);

#endif
