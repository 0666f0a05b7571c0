/* SPDX-License-Identifier: Apache-2.0 */
/* root.path, and links of the image. Needs root (mounts, owners). */
#include "host/host.h"

#include "base/text.h"
#include "unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

static struct host_real *real;

/*
 * bundle/rootfs: app/sub/ dev/ etc-link -> /etc, file
 *   abs -> /app   rel -> app   up -> ../../../..   sub -> app/sub
 *   proc-link -> /proc   fd -> /proc/self/fd/7   loop -> loop
 *   climb -> app/../../../../proc   through -> file/x   dangling -> /gone/deep
 */
static void start(void)
{
	struct hr_error err = {0};

	need_root();
	scratch_make();
	make_dir("bundle", 0755, 0, 0);
	make_dir("bundle/rootfs", 0755, 0, 0);
	make_dir("bundle/rootfs/app", 0755, 0, 0);
	make_dir("bundle/rootfs/app/sub", 0755, 0, 0);
	make_dir("bundle/rootfs/dev", 0755, 0, 0);
	make_file("bundle/rootfs/file", "");
	make_link("bundle/rootfs/etc-link", "/etc");
	make_link("bundle/rootfs/abs", "/app");
	make_link("bundle/rootfs/rel", "app");
	make_link("bundle/rootfs/up", "../../../..");
	make_link("bundle/rootfs/sub", "app/sub");
	make_link("bundle/rootfs/proc-link", "/proc");
	make_link("bundle/rootfs/fd", "/proc/self/fd/7");
	make_link("bundle/rootfs/loop", "loop");
	make_link("bundle/rootfs/climb", "app/../../../../proc");
	make_link("bundle/rootfs/through", "file/x");
	make_link("bundle/rootfs/dangling", "/gone/deep");
	make_link("bundle/rootfs/app/back", "..");
	make_link("bundle/to-root", "/");
	make_link("bundle/to-etc", "/etc");
	make_link("bundle/to-rootfs", "rootfs");
	make_link("bundle/to-out", "..");
	make_file("bundle/file", "");
	make_dir("elsewhere", 0755, 0, 0);
	cr_assert_ok(host_open(in_scratch("bundle"), &real, &err), err);
}

static void end(void)
{
	host_close(real);
	scratch_drop();
}

TestSuite(host_rootfs, .init = start, .fini = end, .timeout = 20);

static const char *wrong(const char *path)
{
	return host_ops(real)->root_wrong(host_ops(real), path);
}

#define SYSTEM "host's own system"

static const struct {
	const char *path; /* '@' in front: below the scratch directory */
	const char *wrong;
} roots[] = {
	/* fine */
	{"rootfs", NULL},
	{"./rootfs/", NULL},
	{"rootfs/../rootfs", NULL},
	{"to-rootfs", NULL},
	{"@bundle/rootfs", NULL},
	{"@elsewhere", NULL},
	{"rootfs/app", NULL},
	/* nothing there */
	{"gone", "cannot be opened"},
	{"@bundle/gone/deep", "cannot be opened"},
	{"rootfs/loop", "cannot be opened"},
	{"file", "not a directory"},
	{"/dev/null", "not a directory"},
	/* the bundle, and what it is in */
	{"", "holds the bundle"},
	{".", "holds the bundle"},
	{"..", "holds the bundle"},
	{"to-out", "holds the bundle"},
	{"@bundle", "holds the bundle"},
	{"@", "holds the bundle"},
	/* the host's own, by every path */
	{"/", SYSTEM},
	{"//", SYSTEM},
	{"/..", SYSTEM},
	{"/proc/self/root", SYSTEM},
	{"/proc/1/root", ""}, /* on some machines it cannot be opened */
	{"to-root", SYSTEM},
	{"to-etc", SYSTEM},
	{"../../../../../..", SYSTEM},
	{"rootfs/../../../../../etc", SYSTEM},
	{"/tmp", SYSTEM},
	{"/usr", SYSTEM},
	{"/var", SYSTEM},
	{"/var/lib", SYSTEM},
	{"/root", SYSTEM},
	{"/home", SYSTEM},
	{"/run", SYSTEM},
	{"/etc", SYSTEM},
	{"/etc/", SYSTEM},
	{"/etc/default", SYSTEM},
	{"/proc", SYSTEM},
	{"/proc/sys", SYSTEM},
	{"/sys", SYSTEM},
	{"/sys/fs", SYSTEM},
	{"/dev", SYSTEM},
	{"/dev/shm", SYSTEM},
	{"/proc/self/cwd/../../../../../../../../usr", SYSTEM},
	/* links where /usr is merged: what they lead to is the system all the same */
	{"/bin", SYSTEM},
	{"/sbin", SYSTEM},
	{"/lib", SYSTEM},
	{"/usr/bin", SYSTEM},
	{"/usr/lib", SYSTEM},
	{"/usr/sbin", SYSTEM},
};

