/* SPDX-License-Identifier: Apache-2.0 */
/* update: resources may change, what create refused may not come in by this door. */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "line/launch.h"
#include "line/resources.h"
#include "state/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int read_body(struct call *call, const char *path, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	char shown[TEXT_SHOWN_SIZE];
	size_t len;
	int result;

	if (strcmp(path, "-") == 0)
		result = file_read_fd(0, "resources", JSON_MAX_BYTES, &text, &len, err);
	else
		result = file_read_at(AT_FDCWD, path, text_shown_z(path, shown), JSON_MAX_BYTES,
				      &text, &len, NULL, err);
	if (result < 0)
		return -1;
	digest_sha256(text, len, call->input_sha256);
	return json_parse("resources", text, len, false, &call->document, err);
}

static int find_ceilings(struct call *call, struct json_doc **owner, const struct json **ret,
			 struct hr_error *err)
{
	*ret = call->record ? json_get(json_root(call->record), "ceilings") : NULL;
	/* What update looks at does not depend on the bundle. */
	return *ret ? 0 : command_default_ceilings(call, NULL, owner, ret, err);
}

static int decide(struct call *call, const char *path, struct hr_error *err)
{
	json_auto struct json_doc *owner = NULL;
	const struct json *ceilings;

	if (!call->request->id || !runtime_id_sound(call->request->id))
		return hr_fail(err, HR_USAGE,
			       "update needs a container id of letters, digits and _+.-");
	if (runtime_trust(&call->runtime, err) < 0)
		return -1;
	if (record_load(call->statedir, call_root(call), call->request->id, &call->record, err) < 0)
		return -1;
	if (find_ceilings(call, &owner, &ceilings, err) < 0)
		return -1;
	if (path ? read_body(call, path, err) < 0
		 : resources_from_flags(call->request, &call->document, err) < 0)
		return -1;
	if (call_decide(call, ceilings, err) < 0)
		return -1;
	resources_judge_rdt(call->request, json_get(ceilings, "extras"), &call->change);
	if (change_ok(&call->change, err) < 0)
		return -1;
	return change_verdict(&call->change, err);
}

/* The body goes over standard input, as every runtime reads it from there. */
static int put_body(struct call *call, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	hr_autoclose int fd = -1;
	size_t len;

	if (json_write(json_root(call->document), &text, &len, err) < 0)
		return -1;
	digest_sha256(text, len, call->output_sha256);
	if (fd_document("resources", text, len, 3, &fd, err) < 0)
		return -1;
	if (dup2(fd, 0) < 0)
		return hr_fail_errno(err, errno, "resources");
	return 0;
}

/* Beside a body the runtimes ignore the flags of its members. */
static char **new_argv(struct call *call, bool body, struct resources_flags *flags)
{
	static const char *const without[] = {"resources", NULL};
	static const char *const extra[] = {"--resources=-", NULL};

	if (!body)
		resources_to_flags(call->request, json_root(call->document), flags);
	return grammar_write(call->request, runtime_kind_name(call->runtime.kind),
			     body ? without : flags->without, body ? extra : flags->extra, false);
}

static int commit(struct call *call, bool body, struct hr_error *err)
{
	struct resources_flags flags;
	hr_autofree char **argv = new_argv(call, body, &flags);

	if (!argv)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (body && put_body(call, err) < 0)
		return -1;
	if (call_audit(call, NULL, NULL, err) < 0)
		return -1;
	return launch_runtime(&call->runtime, argv, err);
}

int command_update(struct call *call, struct hr_error *err)
{
	const char *path = request_option(call->request, "resources");

	call->line = LINE_UPDATE;
	if (decide(call, path, err) == 0)
		commit(call, path != NULL, err);
	return -1;
}
