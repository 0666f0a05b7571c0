/* SPDX-License-Identifier: Apache-2.0 */
/* How a place in a document, and one in the policy, is named. */
#include "change/change.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

const char *change_origin(const struct json *value, char buf[CHANGE_ORIGIN])
{
	unsigned line, column;

	if (!value || !value->doc) {
		snprintf(buf, CHANGE_ORIGIN, "built-in");
		return buf;
	}
	line = 0; /* counting takes its time, and nobody reads the built-in's */
	if (strcmp(json_name(value->doc), "built-in") != 0)
		json_where(value, &line, &column);
	if (line == 0)
		snprintf(buf, CHANGE_ORIGIN, "%s", json_name(value->doc));
	else
		snprintf(buf, CHANGE_ORIGIN, "%s:%u:%u", json_name(value->doc), line, column);
	return buf;
}

const char *change_key_path(const char *parent_path, const char *key, char buf[CHANGE_PATH])
{
	char shown[TEXT_SHOWN_SIZE];
	bool odd = key[0] == '\0' || key[strspn(key, "abcdefghijklmnopqrstuvwxyz"
						     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						     "0123456789_-")] != '\0';

	if (odd)
		snprintf(buf, CHANGE_PATH, "%s[\"%s\"]", parent_path, text_shown_z(key, shown));
	else
		snprintf(buf, CHANGE_PATH, "%s%s%s", parent_path, parent_path[0] ? "." : "",
			 text_shown_z(key, shown));
	return buf;
}

const char *change_index_path(const char *parent_path, size_t index, char buf[CHANGE_PATH])
{
	snprintf(buf, CHANGE_PATH, "%s[%zu]", parent_path, index);
	return buf;
}
