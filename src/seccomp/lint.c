/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile in the form of the runtime-spec or of Docker says and does not mean. Each
 * is something that runc and crun take without a word.
 */
#include "seccomp/oci.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp/names.h"
#include "seccomp/widths.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct lint {
	const struct seccomp_filter *filter; /* what the profile comes to */
	const struct seccomp_host *host;
	seccomp_finding_fn found;
	void *to;
	const struct json *entry; /* of syscalls */
	struct answer answer;	  /* of that entry */
	const char *action;
};

static void find(const struct lint *lint, const struct json *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void find(const struct lint *lint, const struct json *at, const char *fmt, ...)
{
	struct hr_error finding = {0};
	char message[HR_ERROR_MSG];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	oci_fail(at, &finding, "%s", message);
	lint->found(finding.msg, lint->to);
}

static bool is(const struct json *value, const char *text)
{
	return value && value->type == JSON_STRING && strcmp(value->text, text) == 0;
}

/* --- The whole ----------------------------------------------------------------------- */

static void lint_default_errno(const struct lint *lint, const struct json *object)
{
	const struct json *number = json_get(object, "defaultErrnoRet");
	const struct answer *other = &lint->filter->other;

	if (!number)
		return;
	if (other->act != ACT_ERRNO)
		find(lint, number, "defaultErrnoRet with %s: crun refuses to start; remove it",
		     json_string(object, "defaultAction"));
	else if (other->number == 0)
		find(lint, number,
		     "errno 0: calls are not made and the program is told that they were; write 38 "
		     "(ENOSYS)");
}

static void lint_default(const struct lint *lint, const struct json *object)
{
	const struct json *action = json_get(object, "defaultAction");
	const struct answer *other = &lint->filter->other;

	lint_default_errno(lint, object);
	if (is(action, "SCMP_ACT_NOTIFY") || is(action, "SCMP_ACT_TRACE"))
		find(lint, action,
		     "%s as the default: every call waits for another process, and runc refuses "
		     "NOTIFY here; write SCMP_ACT_ERRNO",
		     action->text);
	else if (answer_passes(other))
		find(lint, action,
		     "%s lets through every call that is not listed, those of later kernels too; "
		     "write SCMP_ACT_ERRNO and list what is allowed",
		     action->text);
	else if (other->act != ACT_ERRNO || (other->number != ENOSYS && other->number != 0))
		find(lint, action,
		     "of calls that are younger than the list runc answers ENOSYS and crun this "
		     "default; write SCMP_ACT_ERRNO with \"defaultErrnoRet\": 38 (ENOSYS), for "
		     "which programs take an older call");
}

static void lint_flags(const struct lint *lint, const struct json *object)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(flag, json_get(object, "flags"))
		find(lint, flag,
		     "flag %s: runc 1.1 refuses every flag, and SPEC_ALLOW switches a mitigation "
		     "off; leave flags empty",
		     flag->type == JSON_STRING ? text_shown_z(flag->text, shown) : "");
	if (json_get(object, "listenerPath"))
		find(lint, json_get(object, "listenerPath"),
		     "listenerPath hands the decision to whoever listens there; remove it");
	if (json_get(object, "listenerMetadata"))
		find(lint, json_get(object, "listenerMetadata"),
		     "listenerMetadata is for a listener; remove it");
}

static void lint_arch(const struct lint *lint, const struct json *name)
{
	char shown[TEXT_SHOWN_SIZE];

	if (name && name->type == JSON_STRING &&
	    strcmp(name->text, names_oci(names_arch(lint->host->arch))) != 0)
		find(lint, name,
		     "%s opens another set of entry points into the kernel, numbers and sizes of "
		     "its own; hardrun writes the native one alone, remove it",
		     text_shown_z(name->text, shown));
}

static void lint_arches(const struct lint *lint, const struct json *object)
{
	const char *native = names_oci(names_arch(lint->host->arch));

	json_each(name, json_get(object, "architectures"))
		lint_arch(lint, name);
	json_each(entry, json_get(object, "archMap"))
		if (is(json_get(entry, "architecture"), native))
			json_each(name, json_get(entry, "subArchitectures"))
				lint_arch(lint, name);
}

