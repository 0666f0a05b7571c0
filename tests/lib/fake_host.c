/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_host.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct json *facts_of(struct host *host)
{
	return ((struct fake_host *)host)->facts;
}

static enum host_ns fake_ns(struct host *host, const char *type, const char *path)
{
	const char *what = json_string(json_get(facts_of(host), "namespaces"), path);

	(void)type;
	if (what && strcmp(what, "host") == 0)
		return HOST_NS_HOST;
	return what ? HOST_NS_WRONG : HOST_NS_OTHER;
}

static const char *fake_root_wrong(struct host *host, const char *path)
{
	(void)path;
	return json_string(facts_of(host), "root_wrong");
}

static enum host_entry fake_root_entry(struct host *host, const char *root, const char *name)
{
	const char *what = json_string(json_get(facts_of(host), "entries"), name);

	(void)root;
	if (!what)
		return HOST_ENTRY_ABSENT;
	return strcmp(what, "directory") == 0 ? HOST_ENTRY_DIRECTORY : HOST_ENTRY_OTHER;
}

static bool fake_root_resolve(struct host *host, const char *root, const char *path,
			      char ret[PATH_MAX])
{
	const char *target = json_string(json_get(facts_of(host), "links"), path);

	(void)root;
	snprintf(ret, PATH_MAX, "%s", target ? target : path);
	return true;
}

static bool fake_same_program(struct host *host, const char *path, const char *trusted)
{
	const char *target = json_string(json_get(facts_of(host), "programs"), path);

	return target && strcmp(target, trusted) == 0;
}

static bool fake_group_id(struct host *host, const char *name, uint32_t *ret)
{
	uint64_t id;

	if (!json_uint(json_get(json_get(facts_of(host), "groups"), name), &id))
		return false;
	*ret = (uint32_t)id;
	return true;
}

static bool fake_device(struct host *host, const char *path, char *ret_type, uint32_t *ret_major,
			uint32_t *ret_minor)
{
	const char *text = json_string(json_get(facts_of(host), "devices"), path);

	return text && sscanf(text, "%c %u:%u", ret_type, ret_major, ret_minor) == 3;
}

static bool fake_within(struct host *host, const char *path, const char *directory)
{
	(void)host;
	return text_below(path, directory);
}

static enum host_kind kind_of(const char *kind)
{
	static const char *const kinds[] = {
		[HOST_KIND_ABSENT] = "absent", [HOST_KIND_DIRECTORY] = "directory",
		[HOST_KIND_FILE] = "file",     [HOST_KIND_SOCKET] = "socket",
		[HOST_KIND_DEVICE] = "device", [HOST_KIND_FIFO] = "fifo",
	};

	for (unsigned i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], kind) == 0)
			return (enum host_kind)i;
	return HOST_KIND_DIRECTORY;
}

static bool fake_source(struct host *host, size_t index, const char *path, struct host_source *ret)
{
	struct fake_host *fake = (struct fake_host *)host;
	const struct json *source = json_get(json_get(fake->facts, "sources"), path);
	const char *real = json_string(source, "real");

	*ret = (struct host_source){
		.kind = kind_of(json_string(source, "kind")),
		.socket = json_string(source, "socket_in"),
		.kernel_fs = json_string(source, "kernel_fs"),
		.kernel_at = json_string(source, "kernel_at"),
	};
	fake->index = index;
	fake->sensitive = json_string(source, "sensitive");
	/* Without a file system to ask, a path with ".." says nothing of where it leads. */
	text_plain_path(real ? real : path, fake->real, sizeof(fake->real));
	if (ret->kind != HOST_KIND_ABSENT)
		ret->real = fake->real;
	return true;
}

static bool fake_source_meets(struct host *host, size_t index, const char *directory)
{
	const struct fake_host *fake = (const struct fake_host *)host;

	if (fake->sensitive &&
	    (strcmp(fake->sensitive, "/") == 0 || strcmp(fake->sensitive, directory) == 0))
		return true;
	return fake->index != index || text_below(fake->real, directory) ||
	       text_below(directory, fake->real);
}

