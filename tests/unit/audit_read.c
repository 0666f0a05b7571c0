/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/read.h"

#include "unit.h"

static void start(void)
{
	scratch_make();
}

static void end(void)
{
	scratch_drop();
}

TestSuite(audit_read, .init = start, .fini = end, .timeout = 60);

#define LINE(event) "{\"time\":\"2026-11-23T00:00:00.000Z\",\"event\":\"" event "\"}"

/* The events in one string, and when it is enough. */
struct seen {
	char events[256];
	unsigned enough; /* 0: never */
	unsigned count;
};

static bool see(const struct json *line, void *data)
{
	struct seen *seen = data;
	size_t len = strlen(seen->events);

	snprintf(seen->events + len, sizeof(seen->events) - len, "%s,", json_string(line, "event"));
	return ++seen->count != seen->enough;
}

static void must_read(const char *name, const char *bytes, size_t len, struct seen *seen,
		      struct audit_read *ret)
{
	hr_autoclose int fd =
		open(in_scratch(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct hr_error err = {0};

	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	cr_assert_ok(audit_read(in_scratch(name), see, seen, ret, &err), err);
}

static const struct {
	const char *text;
	size_t len; /* 0: its own */
	const char *events;
	uint64_t lines, others;
} logs[] = {
	{"", 0, "", 0, 0},
	{"\n\n\n", 0, "", 0, 0},
	{LINE("a") "\n" LINE("b") "\n", 0, "a,b,", 2, 0},
	{LINE("a") "\n" LINE("b"), 0, "a,b,", 2, 0},		    /* no end, but whole */
	{LINE("a") "\n{\"time\":\"2026-11-23T00:", 0, "a,", 1, 1},  /* cut */
	{"{\"time\":\"20\n" LINE("a") "\n", 0, "a,", 1, 1},	    /* a full disk took the rest */
	{"{\"time\":\"20" LINE("a") "\n" LINE("b"), 0, "b,", 1, 1}, /* and the end of the line */
	{LINE("a") LINE("b") "\n" LINE("c"), 0, "c,", 1, 1},
	{LINE("a") "\r\n" LINE("b") " \t\n", 0, "a,b,", 2, 0},
	{"text\n[]\n{}\n7\n\"x\"\nnull\n" LINE("a"), 0, "a,", 1, 6},
	{"{\"event\":\"a\"}\n{\"time\":\"b\"}\n{\"time\":1,\"event\":\"c\"}\n", 0, "", 0, 3},
	{"{\"time\":\"1\",\"event\":\"a\0\"}\n" LINE("b"),
	 sizeof("{\"time\":\"1\",\"event\":\"a\0\"}\n" LINE("b")) - 1, "b,", 1, 1},
	{"\0\n" LINE("b"), sizeof("\0\n" LINE("b")) - 1, "b,", 1, 1},
	{"{\"time\":\"1\",\"event\":\"a\\u0000\"}\n" LINE("b"), 0, "b,", 1, 1},
	{"{\"time\":\"1\",\"event\":\"\xff\"}\n" LINE("b"), 0, "b,", 1, 1},
	{"{\"time\":\"1\",\"event\":\"a\",\"event\":\"b\"}\n" LINE("c"), 0, "c,", 1, 1},
	{"\xef\xbb\xbf" LINE("a") "\n" LINE("b"), 0, "b,", 1, 1},
};

static void check_logs(__typeof__(&logs[0]) row, size_t at)
{
	struct audit_read counts = {.lines = 99, .others = 99};
	struct seen seen = {0};

	must_read("log", row->text, row->len ? row->len : strlen(row->text), &seen, &counts);
	cr_expect_str_eq(seen.events, row->events, "row %zu: %s", at, seen.events);
	cr_expect_eq(counts.lines, row->lines, "row %zu: %u lines", at, (unsigned)counts.lines);
	cr_expect_eq(counts.others, row->others, "row %zu: %u others", at, (unsigned)counts.others);
}

ROWS(audit_read, logs)

/* Lines that end at, before and behind every border of what is read at once. */
Test(audit_read, borders)
{
	for (size_t shift = 0; shift < 4; shift++) {
		size_t len = 0, room = (size_t)3 * 1024 * 1024;
		hr_autofree char *bytes = malloc(room);
		struct seen seen = {.count = 1000};
		struct audit_read counts;
		unsigned lines = 0;

		while (len + 70000 < room) {
			size_t fill = (size_t)65536 - 64 + shift * 21 + lines % 3;

			len += (size_t)snprintf(bytes + len, room - len,
						"{\"time\":\"1\",\"event\":\"\",\"x\":\"%0*d\"}\n",
						(int)fill, 0);
			lines++;
		}
		must_read("log", bytes, len, &seen, &counts);
		cr_expect_eq(counts.lines, lines);
		cr_expect_eq(counts.others, 0);
		cr_expect_eq(seen.count, 1000 + lines);
	}
}

/* A line that is too long is left out, wherever it stands, and costs no memory but its limit. */
Test(audit_read, huge)
{
	size_t len = JSON_MAX_BYTES + 4096;
	hr_autofree char *bytes = malloc(2 * len + 256);
	struct seen seen = {0};
	struct audit_read counts;
	int head = sprintf(bytes, "%s\n", LINE("a"));
	char *at = bytes + head;

	memset(at, 'x', len);
	at += len;
	at += sprintf(at, "\n%s\n", LINE("b"));
	memset(at, 'x', len);
	must_read("log", bytes, (size_t)(at - bytes) + len, &seen, &counts);
	cr_expect_str_eq(seen.events, "a,b,");
	cr_expect_eq(counts.others, 2);
}

Test(audit_read, enough)
{
	static const char text[] = LINE("a") "\n" LINE("b") "\n" LINE("c") "\n";
	struct seen seen = {.enough = 2};
	struct audit_read counts;

	must_read("log", text, sizeof(text) - 1, &seen, &counts);
	cr_expect_str_eq(seen.events, "a,b,");
	cr_expect_eq(counts.lines, 2);
}

/* What is written while it is read is for the next time. */
static bool append_and_see(const struct json *line, void *data)
{
	hr_autoclose int fd = open(in_scratch("log"), O_WRONLY | O_APPEND | O_CLOEXEC);

	cr_assert_eq(write(fd, LINE("late") "\n", sizeof(LINE("late"))),
		     (ssize_t)sizeof(LINE("late")));
	return see(line, data);
}

Test(audit_read, grows)
{
	struct hr_error err = {0};
	struct seen seen = {0};
	struct audit_read counts;

	make_file("log", LINE("a") "\n" LINE("b") "\n");
	cr_assert_ok(audit_read(in_scratch("log"), append_and_see, &seen, &counts, &err), err);
	cr_expect_str_eq(seen.events, "a,b,");
}

Test(audit_read, pipe)
{
	struct hr_error err = {0};
	struct seen seen = {0};
	struct audit_read counts;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], LINE("a") "\n" LINE("b"), 2 * sizeof(LINE("a")) - 1),
		     (ssize_t)(2 * sizeof(LINE("a")) - 1));
	close(ends[1]);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	cr_assert_ok(audit_read("-", see, &seen, &counts, &err), err);
	cr_expect_str_eq(seen.events, "a,b,");
}

Test(audit_read, failures)
{
	struct hr_error err = {0};
	struct seen seen = {0};
	struct audit_read counts;

	expect_error(audit_read(in_scratch("gone"), see, &seen, &counts, &err), &err, HR_SYSTEM,
		     "audit log");
	err = (struct hr_error){0};
	expect_error(audit_read(scratch, see, &seen, &counts, &err), &err, HR_SYSTEM,
		     "hardrun-unit");
	make_file("log.gz", "\x1f\x8b\x08 and so on\n");
	err = (struct hr_error){0};
	expect_error(audit_read(in_scratch("log.gz"), see, &seen, &counts, &err), &err, HR_SYSTEM,
		     "zcat");
	cr_expect_eq(seen.count, 0);
}
