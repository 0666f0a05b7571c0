/* SPDX-License-Identifier: Apache-2.0 */
#include "line/call.h"

#include "line/decide.h"

#include <string.h>

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

static bool wants_level(const struct call *call)
{
	struct host *host = host_ops(call->host);
	enum host_lsm state;

	if (decide_mode(call->profile, "selinux") == MODE_OFF)
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

	if (!id || !wants_level(call))
		return 0;
	if (!claim) {
		level_propose(call_root(call), id, sandbox, &call->level);
		return 0;
	}
	return level_claim(call->statedir, call_root(call), id, sandbox, asked,
			   asked && json_has_string(shared, asked), &call->level, err);
}

void call_level_withdraw(struct call *call)
{
	if (call->level.name[0])
		level_withdraw(call->statedir, call_root(call), call->request->id,
			       call->level.name);
}
