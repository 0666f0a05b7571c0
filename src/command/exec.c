/* SPDX-License-Identifier: Apache-2.0 */
/* exec: the ceiling that create left, whatever the engine's process document asks. */
#include "command/command.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "line/launch.h"
#include "line/process.h"
#include "line/verify.h"
#include "state/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* The record is of this container only if the runtime still names the same bundle. */
static int check_bundle(const struct call *call, const char *bundle, struct hr_error *err)
{
	const struct json *record = json_root(call->record);
	char shown[TEXT_SHOWN_SIZE];
	int64_t dev, ino;
	struct stat st;

	if (stat(bundle, &st) == 0 && json_int(json_get(record, "bundle_dev"), &dev) &&
	    json_int(json_get(record, "bundle_ino"), &ino) && (int64_t)st.st_dev == dev &&
	    (int64_t)st.st_ino == ino)
		return 0;
	return hr_fail(err, HR_DENIED,
		       "bundle \"%s\" of the container is not the one that was checked at create; "
		       "create the container anew",
		       text_shown_z(bundle, shown));
}

/* Where the profile says so: nothing more is started in a container that is under another label
 * than it was created with. */
static int check_label(const struct call *call, struct hr_error *err)
{
	const char *root = call_root(call), *id = call->request->id;
	uint64_t start;
	pid_t pid;

	if (!verify_wanted(json_root(call->record)))
		return 0;
	if (runtime_state_init(runtime_state_kind(root, id), root, id, &pid, &start, err) < 0)
		return -1;
	switch (verify_labels(pid, json_root(call->record), err)) {
	case VERIFY_SAME:
		return 0;
	case VERIFY_OTHER:
		return hr_context(err, "exec");
	case VERIFY_UNSEEN:
		break;
	}
	return hr_fail(err, HR_DENIED,
		       "exec: the label of the container's first process cannot be seen (rules "
		       "apparmor.verify, selinux.verify)");
}

/* The process of the bundle's config.json as create left it; NULL when it has none. */
static int bundle_process(struct call *base, const char *bundle, const struct json **ret,
			  struct hr_error *err)
{
	*ret = NULL;
	if (bundle[0] == '\0')
		return 0;
	if (call_open_bundle(base, bundle, err) < 0 || call_read_config(base, err) < 0)
		return -1;
	*ret = json_get(json_root(base->document), "process");
	return 0;
}

static int read_process(struct call *call, const char *bundle, struct hr_error *err)
{
	const char *path = request_option(call->request, "process");
	hr_autofree char *text = NULL;
	char shown[TEXT_SHOWN_SIZE];
	const struct json *base;
	struct call other;
	size_t len;
	int result;

	if (path) {
		if (file_read_at(AT_FDCWD, path, text_shown_z(path, shown), JSON_MAX_BYTES, &text,
				 &len, NULL, err) < 0)
			return -1;
		digest_sha256(text, len, call->input_sha256);
		return json_parse("process of exec", text, len, false, &call->document, err);
	}
	call_init(&other, call->handler, call->argc, call->argv);
	result = bundle_process(&other, bundle, &base, err);
	if (result == 0)
		result = process_from_flags(call->request, base, &call->document, err);
	call_done(&other);
	return result;
}

/* Where the runtime says the bundle is; "" when it has no such container: then the runtime
 * itself will say so, and gets nothing that was not clamped. */
static int find_bundle(const struct call *call, char ret[PATH_MAX], struct hr_error *err)
{
	const char *root = call_root(call), *id = call->request->id;
	enum runtime_kind kind = runtime_state_kind(root, id);

	ret[0] = '\0';
	return kind == RUNTIME_KINDS ? 0 : runtime_state_bundle(kind, root, id, ret, err);
}

/* A sub-cgroup is below the container's own. */
static int check_cgroups(const struct request *request, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	const char *value;

	for (size_t i = 0; (value = request_option_at(request, "cgroup", i)); i++)
		if (strstr(value, ".."))
			return hr_fail(
				err, HR_USAGE,
				"--cgroup \"%s\": must name a cgroup below the container's own",
				text_shown_z(value, shown));
	return 0;
}

static int decide(struct call *call, struct hr_error *err)
{
	json_auto struct json_doc *owner = NULL;
	const struct json *ceilings = NULL;
	char bundle[PATH_MAX];

	if (!call->request->id || !runtime_id_sound(call->request->id))
		return hr_fail(err, HR_USAGE,
			       "exec needs a container id of letters, digits and _+.-");
	if (launch_kept_fds(request_option(call->request, "preserve-fds"), &call->kept_fds, err) <
		    0 ||
	    check_cgroups(call->request, err) < 0 || runtime_trust(&call->runtime, err) < 0 ||
	    find_bundle(call, bundle, err) < 0)
		return -1;
	if (record_load(call->statedir, call_root(call), call->request->id, &call->record, err) < 0)
		return -1;
	if (call->record && bundle[0] &&
	    (check_bundle(call, bundle, err) < 0 || check_label(call, err) < 0))
		return -1;
	if (call->record)
		ceilings = json_get(json_root(call->record), "ceilings");
	if (!ceilings &&
	    command_default_ceilings(call, bundle[0] ? bundle : NULL, &owner, &ceilings, err) < 0)
		return -1;
	snprintf(call->bundle, sizeof(call->bundle), "%s", bundle);
	if (read_process(call, bundle, err) < 0 || host_open(bundle, &call->host, err) < 0 ||
	    call_decide(call, ceilings, err) < 0)
		return -1;
	return change_verdict(&call->change, err);
}

static int become_runtime(struct call *call, int document, struct hr_error *err)
{
	char path[64];
	const char *const extra[] = {"--process", path, NULL};
	hr_autofree char **argv = NULL;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", document);
	argv = grammar_write(call->request, runtime_kind_name(call->runtime.kind), process_flags,
			     extra, false);
	if (!argv)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (call_userns_exec(call, err) < 0)
		return -1;
	if (fd_cloexec_from(3 + call->kept_fds, err) < 0 || fcntl(document, F_SETFD, 0) < 0)
		return hr_fail(err, HR_SYSTEM, "the process document cannot be handed on");
	return launch_runtime(&call->runtime, argv, err);
}

/* A line in the audit log, or only the count of one that was written already. */
static int write_down(struct call *call, struct hr_error *err)
{
	bool written;
	int result;

	call->turn.fd = -1;
	if (call_is_probe(call) && record_tally(call->statedir, call_root(call), call->request->id,
						call->output_sha256, &call->turn))
		return 0;
	result = call_audit(call, NULL, &written, err);
	tally_done(&call->turn, written);
	return result;
}

static int commit(struct call *call, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;
	int document;

	if (json_write(json_root(call->document), &text, &len, err) < 0)
		return -1;
	digest_sha256(text, len, call->output_sha256);
	if (write_down(call, err) < 0 ||
	    fd_document("process.json", text, len, (int)(3 + call->kept_fds), &document, err) < 0)
		return -1;
	return become_runtime(call, document, err);
}

int command_exec(struct call *call, struct hr_error *err)
{
	call->line = LINE_EXEC;
	if (decide(call, err) == 0)
		commit(call, err);
	return -1;
}
