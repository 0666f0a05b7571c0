/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the audit log back, line by line: files of any length, cut last lines, rotated ones. */
#ifndef HR_AUDIT_READ_H
#define HR_AUDIT_READ_H

#include "json/json.h"

/* One line; `line` lives until the function returns. False: enough. */
typedef bool (*audit_line_fn)(const struct json *line, void *data);

struct audit_read {
	uint64_t lines;	 /* understood */
	uint64_t others; /* not JSON, not ours, longer than 16 MiB, or cut */
};

/* `file` "-": standard input. gzip'ed ones are refused with a hint. Error: HR_SYSTEM. */
int audit_read(const char *file, audit_line_fn seen, void *data, struct audit_read *ret,
	       struct hr_error *err);

#endif
