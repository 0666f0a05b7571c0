/* SPDX-License-Identifier: Apache-2.0 */
#include "line/call.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "change/unmap.h"
#include "line/decide.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define POLICY_TRIES 16 /* loads while the policy is exchanged again and again */

void call_init(struct call *call, const char *handler, int argc, char *const argv[])
{
	*call = (struct call){
		.confdir = HR_CONFDIR,
		.statedir = HR_STATEDIR,
		.handler = handler,
		.argc = argc,
		.argv = argv,
		.line = LINE_OTHER,
		.bundle_fd = -1,
		.userns_fd = -1,
		.status = -1,
	};
}

void call_done(struct call *call)
{
	change_done(&call->change);
	json_free(call->record);
	json_free(call->image_answer);
	host_close(call->host);
	policy_free(call->policy);
	json_free(call->facts);
	json_free(call->document);
	if (call->bundle_fd >= 0)
		close(call->bundle_fd);
	if (call->userns_fd >= 0)
		close(call->userns_fd);
	request_free(call->request);
}

const char *call_root(const struct call *call)
{
	const char *root = call->request ? request_global(call->request, "root") : NULL;

	return root && root[0] ? root : runtime_default_root(call->runtime.kind);
}

static int absolute(const char *path, char ret[PATH_MAX], struct hr_error *err)
{
	char here[PATH_MAX];
	int len;

	if (path[0] == '/')
		len = snprintf(ret, PATH_MAX, "%s", path);
	else if (!getcwd(here, sizeof(here)))
		return hr_fail_errno(err, errno, "current directory");
	else
		len = path[0] && strcmp(path, ".") != 0
			      ? snprintf(ret, PATH_MAX, "%s/%s", here, path)
			      : snprintf(ret, PATH_MAX, "%s", here);
	if (len < 0 || len >= PATH_MAX)
		return hr_fail(err, HR_USAGE, "the bundle's path is too long");
	return 0;
}

int call_open_bundle(struct call *call, const char *bundle, struct hr_error *err)
{
	if (absolute(bundle ? bundle : ".", call->bundle, err) < 0)
		return -1;
	if (file_open_trusted(call->bundle, true, &call->bundle_fd, err) < 0)
		return hr_context(err, "bundle");
	if (fstat(call->bundle_fd, &call->bundle_stat) < 0)
		return hr_fail_errno(err, errno, "bundle");
	return 0;
}

int call_read_config(struct call *call, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (file_read_at(call->bundle_fd, "config.json", "config.json", JSON_MAX_BYTES, &text, &len,
			 &call->document_stat, err) < 0)
		return -1;
	if (!file_is_roots(&call->document_stat))
		return hr_fail(err, HR_UNTRUSTED,
			       "config.json: others than root can change it; chown root: and "
			       "chmod go-w it");
	digest_sha256(text, len, call->input_sha256);
	if (json_parse("config.json", text, len, false, &call->document, err) < 0)
		return -1;
	return change_unmap(call->document, &call->was_mapped, err);
}

/* False when another policy came into the place of the directory while it was read: then files
 * of it may have been gone, and what was read, or was missing, says nothing. */
static bool still_in_place(const struct call *call, int fd)
{
	struct stat read, now;

	return fstat(fd, &read) < 0 || stat(call->confdir, &now) < 0 ||
	       (read.st_dev == now.st_dev && read.st_ino == now.st_ino);
}

static int load_directory(struct call *call, bool *ret_again, struct hr_error *err)
{
	hr_autoclose int fd = -1;
	int result;

	*ret_again = false;
	if (file_open_trusted(call->confdir, true, &fd, err) < 0)
		return hr_context(err, "policy");
	result = policy_load(fd, call->confdir, control_check_options, &call->policy, err);
	*ret_again = !still_in_place(call, fd);
	return result;
}

static int load_policy(struct call *call, struct hr_error *err)
{
	bool again;

	/* No directory at all: the built-in profiles. A directory without a policy.json is
	 * an error of policy_load. */
	if (faccessat(AT_FDCWD, call->confdir, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return policy_builtin(control_check_options, &call->policy, err);
	for (int tries = 0; tries < POLICY_TRIES; tries++) {
		struct hr_error local = {0};
		int result = load_directory(call, &again, &local);

		if (!again) {
			*err = local;
			return result;
		}
		policy_free(hr_steal(call->policy));
	}
	return hr_fail(err, HR_POLICY, "%s was replaced %d times while it was read; try again",
		       call->confdir, POLICY_TRIES);
}

int call_select(struct call *call, struct hr_error *err)
{
	const struct json *spec = json_root(call->document);

	if (load_policy(call, err) < 0)
		return -1;
	identity_read(spec, request_global(call->request, "root"), call->bundle, call->request->id,
		      &call->identity);
	if (policy_select(call->policy, &call->identity, call->handler,
			  json_get(spec, "annotations"), &call->selection, err) < 0)
		return -1;
	return policy_profile(call->policy, call->selection.profile, &call->profile, err);
}

int call_select_default(struct call *call, struct hr_error *err)
{
	if (policy_builtin(control_check_options, &call->policy, err) < 0)
		return -1;
	call->selection = (struct selection){"default", NULL, "default"};
	return policy_profile(call->policy, "default", &call->profile, err);
}

int call_look(struct call *call, struct hr_error *err)
{
	if (runtime_facts(&call->runtime, call->statedir, &call->facts, err) < 0 ||
	    host_open(call->bundle, &call->host, err) < 0)
		return -1;
	host_ops(call->host)->unsafe_annotations =
		json_get(json_root(call->facts), "unsafe_annotations");
	host_ops(call->host)->runtime_path = call->runtime.path;
	host_ops(call->host)->runtime_cves = json_get(json_root(call->facts), "cves");
	host_ops(call->host)->runtime_seccomp = json_get(json_root(call->facts), "seccomp");
	return 0;
}

void call_control_in(const struct call *call, struct control_in *ret)
{
	*ret = (struct control_in){
		.line = call->line,
		.kind = call->runtime.kind,
		.root = call_root(call),
		.bundle = call->bundle,
		.no_pivot = call->request && request_option(call->request, "no-pivot"),
		.id = call->request ? call->request->id : NULL,
		.identity = &call->identity,
		.policy = call->policy,
		.host = call->host ? host_ops(call->host) : NULL,
		.level = call->level.name[0] ? call->level.name : NULL,
		.level_taken = call->level.taken,
		.userns = call->userns_known ? &call->userns : NULL,
		.image = call->image.require ? &call->image : NULL,
	};
}

int call_decide(struct call *call, const struct json *ceilings, struct hr_error *err)
{
	struct control_in in;

	call_control_in(call, &in);
	if (change_init(&call->change, call->document, err) < 0)
		return -1;
	call->change.profile = call->selection.profile;
	if (ceilings)
		return decide_ceiling(&in, call->document, ceilings, &call->change, err);
	return decide_create(&in, call->document, call->profile, &call->change, err);
}
