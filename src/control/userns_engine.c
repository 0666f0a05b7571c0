/* SPDX-License-Identifier: Apache-2.0 */
/* A user namespace that the engine asks for, or made: nothing is touched, all is checked. */
#include "control/userns.h"

#include <stdio.h>
#include <string.h>

#define IDS	     (UINT64_C(1) << 32)
#define MOST_ENTRIES 340 /* user_namespaces(7) */

struct mapping {
	uint64_t inside, outside, size;
};

enum userns_map userns_map_find(const char *name)
{
	static const char *const names[USERNS_MAPS] = {
		[USERNS_OFF] = "off",
		[USERNS_AUTO] = "auto",
		[USERNS_REQUIRE] = "require",
		[USERNS_POD] = "pod",
	};

	for (unsigned i = 0; name && i < USERNS_MAPS; i++)
		if (strcmp(names[i], name) == 0)
			return (enum userns_map)i;
	return USERNS_MAPS;
}

bool userns_listed(const struct json *document)
{
	json_each(entry, json_path(document, "linux.namespaces")) {
		const char *type = json_string(entry, "type");

		if (type && strcmp(type, "user") == 0)
			return true;
	}
	return false;
}

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

/* Ours are given to pods that nobody else is to be like. */
static bool meets_ours(const struct control_in *in, const struct mapping *mapping)
{
	return in->userns && meet(mapping->outside, mapping->size, in->userns->pool_first,
				  in->userns->pool_count);
}

static const char why_root[] = "an id of the container would be the host's root, which the "
			       "namespace is there to prevent";
static const char why_ours[] = "ids of the host that hardrun gives to its own pods";
static const char remedy_ours[] =
	"give the engine ids of its own: lines for its user (kubelet, containers) in /etc/subuid "
	"and /etc/subgid that meet no other";

static void judge_entry(const struct control_in *in, struct change *out, const char *path,
			const struct json *list, const struct json *entry)
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
		refuse(out, path, value, why_root,
		       "map ids of the host that belong to no one else, such as 100000 and up");
	else if (overlaps_earlier(list, entry))
		refuse(out, path, value, "overlaps an earlier entry; the kernel takes neither",
		       "map each id once");
	else if (meets_ours(in, &mapping))
		refuse(out, path, value, why_ours, remedy_ours);
}

/* A user namespace that the runtime is to make. */
static bool made_anew(const struct json *document)
{
	json_each(entry, json_path(document, "linux.namespaces")) {
		const char *type = json_string(entry, "type"), *path = json_string(entry, "path");

		if (type && strcmp(type, "user") == 0)
			return !path || !path[0];
	}
	return false;
}

static void judge_list(const struct control_in *in, struct change *out, const char *key)
{
	const struct json *list = json_get(json_get(in->document, "linux"), key);
	char path[CHANGE_PATH], where[CHANGE_PATH];
	size_t index = 0;

	change_key_path("linux", key, path);
	if (json_count(list) == 0) {
		if (made_anew(in->document))
			refuse(out, path, NULL,
			       "a user namespace without it: crun then maps the container's root "
			       "to the host's",
			       "map ids of the host that belong to no one else, such as 100000 and "
			       "up");
		return;
	}
	if (!userns_listed(in->document))
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
		judge_entry(in, out, change_index_path(path, index++, where), list, entry);
}

/* True if it was refused. */
static bool judge_ids(const struct control_in *in, struct change *out, const char *where,
		      const char *path, const struct host_ids *ids)
{
	struct mapping mapping = {ids->inside, ids->outside, ids->count};

	if (meet(mapping.outside, mapping.size, 0, 1))
		refuse(out, where, path, why_root,
		       "name a user namespace without id 0 of the host");
	else if (meets_ours(in, &mapping))
		refuse(out, where, path, why_ours, remedy_ours);
	else
		return false;
	return true;
}

/* A namespace that was made before: what the document says of its mapping, it need not have. */
static void judge_joined(const struct control_in *in, struct change *out, const char *where,
			 const char *path)
{
	struct host_ids ids[MOST_ENTRIES];
	size_t count = 0;

	for (int groups = 0; groups < 2; groups++) {
		if (!in->host->ns_ids(in->host, path, groups, ids, MOST_ENTRIES, &count)) {
			refuse(out, where, path, "the ids that it maps cannot be read",
			       "name a user namespace that is there");
			return;
		}
		for (size_t i = 0; i < count && i < MOST_ENTRIES; i++)
			if (judge_ids(in, out, where, path, &ids[i]))
				return;
	}
}

void userns_judge_engine(const struct control_in *in, struct change *out)
{
	char entry_path[CHANGE_PATH], where[CHANGE_PATH];
	size_t index = 0;

	judge_list(in, out, "uidMappings");
	judge_list(in, out, "gidMappings");
	json_each(entry, json_path(in->document, "linux.namespaces")) {
		const char *type = json_string(entry, "type"), *path = json_string(entry, "path");

		change_index_path("linux.namespaces", index++, entry_path);
		if (type && strcmp(type, "user") == 0 && path && path[0] &&
		    in->host->ns(in->host, type, path) == HOST_NS_OTHER)
			judge_joined(in, out, change_key_path(entry_path, "path", where), path);
	}
}
