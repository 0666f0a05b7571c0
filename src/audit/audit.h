/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one JSON line a decision, to a file (appended by a single write) and, in
 * short, to syslog. Neither blocks.
 */
#ifndef HR_AUDIT_AUDIT_H
#define HR_AUDIT_AUDIT_H

#include "json/edit.h"

/* Append `line` (an object) to `file`, which is made 0640 with its directories when missing.
 * Error: HR_SYSTEM. */
int audit_append(const char *file, const struct json *line, struct hr_error *err);

/* Send `text` to syslog(3)'s socket with facility authpriv, severity notice or (refused)
 * warning. What cannot be sent at once is lost. */
void audit_syslog(const char *text, bool refused);

/* Now, RFC 3339 with milliseconds and Z. */
#define AUDIT_TIME 64
const char *audit_now(char buf[AUDIT_TIME]);

/* The same of a time(2), not before 1970, and milliseconds. */
const char *audit_time(int64_t seconds, int milliseconds, char buf[AUDIT_TIME]);

#endif
