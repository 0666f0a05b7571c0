/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/syscall.h>

int fd_document(const char *name, const char *bytes, size_t len, int lowest, int *ret_fd,
		struct hr_error *err)
{
	hr_autoclose int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int kept;

	if (fd < 0)
		return hr_fail_errno(err, errno, "memfd_create");
	if (file_write_fd(fd, name, bytes, len, err) < 0)
		return -1;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return hr_fail_errno(err, errno, "seal memfd");
	kept = fcntl(fd, F_DUPFD, lowest);
	if (kept < 0)
		return hr_fail_errno(err, errno, "dup memfd");
	*ret_fd = kept;
	return 0;
}

int fd_cloexec_from(unsigned first, struct hr_error *err)
{
	/* The system call itself: the wrapper in libc is younger (glibc 2.34). */
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return hr_fail_errno(err, errno, "close_range (needs Linux 5.11)");
	return 0;
}
