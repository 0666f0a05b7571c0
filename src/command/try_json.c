/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "command/try.h"
#include "json/edit.h"

#define JSON_VERSION 1

static struct json *put_rows(struct json_doc *doc, const char *key, const struct watch_tally *tally,
			     const char *what, const char *answer)
{
	struct json *list = json_put(doc, json_root(doc), key, json_new_array(doc));

	for (size_t i = 0; i < tally->count; i++) {
		const struct watch_row *row = &tally->rows[i];
		struct json *object = json_append(list, json_new_object(doc));

		if (!json_put_string(doc, object, what, row->what) ||
		    !json_put_string(doc, object, answer, row->answer) ||
		    !json_put_uint(doc, object, "count", row->count) ||
		    !json_put_string(doc, object, "process", row->process) ||
		    !json_put(doc, object, "runtime", json_new_bool(doc, row->runtime)) ||
		    !json_put_string(doc, object, "remedy", row->remedy) ||
		    !json_put_string(doc, object, "note", row->note))
			return NULL;
	}
	return list;
}

int try_json(const struct tried *tried, const struct trial_result *result, struct text *ret,
	     struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("try");
	struct json *root = doc ? json_root(doc) : NULL;
	hr_autofree char *text = NULL;
	size_t len;

	if (!json_put_int(doc, root, "version", JSON_VERSION) ||
	    !json_put_int(doc, root, "status", result->status) ||
	    !json_put_uint(doc, root, "milliseconds", result->milliseconds) ||
	    !json_put_string(doc, root, "profile", result->profile) ||
	    !json_put_string(doc, root, "seccomp", result->seccomp) ||
	    !json_put_string(doc, root, "runtime", result->runtime) ||
	    !json_put(doc, root, "started", json_new_bool(doc, result->started)) ||
	    !json_put(doc, root, "watched", json_new_bool(doc, result->watched)) ||
	    !json_put_string(doc, root, "why_not", result->why_not) ||
	    !put_rows(doc, "calls", &tried->calls, "call", "answer") ||
	    !put_rows(doc, "capabilities", &tried->capabilities, "call", "capability") ||
	    !put_rows(doc, "paths", &tried->paths, "path", "kind") ||
	    !json_put_uint(doc, root, "beyond",
			   tried->calls.beyond + tried->capabilities.beyond +
				   tried->paths.beyond) ||
	    !json_put(doc, root, "report",
		      json_clone(doc, json_get(json_root(result->report), "report"))))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	text_addf(ret, "%s\n", text);
	return ret->failed ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}
