/* SPDX-License-Identifier: Apache-2.0 */
/* Where bind mounts come from: an engine's own file, or a path of the host. */
#include "base/text.h"
#include "control/mounts.h"
#include "control/userns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a container gets here is the host: its programs, its configuration, its services,
 * other containers' files. */
const char *const mount_sensitive[] = {
	"/bin",
	"/boot",
	"/dev",
	"/etc",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
	"/proc",
	"/root",
	"/run",
	"/sbin",
	"/sys",
	"/usr",
	"/var/run",
	HR_CONFDIR,
	HR_STATEDIR,
	"/var/backups",
	"/var/lib/cni",
	"/var/lib/containerd",
	"/var/lib/containers",
	"/var/lib/crio",
	"/var/lib/docker",
	"/var/lib/etcd",
	"/var/lib/hardrun",
	"/var/lib/kubelet",
	"/var/lib/sss",
	"/var/lib/systemd",
	"/var/log/containers",
	"/var/log/hardrun",
	"/var/log/pods",
	"/var/spool/cron",
	NULL,
};

/* Lists of a profile with more of them. */
static const char *const sensitive_options[] = {"containerd_dirs", "docker_dirs", "kubelet_dirs",
						"podman_dirs",	   "deny",	  NULL};

/* A path of the host while it is judged. */
struct judged {
	struct mount *mount;
	struct host *host;
	struct host_source source;
	const struct json *entry; /* of mounts.host_paths that names it; NULL */
};

#define PASTED 400 /* bytes of a path: those of the kubelet's volumes have some 150 */
#define ENTRY  (PASTED + 96)

/* A path to be copied from a message is shown whole, if it has nothing odd in it. */
static const char *pasted(const char *path, char buf[PASTED])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._:@=~+,-";
	char shown[TEXT_SHOWN_SIZE];
	size_t len = strlen(path);

	snprintf(buf, PASTED, "%s",
		 len < PASTED && strspn(path, plain) == len ? path : text_shown_z(path, shown));
	return buf;
}

/* The entry of host_paths that would name it, with `more` in it. */
static const char *entry_for(const struct judged *judged, const char *more, char buf[ENTRY])
{
	const struct mount *mount = judged->mount;
	char path[PASTED];

	snprintf(buf, ENTRY, "{\"path\": \"%s\"%s%s}",
		 pasted(mount->real ? mount->real : mount->source, path),
		 mount->flags & MOUNT_RO ? "" : ", \"read_only\": false", more);
	return buf;
}

void mount_refuse_source(struct mount *mount, const char *rule, const char *why, const char *remedy)
{
	const char *option = strchr(rule, '.');

	mount_refuse(mount, "source", mount->source,
		     &(struct reason){.rule = rule,
				      .by = option ? json_get(mount->in->rules, option + 1) : NULL,
				      .why = why,
				      .remedy = remedy});
}

static void refuse(const struct judged *judged, const char *rule, const char *why,
		   const char *remedy)
{
	mount_refuse_source(judged->mount, rule, why, remedy);
}

/* The last entry that names it: of two the later one is the more particular. */
static const struct json *entry_of(struct host *host, const struct json *rules, const char *real)
{
	const struct json *found = NULL;

	json_each(entry, json_get(rules, "host_paths")) {
		const char *path = json_string(entry, "path");

		if (path && host->within(host, real, path))
			found = entry;
	}
	return found;
}

static bool flag(const struct json *entry, const char *name, bool otherwise)
{
	const struct json *value = json_get(entry, name);

	return value ? value->boolean : otherwise;
}

/* The entry that allows the source speaks of this directory too: it is in it, or, unless the
 * policy denies the directory by name, holds it. */
static bool excused(const struct judged *judged, const char *directory, bool denied)
{
	const char *path = json_string(judged->entry, "path");
	struct host *host = judged->host;

	return path && (host->within(host, path, directory) ||
			(!denied && host->within(host, directory, path)));
}

/* Before anything that is in it: no entry that would allow just that is worth a remedy. */
static bool judge_root(const struct judged *judged)
{
	if (judged->entry || !judged->mount->real || strcmp(judged->mount->real, "/") != 0)
		return true;
	refuse(judged, "mounts.host_paths", "is the whole of the host's file system",
	       "mount a directory that holds the data alone");
	return false;
}

