/* SPDX-License-Identifier: Apache-2.0 */
#include "command/output.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int replace(const char *file, const char *text, size_t len, struct hr_error *err)
{
	const char *slash = strrchr(file, '/');
	char directory[PATH_MAX] = ".";
	hr_autoclose int fd = -1;

	if (slash &&
	    snprintf(directory, sizeof(directory), "%.*s/", (int)(slash - file), file) >= PATH_MAX)
		return hr_fail(err, HR_USAGE, "the path is too long");
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "its directory");
	return file_replace_at(fd, slash ? slash + 1 : file, text, len, 0644, 0, 0, err);
}

int command_output(const char *file, const char *text, size_t len, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	struct stat st;
	int result;

	if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
		hr_autoclose int fd = open(file, O_WRONLY | O_CLOEXEC);

		result = fd < 0 ? hr_fail_errno(err, errno, "it cannot be opened")
				: file_write_fd(fd, file, text, len, err);
	} else {
		result = replace(file, text, len, err);
	}
	return result < 0 ? hr_context(err, "%s", text_shown_z(file, shown)) : 0;
}
