/* SPDX-License-Identifier: Apache-2.0 */
/* The statement that lets a refused call through on top of a profile. */
#include "seccomp/allow_line.h"

#include "base/cleanup.h"
#include "seccomp/show_call_names.h"
#include "seccomp/watched.h"

#include <inttypes.h>
#include <string.h>

#define NEW_ANY	     0x7E020000U /* CLONE_NEW_ANY */
#define FORMAT_MASK  0170000U
#define TYPE_MASK    0xFU
#define LISTENER     0x28U /* SECCOMP_FILTER_FLAG_NEW_LISTENER and _WAIT_KILLABLE_RECV */
#define FAMILY_INET  2U
#define FAMILY_INET6 10U
#define FAMILY_LINK  16U /* AF_NETLINK */
#define FAMILY_RAW   17U /* AF_PACKET */
#define TYPE_STREAM  1U
#define TYPE_RAW     3U
#define MULTIPATH    262U /* IPPROTO_MPTCP */
#define LEVEL_TCP    6U

/* The arguments by which calls are told apart, whether the filter asks for them or not. */
static const struct narrowing {
	const char *call;
	const char *argument;
	uint32_t mask;
} narrowings[] = {
	{"arch_prctl", "code", UINT32_MAX},	{"clone", "flags", NEW_ANY},
	{"ioctl", "request", UINT32_MAX},	{"mknod", "mode", FORMAT_MASK},
	{"mknodat", "mode", FORMAT_MASK},	{"personality", "persona", UINT32_MAX},
	{"prctl", "option", UINT32_MAX},	{"seccomp", "flags", LISTENER},
	{"setns", "type", UINT32_MAX},		{"setsockopt", "level", UINT32_MAX},
	{"setsockopt", "option", UINT32_MAX},	{"socket", "domain", UINT32_MAX},
	{"socket", "type", TYPE_MASK},		{"socket", "protocol", UINT32_MAX},
	{"socketpair", "domain", UINT32_MAX},	{"socketpair", "type", TYPE_MASK},
	{"socketpair", "protocol", UINT32_MAX}, {"unshare", "flags", UINT32_MAX},
};

static bool is_internet(uint64_t family)
{
	return (uint32_t)family == FAMILY_INET || (uint32_t)family == FAMILY_INET6;
}

/* Of a family without rules of its own all sockets are one; netlink's types mean nothing. */
static bool says_something(const struct narrowing *narrowing, const uint64_t args[SECCOMP_ARGS])
{
	if (strncmp(narrowing->call, "socket", strlen("socket")) != 0 ||
	    strcmp(narrowing->argument, "domain") == 0 || is_internet(args[0]))
		return true;
	return (uint32_t)args[0] == FAMILY_LINK && strcmp(narrowing->argument, "protocol") == 0;
}

static void put_number(uint32_t value, struct text *ret)
{
	text_addf(ret, value < 10 ? "%" PRIu32 : "0x%" PRIx32, value);
}

static void put_value(const struct argument *argument, uint32_t value, struct text *ret)
{
	const char *name = constant_name(&argument->values, value);

	if (name)
		text_adds(ret, name);
	else
		put_number(value, ret);
}

/* Numbers of protocols mean one thing a family. */
static void put_protocol(uint32_t family, const struct argument *argument, uint32_t value,
			 struct text *ret)
{
	const struct constants *names = shown_protocols(family);
	const char *name = names ? constant_name(names, value) : NULL;

	if (name && constant_find(&argument->values, name))
		text_adds(ret, name);
	else
		put_number(value, ret);
}

/* Names joined, where single bits have one each. */
static void put_mask(const struct argument *argument, uint32_t mask, struct text *ret)
{
	bool first = true;

	if (constant_name(&argument->values, mask)) {
		put_value(argument, mask, ret);
		return;
	}
	for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
		if (!constant_name(&argument->values, rest & -rest)) {
			text_addf(ret, "0x%" PRIx32, mask);
			return;
		}
	}
	for (uint32_t rest = mask; rest != 0; rest &= rest - 1, first = false) {
		text_adds(ret, first ? "" : "|");
		put_value(argument, rest & -rest, ret);
	}
}

