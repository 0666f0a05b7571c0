/* SPDX-License-Identifier: Apache-2.0 */
/* Private to mounts*.c: the parts of the control `mounts`. */
#ifndef HR_CONTROL_MOUNTS_H
#define HR_CONTROL_MOUNTS_H

#include "control/control.h"

/* Flags that a mount ends up with, the last of two contrary words winning. */
enum mount_flag {
	MOUNT_RO = 1,
	MOUNT_NOSUID = 2,
	MOUNT_NODEV = 4,
	MOUNT_NOEXEC = 8,
	MOUNT_BIND = 16,
	MOUNT_SLAVE = 32,
	MOUNT_SHARED = 64,
	MOUNT_NOATIME = 128,
};

/* One mount of the document, while it is judged. */
struct mount {
	const struct control_in *in;
	struct change *out;
	const struct json *json;
	size_t index;
	char *const *places; /* plain destinations of this and all earlier mounts, by index */
	size_t number;	     /* of the paths of the host that were staged before */
	const char *destination, *type, *source; /* "" for what is missing */
	char place[PATH_MAX];			 /* destination in its plain form */
	unsigned flags;				 /* enum mount_flag, as asked */
	unsigned force;				 /* flags that it must have */
	const char *why_ro;			 /* when MOUNT_RO is forced */
	const char *real; /* a path of the host that is mounted; NULL for an engine's */
	bool refused, staged;
	bool locked; /* staged for a mapped container: when files were read is noted as on the host
		      */
};

/* Refuse at member `key` of the mount. */
void mount_refuse(struct mount *mount, const char *key, const char *value,
		  const struct reason *reason);

/* --- mount_words.c: options --- */

/* Flags of the options, as they are. */
unsigned mount_read_flags(const struct json *options);
/* Read the options; refuses unknown words and shared propagation. */
void mount_read_words(struct mount *mount);
/* Write them again with the forced flags. */
void mount_write_words(struct mount *mount);

/* --- mount_place.c: destinations and types --- */

bool mount_is_bind(const struct mount *mount);
void mount_judge_place(struct mount *mount);

/* --- mount_engine.c: what engines mount of their own --- */

enum mount_owner {
	OWNER_NONE,    /* not an engine's: a path of the host */
	OWNER_ENGINE,  /* kept as it is */
	OWNER_NAMED,   /* a volume of Docker or podman, whose driver mounts what it is told to */
	OWNER_KUBELET, /* a volume of the kubelet */
	OWNER_SUBPATH, /* a part of one, mounted by the kubelet; of a hostPath too */
	OWNER_SYSTEM,  /* a file of the host's system that engines show: read-only */
	OWNER_VOLUME,  /* a kubelet's volume of a kind that the policy does not allow */
};

/* By the shape of the source alone; `source` is absolute and plain. */
enum mount_owner mount_owner(const struct mount *mount, const char *source);

/* The kind of a kubelet's volume by its path; false when it is none. */
bool mount_volume_kind(const char *source, char ret[NAME_MAX + 1]);
/* True if the policy allows it: "nfs", or the name of its plugin's directory. */
bool mount_volume_allowed(const struct mount *mount, const char *kind);

/* --- mount_source.c: where binds come from --- */

void mount_judge_source(struct mount *mount);

/* Judge a path of the host, or what an engine shows of it. */
void mount_judge_host_path(struct mount *mount, const char *path);
/* Refuse the source; `rule` is "mounts" or "mounts.OPTION". */
void mount_refuse_source(struct mount *mount, const char *rule, const char *why,
			 const char *remedy);
/* Directories of the host that containers must not reach; NULL-terminated. */
extern const char *const mount_sensitive[];

/* The source, absolute and plain unless it is a path of the host as it is written, and whose it
 * is; false when it is missing or too long. */
bool mount_find_source(const struct mount *mount, char ret[PATH_MAX], enum mount_owner *ret_owner);

/* True if an entry of host_paths wants the path mounted with the container's ids. */
bool mount_entry_idmaps(const struct control_in *in, const struct json *rules, const char *path);

/* --- mount_stage.c: what the runtime is told --- */

/* The source becomes `source`, another name of the same. `remedy` NULL: there is nothing to do. */
void mount_set_source(struct mount *mount, const char *source, const char *why, const char *remedy);
/* The path number mount->number, which is `real` without links, is cloned and mounted from there;
 * idmap: with the container's ids where it has ids of its own. */
void mount_stage(struct mount *mount, const char *real, bool idmap, const char *why);
/* The same of an engine's own path. */
void mount_stage_owned(struct mount *mount, const char *path);

/* --- mount_owned.c: sources that are an engine's own --- */

void mount_judge_owned(struct mount *mount, const char *path, enum mount_owner owner);

/* Refuse propagation from the host where it is not allowed. */
void mount_judge_slave(struct mount *mount);

#endif
