/* SPDX-License-Identifier: Apache-2.0 */
#include "base/child.h"
#include "image/sandbox.h"

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A sanitizer's build is without the filter and the limits that would end it (sandbox.c). */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static int dir = -1;

static void begin(void)
{
	scratch_make();
	dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(void)
{
	close(dir);
	scratch_drop();
}

TestSuite(image_sandbox, .init = begin, .fini = end, .timeout = 120);

static void need_filter(void)
{
	if (SANITIZED)
		cr_skip_test("a build with sanitizers has no filter");
}

static void need_landlock(void)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		cr_skip_test("this kernel has no landlock");
}

/* --- A child in the sandbox ----------------------------------------------------------------- */

#define FILE_MAX 4096 /* bytes that the child may write to a file */
#define FAILED	 125  /* of sandbox_enter */

struct child {
	pid_t pid;
	int from; /* what it writes */
	int to;	  /* what it waits for */
};

/* `probe` returns what the child ends with; `in` and `out` are its pipes, `dir` is its directory.
 */
static struct child start(int (*probe)(int in, int out))
{
	int down[2], up[2];
	pid_t pid;

	cr_assert_eq(pipe2(down, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(up, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		const int keep[] = {up[1], -1, dir, down[0]};
		struct hr_error err = {0};

		if (sandbox_enter(keep, hr_count(keep), FILE_MAX, &err) < 0) {
			(void)!write(up[1], err.msg, strlen(err.msg));
			_exit(FAILED);
		}
		_exit(probe(down[0], up[1]));
	}
	close(down[0]);
	close(up[1]);
	return (struct child){.pid = pid, .from = up[0], .to = down[1]};
}

static int status_of(const struct child *child)
{
	int status = -1;

	cr_assert_eq(waitpid(child->pid, &status, 0), child->pid);
	close(child->from);
	close(child->to);
	return status;
}

static void expect_exit(int (*probe)(int in, int out), int wanted, const char *what)
{
	struct child child = start(probe);
	int status = status_of(&child);

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == wanted,
		  "%s: status %#x, wanted exit %d", what, (unsigned)status, wanted);
}

static void expect_killed(int (*probe)(int in, int out), int signal, const char *what)
{
	struct child child = start(probe);
	int status = status_of(&child);

	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == signal,
		  "%s: status %#x, wanted signal %d", what, (unsigned)status, signal);
}

static int await(int in, int out)
{
	char c;

	(void)!write(out, "r", 1);
	(void)!read(in, &c, 1);
	return 0;
}

/* --- Who it is ------------------------------------------------------------------------------ */

/* A line of /proc/PID/NAME that begins with `head`, without it. */
static void line_of(pid_t pid, const char *name, const char *head, char ret[256])
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	cr_assert_not_null(file);
	ret[0] = '\0';
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, head, strlen(head)) == 0)
			snprintf(ret, 256, "%s",
				 line + strlen(head) + strspn(line + strlen(head), " \t"));
	fclose(file);
	ret[strcspn(ret, "\n")] = '\0';
}

static const struct {
	const char *file, *head, *wanted;
	bool filter; /* not in a build with sanitizers */
} facts[] = {
	{"status", "Uid:", "65534\t65534\t65534\t65534", false},
	{"status", "Gid:", "65534\t65534\t65534\t65534", false},
	{"status", "Groups:", "", false},
	{"status", "CapInh:", "0000000000000000", false},
	{"status", "CapPrm:", "0000000000000000", false},
	{"status", "CapEff:", "0000000000000000", false},
	{"status", "CapBnd:", "0000000000000000", false},
	{"status", "CapAmb:", "0000000000000000", false},
	{"status", "NoNewPrivs:", "1", false},
	{"status", "Seccomp:", "2", true},
	{"limits", "Max core file size", "0                    0                    bytes     ",
	 false},
	{"limits", "Max file size", "4096                 4096                 bytes     ", false},
	{"limits", "Max open files", "32                   32                   files     ", false},
	{"limits", "Max cpu time", "60                   60                   seconds   ", false},
	{"limits", "Max processes", "0                    0                    processes ", true},
	{"limits", "Max data size", "268435456            268435456            bytes     ", true},
};

