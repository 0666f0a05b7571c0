/* SPDX-License-Identifier: Apache-2.0 */
#include "recording_make.h"

#include "unit.h"

/* A built-in profile as filter of this machine. */
struct seccomp_filter *base_of(const char *name)
{
	struct seccomp_source *source = builtin_source(name);
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	cr_assert_eq(seccomp_lower(source, seccomp_native(), &filter, &err), 0, "%s", err.msg);
	seccomp_source_free(source);
	return filter;
}

struct recording *new_recording(void)
{
	struct recording *recording = recording_new("default");

	cr_assert(recording);
	recording_complete(recording, true);
	return recording;
}

void add(struct recording *recording, const struct seccomp_filter *base, const char *call,
	 uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t args[6] = {a, b, c, 0, 0, 0};
	struct seccomp_judgement judgement;

	seccomp_judge(base, call, args, &judgement);
	recording_add(recording, call, args, &judgement, "program", false);
}

struct seccomp_filter *lowered(const char *text)
{
	struct seccomp_source *source = NULL;
	struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};

	cr_assert_eq(seccomp_parse("learned", text, strlen(text), &source, &err), 0, "%s", err.msg);
	cr_assert_eq(seccomp_lower(source, seccomp_native(), &filter, &err), 0, "%s", err.msg);
	seccomp_source_free(source);
	return filter;
}

struct seccomp_filter *learned(const struct recording *recording, const struct seccomp_filter *base,
			       bool exact, struct text *ret_source, struct text *ret_why)
{
	const struct recording_options options = {.exact = exact, .title = "a\nallow reboot"};
	text_auto struct text source = {0};
	struct hr_error err = {0};
	struct seccomp_filter *filter;

	cr_assert_eq(recording_profile(recording, base, &options, &source, ret_why, &err), 0, "%s",
		     err.msg);
	filter = lowered(source.data);
	if (ret_source)
		text_add(ret_source, source.data, source.len);
	return filter;
}

bool passes(const struct seccomp_filter *filter, const char *call, uint64_t a, uint64_t b,
	    uint64_t c)
{
	const uint64_t args[6] = {a, b, c, 0, 0, 0};
	struct seccomp_judgement judgement;

	seccomp_judge(filter, call, args, &judgement);
	return judgement.passes;
}

unsigned answer(const struct seccomp_filter *filter, const char *call, uint64_t a, uint64_t b,
		uint64_t c)
{
	const uint64_t args[6] = {a, b, c, 0, 0, 0};
	struct seccomp_judgement judgement;

	seccomp_judge(filter, call, args, &judgement);
	return judgement.passes ? 0 : judgement.error;
}

static void wider(enum seccomp_difference difference, const char *call, void *to)
{
	struct text *found = to;

	if (difference == SECCOMP_GAINED || difference == SECCOMP_WIDER ||
	    difference == SECCOMP_OTHER)
		text_addf(found, " %s", call);
}

void check_within(const struct seccomp_filter *filter, const struct seccomp_filter *base)
{
	text_auto struct text found = {0};
	struct hr_error err = {0};

	cr_assert_eq(seccomp_diff(base, filter, wider, &found, &err), 0);
	cr_expect(!found.data, "let through and refused by the base:%s", found.data);
}

char *written(const struct recording *recording)
{
	struct text text = {0};
	struct hr_error err = {0};

	cr_assert_eq(recording_write(recording, &text, &err), 0, "%s", err.msg);
	cr_expect(!strchr(text.data, '\n'), "one line");
	return text.data;
}

struct recording *read_back(const char *text)
{
	struct recording *recording = NULL;
	struct hr_error err = {0};

	cr_assert_eq(recording_read("r.json", text, strlen(text), &recording, &err), 0, "%s",
		     err.msg);
	return recording;
}
