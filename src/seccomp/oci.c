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
#include "seccomp/source.h"
#include "seccomp/widths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORK_MAX      65536 /* names of all entries, */
#define WORK_REPEATED 128   /* each of which counts for this many where an argument is twice */

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
	struct boxes boxes; /* of one entry and name */
	enum seccomp_arch arch;
	size_t work;
	bool docker;
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

/* By number, or by the name that containers-common has beside it. */
static int read_errno(const struct json *number, const struct json *name, struct answer *ret,
		      struct hr_error *err)
{
	uint64_t value = 0;

	if (number && !json_uint(number, &value))
		return oci_fail(number, err, "an errno is a number from 0 to %d", ERRNO_MAX);
	if (number)
		ret->number = value > ERRNO_MAX ? ERRNO_MAX : (unsigned)value;
	else if (name && name->type == JSON_STRING && errno_find(name->text) > 0)
		ret->number = (unsigned)errno_find(name->text);
	else if (name)
		return oci_fail(name, err,
				"an errno by a name that is not known; write errnoRet "
				"and its number");
	return 0;
}

static int read_action(const struct json *object, const char *key, const char *errno_key,
		       struct answer *ret, struct hr_error *err)
{
	const struct json *action = json_get(object, key), *number = json_get(object, errno_key);
	const char *name_key = strcmp(key, "action") == 0 ? "errno" : "defaultErrno";
	char shown[TEXT_SHOWN_SIZE];

	if (!action || action->type != JSON_STRING)
		return oci_fail(action ? action : object, err, "%s is missing or no text", key);
	for (size_t i = 0; i < hr_count(actions); i++) {
		if (strcmp(actions[i].name, action->text) != 0)
			continue;
		*ret = actions[i].answer;
		if (strcmp(action->text, "SCMP_ACT_ERRNO") != 0)
			return 0;
		return read_errno(number, json_get(object, name_key), ret, err);
	}
	return oci_fail(action, err,
			"%s %s is not an action of the runtime-spec; write SCMP_ACT_ERRNO%s", key,
			text_shown_z(action->text, shown),
			strcmp(key, "action") == 0 ? " or SCMP_ACT_ALLOW" : "");
}

int oci_read_answer(const struct json *entry, struct answer *ret)
{
	return read_action(entry, "action", "errnoRet", ret, NULL);
}

static int read_tests(struct entry *entry, struct hr_error *err)
{
	const struct json *args = json_get(entry->json, "args");
	unsigned seen = 0;

	entry->repeated = false;
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
	ret->list[ret->count++] = (struct box){0};
	for (size_t i = 0; i < entry->count; i++) {
		const struct box next = single(entry, i);

		boxes_start(spare, ret->ints);
		for (size_t j = 0; j < ret->count; j++)
			box_meet(&ret->list[j], &next, spare);
		ret->full |= spare->full;
		ret->count = spare->count;
		memcpy(ret->list, spare->list, spare->count * sizeof(spare->list[0]));
	}
}

static int boxes_of(struct oci_reader *reader, const struct entry *entry, unsigned ints)
{
	struct boxes *boxes = &reader->boxes;
	hr_autofree struct boxes *spare = NULL;

	boxes_start(boxes, ints);
	if (!entry->repeated) {
		boxes->list[boxes->count++] = (struct box){0};
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

/* Names cost time, and with an argument twice much of it: a list that no kernel would take must
 * not hold up a create. */
static int count_work(struct oci_reader *reader, const struct json *name, const struct entry *entry)
{
	reader->work += entry->repeated ? WORK_REPEATED : 1;
	if (reader->work <= WORK_MAX)
		return 0;
	return oci_fail(name, reader->err,
			"more names and conditions than a filter can hold; shorten the list");
}

static int add_boxes(struct oci_reader *reader, const struct entry *entry, struct filter_call *call)
{
	/* More than can be met: such a call is refused, and the others are not concerned. */
	if (call->count + reader->boxes.count > OCI_CALL_RULES_MAX) {
		call->unclear = true;
		return 0;
	}
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

/* What the runtime makes of an entry, whatever we keep of it. */
static void note_rules(struct filter_call *call, const struct entry *entry)
{
	struct box box = {0};

	call->read += entry->repeated ? entry->count : 1;
	for (size_t i = 0; i < entry->count; i++) {
		if (entry->repeated)
			box = (struct box){0};
		box.tests[entry->index[i]] = entry->tests[i];
		call->read_tangled |= box_tangled(&box);
	}
}

static int add_name(struct oci_reader *reader, const struct json *name, const struct entry *entry)
{
	struct filter_call *call;
	char shown[TEXT_SHOWN_SIZE];

	if (name->type != JSON_STRING)
		return oci_fail(name, reader->err, "names holds names of system calls");
	if (name->len == 0)
		return oci_fail(name, reader->err, "an empty name; runc refuses it, remove it");
	if (count_work(reader, name, entry) < 0)
		return -1;
	/* Of another ABI, or too young for the library: a runtime drops it. */
	if (!names_on(name->text, reader->arch))
		return 0;
	call = filter_name(reader->filter, name->text);
	if (!call)
		return oci_fail(name, reader->err,
				"%s is one name too many; a filter has at most %d",
				text_shown_z(name->text, shown), FILTER_CALLS);
	if (boxes_of(reader, entry, widths_ints(name->text)) < 0)
		return -1;
	note_rules(call, entry);
	call->unclear |= reader->boxes.full;
	call->read_always |= entry->count == 0;
	call->read_asking |= entry->count > 0;
	return add_boxes(reader, entry, call);
}

static int read_entry(struct oci_reader *reader, const struct json *json)
{
	struct entry entry = {.json = json};
	const struct json *names = json_get(json, "names");

	if (json->type != JSON_OBJECT)
		return oci_fail(json, reader->err, "syscalls holds objects");
	if (names && names->type != JSON_ARRAY)
		return oci_fail(names, reader->err, "names must be a list");
	if (read_action(json, "action", "errnoRet", &entry.answer, reader->err) < 0 ||
	    read_tests(&entry, reader->err) < 0)
		return -1;
	json_each(name, names)
		if (add_name(reader, name, &entry) < 0)
			return -1;
	/* Docker's older form; the runtime-spec has no such key. */
	if (reader->docker && json_get(json, "name") &&
	    add_name(reader, json_get(json, "name"), &entry) < 0)
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
	/* Beside a rule without conditions libseccomp drops all others. */
	for (struct filter_call *call = reader->filter->first; call; call = call->next)
		call->unclear |= call->read > 1 && call->read_tangled && !call->read_always;
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
	reader->work = 0;
	reader->docker = host->docker;
	reader->arch = names_arch(host->arch);
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