Test(image_sandbox, credentials_and_limits)
{
	static const gid_t groups[] = {0, 4, 20};
	struct child child;
	struct stat st;
	char c, got[256], path[64];

	need_root();
	cr_assert_eq(setgroups(hr_count(groups), groups), 0);
	child = start(await);
	cr_assert_eq(read(child.from, &c, 1), 1);
	for (size_t i = 0; i < hr_count(facts); i++) {
		if (facts[i].filter && SANITIZED)
			continue;
		line_of(child.pid, facts[i].file, facts[i].head, got);
		cr_expect_str_eq(got, facts[i].wanted, "%s %s", facts[i].head, got);
	}
	/* Not dumpable: its files in /proc are root's. */
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)child.pid);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, 0);
	close(child.to);
	child.to = -1;
	cr_expect_eq(status_of(&child), 0);
}

Test(image_sandbox, lower_limits_stay)
{
	const struct rlimit low = {24, 24};
	struct child child;
	char c, got[256];

	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	child = start(await);
	cr_assert_eq(read(child.from, &c, 1), 1);
	line_of(child.pid, "limits", "Max open files", got);
	cr_expect_eq(strncmp(got, "24       ", 9), 0, "%s", got);
	close(child.to);
	child.to = -1;
	cr_expect_eq(status_of(&child), 0);
}

Test(image_sandbox, another_user_stays)
{
	struct child child;
	struct stat st;
	char c, got[256], path[64];

	need_root();
	cr_assert_eq(setgroups(0, NULL), 0);
	cr_assert_eq(setresgid(4321, 4321, 4321), 0);
	cr_assert_eq(setresuid(1234, 1234, 1234), 0);
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	child = start(await);
	cr_assert_eq(read(child.from, &c, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)child.pid);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, 0, "not dumpable");
	line_of(child.pid, "status", "Uid:", got);
	cr_expect_str_eq(got, "1234\t1234\t1234\t1234");
	line_of(child.pid, "status", "CapEff:", got);
	cr_expect_str_eq(got, "0000000000000000");
	close(child.to);
	child.to = -1;
	cr_expect_eq(status_of(&child), 0);
}

/* Where there is no other user to become, nothing is parsed. */
static int enter_where_root_is_alone(void *data, int *ret, struct hr_error *err)
{
	static const char map[] = "0 0 1";
	int own, written;

	(void)ret;
	own = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	written = (int)write(own, map, sizeof(map) - 1);
	close(own);
	if (written < 0)
		return hr_fail(err, HR_USAGE, "no map");
	return sandbox_enter(data, 1, 0, err);
}

Test(image_sandbox, nobody_to_become)
{
	struct hr_error err = {0};
	int keep = dir, result;

	need_root();
	result = child_work(CLONE_NEWUSER, enter_where_root_is_alone, &keep, NULL, &err);
	if (result < 0 && (err.code == HR_USAGE || strstr(err.msg, "clone3")))
		cr_skip_test("no user namespaces here");
	expect_error(result, &err, HR_SYSTEM, "sandbox: cannot become user 65534");
}

/* --- Descriptors ---------------------------------------------------------------------------- */

Test(image_sandbox, only_kept_descriptors)
{
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int high = fcntl(other, F_DUPFD_CLOEXEC, 900);
	struct child child = start(await);
	size_t count = 0;
	char c, path[64];
	DIR *list;

	cr_assert_eq(read(child.from, &c, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)child.pid);
	list = opendir(path);
	cr_assert_not_null(list);
	for (const struct dirent *entry; (entry = readdir(list));)
		count += entry->d_name[0] != '.' && (!SANITIZED || atoi(entry->d_name) > 2);
	closedir(list);
	cr_expect_eq(count, 3, "%zu descriptors", count);
	close(high);
	close(other);
	close(child.to);
	child.to = -1;
	cr_expect_eq(status_of(&child), 0);
}

