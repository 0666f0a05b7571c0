/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the container something may be mounted, and of which type. */
#include "base/text.h"
#include "control/mounts.h"

#include <stdio.h>
#include <string.h>

/* runc's own list (rootfs_linux.go, checkProcMount): what lxcfs shows in place of the
 * kernel's. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",  "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/net/dev",
	"/proc/slabinfo", "/proc/stat",	     "/proc/swaps",   "/proc/uptime",  NULL,
};

/* Made by the runtime; masking rests on /dev/null (CVE-2025-31133), the terminal on
 * /dev/console (CVE-2025-52565). */
static const char *const devices[] = {
	"/dev/console", "/dev/core",	"/dev/fd",     "/dev/full",  "/dev/null",
	"/dev/ptmx",	"/dev/random",	"/dev/stderr", "/dev/stdin", "/dev/stdout",
	"/dev/tty",	"/dev/urandom", "/dev/zero",   NULL,
};

/* Types that belong to one place. */
static const struct {
	const char *type, *place;
} fixed[] = {{"proc", "/proc"}, {"sysfs", "/sys"}, {"cgroup", "/sys/fs/cgroup"}};

bool mount_is_bind(const struct mount *mount)
{
	return (mount->flags & MOUNT_BIND) != 0;
}

static bool is_type(const struct mount *mount, const char *type)
{
	return !mount_is_bind(mount) && strcmp(mount->type, type) == 0;
}

static bool fits_proc(const struct mount *mount)
{
	if (mount_is_bind(mount))
		return text_in(mount->place, proc_files);
	return strcmp(mount->place, "/proc") == 0 && is_type(mount, "proc");
}

static bool fits_sys(const struct mount *mount)
{
	if (strcmp(mount->place, "/sys") == 0)
		return is_type(mount, "sysfs");
	return is_type(mount, "tmpfs") ||
	       (strcmp(mount->place, "/sys/fs/cgroup") == 0 && is_type(mount, "cgroup"));
}

static bool fits_dev(const struct mount *mount)
{
	if (strcmp(mount->place, "/dev") == 0)
		return is_type(mount, "tmpfs");
	if (text_in(mount->place, devices))
		return false;
	return mount_is_bind(mount) || is_type(mount, "tmpfs") || is_type(mount, "mqueue") ||
	       is_type(mount, "devpts");
}

static const char *wrong_place(const struct mount *mount)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (is_type(mount, fixed[i].type) && strcmp(mount->place, fixed[i].place) != 0)
			return "this type has one place, where it is masked and read-only";
	if (text_below(mount->place, "/proc") && !fits_proc(mount))
		return "would hide or show anew what is masked below /proc";
	if (text_below(mount->place, "/sys") && !fits_sys(mount))
		return "would hide or show anew what is masked below /sys";
	if (text_below(mount->place, "/dev") && !fits_dev(mount))
		return "the runtime makes this one, and rests on it";
	return NULL;
}

static bool in_kernel_place(const char *path)
{
	return text_below(path, "/proc") || text_below(path, "/sys") || text_below(path, "/dev");
}

/* What of `place` is below another destination; NULL when it is not. */
static const char *rest_below(const char *place, const char *other)
{
	size_t len = other ? strlen(other) : 0;

	return len > 1 && text_starts(place, other) && place[len] == '/' ? place + len : NULL;
}

/* A volume that was mounted before may hold links that somebody put there: a runtime follows
 * them on the way to what is mounted below it. */
static bool through_volume(const struct mount *mount, const char *place)
{
	const struct json *other = mount->json->prev;

	for (size_t i = mount->index; i > 0 && other; i--, other = other->prev) {
		const char *rest = rest_below(place, mount->places[i - 1]);
		const char *source = rest ? json_string(other, "source") : NULL;

		if (source && source[0] == '/' &&
		    !mount->in->host->plain_below(mount->in->host, host_unstaged(source), rest))
			return true;
	}
	return false;
}

/* Through a link of the image to a place where it would have been refused. */
static const char *leads_astray(const struct mount *mount)
{
	const char *root = json_string(json_get(mount->in->document, "root"), "path");
	char target[PATH_MAX];

	snprintf(target, sizeof(target), "%s", mount->place);
	if (root && !mount->in->host->root_resolve(mount->in->host, root, mount->place, target))
		return "leads through too many symbolic links of the image";
	if (in_kernel_place(target) && strcmp(target, mount->place) != 0)
		return "leads through a symbolic link of the image to /proc, /sys or /dev";
	if (through_volume(mount, mount->place) || through_volume(mount, target))
		return "leads through a symbolic link in what is mounted above it";
	return NULL;
}

