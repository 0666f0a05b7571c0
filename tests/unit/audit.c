/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include "unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static struct json_doc *doc;

static void start(void)
{
	scratch_make();
	doc = json_new("line");
	json_put_string(doc, json_root(doc), "event", "create");
}

static void end(void)
{
	json_free(doc);
	scratch_drop();
}

TestSuite(audit, .init = start, .fini = end, .timeout = 30);

static int append(const char *file, struct hr_error *err)
{
	*err = (struct hr_error){0};
	return audit_append(in_scratch(file), json_root(doc), err);
}

/* One line each, in a file that is made with its directories, and for few to read. */
Test(audit, append)
{
	hr_autofree char *text = NULL;
	struct hr_error err;
	struct stat st;

	cr_assert_ok(append("var/log/audit.jsonl", &err), err);
	json_put_string(doc, json_root(doc), "message", "two\nlines \"quoted\"");
	cr_assert_ok(append("var/log/audit.jsonl", &err), err);
	text = text_of("var/log/audit.jsonl");
	cr_expect_str_eq(text,
			 "{\"event\":\"create\"}\n"
			 "{\"event\":\"create\",\"message\":\"two\\nlines \\\"quoted\\\"\"}\n");
	cr_assert_eq(stat(in_scratch("var/log/audit.jsonl"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0640);
	cr_assert_eq(stat(in_scratch("var/log"), &st), 0);
	cr_expect_eq(st.st_mode & 02, 0);
}

/* What is there stays, owner and mode as well. */
Test(audit, append_to_what_is_there)
{
	hr_autofree char *text = NULL;
	struct hr_error err;
	struct stat st;

	make_file("log", "before\n");
	cr_assert_eq(chmod(in_scratch("log"), 0600), 0);
	cr_assert_ok(append("log", &err), err);
	text = text_of("log");
	cr_expect_str_eq(text, "before\n{\"event\":\"create\"}\n");
	cr_assert_eq(stat(in_scratch("log"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0600);
}

/* Nothing that would hold a create, or lead somewhere else. */
Test(audit, odd_kinds)
{
	hr_autofree char *text = NULL;
	struct hr_error err;

	make_file("target", "");
	make_link("link", "target");
	make_link("dangling", "gone");
	make_dir("dir", 0755, getuid(), getgid());
	make_file("file", "");
	cr_assert_eq(mkfifo(in_scratch("fifo"), 0600), 0);
	expect_error(append("fifo", &err), &err, HR_SYSTEM, "audit log ");
	expect_error(append("dir", &err), &err, HR_SYSTEM, "audit log ");
	expect_error(append("link", &err), &err, HR_SYSTEM, "audit log ");
	expect_error(append("dangling", &err), &err, HR_SYSTEM, "audit log ");
	expect_error(append("file/log", &err), &err, HR_SYSTEM, "audit log ");
	make_link("null", "/dev/null");
	expect_error(append("null", &err), &err, HR_SYSTEM, "audit log ");
	text = text_of("target");
	cr_expect_str_eq(text, "");
	cr_expect_eq(access(in_scratch("gone"), F_OK), -1);
}

/* A reader of the FIFO does not make it a file. */
Test(audit, fifo_with_a_reader)
{
	hr_autoclose int reader = -1;
	struct hr_error err;

	cr_assert_eq(mkfifo(in_scratch("fifo"), 0600), 0);
	reader = open(in_scratch("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert(reader >= 0);
	expect_error(append("fifo", &err), &err, HR_SYSTEM, "not a regular file");
}

Test(audit, disk_full)
{
	struct hr_error err = {0};

	expect_error(audit_append("/dev/full", json_root(doc), &err), &err, HR_SYSTEM,
		     "audit log /dev/full");
}

/* Lines of parallel calls do not mix, however long they are. */
Test(audit, parallel)
{
	hr_autofree char *text = NULL, *filler = malloc(9001);
	unsigned lines = 0;

	memset(filler, 'f', 9000);
	filler[9000] = '\0';
	json_put_string(doc, json_root(doc), "filler", filler);
	for (unsigned p = 0; p < 8; p++) {
		if (fork() != 0)
			continue;
		for (unsigned i = 0; i < 50; i++)
			audit_append(in_scratch("log"), json_root(doc), NULL);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	text = text_of("log");
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		cr_assert_eq(strlen(line), 9000 + strlen("{\"event\":\"create\",\"filler\":\"\"}"));
		cr_assert_eq(line[0], '{');
		lines++;
	}
	cr_expect_eq(lines, 400);
}

/* RFC 3339 with milliseconds, in UTC whatever the zone is. */
Test(audit, now)
{
	char buf[AUDIT_TIME];
	struct tm tm = {0};
	time_t before = time(NULL), told;
	char *rest;

	setenv("TZ", "Asia/Kolkata", 1);
	tzset();
	cr_expect_eq(audit_now(buf), buf);
	rest = strptime(buf, "%Y-%m-%dT%H:%M:%S", &tm);
	cr_assert_not_null(rest, "%s", buf);
	cr_expect_eq(strlen(rest), 5, "%s", buf);
	cr_expect(rest[0] == '.' && rest[4] == 'Z' && strspn(rest + 1, "0123456789") == 3, "%s",
		  buf);
	told = timegm(&tm);
	cr_expect(told >= before && told <= before + 2, "%s", buf);
}

/* Whoever listens or not: it does not block and does not fail. */
Test(audit, syslog_never_blocks)
{
	char text[5000];

	memset(text, 's', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < 2000; i++)
		audit_syslog(text, i % 2);
}
