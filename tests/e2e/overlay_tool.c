/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_tool --id PATH: a number that no other mount has had, where the kernel knows one.
 * overlay_tool ROOTFS [CONTEXT]: mount the overlay there anew. Says "done" or the error, and what
 * is not as it was: the working directory, open descriptors. With HR_TIMES=N: N times, and the
 * microseconds of each. */
#include "stage/overlay.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

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

#define MNT_ID_UNIQUE 0x4000U /* STATX_MNT_ID_UNIQUE, Linux 6.8 */

static int print_id(const char *path)
{
	struct statx stx;

	if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &stx) < 0)
		return 1;
	statx(AT_FDCWD, path, 0, MNT_ID_UNIQUE, &stx);
	printf("%llu\n", (unsigned long long)stx.stx_mnt_id);
	return 0;
}

int main(int argc, char **argv)
{
	struct stage_overlay with = {.context = argc > 2 ? argv[2] : NULL, .userns = -1};
	const char *times = getenv("HR_TIMES");
	struct stat before, after;
	int fds = count_fds();
	long start;

	if (argc > 2 && strcmp(argv[1], "--id") == 0)
		return print_id(argv[2]);
	if (argc < 2 || stat(".", &before) < 0)
		return 2;
	for (int i = times ? atoi(times) : 1; i > 0; i--) {
		struct hr_error err = {0};
		int result;

		start = now();
		result = stage_overlay(argv[1], &with, &err);
		if (times)
			printf("%ld\n", now() - start);
		if (result < 0)
			printf("error %u: %s\n", (unsigned)err.code, err.msg);
		if (fds != count_fds())
			printf("descriptors\n");
		if (stat(".", &after) < 0 || before.st_ino != after.st_ino ||
		    before.st_dev != after.st_dev)
			printf("working directory\n");
		if (result < 0)
			return 1;
	}
	if (!times)
		printf("done\n");
	return 0;
}