static int enter(void *data, int *ret, struct hr_error *err)
{
	(void)ret;
	return sandbox_enter(data, 1, 0, err);
}

/* A child of base/child.h has our table of descriptors. */
Test(image_sandbox, ours_stay_open)
{
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC), keep = dir;
	struct hr_error err = {0};

	cr_assert_ok(child_work(0, enter, &keep, NULL, &err), err);
	cr_expect(fcntl(other, F_GETFD) >= 0);
	cr_expect(fcntl(0, F_GETFD) >= 0);
	close(other);
}

/* --- System calls --------------------------------------------------------------------------- */

/* Those that may be made; all others end the process. What they do is tested below and by the
 * programs that make them. */
static const long allowed[] = {
	SYS_read,	  SYS_write,	     SYS_recvfrom,	  SYS_sendto,
	SYS_recvmsg,	  SYS_sendmsg,	     SYS_readv,		  SYS_writev,
	SYS_pread64,	  SYS_ppoll,	     SYS_restart_syscall, SYS_close,
	SYS_lseek,	  SYS_fstat,	     SYS_newfstatat,	  SYS_statx,
	SYS_openat2,	  SYS_getdents64,    SYS_fcntl,		  SYS_brk,
	SYS_mmap,	  SYS_mprotect,	     SYS_munmap,	  SYS_mremap,
	SYS_madvise,	  SYS_futex,	     SYS_getrandom,	  SYS_getpid,
	SYS_gettid,	  SYS_clock_gettime, SYS_gettimeofday,	  SYS_sysinfo,
	SYS_rt_sigreturn, SYS_exit,	     SYS_exit_group,
#ifdef SYS_poll
	SYS_poll,
#endif
};

static const long refused[] = {
	SYS_openat,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_ioctl,
	SYS_uname,
	SYS_prlimit64,
	SYS_sched_getaffinity,
#ifdef SYS_open
	SYS_open,
	SYS_stat,
	SYS_access,
	SYS_readlink,
#endif
};

static bool in(long number, const long *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == number)
			return true;
	return false;
}

static long called;

static int call(int from, int to)
{
	long result = syscall(called, 0, 0, 0, 0, 0, 0);

	(void)from, (void)to;
	return result == -1 && errno == EPERM ? 1 : 0;
}

/* Since Linux 6.14 these are no filter's business; made from elsewhere than a probe they do nothing
 * or end the process with SIGILL. */
static bool is_probe(long number)
{
#if defined(__x86_64__)
	return number == 335 || number == 336; /* uretprobe, uprobe */
#else
	return number < 0;
#endif
}

/* Up to the youngest there is, and some numbers that nobody has. */
#define CALLS 520

Test(image_sandbox, every_system_call)
{
	char name[48];

	need_filter();
	for (called = 0; called < CALLS; called++) {
		if (in(called, allowed, hr_count(allowed)) || is_probe(called))
			continue;
		snprintf(name, sizeof(name), "system call %ld", called);
		if (in(called, refused, hr_count(refused)))
			expect_exit(call, 1, name);
		else
			expect_killed(call, SIGSYS, name);
	}
}

#if defined(__x86_64__)
static int call_x32(int from, int to)
{
	(void)from, (void)to;
	syscall(0x40000000 | SYS_getpid);
	return 0;
}

static int call_ia32(int from, int to)
{
	long result;

	(void)from, (void)to;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L /* getpid */) : "memory");
	return result > 0 ? 0 : 1;
}

