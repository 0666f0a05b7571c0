/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that hold the kernel's audit records: whole, cut, hostile, and what is no log. */
#include "audit/kernel.h"

#include "unit.h"

#include <sys/wait.h>

#define LINE(pid)                                                                          \
	"type=SECCOMP msg=audit(1795406642.770:15965): auid=0 uid=0 gid=0 ses=1 pid=" #pid \
	" comm=\"c\" exe=\"/c\" sig=0 arch=c000003e syscall=161 compat=0 ip=0x7 code=0x50000"
#define JOURNAL(pid)                                         \
	"MESSAGE=SECCOMP auid=0 uid=0 gid=0 ses=1 pid=" #pid \
	" comm=\"c\" exe=\"/c\" sig=0 arch=c000003e syscall=161 compat=0 ip=0x7 code=0x50000\n"

struct seen {
	size_t count, most;
	pid_t pids[8];
	struct kernel_record last;
};

static bool see(const struct kernel_record *record, void *data)
{
	struct seen *seen = data;

	if (seen->count < hr_count(seen->pids))
		seen->pids[seen->count] = record->pid;
	seen->last = *record;
	return ++seen->count != seen->most;
}

TestSuite(kernel_log, .init = scratch_make, .fini = scratch_drop, .timeout = 60);

static int look(const char *file, struct seen *seen, struct hr_error *err)
{
	const char *source = NULL;
	int result = kernel_records(file, see, seen, &source, err);

	cr_expect_str_eq(source, file);
	return result;
}

static struct seen read_text(const char *text, size_t most)
{
	struct seen seen = {.most = most};
	struct hr_error err = {0};

	make_file("log", text);
	cr_assert_ok(look(in_scratch("log"), &seen, &err), err);
	unlink(in_scratch("log"));
	return seen;
}

Test(kernel_log, lines)
{
	struct seen seen = read_text("", 0);

	cr_expect_eq(seen.count, 0);
	seen = read_text(LINE(1) "\n\nnoise\n" LINE(2) "\r\n" LINE(3), 0);
	cr_expect_eq(seen.count, 3);
	cr_expect_eq(seen.pids[0], 1);
	cr_expect_eq(seen.pids[1], 2);
	cr_expect_eq(seen.pids[2], 3, "the last line has no end");
	seen = read_text(LINE(1) "\n" LINE(2) "\n" LINE(3) "\n", 2);
	cr_expect_eq(seen.count, 2, "no more than were wanted");
}

/* Longer than a record can be: that line alone is left out, wherever reads end. */
Test(kernel_log, long_lines)
{
	for (size_t len = 65530; len <= 65540; len++) {
		hr_autofree char *text = calloc(1, 2 * len + 4096);
		size_t at = 0;
		struct seen seen;

		at += (size_t)sprintf(text, LINE(1) "\n");
		memset(text + at, 'x', len);
		at += len;
		at += (size_t)sprintf(text + at, "\n" LINE(2) "\n");
		memset(text + at, 'y', len);
		at += len;
		sprintf(text + at, LINE(4) "\n" LINE(3));
		seen = read_text(text, 0);
		cr_expect_eq(seen.count, 3, "%zu", len);
		cr_expect_eq(seen.pids[2], 3, "%zu", len);
	}
}

/* Time and serial are the entry's, and the journal vouches for who sent it. */
Test(kernel_log, journal_export)
{
	struct seen seen = read_text(
		"__CURSOR=a\n__REALTIME_TIMESTAMP=1795406642999000\n"
		"_SOURCE_REALTIME_TIMESTAMP=1795406642770000\n" JOURNAL(
			1) "_AUDIT_ID=15965\n_TRANSPORT=audit\n\n"
			   "__CURSOR=b\n_TRANSPORT=syslog\n" JOURNAL(
				   2) "\n"
				      "__CURSOR=c\n" JOURNAL(
					      3) "\n"
						 "__CURSOR=d\n_TRANSPORT=auditor\n" JOURNAL(
							 4) "\n"
							    "__CURSOR=e\n_TRANSPORT=syslog\n" LINE(
								    5) "\n\n"
								       "__CURSOR=f\n__REALTIME_"
								       "TIMESTAMP="
								       "1795406643001000\n"
								       "_TRANSPORT=kernel\nMESSAGE="
								       "audit: type=1326 "
								       "audit(1795406642.770:7): "
								       "uid=0 pid=6 comm=\"c\" "
								       "arch=c000003e "
								       "syscall=1 code=0x50000\n",
		0);

	cr_expect_eq(seen.count, 2);
	cr_expect_eq(seen.pids[0], 1);
	cr_expect_eq(seen.pids[1], 6);
	cr_expect_eq(seen.last.serial, 7);
	cr_expect_eq(seen.last.seconds, 1795406642);
	seen = read_text("__CURSOR=a\n_SOURCE_REALTIME_TIMESTAMP=1795406642770000\n"
			 "_AUDIT_ID=15965\n_TRANSPORT=audit\n" JOURNAL(1),
			 0);
	cr_expect_eq(seen.count, 1, "the last entry has no end");
	cr_expect_eq(seen.last.seconds, 1795406642);
	cr_expect_eq(seen.last.milliseconds, 770);
	cr_expect_eq(seen.last.serial, 15965);
}

static void expect_refused(const char *file, const char *words)
{
	struct seen seen = {0};
	struct hr_error err = {0};

	expect_error(look(file, &seen, &err), &err, HR_SYSTEM, words);
	cr_expect_eq(seen.count, 0);
}

/* None of them may keep us waiting. */
Test(kernel_log, no_logs)
{
	expect_refused(in_scratch("missing"), "missing");
	expect_refused(scratch, "neither a log");
	cr_assert_eq(mkfifo(in_scratch("pipe"), 0600), 0);
	expect_refused(in_scratch("pipe"), "neither a log");
	expect_refused("/dev/zero", "neither a log");
	expect_refused("/dev/tty0", "/dev/tty0");
	make_file("log.gz", "\x1f\x8b\x08 and more");
	expect_refused(in_scratch("log.gz"), "compressed");
}

/* What is written while it is read is left for the next time. */
static bool write_more(const struct kernel_record *record, void *data)
{
	int fd = open(in_scratch("log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	unsigned *count = data;

	(void)record;
	cr_assert_gt(write(fd, LINE(9) "\n", sizeof(LINE(9))), 0);
	close(fd);
	return ++*count < 1000;
}

Test(kernel_log, growing)
{
	struct hr_error err = {0};
	const char *source;
	unsigned count = 0;

	make_file("log", LINE(1) "\n" LINE(2) "\n");
	cr_assert_ok(kernel_records(in_scratch("log"), write_more, &count, &source, &err), err);
	cr_expect_eq(count, 2);
}

Test(kernel_log, kmsg)
{
	struct seen seen = {0};
	struct hr_error err = {0};
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		cr_skip_test("/dev/kmsg cannot be read");
	close(fd);
	cr_expect_ok(look("/dev/kmsg", &seen, &err), err);
}
