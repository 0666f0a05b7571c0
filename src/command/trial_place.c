/* SPDX-License-Identifier: Apache-2.0 */
#include "command/trial_place.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <unistd.h>

#define CGROUPS	    "/sys/fs/cgroup"
#define PROCS_MAX   65536
#define CLEAN_TRIES 100
#define PAUSE_USEC  20000

/* A container that writes without end must not take the node's memory. */
#define TMPFS_OPTIONS "mode=0700,size=25%,nr_inodes=1000000"

/* /run/hardrun/try/ID in a namespace of our own: what is mounted there nobody else sees, and it
 * ends with the last process that is in it. */
static int make_tmpfs(struct hr_error *err)
{
	if (file_make_dirs(TRIAL_DIR, 0700, err) < 0)
		return -1;
	if (unshare(CLONE_NEWNS) < 0)
		return hr_fail_errno(err, errno, "a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return hr_fail_errno(err, errno, "/: private propagation");
	if (mount("hardrun-try", TRIAL_DIR, "tmpfs", MS_NOSUID | MS_NODEV, TMPFS_OPTIONS) < 0)
		return hr_fail_errno(err, errno, TRIAL_DIR ": tmpfs");
	return 0;
}

static int make_dir(const char *path, struct hr_error *err)
{
	return mkdir(path, 0700) < 0 ? hr_fail_errno(err, errno, "%s", path) : 0;
}

int trial_place_make(struct trial_place *ret, struct hr_error *err)
{
	struct trial_place place = {0};
	unsigned chance = 0;

	if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return hr_fail_errno(err, errno, "getrandom");
	snprintf(place.id, sizeof(place.id), "try-%d-%08x", getpid(), chance);
	snprintf(place.dir, sizeof(place.dir), TRIAL_DIR "/%s", place.id);
	snprintf(place.cgroup, sizeof(place.cgroup), "/hardrun-%s", place.id);
	snprintf(place.bundle, sizeof(place.bundle), TRIAL_DIR "/%s/bundle", place.id);
	snprintf(place.state, sizeof(place.state), TRIAL_DIR "/%s/state", place.id);
	snprintf(place.socket, sizeof(place.socket), TRIAL_DIR "/%s/s", place.id);
	snprintf(place.filter, sizeof(place.filter), TRIAL_DIR "/%s/filter.json", place.id);
	if (make_tmpfs(err) < 0 || make_dir(place.dir, err) < 0 ||
	    make_dir(place.bundle, err) < 0 || make_dir(place.state, err) < 0)
		return -1;
	*ret = place;
	return 0;
}

/* A runtime that was killed leaves processes in it that do not know yet. */
static void end_processes(const char *cgroup)
{
	char path[PATH_MAX + 32], *rest, *word;
	hr_autofree char *text = NULL;
	hr_autoclose int fd = -1;
	struct hr_error ignored = {0};
	size_t len;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_read_fd(fd, path, PROCS_MAX, &text, &len, &ignored) < 0)
		return;
	for (word = strtok_r(text, "\n", &rest); word; word = strtok_r(NULL, "\n", &rest)) {
		pid_t pid = (pid_t)strtol(word, NULL, 10);

		if (pid > 0)
			kill(pid, SIGKILL);
	}
}

/* In whatever hierarchies of cgroups there are. True if it is in none of them any more. */
static bool remove_cgroup(const char *cgroup)
{
	DIR *dir = opendir(CGROUPS);
	char path[PATH_MAX];
	bool gone = true;

	snprintf(path, sizeof(path), CGROUPS "%s", cgroup);
	for (const struct dirent *entry = NULL; dir;) {
		if (access(path, F_OK) == 0) {
			end_processes(path);
			gone &= rmdir(path) == 0;
		}
		entry = readdir(dir);
		if (!entry)
			break;
		snprintf(path, sizeof(path), CGROUPS "/%.255s%.127s", entry->d_name, cgroup);
	}
	if (dir)
		closedir(dir);
	return gone;
}

void trial_place_clean(const struct trial_place *place)
{
	for (int i = 0; i < CLEAN_TRIES && place->cgroup[0] && !remove_cgroup(place->cgroup); i++)
		usleep(PAUSE_USEC);
	(void)umount2(TRIAL_DIR, MNT_DETACH);
}
