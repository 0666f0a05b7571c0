/* SPDX-License-Identifier: Apache-2.0 */
/* What is done beside the document for a container in a user namespace of ours. */
#include "change/change.h"

static const char *kept_text(struct change *out, const char *text)
{
	const struct json *kept = text ? json_new_string(out->notes, text) : NULL;

	out->failed = out->failed || (text && !kept);
	return kept ? kept->text : NULL;
}

void change_map(struct change *out, const struct change_map *map)
{
	if (out->mode != MODE_ENFORCE)
		return;
	out->map.wanted = true;
	out->map.root = kept_text(out, map->root);
	out->map.netns = kept_text(out, map->netns);
	out->map.enter = map->enter;
}

void change_map_source(struct change *out, size_t number)
{
	if (out->mode != MODE_ENFORCE)
		return;
	if (!out->map.sources)
		out->map.sources = json_new_array(out->notes);
	if (!json_append(out->map.sources, json_new_uint(out->notes, number)))
		out->failed = true;
}

void change_map_setting(struct change *out, const char *key, const char *value)
{
	if (out->mode != MODE_ENFORCE)
		return;
	if (!out->map.net)
		out->map.net = json_new_object(out->notes);
	if (!json_put_string(out->notes, out->map.net, key, value))
		out->failed = true;
}
