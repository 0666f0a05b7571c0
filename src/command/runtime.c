/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include "base/text.h"
#include "state/record.h"

#include <string.h>
#include <unistd.h>

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
	if (!id || !runtime_id_sound(id))
		return 0;
	kind = runtime_state_kind(root, id);
	if (kind == RUNTIME_KINDS || kind == call->runtime.kind)
		return 0;
	record_load(call->statedir, root, id, &record);
	path = record ? json_string(json_root(record), "runtime") : NULL;
	if (!path || runtime_at(path, &runtime, NULL) < 0 || runtime.kind != kind)
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

/*
 * The handler's link is gone, and something is to be ended all the same: use the runtime
 * that the record names, or else the usual program of the kind that made the state.
 * Without an id there is nothing to end.
 */
static int without_handler(struct call *call, struct hr_error *err)
{
	for (unsigned i = 0; i < RUNTIME_KINDS; i++) {
		enum runtime_kind kind;
		const char *root;
		bool changed;

		call->runtime.kind = (enum runtime_kind)i;
		if (parse(call, NULL) < 0 || !passes(call) || !call->request->id ||
		    !runtime_id_sound(call->request->id))
			continue;
		root = call_root(call);
		kind = runtime_state_kind(root, call->request->id);
		if (kind == RUNTIME_KINDS)
			continue;
		call->runtime.kind = RUNTIME_KINDS;
		if (own_runtime(call, root, &changed, NULL) < 0 &&
		    !runtime_usual(kind, &call->runtime))
			return -1;
		return parse(call, err) < 0 ? -1 : command_pass(call, err);
	}
	return -1;
}

/* A container that is already gone: `delete --force` must succeed, and any runtime says so. */
static int gone_already(struct call *call, struct hr_error *err)
{
	if (!runtime_usual(RUNTIME_RUNC, &call->runtime) || parse(call, NULL) < 0 ||
	    !passes(call) || !call->request->id)
		return -1;
	return command_pass(call, err);
}

static int dispatch(struct call *call, struct hr_error *err)
{
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

	if (parse(call, err) < 0 || own_runtime(call, call_root(call), &changed, err) < 0)
		return -1;
	if (changed && parse(call, err) < 0)
		return -1;
	return dispatch(call, err);
}

static int exit_status(const struct call *call)
{
	const struct request *request = call->request;

	if (request && request->command && request->command->class == GRAMMAR_EXEC)
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
	} else if (runtime_find(call.confdir, handler, &call.runtime, err) < 0) {
		struct hr_error other = {0};

		/* Both come back only when they could do nothing. */
		without_handler(&call, &other);
		gone_already(&call, &other);
	} else {
		grammar_log(call.runtime.kind, argc, argv, ret_log, &json);
		run(&call, err);
	}
	/* We are still here: say why in the log as well; the message itself goes to the
	 * caller whatever becomes of the log. */
	if (geteuid() == 0)
		call_audit(&call, err->msg, NULL);
	status = exit_status(&call);
	call_done(&call);
	return status;
}
