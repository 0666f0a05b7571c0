/* SPDX-License-Identifier: Apache-2.0 */
/* A call and its arguments as people read them. */
#include "seccomp/show_call.h"

#include "seccomp/show_call_names.h"
#include "seccomp/watched.h"
#include "seccomp/widths.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define FLAGS_BYTES 72 /* of the names of one argument's flags; the rest is in hex */

#define TYPE_MASK    0xFU /* of a socket; flags are above */
#define FORMAT_MASK  0170000U
#define CLONE_SIGNAL 0xFFU
#define QUOTA_TYPE   8 /* bits of quotactl's command that say whose quota */
#define LEVEL_AT     1
#define FAMILY_AT    0

/* What the kernel reads of an argument. Some libraries extend the sign of an int. */
static uint64_t read_by_kernel(const char *call, unsigned index, uint64_t value)
{
	bool is_int = widths_ints(call) & (1U << index);

	return is_int || value >> 32 == UINT32_MAX ? (uint32_t)value : value;
}

static const char *name_of(const struct constants *names, uint64_t value)
{
	return names && value <= UINT32_MAX ? constant_name(names, (uint32_t)value) : NULL;
}

static void show_number(uint64_t value, struct text *ret)
{
	text_addf(ret, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void show_value(const struct constants *names, uint64_t value, struct text *ret)
{
	const char *name = name_of(names, value);

	if (!name && names == &argument_find("ioctl", "request")->values)
		name = name_of(&shown_requests, value);
	if (name)
		text_adds(ret, name);
	else
		show_number(value, ret);
}

static void separate(size_t from, struct text *ret)
{
	if (ret->len > from)
		text_adds(ret, "|");
}

static void show_flags(const struct constants *names, uint64_t value, struct text *ret)
{
	size_t from = ret->len;

	if (value == 0 && name_of(names, 0)) {
		text_adds(ret, name_of(names, 0));
		return;
	}
	for (size_t i = 0; names && i < names->count; i++) {
		const struct constant *flag = &names->list[i];

		if (flag->value == 0 || (value & flag->value) != flag->value ||
		    ret->len - from + strlen(flag->name) > FLAGS_BYTES)
			continue;
		separate(from, ret);
		text_adds(ret, flag->name);
		value &= ~(uint64_t)flag->value;
	}
	if (value == 0 && ret->len > from)
		return;
	separate(from, ret);
	show_number(value, ret);
}

static void show_type(const struct constants *names, uint64_t value, struct text *ret)
{
	static const struct constant flags[] = {{"SOCK_CLOEXEC", 02000000, 0},
						{"SOCK_NONBLOCK", 04000, 0}};
	static const struct constants flag_names = {flags, 2};

	/* SOCK_TYPE_MASK has a name as well. */
	show_value((value & TYPE_MASK) == TYPE_MASK ? NULL : names, value & TYPE_MASK, ret);
	if (value & ~(uint64_t)TYPE_MASK) {
		text_adds(ret, "|");
		show_flags(&flag_names, value & ~(uint64_t)TYPE_MASK, ret);
	}
}

static void show_mode(const struct constants *names, uint64_t value, struct text *ret)
{
	const char *format = value & FORMAT_MASK ? name_of(names, value & FORMAT_MASK) : NULL;

	if (format)
		text_addf(ret, "%s|", format);
	text_addf(ret, "%#" PRIo64, format ? value & ~(uint64_t)FORMAT_MASK : value);
}

static void show_signal(uint64_t value, struct text *ret)
{
	const char *name = value < 32 ? sigabbrev_np((int)value) : NULL;

	if (name)
		text_addf(ret, "SIG%s", name);
	else
		text_addf(ret, "%" PRIu64, value);
}

static const struct constants *names_of(const char *call, const struct shown_argument *argument)
{
	if (argument->names)
		return argument->names;
	return &argument_at(call, argument->index)->values;
}

static void show_argument(const char *call, const struct shown_argument *argument,
			  const uint64_t args[SECCOMP_ARGS], struct text *ret)
{
	const struct constants *names = names_of(call, argument);
	uint64_t value = read_by_kernel(call, argument->index, args[argument->index]);

	switch (argument->how) {
	case SHOW_VALUE:
		show_value(names, value, ret);
		break;
	case SHOW_FLAGS:
		show_flags(names, value, ret);
		break;
	case SHOW_CLONE:
		show_flags(names, value & ~(uint64_t)CLONE_SIGNAL, ret);
		break;
	case SHOW_TYPE:
		show_type(names, value, ret);
		break;
	case SHOW_MODE:
		show_mode(names, value, ret);
		break;
	case SHOW_NUMBER:
		text_addf(ret, "%" PRId32, (int32_t)value);
		break;
	case SHOW_SIGNAL:
		show_signal(value, ret);
		break;
	case SHOW_PROTOCOL:
		show_value(shown_protocols((uint32_t)args[FAMILY_AT]), value, ret);
		break;
	case SHOW_OPTION:
		show_value(shown_options((uint32_t)args[LEVEL_AT]), value, ret);
		break;
	case SHOW_COMMAND:
		show_value(names, value >> QUOTA_TYPE, ret);
		break;
	case SHOW_NOTHING:
	case SHOWS:
		break;
	}
}

static void show_arguments(const struct shown_call *call, const uint64_t args[SECCOMP_ARGS],
			   struct text *ret)
{
	for (unsigned i = 0; i < SHOW_ARGS && call->args[i].how != SHOW_NOTHING; i++) {
		const struct shown_argument *argument = &call->args[i];

		if (i > 0)
			text_adds(ret, ", ");
		if (!call->bare)
			text_addf(ret, "%s: ", argument->label);
		show_argument(call->name, argument, args, ret);
	}
}

void seccomp_show_call(const char *call, const uint64_t args[6], struct text *ret)
{
	const struct shown_call *shown = shown_find(call);
	text_auto struct text text = {0};

	if (shown)
		show_arguments(shown, args, &text);
	else if (!shown_none(call))
		text_adds(&text, "...");
	/* The longest that the tables make is shorter: a test sees to it. */
	text_addf(ret, "%s(%.*s)", call, SHOW_BYTES - (int)strlen(call) - 2,
		  text.data ? text.data : "");
	ret->failed |= text.failed;
}
