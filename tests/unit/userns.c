/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"
#include "host/userns.h"

#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define BASE 1879048192U

static int userns = -1;

static void begin(void)
{
	struct hr_error err = {0};

	need_root();
	scratch_make();
	cr_assert_ok(userns_make(BASE, 65536, &userns, &err), err);
}

static void end(void)
{
	scratch_drop();
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
}

TestSuite(userns, .init = begin, .fini = end, .timeout = 30);

static const char *path_of(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

Test(userns, made)
{
	struct host_ids ids[2] = {0};
	struct hr_error err = {0};
	uint32_t base, size;
	size_t count;

	cr_expect_eq(fcntl(userns, F_GETFD), FD_CLOEXEC);
	for (int groups = 0; groups < 2; groups++) {
		cr_assert_ok(userns_maps(path_of(userns), groups, ids, 2, &count, &err), err);
		cr_expect_eq(count, 1);
		cr_expect_eq(ids[0].inside, 0);
		cr_expect_eq(ids[0].outside, BASE);
		cr_expect_eq(ids[0].count, 65536);
	}
	cr_assert_ok(userns_range(userns, &base, &size, &err), err);
	cr_expect_eq(base, BASE);
	cr_expect_eq(size, 65536);
}

/* In a child, as this program has threads, which no user namespace takes in. */
static int look_inside(void *data, int *ret, struct hr_error *err)
{
	struct stat owner, own;

	(void)data;
	if (setns(userns, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0)
		return hr_fail_errno(err, errno, "setns");
	*ret = (userns_is_first() ? 1 : 0) |
	       (userns_owner("/proc/self/ns/net", &owner) && fstat(userns, &own) == 0 &&
				owner.st_ino == own.st_ino
			? 2
			: 0);
	return 0;
}

Test(userns, inside)
{
	struct hr_error err = {0};
	int ret = 0;

	cr_assert_ok(child_work(0, look_inside, NULL, &ret, &err), err);
	cr_expect_eq(ret, 2, "it is not the first, and owns what is made in it");
}

Test(userns, own)
{
	struct host_ids ids = {0};
	struct hr_error err = {0};
	size_t count;

	cr_expect(userns_is_first());
	cr_assert_ok(userns_maps("/proc/self/ns/user", false, &ids, 1, &count, &err), err);
	cr_expect_eq(count, 1);
	cr_expect_eq(ids.outside, 0);
	cr_expect_eq(ids.count, UINT32_MAX);
}

Test(userns, not_root_is_not_first)
{
	cr_assert_eq(setresuid(1000, 1000, 1000), 0);
	cr_expect_not(userns_is_first());
}

/* Several ranges, in a child whose map we write ourselves. */
Test(userns, other_maps)
{
	struct host_ids ids[2] = {0};
	struct hr_error err = {0};
	char path[64];
	uint32_t base, size;
	size_t count;
	int ends[2], fd;
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) == 0 && write(ends[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	cr_assert_ok(userns_maps(path, false, ids, 2, &count, &err), err);
	cr_expect_eq(count, 0);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_gt(write(fd, "0 0 1\n1 200000 10\n100 300000 5\n", 31), 0);
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	cr_assert_ok(userns_maps(path, false, ids, 2, &count, &err), err);
	cr_expect_eq(count, 3);
	cr_expect_eq(ids[0].outside, 0);
	cr_expect_eq(ids[1].inside, 1);
	cr_expect_eq(ids[1].outside, 200000);
	cr_expect_eq(ids[1].count, 10);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	expect_error(userns_range(fd, &base, &size, &err), &err, HR_DENIED, "not one range");
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const char *const no_namespaces[] = {"/etc/passwd", "/dev/null", "/proc/self/ns/net",
					    "/proc/self/ns/nowhere", "/"};

static void check_no_namespaces(const char *const *row, size_t i)
{
	struct hr_error err = {0};
	struct host_ids ids;
	size_t count;

	(void)i;
	expect_error(userns_maps(*row, false, &ids, 1, &count, &err), &err, HR_SYSTEM,
		     "user namespace");
}
ROWS(userns, no_namespaces)

Test(userns, fifo_is_not_opened)
{
	struct host_ids ids;
	struct stat st;
	size_t count;

	cr_assert_eq(mkfifo(in_scratch("fifo"), 0600), 0);
	cr_expect_eq(userns_maps(in_scratch("fifo"), false, &ids, 1, &count, NULL), -1);
	cr_expect_not(userns_owner(in_scratch("fifo"), &st));
	cr_expect_eq(userns_open(in_scratch("fifo"), CLONE_NEWNET), -1);
}

Test(userns, owner)
{
	struct stat owner, ours;
	int fd;

	cr_assert_eq(stat("/proc/self/ns/user", &ours), 0);
	cr_assert(userns_owner("/proc/self/ns/net", &owner));
	cr_expect_eq(owner.st_ino, ours.st_ino);
	cr_assert(userns_owner(path_of(userns), &owner));
	cr_expect_eq(owner.st_ino, ours.st_ino);
	/* Our own parent is none of ours. */
	cr_expect_not(userns_owner("/proc/self/ns/user", &owner));
	fd = userns_open("/proc/self/ns/net", CLONE_NEWNET);
	cr_expect_geq(fd, 0);
	close(fd);
	cr_expect_eq(userns_open("/proc/self/ns/net", CLONE_NEWPID), -1);
	cr_expect_eq(errno, EINVAL);
}

static const struct {
	const char *path, *why;
} unmappable[] = {
	{"/proc", "is on a file system that cannot have other ids"},
	{"/sys", "is on a file system that cannot have other ids"},
};

static void check_unmappable(const __typeof__(unmappable[0]) *row, size_t i)
{
	hr_autoclose int fd = open(row->path, O_PATH | O_CLOEXEC);
	const char *why = NULL;

	(void)i;
	cr_expect_not(userns_idmaps(fd, false, userns, &why));
	cr_assert_not_null(why);
	cr_expect_str_eq(why, row->why);
}
ROWS(userns, unmappable)

/* Where /usr or the scratch directory is on such a file system, as nearly everywhere. */
Test(userns, clone)
{
	hr_autoclose int fd = open("/usr", O_PATH | O_CLOEXEC);
	hr_autoclose int tree = -1;
	const char *why = NULL;
	struct stat st;

	tree = userns_clone(fd, false, userns, &why);
	if (tree < 0)
		cr_skip_test("/usr %s", why);
	cr_assert_eq(fstat(tree, &st), 0);
	cr_expect_eq(st.st_uid, BASE);
	/* A second time, and with one below that cannot. */
	cr_expect_not(userns_idmaps(tree, false, userns, &why));
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("/usr", scratch, NULL, MS_BIND, NULL), 0);
	cr_assert_eq(mount("proc", in_scratch("lib"), "proc", 0, NULL), 0);
	close(fd);
	fd = open(scratch, O_PATH | O_CLOEXEC);
	cr_expect_not(userns_idmaps(fd, true, userns, &why));
	cr_expect_str_eq(why, "has something mounted below it that cannot have other ids");
	cr_expect(userns_idmaps(fd, false, userns, &why));
	umount2(in_scratch("lib"), MNT_DETACH);
	umount2(scratch, MNT_DETACH);
}

Test(userns, no_user_namespace)
{
	hr_autoclose int fd = open("/usr", O_PATH | O_CLOEXEC);
	const char *why = NULL;

	cr_expect_not(userns_idmaps(fd, false, -1, &why));
	cr_expect_not_null(why);
}

Test(userns, no_more_of_them)
{
	struct hr_error err = {0};
	int fd = -1;

	/* Not a user namespace that could be mapped: two of one id. */
	expect_error(userns_make(4294967295U, 65536, &fd, &err), &err, HR_SYSTEM, "uid_map");
	cr_expect_eq(fd, -1);
}
