/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cgroup_value.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int64_t in_bytes(int64_t value, const char *unit)
{
	static const char units[] = "KMGTPE";
	const char *found = unit[0] && unit[1] == '\0' ? strchr(units, unit[0] & ~0x20) : NULL;

	if (!found)
		return CGROUP_NO_NUMBER;
	for (; found >= units; found--)
		value = value > INT64_MAX / 1024 ? INT64_MAX : value * 1024;
	return value;
}

int64_t cgroup_value(enum cgroup_form form, const char *text)
{
	long long value;
	char *end;

	if (strcmp(text, "max") == 0 || (form == CGROUP_QUOTA && text_starts(text, "max ")))
		return CGROUP_NO_LIMIT;
	if (text[0] < '0' || text[0] > '9' || (text[0] == '0' && text[1] >= '0' && text[1] <= '9'))
		return CGROUP_NO_NUMBER;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0)
		return CGROUP_NO_NUMBER;
	if (*end == '\0' || (form == CGROUP_QUOTA && *end == ' '))
		return value;
	return form == CGROUP_BYTES ? in_bytes(value, end) : CGROUP_NO_NUMBER;
}
