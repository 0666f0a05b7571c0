/* SPDX-License-Identifier: Apache-2.0 */
#include "line/call.h"

#include "line/decide.h"
#include "state/sweep.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The level of a label: what is behind USER:ROLE:TYPE; NULL for none that could be a pod's. */
static const char *asked_level(const struct call *call)
{
	const char *label =
		json_string(json_get(json_root(call->document), "process"), "selinuxLabel");

	for (int part = 0; label && part < 3; part++) {
		label = strchr(label, ':');
		label = label ? label + 1 : NULL;
	}
	return label && level_sound(label) ? label : NULL;
}

static bool same_namespace(const char *type, const char *path, pid_t pid)
{
	const char *file = host_ns_file(type);
	struct stat asked, theirs;
	char other[64];

	if (!file || strcmp(file, "mnt") == 0 || strcmp(file, "user") == 0)
		return false;
	snprintf(other, sizeof(other), "/proc/%d/ns/%s", (int)pid, file);
	return stat(path, &asked) == 0 && stat(other, &theirs) == 0 &&
	       asked.st_dev == theirs.st_dev && asked.st_ino == theirs.st_ino;
}

/*
 * Engines give the containers of a pod one level, and all but containerd's CRI say of no container
 * whose pod it is in a way that can be believed. One that is to be started in a namespace of
 * another is in its pod, by inode; the host's own namespaces prove nothing. One that has ended uses
 * its level no more.
 */
static bool joins(const char *root, const char *id, const void *data)
{
	const struct call *call = data;
	struct host *host = host_ops(call->host);
	enum runtime_kind kind = runtime_state_kind(root, id);
	uint64_t start;
	pid_t pid;

	if (kind == RUNTIME_KINDS || runtime_state_init(kind, root, id, &pid, &start, NULL) < 0)
		return false;
	if ((uint64_t)sweep_start_time(pid) != start)
		return true;
	json_each(entry, json_path(json_root(call->document), "linux.namespaces")) {
		const char *type = json_string(entry, "type"), *path = json_string(entry, "path");

		if (type && path && path[0] && host->ns(host, type, path) == HOST_NS_OTHER &&
		    same_namespace(type, path, pid))
			return true;
	}
	return false;
}

static bool wants_level(const struct call *call)
{
	struct host *host = host_ops(call->host);
	enum host_lsm state;

	if (call->runtime.kind == RUNTIME_RUNSC ||
	    decide_mode(call->profile, "selinux") == MODE_OFF)
		return false;
	state = host->selinux(host);
	return (state == HOST_LSM_ON || state == HOST_LSM_PERMISSIVE) && host->selinux_levels(host);
}

int call_level(struct call *call, bool claim, struct hr_error *err)
{
	const char *id = call->request->id, *asked = asked_level(call);
	const struct identity *identity = &call->identity;
	const char *sandbox = identity->cri && !identity->sandbox ? identity->sandbox_id : NULL;
	const struct json *shared = json_get(json_get(call->profile, "selinux"), "shared_levels");
	const struct slot_holder who = {
		.root = call_root(call),
		.id = id,
		.pod = sandbox ? sandbox : id,
		.joins = asked ? joins : NULL,
		.data = call,
	};

	if (!id || !wants_level(call))
		return 0;
	if (!claim) {
		level_propose(call_root(call), id, sandbox, &call->level);
		return 0;
	}
	return level_claim_joined(call->statedir, &who, asked,
				  asked && json_has_string(shared, asked), &call->level, err);
}

void call_level_withdraw(struct call *call)
{
	if (call->level.name[0])
		level_withdraw(call->statedir, call_root(call), call->request->id,
			       call->level.name);
}
