/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the unit tests share: one case per row of a table, expectations of an error, and a
 * directory of their own that is gone afterwards.
 */
#ifndef HR_TESTS_UNIT_H
#define HR_TESTS_UNIT_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A case SUITE::TABLE for every row of the array `table`: check_TABLE(row, its number). */
#define ROWS(suite, table)                                                \
	ParameterizedTestParameters(suite, table)                         \
	{                                                                 \
		static size_t all[hr_count(table)];                       \
                                                                          \
		for (size_t i = 0; i < hr_count(table); i++)              \
			all[i] = i;                                       \
		return cr_make_param_array(size_t, all, hr_count(table)); \
	}                                                                 \
	ParameterizedTest(size_t *row, suite, table)                      \
	{                                                                 \
		check_##table(&(table)[*row], *row);                      \
	}

/* Engines act upon these words, whatever they stand in (base/error.c). */
static inline void expect_no_trap(const char *message)
{
	static const char *const traps[] = {"no such file", "permission denied", "not found",
					    "does not exist", "no such process"};

	for (size_t i = 0; i < hr_count(traps); i++)
		cr_expect_null(strcasestr(message, traps[i]), "\"%s\" in: %s", traps[i], message);
}

/* A failure with this code and these words in its message. */
static inline void expect_error(int result, const struct hr_error *err, enum hr_code code,
				const char *words)
{
	cr_expect_eq(result, -1, "must fail: %s", words);
	cr_expect_eq(err->code, code, "code %u, wanted %u: %s", err->code, code, err->msg);
	cr_expect_not_null(strstr(err->msg, words), "wanted \"%s\", got: %s", words, err->msg);
	expect_no_trap(err->msg);
}

#define cr_expect_ok(call, err) cr_expect_eq(call, 0, "%s", (err).msg)
#define cr_assert_ok(call, err) cr_assert_eq(call, 0, "%s", (err).msg)

static inline void need_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root: owners of files are part of the case");
}

/* A directory of this process: root's, 0755, without a link in its path. */
static char scratch[PATH_MAX];

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static inline void scratch_make(void)
{
	snprintf(scratch, sizeof(scratch), "/tmp/hardrun-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(scratch));
	cr_assert_eq(chmod(scratch, 0755), 0);
	umask(022);
}

static inline void scratch_drop(void)
{
	if (scratch[0])
		nftw(scratch, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
	scratch[0] = '\0';
}

/* scratch/NAME in a buffer of this call's; up to four are good at once. */
static inline const char *in_scratch(const char *name)
{
	static char buffers[4][PATH_MAX * 2];
	static unsigned turn;
	char *buffer = buffers[turn++ % 4];

	snprintf(buffer, sizeof(buffers[0]), "%s/%s", scratch, name);
	return buffer;
}

static inline void make_dir(const char *name, mode_t mode, uid_t uid, gid_t gid)
{
	const char *path = in_scratch(name);

	cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
	cr_assert_eq(chown(path, uid, gid), 0, "%s", path);
	cr_assert_eq(chmod(path, mode), 0, "%s", path);
}

static inline void make_file(const char *name, const char *text)
{
	const char *path = in_scratch(name);
	hr_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);

	cr_assert(fd >= 0, "%s", path);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
}

static inline void make_link(const char *name, const char *target)
{
	cr_assert_eq(symlink(target, in_scratch(name)), 0, "%s", name);
}

/* The text of scratch/NAME, or NULL. The caller frees it. */
static inline char *text_of(const char *name)
{
	char *text = NULL;
	size_t len;

	file_read_at(AT_FDCWD, in_scratch(name), name, (size_t)1 << 24, &text, &len, NULL, NULL);
	return text;
}

#endif
