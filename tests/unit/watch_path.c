/* SPDX-License-Identifier: Apache-2.0 */
/* Why a mount refuses a path: a child with mounts as a container has them. */
#include "watch/process.h"

#include "unit.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

static pid_t container;
static int base = -1; /* a directory descriptor of the container's: /rw */

static bool mounted(const char *source, const char *where, const char *type, unsigned long flags)
{
	return !mount(source, where, type, flags, NULL);
}

static bool bound(const char *source, const char *where, unsigned long flags)
{
	return mounted(source, where, NULL, MS_BIND) &&
	       (!flags || mounted(NULL, where, NULL, MS_REMOUNT | MS_BIND | flags));
}

static bool file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	return fd >= 0 && !close(fd);
}

/* What is usual in a container, below the working directory. */
static bool make_files(void)
{
	return !mkdir("old", 0755) && !mkdir("rw", 0755) && !mkdir("noexec", 0755) &&
	       !mkdir("nodev", 0755) && !mkdir("dir", 0755) && !mkdir("proc", 0555) &&
	       !mkdir("dev", 0755) && file("file") && file("program") && file("hidden") &&
	       !mkfifo("fifo", 0644) && !symlink("/file", "link") && !symlink("/../../rw", "up") &&
	       !symlink("/rw/missing", "dangling") && !symlink("loop", "loop") &&
	       !mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)) &&
	       !mknod("dev/zero", S_IFCHR | 0666, makedev(1, 5));
}

static bool make_mounts(void)
{
	return bound("dev/null", "hidden", 0) && mounted("rw", "rw", "tmpfs", 0) &&
	       !mkdir("rw/cwd", 0755) && file("rw/file") && !symlink("/file", "rw/out") &&
	       !symlink("../../../../../../../file", "rw/up") &&
	       mounted("n", "noexec", "tmpfs", MS_NOEXEC) && file("noexec/program") &&
	       mounted("d", "nodev", "tmpfs", MS_NODEV) && file("nodev/file") &&
	       !mknod("nodev/zero", S_IFCHR | 0666, makedev(1, 5)) &&
	       mounted("proc", "proc", "proc", 0) && bound("dev/null", "proc/kallsyms", 0) &&
	       mounted("mask", "proc/fs", "tmpfs", MS_RDONLY) &&
	       bound("proc/sys", "proc/sys", MS_RDONLY);
}

