/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter becomes linux.seccomp of the runtime-spec. Only what runc and crun read alike
 * is written: one architecture (any other is killed by the library's own check), flags
 * present (crun takes their absence for SPEC_ALLOW), no argument twice in a rule, and no
 * rule whose answer is the default (runc leaves it out).
 */
#include "base/cleanup.h"
#include "json/edit.h"
#include "seccomp/filter.h"
#include "seccomp/names.h"

#include <stdlib.h>

#define ANSWERS_MAX 64 /* different answers that unconditional rules are grouped by */

struct writer {
	const struct seccomp_filter *filter;
	struct json_doc *doc;
	struct json *syscalls;
	struct {
		struct answer answer;
		struct json *names;
	} always[ANSWERS_MAX]; /* the entries for calls without conditions */
	size_t always_count;
};

static const char *const acts[ACTS] = {
	[ACT_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
	[ACT_KILL_THREAD] = "SCMP_ACT_KILL_THREAD",
	[ACT_TRAP] = "SCMP_ACT_TRAP",
	[ACT_ERRNO] = "SCMP_ACT_ERRNO",
	[ACT_LOG] = "SCMP_ACT_LOG",
	[ACT_ALLOW] = "SCMP_ACT_ALLOW",
};

static const char *const ops[OPS] = {
	[OP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	[OP_NE] = "SCMP_CMP_NE",
	[OP_LT] = "SCMP_CMP_LT",
	[OP_LE] = "SCMP_CMP_LE",
	[OP_GE] = "SCMP_CMP_GE",
	[OP_GT] = "SCMP_CMP_GT",
};

/* An entry of linux.seccomp.syscalls, with no names so far. */
static struct json *entry(struct writer *writer, struct answer answer)
{
	struct json_doc *doc = writer->doc;
	struct json *object = json_append(writer->syscalls, json_new_object(doc));

	if (!json_put(doc, object, "names", json_new_array(doc)) ||
	    !json_put_string(doc, object, "action", acts[answer.act]))
		return NULL;
	if (answer.act == ACT_ERRNO && !json_put_int(doc, object, "errnoRet", answer.number))
		return NULL;
	return object;
}

static struct json *names_of(struct json *object)
{
	return json_get_mut(object, "names");
}

/* The list of names that share an answer; a new one when all groups are taken. */
static struct json *always_names(struct writer *writer, struct answer answer)
{
	size_t at = 0;

	while (at < writer->always_count && !answer_same(&writer->always[at].answer, &answer))
		at++;
	if (at == ANSWERS_MAX)
		return names_of(entry(writer, answer));
	if (at == writer->always_count) {
		writer->always[at].answer = answer;
		writer->always[at].names = names_of(entry(writer, answer));
		writer->always_count++;
	}
	return writer->always[at].names;
}

static struct json *put_test(struct writer *writer, struct json *args, unsigned index,
			     const struct compare *test)
{
	struct json *object = json_append(args, json_new_object(writer->doc));
	bool masked = test->op == OP_MASKED_EQ;

	if (!json_put_int(writer->doc, object, "index", index) ||
	    !json_put_uint(writer->doc, object, "value", masked ? test->mask : test->value))
		return NULL;
	if (masked && !json_put_uint(writer->doc, object, "valueTwo", test->value))
		return NULL;
	return json_put_string(writer->doc, object, "op", ops[test->op]);
}

static bool put_rule(struct writer *writer, const char *name, const struct filter_rule *rule)
{
	struct json_doc *doc = writer->doc;
	struct json *object, *args;

	if (filter_always(rule))
		return json_append(always_names(writer, rule->answer), json_new_string(doc, name));
	object = entry(writer, rule->answer);
	args = json_put(doc, object, "args", json_new_array(doc));
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (rule->box.tests[i].op != OP_ANY &&
		    !put_test(writer, args, i, &rule->box.tests[i]))
			return false;
	return json_append(names_of(object), json_new_string(doc, name));
}

/* What lets through first, so that the order does not depend on how the rules were found. */
static bool put_call(struct writer *writer, const struct filter_call *call)
{
	for (int act = ACTS - 1; act >= 0; act--) {
		for (const struct filter_rule *rule = call->first; rule; rule = rule->next) {
			if ((int)rule->answer.act != act ||
			    answer_same(&rule->answer, &writer->filter->other))
				continue;
			if (!put_rule(writer, call->name, rule))
				return false;
		}
	}
	return true;
}

/* All but the calls. */
static struct json *frame(struct writer *writer, const char *arch)
{
	const struct answer *other = &writer->filter->other;
	struct json_doc *doc = writer->doc;
	struct json *object = json_new_object(doc), *arches = json_new_array(doc);

	if (!json_put_string(doc, object, "defaultAction", acts[other->act]) ||
	    (other->act == ACT_ERRNO &&
	     !json_put_int(doc, object, "defaultErrnoRet", other->number)) ||
	    !json_append(arches, json_new_string(doc, names_oci(names_arch(arch)))) ||
	    !json_put(doc, object, "architectures", arches) ||
	    !json_put(doc, object, "flags", json_new_array(doc)))
		return NULL;
	writer->syscalls = json_put(doc, object, "syscalls", json_new_array(doc));
	return writer->syscalls ? object : NULL;
}

int seccomp_write(const struct seccomp_filter *filter, const char *arch, struct json_doc *doc,
		  struct json **ret, struct hr_error *err)
{
	hr_autofree struct writer *writer = calloc(1, sizeof(*writer));
	struct json *object;
	bool good;

	if (!writer)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	writer->filter = filter;
	writer->doc = doc;
	object = frame(writer, arch);
	good = object != NULL;
	for (const struct filter_call *call = filter->first; call && good; call = call->next)
		good = put_call(writer, call);
	if (!good)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	*ret = object;
	return 0;
}
