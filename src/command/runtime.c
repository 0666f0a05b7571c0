/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include "base/text.h"
#include "state/record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An id that can name an entry of the runtime's root. Runtimes allow more characters than
 * create does here, and such containers are to be ended as well. */
static bool is_component(const char *id)
{
	return id && id[0] != '\0' && !strchr(id, '/') && strcmp(id, ".") != 0 &&
	       strcmp(id, "..") != 0;
}

/*
 * The runtime that a container belongs to is the one that made it: a wrong runtime's
 * `delete --force` succeeds, removes the state and leaves the process running. Sets
 * ret_changed when it is another than the handler's.
 */
static int own_runtime(struct call *call, const char *root, bool *ret_changed, struct hr_error *err)
{
	json_auto struct json_doc *record = NULL;
	const char *id = call->request->id, *path;
	enum runtime_kind kind;
	struct runtime runtime;
	char shown[TEXT_SHOWN_SIZE];

	*ret_changed = false;
	if (!is_component(id))
		return 0;
	kind = runtime_state_kind(root, id);
	if (kind == RUNTIME_KINDS || kind == call->runtime.kind)
		return 0;
	record_load(call->statedir, root, id, &record, NULL);
	path = record ? json_string(json_root(record), "runtime") : NULL;
	if (!path || runtime_at(path, &runtime, NULL) < 0 || runtime.kind != kind ||
	    runtime_is_self(&runtime))
		return hr_fail(err, HR_DENIED,
			       "container \"%s\" was made by %s, the handler \"%s\" runs %s, and "
			       "no record says which program; use %s itself for it",
			       text_shown_z(id, shown), runtime_kind_name(kind), call->handler,
			       runtime_kind_name(call->runtime.kind), runtime_kind_name(kind));
	call->runtime = runtime;
	*ret_changed = true;
	return 0;
}

static int parse(struct call *call, struct hr_error *err)
{
	request_free(call->request);
	call->request = NULL;
	return grammar_parse(call->runtime.kind, call->argc, call->argv, &call->request, err);
}

static bool passes(const struct call *call)
{
	const struct request *request = call->request;

	return !request->command || request->help || request->command->class == GRAMMAR_PASS;
}

/* The runtime that the container's record names, whatever state there is. */
static bool recorded(const struct call *call, const char *root, struct runtime *ret)
{
	json_auto struct json_doc *record = NULL;
	const char *path;

	record_load(call->statedir, root, call->request->id, &record, NULL);
	path = record ? json_string(json_root(record), "runtime") : NULL;
	return path && runtime_at(path, ret, NULL) == 0 && !runtime_is_self(ret) &&
	       access(path, X_OK) == 0;
}

static bool is_gone(const char *root, const char *id)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", root, id);

	return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) < 0 &&
	       runtime_state_kind(root, id) == RUNTIME_KINDS;
}

/*
 * The handler's link or program is gone, and something is to be ended all the same: by the
 * runtime that the record names, or the usual program of the kind that made the state, or,
 * when there is nothing left to end (`delete --force` must succeed then), by any. `kind`
 * is the grammar to try. Returns only when this is no way.
 */
static void end_as(struct call *call, enum runtime_kind kind)
{
	struct hr_error err = {0};
	struct runtime runtime;
	enum runtime_kind made_by;
	const char *root;

	call->runtime.kind = kind;
	if (parse(call, &err) < 0 || !passes(call) || !is_component(call->request->id))
		return;
	root = call_root(call);
	made_by = runtime_state_kind(root, call->request->id);
	if (!(recorded(call, root, &runtime) &&
	      (made_by == RUNTIME_KINDS || runtime.kind == made_by)) &&
	    !(made_by != RUNTIME_KINDS && runtime_usual(made_by, &runtime)) &&
	    !(is_gone(root, call->request->id) && runtime_usual(kind, &runtime)))
		return;
	call->runtime = runtime;
	if (parse(call, &err) == 0)
		command_pass(call, &err);
}

static void without_handler(struct call *call)
{
	for (unsigned kind = 0; kind < RUNTIME_KINDS; kind++)
		end_as(call, (enum runtime_kind)kind);
}

static bool is_start(const struct request *request)
{
	return request->command && !request->help && request->id &&
	       strcmp(request->command->name, "start") == 0;
}

static int dispatch(struct call *call, struct hr_error *err)
{
	if (is_start(call->request))
		return command_start(call, err);
	if (passes(call))
		return command_pass(call, err);
	switch (call->request->command->class) {
	case GRAMMAR_CREATE:
		return command_create(call, err);
	case GRAMMAR_EXEC:
		return command_exec(call, err);
	case GRAMMAR_UPDATE:
		return command_update(call, err);
	case GRAMMAR_PASS:
	case GRAMMAR_CLASSES:
		break;
	}
	return command_pass(call, err);
}

static int run(struct call *call, struct hr_error *err)
{
	bool changed;

	if (runtime_is_self(&call->runtime))
		return hr_fail(err, HR_POLICY,
			       "runtime %s is hardrun itself; link the handler to runc or crun",
			       call->runtime.path);
	if (parse(call, err) < 0 || own_runtime(call, call_root(call), &changed, err) < 0)
		return -1;
	if (changed && parse(call, err) < 0)
		return -1;
	return dispatch(call, err);
}

/* A refused exec gives 255, as runc's. Where the line could not be parsed, the word decides:
 * nothing but an exit status hangs on it. */
static int exit_status(const struct call *call)
{
	const struct request *request = call->request;

	if (request && request->command)
		return request->command->class == GRAMMAR_EXEC ? EXIT_EXEC : EXIT_REFUSED;
	for (int i = 1; i < call->argc; i++)
		if (strcmp(call->argv[i], "exec") == 0)
			return EXIT_EXEC;
	return EXIT_REFUSED;
}

int command_runtime(const char *handler, int argc, char *const argv[], const char **ret_log,
		    struct hr_error *err)
{
	struct call call;
	bool json;
	int status;

	call_init(&call, handler, argc, argv);
	grammar_log(RUNTIME_RUNC, argc, argv, ret_log, &json);
	if (geteuid() != 0) {
		hr_fail(err, HR_USAGE,
			"hardrun works as root only; rootless containers are not its "
			"business, call the runtime itself");
	} else if (runtime_find(call.confdir, handler, &call.runtime, err) == 0) {
		grammar_log(call.runtime.kind, argc, argv, ret_log, &json);
		run(&call, err);
	}
	/* The handler's runtime is missing, or could not be started; a container that another
	 * runtime made is no such case (HR_DENIED). */
	if (geteuid() == 0 && (err->code == HR_POLICY || err->code == HR_SYSTEM) &&
	    (!call.request || passes(&call)))
		without_handler(&call);
	if (call.status >= 0 && err->code == HR_OK) {
		status = call.status;
		call_done(&call);
		return status;
	}
	/* We are still here: say why in the log as well; the message itself goes to the
	 * caller whatever becomes of the log. */
	if (geteuid() == 0)
		call_audit(&call, err->msg, NULL, NULL);
	status = exit_status(&call);
	call_done(&call);
	return status;
}