static const char *wrong_destination(const struct mount *mount)
{
	const char *why;

	if (mount->destination[0] != '/')
		return "not an absolute path";
	if (strlen(mount->destination) >= PATH_MAX)
		return "longer than a path can be";
	if (text_goes_up(mount->destination))
		return "goes up with \"..\"";
	if (strcmp(mount->place, "/") == 0)
		return "would hide the whole image, and with it what was checked";
	why = wrong_place(mount);
	return why ? why : leads_astray(mount);
}

static void judge_type(struct mount *mount)
{
	const struct json *types = json_get(mount->in->rules, "types");
	bool plain = mount->type[0] == '\0' || strcmp(mount->type, "none") == 0 ||
		     strcmp(mount->type, "bind") == 0;
	struct reason reason = {.rule = "mounts.types", .by = types};

	if (mount_is_bind(mount) != plain) {
		reason.why =
			plain ? "a mount without a type is a bind mount, and the option is "
				"missing; runtimes differ in what they make of it"
			      : "the option bind contradicts the type; runtimes differ in which "
				"one counts";
		reason.remedy = plain ? "add the option bind or rbind" : "remove one of them";
		mount_refuse(mount, "type", mount->type, &reason);
	} else if (!json_has_string(types, plain ? "bind" : mount->type)) {
		reason.why = "a type of file system that containers have no use for, or by which "
			     "the kernel is reached";
		reason.remedy = "remove the mount, or list its type in a profile: \"mounts\": "
				"{\"types\": [...]} beside the names that are there";
		mount_refuse(mount, "type", plain ? "bind" : mount->type, &reason);
	}
}

static void judge_service_account(struct mount *mount)
{
	const char *wanted = json_string(mount->in->rules, "service_account");

	if (!text_ends(mount->place, "/run/secrets/kubernetes.io/serviceaccount"))
		return;
	mount->force |= MOUNT_RO;
	mount->why_ro = "a service account's token is only read";
	if (wanted && strcmp(wanted, "refuse") == 0)
		mount_refuse(mount, "destination", mount->destination,
			     &(struct reason){
				     .rule = "mounts.service_account",
				     .by = json_get(mount->in->rules, "service_account"),
				     .why = "the token of the pod's service account speaks to the "
					    "cluster",
				     .remedy = "set automountServiceAccountToken: false in the pod",
			     });
}

/* What the place and the type ask for: nosuid everywhere; no devices but where the runtime
 * makes them; nothing to execute where nothing is installed. */
static void force_flags(struct mount *mount)
{
	static const char *const not_executable[] = {"tmpfs",  "mqueue", "proc", "sysfs",
						     "cgroup", "devpts", NULL};
	static const char *const kernels[] = {"sysfs", "cgroup", NULL};
	bool bind = mount_is_bind(mount);

	mount->force |= MOUNT_NOSUID;
	if (!is_type(mount, "devpts") &&
	    !(is_type(mount, "tmpfs") && strcmp(mount->place, "/dev") == 0))
		mount->force |= MOUNT_NODEV;
	if (bind ? strcmp(mount->place, "/dev/shm") == 0
		 : text_in(mount->type, not_executable) &&
			    !(is_type(mount, "tmpfs") &&
			      json_has_string(json_get(mount->in->rules, "exec"), mount->place)))
		mount->force |= MOUNT_NOEXEC;
	if (!bind && text_in(mount->type, kernels) &&
	    !json_has_string(json_get(mount->in->rules, "writable"), mount->place)) {
		mount->force |= MOUNT_RO;
		mount->why_ro = "root without a capability can write there";
	}
}

void mount_judge_place(struct mount *mount)
{
	const char *why;

	judge_type(mount);
	why = wrong_destination(mount);
	if (why)
		mount_refuse(mount, "destination", mount->destination,
			     &(struct reason){
				     .rule = "mounts",
				     .why = why,
				     .remedy = "mount it at a directory of the image's own",
			     });
	if (mount->refused)
		return;
	judge_service_account(mount);
	force_flags(mount);
}
