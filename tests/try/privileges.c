/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: privileges NAME...
 * What the kernel refuses for want of a capability, or because of how something is mounted; not
 * the filter. Each in a child of its own; prints a line "NAME ERRNO" (0: it worked).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static int bind_to(int family, int type, int port)
{
	struct sockaddr_in six4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 six6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	int fd = socket(family, type, 0);

	return family == AF_INET ? bind(fd, (struct sockaddr *)&six4, sizeof(six4))
				 : bind(fd, (struct sockaddr *)&six6, sizeof(six6));
}

static int bind_80(void)
{
	return bind_to(AF_INET, SOCK_STREAM, 80);
}

static int bind_53_6(void)
{
	return bind_to(AF_INET6, SOCK_DGRAM, 53);
}

static int bind_8080(void)
{
	return bind_to(AF_INET, SOCK_STREAM, 8080);
}

static const char *own_file(void)
{
	const char *path = "/tmp/own";
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	return path;
}

static int chown_own(void)
{
	return chown(own_file(), 4242, (gid_t)-1);
}

static int chown_same(void)
{
	return chown(own_file(), getuid(), getgid());
}

static int chmod_other(void)
{
	return chmod("/etc/passwd", 0644);
}

static int set_uid(void)
{
	return (int)syscall(SYS_setuid, getuid() + 1);
}

static int set_uid_same(void)
{
	return (int)syscall(SYS_setuid, getuid());
}

static int set_gid(void)
{
	return (int)syscall(SYS_setgid, getgid() + 1);
}

static int set_groups(void)
{
	gid_t group = 4242;

	return (int)syscall(SYS_setgroups, 1, &group);
}

/* From a child that has stepped down, to its parent that has not. */
static int kill_other(void)
{
	int status, code = 0;
	pid_t child = fork();

	if (child == 0) {
		syscall(SYS_setresuid, 4242, 4242, 4242);
		_exit(kill(getppid(), SIGURG) < 0 ? errno : 0);
	}
	waitpid(child, &status, 0);
	code = WEXITSTATUS(status);
	errno = code;
	return code ? -1 : 0;
}

static int kill_own(void)
{
	return kill(getpid(), SIGURG);
}

static int nicer(void)
{
	return (int)syscall(SYS_setpriority, PRIO_PROCESS, 0, -5);
}

static int mark(void)
{
	int value = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	return setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof(value));
}

static int bound(void)
{
	return prctl(PR_CAPBSET_DROP, 0, 0, 0, 0);
}

static int limit(void)
{
	struct rlimit now;

	getrlimit(RLIMIT_CORE, &now);
	now.rlim_max += 1;
	return setrlimit(RLIMIT_CORE, &now);
}

static int write_to(const char *path)
{
	return open(path, O_WRONLY | O_CLOEXEC);
}

static int write_root(void)
{
	return write_to("/home/app/file");
}

static int make_root(void)
{
	return open("/home/app/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static int mkdir_root(void)
{
	return mkdir("/home/app/directory", 0700);
}

static int unlink_root(void)
{
	return unlink("/home/app/file");
}

static int write_tmp(void)
{
	return open("/tmp/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}

static int proc_sys(void)
{
	return write_to("/proc/sys/kernel/hostname");
}

static int sysrq(void)
{
	return write_to("/proc/sysrq-trigger");
}

static int sysfs(void)
{
	return write_to("/sys/kernel/profiling");
}

static int read_of(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : (int)read(fd, &byte, 1);
}

static int kcore(void)
{
	return read_of("/proc/kcore");
}

static int keys(void)
{
	return read_of("/proc/keys");
}

static int iomem(void)
{
	return read_of("/proc/iomem");
}

static int firmware(void)
{
	return open("/sys/firmware", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int cpuinfo(void)
{
	return read_of("/proc/cpuinfo");
}

static int run_shm(void)
{
	char buffer[65536];
	ssize_t n;
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open("/dev/shm/program", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)n) != n)
			return -1;
	close(to);
	return execl("/dev/shm/program", "program", NULL);
}

static const struct {
	const char *name;
	int (*run)(void);
} all[] = {
	{"bind-80", bind_80},	    {"bind-53-6", bind_53_6},
	{"bind-8080", bind_8080},   {"chown-own", chown_own},
	{"chown-same", chown_same}, {"chmod-other", chmod_other},
	{"setuid", set_uid},	    {"setuid-same", set_uid_same},
	{"setgid", set_gid},	    {"setgroups", set_groups},
	{"kill-other", kill_other}, {"kill-own", kill_own},
	{"nicer", nicer},	    {"mark", mark},
	{"bound", bound},	    {"limit", limit},
	{"write-root", write_root}, {"make-root", make_root},
	{"mkdir-root", mkdir_root}, {"unlink-root", unlink_root},
	{"write-tmp", write_tmp},   {"proc-sys", proc_sys},
	{"sysrq", sysrq},	    {"sysfs", sysfs},
	{"kcore", kcore},	    {"keys", keys},
	{"iomem", iomem},	    {"firmware", firmware},
	{"cpuinfo", cpuinfo},	    {"run-shm", run_shm},
};

static int one(const char *name)
{
	pid_t child;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i].name, name) != 0)
			continue;
		child = fork();
		if (child == 0) {
			int got = all[i].run() < 0 ? errno : 0;
			dprintf(1, "%s %s\n", name, got ? strerrorname_np(got) : "0");
			_exit(0);
		}
		return child < 0 || waitpid(child, NULL, 0) != child;
	}
	dprintf(2, "privileges: no %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= one(argv[i]);
	return status;
}