/* --- Entries ------------------------------------------------------------------------- */

/* True for what another process decides. */
static bool hands_on(const struct json *action)
{
	return is(action, "SCMP_ACT_NOTIFY") || is(action, "SCMP_ACT_TRACE");
}

static void lint_errno(const struct lint *lint, const struct json *action,
		       const struct json *number)
{
	uint64_t value = 0;

	if (lint->answer.act != ACT_ERRNO)
		find(lint, number, "errnoRet with %s: crun refuses to start; remove it",
		     action->text);
	else if (lint->answer.number == 0)
		find(lint, number,
		     "errno 0: the call is not made and the program is told that it was; write 1 "
		     "(EPERM)");
	else if (json_uint(number, &value) && value > ERRNO_MAX)
		find(lint, number, "errnos end at %d, and runtimes cut this to 16 bits; correct it",
		     ERRNO_MAX);
}

static void lint_action(const struct lint *lint)
{
	const struct json *action = json_get(lint->entry, "action");
	const struct json *number = json_get(lint->entry, "errnoRet");

	if (hands_on(action))
		find(lint, action,
		     "%s hands the decision to another process, and on write, or when that is "
		     "gone, the container hangs or gets ENOSYS; write SCMP_ACT_ERRNO",
		     action->text);
	if (number && action && !hands_on(action))
		lint_errno(lint, action, number);
}

static void lint_default_again(const struct lint *lint)
{
	if (!answer_same(&lint->answer, &lint->filter->other) ||
	    hands_on(json_get(lint->entry, "action")))
		return;
	find(lint, json_get(lint->entry, "action"),
	     "this is the default already, so runtimes skip the entry: it takes nothing away from "
	     "an entry that allows; remove it");
}

