/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of the real machine. Needs root (unshare). */
#include "host/host.h"

#include "unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static struct host_real *real;
static pid_t others;

static void start(void)
{
	struct hr_error err = {0};

	need_root();
	scratch_make();
	cr_assert_ok(host_open(scratch, &real, &err), err);
}

static void end(void)
{
	host_close(real);
	if (others > 0)
		kill(others, SIGKILL);
	scratch_drop();
}

TestSuite(host_ns, .init = start, .fini = end, .timeout = 20);

static enum host_ns judge(const char *type, const char *path)
{
	return host_ops(real)->ns(host_ops(real), type, path);
}

/*
 * A process with namespaces of its own, for as long as the test lives: `others`, the one in
 * the new pid namespace, below /proc.
 */
static void make_others(int flags)
{
	int ends[2];
	pid_t outer;

	cr_assert_eq(pipe(ends), 0);
	outer = fork();
	if (outer == 0) {
		if (unshare(flags) < 0)
			_exit(1);
		others = fork();
		if (others != 0) {
			/* The pid as we see it: write it for the test. */
			if (write(ends[1], &others, sizeof(others)) != (ssize_t)sizeof(others))
				_exit(1);
			_exit(0);
		}
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ends[0], &others, sizeof(others)), (ssize_t)sizeof(others),
		     "this machine refuses unshare");
	waitpid(outer, NULL, 0);
	close(ends[0]);
	close(ends[1]);
}

static const struct {
	const char *type, *file;
	int flag;
} types[] = {
	{"mount", "mnt", CLONE_NEWNS},	 {"pid", "pid", CLONE_NEWPID},
	{"ipc", "ipc", CLONE_NEWIPC},	 {"network", "net", CLONE_NEWNET},
	{"uts", "uts", CLONE_NEWUTS},	 {"cgroup", "cgroup", CLONE_NEWCGROUP},
	{"user", "user", CLONE_NEWUSER}, {"time", "time", CLONE_NEWTIME},
};

static void check_types(const __typeof__(types[0]) *row, size_t i)
{
	struct hr_error err = {0};
	char path[64];

	(void)i;
	start();
	snprintf(path, sizeof(path), "/proc/self/ns/%s", row->file);
	cr_expect_eq(judge(row->type, path), HOST_NS_HOST, "%s", path);
	make_others(row->flag);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)others, row->file);
	cr_expect_eq(judge(row->type, path), HOST_NS_OTHER, "%s", path);
	/* Another type than it is listed for. */
	for (size_t other = 0; other < hr_count(types); other++)
		if (other != i)
			cr_expect_eq(judge(types[other].type, path), HOST_NS_WRONG, "%s as %s",
				     path, types[other].type);
	cr_expect_ok(host_recheck(real, &err), err);
	end();
}
ROWS(host_types, types)

Test(host_ns, files_of_types)
{
	for (size_t i = 0; i < hr_count(types); i++)
		cr_expect_str_eq(host_ns_file(types[i].type), types[i].file);
	cr_expect_null(host_ns_file("net"));
	cr_expect_null(host_ns_file("mnt"));
	cr_expect_null(host_ns_file(""));
	cr_expect_null(host_ns_file("Network"));
}

/*
 * Run `body` where pid 1 is a process of ours, with its own /proc: that of the machine may
 * be closed to us (a root without all of its capabilities). `body` exits with the number of
 * the line that failed, or 0.
 */
static void with_own_init(void (*body)(void))
{
	int status;
	pid_t pid;

	cr_assert_eq(unshare(CLONE_NEWPID), 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0)
			_exit(255);
		pid = fork();
		if (pid == 0) {
			body();
			_exit(0);
		}
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									   : 254);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "step %d",
		  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

#define STEP(number, condition)        \
	do {                           \
		if (!(condition))      \
			_exit(number); \
	} while (0)

static void own_and_inits(void)
{
	for (size_t i = 0; i < hr_count(types); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/1/ns/%s", types[i].file);
		STEP(1, judge(types[i].type, path) == HOST_NS_HOST);
	}
	STEP(2, unshare(CLONE_NEWNET | CLONE_NEWUTS) == 0);
	STEP(3, judge("network", "/proc/self/ns/net") == HOST_NS_HOST);
	STEP(4, judge("network", "/proc/1/ns/net") == HOST_NS_HOST);
	STEP(5, judge("uts", "/proc/self/ns/uts") == HOST_NS_HOST);
	STEP(6, judge("uts", "/proc/1/ns/uts") == HOST_NS_HOST);
}

Test(host_ns, own_and_pid_1s)
{
	with_own_init(own_and_inits);
}

/* When pid 1 cannot be asked, its namespace under another path is not another container's:
 * what is not known is not allowed. */
