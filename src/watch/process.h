/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a process that waits for an answer. All of it is for a report: a thread of
 * the same process can change its memory at any time, so nothing is decided by it.
 */
#ifndef HR_WATCH_PROCESS_H
#define HR_WATCH_PROCESS_H

#include "watch/watch.h"

#define WATCH_NAME                                                                      \
	64 /* of a process; comm, bytes outside [A-Za-z0-9/._:@=+[]-] as \xNN, with NUL \
	    */

struct watch_process {
	pid_t pid; /* thread group */
	char name[WATCH_NAME];
	uid_t uid, fsuid; /* effective, for files; as the host counts them */
	gid_t gid, fsgid;
	uint64_t capabilities; /* effective; bit N: capability N */
	bool runtime; /* still the runtime's own: it has not exec'ed the container's program */
};

/* False when it is gone, and then all is zero and the name "?". The runtime is told by the name
 * (runc:[...], crun, exe) and by its program being on no mount that it sees. */
bool watch_process(const struct watch_call *call, struct watch_process *ret);

/* A NUL-terminated string of its memory, at most room - 1 bytes; false when it cannot be read. */
bool watch_string(const struct watch_call *call, uint64_t address, char *ret, size_t room);

/* Bytes of its memory: how many could be read. */
size_t watch_bytes(const struct watch_call *call, uint64_t address, void *ret, size_t len);

/*
 * The capability that the kernel will ask for in this call and the caller does not have,
 * "CAP_CHOWN"; NULL for none. `name`: of the call. For calls that the filter lets through (bind
 * below 1024, chown, kill, setuid, ...) and for those that it refuses (mount, reboot, chroot, ...).
 */
const char *watch_capability(const char *name, const struct watch_call *call,
			     const struct watch_process *process);

/* The calls that watch_capability can say something of although a filter lets them through; NULL
 * ends the list. */
extern const char *const watch_privileged[];

/* "CAP_CHOWN" for 0, ...; NULL for a number that has no name yet. */
const char *watch_capability_name(unsigned number);

enum watch_path_kind {
	WATCH_PATH_FINE,      /* or cannot be told */
	WATCH_PATH_READ_ONLY, /* to be written, and the mount is read-only (EROFS) */
	WATCH_PATH_MASKED, /* hidden by linux.maskedPaths: /dev/null or an empty directory over it
			    */
	WATCH_PATH_NOEXEC, /* to be run, and the mount is noexec (EACCES) */
	WATCH_PATH_NODEV,  /* a device on a mount without devices (EACCES) */
	WATCH_PATH_CAPABILITIES, /* to be run, and its file has capabilities that the bounding set
				    has not (EPERM) */
	WATCH_PATH_KINDS
};

#define WATCH_PATH 4096
struct watch_path {
	enum watch_path_kind kind;
	char path[WATCH_PATH];	/* as the container names it, absolute, links followed */
	char mount[WATCH_PATH]; /* where in the container that is mounted which refuses it */
	uint64_t capabilities;	/* bit N: capability N is missing */
};

/* What becomes of the path of a call (open, openat, creat, mkdir, unlink, rename, execve, ...).
 * `ret` is filled for kinds other than WATCH_PATH_FINE. */
enum watch_path_kind watch_path(const char *name, const struct watch_call *call,
				struct watch_path *ret);

/* The calls that watch_path understands; NULL ends the list. */
extern const char *const watch_pathed[];

#endif