static void lint_name(const struct lint *lint, const struct json *name)
{
	char near[NAMES_SIZE], shown[TEXT_SHOWN_SIZE];
	const char *meant;

	if (name->type != JSON_STRING || names_known(name->text))
		return;
	text_shown_z(name->text, shown);
	meant = names_recent(name->text) ? NULL : names_nearest(name->text, near);
	if (!answer_passes(&lint->answer)) {
		find(lint, name,
		     "%s is unknown to libseccomp, which drops it unsaid: the call is not "
		     "refused by this entry%s%s%s; let the default refuse it",
		     shown, meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
		return;
	}
	if (meant)
		find(lint, name, "%s is no system call; did you mean %s?", shown, meant);
}

static const char *name_of(const char *op)
{
	return op + strlen("SCMP_CMP_");
}

/* What a set bit in the upper half does to a condition on an int. */
static const char *upper_half(const struct lint *lint, enum op op)
{
	bool holds = op == OP_NE || op == OP_GE || op == OP_GT;

	if (answer_passes(&lint->answer))
		return holds ? "lets it through" : "refuses it";
	return holds ? "refuses it" : "misses it";
}

/* A condition on an int must not look at the upper half: the kernel does not. */
static void lint_width(const struct lint *lint, const struct json *arg, const struct oci_test *test,
		       const char *call)
{
	const struct compare *asked = &test->compare;

	if (!(widths_ints(call) & (1U << test->index)))
		return;
	if (strcmp(test->op, "SCMP_CMP_EQ") == 0)
		find(lint, arg,
		     "argument %u of %s is an int: EQ compares 64 bits, and %s when a program sets "
		     "the upper ones; write MASKED_EQ, value 4294967295, valueTwo %" PRIu64,
		     test->index, call, upper_half(lint, asked->op), asked->value);
	else if (strcmp(test->op, "SCMP_CMP_MASKED_EQ") != 0)
		find(lint, arg,
		     "argument %u of %s is an int: %s compares 64 bits, and %s when a program sets "
		     "the upper ones; list values with MASKED_EQ, value 4294967295",
		     test->index, call, name_of(test->op), upper_half(lint, asked->op));
	else if (asked->mask > UINT32_MAX)
		find(lint, arg,
		     "argument %u of %s is an int: the mask looks at bits that the kernel does "
		     "not; keep it within 4294967295",
		     test->index, call);
}

static void lint_args(const struct lint *lint)
{
	const struct json *names = json_get(lint->entry, "names");
	unsigned seen = 0;

	json_each(arg, json_get(lint->entry, "args")) {
		struct oci_test test;

		if (oci_read_test(arg, &test, NULL) < 0)
			continue;
		if (seen & (1U << test.index))
			find(lint, arg,
			     "argument %u is asked about twice: runtimes take either condition "
			     "for enough, and each other one alone; make it one condition, or "
			     "entries of their own",
			     test.index);
		seen |= 1U << test.index;
		if (test.compare.op == OP_MASKED_EQ && test.compare.mask == 0)
			find(lint, arg,
			     "a mask of 0 holds for every value; correct it, or leave "
			     "the condition out");
		if (test.masked_away)
			find(lint, arg,
			     "valueTwo has bits that the mask (value) takes away; correct one");
		json_each(name, names)
			if (name->type == JSON_STRING)
				lint_width(lint, arg, &test, name->text);
	}
}

static void lint_entry(struct lint *lint, const struct json *entry)
{
	lint->entry = entry;
	lint->action = json_string(entry, "action");
	if (!lint->action || oci_read_answer(entry, &lint->answer) < 0)
		return;
	lint_action(lint);
	lint_default_again(lint);
	json_each(name, json_get(entry, "names"))
		lint_name(lint, name);
	lint_args(lint);
}

/* --- What several entries come to ---------------------------------------------------- */

static const struct filter_rule *always_of(const struct filter_call *call)
{
	const struct filter_rule *rule = call->first;

	while (rule && !filter_always(rule))
		rule = rule->next;
	return rule;
}

static void lint_beside(const struct lint *lint, const struct filter_call *call)
{
	const struct filter_rule *always = always_of(call);

	/* Skipped by the runtimes, so it hides nothing. */
	if (answer_same(&always->answer, &lint->filter->other))
		return;
	if (call->read_asking)
		find(lint, always->at,
		     "%s is listed here without conditions and elsewhere with some, which "
		     "libseccomp drops; remove one of the two",
		     call->name);
	for (const struct filter_rule *rule = always->next; rule; rule = rule->next)
		if (filter_always(rule))
			find(lint, rule->at,
			     "%s is listed twice without conditions, and the first entry counts; "
			     "remove one",
			     call->name);
}

static void lint_overlap(const struct lint *lint, const struct filter_call *call)
{
	for (const struct filter_rule *a = call->first; a; a = a->next)
		for (const struct filter_rule *b = a->next; b; b = b->next)
			if (!answer_same(&a->answer, &b->answer) && !box_apart(&a->box, &b->box)) {
				find(lint, b->at,
				     "two entries for %s can hold for the same arguments with "
				     "different actions: which counts is chance, or the container "
				     "does not start; make their conditions exclude each other",
				     call->name);
				return;
			}
}

static void lint_call(const struct lint *lint, const struct filter_call *call)
{
	if (call->count == 0)
		return;
	if (always_of(call)) {
		lint_beside(lint, call);
		return;
	}
	lint_overlap(lint, call);
	if (call->unclear)
		find(lint, call->last->at,
		     "several rules for %s with NE, LT, LE, GE or GT beside other conditions: "
		     "libseccomp lets through what no rule allows, or refuses what one does; "
		     "write them with MASKED_EQ",
		     call->name);
}

void seccomp_lint(const struct json *object, const struct seccomp_filter *filter,
		  const struct seccomp_host *host, seccomp_finding_fn found, void *to)
{
	struct lint lint = {.filter = filter, .host = host, .found = found, .to = to};

	lint_default(&lint, object);
	lint_flags(&lint, object);
	lint_arches(&lint, object);
	json_each(entry, json_get(object, "syscalls"))
		lint_entry(&lint, entry);
	for (const struct filter_call *call = filter->first; call; call = call->next)
		lint_call(&lint, call);
}