/* With a read-only root; ends in /rw/cwd. */
static bool make_container(void)
{
	return !unshare(CLONE_NEWNS) && mounted(NULL, "/", NULL, MS_REC | MS_PRIVATE) &&
	       mounted("root", scratch, "tmpfs", 0) && !chdir(scratch) && make_files() &&
	       make_mounts() && mounted(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY) &&
	       !syscall(SYS_pivot_root, ".", "old") && !chdir("/rw/cwd") &&
	       !umount2("/old", MNT_DETACH) &&
	       (base = open("/rw", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0;
}

static void begin(void)
{
	int ends[2];
	char fd = 0;

	need_root();
	scratch_make();
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	container = fork();
	if (container == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!make_container())
			_exit(1);
		fd = (char)base;
		_exit(write(ends[1], &fd, 1) != 1 || pause());
	}
	close(ends[1]);
	cr_assert_eq(read(ends[0], &fd, 1), 1, "no mount namespace to be had");
	base = fd;
	close(ends[0]);
}

static void end(void)
{
	kill(container, SIGKILL);
	waitpid(container, NULL, 0);
	scratch_drop();
}

TestSuite(watch_path, .init = begin, .fini = end, .timeout = 30);

#define P(value) ((uint64_t)(uintptr_t)(value))
#define CWD	 ((uint64_t)UINT32_MAX - 99)
#define BASE	 0x0badbeefULL

static const struct open_how how_write = {.flags = O_WRONLY}, how_read = {.flags = O_RDONLY};

static const struct {
	const char *call;
	uint64_t args[6];
	enum watch_path_kind kind;
	const char *path, *mount;
} calls[] = {
	/* opening */
	{"openat", {CWD, P("/file"), O_RDONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/file"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {CWD, P("/file"), O_RDWR}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {CWD, P("/file"), O_RDONLY | O_TRUNC}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {CWD, P("/file"), O_RDONLY | O_CREAT}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/file"), O_WRONLY | O_PATH}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/new"), O_WRONLY | O_CREAT}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"openat", {CWD, P("/dir/new"), O_WRONLY | O_CREAT}, WATCH_PATH_READ_ONLY, "/dir/new", "/"},
	{"openat", {CWD, P("/new"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/no/new"), O_WRONLY | O_CREAT}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/rw/new"), O_WRONLY | O_CREAT}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/rw/file"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/dir"), O_TMPFILE | O_RDWR}, WATCH_PATH_READ_ONLY, "/dir", "/"},
	{"openat", {CWD, P("/dir"), O_RDONLY | O_DIRECTORY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P(""), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, 8, O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"open", {P("/file"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"creat", {P("/new")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"creat", {P("/file")}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat2",
	 {CWD, P("/file"), P(&how_write), sizeof(how_write)},
	 WATCH_PATH_READ_ONLY,
	 "/file",
	 "/"},
	{"openat2", {CWD, P("/file"), P(&how_read), sizeof(how_read)}, WATCH_PATH_FINE, NULL, NULL},
	{"openat2", {CWD, P("/file"), 8, 24}, WATCH_PATH_FINE, NULL, NULL},
	/* where a path begins and leads */
	{"openat", {CWD, P("x"), O_WRONLY | O_CREAT}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("../../file"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {BASE, P("file"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {BASE, P("../file"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {BASE, P("out"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {BASE, P("out"), O_WRONLY | O_NOFOLLOW}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {BASE, P("up"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {77, P("file"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/link"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {CWD, P("/up/file"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/loop"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/../../../file"), O_WRONLY}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"openat", {CWD, P("/proc/self/exe"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/proc/1/root/etc/passwd"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	/* no file system is written by these */
	{"openat", {CWD, P("/fifo"), O_WRONLY}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/dev/zero"), O_RDWR}, WATCH_PATH_FINE, NULL, NULL},
	{"openat", {CWD, P("/dev/null"), O_RDWR}, WATCH_PATH_FINE, NULL, NULL},
	/* devices */
	{"openat", {CWD, P("/nodev/zero"), O_RDONLY}, WATCH_PATH_NODEV, "/nodev/zero", "/nodev"},
	{"openat", {CWD, P("/nodev/file"), O_RDWR}, WATCH_PATH_FINE, NULL, NULL},
	/* masks */
	{"openat", {CWD, P("/hidden"), O_RDONLY}, WATCH_PATH_MASKED, "/hidden", "/hidden"},
	{"openat",
	 {CWD, P("/proc/kallsyms"), O_RDONLY},
	 WATCH_PATH_MASKED,
	 "/proc/kallsyms",
	 "/proc/kallsyms"},
	{"openat",
	 {CWD, P("/proc/fs/ext4"), O_RDONLY},
	 WATCH_PATH_MASKED,
	 "/proc/fs/ext4",
	 "/proc/fs"},
	{"openat", {CWD, P("/proc/fs"), O_RDONLY}, WATCH_PATH_MASKED, "/proc/fs", "/proc/fs"},
	{"openat", {CWD, P("/proc/version"), O_RDONLY}, WATCH_PATH_FINE, NULL, NULL},
	/* read-only paths */
	{"openat",
	 {CWD, P("/proc/sys/kernel/hostname"), O_WRONLY},
	 WATCH_PATH_READ_ONLY,
	 "/proc/sys/kernel/hostname",
	 "/proc/sys"},
	{"openat", {CWD, P("/proc/sys/kernel/hostname"), O_RDONLY}, WATCH_PATH_FINE, NULL, NULL},
	/* programs */
	{"execve", {P("/program")}, WATCH_PATH_FINE, NULL, NULL},
	{"execve", {P("/noexec/program")}, WATCH_PATH_NOEXEC, "/noexec/program", "/noexec"},
	{"execve", {P("/noexec")}, WATCH_PATH_FINE, NULL, NULL},
	{"execve", {P("/noexec/missing")}, WATCH_PATH_FINE, NULL, NULL},
	{"execveat",
	 {CWD, P("/noexec/program"), 0, 0, 0},
	 WATCH_PATH_NOEXEC,
	 "/noexec/program",
	 "/noexec"},
	/* entries of directories */
	{"mkdir", {P("/new")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"mkdir", {P("/new/")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"mkdir", {P("/dir")}, WATCH_PATH_FINE, NULL, NULL},
	{"mkdirat", {CWD, P("new")}, WATCH_PATH_FINE, NULL, NULL},
	{"mkdir", {P("/")}, WATCH_PATH_FINE, NULL, NULL},
	{"mknodat", {CWD, P("/new"), S_IFREG}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"symlink", {P("/x"), P("/new")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"symlinkat", {P("/x"), BASE, P("../new")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"link", {P("/file"), P("/new")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"linkat", {CWD, P("/file"), BASE, P("new")}, WATCH_PATH_FINE, NULL, NULL},
	{"unlink", {P("/file")}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"unlink", {P("/missing")}, WATCH_PATH_READ_ONLY, "/missing", "/"},
	{"unlinkat", {BASE, P("file"), 0}, WATCH_PATH_FINE, NULL, NULL},
	{"rmdir", {P("/dir/")}, WATCH_PATH_READ_ONLY, "/dir", "/"},
	{"rename", {P("/rw/file"), P("/new")}, WATCH_PATH_READ_ONLY, "/new", "/"},
	{"renameat2", {CWD, P("/file"), CWD, P("/rw/new")}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"renameat", {BASE, P("file"), BASE, P("new")}, WATCH_PATH_FINE, NULL, NULL},
	/* what is there is altered */
	{"chmod", {P("/file")}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"chmod", {P("/missing")}, WATCH_PATH_FINE, NULL, NULL},
	{"lchown", {P("/link")}, WATCH_PATH_READ_ONLY, "/link", "/"},
	{"fchownat",
	 {CWD, P("/link"), 0, 0, AT_SYMLINK_NOFOLLOW},
	 WATCH_PATH_READ_ONLY,
	 "/link",
	 "/"},
	{"truncate", {P("/rw/out")}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"utimensat", {CWD, P("/file"), 0, 0}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"setxattr", {P("/file")}, WATCH_PATH_READ_ONLY, "/file", "/"},
	{"setxattr", {P("/rw/file")}, WATCH_PATH_FINE, NULL, NULL},
	/* others */
	{"read", {3}, WATCH_PATH_FINE, NULL, NULL},
};

static const char *const kinds[] = {"fine", "read-only", "masked", "noexec", "nodev"};

static void check_calls(const __typeof__(calls[0]) *row, size_t number)
{
	struct watch_call call = {.thread = container};
	struct watch_path got = {.kind = WATCH_PATH_FINE};
	enum watch_path_kind kind;

	(void)number;
	for (unsigned i = 0; i < WATCH_ARGS; i++)
		call.args[i] = row->args[i] == BASE ? (uint64_t)base : row->args[i];
	kind = watch_path(row->call, &call, &got);
	cr_expect_eq(kind, row->kind, "%s (row %zu): %s, wanted %s", row->call, number, kinds[kind],
		     kinds[row->kind]);
	if (kind == WATCH_PATH_FINE || kind != row->kind)
		return;
	cr_expect_eq(got.kind, kind);
	cr_expect_str_eq(got.path, row->path);
	cr_expect_str_eq(got.mount, row->mount);
}

ROWS(watch_path, calls)

/* A path of 4095 bytes, and one that has no end within 4096. */
Test(watch_path, long_paths)
{
	static char path[WATCH_PATH + 8];
	const struct watch_call call = {.thread = getpid(), .args = {CWD, P(path), O_WRONLY}};
	struct watch_path got;

	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? '.' : '/';
	cr_expect_eq(watch_path("openat", &call, &got), WATCH_PATH_FINE);
	path[WATCH_PATH - 1] = '\0';
	cr_expect_eq(watch_path("openat", &call, &got), WATCH_PATH_FINE);
}

Test(watch_path, nobody)
{
	const struct watch_call call = {.thread = 0, .args = {CWD, P("/file"), O_WRONLY}};
	struct watch_path got;

	cr_expect_eq(watch_path("openat", &call, &got), WATCH_PATH_FINE);
}

Test(watch_path, list_is_sorted_and_known)
{
	for (size_t i = 0; i < hr_count(calls) - 1; i++) {
		bool is = false;

		for (size_t j = 0; watch_pathed[j]; j++)
			is = is || !strcmp(watch_pathed[j], calls[i].call);
		cr_expect(is, "%s is not listed", calls[i].call);
	}
	for (size_t j = 1; watch_pathed[j]; j++)
		cr_expect(strcmp(watch_pathed[j - 1], watch_pathed[j]) < 0, "%s", watch_pathed[j]);
}