static int fake_own_oom_score(struct host *host)
{
	int64_t score = 0;

	json_int(json_get(facts_of(host), "oom_score"), &score);
	return (int)score;
}

static const struct json *mounted_at(struct host *host, const char *path)
{
	return json_get(json_get(json_get(facts_of(host), "sources"), path), "mounted");
}

static bool fake_mounted(struct host *host, const char *path, struct host_mounted *ret)
{
	const struct json *mounted = mounted_at(host, path);
	const char *type = json_string(mounted, "type");

	*ret = (struct host_mounted){.point = mounted,
				     .memory = type && strcmp(type, "tmpfs") == 0};
	return true;
}

static const char *fake_origin(struct host *host, const char *path, char ret[PATH_MAX])
{
	const struct json *mounted = mounted_at(host, path);
	const char *origin = json_string(mounted, "origin");

	snprintf(ret, PATH_MAX, "%s", origin ? origin : "");
	if (json_has_string(json_get(json_get(facts_of(host), "userns"), "tmpfs"), path))
		return "tmpfs";
	return json_string(mounted, "type");
}

static bool fake_shows(struct host *host, const char *path, const char *directory)
{
	const struct json *source = json_get(json_get(facts_of(host), "sources"), path);
	const char *shows = json_string(source, "shows");

	return shows && strcmp(shows, directory) == 0;
}

static bool fake_volume_of(struct host *host, const char *pod, const char *path,
			   char ret[NAME_MAX + 1])
{
	const struct json *source = json_get(json_get(facts_of(host), "sources"), path);
	const char *plugin = json_string(source, "volume");

	if (!plugin || !text_below(path, pod))
		return false;
	snprintf(ret, NAME_MAX + 1, "%s", plugin);
	return true;
}

static bool fake_plain_below(struct host *host, const char *directory, const char *path)
{
	const struct json *source = json_get(json_get(facts_of(host), "sources"), directory);

	json_each(link, json_get(source, "links"))
		if (text_below(path, link->text))
			return false;
	return true;
}

static bool fake_sound(struct host *host, const char *path)
{
	const struct json *source = json_get(json_get(facts_of(host), "sources"), path);
	enum host_kind kind = kind_of(json_string(source, "kind"));

	return !json_true(source, "loose") &&
	       (kind == HOST_KIND_DIRECTORY || kind == HOST_KIND_FILE);
}

/* --- labels ------------------------------------------------------------------------------ */

static enum host_lsm state_of(const struct json *lsm)
{
	const char *state = json_string(lsm, "state");

	if (!state || strcmp(state, "absent") == 0)
		return HOST_LSM_ABSENT;
	if (strcmp(state, "not-built") == 0)
		return HOST_LSM_NOT_BUILT;
	if (strcmp(state, "hidden") == 0)
		return HOST_LSM_HIDDEN;
	return strcmp(state, "permissive") == 0 ? HOST_LSM_PERMISSIVE : HOST_LSM_ON;
}

static const struct json *selinux_of(struct host *host)
{
	return json_get(facts_of(host), "selinux");
}

static enum host_lsm fake_apparmor(struct host *host)
{
	return state_of(json_get(facts_of(host), "apparmor"));
}

static bool fake_apparmor_mode(struct host *host, const char *profile, char ret[HOST_MODE])
{
	const struct json *profiles = json_get(json_get(facts_of(host), "apparmor"), "profiles");
	const char *mode = json_string(profiles, profile);

	snprintf(ret, HOST_MODE, "%s", mode ? mode : "");
	return mode;
}

static enum host_lsm fake_selinux(struct host *host)
{
	return state_of(selinux_of(host));
}

static bool fake_selinux_levels(struct host *host)
{
	const struct json *levels = json_get(selinux_of(host), "levels");

	return !levels || json_true(selinux_of(host), "levels");
}

