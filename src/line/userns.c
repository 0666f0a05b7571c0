/* SPDX-License-Identifier: Apache-2.0 */
/* What a user namespace of ours needs of this machine, its runtime and the container's pod. */
#include "line/call.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "host/subid.h"
#include "host/userns.h"
#include "line/decide.h"
#include "stage/net.h"
#include "stage/probe.h"
#include "stage/root.h"
#include "stage/stdio.h"
#include "state/record.h"
#include "state/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int call_root_path(const struct call *call, char ret[PATH_MAX], struct hr_error *err)
{
	const char *root = json_string(json_get(json_root(call->document), "root"), "path");
	char path[PATH_MAX];

	if (!root || (root[0] == '/' ? snprintf(path, sizeof(path), "%s", root)
				     : snprintf(path, sizeof(path), "%s/%s", call->bundle, root)) >=
			     (int)sizeof(path))
		return hr_fail(err, HR_SPEC, "root.path is missing, or too long");
	if (!realpath(path, ret))
		return hr_fail_errno(err, errno, "root.path");
	return 0;
}

/* --- What is asked ---------------------------------------------------------------------------- */

static enum userns_map map_of(const struct json *profile)
{
	enum userns_map map = userns_map_find(json_string(json_get(profile, "userns"), "map"));

	return map == USERNS_MAPS || decide_mode(profile, "userns") == MODE_OFF ? USERNS_OFF : map;
}

/* What a container of the sandbox's pod has, as far as its name and image do not matter. */
static int profile_of_pod(const struct call *call, const struct json **ret, struct hr_error *err)
{
	struct identity container = call->identity;
	struct selection selection;

	container.sandbox = false;
	container.container = container.image = NULL;
	if (policy_select(call->policy, &container, call->handler,
			  json_get(json_root(call->document), "annotations"), &selection, err) < 0)
		return -1;
	return policy_profile(call->policy, selection.profile, ret, err);
}

static int read_options(struct call *call, struct hr_error *err)
{
	const struct json *profile = call->profile;
	enum userns_map map = map_of(profile);

	if (map == USERNS_POD && call->identity.sandbox) {
		if (profile_of_pod(call, &profile, err) < 0)
			return -1;
		map = map_of(profile);
	} else if (map == USERNS_POD && !call->identity.cri) {
		map = USERNS_OFF;
	}
	call->userns.map = map;
	call->userns.rules = json_get(profile, "userns");
	return 0;
}

