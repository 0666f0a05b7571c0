/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

#include <stdio.h>
#include <string.h>

#define IDS	     (UINT64_C(1) << 32)
#define MOST_ENTRIES 340 /* user_namespaces(7) */

struct mapping {
	uint64_t inside, outside, size;
};

static struct mapping mapping_of(const struct json *entry)
{
	struct mapping mapping = {0};

	json_uint(json_get(entry, "containerID"), &mapping.inside);
	json_uint(json_get(entry, "hostID"), &mapping.outside);
	json_uint(json_get(entry, "size"), &mapping.size);
	return mapping;
}

static bool meet(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool overlaps_earlier(const struct json *list, const struct json *entry)
{
	struct mapping own = mapping_of(entry);

	json_each(other, list) {
		struct mapping earlier = mapping_of(other);

		if (other == entry)
			return false;
		if (meet(own.inside, own.size, earlier.inside, earlier.size) ||
		    meet(own.outside, own.size, earlier.outside, earlier.size))
			return true;
	}
	return false;
}

static void refuse(struct change *out, const char *path, const char *value, const char *why,
		   const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "userns", .why = why, .remedy = remedy});
}

static void judge_entry(struct change *out, const char *path, const struct json *list,
			const struct json *entry)
{
	struct mapping mapping = mapping_of(entry);
	char value[80];

	snprintf(value, sizeof(value), "%llu:%llu:%llu", (unsigned long long)mapping.inside,
		 (unsigned long long)mapping.outside, (unsigned long long)mapping.size);
	if (mapping.size == 0)
		refuse(out, path, value, "maps no id at all", "give it a size, or remove it");
	else if (mapping.inside + mapping.size > IDS || mapping.outside + mapping.size > IDS)
		refuse(out, path, value, "goes past the last id there is, 4294967295",
		       "ask for a smaller size");
	else if (mapping.outside == 0)
		refuse(out, path, value,
		       "an id of the container would be the host's root, which the namespace is "
		       "there to prevent",
		       "map ids of the host that belong to no one else, such as 100000 and up");
	else if (overlaps_earlier(list, entry))
		refuse(out, path, value, "overlaps an earlier entry; the kernel takes neither",
		       "map each id once");
}

static bool lists_user(const struct json *document)
{
	json_each(entry, json_path(document, "linux.namespaces")) {
		const char *type = json_string(entry, "type");

		if (type && strcmp(type, "user") == 0)
			return true;
	}
	return false;
}

static void judge(const struct control_in *in, struct change *out, const char *key)
{
	const struct json *list = json_get(json_get(in->document, "linux"), key);
	char path[CHANGE_PATH], where[CHANGE_PATH];
	size_t index = 0;

	change_key_path("linux", key, path);
	if (json_count(list) == 0)
		return;
	if (!lists_user(in->document))
		refuse(out, path, NULL,
		       "there is no user namespace that it would count in, so ids would be the "
		       "host's",
		       "list {\"type\": \"user\"} in linux.namespaces, or leave the mappings out");
	if (json_count(list) > MOST_ENTRIES) {
		refuse(out, path, NULL, "more entries than the 340 that the kernel takes",
		       "map larger ranges");
		return;
	}
	json_each(entry, list)
		judge_entry(out, change_index_path(path, index++, where), list, entry);
}

static void create(const struct control_in *in, struct change *out)
{
	judge(in, out, "uidMappings");
	judge(in, out, "gidMappings");
}

const struct control control_userns = {
	.name = "userns",
	.sentence = "Refuses mappings of a user namespace that give away the host's root, or that "
		    "no kernel takes.",
	.create = create,
};