/* USER:ROLE:TYPE with a level exactly where the policy has them. */
static bool fake_selinux_known(struct host *host, const char *context)
{
	static const char *const users[] = {"system_u", "unconfined_u", NULL};
	static const char *const roles[] = {"system_r", "unconfined_r", "object_r", NULL};
	char user[64], role[64], type[64], level[64] = "";
	int parts = sscanf(context, "%63[^:]:%63[^:]:%63[^:]:%63s", user, role, type, level);

	return parts >= 3 && text_in(user, users) && text_in(role, roles) &&
	       json_has_string(json_get(selinux_of(host), "types"), type) &&
	       (parts == 4) == fake_selinux_levels(host);
}

static bool denies(struct host *host, const char *what)
{
	return json_has_string(json_get(selinux_of(host), "denies"), what);
}

static bool fake_selinux_enforced(struct host *host, const char *context)
{
	(void)context;
	return !denies(host, "enforcement");
}

static bool fake_selinux_starts(struct host *host, const char *context, bool no_new_privs)
{
	(void)context;
	return !denies(host, "transition") && !(no_new_privs && denies(host, "nnp_transition"));
}

static bool fake_selinux_runs(struct host *host, const char *context, const char *root)
{
	(void)context;
	(void)root;
	return !denies(host, "entrypoint");
}

static bool fake_selinux_reads(struct host *host, const char *context, const char *source)
{
	(void)context;
	return !denies(host, host_unstaged(source));
}

static bool fake_selinux_layers(struct host *host, const char *context, const char *root)
{
	(void)context;
	(void)root;
	return !denies(host, "layers");
}

static bool fake_root_overlay(struct host *host, const char *root)
{
	const char *what = json_string(selinux_of(host), "rootfs");

	(void)root;
	return what && strcmp(what, "overlay") == 0;
}

const char *fake_host_level(const struct json *facts)
{
	const struct json *selinux = json_get(facts, "selinux");
	const char *level = json_string(selinux, "level");

	return selinux ? (level ? level : "s0:c1,c2") : NULL;
}

bool fake_host_taken(const struct json *facts, const struct json *document)
{
	const char *label = json_string(json_get(document, "process"), "selinuxLabel");

	json_each(level, json_get(json_get(facts, "selinux"), "taken"))
		if (label && text_ends(label, level->text))
			return true;
	return false;
}

void fake_host_init(struct fake_host *fake, const struct json *facts)
{
	*fake = (struct fake_host){
		.ops =
			{
				.ns = fake_ns,
				.root_wrong = fake_root_wrong,
				.root_entry = fake_root_entry,
				.root_resolve = fake_root_resolve,
				.same_program = fake_same_program,
				.source = fake_source,
				.source_meets = fake_source_meets,
				.within = fake_within,
				.own_oom_score = fake_own_oom_score,
				.mounted = fake_mounted,
				.origin = fake_origin,
				.shows = fake_shows,
				.volume_of = fake_volume_of,
				.plain_below = fake_plain_below,
				.sound = fake_sound,
				.group_id = fake_group_id,
				.device = fake_device,
				.apparmor = fake_apparmor,
				.apparmor_mode = fake_apparmor_mode,
				.selinux = fake_selinux,
				.selinux_levels = fake_selinux_levels,
				.selinux_known = fake_selinux_known,
				.selinux_enforced = fake_selinux_enforced,
				.selinux_starts = fake_selinux_starts,
				.selinux_runs = fake_selinux_runs,
				.selinux_reads = fake_selinux_reads,
				.selinux_layers = fake_selinux_layers,
				.root_overlay = fake_root_overlay,
				.runtime_cves = json_get(facts, "runtime_cves"),
				.runtime_seccomp = json_get(facts, "runtime_seccomp"),
				.unsafe_annotations = json_get(facts, "unsafe_annotations"),
			},
		.facts = facts,
	};
	fake_userns_ops(&fake->ops);
}
