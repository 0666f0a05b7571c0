/* SPDX-License-Identifier: Apache-2.0 */
/* The user namespaces of a machine that a test describes. */
#include "fake_host.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct json *facts_of(struct host *host)
{
	return json_get(((struct fake_host *)host)->facts, "userns");
}

/* 103 of "1.3.4" */
static unsigned version_of(const char *version)
{
	unsigned major = 0, minor = 0;

	if (version && sscanf(version, "%u.%u", &major, &minor) == 2)
		return major * 100 + minor;
	return 0;
}

static void take_pool(const struct json *pool, struct userns_facts *ret)
{
	if (json_count(pool) != 2)
		return;
	json_uint(pool->first, &ret->pool_first);
	json_uint(pool->last, &ret->pool_count);
}

const struct userns_facts *fake_host_userns(const struct json *facts, const struct json *rules,
					    const struct identity *identity,
					    struct userns_facts *ret)
{
	const struct json *userns = json_get(facts, "userns");
	const char *sandbox = json_string(userns, "sandbox");
	uint64_t base = 0;

	if (!userns)
		return NULL;
	json_uint(json_get(userns, "base"), &base);
	*ret = (struct userns_facts){
		.map = userns_map_find(json_string(rules, "map")),
		.rules = rules,
		.missing = json_string(userns, "missing"),
		.base = (uint32_t)base,
		.runc = version_of(json_string(userns, "runtime")),
		.crun = version_of(json_string(userns, "crun")),
	};
	take_pool(json_get(userns, "pool"), ret);
	if (ret->map == USERNS_MAPS)
		ret->map = USERNS_OFF;
	if (ret->map == USERNS_POD && identity->sandbox)
		ret->map = userns_map_find(json_string(userns, "pod"));
	else if (ret->map == USERNS_POD && !identity->cri)
		ret->map = USERNS_OFF;
	if (!sandbox || strcmp(sandbox, "unmapped") != 0) {
		ret->join = sandbox;
		return ret;
	}
	ret->missing = "the pod's sandbox has no user namespace of hardrun's";
	ret->base = 0;
	return ret;
}

static enum host_owner fake_ns_owner(struct host *host, const char *path, const char *user)
{
	const char *owner = json_string(json_get(facts_of(host), "owners"), path);

	if (!owner || strcmp(owner, "host") == 0)
		return HOST_OWNER_FIRST;
	return user && strcmp(owner, user) == 0 ? HOST_OWNER_SAME : HOST_OWNER_OTHER;
}

static uint32_t number(const struct json *value)
{
	uint64_t wide = 0;

	json_uint(value, &wide);
	return (uint32_t)wide;
}

static bool fake_ns_ids(struct host *host, const char *path, bool groups, struct host_ids *ret,
			size_t room, size_t *ret_count)
{
	const struct json *map = json_get(json_get(facts_of(host), "maps"), path);

	(void)groups;
	*ret_count = 0;
	if (!map) {
		ret[0] = (struct host_ids){.outside = 1000000, .count = 65536};
		*ret_count = 1;
	}
	json_each(entry, map)
		if (*ret_count < room && json_count(entry) == 3)
			ret[(*ret_count)++] = (struct host_ids){
				.inside = number(entry->first),
				.outside = number(entry->first->next),
				.count = number(entry->last),
			};
	return true;
}

static const char *fake_unmappable(struct host *host, const char *path, bool whole)
{
	(void)whole;
	return json_has_string(json_get(facts_of(host), "no_idmap"), path)
		       ? "a file system that cannot be mounted with other ids"
		       : NULL;
}

static bool fake_holds_mounts(struct host *host, const char *path)
{
	return json_has_string(json_get(facts_of(host), "holds_mounts"), path);
}

static const char *fake_pin(struct host *host, size_t index, const char *path)
{
	struct fake_host *fake = (struct fake_host *)host;
	struct host_source source;

	host->source(host, index, path, &source);
	if (source.real)
		snprintf(fake->real, sizeof(fake->real), "%s", path);
	return source.real;
}

static unsigned fake_mount_flags(struct host *host, size_t index)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {
		{"ro", HOST_FLAG_RO},		{"nosuid", HOST_FLAG_NOSUID},
		{"nodev", HOST_FLAG_NODEV},	{"noexec", HOST_FLAG_NOEXEC},
		{"noatime", HOST_FLAG_NOATIME},
	};
	const struct fake_host *fake = (const struct fake_host *)host;
	const struct json *list = json_get(json_get(facts_of(host), "flags"), fake->real);
	unsigned all = 0;

	for (size_t i = 0; fake->index == index && i < sizeof(flags) / sizeof(flags[0]); i++)
		if (json_has_string(list, flags[i].name))
			all |= flags[i].flag;
	return all;
}

void fake_userns_ops(struct host *ops)
{
	ops->ns_owner = fake_ns_owner;
	ops->ns_ids = fake_ns_ids;
	ops->unmappable = fake_unmappable;
	ops->holds_mounts = fake_holds_mounts;
	ops->pin = fake_pin;
	ops->mount_flags = fake_mount_flags;
}
