/* SPDX-License-Identifier: Apache-2.0 */
/* The walk along a path of which every step must be root's. Needs root. */
#include "base/file.h"

#include "base/text.h"
#include "unit.h"

#include <errno.h>

#define NOBODY 65534

/*
 * root/        0755 root          shared/      1777 root, sticky
 *   dir/ file                       rdir/ rfile  root's
 *   up -> ..                        udir/        nobody's
 *   abs -> SCRATCH/root/dir         ulink -> ../root/dir, the link nobody's
 *   rel -> dir                      rlink -> ../root/dir, the link root's
 *   ulink -> dir, nobody's          to_udir -> udir, the link root's
 *   out -> ../user/dir              self -> ., the link root's
 * user/        0755 nobody        usticky/     1777 nobody
 *   dir/ (root's) back -> ../root   dir/ (root's)
 * wide/        0777 root, dir/    group/ 0775 root:nobody, dir/
 * rgroup/      0775 root:root, dir/
 * gsticky/     1775 root:nobody, dir/ (root's)
 */
static void make_tree(void)
{
	need_root();
	scratch_make();
	make_dir("root", 0755, 0, 0);
	make_dir("root/dir", 0755, 0, 0);
	make_file("root/file", "");
	make_dir("shared", 01777, 0, 0);
	make_dir("shared/rdir", 0755, 0, 0);
	make_file("shared/rfile", "");
	make_dir("shared/udir", 0755, NOBODY, NOBODY);
	make_dir("user", 0755, NOBODY, NOBODY);
	make_dir("user/dir", 0755, 0, 0);
	make_dir("usticky", 01777, NOBODY, 0);
	make_dir("usticky/dir", 0755, 0, 0);
	make_dir("wide", 0777, 0, 0);
	make_dir("wide/dir", 0755, 0, 0);
	make_dir("group", 0775, 0, NOBODY);
	make_dir("group/dir", 0755, 0, 0);
	make_dir("rgroup", 0775, 0, 0);
	make_dir("rgroup/dir", 0755, 0, 0);
	make_dir("gsticky", 01775, 0, NOBODY);
	make_dir("gsticky/dir", 0755, 0, 0);
	make_file("root/wfile", "");
	cr_assert_eq(chmod(in_scratch("root/wfile"), 0666), 0);
	make_file("root/ufile", "");
	cr_assert_eq(chown(in_scratch("root/ufile"), NOBODY, 0), 0);
	make_link("root/up", "..");
	make_link("root/abs", in_scratch("root/dir"));
	make_link("root/rel", "dir");
	make_link("root/out", "../user/dir");
	make_link("root/ulink", "dir");
	cr_assert_eq(lchown(in_scratch("root/ulink"), NOBODY, 0), 0);
	make_link("root/loop", "loop");
	make_link("root/dangling", "gone");
	make_link("shared/ulink", "../root/dir");
	cr_assert_eq(lchown(in_scratch("shared/ulink"), NOBODY, 0), 0);
	make_link("shared/rlink", "../root/dir");
	make_link("shared/to_udir", "udir");
	make_link("shared/self", ".");
	make_link("user/back", "../root");
}

TestSuite(trusted, .timeout = 20);

#define GOOD HR_OK

