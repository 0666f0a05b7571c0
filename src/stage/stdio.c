/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/stdio.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory of a file system that nobody else sees, and that ends with what is open of it. */
static int make_place(void)
{
	hr_autoclose int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

/*
 * crun before 1.24 gives every descriptor that is no terminal to the container's user. The host's
 * own /dev/null he could then take from everybody, with fchmod(2). Root of the container may open
 * /dev/stdin again as somebody else, so it is everybody's.
 */
static int replace_device(int fd, dev_t device, struct hr_error *err)
{
	hr_autoclose int place = make_place();
	hr_autoclose int own = -1;
	int flags = fcntl(fd, F_GETFL);

	if (place >= 0 && flags >= 0 && mknodat(place, "device", S_IFCHR | 0600, device) == 0 &&
	    fchmodat(place, "device", 0666, 0) == 0)
		own = openat(place, "device", (flags & (O_ACCMODE | O_NONBLOCK)) | O_CLOEXEC);
	if (own < 0 || dup2(own, fd) < 0)
		return hr_fail_errno(err, errno, "another node for the device at descriptor %d",
				     fd);
	return 0;
}

int stage_stdio(uint32_t uid, uint32_t gid, struct hr_error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			continue;
		if (S_ISFIFO(st.st_mode) && fchown(fd, uid, gid) < 0)
			return hr_fail_errno(err, errno, "the owner of descriptor %d, a pipe", fd);
		if (S_ISBLK(st.st_mode))
			return hr_fail(err, HR_DENIED,
				       "descriptor %d is a block device, which a mapped container "
				       "would own",
				       fd);
		if (S_ISCHR(st.st_mode) && !isatty(fd) && replace_device(fd, st.st_rdev, err) < 0)
			return -1;
	}
	return 0;
}
