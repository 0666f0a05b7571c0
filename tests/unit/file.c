/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

TestSuite(file, .init = scratch_make, .fini = scratch_drop, .timeout = 20);

static int scratch_fd(void)
{
	int fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0);
	return fd;
}

/* Files in the scratch directory whose names begin with `prefix`. */
static unsigned count_files(const char *prefix)
{
	DIR *dir = opendir(scratch);
	unsigned found = 0;

	cr_assert_not_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		found += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(dir);
	return found;
}

Test(file, read_whole)
{
	hr_autofree char *text = NULL;
	hr_autoclose int dirfd = scratch_fd();
	struct hr_error err = {0};
	struct stat st = {0};
	size_t len = 0;

	make_file("f", "one\ntwo\n");
	cr_assert_eq(chmod(in_scratch("f"), 0640), 0);
	cr_assert_ok(file_read_at(dirfd, "f", "F", 100, &text, &len, &st, &err), err);
	cr_expect_eq(len, 8);
	cr_expect_str_eq(text, "one\ntwo\n");
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(st.st_size, 8);
}

Test(file, read_empty)
{
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len = 9;

	make_file("empty", "");
	cr_assert_ok(file_read_at(AT_FDCWD, in_scratch("empty"), "F", 0, &text, &len, NULL, &err),
		     err);
	cr_expect_eq(len, 0);
	cr_expect_str_eq(text, "");
}

static const struct {
	size_t size, max;
	bool fits;
} limits[] = {
	{0, 0, true},	      {1, 0, false},	     {10, 10, true},
	{11, 10, false},      {16384, 16384, true},  {16385, 16384, false},
	{40000, 40000, true}, {40000, 39999, false}, {100000, 10, false},
};

static void check_limits(const __typeof__(limits[0]) *row, size_t i)
{
	hr_autofree char *text = NULL;
	hr_autofree char *content = malloc(row->size + 1);
	struct hr_error err = {0};
	size_t len = 0;
	int result;

	cr_assert_not_null(content);
	scratch_make();
	memset(content, 'c', row->size);
	content[row->size] = '\0';
	make_file("f", content);
	result = file_read_at(AT_FDCWD, in_scratch("f"), "FILE", row->max, &text, &len, NULL, &err);
	if (row->fits) {
		cr_expect_eq(result, 0, "row %zu: %s", i, err.msg);
		cr_expect_eq(len, row->size, "row %zu", i);
	} else {
		expect_error(result, &err, HR_SPEC, "FILE: larger than ");
		cr_expect_null(text);
	}
	scratch_drop();
}
ROWS(file_limits, limits)

Test(file, read_missing)
{
	struct hr_error err = {0};
	char *text = NULL;
	size_t len;

	errno = 0;
	cr_expect_eq(file_read_at(AT_FDCWD, in_scratch("gone"), "F", 9, &text, &len, NULL, &err),
		     -1);
	cr_expect_eq(errno, ENOENT);
	expect_error(-1, &err, HR_SYSTEM, "F: missing");
	cr_expect_null(text);
}

/* What is no regular file is not read, and does not hold us. */
Test(file, read_odd_kinds)
{
	struct sockaddr_un {
		sa_family_t family;
		char path[108];
	} address = {.family = AF_UNIX};
	hr_autoclose int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static const char *const names[] = {"fifo", "dir", "null", "link", "dangling"};

	make_file("f", "x");
	make_link("link", "f");
	make_link("dangling", "gone");
	make_dir("dir", 0755, getuid(), getgid());
	cr_assert_eq(mkfifo(in_scratch("fifo"), 0644), 0);
	make_link("null", "/dev/null");
	snprintf(address.path, sizeof(address.path), "%s", in_scratch("sock"));
	cr_assert_eq(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t i = 0; i < hr_count(names); i++) {
		struct hr_error err = {0};
		char *text = NULL;
		size_t len;
		int result = file_read_at(AT_FDCWD, in_scratch(names[i]), names[i], 99, &text, &len,
					  NULL, &err);

		expect_error(result, &err, HR_UNTRUSTED, names[i]);
		cr_expect_null(text);
	}
	for (int device = 0; device < 2; device++) {
		struct hr_error err = {0};
		char *text = NULL;
		size_t len;
		int result = file_read_at(AT_FDCWD, device ? "/dev/zero" : in_scratch("sock"),
					  "odd", 99, &text, &len, NULL, &err);

		cr_expect_eq(result, -1);
		cr_expect(err.code == HR_UNTRUSTED || err.code == HR_SYSTEM);
	}
}

