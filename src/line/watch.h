/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container whose calls are watched (try, learn): the decision is as always, and then its filter
 * is replaced by one that asks us, who answer as the filter would have.
 */
#ifndef HR_LINE_WATCH_H
#define HR_LINE_WATCH_H

#include "json/json.h"
#include "seccomp/watched.h"

/*
 * Replace linux.seccomp of a decided document by its watched form (seccomp_write_watched).
 * ret_filter: what it was, to judge by. Error: HR_SPEC when there is no filter, or one that cannot
 * be watched (its default is NOTIFY, ...); HR_SYSTEM.
 */
int line_watch(struct json_doc *document, enum seccomp_watch watch, const char *const *also,
	       const char *socket, struct seccomp_filter **ret_filter, struct hr_error *err);

/* Can this runtime hand over a listener? runc >= 1.1.0 and crun >= 1.8 can, runsc cannot.
 * `features` (may be NULL): what `RUNTIME features` said. False: why in err (HR_SPEC). */
struct runtime;
bool line_watchable(const struct runtime *runtime, const struct json *features,
		    struct hr_error *err);

#endif
