/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_number(const struct json *object, const char *key, bool *ret_there, uint64_t *ret,
		       struct hr_error *err)
{
	const struct json *value = json_get(object, key);
	char *end = NULL;

	if (ret_there)
		*ret_there = value != NULL;
	if (!value)
		return 0;
	errno = 0;
	if (value->type == JSON_NUMBER && value->text[0] != '-')
		*ret = strtoull(value->text, &end, 10);
	if (!end || *end != '\0' || errno != 0)
		return hr_fail(err, HR_SPEC, "%s is no unsigned integer of 64 bits", key);
	return 0;
}

static int read_condition(const struct json *arg, struct condition *ret, struct hr_error *err)
{
	bool index, value;
	const char *op = json_string(arg, "op");

	if (read_number(arg, "index", &index, &ret->index, err) < 0 ||
	    read_number(arg, "value", &value, &ret->value, err) < 0 ||
	    read_number(arg, "valueTwo", NULL, &ret->value_two, err) < 0)
		return -1;
	ret->op = op ? op : "";
	ret->whole = index && value && op;
	return 0;
}

static int read_entry(const struct json *object, struct entry *ret, struct hr_error *err)
{
	const struct json *args = json_get(object, "args");

	ret->names = json_get(object, "names");
	ret->action = json_string(object, "action");
	if (json_count(args) > DOCUMENT_ARGS)
		return hr_fail(err, HR_SPEC, "more than %d conditions", DOCUMENT_ARGS);
	if (read_number(object, "errnoRet", &ret->has_errno, &ret->errno_ret, err) < 0)
		return -1;
	json_each(arg, args) {
		if (read_condition(arg, &ret->conditions[ret->count++], err) < 0)
			return -1;
	}
	return 0;
}

int document_read(const struct json *seccomp, struct document *ret, struct hr_error *err)
{
	const struct json *list = json_get(seccomp, "syscalls");
	struct document document = {
		.default_action = json_string(seccomp, "defaultAction"),
		.architectures = json_get(seccomp, "architectures"),
		.flags = json_get(seccomp, "flags"),
		.entries = calloc(json_count(list) + 1, sizeof(struct entry)),
	};
	int rc = 0;

	if (!document.entries)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	rc = read_number(seccomp, "defaultErrnoRet", &document.has_errno, &document.errno_ret, err);
	json_each(object, list) {
		rc = rc < 0 ? rc : read_entry(object, &document.entries[document.count++], err);
	}
	if (rc < 0) {
		document_free(&document);
		return rc;
	}
	*ret = document;
	return 0;
}

void document_free(struct document *document)
{
	free(document->entries);
	document->entries = NULL;
	document->count = 0;
}