static const struct {
	const char *path; /* below the tree */
	bool directory;
	enum hr_code code;
	const char *words; /* in the message: the component */
} paths[] = {
	{"root", true, GOOD, NULL},
	{"root/dir", true, GOOD, NULL},
	{"root/dir", false, GOOD, NULL},
	{"root/file", false, GOOD, NULL},
	{"root/file", true, HR_SYSTEM, "root/file"},
	{"root/gone", true, HR_SYSTEM, "missing"},
	{"root/gone/dir", true, HR_SYSTEM, "missing"},
	{"root/file/dir", true, HR_SYSTEM, "root/file/dir"},
	{"root//dir///", true, GOOD, NULL},
	{"root/./dir/.", true, GOOD, NULL},
	{"root/dir/../dir", true, GOOD, NULL},
	{"root/../../../../../../etc", true, GOOD, NULL}, /* out of the tree: /etc */
	/* owner and mode */
	{"user", true, HR_UNTRUSTED, "\"user\""},
	{"user/dir", true, HR_UNTRUSTED, "\"user\""},
	{"user/../root", true, HR_UNTRUSTED, "\"user\""},
	{"wide", true, HR_UNTRUSTED, "\"wide\""},
	{"wide/dir", true, HR_UNTRUSTED, "\"wide\""},
	{"group", true, HR_UNTRUSTED, "\"group\""},
	{"group/dir", true, HR_UNTRUSTED, "\"group\""},
	{"rgroup/dir", true, HR_UNTRUSTED, "rgroup"},
	{"root/wfile", false, HR_UNTRUSTED, "\"wfile\""},
	{"root/ufile", false, HR_UNTRUSTED, "\"ufile\""},
	/* sticky */
	{"shared/rdir", true, GOOD, NULL},
	{"shared/rfile", false, GOOD, NULL},
	{"shared/rdir/../rdir", true, GOOD, NULL},
	{"shared", true, HR_UNTRUSTED, "can be written by everybody"},
	{"shared", false, HR_UNTRUSTED, "can be written by everybody"},
	{"shared/.", true, HR_UNTRUSTED, "can be written by everybody"},
	{"shared/rdir/..", true, HR_UNTRUSTED, "can be written by everybody"},
	{"shared/self", true, HR_UNTRUSTED, "can be written by everybody"},
	{"shared/udir", true, HR_UNTRUSTED, "\"udir\""},
	{"shared/gone", true, HR_SYSTEM, "missing"},
	{"usticky/dir", true, HR_UNTRUSTED, "\"usticky\""},
	{"gsticky/dir", true, GOOD, NULL},
	{"gsticky", true, HR_UNTRUSTED, "gsticky"},
	/* links */
	{"root/rel", true, GOOD, NULL},
	{"root/abs", true, GOOD, NULL},
	{"root/up/root/dir", true, GOOD, NULL},
	{"root/rel/../file", false, GOOD, NULL},
	{"root/ulink", true, HR_UNTRUSTED, "\"ulink\""},
	{"root/out", true, HR_UNTRUSTED, "\"user\""},
	{"root/loop", true, HR_UNTRUSTED, "too many symbolic links"},
	{"root/dangling", false, HR_SYSTEM, "missing"},
	{"shared/rlink", true, GOOD, NULL},
	{"shared/ulink", true, HR_UNTRUSTED, "\"ulink\""},
	{"shared/to_udir", true, HR_UNTRUSTED, "\"udir\""},
	{"user/back/dir", true, HR_UNTRUSTED, "\"user\""},
};

static void check_paths(const __typeof__(paths[0]) *row, size_t i)
{
	struct hr_error err = {0};
	struct stat got, wanted;
	const char *path;
	int fd = -7;

	make_tree();
	path = in_scratch(row->path);
	if (row->code == GOOD) {
		cr_expect_eq(file_open_trusted(path, row->directory, &fd, &err), 0, "row %zu: %s",
			     i, err.msg);
		cr_assert(fd >= 0, "row %zu", i);
		cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		cr_expect_eq(!!(fcntl(fd, F_GETFL) & O_PATH), !row->directory);
		cr_assert_eq(fstat(fd, &got), 0);
		cr_assert_eq(stat(path, &wanted), 0);
		cr_expect(got.st_dev == wanted.st_dev && got.st_ino == wanted.st_ino, "row %zu", i);
		close(fd);
	} else {
		expect_error(file_open_trusted(path, row->directory, &fd, &err), &err, row->code,
			     row->words);
		cr_expect_eq(fd, -7, "row %zu: output set on failure", i);
	}
	scratch_drop();
}
ROWS(trusted, paths)

