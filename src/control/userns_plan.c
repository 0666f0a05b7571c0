/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the way of a user namespace for this document. */
#include "base/cleanup.h"
#include "base/text.h"
#include "control/mounts.h"
#include "control/userns.h"

#include <stdio.h>
#include <string.h>

#define CRUN_RBIND 109 /* since 1.9 crun binds what is mounted below a source too, see below */
#define RUNC_EXEC  103 /* since 1.3 runc's exec enters a network namespace that the host owns */

#define NO_NUMBER SIZE_MAX /* of what is looked at and not staged */

struct look {
	const struct control_in *in;
	const struct userns_facts *facts;
	const struct json *rules;  /* of the control userns */
	const struct json *mounts; /* of the control mounts */
	struct json_doc *notes;
	struct json *findings;
	struct userns_plan *plan;
	bool failed;
};

static void missing(struct look *look, const char *path, const char *value, const char *why,
		    const char *remedy)
{
	struct json_doc *doc = look->notes;
	struct json *finding = json_append(look->findings, json_new_object(doc));

	if (!json_put_string(doc, finding, "path", path) ||
	    (value && !json_put_string(doc, finding, "value", value)) ||
	    !json_put_string(doc, finding, "why", why) ||
	    (remedy && !json_put_string(doc, finding, "remedy", remedy)))
		look->failed = true;
}

/* --- Namespaces ------------------------------------------------------------------------------- */

/* The network may be the host's: what acts on it from inside is then void, and no more. */
static void judge_network(struct look *look, const char *where, const char *path)
{
	switch (look->in->host->ns_owner(look->in->host, path, look->facts->join)) {
	case HOST_OWNER_SAME:
		return;
	case HOST_OWNER_FIRST:
		look->plan->outside = true;
		break;
	case HOST_OWNER_OTHER:
		missing(look, where, path,
			"a network namespace of another user namespace, which the container could "
			"not enter",
			"start both in the same pod");
		return;
	}
	if (look->facts->runc == 0 || look->facts->runc >= RUNC_EXEC)
		return;
	look->plan->enter = json_true(look->rules, "pre_join");
	if (!look->plan->enter)
		missing(look, where, path,
			"a network namespace that the host owns (as CNI makes them), which runc "
			"before 1.3 cannot enter again for exec",
			"use crun, or runc 1.3 or later, for this handler (the package crun of "
			"the same distribution will do); \"userns\": {\"pre_join\": true} has "
			"its danger, see hardrun-controls(7)");
}

static void judge_joined(struct look *look, const char *where, const char *type, const char *path)
{
	char why[160];

	if (look->in->host->ns(look->in->host, type, path) == HOST_NS_HOST) {
		snprintf(why, sizeof(why), "the host's own %s namespace", type);
		missing(look, where, path, why,
			"ask for a namespace of its own, or give such pods a profile with "
			"\"userns\": {\"map\": \"off\"}");
	} else if (strcmp(type, "network") == 0) {
		judge_network(look, where, path);
	} else if (look->in->host->ns_owner(look->in->host, path, look->facts->join) !=
		   HOST_OWNER_SAME) {
		snprintf(why, sizeof(why),
			 "a namespace (%s) of another container, which has not the user namespace "
			 "that this one is to have",
			 type);
		missing(look, where, path, why, "give the container its own, or map both");
	}
}

static bool lists(const struct json *list, const char *type)
{
	json_each(entry, list) {
		const char *listed = json_string(entry, "type");

		if (listed && strcmp(listed, type) == 0)
			return true;
	}
	return false;
}

static void judge_namespaces(struct look *look)
{
	static const char *const needed[] = {"mount", "pid", "ipc", "network", NULL};
	const struct json *list = json_path(look->in->document, "linux.namespaces");
	char where[CHANGE_PATH], entry_path[CHANGE_PATH], why[96];
	size_t index = 0;

	for (size_t i = 0; needed[i]; i++) {
		if (lists(list, needed[i]))
			continue;
		snprintf(why, sizeof(why), "the container would share the host's %s namespace",
			 needed[i]);
		missing(look, "linux.namespaces", NULL, why,
			"ask for a namespace of its own, or give such pods a profile with "
			"\"userns\": {\"map\": \"off\"}");
	}
	json_each(entry, list) {
		const char *type = json_string(entry, "type"), *path = json_string(entry, "path");

		change_index_path("linux.namespaces", index++, entry_path);
		change_key_path(entry_path, "path", where);
		if (type && path && path[0] && host_ns_file(type) && strcmp(type, "mount") != 0)
			judge_joined(look, where, type, path);
	}
}

/* --- Ids -------------------------------------------------------------------------------------- */

static void judge_id(struct look *look, const char *path, const struct json *value)
{
	uint64_t id;

	if (json_uint(value, &id) && id >= USERNS_SIZE)
		missing(look, path, value->text,
			"not among the ids 0 to 65535 that a container has in its user namespace",
			"use an id below 65536");
}

