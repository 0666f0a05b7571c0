/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp of the runtime-spec, as runc and crun read it, becomes a filter. Where they
 * differ, or a profile says one thing and means another, the stricter reading is taken: a
 * rule with an argument twice lets through where all its conditions hold, and refuses where
 * one does; of rules that hold for the same arguments the strictest counts.
 */
#include "seccomp/oci.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/names.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRNO_MAX 4095 /* of the kernel; it takes larger ones for this */

struct entry {
	const struct json *json;
	struct answer answer;
	struct compare tests[OCI_TESTS_MAX];
	unsigned index[OCI_TESTS_MAX];
	size_t count;
	bool repeated; /* an argument twice */
};

struct oci_reader {
	struct seccomp_filter *filter;
	struct boxes boxes; /* of one entry */
	struct hr_error *err;
};

static const struct {
	const char *name;
	struct answer answer;
} actions[] = {
	{"SCMP_ACT_ALLOW", {ACT_ALLOW, 0}},
	{"SCMP_ACT_ERRNO", {ACT_ERRNO, EPERM}},
	{"SCMP_ACT_KILL", {ACT_KILL_THREAD, 0}},
	{"SCMP_ACT_KILL_THREAD", {ACT_KILL_THREAD, 0}},
	{"SCMP_ACT_KILL_PROCESS", {ACT_KILL_PROCESS, 0}},
	{"SCMP_ACT_TRAP", {ACT_TRAP, 0}},
	{"SCMP_ACT_LOG", {ACT_LOG, 0}},
	/* What the kernel answers when nobody listens. */
	{"SCMP_ACT_TRACE", {ACT_ERRNO, ENOSYS}},
	{"SCMP_ACT_NOTIFY", {ACT_ERRNO, ENOSYS}},
};

/* What is no masked equality, or one over all bits. */
static const struct {
	const char *name;
	enum op op;
} ops[] = {
	{"SCMP_CMP_EQ", OP_MASKED_EQ}, {"SCMP_CMP_MASKED_EQ", OP_MASKED_EQ},
	{"SCMP_CMP_NE", OP_NE},	       {"SCMP_CMP_LT", OP_LT},
	{"SCMP_CMP_LE", OP_LE},	       {"SCMP_CMP_GE", OP_GE},
	{"SCMP_CMP_GT", OP_GT},
};

int oci_fail(const struct json *at, struct hr_error *err, const char *fmt, ...)
{
	char message[HR_ERROR_MSG];
	unsigned line, column;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	json_where(at, &line, &column);
	if (line == 0)
		return hr_fail(err, HR_POLICY, "%s", message);
	return hr_fail(err, HR_POLICY, "%s:%u:%u: %s", json_name(at->doc), line, column, message);
}

static int read_action(const struct json *object, const char *key, const char *errno_key,
		       struct answer *ret, struct hr_error *err)
{
	const struct json *action = json_get(object, key), *number = json_get(object, errno_key);
	char shown[TEXT_SHOWN_SIZE];
	uint64_t value;

	if (!action || action->type != JSON_STRING)
		return oci_fail(action ? action : object, err, "%s is missing or no text", key);
	for (size_t i = 0; i < hr_count(actions); i++) {
		if (strcmp(actions[i].name, action->text) != 0)
			continue;
		*ret = actions[i].answer;
		if (!number || strcmp(action->text, "SCMP_ACT_ERRNO") != 0)
			return 0;
		if (!json_uint(number, &value))
			return oci_fail(number, err, "%s is no number", errno_key);
		ret->number = value > ERRNO_MAX ? ERRNO_MAX : (unsigned)value;
		return 0;
	}
	return oci_fail(action, err,
			"%s %s is not an action of the runtime-spec; write SCMP_ACT_ERRNO or "
			"SCMP_ACT_ALLOW",
			key, text_shown_z(action->text, shown));
}

int oci_read_answer(const struct json *entry, struct answer *ret)
{
	return read_action(entry, "action", "errnoRet", ret, NULL);
}

static int read_number(const struct json *test, const char *key, uint64_t *ret,
		       struct hr_error *err)
{
	const struct json *value = json_get(test, key);

	*ret = 0;
	if (value && !json_uint(value, ret))
		return oci_fail(value, err, "%s is no number from 0 to 2^64 - 1", key);
	return 0;
}