/* 103 of "runc version 1.3.4"; 0 of another kind of runtime. */
static unsigned version_of(const struct call *call, enum runtime_kind kind)
{
	const char *text = json_string(call->facts ? json_root(call->facts) : NULL, "version");
	unsigned long major, minor = 0;
	char *end;

	if (call->runtime.kind != kind)
		return 0;
	text = text ? text : "";
	major = strtoul(text + strcspn(text, "0123456789"), &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	/* One that says nothing counts as old. */
	return major > 0 && major < 100 && minor < 100 ? (unsigned)(major * 100 + minor) : 1;
}

/* --- What is there ---------------------------------------------------------------------------- */

static int check_caller(const struct call *call, struct hr_error *err)
{
	if (!userns_is_first())
		return hr_fail(err, HR_DENIED,
			       "hardrun was not started by the host's root, in the host's user "
			       "namespace");
	if (call->runtime.kind == RUNTIME_RUNSC)
		return hr_fail(err, HR_DENIED,
			       "runsc opens files by itself, and not through mounts with other "
			       "ids");
	return 0;
}

static int find_sandbox(const struct call *call, pid_t *ret, struct hr_error *err)
{
	const char *root = call_root(call), *id = call->identity.sandbox_id;
	enum runtime_kind kind = runtime_state_kind(root, id);
	uint64_t start;

	if (kind == RUNTIME_KINDS || runtime_state_init(kind, root, id, ret, &start, NULL) < 0 ||
	    (uint64_t)sweep_start_time(*ret) != start)
		return hr_fail(err, HR_DENIED, "the pod's sandbox does not run");
	return 0;
}

/* The user namespace of the pod's sandbox, which must be the one that was given to it. */
static int open_sandbox(struct call *call, const char *path, struct hr_error *err)
{
	uint32_t base, size;

	call->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (call->userns_fd < 0)
		return hr_fail_errno(err, errno, "the user namespace of the pod's sandbox");
	if (userns_range(call->userns_fd, &base, &size, err) < 0)
		return hr_context(err, "the user namespace of the pod's sandbox");
	if (base != call->range.base || size != USERNS_SIZE)
		return hr_fail(err, HR_DENIED,
			       "the pod's sandbox has not the ids %u to %u that hardrun gave it",
			       call->range.base, call->range.base + USERNS_SIZE - 1);
	return 0;
}

/* What the sandbox's record names; 0 for nothing. */
static int read_range(const struct call *call, uint32_t *ret, struct hr_error *err)
{
	json_auto struct json_doc *record = NULL;
	const char *base;

	*ret = 0;
	if (record_load(call->statedir, call_root(call), call->identity.sandbox_id, &record, err) <
	    0)
		return -1;
	base = record ? json_string(json_root(record), "range") : NULL;
	if (base)
		*ret = (uint32_t)strtoul(base, NULL, 10);
	return 0;
}

static int join_sandbox(struct call *call, bool claim, struct hr_error *err)
{
	char *path = call->userns_join;
	pid_t pid;

	if ((claim ? range_claim(call->statedir, call_root(call), call->request->id,
				 call->identity.sandbox_id, NULL, &call->range, err)
		   : read_range(call, &call->range.base, err)) < 0)
		return -1;
	if (call->range.base == 0)
		return hr_fail(err, HR_DENIED,
			       "the pod's sandbox was started without a user namespace; delete the "
			       "pod, so that it is made anew");
	if (find_sandbox(call, &pid, err) < 0)
		return -1;
	snprintf(path, sizeof(call->userns_join), "/proc/%d/ns/user", (int)pid);
	call->userns.join = path;
	return open_sandbox(call, path, err);
}

static int make_own(struct call *call, const struct subid_pool *pool, bool claim,
		    struct hr_error *err)
{
	if (!claim) {
		range_propose(call->statedir, pool, &call->range);
		if (call->range.taken)
			return hr_fail(err, HR_DENIED, "all %u ranges of ids are in use",
				       pool->slots);
	} else if (range_claim(call->statedir, call_root(call), call->request->id, NULL, pool,
			       &call->range, err) < 0) {
		return -1;
	}
	return userns_make(call->range.base, USERNS_SIZE, &call->userns_fd, err);
}

static int check_machine(struct call *call, struct hr_error *err)
{
	char root[PATH_MAX];

	host_set_userns(call->host, call->userns_fd);
	if (stage_probe(call->statedir, call->userns_fd, err) < 0)
		return -1;
	if (call_root_path(call, root, err) < 0 || stage_root_check(root, call->userns_fd, err) < 0)
		return hr_context(err, "root.path");
	return 0;
}

static bool joins_pod(const struct call *call)
{
	return call->identity.cri && !call->identity.sandbox && call->identity.sandbox_id;
}

static int look(struct call *call, bool claim, struct hr_error *err)
{
	struct subid_pool pool;
	int result;

	if (check_caller(call, err) < 0)
		return -1;
	if (joins_pod(call))
		result = join_sandbox(call, claim, err);
	else
		result =
			subid_pool("/etc", &pool, err) < 0 ? -1 : make_own(call, &pool, claim, err);
	return result < 0 ? -1 : check_machine(call, err);
}

static void know_pool(struct call *call)
{
	struct subid_pool pool;

	if (subid_pool("/etc", &pool, NULL) < 0)
		return;
	call->userns.pool_first = pool.first;
	call->userns.pool_count = (uint64_t)pool.slots * USERNS_SIZE;
}

int call_userns(struct call *call, bool claim, struct hr_error *err)
{
	struct hr_error local = {0};

	call->userns = (struct userns_facts){.runc = version_of(call, RUNTIME_RUNC),
					     .crun = version_of(call, RUNTIME_CRUN)};
	if (read_options(call, err) < 0)
		return -1;
	call->userns_known = true;
	if (userns_listed(json_root(call->document))) {
		know_pool(call);
		return 0;
	}
	if (call->userns.map == USERNS_OFF || !call->request->id)
		return 0;
	if (look(call, claim, &local) < 0) {
		snprintf(call->userns_missing, sizeof(call->userns_missing), "%s", local.msg);
		call->userns.missing = call->userns_missing;
	}
	call->userns.base = call->range.base;
	return 0;
}

void call_userns_withdraw(struct call *call)
{
	if (call->range.base != 0)
		range_withdraw(call->statedir, call_root(call), call->request->id,
			       call->range.base);
	call->range.base = 0;
}

/* --- exec ------------------------------------------------------------------------------------- */

static int enter_network(const struct call *call, struct hr_error *err)
{
	enum runtime_kind kind = runtime_state_kind(call_root(call), call->request->id);
	struct hr_error local = {0};
	hr_autoclose int fd = -1;
	char path[64];
	uint64_t start;
	pid_t pid;

	if (kind == RUNTIME_KINDS)
		return 0;
	/* A state without a process is the runtime's to refuse. */
	if (runtime_state_init(kind, call_root(call), call->request->id, &pid, &start, &local) < 0)
		return local.code == HR_SPEC ? 0 : hr_fail(err, local.code, "%s", local.msg);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	/* Of one that has ended the runtime says so in the words that engines know. */
	if ((uint64_t)sweep_start_time(pid) != start)
		return 0;
	return stage_open_net(path, &fd, err) < 0 ? -1 : stage_enter_net(fd, err);
}

static uint32_t id_of(const struct json *user, const char *key)
{
	uint64_t id = 0;

	json_uint(json_get(user, key), &id);
	return (uint32_t)id;
}

int call_userns_exec(const struct call *call, struct hr_error *err)
{
	const struct json *user = json_get(json_root(call->document), "user");
	const struct json *ceiling;
	uint64_t base;

	/* Without a record it is not known what the runtime's own state leaves out. */
	if (!call->record)
		return call->runtime.kind == RUNTIME_RUNC ? enter_network(call, err) : 0;
	ceiling = json_path(json_root(call->record), "ceilings.userns");
	if (!json_uint(json_get(ceiling, "base"), &base))
		return 0;
	if (json_true(ceiling, "enter") && enter_network(call, err) < 0)
		return -1;
	return stage_stdio((uint32_t)base + id_of(user, "uid"), (uint32_t)base + id_of(user, "gid"),
			   err);
}
