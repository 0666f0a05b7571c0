/* SPDX-License-Identifier: Apache-2.0 */
/* What controls ask about AppArmor and SELinux, of the real machine. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "host/lsm.h"
#include "host/real.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

enum host_lsm host_real_apparmor(struct host *host)
{
	(void)host;
	return lsm_apparmor();
}

bool host_real_apparmor_mode(struct host *host, const char *profile, char ret[HOST_MODE])
{
	(void)host;
	return lsm_apparmor_mode(profile, ret);
}

enum host_lsm host_real_selinux(struct host *host)
{
	(void)host;
	return lsm_selinux();
}

bool host_real_selinux_levels(struct host *host)
{
	(void)host;
	return lsm_selinux_levels();
}

bool host_real_selinux_known(struct host *host, const char *context)
{
	(void)host;
	return lsm_selinux_known(context);
}

bool host_real_selinux_enforced(struct host *host, const char *context)
{
	(void)host;
	return lsm_selinux_enforced(context);
}

bool host_real_selinux_starts(struct host *host, const char *context, bool no_new_privs)
{
	return host->runtime_path && lsm_selinux_starts(host->runtime_path, context, no_new_privs);
}

bool host_real_selinux_runs(struct host *host, const char *context, const char *root)
{
	char path[PATH_MAX];

	return host_root_path((const struct host_real *)host, root, path) &&
	       lsm_selinux_runs(context, path);
}

/* What is to be staged is behind its descriptor until then. */
static const char *judged_path(const struct host_real *real, const char *source, char buf[64])
{
	int fd;

	if (!text_starts(source, HOST_STAGE "/"))
		return source;
	fd = host_source_fd(real, strtoul(source + strlen(HOST_STAGE "/"), NULL, 10));
	snprintf(buf, 64, "/proc/self/fd/%d", fd);
	return buf;
}

bool host_real_selinux_reads(struct host *host, const char *context, const char *source)
{
	char buf[64];

	return lsm_selinux_reads(context, judged_path((const struct host_real *)host, source, buf));
}

/* The directory of one layer, the upper one if there is any; "" when its name has what the
 * kernel escapes, or is not absolute. */
static void layer_of(const char *super, char ret[PATH_MAX])
{
	const char *layer = strstr(super, "upperdir=/");
	size_t len;

	if (!layer)
		layer = strstr(super, "lowerdir=/");
	layer = layer ? strchr(layer, '/') : "";
	len = strcspn(layer, ",:\\");
	snprintf(ret, PATH_MAX, "%.*s", layer[len] == '\\' ? 0 : (int)len, layer);
}

bool host_real_selinux_layers(struct host *host, const char *context, const char *root)
{
	struct host_real *real = (struct host_real *)host;
	const struct mount_entry *mount;
	char path[PATH_MAX], layer[PATH_MAX];
	hr_autoclose int fd = -1;

	if (!host_root_path(real, root, path))
		return true;
	fd = open(path, O_PATH | O_CLOEXEC);
	mount = fd < 0 ? NULL : host_mount_of(real, fd);
	if (!mount)
		return true;
	layer_of(mount->super, layer);
	return !layer[0] || lsm_selinux_maps(context, layer);
}

bool host_real_root_overlay(struct host *host, const char *root)
{
	struct host_mounted mounted;
	char path[PATH_MAX];
	struct statfs fs;

	return host_root_path((const struct host_real *)host, root, path) &&
	       statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC &&
	       host->mounted(host, path, &mounted) && mounted.point;
}