Test(file, read_pipe)
{
	hr_autofree char *text = NULL;
	struct hr_error err = {0};
	size_t len = 0;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "from a pipe", 11), 11);
	close(ends[1]);
	cr_assert_ok(file_read_fd(ends[0], "P", 11, &text, &len, &err), err);
	cr_expect_str_eq(text, "from a pipe");
	close(ends[0]);
	expect_error(file_read_fd(ends[0], "P", 11, &text, &len, &err), &err, HR_SYSTEM,
		     "P: read: ");
}

Test(file, write_fails)
{
	hr_autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct hr_error err = {0};

	cr_expect_ok(file_write_fd(full, "F", "", 0, &err), err);
	expect_error(file_write_fd(full, "F", "x", 1, &err), &err, HR_SYSTEM, "F: write: ");
}

/* A pipe with less room than the bytes: the rest follows. */
Test(file, write_in_parts)
{
	hr_autofree char *text = NULL;
	hr_autofree char *bytes = calloc(1, 200000);
	struct hr_error err = {0};
	size_t len;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	if (fork() == 0) {
		close(ends[0]);
		_exit(file_write_fd(ends[1], "F", bytes, 200000, NULL) == 0 ? 0 : 1);
	}
	close(ends[1]);
	cr_assert_ok(file_read_fd(ends[0], "P", 200000, &text, &len, &err), err);
	cr_expect_eq(len, 200000);
}

