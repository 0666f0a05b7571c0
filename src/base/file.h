/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: read whole, replace whole, and the question whether anybody but root could have
 * put something else there. Nothing follows a symlink in the last component.
 */
#ifndef HR_BASE_FILE_H
#define HR_BASE_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Read a regular file of at most `max` bytes into a NUL-terminated buffer that the caller
 * frees. `shown` names it in messages. ret_stat may be NULL. Error: HR_SYSTEM; errno is
 * kept (ENOENT tells a missing file). */
int file_read_at(int dirfd, const char *name, const char *shown, size_t max, char **ret,
		 size_t *ret_len, struct stat *ret_stat, struct hr_error *err);

/* Read what is left on an open descriptor (a pipe as well), at most `max` bytes. */
int file_read_fd(int fd, const char *shown, size_t max, char **ret, size_t *ret_len,
		 struct hr_error *err);

/* Write all bytes; HR_SYSTEM on a short or failed write. */
int file_write_fd(int fd, const char *shown, const char *bytes, size_t len, struct hr_error *err);

/*
 * Replace or make a file: a temporary file in the same directory with `mode`, `uid` and
 * `gid`, then rename. SIGKILL at any instant leaves the old or the new one (no fsync: the
 * content matters only as long as the kernel that runs the container).
 */
int file_replace_at(int dirfd, const char *name, const char *bytes, size_t len, mode_t mode,
		    uid_t uid, gid_t gid, struct hr_error *err);

/*
 * Make a file that is not there yet, whole or not at all: a killed process leaves nothing
 * (O_TMPFILE). One that is there is left as it is. Error: HR_SYSTEM.
 */
int file_make_at(int dirfd, const char *name, const char *bytes, size_t len, mode_t mode,
		 struct hr_error *err);

/*
 * Open a directory (or, with `directory` false, any file, O_PATH) by an absolute path of
 * which every component, links included, is owned by root and cannot be written by
 * anybody else: no write bit for others, nor for the group. A sticky
 * directory such as /tmp is fine where the entry below it is root's.
 * Error: HR_UNTRUSTED naming the component, HR_SYSTEM (errno kept).
 */
int file_open_trusted(const char *path, bool directory, int *ret_fd, struct hr_error *err);

/* True if root owns it and nobody else can write it. */
bool file_is_roots(const struct stat *st);

/* Make directory `path` and the ones above it (0755; the last one `mode`). */
int file_make_dirs(const char *path, mode_t mode, struct hr_error *err);

#endif
