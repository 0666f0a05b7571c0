/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes that start a program where none should come from, or with more than its parent has.
 * The program is this one; all it does is to say that it ran. Its copies are in memory or in
 * a file of a name of our own that is taken away at once.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char name[] = "probe", option[] = RAN_OPTION;
static char *const ran_argv[] = {name, option, NULL};
static char *const no_environment[] = {NULL};

static int copy_self(int to)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (from < 0)
		return -1;
	do {
		got = sendfile(to, from, NULL, 1 << 20);
	} while (got > 0);
	return got < 0 ? -1 : 0;
}

/* The verdict of a grandchild that became the program, or could not. */
static int verdict_of(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return errno;
	if (!WIFEXITED(status))
		return REACHED;
	return WEXITSTATUS(status) == RAN_STATUS ? REACHED : WEXITSTATUS(status);
}

static int start_file(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, ran_argv, no_environment);
		_exit(errno);
	}
	return verdict_of(pid);
}

static int start_descriptor(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", ran_argv, no_environment, AT_EMPTY_PATH);
		_exit(errno);
	}
	return verdict_of(pid);
}

static int memory_file(void)
{
	int fd = memfd_create("hardrun-probe", MFD_CLOEXEC);

	return fd < 0 || copy_self(fd) < 0 ? -1 : fd;
}

static int run_memory_file(const struct probe *probe)
{
	char path[64];
	int fd = memory_file();

	(void)probe;
	if (fd < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return start_file(path);
}

static int run_execveat(const struct probe *probe)
{
	int fd = memory_file();

	(void)probe;
	return fd < 0 ? errno : start_descriptor(fd);
}

/* From a file in the folder, by name. */
static int run_from(const struct probe *probe)
{
	char path[64];
	int stop, fd;

	snprintf(path, sizeof(path), "%s/.hardrun-probe-%d", probe->path, (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	if (fd < 0)
		return errno;
	stop = copy_self(fd) < 0 ? errno : REACHED;
	close(fd); /* or it would be busy */
	if (stop == REACHED)
		stop = start_file(path);
	unlink(path);
	return stop;
}

/* Asks only. */
static int run_no_new_privs(const struct probe *probe)
{
	(void)probe;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? STOPPED_SET : REACHED;
}

/* Capabilities for a program that is empty and in memory: none of them, but to write the set
 * takes CAP_SETFCAP. */
static int run_file_capabilities(const struct probe *probe)
{
	const struct vfs_cap_data none = {.magic_etc = VFS_CAP_REVISION_2};
	int fd = memfd_create("hardrun-probe", MFD_CLOEXEC);

	(void)probe;
	if (fd < 0)
		return errno;
	if (fsetxattr(fd, "security.capability", &none, sizeof(none), 0) == 0)
		return REACHED;
	return errno == EOPNOTSUPP ? STOPPED_ABSENT : answer(-1);
}

/* Any capability beyond the eight that an image needs to start as root and step down. */
static int run_bounding(const struct probe *probe)
{
	static const unsigned allowed = 1 << CAP_CHOWN | 1 << CAP_DAC_OVERRIDE | 1 << CAP_FOWNER |
					1 << CAP_FSETID | 1 << CAP_KILL | 1 << CAP_SETGID |
					1 << CAP_SETUID | 1 << CAP_NET_BIND_SERVICE;

	(void)probe;
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (capability < 32 && (allowed >> capability & 1))
			continue;
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
			return REACHED;
	}
	return STOPPED_SET;
}

#define FROM(name_, path_) .vector = 50, .name = name_, .run = run_from, .path = path_

static const struct probe rows[] = {
	/* Names at NOWHERE. */
	{CALL(49, execveat, NO_FD, NOWHERE, 0, 0, 0)},
	{CALL(49, memfd_create, NOWHERE, 0), INTENDED("compilers and language runtimes use it")},
	{.vector = 49,
	 .name = "exec-memfd",
	 .run = run_memory_file,
	 INTENDED("a file in memory is a file: execve cannot tell")},
	{.vector = 49, .name = "execveat-memfd", .run = run_execveat},

	{FROM("exec-tmp", "/tmp"),
	 INTENDED("the image's own directory; a read-only root is for the restricted profile")},
	{FROM("exec-dev", "/dev")},
	{FROM("exec-shm", "/dev/shm")},
	{FROM("exec-mqueue", "/dev/mqueue")},
	{FROM("exec-cgroup", "/sys/fs/cgroup")},

	{.vector = 59, .name = "no_new_privs-unset", .run = run_no_new_privs},
	{.vector = 59, .name = "file-capabilities", .run = run_file_capabilities},
	{.vector = 59, .name = "bounding-set", .run = run_bounding},
};

PROBES(probes_programs, rows);