Test(image_sandbox, other_tables_of_calls)
{
	struct child child;
	int status;

	need_filter();
	expect_killed(call_x32, SIGSYS, "x32");
	child = start(call_ia32);
	status = status_of(&child);
	/* SIGSEGV: the kernel has no such table. */
	cr_expect(WIFSIGNALED(status), "ia32: status %#x", (unsigned)status);
}
#endif

/* --- Arguments of system calls -------------------------------------------------------------- */

static void *map(int protection, int flags)
{
	return mmap(NULL, 4096, protection, flags | MAP_ANONYMOUS, -1, 0);
}

static int map_private(int from, int to)
{
	void *page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)from, (void)to;
	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ) == 0 ? 0 : 1;
}

static int map_executable(int from, int to)
{
	(void)from, (void)to;
	map(PROT_READ | PROT_EXEC, MAP_PRIVATE);
	return 0;
}

static int map_shared(int from, int to)
{
	(void)from, (void)to;
	map(PROT_READ | PROT_WRITE, MAP_SHARED);
	return 0;
}

static int make_executable(int from, int to)
{
	void *page = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)from, (void)to;
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	return 0;
}

static int stat_path(int from, int to)
{
	struct stat st;

	(void)from, (void)to;
	return fstatat(AT_FDCWD, "/etc/passwd", &st, 0) < 0 && errno == EPERM ? 0 : 1;
}

static int statx_path(int from, int to)
{
	struct statx stx;

	(void)from, (void)to;
	return statx(AT_FDCWD, "/etc/passwd", 0, STATX_BASIC_STATS, &stx) < 0 && errno == EPERM ? 0
												: 1;
}

static int stat_descriptor(int from, int to)
{
	struct stat st;

	(void)to;
	return fstat(from, &st) == 0 && S_ISFIFO(st.st_mode) ? 0 : 1;
}

static int other_fcntl(int from, int to)
{
	(void)to;
	if (fcntl(from, F_SETFL, O_NONBLOCK) < 0 || fcntl(from, F_SETFD, FD_CLOEXEC) < 0)
		return 1;
	return fcntl(from, F_SETOWN, 1) < 0 && errno == EPERM ? 0 : 2;
}

Test(image_sandbox, arguments)
{
	need_filter();
	expect_exit(map_private, 0, "private memory");
	expect_killed(map_executable, SIGSYS, "memory that can be executed");
	expect_killed(make_executable, SIGSYS, "memory made executable");
	expect_killed(map_shared, SIGSYS, "shared memory");
	expect_exit(stat_path, 0, "stat of a path");
	expect_exit(statx_path, 0, "statx of a path");
	expect_exit(stat_descriptor, 0, "fstat");
	expect_exit(other_fcntl, 0, "fcntl");
}

/* --- Files ---------------------------------------------------------------------------------- */

static int open_in(const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = flags & O_CREAT ? 0600 : 0};
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int read_below(int from, int to)
{
	char c;
	int fd = open_in("open", O_RDONLY);

	(void)from, (void)to;
	if (fd < 0 || read(fd, &c, 1) != 1)
		return 1;
	return open_in(".", O_RDONLY | O_DIRECTORY) >= 0 ? 0 : 2;
}

static int read_roots(int from, int to)
{
	(void)from, (void)to;
	return open_in("closed", O_RDONLY) == -EACCES ? 0 : 1;
}

static int read_outside(int from, int to)
{
	(void)from, (void)to;
	if (open_in("../../etc/passwd", O_RDONLY) != -EACCES)
		return 1;
	return open_in("/etc/passwd", O_RDONLY) == -EACCES ? 0 : 2;
}

static int write_below(int from, int to)
{
	(void)from, (void)to;
	if (open_in("open", O_WRONLY) != -EACCES || open_in("open", O_RDONLY | O_TRUNC) != -EACCES)
		return 1;
	return open_in("new", O_WRONLY | O_CREAT) == -EACCES ? 0 : 2;
}

