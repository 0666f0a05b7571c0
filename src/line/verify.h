/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The labels that a container's first process has, against those that create wrote down. A
 * label that was put into the document and not on the process protects nobody (CVE-2025-52881:
 * runc's write to /proc/self/attr led elsewhere).
 */
#ifndef HR_LINE_VERIFY_H
#define HR_LINE_VERIFY_H

#include "json/json.h"

#include <sys/types.h>

enum verify {
	VERIFY_SAME,
	VERIFY_OTHER,
	VERIFY_UNSEEN, /* it is gone, or its label cannot be read */
};

/* True if the record names a label that is to be looked for ("verify" in its profile). */
bool verify_wanted(const struct json *record);

/* Look at a process. VERIFY_OTHER: HR_DENIED, naming both labels. */
enum verify verify_labels(pid_t pid, const struct json *record, struct hr_error *err);

#endif
