/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What controls ask of the machine, as a table of functions: the real one looks, the
 * tests' one is told. Nothing here changes anything.
 */
#ifndef HR_HOST_HOST_H
#define HR_HOST_HOST_H

#include "base/error.h"
#include "json/json.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum host_ns {
	HOST_NS_OTHER, /* a namespace of the asked type, neither ours nor pid 1's */
	HOST_NS_HOST,  /* hardrun's own or pid 1's, by device and inode */
	HOST_NS_WRONG, /* no namespace of that type, or cannot be opened */
};

enum host_entry {
	HOST_ENTRY_ABSENT,
	HOST_ENTRY_DIRECTORY,
	HOST_ENTRY_OTHER, /* a symbolic link, a file, or it could not be looked at */
};

enum host_kind {
	HOST_KIND_ABSENT, /* or cannot be opened */
	HOST_KIND_DIRECTORY,
	HOST_KIND_FILE,
	HOST_KIND_SOCKET,
	HOST_KIND_DEVICE,
	HOST_KIND_FIFO,
};

enum host_lsm {
	HOST_LSM_ABSENT,     /* this kernel has it not, or not switched on */
	HOST_LSM_NOT_BUILT,  /* this hardrun cannot ask: built without the library */
	HOST_LSM_HIDDEN,     /* it is on, and cannot be asked: its file system is not there */
	HOST_LSM_UNUSED,     /* the runtime gives no process a label */
	HOST_LSM_PERMISSIVE, /* SELinux logs, and refuses nothing */
	HOST_LSM_ON,
};

enum host_owner {
	HOST_OWNER_FIRST, /* the host's own user namespace, which we are in */
	HOST_OWNER_SAME,  /* the one that was named */
	HOST_OWNER_OTHER, /* another one, or it cannot be told */
};

/* Flags of a mount, which a user namespace locks. */
enum host_flag {
	HOST_FLAG_RO = 1,
	HOST_FLAG_NOSUID = 2,
	HOST_FLAG_NODEV = 4,
	HOST_FLAG_NOEXEC = 8,
	HOST_FLAG_NOATIME = 16,
};

struct host_ids {
	uint32_t inside, outside, count;
};

#define HOST_MODE 32 /* name of an AppArmor profile's mode, with its end */

/* What a path of the host is, that a container is to get. Strings are the host's. */
struct host_source {
	enum host_kind kind;
	const char *real;      /* the path without links, of what was opened */
	const char *kernel_fs; /* proc, sysfs, ...: it is on one, or has one mounted below it,
				  outside /proc, /sys and /dev; NULL otherwise */
	const char *kernel_at; /* where that one is mounted */
	const char *socket;    /* a path below it on which a process of the host listens; NULL */
};

/* What is at a path of the host, where something else may have been mounted over it. */
struct host_mounted {
	bool point;  /* something is mounted there */
	bool memory; /* then: a tmpfs */
};

struct host {
	/* What `path` is, for a type of the runtime-spec ("network"). The real host
	 * remembers device and inode for host_recheck. */
	enum host_ns (*ns)(struct host *host, const char *type, const char *path);

	/* NULL when `path` (root.path; relative to the bundle) may be a container's root;
	 * otherwise why not. */
	const char *(*root_wrong)(struct host *host, const char *path);

	/* What the directory entry `name` of the rootfs is, without following it. */
	enum host_entry (*root_entry)(struct host *host, const char *root, const char *name);

	/* Where an absolute path of the container leads through the symbolic links of its
	 * image: again an absolute path of the container. Parts that are not there stay as
	 * they are. False when that cannot be told (too many links, too long). */
	bool (*root_resolve)(struct host *host, const char *root, const char *path,
			     char ret[PATH_MAX]);

	/* True if `path` (which may be /proc/N/exe) is the file `trusted`, by device and
	 * inode, and root alone can change that. */
	bool (*same_program)(struct host *host, const char *path, const char *trusted);

	/*
	 * The path of the host number `index`: `path`, absolute, is opened once, links followed
	 * (but none of /proc/PID/fd and the like). The real host keeps the descriptor, which is
	 * then what is staged: see host_source_fd. False when no more can be kept.
	 */
	bool (*source)(struct host *host, size_t index, const char *path, struct host_source *ret);

	/* True if the path number `index` is the directory, is in it, or holds it:
	 * whatever it is called, by file system and path in that file system. */
	bool (*source_meets)(struct host *host, size_t index, const char *directory);

	/* True if `path`, a host_source's, is `directory` or below it. */
	bool (*within)(struct host *host, const char *path, const char *directory);

	/* True if no part of `path`, as far as it is there, is a link below `directory`. */
	bool (*plain_below)(struct host *host, const char *directory, const char *path);

	/* Whether something is mounted at `path` itself. False when that cannot be told. Does not
	 * read the mount table, which takes milliseconds on a full node. */
	bool (*mounted)(struct host *host, const char *path, struct host_mounted *ret);

	/* The path that the host has elsewhere for the files that are mounted at `path`, "" for
	 * none; and the type of their file system, NULL when it cannot be told. */
	const char *(*origin)(struct host *host, const char *path, char ret[PATH_MAX]);

	/* True if what is at `path` is the directory, is part of it, or holds it, whatever
	 * the path itself is called. */
	bool (*shows)(struct host *host, const char *path, const char *directory);

	/* The kubelet's volume below the directory `pod` that what is at `path` is a part of: the
	 * name of its plugin's directory. False when it is of none. */
	bool (*volume_of)(struct host *host, const char *pod, const char *path,
			  char ret[NAME_MAX + 1]);

	/* True for a file or directory that is reached by a path that root alone can change;
	 * itself it may be anybody's, but is no link. */
	bool (*sound)(struct host *host, const char *path);