static void judge_ids(struct look *look)
{
	const struct json *user = json_path(look->in->document, "process.user");
	char path[CHANGE_PATH];
	size_t index = 0;

	judge_id(look, "process.user.uid", json_get(user, "uid"));
	judge_id(look, "process.user.gid", json_get(user, "gid"));
	json_each(group, json_get(user, "additionalGids"))
		judge_id(look, change_index_path("process.user.additionalGids", index++, path),
			 group);
}

/* --- Mounts ----------------------------------------------------------------------------------- */

/* A path of the host that an entry of the policy wants mapped. Who listens at a socket is who he is
 * on the host. */
static bool named(const struct look *look, const char *path)
{
	struct host *host = look->in->host;
	struct host_source source;

	return mount_entry_idmaps(look->in, look->mounts, path) &&
	       host->source(host, NO_NUMBER, path, &source) &&
	       (source.kind == HOST_KIND_DIRECTORY || source.kind == HOST_KIND_FILE);
}

/* The path of the host that is mounted at an engine's own: then the control `mounts` goes by that
 * one. "" for none. */
static void find_origin(const struct look *look, const char *path, enum mount_owner owner,
			char ret[PATH_MAX])
{
	struct host *host = look->in->host;
	const char *end = strstr(path, "/volume-subpaths/");
	char pod[PATH_MAX], plugin[NAME_MAX + 1];
	struct host_mounted mounted;

	ret[0] = '\0';
	snprintf(pod, sizeof(pod), "%.*s", end ? (int)(end - path) : 0, path);
	if (owner == OWNER_KUBELET || !host->mounted(host, path, &mounted) || !mounted.point ||
	    (owner == OWNER_SUBPATH && host->volume_of(host, pod, path, plugin)))
		return;
	host->origin(host, path, ret);
}

static bool gets_ids(const struct look *look, const char *path, enum mount_owner owner)
{
	char origin[PATH_MAX];

	if (owner == OWNER_SYSTEM || owner == OWNER_VOLUME)
		return false;
	if (owner == OWNER_NONE)
		return named(look, path);
	find_origin(look, path, owner, origin);
	return origin[0] ? named(look, origin) : true;
}

/* Shared memory ends with its pod and is open to all; of a tmpfs that is only read, what others
 * may read can be read. */
static bool stays_plain(const struct look *look, const struct mount *mount, const char *path)
{
	char origin[PATH_MAX];
	const char *type;

	if (strcmp(mount->place, "/dev/shm") == 0)
		return true;
	if (!json_true(look->rules, "plain_tmpfs") || !(mount->flags & MOUNT_RO))
		return false;
	type = look->in->host->origin(look->in->host, path, origin);
	return type && strcmp(type, "tmpfs") == 0;
}

static void judge_source(struct look *look, const struct mount *mount, const char *entry,
			 const char *path)
{
	bool whole = json_has_string(json_get(mount->json, "options"), "rbind");
	const char *why = look->in->host->unmappable(look->in->host, path, whole);
	char where[CHANGE_PATH], it[TEXT_SHOWN_SIZE];

	if (mount->flags & (MOUNT_SLAVE | MOUNT_SHARED))
		missing(look, change_key_path(entry, "options", where), "slave",
			"what is mounted on the host later would appear in it with the host's ids",
			"ask for private propagation");
	if (!why)
		look->plan->idmap[mount->index] = true;
	else if (!stays_plain(look, mount, path)) {
		snprintf(it, sizeof(it), "it %s", why);
		missing(look, change_key_path(entry, "source", where), path, it,
			"use a volume on ext4, xfs, btrfs or, since Linux 6.3, tmpfs");
	}
}

static void judge_own_maps(struct look *look, const struct mount *mount, const char *entry)
{
	static const char *const keys[] = {"uidMappings", "gidMappings"};
	char where[CHANGE_PATH];

	for (size_t i = 0; i < hr_count(keys); i++)
		if (json_count(json_get(mount->json, keys[i])) > 0)
			missing(look, change_key_path(entry, keys[i], where), NULL,
				"the mount brings ids of its own", "leave them out");
}

/* In a user namespace crun used to take a bind source alone, without what is mounted below it, and
 * the container would see, and write, what is hidden underneath. */
static void judge_below(struct look *look, const struct mount *mount, const char *entry,
			const char *path)
{
	char where[CHANGE_PATH];

	if (look->facts->crun == 0 || look->facts->crun >= CRUN_RBIND ||
	    !json_has_string(json_get(mount->json, "options"), "rbind") ||
	    !look->in->host->holds_mounts(look->in->host, path))
		return;
	missing(look, change_key_path(entry, "source", where), path,
		"it has something mounted below it, which crun before 1.9 leaves out in a user "
		"namespace",
		"use crun 1.9 or later, or runc 1.3 or later, for this handler");
}