static int read_op(const struct json *test, const char **ret_name, enum op *ret,
		   struct hr_error *err)
{
	const struct json *op = json_get(test, "op");
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; op && op->type == JSON_STRING && i < hr_count(ops); i++) {
		if (strcmp(ops[i].name, op->text) != 0)
			continue;
		*ret_name = ops[i].name;
		*ret = ops[i].op;
		return 0;
	}
	return oci_fail(op ? op : test, err, "op %s is not an operator of the runtime-spec",
			op && op->type == JSON_STRING ? text_shown_z(op->text, shown) : "missing");
}

int oci_read_test(const struct json *test, struct oci_test *ret, struct hr_error *err)
{
	uint64_t index, value, second;
	enum op op;

	if (test->type != JSON_OBJECT)
		return oci_fail(test, err, "args holds objects");
	if (read_number(test, "index", &index, err) < 0 ||
	    read_number(test, "value", &value, err) < 0 ||
	    read_number(test, "valueTwo", &second, err) < 0 ||
	    read_op(test, &ret->op, &op, err) < 0)
		return -1;
	if (index >= SECCOMP_ARGS)
		return oci_fail(json_get(test, "index"), err,
				"index is above 5; a system call has six arguments");
	ret->index = (unsigned)index;
	ret->compare = (struct compare){.op = op, .value = value};
	ret->never = false;
	if (op != OP_MASKED_EQ)
		return 0;
	if (strcmp(ret->op, "SCMP_CMP_EQ") == 0) {
		ret->compare = compare_masked(UINT64_MAX, value);
	} else {
		ret->compare = compare_masked(value, second);
		ret->never = (second & ~value) != 0;
	}
	return 0;
}

/* The conditions of an entry. `never`: one of them holds for no value. */
static int read_tests(struct entry *entry, bool *ret_never, struct hr_error *err)
{
	const struct json *args = json_get(entry->json, "args");
	unsigned seen = 0;

	*ret_never = entry->repeated = false;
	entry->count = 0;
	if (args && args->type != JSON_ARRAY)
		return oci_fail(args, err, "args must be a list");
	json_each(arg, args) {
		struct oci_test test;

		if (entry->count == OCI_TESTS_MAX)
			return oci_fail(arg, err, "more than %d conditions; split the entry",
					OCI_TESTS_MAX);
		if (oci_read_test(arg, &test, err) < 0)
			return -1;
		*ret_never |= test.never;
		entry->repeated |= (seen & (1U << test.index)) != 0;
		seen |= 1U << test.index;
		entry->index[entry->count] = test.index;
		entry->tests[entry->count++] = test.compare;
	}
	return 0;
}

static struct box single(const struct entry *entry, size_t at)
{
	struct box box = {0};

	box.tests[entry->index[at]] = entry->tests[at];
	return box;
}

/* All conditions hold: one box, or several where an argument stands twice. */
static void all_of(const struct entry *entry, struct boxes *ret, struct boxes *spare)
{
	ret->count = 1;
	ret->full = false;
	ret->list[0] = (struct box){0};
	for (size_t i = 0; i < entry->count; i++) {
		const struct box next = single(entry, i);

		spare->count = 0;
		spare->full = false;
		for (size_t j = 0; j < ret->count; j++)
			box_meet(&ret->list[j], &next, spare);
		ret->full |= spare->full;
		ret->count = spare->count;
		memcpy(ret->list, spare->list, spare->count * sizeof(spare->list[0]));
	}
}

static int boxes_of(struct oci_reader *reader, const struct entry *entry)
{
	struct boxes *boxes = &reader->boxes;
	hr_autofree struct boxes *spare = NULL;

	boxes->count = 0;
	boxes->full = false;
	if (!entry->repeated) {
		boxes->count = 1;
		boxes->list[0] = (struct box){0};
		for (size_t i = 0; i < entry->count; i++)
			boxes->list[0].tests[entry->index[i]] = entry->tests[i];
		return 0;
	}
	if (!answer_passes(&entry->answer)) {
		for (size_t i = 0; i < entry->count; i++)
			boxes->list[boxes->count++] = single(entry, i);
		return 0;
	}
	spare = malloc(sizeof(*spare));
	if (!spare)
		return hr_fail(reader->err, HR_SYSTEM, "out of memory");
	all_of(entry, boxes, spare);
	return 0;
}

