/* SPDX-License-Identifier: Apache-2.0 */
/* Which records are alive, and what is swept. */
#include "state/sweep.h"

#include "state/record.h"
#include "unit.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static void start(void)
{
	scratch_make();
	make_dir("root", 0700, getuid(), getgid());
	make_dir("records", 0700, getuid(), getgid());
}

TestSuite(sweep, .init = start, .fini = scratch_drop, .timeout = 30);

Test(sweep, start_time)
{
	int64_t mine = sweep_start_time(getpid()), child, again;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	child = sweep_start_time(pid);
	again = sweep_start_time(pid);
	cr_expect_gt(mine, 0);
	cr_expect_geq(child, mine);
	cr_expect_eq(child, again);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(sweep_start_time(pid), 0);
	cr_expect_eq(sweep_start_time(0), 0);
	cr_expect_eq(sweep_start_time(-1), 0);
}

/* The name of a program may hold what separates the fields. */
Test(sweep, start_time_of_an_odd_name)
{
	static const char *const names[] = {") 0 0 0", "a b) S (c", "((((",
					    "))))",    " ",	    "x\n1 2 3"};
	int64_t before = sweep_start_time(getpid());

	for (size_t i = 0; i < hr_count(names); i++) {
		cr_assert_eq(prctl(PR_SET_NAME, names[i]), 0);
		cr_expect_eq(sweep_start_time(getpid()), before, "%s", names[i]);
	}
}

/* A record that names this process as its creator. */
static struct json_doc *record_of(pid_t pid, int64_t begun)
{
	struct json_doc *doc = NULL;
	char text[128];

	snprintf(text, sizeof(text), "{\"creator\":{\"pid\":%d,\"start\":%" PRId64 "}}", (int)pid,
		 begun);
	cr_assert_eq(json_parse("r", text, strlen(text), false, &doc, NULL), 0);
	return doc;
}

Test(sweep, alive)
{
	pid_t pid = fork();
	int64_t begun;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	begun = sweep_start_time(pid);
	{
		json_auto struct json_doc *his = record_of(pid, begun);
		json_auto struct json_doc *reused = record_of(pid, begun - 1);
		json_auto struct json_doc *own = record_of(getpid(), sweep_start_time(getpid()));

		cr_expect(sweep_alive(in_scratch("root"), "c", json_root(his)));
		cr_expect_not(sweep_alive(in_scratch("root"), "c", json_root(reused)),
			      "another process has the pid now");
		cr_expect_not(sweep_alive(in_scratch("root"), "c", json_root(own)),
			      "this process itself");
		cr_expect_not(sweep_alive(in_scratch("root"), "c", NULL));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		cr_expect_not(sweep_alive(in_scratch("root"), "c", json_root(his)));
		make_dir("root/c", 0700, getuid(), getgid());
		cr_expect(sweep_alive(in_scratch("root"), "c", json_root(reused)));
		cr_expect(sweep_alive(in_scratch("root"), "c", NULL));
	}
}

static const char *const creators[] = {
	"{}",
	"{\"creator\":null}",
	"{\"creator\":7}",
	"{\"creator\":{}}",
	"{\"creator\":{\"pid\":1}}",
	"{\"creator\":{\"pid\":\"1\",\"start\":1}}",
	"{\"creator\":{\"pid\":1,\"start\":0}}",
	"{\"creator\":{\"pid\":0,\"start\":0}}",
	"{\"creator\":{\"pid\":-1,\"start\":1}}",
	"{\"creator\":{\"pid\":4294967297,\"start\":1}}",
	"{\"creator\":{\"pid\":9223372036854775808,\"start\":1}}",
	"{\"creator\":{\"pid\":1.5,\"start\":1}}",
};

/* What names no process keeps nothing alive. */
static void check_creators(const char *const *row, size_t i)
{
	json_auto struct json_doc *doc = NULL;

	cr_assert_eq(json_parse("r", *row, strlen(*row), false, &doc, NULL), 0);
	cr_expect_not(sweep_alive("/nowhere", "c", json_root(doc)), "row %zu", i);
}
ROWS(sweep_creators, creators)

