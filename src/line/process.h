/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec's flag form turned into the process document that the runtimes make of it, so that
 * both forms go through the same controls.
 */
#ifndef HR_LINE_PROCESS_H
#define HR_LINE_PROCESS_H

#include "json/edit.h"
#include "oci/grammar.h"

/* Flags of exec that a process document replaces; NULL-terminated. */
extern const char *const process_flags[];

/*
 * A process document: the bundle's own process (`base`, may be NULL) with the request's
 * flags and command laid over it, as runc's exec.go does: --cap adds to bounding,
 * effective and permitted, --env appends, --user UID[:GID], --tty sets terminal.
 * Error: HR_USAGE for a value that is not sound.
 */
int process_from_flags(const struct request *request, const struct json *base,
		       struct json_doc **ret, struct hr_error *err);

#endif