static void put_condition(const char *call, unsigned index, uint32_t mask,
			  const uint64_t args[SECCOMP_ARGS], bool first, struct text *ret)
{
	const struct argument *argument = argument_at(call, index);
	uint32_t value = (uint32_t)args[index] & mask;

	text_adds(ret, first ? " where " : " and ");
	text_adds(ret, argument->name);
	if (mask != UINT32_MAX) {
		text_adds(ret, " & ");
		put_mask(argument, mask, ret);
	}
	text_adds(ret, " is ");
	if (strcmp(argument->name, "protocol") == 0)
		put_protocol((uint32_t)args[0], argument, value, ret);
	else
		put_value(argument, value, ret);
}

/* False when the call is not told apart by its arguments. */
static bool narrow(const char *call, const uint64_t args[SECCOMP_ARGS], struct text *ret)
{
	bool first = true;

	for (unsigned index = 0; index < SECCOMP_ARGS; index++) {
		const struct argument *argument = argument_at(call, index);

		for (size_t i = 0; i < hr_count(narrowings); i++) {
			if (strcmp(narrowings[i].call, call) != 0 ||
			    strcmp(narrowings[i].argument, argument->name) != 0 ||
			    !says_something(&narrowings[i], args))
				continue;
			put_condition(call, index, narrowings[i].mask, args, first, ret);
			first = false;
		}
	}
	return !first;
}

static bool passes_in_part(const struct filter_call *call)
{
	for (const struct filter_rule *rule = call ? call->first : NULL; rule; rule = rule->next)
		if (answer_passes(&rule->answer))
			return true;
	return false;
}

/* The bits of an argument that decide; a source sees the lower half. */
static uint32_t asked_bits(const struct filter_call *call, unsigned index)
{
	uint64_t mask = 0;

	for (const struct filter_rule *rule = call->first; rule; rule = rule->next) {
		const struct compare *test = &rule->box.tests[index];

		if (test->op != OP_ANY)
			mask |= test->op == OP_MASKED_EQ ? test->mask : UINT32_MAX;
	}
	return (uint32_t)mask;
}

/* What the filter asks of other arguments, it is to ask of these. */
static void follow(const struct filter_call *call, const uint64_t args[SECCOMP_ARGS],
		   struct text *ret)
{
	bool first = true;

	for (unsigned index = 0; index < SECCOMP_ARGS; index++) {
		uint32_t mask = asked_bits(call, index);

		if (mask == 0)
			continue;
		put_condition(call->name, index, mask, args, first, ret);
		first = false;
	}
}

/* A group that is meant for these arguments; NULL for none. */
static const char *group_of_values(const char *call, const uint64_t args[SECCOMP_ARGS])
{
	uint32_t type = (uint32_t)args[1] & TYPE_MASK, protocol = (uint32_t)args[2];

	if (strcmp(call, "setsockopt") == 0 && (uint32_t)args[1] == LEVEL_TCP &&
	    ((uint32_t)args[2] == 14 || (uint32_t)args[2] == 38))
		return "@tcp-keys";
	if (strcmp(call, "socket") != 0)
		return NULL;
	if ((uint32_t)args[0] == FAMILY_RAW || (is_internet(args[0]) && type == TYPE_RAW))
		return "@raw-net";
	if (is_internet(args[0]) && type == TYPE_STREAM && protocol == MULTIPATH)
		return "@mptcp";
	return NULL;
}

static void put_line(const struct seccomp_filter *filter, const char *call,
		     const uint64_t args[SECCOMP_ARGS], struct text *ret, const char **ret_note)
{
	const struct filter_call *found = filter_find(filter, call);
	const char *group = group_of_values(call, args);

	if (!group && !passes_in_part(found))
		group = allow_group(call);
	*ret_note = group ? allow_group_note(group) : allow_note(call, args);
	text_addf(ret, "allow %s", group ? group : call);
	if (!group && !narrow(call, args, ret) && passes_in_part(found))
		follow(found, args, ret);
}

void seccomp_allow_line(const struct seccomp_filter *filter, const char *call,
			const uint64_t args[6], struct text *ret, const char **ret_note)
{
	struct seccomp_judgement judgement;

	*ret_note = NULL;
	seccomp_judge(filter, call, args, &judgement);
	if (!judgement.passes && names_known(call))
		put_line(filter, call, args, ret, ret_note);
}
