/* SPDX-License-Identifier: Apache-2.0 */
/* Private to watch/: capabilities of a program's file, capabilities(7). */
#ifndef HR_WATCH_FILE_CAPABILITIES_H
#define HR_WATCH_FILE_CAPABILITIES_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Those that execve(2) fails for with EPERM: the file has them, with the effective bit, and the
 * bounding set of the process does not. no_new_privs makes no difference. 0: none. `fd`: O_PATH.
 */
uint64_t file_capabilities_missing(int fd, pid_t pid);

#endif