static bool judge_directory(const struct judged *judged, const char *directory, bool denied)
{
	char why[PATH_MAX + 80], remedy[ENTRY + 160], entry[ENTRY], shown[TEXT_SHOWN_SIZE];

	if (excused(judged, directory, denied) ||
	    !judged->host->source_meets(judged->host, judged->mount->number, directory))
		return true;
	snprintf(why, sizeof(why), "is, is part of, or holds %s of the host",
		 text_shown_z(directory, shown));
	snprintf(remedy, sizeof(remedy),
		 "mount a directory that holds the data alone, or name this one in a profile: "
		 "\"mounts\": {\"host_paths\": [%s]}",
		 entry_for(judged, "", entry));
	refuse(judged, "mounts.host_paths", why, remedy);
	return false;
}

static bool judge_sensitive(const struct judged *judged)
{
	for (size_t i = 0; mount_sensitive[i]; i++)
		if (!judge_directory(judged, mount_sensitive[i], false))
			return false;
	for (size_t i = 0; sensitive_options[i]; i++)
		json_each(directory, json_get(judged->mount->in->rules, sensitive_options[i]))
			if (!judge_directory(judged, directory->text,
					     strcmp(sensitive_options[i], "deny") == 0))
				return false;
	return true;
}

static bool judge_kernel_fs(const struct judged *judged)
{
	const char *path = json_string(judged->entry, "path");
	char why[128];

	if (!judged->source.kernel_fs ||
	    (path && judged->host->within(judged->host, path, judged->source.kernel_at)))
		return true;
	snprintf(why, sizeof(why), "is or holds a file system of the kernel (%s)",
		 judged->source.kernel_fs);
	refuse(judged, "mounts.host_paths", why, "mount a directory that holds the data alone");
	return false;
}

static bool judge_kind(const struct judged *judged)
{
	bool sockets = flag(judged->entry, "sockets", false);
	char why[PATH_MAX], remedy[ENTRY + 120], entry[ENTRY], shown[TEXT_SHOWN_SIZE];

	snprintf(remedy, sizeof(remedy),
		 "leave it out, or name it in a profile: \"mounts\": {\"host_paths\": [%s]}",
		 entry_for(judged, ", \"sockets\": true", entry));
	switch (judged->source.kind) {
	case HOST_KIND_ABSENT:
		refuse(judged, "mounts", "cannot be opened on the host",
		       "make it before the container, or correct the path");
		return false;
	case HOST_KIND_DEVICE:
		refuse(judged, "mounts", "is a device of the host",
		       "ask for it as a device, and allow it in a profile: \"devices\": "
		       "{\"allow\": [\"/dev/...\"]}");
		return false;
	case HOST_KIND_FIFO:
	case HOST_KIND_SOCKET:
		if (sockets)
			return true;
		refuse(judged, "mounts.host_paths",
		       "whoever listens there does on the host what the container says", remedy);
		return false;
	case HOST_KIND_DIRECTORY:
	case HOST_KIND_FILE:
		break;
	}
	if (!judged->source.socket || sockets)
		return true;
	snprintf(why, sizeof(why), "a process of the host listens on %s in it",
		 text_shown_z(judged->source.socket, shown));
	refuse(judged, "mounts.host_paths", why, remedy);
	return false;
}

static bool judge_others(const struct judged *judged)
{
	const char *others = json_string(judged->mount->in->rules, "other_host_paths");
	char remedy[ENTRY + 120], entry[ENTRY];

	if (judged->entry || !others || strcmp(others, "refuse") != 0)
		return true;
	snprintf(remedy, sizeof(remedy),
		 "use a volume, or name the path in a profile: \"mounts\": {\"host_paths\": [%s]}",
		 entry_for(judged, "", entry));
	refuse(judged, "mounts.other_host_paths",
	       "a path of the host that the policy does not name", remedy);
	return false;
}