Test(trusted, errno_of_a_missing_one)
{
	int fd = -1;

	need_root();
	errno = 0;
	cr_expect_eq(file_open_trusted("/root-has-no-such-directory/x", true, &fd, NULL), -1);
	cr_expect_eq(errno, ENOENT);
	cr_expect_eq(fd, -1);
}

Test(trusted, the_root_itself)
{
	struct hr_error err = {0};
	int fd = -1;

	need_root();
	cr_assert_ok(file_open_trusted("/", true, &fd, &err), err);
	close(fd);
	cr_assert_ok(file_open_trusted("/../..//", true, &fd, &err), err);
	close(fd);
}

/* Nothing is left open, on neither way. */
Test(trusted, closes_what_it_opened)
{
	int before, after, fd;

	make_tree();
	before = open("/dev/null", O_RDONLY);
	close(before);
	for (size_t i = 0; i < hr_count(paths); i++)
		if (file_open_trusted(in_scratch(paths[i].path), paths[i].directory, &fd, NULL) ==
		    0)
			close(fd);
	after = open("/dev/null", O_RDONLY);
	cr_expect_eq(before, after);
	scratch_drop();
}

static const char *const not_absolute[] = {"", "x", "./x", "../x", "root/dir"};

static void check_not_absolute(const char *const *row, size_t i)
{
	struct hr_error err = {0};
	int fd = -1;

	(void)i;
	expect_error(file_open_trusted(*row, true, &fd, &err), &err, HR_USAGE, "absolute");
}
ROWS(trusted, not_absolute)

Test(trusted, lengths)
{
	char path[2 * PATH_MAX];
	struct hr_error err = {0}, other = {0};
	int fd = -1;

	need_root();
	memset(path, 'n', sizeof(path));
	path[0] = '/';
	path[NAME_MAX + 2] = '\0';
	expect_error(file_open_trusted(path, true, &fd, &err), &err, HR_UNTRUSTED, "too long");
	path[NAME_MAX + 2] = 'n';
	path[PATH_MAX] = '\0';
	expect_error(file_open_trusted(path, true, &fd, &other), &other, HR_USAGE, "length");
	for (size_t i = 0; i < PATH_MAX - 1; i++)
		path[i] = '/';
	path[PATH_MAX - 1] = '\0';
	err = (struct hr_error){0};
	cr_expect_ok(file_open_trusted(path, true, &fd, &err), err);
	close(fd);
}

/* As many links as the kernel follows (path_resolution(7)), and one more. */
Test(trusted, forty_links)
{
	struct hr_error err = {0}, other = {0};
	char name[32], target[32];
	int fd = -1;

	make_tree();
	for (unsigned i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "root/link%u", i);
		snprintf(target, sizeof(target), i == 1 ? "dir" : "link%u", i - 1);
		make_link(name, target);
	}
	cr_expect_ok(file_open_trusted(in_scratch("root/link40"), true, &fd, &err), err);
	close(fd);
	cr_expect_eq(open(in_scratch("root/link41"), O_RDONLY), -1);
	expect_error(file_open_trusted(in_scratch("root/link41"), true, &fd, &other), &other,
		     HR_UNTRUSTED, "too many symbolic links");
	scratch_drop();
}

/* A target that with the rest behind it has no room. */
Test(trusted, long_link)
{
	char target[PATH_MAX];
	struct hr_error err = {0};
	text_auto struct text path = {0};
	int fd = -1;

	make_tree();
	for (size_t i = 0; i + 2 < sizeof(target); i += 2)
		memcpy(target + i, "./", 2);
	target[sizeof(target) - 2] = '\0';
	make_link("root/long", target);
	text_adds(&path, in_scratch("root/long"));
	for (unsigned i = 0; i < 100; i++)
		text_adds(&path, "/.");
	expect_error(file_open_trusted(path.data, true, &fd, &err), &err, HR_UNTRUSTED, "too long");
	scratch_drop();
}