static void check_roots(const __typeof__(roots[0]) *row, size_t i)
{
	char path[PATH_MAX * 2];
	const char *why;

	start();
	snprintf(path, sizeof(path), "%s%s", row->path[0] == '@' ? in_scratch("") : "",
		 row->path + (row->path[0] == '@'));
	why = wrong(path);
	if (!row->wrong)
		cr_expect_null(why, "row %zu: %s: %s", i, row->path, why);
	else
		cr_expect(why && strstr(why, row->wrong), "row %zu: %s: %s", i, row->path,
			  why ? why : "taken");
	end();
}
ROWS(host_roots, roots)

/* The host's root mounted somewhere is the host's root. */
Test(host_rootfs, bind_mount_of_the_host)
{
	cr_assert_eq(unshare(CLONE_NEWNS), 0);
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("/", in_scratch("elsewhere"), NULL, MS_BIND, NULL), 0);
	cr_expect_not_null(wrong(in_scratch("elsewhere")));
	umount2(in_scratch("elsewhere"), MNT_DETACH);
	/* Another file system there is none of it. */
	cr_assert_eq(mount("none", in_scratch("elsewhere"), "tmpfs", 0, NULL), 0);
	cr_expect_null(wrong(in_scratch("elsewhere")));
	umount2(in_scratch("elsewhere"), MNT_DETACH);
}

/* A directory beside it whose name begins the same is no ancestor. */
Test(host_rootfs, neighbour)
{
	make_dir("bun", 0755, 0, 0);
	make_dir("bundle2", 0755, 0, 0);
	cr_expect_null(wrong(in_scratch("bun")));
	cr_expect_null(wrong(in_scratch("bundle2")));
}

static const struct {
	const char *root, *name;
	enum host_entry entry;
} entries[] = {
	{"rootfs", "dev", HOST_ENTRY_DIRECTORY},  {"rootfs", "proc", HOST_ENTRY_ABSENT},
	{"rootfs", "file", HOST_ENTRY_OTHER},	  {"rootfs", "rel", HOST_ENTRY_OTHER},
	{"rootfs", "dangling", HOST_ENTRY_OTHER}, {"to-rootfs", "dev", HOST_ENTRY_DIRECTORY},
	{"gone", "dev", HOST_ENTRY_OTHER},	  {"file", "dev", HOST_ENTRY_OTHER},
	{"rootfs/loop", "dev", HOST_ENTRY_OTHER},
};

static void check_entries(const __typeof__(entries[0]) *row, size_t i)
{
	char absolute[PATH_MAX * 2];

	start();
	cr_expect_eq(host_ops(real)->root_entry(host_ops(real), row->root, row->name), row->entry,
		     "row %zu", i);
	snprintf(absolute, sizeof(absolute), "%s/%s", in_scratch("bundle"), row->root);
	cr_expect_eq(host_ops(real)->root_entry(host_ops(real), absolute, row->name), row->entry,
		     "row %zu", i);
	end();
}
ROWS(host_entries, entries)

static const struct {
	const char *path, *leads; /* NULL: cannot be told */
} links[] = {
	{"/", "/"},
	{"//", "/"},
	{"/app", "/app"},
	{"/app/", "/app"},
	{"//app//sub", "/app/sub"},
	{"/./app/.", "/app"},
	{"/abs", "/app"},
	{"/abs/sub", "/app/sub"},
	{"/rel/sub", "/app/sub"},
	{"/sub", "/app/sub"},
	{"/sub/..", "/app"},
	{"/app/back/app", "/app"},
	{"/app/back/etc-link", "/etc"},
	/* never above the image's own root */
	{"/..", "/"},
	{"/../../etc", "/etc"},
	{"/up/etc", "/etc"},
	{"/etc-link", "/etc"},
	{"/etc-link/passwd", "/etc/passwd"},
	/* to what is only there once the container runs */
	{"/proc-link", "/proc"},
	{"/proc-link/self", "/proc/self"},
	{"/fd", "/proc/self/fd/7"},
	{"/fd/etc", "/proc/self/fd/7/etc"},
	{"/climb/1", "/proc/1"},
	{"/up/../proc-link/x", "/proc/x"},
	/* what is not there, and what is no directory, stays */
	{"/gone/x/y", "/gone/x/y"},
	{"/gone/../proc-link", "/proc"},
	{"/dangling", "/gone/deep"},
	{"/through", "/file/x"},
	{"/file", "/file"},
	{"/loop", NULL},
	{"/app/back/loop/x", NULL},
};

