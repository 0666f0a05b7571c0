/* SPDX-License-Identifier: Apache-2.0 */
/* create, run and restore: a bundle becomes a container. */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "line/launch.h"
#include "line/recorder.h"
#include "stage/net.h"
#include "stage/root.h"
#include "stage/sources.h"
#include "stage/stdio.h"
#include "state/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum control_line line_of(const struct request *request)
{
	if (strcmp(request->command->name, "run") == 0)
		return LINE_RUN;
	if (strcmp(request->command->name, "restore") == 0)
		return LINE_RESTORE;
	return LINE_CREATE;
}

static int check_id(const char *id, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (id && runtime_id_sound(id))
		return 0;
	return hr_fail(err, HR_USAGE, "container id \"%s\": use letters, digits and _+.- only",
		       text_shown_z(id ? id : "", shown));
}

/* A trial runs a directory, which is no image: nobody signed it. */
static int select_profile(struct call *call, struct hr_error *err)
{
	const struct call_trial *trial = call->trial;

	return trial ? trial->select(call, trial->data, err) : call_select(call, err);
}

/* Everything up to the decision; no side effect. */
static int decide(struct call *call, struct hr_error *err)
{
	if (launch_kept_fds(request_option(call->request, "preserve-fds"), &call->kept_fds, err) <
		    0 ||
	    check_id(call->request->id, err) < 0 || runtime_trust(&call->runtime, err) < 0 ||
	    call_open_bundle(call, request_option(call->request, "bundle"), err) < 0 ||
	    call_read_config(call, err) < 0 || select_profile(call, err) < 0 ||
	    call_look(call, err) < 0 || (!call->trial && call_image(call, true, err) < 0) ||
	    call_level(call, true, err) < 0 || call_userns(call, true, err) < 0 ||
	    call_decide(call, NULL, err) < 0)
		return -1;
	if (!call->change.map.wanted)
		call_userns_withdraw(call);
	return change_verdict(&call->change, err);
}

static int put_config(struct call *call, const char *text, size_t len, struct hr_error *err)
{
	const struct stat *st = &call->document_stat;

	if (strcmp(call->input_sha256, call->output_sha256) == 0)
		return 0;
	return file_replace_at(call->bundle_fd, "config.json", text, len, st->st_mode & 07777,
			       st->st_uid, st->st_gid, err);
}

/* An overlay that was mounted with other ids the last time, and nobody has unmounted since. */
static bool is_left_mapped(const struct call *call)
{
	struct host *host = host_ops(call->host);
	const char *root = json_string(json_get(json_root(call->document), "root"), "path");

	return call->was_mapped && root && host->root_overlay(host, root);
}

/* In the engine's mount namespace, which unmounts it in the end: before stage_sources. */
static int mount_root(const struct call *call, int *ret_tree, struct hr_error *err)
{
	const struct change_map *map = &call->change.map;
	const struct stage_overlay with = {
		.context = call->change.context,
		.userns = map->wanted ? call->userns_fd : -1,
	};
	char path[PATH_MAX];

	if (!with.context && !map->wanted && !is_left_mapped(call))
		return 0;
	if (!map->wanted)
		return call_root_path(call, path, err) < 0 ? -1 : stage_overlay(path, &with, err);
	if (!realpath(map->root, path))
		return hr_fail_errno(err, errno, "root.path");
	return stage_root(path, &with, ret_tree, err);
}

static int stage(struct call *call, struct hr_error *err)
{
	const struct json *document = json_root(call->document);
	const struct change_map *map = &call->change.map;
	hr_autoclose int tree = -1;
	hr_autoclose int netns = -1;
	struct stage_plan plan = STAGE_PLAN_NONE;

	/* What may fail comes before the root: that one is not put back. */
	if ((map->netns && stage_open_net(map->netns, &netns, err) < 0) ||
	    host_recheck(call->host, err) < 0 ||
	    (map->net && stage_net(netns, map->net, err) < 0) ||
	    call_image_recheck(call, err) < 0 || mount_root(call, &tree, err) < 0)
		return -1;
	if (map->wanted)
		plan = (struct stage_plan){
			.userns = call->userns_fd,
			.root = tree,
			.netns = netns,
			.idmapped = map->sources,
		};
	if (stage_sources(call->host, json_get(document, "mounts"), &plan, err) < 0 ||
	    host_recheck(call->host, err) < 0)
		return -1;
	return map->enter ? stage_enter_net(netns, err) : 0;
}

static uint32_t id_of(const struct call *call, const char *key)
{
	uint64_t id = 0;

	json_uint(json_get(json_path(json_root(call->document), "process.user"), key), &id);
	return call->userns.base + (uint32_t)id;
}

/* The side effects after the reservation, up to the point where the runtime takes over. */
static int put_in_place(struct call *call, struct json_doc *record, const char *text, size_t len,
			struct hr_error *err)
{
	if (stage(call, err) < 0 || call_image_recheck(call, err) < 0 ||
	    put_config(call, text, len, err) < 0)
		return -1;
	if (call->change.map.wanted && stage_stdio(id_of(call, "uid"), id_of(call, "gid"), err) < 0)
		return -1;
	return record_commit(call->statedir, call_root(call), call->request->id, record, err);
}

static int become_runtime(struct call *call, struct hr_error *err)
{
	static const char *const without[] = {"bundle", NULL};
	const char *const extra[] = {"--bundle", call->bundle, NULL};
	hr_autofree char **argv = grammar_write(
		call->request, runtime_kind_name(call->runtime.kind), without, extra, false);

	if (!argv)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (fd_cloexec_from(3 + call->kept_fds, err) < 0)
		return -1;
	return launch_runtime(&call->runtime, argv, err);
}

/* Who answers the container's system calls, where that is not the kernel alone. */
static int hand_over(struct call *call, struct hr_error *err)
{
	const struct call_trial *trial = call->trial;

	if (trial)
		return trial->decided(call, trial->data, err);
	if (!call->change.learn)
		return 0;
	call->recorded = recorder_start(call, err) == 0;
	return call->recorded ? 0 : -1;
}

static int commit(struct call *call, struct hr_error *err)
{
	json_auto struct json_doc *record = NULL;
	hr_autofree char *text = NULL;
	size_t len;

	if (hand_over(call, err) < 0 || json_write(json_root(call->document), &text, &len, err) < 0)
		return -1;
	digest_sha256(text, len, call->output_sha256);
	if (call_record(call, &record, err) < 0 || call_audit(call, NULL, NULL, err) < 0 ||
	    record_reserve(call->statedir, call_root(call), call->request->id, record,
			   call_audit_ended, err) < 0)
		return -1;
	if (put_in_place(call, record, text, len, err) == 0)
		become_runtime(call, err);
	record_withdraw(call->statedir, call_root(call), call->request->id);
	return -1;
}

int command_create(struct call *call, struct hr_error *err)
{
	call->line = line_of(call->request);
	if (decide(call, err) == 0)
		commit(call, err);
	if (call->recorded)
		recorder_stop(call);
	call_userns_withdraw(call);
	call_level_withdraw(call);
	return -1;
}
