/* SPDX-License-Identifier: Apache-2.0 */
#include "control/ranges.h"

#include <errno.h>
#include <stdlib.h>

static bool number(const char *text, char **ret_end, uint32_t *ret)
{
	unsigned long long value;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoull(text, ret_end, 10);
	*ret = (uint32_t)value;
	return errno == 0 && value <= UINT32_MAX;
}

bool range_read(const char *text, uint32_t *ret_first, uint32_t *ret_last)
{
	char *end;

	if (!number(text, &end, ret_first))
		return false;
	*ret_last = *ret_first;
	if (*end == '-' && !number(end + 1, &end, ret_last))
		return false;
	return *end == '\0' && *ret_first <= *ret_last;
}

bool ranges_hold(const struct json *list, uint32_t id)
{
	uint32_t first, last;

	if (json_count(list) == 0)
		return true;
	json_each(item, list)
		if (range_read(item->text, &first, &last) && first <= id && id <= last)
			return true;
	return false;
}