static void check_links(const __typeof__(links[0]) *row, size_t i)
{
	char target[PATH_MAX];
	bool told;

	start();
	told = host_ops(real)->root_resolve(host_ops(real), "rootfs", row->path, target);
	cr_expect_eq(told, row->leads != NULL, "row %zu: %s", i, row->path);
	if (told && row->leads)
		cr_expect_str_eq(target, row->leads, "row %zu: %s", i, target);
	end();
}
ROWS(host_links, links)

Test(host_rootfs, resolve_without_rootfs)
{
	char target[PATH_MAX];

	cr_expect(host_ops(real)->root_resolve(host_ops(real), "gone", "/w", target));
	cr_expect_str_eq(target, "/w");
}

/* Forty links, as the kernel; and texts that have no room. */
Test(host_rootfs, resolve_limits)
{
	struct host *host = host_ops(real);
	char target[PATH_MAX], name[64], path[PATH_MAX * 2];

	for (unsigned i = 1; i <= 41; i++) {
		char to[32];

		snprintf(name, sizeof(name), "bundle/rootfs/n%u", i);
		snprintf(to, sizeof(to), i == 1 ? "app" : "n%u", i - 1);
		make_link(name, to);
	}
	cr_expect(host->root_resolve(host, "rootfs", "/n40", target));
	cr_expect_str_eq(target, "/app");
	cr_expect_not(host->root_resolve(host, "rootfs", "/n41", target));

	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[NAME_MAX + 1] = '\0';
	cr_expect(host->root_resolve(host, "rootfs", path, target));
	path[NAME_MAX + 1] = 'p';
	path[NAME_MAX + 2] = '\0';
	cr_expect_not(host->root_resolve(host, "rootfs", path, target));
	path[NAME_MAX + 2] = 'p';
	path[PATH_MAX] = '\0';
	cr_expect_not(host->root_resolve(host, "rootfs", path, target));
	/* A link that makes a long path too long. */
	for (unsigned i = 0; i < PATH_MAX - 1; i++)
		path[i] = i % 2 ? 'd' : '/';
	path[PATH_MAX - 1] = '\0';
	cr_expect(host->root_resolve(host, "rootfs", path, target));
	memcpy(path, "/sub", 4);
	cr_expect_not(host->root_resolve(host, "rootfs", path, target));
}

Test(host_rootfs, long_bundle)
{
	char bundle[PATH_MAX + 1];
	struct host_real *other = NULL;
	struct hr_error err = {0};

	memset(bundle, 'b', PATH_MAX);
	bundle[PATH_MAX] = '\0';
	expect_error(host_open(bundle, &other, &err), &err, HR_USAGE, "too long");
	cr_expect_null(other);
	host_close(NULL);
}

/* A program by device and inode, where root alone can change it. */
Test(host_rootfs, same_program)
{
	struct host *host = host_ops(real);
	char exe[64], sleep_path[PATH_MAX * 2], command[PATH_MAX * 3];
	pid_t pid;

	/* A copy of a program that waits. */
	snprintf(sleep_path, sizeof(sleep_path), "%s", in_scratch("dockerd"));
	snprintf(command, sizeof(command), "cp -L /bin/sleep %s", sleep_path);
	cr_assert_eq(system(command), 0);
	pid = fork();
	if (pid == 0) {
		execl(sleep_path, "dockerd", "60", (char *)NULL);
		_exit(1);
	}
	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)pid);
	for (unsigned i = 0; i < 100 && !host->same_program(host, exe, sleep_path); i++)
		usleep(20000);
	cr_expect(host->same_program(host, exe, sleep_path));
	cr_expect(host->same_program(host, sleep_path, sleep_path));
	cr_expect_not(host->same_program(host, exe, "/bin/sh"));
	cr_expect_not(host->same_program(host, exe, in_scratch("gone")));
	cr_expect_not(host->same_program(host, in_scratch("gone"), sleep_path));
	cr_expect_not(host->same_program(host, "/", "/"), "no regular file");
	cr_expect_not(host->same_program(host, "", sleep_path));
	make_link("link", "dockerd");
	cr_expect(host->same_program(host, in_scratch("link"), in_scratch("link")));
	/* Somebody else could have put another program there. */
	cr_assert_eq(chmod(sleep_path, 0777), 0);
	cr_expect_not(host->same_program(host, exe, sleep_path));
	cr_assert_eq(chmod(sleep_path, 0755), 0);
	cr_assert_eq(chown(sleep_path, 1000, 0), 0);
	cr_expect_not(host->same_program(host, exe, sleep_path));
	cr_assert_eq(chown(sleep_path, 0, 0), 0);
	cr_assert_eq(chmod(scratch, 0777), 0);
	cr_expect_not(host->same_program(host, exe, sleep_path));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
