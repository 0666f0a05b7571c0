/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the kernel's records are: containers here are processes of the test with a record and a
 * runtime's state. */
#include "command/kernel_join.h"

#include "state/sweep.h"
#include "unit.h"

#include <signal.h>
#include <sched.h>
#include <sys/wait.h>
#include <time.h>

#define BASE 1879048192U

static pid_t children[4];
static size_t child_count;
static struct kernel_join *all;

static void start(void)
{
	scratch_make();
	make_dir("root", 0700, geteuid(), getegid());
	make_dir("records", 0700, geteuid(), getegid());
}

static void end(void)
{
	kernel_join_free(all);
	all = NULL;
	while (child_count > 0) {
		kill(children[--child_count], SIGKILL);
		waitpid(children[child_count], NULL, 0);
	}
	scratch_drop();
}

TestSuite(kernel_join, .init = start, .fini = end, .timeout = 30);

/* A process that stays; `alone`: the first one of a pid namespace. */
static pid_t process(bool alone)
{
	pid_t pid;

	if (alone)
		cr_assert_eq(unshare(CLONE_NEWPID), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		for (;;)
			pause();
	children[child_count++] = pid;
	return pid;
}

static void put(const char *id, pid_t init, int64_t began, const char *more)
{
	char text[512], name[64];

	snprintf(name, sizeof(name), "root/%s", id);
	make_dir(name, 0700, geteuid(), getegid());
	snprintf(name, sizeof(name), "root/%s/state.json", id);
	snprintf(text, sizeof(text), "{\"init_process_pid\":%d,\"init_process_start\":%lld}", init,
		 (long long)began);
	make_file(name, text);
	snprintf(name, sizeof(name), "records/%s.json", id);
	snprintf(text, sizeof(text), "{\"id\":\"%s\",\"root\":\"%s\"%s}", id, in_scratch("root"),
		 more);
	make_file(name, text);
}

static void container(const char *id, pid_t init, const char *more)
{
	put(id, init, sweep_start_time(init), more);
}

static void look(void)
{
	struct hr_error err = {0};

	cr_assert_ok(kernel_join_open(scratch, &all, &err), err);
}

/* Whose it is, and how that was told. */
static void expect(struct kernel_record record, const char *prefer, const char *id,
		   enum kernel_join_by by)
{
	enum kernel_join_by told = KERNEL_JOINS;
	const struct json *found;

	if (record.seconds == 0)
		record.seconds = time(NULL);
	found = kernel_join_find(all, &record, prefer, &told);
	cr_expect_eq(told, by, "by %d, wanted %d", told, by);
	cr_expect_eq(!found, !id);
	if (found && id)
		cr_expect_str_eq(json_string(found, "id"), id);
}

static struct kernel_record of(pid_t pid)
{
	return (struct kernel_record){.pid = pid, .uid = 0};
}

Test(kernel_join, nothing)
{
	look();
	cr_expect_eq(kernel_join_since(all, NULL), 0);
	cr_expect_not(kernel_join_lives(all, "one"));
	expect(of(getpid()), NULL, NULL, KERNEL_JOIN_NONE);
	kernel_join_free(all);
	all = NULL;
	rmdir(in_scratch("records"));
	look();
	expect(of(getpid()), NULL, NULL, KERNEL_JOIN_NONE);
}

Test(kernel_join, first_process)
{
	pid_t one = process(false), other = process(false);

	container("one", one, "");
	look();
	cr_expect(kernel_join_lives(all, "one"));
	cr_expect_not(kernel_join_lives(all, "on"));
	expect(of(one), NULL, "one", KERNEL_JOIN_PROCESS);
	expect(of(one), "another", "one", KERNEL_JOIN_PROCESS);
	/* Its cgroup and pid namespace are the test's own. */
	expect(of(other), NULL, NULL, KERNEL_JOIN_NONE);
	expect(of(getpid()), NULL, NULL, KERNEL_JOIN_NONE);
	expect(of(0), NULL, NULL, KERNEL_JOIN_NONE);
	expect(of(-5), NULL, NULL, KERNEL_JOIN_NONE);
}

/* The number was another process's when the record was written. */
Test(kernel_join, number_used_again)
{
	pid_t one = process(false);
	struct kernel_record before = of(one);

	container("one", one, "");
	look();
	before.seconds = kernel_join_since(all, "one") - 60;
	expect(before, NULL, NULL, KERNEL_JOIN_NONE);
	before.seconds = kernel_join_since(all, "one");
	expect(before, NULL, "one", KERNEL_JOIN_PROCESS);
}

Test(kernel_join, gone)
{
	pid_t one = process(false);

	container("one", one, ",\"level\":\"s0:c1,c2\"");
	put("two", one, sweep_start_time(one) + 1, "");
	kill(one, SIGKILL);
	waitpid(one, NULL, 0);
	child_count = 0;
	look();
	cr_expect_not(kernel_join_lives(all, "one"));
	cr_expect_not(kernel_join_lives(all, "two"));
	expect((struct kernel_record){.pid = one,
				      .uid = UINT32_MAX,
				      .subject = "system_u:system_r:container_t:s0:c1,c2"},
	       NULL, NULL, KERNEL_JOIN_NONE);
}

Test(kernel_join, pid_namespace)
{
	pid_t one, inner;

	need_root();
	one = process(true);
	container("one", one, "");
	inner = fork(); /* in the namespace too: unshare(2) is about children */
	cr_assert_geq(inner, 0);
	if (inner == 0)
		for (;;)
			pause();
	children[child_count++] = inner;
	look();
	expect(of(inner), NULL, "one", KERNEL_JOIN_PROCESS);
	kernel_join_free(all);
	/* shared by two containers: it cannot be told */
	container("two", inner, "");
	look();
	expect(of(one), NULL, "one", KERNEL_JOIN_PROCESS);
	expect(of(inner), NULL, "two", KERNEL_JOIN_PROCESS);
}

Test(kernel_join, pods)
{
	pid_t one = process(false), two = process(false), three = process(false);
	struct kernel_record record = {.pid = 0, .uid = UINT32_MAX};
	char range[64];

	snprintf(range, sizeof(range), ",\"range\":\"%u\"", BASE);
	container("one", one, ",\"level\":\"s0:c1,c2\"");
	container("two", two, ",\"level\":\"s0:c1,c2\"");
	container("three", three, range);
	look();
	snprintf(record.subject, sizeof(record.subject), "system_u:system_r:container_t:s0:c1,c2");
	expect(record, "one", "one", KERNEL_JOIN_LEVEL);
	expect(record, "two", "two", KERNEL_JOIN_LEVEL);
	record.seconds = kernel_join_since(all, NULL) - 60;
	expect(record, "two", NULL, KERNEL_JOIN_NONE);
	record.seconds = 0;
	snprintf(record.subject, sizeof(record.subject), "system_u:system_r:container_t:s0:c1,c20");
	expect(record, "one", NULL, KERNEL_JOIN_NONE);
	snprintf(record.subject, sizeof(record.subject), "system_u:system_r:container_t:s0");
	expect(record, "one", NULL, KERNEL_JOIN_NONE);
	record.uid = BASE;
	expect(record, NULL, "three", KERNEL_JOIN_RANGE);
	record.uid = BASE + 65535;
	expect(record, NULL, "three", KERNEL_JOIN_RANGE);
	record.uid = BASE + 65536;
	expect(record, NULL, NULL, KERNEL_JOIN_NONE);
	record.uid = BASE - 1;
	expect(record, NULL, NULL, KERNEL_JOIN_NONE);
}

/* Records and states that are none. */
Test(kernel_join, broken)
{
	pid_t one = process(false);

	container("one", one, "");
	make_file("records/a.json", "{");
	make_file("records/b.json", "{\"id\":7}");
	make_file("records/c.json", "{\"id\":\"../x\",\"root\":\"/run\"}");
	make_file("records/d.json", "{\"id\":\"d\"}");
	make_file("records/e.json", "[]");
	make_dir("root/f", 0700, geteuid(), getegid());
	make_file("root/f/state.json", "{\"init_process_pid\":-1}");
	make_file("records/f.json", "{\"id\":\"f\",\"root\":\"/none\"}");
	look();
	expect(of(one), NULL, "one", KERNEL_JOIN_PROCESS);
	cr_expect_not(kernel_join_lives(all, "f"));
}
