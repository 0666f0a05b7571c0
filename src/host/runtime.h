/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real runtime behind a handler, what it is, and what it keeps of a container.
 * CONFDIR/runtimes/HANDLER is a symbolic link of root's to the program; only the plain
 * name `hardrun` has a default.
 */
#ifndef HR_HOST_RUNTIME_H
#define HR_HOST_RUNTIME_H

#include "json/json.h"
#include "oci/grammar.h"

#include <limits.h>
#include <sys/types.h>

struct runtime {
	char path[PATH_MAX]; /* absolute */
	char link[PATH_MAX]; /* by which it was found; "" for a default */
	enum runtime_kind kind;
};

/* Find the handler's runtime. `confdir`: /etc/hardrun. Error: HR_POLICY with what to link. */
int runtime_find(const char *confdir, const char *handler, struct runtime *ret,
		 struct hr_error *err);

/* Fill in a runtime from its path. HR_POLICY when its name tells no kind. */
int runtime_at(const char *path, struct runtime *ret, struct hr_error *err);

/* True if it is hardrun, by device and inode: then it must not be started. */
bool runtime_is_self(const struct runtime *runtime);

/* The usual place of a kind of runtime, which is there; false when none is. */
bool runtime_usual(enum runtime_kind kind, struct runtime *ret);

/* For create, run, restore, exec, update: root's along the whole path, and not hardrun
 * itself (by device and inode). HR_UNTRUSTED, HR_POLICY. */
int runtime_trust(const struct runtime *runtime, struct hr_error *err);

/*
 * What `RUNTIME --version` and `RUNTIME features` say: an object {"version": first line,
 * "unsafe_annotations": [...], "seccomp": [...]}, asked once for a device, inode and mtime, and
 * kept in STATEDIR/runtimes. A runtime without `features` (crun before 1.8.4) gives an empty list
 * of annotations. "seccomp" holds SECCOMP_FILTER_FLAG_LOG and SCMP_ACT_NOTIFY where the runtime
 * can do that (runc 1.2 and 1.1, crun 1.6).
 * Besides: "package", the version of its Debian package or "", and "cves", the known escapes
 * that it is open to (host/escapes.h).
 */
int runtime_facts(const struct runtime *runtime, const char *statedir, struct json_doc **ret,
		  struct hr_error *err);

/* The runtime's own default for --root, for uid 0. */
const char *runtime_default_root(enum runtime_kind kind);

/* Whose state is at ROOT/ID; RUNTIME_KINDS when there is none. */
enum runtime_kind runtime_state_kind(const char *root, const char *id);

/* The bundle that the runtime's state of a container names. Error: HR_SYSTEM, HR_SPEC. */
int runtime_state_bundle(enum runtime_kind kind, const char *root, const char *id,
			 char ret[PATH_MAX], struct hr_error *err);

/*
 * The process 1 of a container as the runtime's state names it, and when it was started in
 * clock ticks since boot (proc_pid_stat(5), field 22). Error: HR_SYSTEM, HR_SPEC.
 */
int runtime_state_init(enum runtime_kind kind, const char *root, const char *id, pid_t *ret,
		       uint64_t *ret_start, struct hr_error *err);

/* True for a name that may be a container's: [A-Za-z0-9_+.-], not . or .. */
bool runtime_id_sound(const char *id);

#endif
