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

static int decide_default(struct call *own, const char *bundle, struct hr_error *err)
{
	if (bundle ? call_open_bundle(own, bundle, err) < 0 || call_read_config(own, err) < 0
		   : empty_document(own, err) < 0)
		return -1;
	/* Refusals do not count here: the container runs already, only its ceilings are
	 * asked for. */
	if (call_select_default(own, err) < 0 || host_open(own->bundle, &own->host, err) < 0)
		return -1;
	return call_decide(own, NULL, err);
}

int command_default_ceilings(const struct call *call, const char *bundle, struct json_doc **ret_doc,
			     const struct json **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("default ceilings");
	struct json *copy = NULL;
	struct call own;
	int result;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	call_init(&own, call->handler, call->argc, call->argv);
	own.runtime = call->runtime;
	own.line = LINE_CREATE;
	result = decide_default(&own, bundle, err);
	if (result == 0)
		copy = json_put(doc, json_root(doc), "ceilings",
				json_clone(doc, own.change.ceilings));
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