static void put_record(const char *name, const char *text, time_t age)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - age}};
	char path[128];

	times[1] = times[0];
	snprintf(path, sizeof(path), "records/%s", name);
	make_file(path, text);
	cr_assert_eq(utimensat(AT_FDCWD, in_scratch(path), times, 0), 0);
}

static bool there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "records/%s", name);
	return access(in_scratch(path), F_OK) == 0;
}

static void sweep(unsigned most, int grace)
{
	hr_autoclose int fd = open(in_scratch("records"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	sweep_some(fd, most, grace, NULL);
}

static const struct {
	const char *name, *text; /* %s: the runtime's root, in which "live" is */
	time_t age;
	bool stays;
} swept[] = {
	{"dead.json", "{\"root\":\"%s\",\"id\":\"gone\"}", 100, false},
	{"young.json", "{\"root\":\"%s\",\"id\":\"gone\"}", 10, true},
	{"live.json", "{\"root\":\"%s\",\"id\":\"live\"}", 100, true},
	{"old.json", "{\"root\":\"%s\",\"id\":\"live\"}", 1000000, true},
	{"noid.json", "{\"root\":\"%s\"}", 100, false},
	{"noroot.json", "{\"id\":\"live\"}", 100, false},
	{"bad.json", "{", 100, false},
	{"bad-young.json", "{", 10, true},
	{"empty.json", "", 100, false},
	{"other.txt", "{", 100, true},
	{".hidden.json", "{", 100, true},
	{".lock", "", 100, true},
};

static void check_swept(const __typeof__(swept[0]) *row, size_t i)
{
	char text[PATH_MAX * 2];

	start();
	make_dir("root/live", 0700, getuid(), getgid());
	{
		const char *at = strstr(row->text, "%s");

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at ? at - row->text : 0), row->text,
			 at ? in_scratch("root") : "", at ? at + 2 : row->text);
	}
	put_record(row->name, text, row->age);
	sweep(8, 60);
	cr_expect_eq(there(row->name), row->stays, "row %zu: %s", i, row->name);
	scratch_drop();
}
ROWS(sweep_swept, swept)

/* Odd things in the directory neither hold nor stop it. */
Test(sweep, odd_entries)
{
	make_dir("records/dir.json", 0700, getuid(), getgid());
	make_link("records/link.json", "/etc/passwd");
	cr_assert_eq(mkfifo(in_scratch("records/fifo.json"), 0600), 0);
	put_record("dead.json", "{}", 100);
	sweep(8, 60);
	cr_expect(there("dir.json"));
	cr_expect(access("/etc/passwd", F_OK) == 0);
	cr_expect_not(there("dead.json"));
	sweep_some(-1, 8, 60, NULL);
}

/* With many live ones the dead ones are found all the same, a few at a time. */
/* Each looks from another place at some of them: how many it takes is chance. */
static bool any_dead(void)
{
	char name[64];

	for (unsigned i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "dead%u.json", i);
		if (there(name))
			return true;
	}
	return false;
}

Test(sweep, finds_the_dead_among_many)
{
	char name[64], text[PATH_MAX * 2];

	make_dir("root/live", 0700, getuid(), getgid());
	snprintf(text, sizeof(text), "{\"root\":\"%s\",\"id\":\"live\"}", in_scratch("root"));
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "live%u.json", i);
		put_record(name, text, 100);
	}
	for (unsigned i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "dead%u.json", i);
		put_record(name, "{}", 100);
	}
	/* Another process each time, as with creates. */
	for (unsigned i = 0; i < 3000 && any_dead(); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			sweep(8, 60);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "live%u.json", i);
		cr_expect(there(name), "%s", name);
	}
	for (unsigned i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "dead%u.json", i);
		cr_expect_not(there(name), "%s", name);
	}
}