	/* The id of a group of the host (/etc/group); false when there is none of that name. */
	bool (*group_id)(struct host *host, const char *name, uint32_t *ret);

	/* oom_score_adj of this process, which a runtime hands on where none is asked. */
	int (*own_oom_score)(struct host *host);

	/* The host's own device node at `path`: 'c' or 'b' and its numbers; false when there
	 * is none. */
	bool (*device)(struct host *host, const char *path, char *ret_type, uint32_t *ret_major,
		       uint32_t *ret_minor);

	enum host_lsm (*apparmor)(struct host *host);
	enum host_lsm (*selinux)(struct host *host);

	/* The mode of a loaded AppArmor profile ("enforce"); false when none of that name is
	 * loaded. */
	bool (*apparmor_mode)(struct host *host, const char *profile, char ret[HOST_MODE]);

	/* The loaded SELinux policy: whether contexts have levels; whether it knows a context;
	 * whether it refuses anything to that domain (it may be permissive by itself);
	 * whether the runtime may start a process under it; whether such a process may run
	 * what is in the root file system, and read what is at `source` of a mount. */
	bool (*selinux_levels)(struct host *host);
	bool (*selinux_known)(struct host *host, const char *context);
	bool (*selinux_enforced)(struct host *host, const char *context);
	bool (*selinux_starts)(struct host *host, const char *context, bool no_new_privs);
	bool (*selinux_runs)(struct host *host, const char *context, const char *root);
	bool (*selinux_reads)(struct host *host, const char *context, const char *source);

	/* The same of the layers of an overlay at root.path, whose own labels the kernel asks for
	 * when a process changes the protection of what it has mapped, whatever the context of
	 * the mount is. True for what cannot be told. */
	bool (*selinux_layers)(struct host *host, const char *context, const char *root);

	/* True if root.path is an overlay that was mounted there. */
	bool (*root_overlay)(struct host *host, const char *root);

	/* Which user namespace owns the namespace `path`; `user`: the path of one, or NULL. */
	enum host_owner (*ns_owner)(struct host *host, const char *path, const char *user);

	/* The ids that the user namespace `path` maps, seen from ours: at most `room` entries of
	 * its users or groups, and how many there are. False when they cannot be read. */
	bool (*ns_ids)(struct host *host, const char *path, bool groups, struct host_ids *ret,
		       size_t room, size_t *ret_count);

	/* Why what is at `path` (with what is mounted below it: `whole`) cannot be mounted with
	 * other ids; NULL when it can. By doing. */
	const char *(*unmappable)(struct host *host, const char *path, bool whole);

	/* True if something is mounted below the directory `path`, or that cannot be told. */
	bool (*holds_mounts)(struct host *host, const char *path);

	/* As `source`, for a path that needs no judging: it is opened and kept, by that name. The
	 * name; NULL when it cannot be opened or no more can be kept. */
	const char *(*pin)(struct host *host, size_t index, const char *path);

	/* enum host_flag of the mount that the path number `index` is on. */
	unsigned (*mount_flags)(struct host *host, size_t index);

	/* The runtime that is to be started; NULL: not known */
	const char *runtime_path;

	/* Names of the known escapes (CVE-YYYY-N) that the runtime's build is open to: a list
	 * of strings, or NULL. */
	const struct json *runtime_cves;

	/* What the runtime can do with a system call filter, of SECCOMP_FILTER_FLAG_LOG and
	 * SCMP_ACT_NOTIFY: a list, or NULL */
	const struct json *runtime_seccomp;

	/* potentiallyUnsafeConfigAnnotations of the runtime's `features`: a list, or NULL */
	const struct json *unsafe_annotations;
};

struct host_real;

/* The real machine. `bundle` is the absolute path of the bundle. */
int host_open(const char *bundle, struct host_real **ret, struct hr_error *err);
struct host *host_ops(struct host_real *real);
void host_close(struct host_real *real);
static inline void host_close_p(struct host_real **real)
{
	host_close(*real);
}
#define host_auto __attribute__((cleanup(host_close_p)))

/* Right before exec: every namespace path that was judged is still the same inode.
 * Error: HR_DENIED naming the path. */
int host_recheck(struct host_real *real, struct hr_error *err);

/* The name of the path number `index` as it was judged last; NULL for none. */
const char *host_source_name(const struct host_real *real, size_t index);

/* The descriptor (O_PATH) of the path number `index` that was judged last; -1 for none. It
 * stays the host's. */
int host_source_fd(const struct host_real *real, size_t index);

/* The user namespace whose ids `unmappable` tries; stays the caller's. */
void host_set_userns(struct host_real *real, int userns);

/* Where the clones of judged sources are attached: HOST_STAGE/N/THE/REAL/PATH, see
 * stage/sources.h. */
#define HOST_STAGE HR_STATEDIR "/stage"

/* For a container with a user namespace of ours: where its root file system is attached, which on
 * the host is an empty directory (runc's exec starts there); and the sysfs of its pod. */
#define HOST_STAGE_ROOT	 HOST_STAGE "/rootfs"
#define HOST_STAGE_SYSFS HOST_STAGE "/sysfs"
/* Annotations with what was taken out of the document: root.path; the settings of the network
 * namespace, as JSON; the path of that namespace. */
#define HOST_ROOT_NOTE	  "hardrun.root"
#define HOST_SYSCTL_NOTE  "hardrun.sysctl"
#define HOST_NETWORK_NOTE "hardrun.network"

/* The path of the host behind a source of that form; others as they are. */
const char *host_unstaged(const char *source);

/* The name below /proc/PID/ns of a namespace type of the runtime-spec; NULL for a type
 * that is none. */
const char *host_ns_file(const char *type);

#endif