static void make_files(void)
{
	make_file("open", "text");
	make_file("closed", "text");
	cr_assert_eq(chmod(in_scratch("open"), 0666), 0);
	cr_assert_eq(chmod(in_scratch("closed"), 0600), 0);
}

Test(image_sandbox, files)
{
	make_files();
	expect_exit(read_below, 0, "a file below the directory");
	need_root();
	expect_exit(read_roots, 0, "a file of root's alone");
}

Test(image_sandbox, files_with_landlock)
{
	need_landlock();
	make_files();
	cr_assert_eq(chmod(scratch, 0777), 0);
	expect_exit(read_outside, 0, "a file outside");
	expect_exit(write_below, 0, "to write");
	cr_expect_eq(access(in_scratch("new"), F_OK), -1);
	cr_assert_eq(chmod(scratch, 0755), 0);
}

static int memory = -1;

static int fill(void *data, int *ret, struct hr_error *err)
{
	const size_t *count = data;
	const int keep[] = {memory};
	char block[FILE_MAX] = "";

	*ret = -1;
	if (sandbox_enter(keep, 1, FILE_MAX, err) < 0)
		return -1;
	for (size_t i = 0; i < *count; i++)
		*ret = (int)write(memory, block, sizeof(block));
	return 0;
}

Test(image_sandbox, written_up_to_the_limit)
{
	struct hr_error err = {0};
	size_t count = 1;
	int ret = 0;

	memory = memfd_create("out", MFD_CLOEXEC);
	cr_assert_ok(child_work(0, fill, &count, &ret, &err), err);
	cr_expect_eq(ret, FILE_MAX);
	count = 2;
	expect_error(child_work(0, fill, &count, &ret, &err), &err, HR_SYSTEM, "died");
	cr_expect_eq(lseek(memory, 0, SEEK_END), FILE_MAX);
	close(memory);
}

/* --- Memory --------------------------------------------------------------------------------- */

static int take_memory(int from, int to)
{
	void *some = malloc((size_t)128 << 20), *more = malloc((size_t)256 << 20);

	(void)from, (void)to;
	return some && !more ? 0 : 1;
}

/* Layers are mapped to be hashed. */
static int map_large(int from, int to)
{
	int fd = open_in("large", O_RDONLY);

	(void)from, (void)to;
	return mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED ? 0 : 1;
}

Test(image_sandbox, memory)
{
	need_filter();
	make_file("large", "");
	cr_assert_eq(truncate(in_scratch("large"), (off_t)1 << 30), 0);
	expect_exit(take_memory, 0, "256 MiB");
	expect_exit(map_large, 0, "a large file");
}

/* --- The parent ----------------------------------------------------------------------------- */

static int stay(int from, int to)
{
	(void)!write(to, "r", 1);
	for (;;)
		(void)!poll(NULL, 0, -1);
	return from;
}

/* Says the number of a child in the sandbox, and waits to be killed. */
static void have_child(int out)
{
	struct child child = start(stay);
	char c;

	if (read(child.from, &c, 1) == 1)
		(void)!write(out, &child.pid, sizeof(child.pid));
	for (;;)
		pause();
}

Test(image_sandbox, dies_with_its_parent)
{
	struct pollfd ended = {.events = POLLIN};
	pid_t middle, child = 0;
	int ends[2], status;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	middle = fork();
	if (middle == 0)
		have_child(ends[1]);
	cr_assert_eq(read(ends[0], &child, sizeof(child)), (ssize_t)sizeof(child));
	ended.fd = (int)syscall(SYS_pidfd_open, child, 0);
	cr_assert(ended.fd >= 0);
	cr_expect_eq(poll(&ended, 1, 100), 0, "it stays");
	kill(middle, SIGKILL);
	cr_assert_eq(waitpid(middle, &status, 0), middle);
	cr_expect_eq(poll(&ended, 1, 20000), 1, "it ends with its parent");
	kill(child, SIGKILL);
	close(ended.fd);
	close(ends[0]);
	close(ends[1]);
}
