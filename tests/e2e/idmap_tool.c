/* SPDX-License-Identifier: Apache-2.0 */
/* idmap_tool BASE root ROOTFS [AT]: a root file system with the ids BASE to BASE+65535, in place
 *	where it is an overlay; the tree is attached at AT.
 * idmap_tool BASE check ROOTFS: could it be?
 * idmap_tool BASE probe STATEDIR
 * idmap_tool BASE stage ROOTFS MOUNTS SETTINGS PROGRAM ARG...: become the program with the sources
 *of MOUNTS (JSON; those with "bind" plain, with "rbind" mapped) and ROOTFS staged, the sysfs of our
 *network namespace, and SETTINGS (JSON) set in it. idmap_tool BASE stdio UID GID PROGRAM ARG...:
 *become it, with pipes that are theirs. idmap_tool BASE in ROOT PROGRAM ARG...: as root of a user
 *namespace with these ids; descriptor 3 is ROOT. Says "done" or the error, and what is not as it
 *was: the working directory, open descriptors. With HR_TIMES=N: N times, and the microseconds of
 *each. */
#include "base/text.h"
#include "host/userns.h"
#include "json/edit.h"
#include "stage/net.h"
#include "stage/probe.h"
#include "stage/root.h"
#include "stage/sources.h"
#include "stage/stdio.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int become_root(int userns, const char *root, char **argv)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || setns(userns, CLONE_NEWUSER) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 || dup2(fd, 3) != 3)
		return 2;
	execv(argv[0], argv);
	return 2;
}

static int stage(int userns, const char *rootfs, const char *at, struct hr_error *err)
{
	const struct stage_overlay with = {.userns = userns};
	int tree, result;

	if (stage_root(rootfs, &with, &tree, err) < 0)
		return -1;
	result = at ? move_mount(tree, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) : 0;
	close(tree);
	return result < 0 ? hr_fail(err, HR_SYSTEM, "%s: not attached", at) : 0;
}

static int once(int userns, char **argv, struct hr_error *err)
{
	if (strcmp(argv[2], "root") == 0)
		return stage(userns, argv[3], argv[4], err);
	if (strcmp(argv[2], "check") == 0)
		return stage_root_check(argv[3], userns, err);
	return stage_probe(argv[3], userns, err);
}

/* The real path behind HOST_STAGE/N/..., opened as the host keeps it. */
static void pin(struct host_real *host, const struct json *mounts, struct json_doc *doc,
		struct json *idmapped)
{
	uint64_t number = 0;

	json_each(mount, mounts) {
		host_ops(host)->pin(host_ops(host), number,
				    host_unstaged(json_string(mount, "source")));
		if (json_has_string(json_get(mount, "options"), "rbind"))
			json_append(idmapped, json_new_uint(doc, number));
		number++;
	}
}

static int stage_all(int userns, char **argv, struct hr_error *err)
{
	const struct stage_overlay with = {.userns = userns};
	struct stage_plan plan = {.userns = userns, .root = -1, .netns = -1};
	struct json_doc *mounts, *settings, *doc = json_new("");
	struct json *idmapped = json_new_array(doc);
	struct host_real *host;

	if (json_parse("mounts", argv[4], strlen(argv[4]), false, &mounts, err) < 0 ||
	    json_parse("settings", argv[5], strlen(argv[5]), false, &settings, err) < 0 ||
	    host_open("/", &host, err) < 0 ||
	    stage_open_net("/proc/self/ns/net", &plan.netns, err) < 0 ||
	    stage_root(argv[3], &with, &plan.root, err) < 0)
		return -1;
	pin(host, json_root(mounts), doc, idmapped);
	plan.idmapped = idmapped;
	if (stage_sources(host, json_root(mounts), &plan, err) < 0)
		return -1;
	return stage_net(plan.netns, json_root(settings), err);
}

static int become(int userns, char **argv)
{
	struct hr_error err = {0};
	bool all = strcmp(argv[2], "stage") == 0;
	int result = all ? stage_all(userns, argv, &err)
			 : stage_stdio((uint32_t)strtoul(argv[3], NULL, 10),
				       (uint32_t)strtoul(argv[4], NULL, 10), &err);

	if (result == 0)
		execvp(argv[all ? 6 : 5], argv + (all ? 6 : 5));
	printf("error %u: %s\n", (unsigned)err.code, err.msg);
	return 1;
}

static int run(int userns, char **argv, bool times)
{
	struct hr_error err = {0};
	struct stat before, after;
	int fds = count_fds(), result;
	long start = now();

	if (stat(".", &before) < 0)
		return 2;
	result = once(userns, argv, &err);
	if (times)
		printf("%ld\n", now() - start);
	if (result < 0)
		printf("error %u: %s\n", (unsigned)err.code, err.msg);
	if (fds != count_fds())
		printf("descriptors\n");
	if (stat(".", &after) < 0 || before.st_ino != after.st_ino || before.st_dev != after.st_dev)
		printf("working directory\n");
	return result < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *times = getenv("HR_TIMES");
	int userns, result = 0;

	if (argc < 4 || userns_make((uint32_t)strtoul(argv[1], NULL, 10), 65536, &userns, NULL) < 0)
		return 2;
	if (strcmp(argv[2], "in") == 0)
		return argc < 5 ? 2 : become_root(userns, argv[3], argv + 4);
	if (strcmp(argv[2], "stage") == 0 || strcmp(argv[2], "stdio") == 0)
		return argc < 6 ? 2 : become(userns, argv);
	for (int i = times ? atoi(times) : 1; i > 0 && result == 0; i--)
		result = run(userns, argv, times);
	if (result == 0 && !times)
		printf("done\n");
	return result;
}
