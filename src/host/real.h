/* SPDX-License-Identifier: Apache-2.0 */
/* Private to host/: the real machine. */
#ifndef HR_HOST_REAL_H
#define HR_HOST_REAL_H

#include "host/host.h"
#include "host/mountinfo.h"

#include <sys/types.h>

#define JUDGED_MAX 32 /* namespace paths in one document; more are refused */

struct judged {
	char path[512];
	dev_t dev;
	ino_t ino;
};

#define SOURCES_MAX 512 /* host paths in one document; more are refused */

struct source {
	size_t index; /* of the mount */
	int fd;	      /* O_PATH */
	char *real;
	struct region {
		char *dev;
		char *path; /* in the file system */
	} at;
	char *socket;
};

struct host_real {
	struct host ops; /* first: controls see only this */
	char bundle[PATH_MAX];
	struct judged judged[JUDGED_MAX];
	size_t judged_count;
	struct source *sources; /* room for SOURCES_MAX, made when needed */
	size_t source_count;
	struct mountinfo mounts; /* read when needed */
	int userns;		 /* the caller's; -1: none */
};

enum host_ns host_real_ns(struct host *host, const char *type, const char *path);
const char *host_real_root_wrong(struct host *host, const char *path);
enum host_entry host_real_root_entry(struct host *host, const char *root, const char *name);
bool host_real_root_resolve(struct host *host, const char *root, const char *path,
			    char ret[PATH_MAX]);
/* The absolute path of root.path, which is relative to the bundle. */
bool host_root_path(const struct host_real *real, const char *root, char ret[PATH_MAX]);

/* --- labels.c --- */
enum host_lsm host_real_apparmor(struct host *host);
bool host_real_apparmor_mode(struct host *host, const char *profile, char ret[HOST_MODE]);
enum host_lsm host_real_selinux(struct host *host);
bool host_real_selinux_levels(struct host *host);
bool host_real_selinux_known(struct host *host, const char *context);
bool host_real_selinux_enforced(struct host *host, const char *context);
bool host_real_selinux_starts(struct host *host, const char *context, bool no_new_privs);
bool host_real_selinux_runs(struct host *host, const char *context, const char *root);
bool host_real_selinux_reads(struct host *host, const char *context, const char *source);
bool host_real_selinux_layers(struct host *host, const char *context, const char *root);
bool host_real_root_overlay(struct host *host, const char *root);

/* --- region.c --- */

/* True if either path is the other or below it, by their text. */
bool host_related(const char *a, const char *b);

/* The mount table, read once; NULL when it cannot be read. */
const struct mountinfo *host_mounts(struct host_real *real);
/* The mount that an open file is on; NULL when that cannot be told. */
const struct mount_entry *host_mount_of(struct host_real *real, int fd);
/* Where the open file `path` is; the caller frees it with host_region_done in any case. */
bool host_region_of(struct host_real *real, int fd, const char *path, struct region *ret);
void host_region_done(struct region *region);
/* The name under which the kernel knows an open file; false for one that has none. */
bool host_name_of(int fd, char ret[PATH_MAX]);

/* --- mounted.c --- */
bool host_real_mounted(struct host *host, const char *path, struct host_mounted *ret);
const char *host_real_origin(struct host *host, const char *path, char ret[PATH_MAX]);
bool host_real_shows(struct host *host, const char *path, const char *directory);
bool host_real_volume_of(struct host *host, const char *pod, const char *path,
			 char ret[NAME_MAX + 1]);

/* --- source.c --- */
bool host_real_source(struct host *host, size_t index, const char *path, struct host_source *ret);
bool host_real_source_meets(struct host *host, size_t index, const char *directory);
bool host_real_within(struct host *host, const char *path, const char *directory);
bool host_real_plain_below(struct host *host, const char *directory, const char *path);
bool host_real_sound(struct host *host, const char *path);
void host_real_sources_done(struct host_real *real);

/* Calls `found` for each path on which a process of our network namespace listens
 * (/proc/net/unix), until it returns true; which is returned. */
bool host_each_listening(bool (*found)(const char *path, void *data), void *data);

/* The path of a socket below an open directory, among its first 20,000 entries; malloc'ed, NULL
 * for none. `path` is the directory's own. */
char *host_socket_in(int directory, const char *path);
const char *host_real_pin(struct host *host, size_t index, const char *path);

/* --- idmaps.c --- */
enum host_owner host_real_ns_owner(struct host *host, const char *path, const char *user);
bool host_real_ns_ids(struct host *host, const char *path, bool groups, struct host_ids *ret,
		      size_t room, size_t *ret_count);
const char *host_real_unmappable(struct host *host, const char *path, bool whole);
bool host_real_holds_mounts(struct host *host, const char *path);
unsigned host_real_mount_flags(struct host *host, size_t index);

bool host_real_group_id(struct host *host, const char *name, uint32_t *ret);
bool host_real_device(struct host *host, const char *path, char *ret_type, uint32_t *ret_major,
		      uint32_t *ret_minor);

#endif
