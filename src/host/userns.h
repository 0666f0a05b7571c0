/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User namespaces: made with a map of ids, asked for theirs, and tried on mounts.
 */
#ifndef HR_HOST_USERNS_H
#define HR_HOST_USERNS_H

#include "base/error.h"
#include "host/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A new user namespace, in which users and groups 0 to size-1 are those from `base` on, outside.
 * setgroups(2) is allowed in it. The descriptor (close-on-exec) is all that holds it. Error:
 * HR_SYSTEM, with what to do when the limit of user namespaces is reached.
 */
int userns_make(uint32_t base, uint32_t size, int *ret_fd, struct hr_error *err);

/*
 * The map of the user namespace `path` (as /proc/PID/ns/user, /proc/self/fd/N), of its groups or
 * its users, as it is seen from our own: at most `room` entries, the rest is left out. ret_count:
 * how many there are. One that has no map has 0; an id of a parent that we have not is 4294967295.
 * Error: HR_SYSTEM, also where `path` is no user namespace.
 */
int userns_maps(const char *path, bool groups, struct host_ids *ret, size_t room, size_t *ret_count,
		struct hr_error *err);

/*
 * The one range that an open user namespace maps for users and for groups alike: 0 to *ret_size-1
 * are those from *ret_base on. Error: HR_SYSTEM, HR_DENIED for another map.
 */
int userns_range(int fd, uint32_t *ret_base, uint32_t *ret_size, struct hr_error *err);

/*
 * Device and inode of the user namespace that owns the namespace `path` (of a user namespace: its
 * parent). False when `path` is no namespace, or the owner is neither our own user namespace nor
 * below it. Whatever is at `path`, nothing but a namespace is opened.
 */
bool userns_owner(const char *path, struct stat *ret);

/* The namespace `path`, opened close-on-exec, if it is of that kind (CLONE_NEWNET, ...); nothing
 * else is ever opened. -1 with errno. */
int userns_open(const char *path, int kind);

/* True if we are root in a user namespace that maps every id to itself, as the host's does. */
bool userns_is_first(void);

/*
 * Can what is at `fd` (a file or directory of our mount namespace, O_PATH will do), with
 * `recursive` all that is mounted below it too, be mounted with the ids of `userns`? By doing, in
 * a clone that nobody sees. ret_why: a predicate, "is on NFS, which cannot have other ids".
 */
bool userns_idmaps(int fd, bool recursive, int userns, const char **ret_why);

/*
 * A detached clone of `fd` (as above), private, with the ids of `userns`. The flags of the mounts
 * stay. -1, and *ret_why (which may be NULL) as above.
 */
int userns_clone(int fd, bool recursive, int userns, const char **ret_why);

#endif
