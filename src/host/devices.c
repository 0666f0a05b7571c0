/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "host/real.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

bool host_real_device(struct host *host, const char *path, char *ret_type, uint32_t *ret_major,
		      uint32_t *ret_minor)
{
	struct stat st;

	(void)host;
	/* A link would be whatever it leads to at the moment. */
	if (!text_starts(path, "/dev/") || strstr(path, "/../") || text_ends(path, "/..") ||
	    lstat(path, &st) < 0 || (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)))
		return false;
	*ret_type = S_ISCHR(st.st_mode) ? 'c' : 'b';
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return true;
}