static void take_flags(const struct judged *judged)
{
	struct mount *mount = judged->mount;

	if (flag(judged->entry, "read_only", true)) {
		mount->force |= MOUNT_RO;
		mount->why_ro = "a path of the host is read-only where the policy does not say "
				"otherwise";
	}
	if (flag(judged->entry, "suid", false))
		mount->force &= ~(unsigned)MOUNT_NOSUID;
	if (flag(judged->entry, "dev", false))
		mount->force &= ~(unsigned)MOUNT_NODEV;
	if (!flag(judged->entry, "exec", true))
		mount->force |= MOUNT_NOEXEC;
}

static void refuse_slave(struct mount *mount, const char *remedy)
{
	mount_refuse(mount, "options", "slave",
		     &(struct reason){
			     .rule = "mounts.host_paths",
			     .by = json_get(mount->in->rules, "host_paths"),
			     .why = "what is mounted on the host later would appear in the "
				    "container without having been checked",
			     .remedy = remedy,
		     });
}

void mount_judge_slave(struct mount *mount)
{
	if (mount->flags & MOUNT_SLAVE)
		refuse_slave(mount, "ask for private propagation");
}

static void judge_slave(const struct judged *judged)
{
	char remedy[ENTRY + 120], entry[ENTRY];

	if (!(judged->mount->flags & MOUNT_SLAVE) || flag(judged->entry, "slave", false))
		return;
	snprintf(remedy, sizeof(remedy),
		 "ask for private propagation, or name the path in a profile: \"mounts\": "
		 "{\"host_paths\": [%s]}",
		 entry_for(judged, ", \"slave\": true", entry));
	refuse_slave(judged->mount, remedy);
}

void mount_judge_host_path(struct mount *mount, const char *path)
{
	struct judged judged = {.mount = mount, .host = mount->in->host};
	bool good;

	if (!judged.host->source(judged.host, mount->number, path, &judged.source)) {
		refuse(&judged, "mounts", "more paths of the host than can be checked at once",
		       "mount fewer, or a directory that holds them");
		return;
	}
	mount->real = judged.source.real;
	if (mount->real)
		judged.entry = entry_of(judged.host, mount->in->rules, mount->real);
	good = judge_root(&judged) && judge_kind(&judged) && judge_sensitive(&judged) &&
	       judge_kernel_fs(&judged) && judge_others(&judged);
	judge_slave(&judged);
	if (!good)
		return;
	take_flags(&judged);
	if (!mount->refused)
		mount_stage(mount, judged.source.real, flag(judged.entry, "idmap", false),
			    "what was checked is what is mounted, should the path be changed "
			    "meanwhile");
}

bool mount_entry_idmaps(const struct control_in *in, const struct json *rules, const char *path)
{
	return flag(entry_of(in->host, rules, path), "idmap", false);
}

bool mount_find_source(const struct mount *mount, char ret[PATH_MAX], enum mount_owner *ret_owner)
{
	const char *asked = host_unstaged(mount->source);
	char plain[PATH_MAX];
	int len;

	len = asked[0] == '/' ? snprintf(ret, PATH_MAX, "%s", asked)
			      : snprintf(ret, PATH_MAX, "%s/%s", mount->in->bundle, asked);
	if (asked[0] == '\0' || len < 0 || len >= PATH_MAX)
		return false;
	text_plain_path(ret, plain, sizeof(plain));
	*ret_owner = strcmp(plain, ret) == 0 ? mount_owner(mount, ret) : OWNER_NONE;
	return true;
}

void mount_judge_source(struct mount *mount)
{
	const struct userns_plan *plan = mount->in->plan;
	char path[PATH_MAX];
	enum mount_owner owner;

	if (!mount_find_source(mount, path, &owner)) {
		mount_refuse_source(mount, "mounts", "missing, or longer than a path can be",
				    "name an absolute path of the host");
		return;
	}
	if (owner == OWNER_NONE) {
		mount_judge_host_path(mount, path);
		return;
	}
	mount_judge_owned(mount, path, owner);
	if (mount->refused || mount->staged)
		return;
	if (plan && plan->map)
		mount_stage_owned(mount, path);
	else if (strcmp(path, mount->source) != 0)
		mount_set_source(mount, path, "a relative path depends on where the runtime stands",
				 NULL);
}