static int add_name(struct oci_reader *reader, const struct json *name, const struct entry *entry)
{
	struct filter_call *call;
	char shown[TEXT_SHOWN_SIZE];

	if (name->type != JSON_STRING)
		return oci_fail(name, reader->err, "names holds names of system calls");
	call = filter_name(reader->filter, name->text);
	if (!call)
		return oci_fail(name, reader->err,
				"%s is one name too many; a filter has at most %d",
				text_shown_z(name->text, shown), FILTER_CALLS);
	if (call->count + reader->boxes.count > OCI_CALL_RULES_MAX)
		return oci_fail(name, reader->err, "%s has more than %d rules; shorten the list",
				text_shown_z(name->text, shown), OCI_CALL_RULES_MAX);
	call->unclear |= reader->boxes.full;
	call->read_always |= entry->count == 0;
	call->read_asking |= entry->count > 0;
	for (size_t i = 0; i < reader->boxes.count; i++) {
		struct filter_rule *rule;

		if (!filter_add_once(reader->filter, call, entry->answer, &reader->boxes.list[i],
				     &rule))
			return hr_fail(reader->err, HR_SYSTEM, "out of memory");
		if (rule)
			rule->at = entry->json;
	}
	return 0;
}

static int read_entry(struct oci_reader *reader, const struct json *json)
{
	struct entry entry = {.json = json};
	const struct json *names = json_get(json, "names");
	bool never;

	if (json->type != JSON_OBJECT)
		return oci_fail(json, reader->err, "syscalls holds objects");
	if (names && names->type != JSON_ARRAY)
		return oci_fail(names, reader->err, "names must be a list");
	if (read_action(json, "action", "errnoRet", &entry.answer, reader->err) < 0 ||
	    read_tests(&entry, &never, reader->err) < 0)
		return -1;
	if (never && answer_passes(&entry.answer))
		return 0;
	if (boxes_of(reader, &entry) < 0)
		return -1;
	json_each(name, names)
		if (add_name(reader, name, &entry) < 0)
			return -1;
	/* Docker's older form; the runtime-spec has no such key. */
	if (json_get(json, "name") && add_name(reader, json_get(json, "name"), &entry) < 0)
		return -1;
	return 0;
}

static int check_native(const struct json *object, const char *arch, struct hr_error *err)
{
	const struct json *list = json_get(object, "architectures");
	const char *native = names_oci(names_arch(arch));

	if (list && list->type != JSON_ARRAY)
		return oci_fail(list, err, "architectures must be a list");
	if (json_count(list) == 0 || json_has_string(list, native))
		return 0;
	return oci_fail(list, err, "the list of architectures lacks %s, on which this runs; add it",
			native);
}

static int read_all(struct oci_reader *reader, const struct json *object,
		    const struct seccomp_host *host)
{
	const struct json *syscalls = json_get(object, "syscalls");

	if (syscalls && syscalls->type != JSON_ARRAY)
		return oci_fail(syscalls, reader->err, "syscalls must be a list");
	if (json_count(syscalls) > OCI_ENTRIES_MAX)
		return oci_fail(syscalls, reader->err,
				"more than %d entries; the kernel takes no filter of that length",
				OCI_ENTRIES_MAX);
	json_each(entry, syscalls) {
		int applies = host->docker ? docker_applies(entry, host, reader->err) : 1;

		if (applies < 0 || (applies > 0 && read_entry(reader, entry) < 0))
			return -1;
	}
	for (struct filter_call *call = reader->filter->first; call; call = call->next)
		if (!answer_passes(&reader->filter->other))
			filter_mark_unclear(call);
	return 0;
}

int seccomp_read(const struct json *object, const struct seccomp_host *host,
		 struct seccomp_filter **ret, struct hr_error *err)
{
	hr_autofree struct oci_reader *reader = malloc(sizeof(*reader));
	struct answer other;

	if (object->type != JSON_OBJECT)
		return oci_fail(object, err, "a seccomp profile is an object");
	if (read_action(object, "defaultAction", "defaultErrnoRet", &other, err) < 0 ||
	    (host->docker ? docker_check(object, host, err)
			  : check_native(object, host->arch, err)) < 0)
		return -1;
	if (!reader)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	reader->err = err;
	reader->filter = filter_new(other);
	if (!reader->filter)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (read_all(reader, object, host) < 0) {
		seccomp_filter_free(reader->filter);
		return -1;
	}
	*ret = reader->filter;
	return 0;
}
