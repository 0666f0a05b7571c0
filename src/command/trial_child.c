/* SPDX-License-Identifier: Apache-2.0 */
#include "command/trial_child.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "json/edit.h"
#include "line/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SAID "said.json"

void trial_child_log(const struct trial_place *place, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%.4000s/log", place->dir);
}

/* --- In the child ----------------------------------------------------------------------------- */

static const char *seccomp_name(const struct trial_child *child, const struct call *call)
{
	const char *name = json_string(json_get(call->profile, "seccomp"), "profile");

	return child->trial->seccomp ? child->trial->seccomp : name ? name : "default";
}

static int put(const struct trial_place *place, const char *name, const struct json *value,
	       struct hr_error *err)
{
	hr_autoclose int fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hr_autofree char *text = NULL;
	size_t len;

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", place->dir);
	if (json_write(value, &text, &len, err) < 0)
		return -1;
	return file_replace_at(fd, name, text, len, 0600, 0, 0, err);
}

/* `why`: with what it ended; NULL: it goes on. `why_not`: it is not watched; NULL: it is. */
static int say(const struct trial_child *child, const struct call *call, const struct hr_error *why,
	       const char *why_not, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("said");
	struct json *root = doc ? json_root(doc) : NULL;
	const char *version = json_string(call->facts ? json_root(call->facts) : NULL, "version");
	bool good = json_put_string(doc, root, "seccomp", seccomp_name(child, call)) &&
		    json_put_string(doc, root, "runtime", version ? version : call->runtime.path);

	if (good && call->selection.profile)
		good = json_put_string(doc, root, "profile", call->selection.profile);
	if (good && call->change.report)
		good = json_put(doc, root, "report", json_clone(doc, call->change.report));
	if (good && why_not)
		good = json_put_string(doc, root, "why_not", why_not);
	if (good && why)
		good = json_put_int(doc, root, "code", (int)why->code) &&
		       json_put_string(doc, root, "message", why->msg);
	if (!good)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return put(child->place, SAID, root, err);
}

/* What cannot be watched runs all the same: the table says why it is empty. */
static int decided(struct call *call, void *data, struct hr_error *err)
{
	const struct trial_child *child = data;
	const struct json *filter = json_path(json_root(call->document), "linux.seccomp");
	struct seccomp_filter *judged = NULL;
	struct hr_error why_not = {0};

	if (filter && put(child->place, "filter.json", filter, err) < 0)
		return -1;
	if (line_watchable(&call->runtime, call->facts ? json_root(call->facts) : NULL, &why_not) &&
	    line_watch(call->document, child->trial->watch, child->trial->also,
		       child->place->socket, &judged, &why_not) < 0 &&
	    why_not.code == HR_SYSTEM) {
		*err = why_not;
		return -1;
	}
	seccomp_filter_free(judged);
	return say(child, call, NULL, judged ? NULL : why_not.msg, err);
}

static int create(struct trial_child *child, struct call *call, struct hr_error *err)
{
	const struct call_trial hooks = {
		.select = trial_policy_select, .decided = decided, .data = child};
	char log[PATH_MAX], program[] = "hardrun";
	const char *const words[] = {program,
				     "--root",
				     child->place->state,
				     "--log",
				     log,
				     "--log-format",
				     "json",
				     "run",
				     "--bundle",
				     child->place->bundle,
				     child->place->id,
				     NULL};

	trial_child_log(child->place, log);
	call->runtime = child->runtime;
	call->trial = &hooks;
	if (grammar_parse(call->runtime.kind, (int)hr_count(words) - 1,
			  (char *const *)(uintptr_t)words, &call->request, err) < 0)
		return -1;
	return command_create(call, err);
}

static void become(void *data)
{
	struct trial_child *child = data;
	struct hr_error err = {0}, ignored = {0};
	const char *handler = child->trial->handler ? child->trial->handler : "hardrun";
	struct call call;

	sigprocmask(SIG_SETMASK, &child->mask, NULL);
	call_init(&call, handler, 0, NULL);
	if (create(child, &call, &err) < 0)
		(void)say(child, &call, &err, NULL, &ignored);
}

/* --- In the parent ---------------------------------------------------------------------------- */

int trial_child_start(struct trial_child *child, pid_t *ret, struct hr_error *err)
{
	return child_start(become, child, ret, err);
}

static void copy(char *to, size_t room, const struct json *said, const char *key)
{
	const char *text = json_string(said, key);

	snprintf(to, room, "%s", text ? text : "");
}

static int understand(const struct json *said, struct trial_result *ret, struct hr_error *err)
{
	int64_t code = HR_OK;

	copy(ret->profile, sizeof(ret->profile), said, "profile");
	copy(ret->seccomp, sizeof(ret->seccomp), said, "seccomp");
	copy(ret->runtime, sizeof(ret->runtime), said, "runtime");
	copy(ret->why_not, sizeof(ret->why_not), said, "why_not");
	ret->watched = !ret->why_not[0];
	ret->report = json_new("report");
	if (!ret->report || (json_get(said, "report") &&
			     !json_put(ret->report, json_root(ret->report), "report",
				       json_clone(ret->report, json_get(said, "report")))))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_forget_origin(json_root(ret->report));
	if (json_int(json_get(said, "code"), &code) && code > HR_OK && code < HR_CODES)
		return hr_fail(err, (enum hr_code)code, "%s", json_string(said, "message"));
	return 0;
}

int trial_child_said(const struct trial_place *place, struct trial_result *ret,
		     struct hr_error *err)
{
	hr_autoclose int fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *text = NULL;
	size_t len;

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", place->dir);
	if (file_read_at(fd, SAID, SAID, JSON_MAX_BYTES, &text, &len, NULL, err) < 0 ||
	    json_parse(SAID, text, len, false, &doc, err) < 0)
		return hr_context(err, "the container was not started");
	return understand(json_root(doc), ret, err);
}
