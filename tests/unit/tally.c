/* SPDX-License-Identifier: Apache-2.0 */
/* Counting execs that bring nothing new. */
#include "state/tally.h"

#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>

static const char record[] =
	"0123456789012345678901234567890123456789012345678901234567890123.json";
static const char book[] = "0123456789012345678901234567890123456789012345678901234567890123.execs";
static int dirfd_of;

static void start(void)
{
	scratch_make();
	dirfd_of = open(in_scratch("."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(void)
{
	close(dirfd_of);
	scratch_drop();
}

TestSuite(tally, .init = start, .fini = end, .timeout = 30);

/* A SHA-256 that differs by number. */
static const char *process(unsigned number)
{
	static char text[65];

	snprintf(text, sizeof(text), "%064x", number);
	return text;
}

Test(tally, name)
{
	char name[TALLY_NAME];

	cr_expect_str_eq(tally_name(record, name), book);
	cr_expect_str_eq(tally_name("x", name), "x.execs");
	cr_expect_str_eq(tally_name("x.json", name), "x.execs");
}

/* One line at first, one an hour, each saying what was counted before it. */
Test(tally, hour)
{
	struct tally tally;

	cr_expect_not(tally_exec(dirfd_of, record, process(1), 1000, &tally));
	cr_expect_eq(tally.count, 0);
	for (int i = 1; i <= 359; i++)
		cr_expect(tally_exec(dirfd_of, record, process(1), 1000 + 10 * i, &tally));
	cr_expect_not(tally_exec(dirfd_of, record, process(1), 4600, &tally));
	cr_expect_eq(tally.count, 359);
	cr_expect_eq(tally.since, 1000);
	cr_expect(tally_exec(dirfd_of, record, process(1), 4601, &tally));
	cr_expect_not(tally_exec(dirfd_of, record, process(1), 8200, &tally));
	cr_expect_eq(tally.count, 1);
	cr_expect_eq(tally.since, 4600);
}

Test(tally, each_process_has_its_own)
{
	struct tally tally;

	for (unsigned i = 0; i < TALLY_MOST; i++)
		cr_expect_not(tally_exec(dirfd_of, record, process(i), 1000, &tally));
	for (unsigned i = 0; i < TALLY_MOST; i++)
		cr_expect(tally_exec(dirfd_of, record, process(i), 1001, &tally), "%u", i);
	/* No room: each is written, for ever if need be. */
	for (int i = 0; i < 3; i++)
		cr_expect_not(tally_exec(dirfd_of, record, process(100), 1002, &tally));
	/* What was counted is not forgotten for a new one. */
	cr_expect_not(tally_exec(dirfd_of, record, process(100), 9000, &tally));
	tally_end(dirfd_of, record, &tally);
	cr_expect_eq(tally.count, TALLY_MOST);
	cr_expect_eq(tally.since, 1000);
}

Test(tally, a_quiet_one_makes_room)
{
	struct tally tally;

	for (unsigned i = 0; i < TALLY_MOST; i++)
		tally_exec(dirfd_of, record, process(i), 1000, &tally);
	cr_expect_not(tally_exec(dirfd_of, record, process(100), 4599, &tally));
	cr_expect_not(tally_exec(dirfd_of, record, process(100), 4600, &tally));
	cr_expect(tally_exec(dirfd_of, record, process(100), 4601, &tally));
}

Test(tally, clock_set_back)
{
	struct tally tally;

	tally_exec(dirfd_of, record, process(1), 1000000, &tally);
	tally_exec(dirfd_of, record, process(1), 1000001, &tally);
	cr_expect_not(tally_exec(dirfd_of, record, process(1), 1000, &tally));
	cr_expect_eq(tally.count, 1);
	cr_expect(tally_exec(dirfd_of, record, process(1), 1001, &tally));
}

Test(tally, end)
{
	struct tally tally;

	tally_end(dirfd_of, record, &tally);
	cr_expect_eq(tally.count, 0);
	tally_exec(dirfd_of, record, process(1), 2000, &tally);
	tally_exec(dirfd_of, record, process(2), 1000, &tally);
	for (int i = 0; i < 5; i++)
		tally_exec(dirfd_of, record, process(1), 2001, &tally);
	tally_end(dirfd_of, record, &tally);
	cr_expect_eq(tally.count, 5);
	cr_expect_eq(tally.since, 2000, "of one that was repeated");
	cr_expect_neq(faccessat(dirfd_of, book, F_OK, 0), 0);
	cr_expect_not(tally_exec(dirfd_of, record, process(1), 2002, &tally), "begins anew");
}

/* Files that are not as written here: a line each, or from the start. */
Test(tally, odd_files)
{
	static const char *const texts[] = {
		"",
		"garbage\n",
		"\n\n\n\n",
		"000000000000000000000000000000000000000000000000000000000000000g                 "
		"1000 "
		"                  7\n",
		"0000000000000000000000000000000000000000000000000000000000000001                 "
		"1000 "
		"                 -7\n",
		"0000000000000000000000000000000000000000000000000000000000000001",
	};
	struct tally tally;

	for (size_t i = 0; i < hr_count(texts); i++) {
		make_file(book, texts[i]);
		cr_expect_not(tally_exec(dirfd_of, record, process(1), 1001, &tally), "%zu", i);
		cr_expect_eq(tally.count, 0, "%zu", i);
		cr_expect(tally_exec(dirfd_of, record, process(1), 1002, &tally), "%zu", i);
		tally_end(dirfd_of, record, &tally);
		cr_expect_eq(tally.count, 1, "%zu", i);
	}
	make_link(book, "/etc/passwd");
	for (int i = 0; i < 2; i++)
		cr_expect_not(tally_exec(dirfd_of, record, process(1), 1001, &tally));
	tally_end(dirfd_of, record, &tally);
	cr_assert_eq(mkfifo(in_scratch(book), 0600), 0);
	for (int i = 0; i < 2; i++)
		cr_expect_not(tally_exec(dirfd_of, record, process(1), 1001, &tally));
	tally_end(dirfd_of, record, &tally);
	cr_expect_neq(faccessat(dirfd_of, book, F_OK, AT_SYMLINK_NOFOLLOW), 0);
	cr_expect_not(tally_exec(-1, record, process(1), 1001, &tally));
	cr_expect_not(tally_exec(dirfd_of, record, "short", 1001, &tally));
}

/* A holder of the lock that is stopped holds nobody. */
Test(tally, locked)
{
	struct tally tally;
	int fd;

	tally_exec(dirfd_of, record, process(1), 1000, &tally);
	fd = openat(dirfd_of, book, O_RDWR | O_CLOEXEC);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_expect_not(tally_exec(dirfd_of, record, process(1), 1001, &tally));
	close(fd);
	cr_expect(tally_exec(dirfd_of, record, process(1), 1002, &tally));
}

/* Of those that run side by side none is lost: each is counted or written. */
Test(tally, parallel)
{
	enum { processes = 4, execs = 200 };
	struct tally tally;
	int status, written = 0;

	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			int lines = 0;

			for (int n = 0; n < execs; n++)
				lines += !tally_exec(dirfd_of, record, process(1), 1000, &tally);
			_exit(lines < 255 ? lines : 255);
		}
	for (int i = 0; i < processes; i++) {
		cr_assert_gt(wait(&status), 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 255);
		written += WEXITSTATUS(status);
	}
	tally_end(dirfd_of, record, &tally);
	cr_expect_eq(tally.count + written, processes * execs);
	cr_expect_geq(written, 1);
}
