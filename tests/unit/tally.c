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

/* One exec at a time: true if it is counted; otherwise its line is written. */
static struct tally before;

static bool counted(const char *sha256, int64_t now)
{
	struct tally_turn turn;
	bool is = tally_exec(dirfd_of, record, sha256, now, &turn);

	before = is ? (struct tally){0} : turn.before;
	if (!is)
		tally_done(&turn, true);
	return is;
}

static void take_left(void)
{
	int64_t last;

	tally_left(dirfd_of, record, &before, &last);
	tally_remove(dirfd_of, record);
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
	cr_expect_not(counted(process(1), 1000));
	cr_expect_eq(before.count, 0);
	for (int i = 1; i <= 359; i++)
		cr_expect(counted(process(1), 1000 + 10 * i));
	cr_expect_not(counted(process(1), 4600));
	cr_expect_eq(before.count, 359);
	cr_expect_eq(before.since, 1000);
	cr_expect(counted(process(1), 4601));
	cr_expect_not(counted(process(1), 8200));
	cr_expect_eq(before.count, 1);
	cr_expect_eq(before.since, 4600);
}

Test(tally, each_process_has_its_own)
{
	for (unsigned i = 0; i < TALLY_MOST; i++)
		cr_expect_not(counted(process(i), 1000));
	for (unsigned i = 0; i < TALLY_MOST; i++)
		cr_expect(counted(process(i), 1001), "%u", i);
	/* No room: each is written, for ever if need be. */
	for (int i = 0; i < 3; i++)
		cr_expect_not(counted(process(100), 1002));
	/* What was counted is not forgotten for a new one. */
	cr_expect_not(counted(process(100), 9000));
	take_left();
	cr_expect_eq(before.count, TALLY_MOST);
	cr_expect_eq(before.since, 1000);
}

Test(tally, a_quiet_one_makes_room)
{
	for (unsigned i = 0; i < TALLY_MOST; i++)
		counted(process(i), 1000);
	cr_expect_not(counted(process(100), 4599));
	cr_expect_not(counted(process(100), 4600));
	cr_expect(counted(process(100), 4601));
}

Test(tally, clock_set_back)
{
	counted(process(1), 1000000);
	counted(process(1), 1000001);
	cr_expect_not(counted(process(1), 1000));
	cr_expect_eq(before.count, 1);
	cr_expect(counted(process(1), 1001));
}

Test(tally, end)
{
	take_left();
	cr_expect_eq(before.count, 0);
	counted(process(1), 2000);
	counted(process(2), 1000);
	for (int i = 0; i < 5; i++)
		counted(process(1), 2001);
	take_left();
	cr_expect_eq(before.count, 5);
	cr_expect_eq(before.since, 2000, "of one that was repeated");
	cr_expect_neq(faccessat(dirfd_of, book, F_OK, 0), 0);
	cr_expect_not(counted(process(1), 2002), "begins anew");
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
	struct tally_turn turn;

	for (size_t i = 0; i < hr_count(texts); i++) {
		make_file(book, texts[i]);
		cr_expect_not(counted(process(1), 1001), "%zu", i);
		cr_expect_eq(before.count, 0, "%zu", i);
		cr_expect(counted(process(1), 1002), "%zu", i);
		take_left();
		cr_expect_eq(before.count, 1, "%zu", i);
	}
	make_link(book, "/etc/passwd");
	for (int i = 0; i < 2; i++)
		cr_expect_not(counted(process(1), 1001));
	take_left();
	cr_assert_eq(mkfifo(in_scratch(book), 0600), 0);
	for (int i = 0; i < 2; i++)
		cr_expect_not(counted(process(1), 1001));
	take_left();
	cr_expect_neq(faccessat(dirfd_of, book, F_OK, AT_SYMLINK_NOFOLLOW), 0);
	cr_expect_not(tally_exec(-1, record, process(1), 1001, &turn));
	tally_done(&turn, true);
	cr_expect_not(tally_exec(dirfd_of, record, "short", 1001, &turn));
	tally_done(&turn, true);
}

/* A line that could not be written: the next exec tries again, and says what was counted. */
Test(tally, not_written)
{
	struct tally_turn turn;

	for (int i = 0; i < 3; i++) {
		cr_expect_not(tally_exec(dirfd_of, record, process(1), 1000, &turn));
		tally_done(&turn, false);
	}
	cr_expect_not(counted(process(1), 1000));
	cr_expect(counted(process(1), 1001));
	for (int i = 0; i < 3; i++) {
		cr_expect_not(tally_exec(dirfd_of, record, process(1), 4600, &turn));
		cr_expect_eq(turn.before.count, 1);
		tally_done(&turn, false);
	}
	cr_expect_not(counted(process(1), 4600));
	cr_expect_eq(before.count, 1);
	cr_expect_eq(before.since, 1000);
}

/* A holder of the lock that is stopped holds nobody. */
Test(tally, locked)
{
	int fd;

	counted(process(1), 1000);
	fd = openat(dirfd_of, book, O_RDWR | O_CLOEXEC);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	cr_expect_not(counted(process(1), 1001));
	close(fd);
	cr_expect(counted(process(1), 1002));
}

/* Of those that run side by side none is lost: each is counted or written. */
Test(tally, parallel)
{
	enum { processes = 4, execs = 200 };
	int status, written = 0;

	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			int lines = 0;

			for (int n = 0; n < execs; n++)
				lines += !counted(process(1), 1000);
			_exit(lines < 255 ? lines : 255);
		}
	for (int i = 0; i < processes; i++) {
		cr_assert_gt(wait(&status), 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 255);
		written += WEXITSTATUS(status);
	}
	take_left();
	cr_expect_eq(before.count + written, processes * execs);
	cr_expect_geq(written, 1);
}
