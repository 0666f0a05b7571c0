/* SPDX-License-Identifier: Apache-2.0 */
#include "command/explain.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "change/unmap.h"
#include "line/decide.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TASKS	      "/io.containerd.runtime.v2.task/"
#define MOST_PROBLEMS 4

/* What the call would fail of before any control is asked, or what nothing can be asked of:
 * reported like a refusal, so that the rest can be seen as well. */
struct problem {
	const char *path, *control, *remedy;
	struct hr_error err;
};

static const char remedy_bundle[] =
	"no policy gives it: the bundle, its config.json and all above it must be root's and "
	"writable by nobody else";
static const char remedy_reader[] =
	"no policy gives it: correct the document, which the runtime could read otherwise";
static const char remedy_runtime[] =
	"no policy gives it: the handler needs a runtime that is root's; see HANDLERS AND RUNTIMES "
	"in hardrun(8)";

struct problems {
	struct problem list[MOST_PROBLEMS];
	size_t count;
};

static int load_policy(const struct explain *what, struct policy **ret, struct hr_error *err)
{
	hr_autoclose int fd = -1;

	if (what->policy)
		return policy_load_file(what->policy, control_check_options, ret, err);
	if (faccessat(AT_FDCWD, HR_CONFDIR, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return policy_builtin(control_check_options, ret, err);
	if (file_open_trusted(HR_CONFDIR, true, &fd, err) < 0)
		return hr_context(err, "policy");
	return policy_load(fd, HR_CONFDIR, control_check_options, ret, err);
}

int explain_policy(const struct explain *what, struct policy **ret, struct hr_error *err)
{
	int rc = load_policy(what, ret, err);

	if (rc < 0 && err->code == HR_UNTRUSTED)
		err->code = HR_POLICY;
	return rc;
}

/* As call_select does it, by the policy that was asked for. */
static int select_profile(struct call *call, const struct explain *what, struct hr_error *err)
{
	const struct json *spec = json_root(call->document);

	if (explain_policy(what, &call->policy, err) < 0)
		return -1;
	identity_read(spec, request_global(call->request, "root"), call->bundle, call->request->id,
		      &call->identity);
	if (what->profile)
		call->selection = (struct selection){what->profile, NULL, "--profile"};
	else if (policy_select(call->policy, &call->identity, call->handler,
			       json_get(spec, "annotations"), &call->selection, err) < 0)
		return -1;
	return policy_profile(call->policy, call->selection.profile, &call->profile, err);
}

/* Keep the error of a step as a problem, and go on. What is the policy's or the caller's
 * stays an error (-1). */
static int problem(struct problems *all, const char *path, const char *control, const char *remedy,
		   struct hr_error *err)
{
	if (err->code == HR_USAGE || all->count == MOST_PROBLEMS)
		return -1;
	all->list[all->count++] = (struct problem){path, control, remedy, *err};
	*err = (struct hr_error){0};
	return 0;
}

/* Problems are the first refusals. */
static void add_problems(struct change *change, const struct problems *all)
{
	size_t others = json_count(change->report);

	change->mode = MODE_ENFORCE;
	change->origin = NULL;
	for (size_t i = 0; i < all->count; i++) {
		const struct problem *one = &all->list[i];

		change->control = one->control;
		change_refuse(change, one->path, NULL,
			      &(struct reason){.rule = one->control,
					       .why = one->err.msg,
					       .remedy = one->remedy});
	}
	for (; all->count > 0 && others > 0; others--) {
		struct json *entry = change->report->first;

		json_remove(change->report, entry);
		json_append(change->report, entry);
	}
}

/*
 * The call that an engine would make for this bundle: below containerd's
 * .../io.containerd.runtime.v2.task/NAMESPACE/ID the runtime's root ends in NAMESPACE, by
 * which a pod's identity is believed and Docker's hook is known.
 */
static int engine_call(struct call *call, const char *bundle, struct hr_error *err)
{
	static char program[] = "hardrun", flag[] = "--root", command[] = "create";
	static char root[PATH_MAX] = "/", id[NAME_MAX + 1] = "explain";
	char *argv[] = {program, flag, root, command, id, NULL};
	char path[PATH_MAX];
	const char *task;

	if (bundle && realpath(bundle, path) && (task = strstr(path, TASKS))) {
		const char *space = task + strlen(TASKS);
		size_t len = strcspn(space, "/");

		snprintf(root, sizeof(root), "/run/containerd/runc/%.*s", (int)len, space);
		if (space[len] == '/')
			snprintf(id, sizeof(id), "%.*s", (int)strcspn(space + len + 1, "/"),
				 space + len + 1);
	}
	return grammar_parse(call->runtime.kind, 5, argv, &call->request, err);
}

/* A bundle that others could change is refused by create; it can be looked at. */
static int open_bundle(struct call *call, const char *bundle, struct problems *problems,
		       struct hr_error *err)
{
	if (call_open_bundle(call, bundle, err) == 0)
		return 0;
	if (err->code != HR_UNTRUSTED ||
	    problem(problems, "bundle", "bundle", remedy_bundle, err) < 0)
		return -1;
	call->bundle_fd = open(call->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (call->bundle_fd < 0 || fstat(call->bundle_fd, &call->bundle_stat) < 0)
		return hr_fail_errno(err, errno, "bundle");
	return 0;
}

static int read_text(struct call *call, const struct explain *what, struct problems *problems,
		     char **ret, size_t *ret_len, struct hr_error *err)
{
	if (what->standard_input)
		return file_read_fd(0, "standard input", JSON_MAX_BYTES, ret, ret_len, err);
	if (file_read_at(call->bundle_fd, "config.json", "config.json", JSON_MAX_BYTES, ret,
			 ret_len, &call->document_stat, err) < 0)
		return -1;
	if (file_is_roots(&call->document_stat))
		return 0;
	hr_fail(err, HR_UNTRUSTED, "config.json: others than root can change it");
	return problem(problems, "config.json", "bundle", remedy_bundle, err);
}

/* The document; where it is not JSON as it must be, there is none and that is a problem. */
static int read_document(struct call *call, const struct explain *what, struct problems *problems,
			 struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (open_bundle(call, what->bundle, problems, err) < 0 ||
	    read_text(call, what, problems, &text, &len, err) < 0)
		return -1;
	if (json_parse("config.json", text, len, false, &call->document, err) == 0)
		return change_unmap(call->document, NULL, err);
	return err->code == HR_SPEC ? problem(problems, "config.json", "reader", remedy_reader, err)
				    : -1;
}

/* The runtime of the handler; without one its kind is taken to be runc. */
static int find_runtime(struct call *call, struct problems *problems, struct hr_error *err)
{
	if (runtime_find(call->confdir, call->handler, &call->runtime, err) < 0) {
		if (problem(problems, "runtime", "runtime", remedy_runtime, err) < 0)
			return -1;
		call->runtime.kind = RUNTIME_RUNC;
	} else if (runtime_trust(&call->runtime, err) < 0) {
		return problem(problems, "runtime", "runtime", remedy_runtime, err);
	}
	return 0;
}

/* What runtime and machine say; a runtime that says nothing is a problem. */
static int look(struct call *call, struct problems *problems, struct hr_error *err)
{
	for (size_t i = 0; i < problems->count; i++)
		if (strcmp(problems->list[i].path, "runtime") == 0)
			return host_open(call->bundle, &call->host, err);
	if (call_look(call, err) == 0)
		return 0;
	if (problem(problems, "runtime", "runtime", remedy_runtime, err) < 0)
		return -1;
	return call->host ? 0 : host_open(call->bundle, &call->host, err);
}

/* Up to the decision; stops early (0) where the document is not understood. */
static int decide(struct call *call, const struct explain *what, struct problems *problems,
		  struct hr_error *err)
{
	if (find_runtime(call, problems, err) < 0 || engine_call(call, what->bundle, err) < 0 ||
	    read_document(call, what, problems, err) < 0)
		return -1;
	if (!call->document)
		return 0;
	if (json_root(call->document)->type != JSON_OBJECT) {
		hr_fail(err, HR_SPEC, "config.json: must be an object");
		return problem(problems, "config.json", "reader", remedy_reader, err);
	}
	if (select_profile(call, what, err) < 0 || look(call, problems, err) < 0 ||
	    call_image(call, !what->standard_input, err) < 0 || call_level(call, false, err) < 0 ||
	    call_userns(call, false, err) < 0)
		return -1;
	if (call_decide(call, NULL, err) == 0)
		return 0;
	return err->code == HR_SPEC ? problem(problems, "config.json", "reader", remedy_reader, err)
				    : -1;
}

int explain_decide(struct call *call, const struct explain *what, struct hr_error *err)
{
	struct problems problems = {0};

	if (decide(call, what, &problems, err) < 0)
		return -1;
	if (!call->change.notes && change_init(&call->change, call->document, err) < 0)
		return -1;
	add_problems(&call->change, &problems);
	return change_ok(&call->change, err);
}
