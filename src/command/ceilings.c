/* SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

#include "base/cleanup.h"
#include "json/edit.h"

/* The smallest document: nothing asked, so nothing may be had. */
static int empty_document(struct call *call, struct hr_error *err)
{
	call->document = json_new("config.json");
	if (!call->document ||
	    !json_put_string(call->document, json_root(call->document), "ociVersion", "1.0.2"))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

/* What the container was given by whoever made it, before the controls looked at it. */
struct given {
	const char *apparmor, *selinux;
};

static int decide_default(struct call *own, const char *bundle, struct given *ret,
			  struct hr_error *err)
{
	const struct json *process;

	if (bundle ? call_open_bundle(own, bundle, err) < 0 || call_read_config(own, err) < 0
		   : empty_document(own, err) < 0)
		return -1;
	process = json_get(json_root(own->document), "process");
	*ret = (struct given){json_string(process, "apparmorProfile"),
			      json_string(process, "selinuxLabel")};
	/* Refusals do not count here: the container runs already, only its ceilings are
	 * asked for. */
	if (call_select_default(own, err) < 0 || host_open(own->bundle, &own->host, err) < 0)
		return -1;
	return call_decide(own, NULL, err);
}

/* It runs under a label already, and an exec under another one would fail, or be no part of it. */
static void keep_label(struct json_doc *doc, struct json *ceilings, const char *control,
		       const char *label)
{
	struct json *ceiling = json_get_mut(ceilings, control);

	if (ceiling)
		json_put_string(doc, ceiling, "label", label ? label : "");
}

int command_default_ceilings(const struct call *call, const char *bundle, struct json_doc **ret_doc,
			     const struct json **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("default ceilings");
	struct json *copy = NULL;
	struct given given = {0};
	struct call own;
	int result;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	call_init(&own, call->handler, call->argc, call->argv);
	own.runtime = call->runtime;
	own.line = LINE_CREATE;
	result = decide_default(&own, bundle, &given, err);
	if (result == 0)
		copy = json_put(doc, json_root(doc), "ceilings",
				json_clone(doc, own.change.ceilings));
	if (copy) {
		keep_label(doc, copy, "apparmor", given.apparmor);
		keep_label(doc, copy, "selinux", given.selinux);
	}
	json_forget_origin(copy);
	call_done(&own);
	if (result < 0)
		return hr_context(err, "no record of this container is left, and its bundle");
	if (!copy)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret_doc = hr_steal(doc);
	*ret = copy;
	return 0;
}
