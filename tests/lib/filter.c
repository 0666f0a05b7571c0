/* SPDX-License-Identifier: Apache-2.0 */
#include "filter.h"

int filter_compile(const struct seccomp_source *source, const char *arch, struct json_doc *doc,
		   struct json **ret, struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *filter = NULL;

	if (seccomp_lower(source, arch, &filter, err) < 0)
		return -1;
	return seccomp_write(filter, arch, doc, ret, err);
}

size_t filter_count(const struct seccomp_source *source, const char *arch)
{
	seccomp_filter_auto struct seccomp_filter *filter = NULL;

	return seccomp_lower(source, arch, &filter, NULL) < 0 ? 0 : seccomp_filter_count(filter);
}