static void judge_mount(struct look *look, const struct control_in *in, const struct json *json,
			size_t index)
{
	const char *destination = json_string(json, "destination");
	struct mount mount = {
		.in = in,
		.json = json,
		.index = index,
		.destination = destination ? destination : "",
		.type = json_string(json, "type"),
		.source = json_string(json, "source"),
		.flags = mount_read_flags(json_get(json, "options")),
	};
	char path[PATH_MAX], entry[CHANGE_PATH];
	enum mount_owner owner;

	mount.type = mount.type ? mount.type : "";
	mount.source = mount.source ? mount.source : "";
	text_plain_path(mount.destination, mount.place, sizeof(mount.place));
	change_index_path("mounts", index, entry);
	judge_own_maps(look, &mount, entry);
	if (!mount_is_bind(&mount) || !mount_find_source(&mount, path, &owner))
		return;
	judge_below(look, &mount, entry, path);
	if (gets_ids(look, path, owner))
		judge_source(look, &mount, entry, path);
}

static bool has_bind(const struct json *list)
{
	json_each(mount, list)
		if (mount_read_flags(json_get(mount, "options")) & MOUNT_BIND)
			return true;
	return false;
}

static void judge_mounts(struct look *look, bool enforced)
{
	const struct json *list = json_get(look->in->document, "mounts");
	struct control_in in = *look->in;
	size_t index = 0;

	in.rules = look->mounts;
	if (!enforced && has_bind(list))
		missing(look, "mounts", NULL,
			"the control mounts, by which volumes get the container's ids, is not "
			"enforced",
			"take \"mode\" out of \"mounts\" in the profile");
	json_each(mount, list)
		if (index < USERNS_MOUNTS)
			judge_mount(look, &in, mount, index++);
}

/* --- Devices ---------------------------------------------------------------------------------- */

/* In a user namespace nobody makes a device: runc binds what the host has at the path of a node,
 * whatever that is. */
static bool is_hosts_own(const struct look *look, const struct json *device)
{
	const char *path = json_string(device, "path"), *type = json_string(device, "type");
	uint64_t wanted_major = 0, wanted_minor = 0;
	uint32_t major, minor;
	char kind;

	json_uint(json_get(device, "major"), &wanted_major);
	json_uint(json_get(device, "minor"), &wanted_minor);
	return path && type && text_below(path, "/dev") && !text_goes_up(path) &&
	       look->in->host->device(look->in->host, path, &kind, &major, &minor) &&
	       (type[0] == kind || (type[0] == 'u' && kind == 'c')) && type[1] == '\0' &&
	       major == wanted_major && minor == wanted_minor;
}

static void judge_devices(struct look *look)
{
	char entry[CHANGE_PATH], where[CHANGE_PATH];
	size_t index = 0;

	json_each(device, json_path(look->in->document, "linux.devices")) {
		change_index_path("linux.devices", index++, entry);
		if (!is_hosts_own(look, device))
			missing(look, change_key_path(entry, "path", where),
				json_string(device, "path"),
				"a device that the host has not under this name, which the "
				"runtime would bind from there",
				"name a device node of the host as it is in /dev");
	}
}

/* --- All of it -------------------------------------------------------------------------------- */

static void judge(struct look *look, bool mounts)
{
	if (look->in->line == LINE_RESTORE)
		missing(look, "linux.namespaces", NULL,
			"a container that is restored has the user namespace that it was saved "
			"with",
			NULL);
	if (look->facts->missing)
		missing(look, "linux.namespaces", NULL, look->facts->missing, look->facts->remedy);
	else if (look->facts->join &&
		 look->in->host->ns(look->in->host, "user", look->facts->join) != HOST_NS_OTHER)
		missing(look, "linux.namespaces", look->facts->join,
			"the user namespace of the pod's sandbox is gone", NULL);
	judge_namespaces(look);
	judge_ids(look);
	judge_devices(look);
	judge_mounts(look, mounts);
}

bool userns_plan(const struct control_in *in, const struct json *profile, bool mounts,
		 struct change *out, struct userns_plan *ret)
{
	struct look look = {
		.in = in,
		.facts = in->userns,
		.rules = in->userns ? in->userns->rules : NULL,
		.mounts = json_get(profile, "mounts"),
		.notes = change_notes(out),
		.plan = ret,
	};

	*ret = (struct userns_plan){0};
	if (!in->userns || in->userns->map == USERNS_OFF || userns_listed(in->document))
		return false;
	look.findings = json_new_array(look.notes);
	judge(&look, mounts);
	out->failed = out->failed || look.failed || !look.findings;
	ret->findings = look.findings;
	ret->map = json_count(look.findings) == 0;
	return true;
}
