/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/self/mountinfo, proc_pid_mountinfo(5), with its octal escapes undone. */
#ifndef HR_HOST_MOUNTINFO_H
#define HR_HOST_MOUNTINFO_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct mount_entry {
	uint64_t id;	   /* as statx(2) gives it with STATX_MNT_ID */
	const char *dev;   /* "MAJOR:MINOR" of the file system */
	const char *root;  /* what of the file system is mounted: a path in it */
	const char *point; /* where */
	const char *type;  /* of the file system */

	const char *options; /* of this mount: "rw,nosuid,relatime" */
	const char *tags;    /* how it propagates: "shared:1 master:2"; "" is private */
	const char *source;  /* what was named as mounted; may be "" */
	/* Of the file system, its own ones included: "ro,lowerdir=...". Its escapes are not undone,
	 * as a comma of a value is written as one: first split, then mountinfo_unescape. */
	const char *super;
};

struct mountinfo {
	char *text; /* owns all strings */
	struct mount_entry *entries;
	size_t count;
};

/* Read the table of our own mount namespace. Error: HR_SYSTEM. */
int mountinfo_read(struct mountinfo *ret, struct hr_error *err);

/* The same from text, which is taken over and changed. */
int mountinfo_parse(char *text, struct mountinfo *ret, struct hr_error *err);
void mountinfo_done(struct mountinfo *info);

/* Undo \NNN in place: so the kernel writes what would end a field. */
void mountinfo_unescape(char *text);

/* NULL when it is not there. */
const struct mount_entry *mountinfo_find(const struct mountinfo *info, uint64_t id);

#endif
