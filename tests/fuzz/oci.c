/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp and Docker's form of it: a refusal says where, the lint says what it finds in
 * plain letters, and what is settled is read as the same again.
 */
#include "fuzz.h"

#include "json/edit.h"
#include "seccomp/seccomp.h"

static void plain(const char *finding, void *to)
{
	struct hr_error told = {.code = HR_POLICY};

	++*(size_t *)to;
	snprintf(told.msg, sizeof(told.msg), "%s", finding);
	must_be_told(&told);
}

static char *written(const struct seccomp_filter *filter)
{
	json_auto struct json_doc *doc = json_new("seccomp");
	struct json *object = NULL;
	struct hr_error err = {0};
	size_t len;

	must(doc && seccomp_write(filter, "x86_64", doc, &object, &err) == 0);
	must(json_count(json_get(object, "architectures")) == 1);
	must(json_get(object, "flags") && json_count(json_get(object, "flags")) == 0);
	return must_write(object, &len);
}

/* Settled, written, read and settled again: the same bytes. */
static void settle(const struct seccomp_filter *filter)
{
	static const struct seccomp_host host = {.arch = "x86_64"};
	seccomp_filter_auto struct seccomp_filter *once = NULL, *read = NULL, *twice = NULL;
	json_auto struct json_doc *doc = NULL;
	hr_autofree char *first = NULL, *second = NULL;
	struct seccomp_meeting meeting;
	struct hr_error err = {0};

	must(seccomp_settle(filter, &once, &meeting, &err) == 0);
	if (meeting.given_up_count > 0)
		return; /* what is left of such a call is settled already */
	must(seccomp_filter_count(once) <= seccomp_filter_count(filter) ||
	     seccomp_filter_open(filter));
	first = written(once);
	must(json_parse("again", first, strlen(first), false, &doc, &err) == 0);
	if (seccomp_read(json_root(doc), &host, &read, &err) < 0)
		return; /* more entries than the kernel takes */
	must(seccomp_settle(read, &twice, &meeting, &err) == 0);
	must(meeting.given_up_count == 0);
	second = written(twice);
	if (strcmp(first, second) != 0)
		fprintf(stderr, "once:  %s\ntwice: %s\n", first, second);
	must(strcmp(first, second) == 0);
}

static void check(const struct json *object, bool docker)
{
	const struct seccomp_host host = {.arch = "x86_64", .docker = docker, .kernel = "6.1.0"};
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct hr_error err = {0};
	size_t found = 0;

	if (seccomp_read(object, &host, &filter, &err) < 0) {
		must(!filter);
		must_be_told(&err);
		return;
	}
	seccomp_lint(object, filter, &host, plain, &found);
	if (!seccomp_filter_open(filter))
		settle(filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	if (json_parse("fuzz", (const char *)data, size, false, &doc, &err) < 0)
		return 0;
	check(json_root(doc), false);
	check(json_root(doc), true);
	return 0;
}
