/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: their files, and several that become one. */
#include "recording_make.h"
#include "unit.h"

#include <errno.h>

TestSuite(recording, .timeout = 120);

Test(recording, round_trip)
{
	seccomp_filter_auto struct seccomp_filter *base = base_of("default");
	recording_auto struct recording *recording = new_recording(), *again = NULL;
	hr_autofree char *first = NULL, *second = NULL;

	recording_say(recording, "id", "c1");
	recording_say(recording, "image", "registry.example/a:1 \"x\"");
	add(recording, base, "socket", 2, 0x80001, 6);
	add(recording, base, "socket", UINT64_MAX, 1, 0);
	add(recording, base, "openat", 1, 2, 3);
	recording_add(recording, "syscall 999", (uint64_t[6]){0},
		      &(struct seccomp_judgement){.error = ENOSYS}, "a\"b,c", true);
	first = written(recording);
	again = read_back(first);
	second = written(again);
	cr_expect_str_eq(first, second);
	cr_expect_str_eq(recording_said(again, "id"), "c1");
	cr_expect_str_eq(recording_said(again, "image"), "registry.example/a:1 \"x\"");
	cr_expect_str_eq(recording_said(again, "base"), "default");
	cr_expect(recording_is_complete(again));
	cr_expect_eq(recording_count(again), 3);
}

struct wrong_row {
	const char *text, *message;
};

static const struct wrong_row wrong[] = {
	{"", "r.json"},
	{"[]", "no recording"},
	{"7", "no recording"},
	{"{}", "no recording"},
	{"{\"version\":2,\"calls\":[]}", "another version"},
	{"{\"version\":1,\"arch\":\"vax\",\"base\":\"x\",\"calls\":[]}", "arch"},
	{"{\"version\":1,\"arch\":\"x86_64\",\"calls\":[]}", "base"},
	{"{\"version\":1,\"arch\":\"x86_64\",\"base\":\"x\"}", "list of calls"},
	{HEAD "{}}", "list of calls"},
	{HEAD "[1]}", "name of a system call"},
	{HEAD "[{\"call\":\"\"}]}", "name of a system call"},
	{HEAD "[{\"call\":\"read\\nallow reboot\"}]}", "name of a system call"},
	{HEAD "[{\"call\":\"a b\"}]}", "name of a system call"},
	{HEAD
	 "[{\"call\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]}",
	 "name of a system call"},
	{HEAD "[{\"call\":\"read\"},{\"call\":\"read\"}]}", "already"},
	{HEAD "[{\"call\":\"read\",\"count\":-1}]}", "count"},
	{HEAD "[{\"call\":\"read\",\"count\":18446744073709551615}]}", "count"},
	{HEAD "[{\"call\":\"read\",\"count\":\"1\"}]}", "count"},
	{HEAD "[{\"call\":\"read\",\"by\":\"x\"}]}", "by is"},
	{HEAD "[{\"call\":\"read\",\"by\":[1]}]}", "by is"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[6]}]}", "arguments"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[1,1]}]}", "arguments"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[2,1]}]}", "arguments"},
	{HEAD "[{\"call\":\"ioctl\",\"values\":[[1]]}]}", "asked"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[1],\"values\":[1]}]}", "asked"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[1],\"values\":[[]]}]}", "asked"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[1],\"values\":[[1,2]]}]}", "asked"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[1],\"values\":[[-1]]}]}", "asked"},
	{HEAD "[{\"call\":\"ioctl\",\"asked\":[1],\"values\":[{\"a\":1}]}]}", "asked"},
};

static void check_wrong(const struct wrong_row *row, size_t number)
{
	struct recording *recording = NULL;
	struct hr_error err = {0};

	(void)number;
	cr_assert_lt(recording_read("r.json", row->text, strlen(row->text), &recording, &err), 0,
		     "%s", row->text);
	cr_expect_null(recording);
	cr_expect_eq(err.code, HR_POLICY);
	cr_expect(strstr(err.msg, row->message), "%s: %s", row->text, err.msg);
}

ROWS(recording, wrong)

/* More calls than there are numbers. */
Test(recording, many_calls)
{
	text_auto struct text text = {0};
	struct recording *recording = NULL;
	struct hr_error err = {0};

	text_adds(&text, HEAD "[");
	for (int i = 0; i < 5000; i++)
		text_addf(&text, "%s{\"call\":\"c%d\"}", i ? "," : "", i);
	text_adds(&text, "]}");
	cr_assert_lt(recording_read("r.json", text.data, text.len, &recording, &err), 0);
	cr_expect(strstr(err.msg, "too many calls"), "%s", err.msg);
}

/* A program can make up any number. */
Test(recording, nameless)
{
	recording_auto struct recording *recording = new_recording();
	char name[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "syscall %d", 1000 + i);
		recording_add(recording, name, (uint64_t[6]){0},
			      &(struct seccomp_judgement){.error = ENOSYS}, "x", false);
	}
	cr_expect_leq(recording_count(recording), 64);
	recording_add(recording, "read", (uint64_t[6]){0},
		      &(struct seccomp_judgement){.passes = true}, "x", false);
	cr_expect_leq(recording_count(recording), 65);
}

/* --- Merging --------------------------------------------------------------------------- */

Test(recording, merge)
{
	seccomp_filter_auto struct seccomp_filter *base = base_of("default"), *filter = NULL;
	recording_auto struct recording *a = new_recording(), *b = new_recording();
	struct hr_error err = {0};

	add(a, base, "ioctl", 0, 0x5401, 0);
	add(a, base, "mkdir", 0, 0, 0);
	add(b, base, "ioctl", 0, 0x5413, 0);
	add(b, base, "rmdir", 0, 0, 0);
	recording_complete(b, false);
	cr_assert_eq(recording_merge(a, b, &err), 0, "%s", err.msg);
	cr_expect_not(recording_is_complete(a));
	filter = learned(a, base, true, NULL, NULL);
	cr_expect(passes(filter, "ioctl", 0, 0x5401, 0));
	cr_expect(passes(filter, "ioctl", 0, 0x5413, 0));
	cr_expect_not(passes(filter, "ioctl", 0, 0x5414, 0));
	cr_expect(passes(filter, "mkdir", 0, 0, 0) && passes(filter, "rmdir", 0, 0, 0));
}

Test(recording, merge_architectures)
{
	recording_auto struct recording *a = NULL, *b = NULL;
	struct hr_error err = {0};

	a = read_back(HEAD "[]}");
	b = read_back("{\"version\":1,\"arch\":\"aarch64\",\"base\":\"x\",\"calls\":[]}");
	cr_expect_lt(recording_merge(a, b, &err), 0);
	cr_expect_eq(err.code, HR_POLICY);
}