static void init_cannot_be_asked(void)
{
	cap_t caps = cap_get_proc();
	static const cap_value_t less[] = {CAP_SYS_PTRACE, CAP_CHOWN};
	struct stat st;

	make_file("init", "");
	STEP(1, mount("/proc/1/ns/net", in_scratch("init"), NULL, MS_BIND, NULL) == 0);
	STEP(2, unshare(CLONE_NEWNET) == 0);
	STEP(3, judge("network", in_scratch("init")) == HOST_NS_HOST);
	STEP(4, cap_set_flag(caps, CAP_EFFECTIVE, 2, less, CAP_CLEAR) == 0 &&
			cap_set_flag(caps, CAP_PERMITTED, 2, less, CAP_CLEAR) == 0 &&
			cap_set_proc(caps) == 0);
	cap_free(caps);
	STEP(5, stat("/proc/1/ns/net", &st) < 0);
	STEP(6, judge("network", in_scratch("init")) != HOST_NS_OTHER);
}

Test(host_ns, pid_1_cannot_be_asked)
{
	with_own_init(init_cannot_be_asked);
}

/* The inode counts, under whatever path. */
Test(host_ns, other_paths_to_the_same)
{
	hr_autoclose int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[64];

	make_link("link", "/proc/self/ns/net");
	make_link("link2", "link");
	cr_expect_eq(judge("network", in_scratch("link2")), HOST_NS_HOST);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	cr_expect_eq(judge("network", path), HOST_NS_HOST);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)getppid());
	cr_expect_eq(judge("network", path), HOST_NS_HOST);
	cr_expect_eq(judge("network", "/proc/thread-self/ns/net"), HOST_NS_HOST);

	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	make_file("bound", "");
	cr_assert_eq(mount("/proc/self/ns/net", in_scratch("bound"), NULL, MS_BIND, NULL), 0);
	cr_expect_eq(judge("network", in_scratch("bound")), HOST_NS_HOST);
	umount2(in_scratch("bound"), MNT_DETACH);
}

/* What is no namespace; a FIFO or a device is not opened. */
Test(host_ns, wrong)
{
	char path[64], longer[600];

	make_file("file", "net:[4026531840]");
	cr_assert_eq(mkfifo(in_scratch("fifo"), 0600), 0);
	make_link("loop", "loop");
	cr_expect_eq(judge("network", in_scratch("file")), HOST_NS_WRONG);
	cr_expect_eq(judge("network", in_scratch("fifo")), HOST_NS_WRONG);
	cr_expect_eq(judge("network", in_scratch("loop")), HOST_NS_WRONG);
	cr_expect_eq(judge("network", in_scratch("gone")), HOST_NS_WRONG);
	cr_expect_eq(judge("network", scratch), HOST_NS_WRONG);
	cr_expect_eq(judge("network", "/dev/null"), HOST_NS_WRONG);
	cr_expect_eq(judge("network", "/proc/self/ns"), HOST_NS_WRONG);
	cr_expect_eq(judge("network", "/proc/self/exe"), HOST_NS_WRONG);
	cr_expect_eq(judge("network", ""), HOST_NS_WRONG);
	cr_expect_eq(judge("net", "/proc/self/ns/net"), HOST_NS_WRONG);
	cr_expect_eq(judge("", "/proc/self/ns/net"), HOST_NS_WRONG);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", 0x3FFFFFFF);
	cr_expect_eq(judge("network", path), HOST_NS_WRONG);
	snprintf(longer, sizeof(longer), "%0580d", 0);
	memset(longer, '/', 570);
	strcpy(longer + 540, "/proc/self/ns/net");
	cr_expect_eq(judge("network", longer), HOST_NS_WRONG, "too long to be remembered");
}

/* As many as are remembered, and no more. */
Test(host_ns, many)
{
	for (unsigned i = 0; i < 32; i++)
		cr_expect_eq(judge("network", "/proc/self/ns/net"), HOST_NS_HOST);
	cr_expect_eq(judge("network", "/proc/self/ns/net"), HOST_NS_WRONG);
	cr_expect_eq(judge("uts", "/proc/self/ns/uts"), HOST_NS_WRONG);
}

/* Right before exec: still the same inode. */
Test(host_ns, recheck)
{
	struct hr_error err = {0}, other = {0};
	char path[64];

	make_others(CLONE_NEWNET);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)others);
	make_link("ns", path);
	cr_expect_eq(judge("network", in_scratch("ns")), HOST_NS_OTHER);
	cr_expect_ok(host_recheck(real, &err), err);
	/* exchanged for the host's own in the meantime */
	remove(in_scratch("ns"));
	make_link("ns", "/proc/self/ns/net");
	expect_error(host_recheck(real, &err), &err, HR_DENIED, "is another than the one");
	/* gone */
	remove(in_scratch("ns"));
	expect_error(host_recheck(real, &other), &other, HR_DENIED, "is another than the one");
}

Test(host_ns, recheck_of_a_dead_process)
{
	struct hr_error err = {0};
	char path[64];

	make_others(CLONE_NEWUTS);
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)others);
	cr_expect_eq(judge("uts", path), HOST_NS_OTHER);
	kill(others, SIGKILL);
	/* The kernel reaps it in its own time: its parent is gone. */
	for (unsigned i = 0; i < 100 && access(path, F_OK) == 0; i++)
		usleep(50000);
	expect_error(host_recheck(real, &err), &err, HR_DENIED, "is another than the one");
	others = 0;
}
