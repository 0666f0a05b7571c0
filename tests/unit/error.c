/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <errno.h>

Test(error, fail)
{
	struct hr_error err = {0};

	cr_expect_eq(hr_fail(&err, HR_SPEC, "%s: %d", "config.json", 7), -1);
	cr_expect_eq(err.code, HR_SPEC);
	cr_expect_str_eq(err.msg, "config.json: 7");
}

/* A failing clean-up must not hide the cause. */
Test(error, first_wins)
{
	struct hr_error err = {0};

	hr_fail(&err, HR_DENIED, "first");
	cr_expect_eq(hr_fail(&err, HR_SYSTEM, "second"), -1);
	cr_expect_eq(hr_fail_errno(&err, EIO, "third"), -1);
	cr_expect_eq(err.code, HR_DENIED);
	cr_expect_str_eq(err.msg, "first");
}

Test(error, nobody_asks)
{
	cr_expect_eq(hr_fail(NULL, HR_SPEC, "%s", "x"), -1);
	cr_expect_eq(hr_fail_errno(NULL, ENOENT, "%s", "x"), -1);
	cr_expect_eq(hr_context(NULL, "%s", "x"), -1);
}

Test(error, context)
{
	struct hr_error err = {0};

	hr_fail(&err, HR_POLICY, "what");
	cr_expect_eq(hr_context(&err, "%s", "where"), -1);
	hr_context(&err, "file %d", 2);
	cr_expect_eq(err.code, HR_POLICY);
	cr_expect_str_eq(err.msg, "file 2: where: what");
}

/* Cut at the end, and NUL-terminated. */
Test(error, long_messages)
{
	char words[3 * HR_ERROR_MSG];
	struct hr_error err = {0};

	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	hr_fail(&err, HR_SPEC, "begin %s", words);
	cr_expect_eq(strlen(err.msg), HR_ERROR_MSG - 1);
	hr_context(&err, "file");
	cr_expect_eq(strlen(err.msg), HR_ERROR_MSG - 1);
	cr_expect_arr_eq(err.msg, "file: begin www", 15);
	hr_context(&err, "%s", words);
	cr_expect_eq(strlen(err.msg), HR_ERROR_MSG - 1);

	err = (struct hr_error){0};
	hr_fail_errno(&err, EIO, "%s", words);
	cr_expect_eq(strlen(err.msg), HR_ERROR_MSG - 1);
}

static const struct {
	int value;
	const char *name;
} reworded[] = {
	{ENOENT, "ENOENT"}, {EACCES, "EACCES"},	  {EPERM, "EPERM"},
	{ESRCH, "ESRCH"},   {ENOEXEC, "ENOEXEC"},
};

static void check_reworded(const __typeof__(reworded[0]) *row, size_t i)
{
	struct hr_error err = {0};

	(void)i;
	cr_expect_eq(hr_fail_errno(&err, row->value, "open %s", "x"), -1);
	expect_error(-1, &err, HR_SYSTEM, "open x: ");
	cr_expect_not_null(strstr(err.msg, row->name), "%s", err.msg);
	cr_expect_null(strcasestr(err.msg, strerror(row->value)), "%s", err.msg);
}
ROWS(error, reworded)

/* No errno at all gives words that an engine takes for a verdict of its own. */
Test(error, every_errno)
{
	for (int value = 0; value < 140; value++) {
		cr_expect_not_null(hr_errno_text(value));
		expect_no_trap(hr_errno_text(value));
	}
}