Test(file, replace_makes)
{
	hr_autofree char *text = NULL;
	hr_autoclose int dirfd = scratch_fd();
	struct hr_error err = {0};
	struct stat st;

	umask(077);
	cr_assert_ok(file_replace_at(dirfd, "new", "bytes", 5, 0664, getuid(), getgid(), &err),
		     err);
	text = text_of("new");
	cr_expect_str_eq(text, "bytes");
	cr_assert_eq(stat(in_scratch("new"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFREG | 0664);
	cr_expect_eq(count_files(".hardrun"), 0);
}

/* Whoever has the old file open keeps it; the name has the new one, owner and mode as told. */
Test(file, replace_is_a_rename)
{
	hr_autofree char *text = NULL, *before = NULL;
	hr_autoclose int dirfd = scratch_fd();
	hr_autoclose int old = -1;
	struct hr_error err = {0};
	struct stat was, is;
	size_t len;

	need_root();
	make_file("config.json", "old");
	old = open(in_scratch("config.json"), O_RDONLY | O_CLOEXEC);
	cr_assert_eq(fstat(old, &was), 0);
	cr_assert_ok(file_replace_at(dirfd, "config.json", "new", 3, 0600, 12, 34, &err), err);
	cr_assert_eq(stat(in_scratch("config.json"), &is), 0);
	cr_expect_neq(is.st_ino, was.st_ino);
	cr_expect_eq(is.st_uid, 12);
	cr_expect_eq(is.st_gid, 34);
	cr_expect_eq(is.st_mode, S_IFREG | 0600);
	cr_assert_ok(file_read_fd(old, "old", 9, &before, &len, &err), err);
	cr_expect_str_eq(before, "old");
	text = text_of("config.json");
	cr_expect_str_eq(text, "new");
}

/* A link in its place is replaced, not followed. */
Test(file, replace_link)
{
	hr_autofree char *target = NULL, *text = NULL;
	hr_autoclose int dirfd = scratch_fd();
	struct hr_error err = {0};

	make_file("target", "old");
	make_link("name", "target");
	cr_assert_ok(file_replace_at(dirfd, "name", "new", 3, 0600, getuid(), getgid(), &err), err);
	target = text_of("target");
	text = text_of("name");
	cr_expect_str_eq(target, "old");
	cr_expect_str_eq(text, "new");
}

/* A killed process of our pid left its temporary file, or somebody put a link there. */
Test(file, replace_over_leftovers)
{
	hr_autofree char *target = NULL, *text = NULL;
	hr_autoclose int dirfd = scratch_fd();
	struct hr_error err = {0};
	char leftover[64];

	snprintf(leftover, sizeof(leftover), ".hardrun.%ld.name", (long)getpid());
	make_file("target", "old");
	make_link(leftover, "target");
	cr_assert_ok(file_replace_at(dirfd, "name", "new", 3, 0600, getuid(), getgid(), &err), err);
	target = text_of("target");
	text = text_of("name");
	cr_expect_str_eq(target, "old");
	cr_expect_str_eq(text, "new");
	cr_expect_eq(count_files(".hardrun"), 0);
}

/* A failure leaves the old file and nothing else. */
Test(file, replace_fails)
{
	hr_autoclose int dirfd = scratch_fd();
	struct hr_error err = {0}, other = {0};

	make_dir("dir", 0755, getuid(), getgid());
	make_file("dir/in", "");
	expect_error(file_replace_at(dirfd, "dir", "x", 1, 0600, getuid(), getgid(), &err), &err,
		     HR_SYSTEM, "dir: rename: ");
	expect_error(file_replace_at(dirfd, "gone/x", "x", 1, 0600, getuid(), getgid(), &other),
		     &other, HR_SYSTEM, "missing");
	cr_expect_eq(count_files(".hardrun"), 0);
	cr_expect_eq(access(in_scratch("dir/in"), F_OK), 0);
}

/* A reader beside a writer sees the old or the new content, whole. */
Test(file, replace_has_no_window)
{
	hr_autoclose int dirfd = scratch_fd();
	char content[2][4096];
	pid_t writer;

	for (int i = 0; i < 2; i++)
		memset(content[i], 'a' + i, sizeof(content[i]));
	cr_assert_eq(file_replace_at(dirfd, "f", content[0], sizeof(content[0]), 0600, getuid(),
				     getgid(), NULL),
		     0);
	writer = fork();
	if (writer == 0)
		for (unsigned i = 0;; i++)
			file_replace_at(dirfd, "f", content[i % 2], sizeof(content[0]), 0600,
					getuid(), getgid(), NULL);
	for (unsigned i = 0; i < 500; i++) {
		hr_autofree char *text = text_of("f");

		cr_assert_not_null(text, "there is no file for a moment");
		cr_assert_eq(strlen(text), sizeof(content[0]));
		cr_assert_eq(strspn(text, text[0] == 'a' ? "a" : "b"), sizeof(content[0]));
	}
	kill(writer, SIGKILL);
}

static const struct {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool roots;
} owners[] = {
	{S_IFREG | 0644, 0, 0, true},	   {S_IFREG | 0600, 0, 1000, true},
	{S_IFREG | 0664, 0, 0, false},	   {S_IFREG | 0664, 0, 1000, false},
	{S_IFREG | 0646, 0, 0, false},	   {S_IFREG | 0602, 0, 0, false},
	{S_IFREG | 0400, 1000, 0, false},  {S_IFREG | 04755, 0, 0, true},
	{S_IFDIR | 0755, 0, 0, true},	   {S_IFDIR | 01777, 0, 0, false},
	{S_IFDIR | 0775, 0, 50, false},	   {S_IFDIR | 0775, 0, 0, false},
	{S_IFLNK | 0777, 0, 0, true},	   {S_IFLNK | 0777, 1000, 0, false},
	{S_IFLNK | 0777, 65534, 0, false},
};

static void check_owners(const __typeof__(owners[0]) *row, size_t i)
{
	struct stat st = {.st_mode = row->mode, .st_uid = row->uid, .st_gid = row->gid};

	cr_expect_eq(file_is_roots(&st), row->roots, "row %zu", i);
}
ROWS(file_owners, owners)

Test(file, make_dirs)
{
	struct hr_error err = {0};
	struct stat st;

	umask(0);
	cr_expect_ok(file_make_dirs(in_scratch("a/b/c"), 0700, &err), err);
	cr_assert_eq(stat(in_scratch("a/b/c"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0700);
	cr_assert_eq(stat(in_scratch("a/b"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0755);
	/* What is there stays as it is. */
	cr_expect_ok(file_make_dirs(in_scratch("a/b"), 0700, &err), err);
	cr_assert_eq(stat(in_scratch("a/b"), &st), 0);
	cr_expect_eq(st.st_mode, S_IFDIR | 0755);
	make_file("f", "");
	expect_error(file_make_dirs(in_scratch("f/g"), 0700, &err), &err, HR_SYSTEM,
		     "make directory");
}

Test(file, make_dirs_too_long)
{
	char path[PATH_MAX + 10];
	struct hr_error err = {0};

	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	expect_error(file_make_dirs(path, 0700, &err), &err, HR_SYSTEM, "make directory");
}
