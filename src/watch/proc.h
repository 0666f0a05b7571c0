/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to watch/: what /proc says of a process, and its mounts.
 */
#ifndef HR_WATCH_PROC_H
#define HR_WATCH_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROC_PATH   64
#define PROC_STATUS 8192

/* Read /proc/PID/NAME, cut to room - 1 bytes and ended by NUL. */
bool proc_read(pid_t pid, const char *name, char *ret, size_t room);

/* The value behind "KEY:" in /proc/PID/status (up to the end of its line); NULL for none. */
const char *proc_field(const char *status, const char *key);

/* The first `count` numbers of a text, parted by blanks; false when there are fewer. ret_rest (may
 * be NULL): what is behind them. */
bool proc_numbers(const char *text, size_t count, unsigned long *ret, const char **ret_rest);

/* A mount as /proc/PID/mountinfo has it. */
struct proc_mount {
	char root[4096];   /* of the file system that is mounted there */
	char where[4096];  /* as the process sees it */
	char options[512]; /* of the mount, and of the file system behind a comma */
	char type[64];	   /* of the file system */
};

/* The id of the mount on which a descriptor's file is. */
bool proc_mount_id(int fd, unsigned long *ret);

/* True if the process sees the mount of that id (statx, fdinfo). `ret` may be NULL. */
bool proc_mount(pid_t pid, unsigned long id, struct proc_mount *ret);

/*
 * Open (O_PATH) what a path means for a process: with its root, from its working directory or its
 * descriptor `dirfd` (AT_FDCWD), and never out of its root. `follow`: a link at the end as well.
 * -1 with errno; a path through /proc/self, a magic link or an unlinked directory cannot be told.
 */
int proc_open(pid_t pid, int dirfd, const char *path, bool follow);

/* How the process names the file of a descriptor of ours. */
bool proc_shown(pid_t pid, int fd, char *ret, size_t room);

#endif
