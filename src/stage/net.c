/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/net.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/userns.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

int stage_open_net(const char *path, int *ret_fd, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	int fd = userns_open(path, CLONE_NEWNET);

	if (fd < 0)
		return hr_fail_errno(err, errno, "the network namespace %s",
				     text_shown_z(path, shown));
	*ret_fd = fd;
	return 0;
}

int stage_enter_net(int netns, struct hr_error *err)
{
	if (setns(netns, CLONE_NEWNET) < 0)
		return hr_fail_errno(err, errno, "the container's network namespace");
	return 0;
}

/* --- Settings: in a child ----------------------------------------------------------------------
 */

struct settings {
	int netns;
	const struct json *all;
};

/* net.ipv4.ip_forward: letters, digits, _ and - between single dots. */
static bool is_plain(const char *key)
{
	if (!text_starts(key, "net.") || strstr(key, "..") || text_ends(key, "."))
		return false;
	for (; *key; key++)
		if (!isalnum((unsigned char)*key) && !strchr("._-", *key))
			return false;
	return true;
}

static int set(const char *key, const char *value, struct hr_error *err)
{
	char path[PATH_MAX], shown[TEXT_SHOWN_SIZE], more[TEXT_SHOWN_SIZE];
	hr_autoclose int fd = -1;

	text_shown_z(key, shown);
	if (!is_plain(key) || !value ||
	    snprintf(path, sizeof(path), "/proc/sys/%s", key) >= (int)sizeof(path))
		return hr_fail(err, HR_DENIED, "linux.sysctl: %s is no plain name below net",
			       shown);
	for (char *dot = path; (dot = strchr(dot, '.'));)
		*dot = '/';
	/* Which namespace it means is decided by who opens it. */
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "linux.sysctl: %s", shown);
	if (write(fd, value, strlen(value)) < 0)
		return hr_fail_errno(err, errno, "linux.sysctl: %s is not to be %s", shown,
				     text_shown_z(value, more));
	return 0;
}

static int set_all(void *data, int *ret, struct hr_error *err)
{
	const struct settings *settings = data;

	(void)ret;
	if (stage_enter_net(settings->netns, err) < 0)
		return -1;
	json_each(value, settings->all)
		if (set(value->key, value->type == JSON_STRING ? value->text : NULL, err) < 0)
			return -1;
	return 0;
}

int stage_net(int netns, const struct json *settings, struct hr_error *err)
{
	struct settings all = {netns, settings};

	return json_count(settings) == 0 ? 0 : child_work(0, set_all, &all, NULL, err);
}

/* --- sysfs: in a child -------------------------------------------------------------------------
 */

/* It shows the network namespace of who mounts it. */
static int mount_sysfs(void *data, int *ret, struct hr_error *err)
{
	const int *netns = data;
	hr_autoclose int fs = -1;
	int tree;

	if (stage_enter_net(*netns, err) < 0)
		return -1;
	fs = fsopen("sysfs", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
	    (tree = fsmount(fs, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				    MOUNT_ATTR_NOEXEC)) < 0)
		return hr_fail_errno(err, errno, "sysfs of the container's network namespace");
	*ret = tree;
	return 0;
}

int stage_sysfs(int netns, int *ret_tree, struct hr_error *err)
{
	return child_work(0, mount_sysfs, &netns, ret_tree, err);
}
