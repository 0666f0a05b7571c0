/* SPDX-License-Identifier: Apache-2.0 */
/* A filter that asks us, in the place of the one that was decided. */
#include "line/watch.h"

#include "base/cleanup.h"
#include "host/runtime.h"
#include "json/edit.h"

#include <string.h>

int line_watch(struct json_doc *document, enum seccomp_watch watch, const char *const *also,
	       const char *socket, struct seccomp_filter **ret_filter, struct hr_error *err)
{
	const struct seccomp_host surroundings = {.arch = seccomp_native()};
	struct json *linux_ = json_get_mut(json_root(document), "linux");
	const struct json *decided = json_get(linux_, "seccomp");
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct json *watched = NULL;

	if (!decided)
		return hr_fail(err, HR_SPEC,
			       "linux.seccomp: the profile gives the container no filter, so there "
			       "is nothing to watch; set seccomp to mode enforce");
	if (seccomp_read(decided, &surroundings, &filter, err) < 0 ||
	    seccomp_write_watched(filter, seccomp_native(), watch, also, socket, document, &watched,
				  err) < 0)
		return -1;
	if (!json_put(document, linux_, "seccomp", watched))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret_filter = filter;
	filter = NULL;
	return 0;
}

bool line_watchable(const struct runtime *runtime, const struct json *features,
		    struct hr_error *err)
{
	const char *version = json_string(features, "version");

	if (json_has_string(json_get(features, "seccomp"), "SCMP_ACT_NOTIFY"))
		return true;
	hr_fail(err, HR_SPEC,
		"%s (%s) cannot hand system calls to another process; runc 1.1 and crun 1.8 can",
		runtime->path, version ? version : runtime_kind_name(runtime->kind));
	return false;
}
