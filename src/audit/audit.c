/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

/* The date of a day since 1970-01-01, in the proleptic Gregorian calendar: the year is
 * taken to begin in March, so that the leap day is its last. gmtime_r would read
 * /etc/localtime for nothing. */
static void civil_date(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	int64_t shifted = days + 719468; /* since 0000-03-01 */
	int64_t era = shifted / 146097, of_era = shifted % 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0 is March */

	*ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = year + era * 400 + (*ret_month <= 2);
}

const char *audit_time(int64_t seconds, int milliseconds, char buf[AUDIT_TIME])
{
	int64_t year;
	int month, day, second = (int)(seconds % 86400);

	civil_date(seconds / 86400, &year, &month, &day);
	snprintf(buf, AUDIT_TIME, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month, day,
		 second / 3600, second / 60 % 60, second % 60, milliseconds);
	return buf;
}

const char *audit_now(char buf[AUDIT_TIME])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return audit_time(now.tv_sec, (int)(now.tv_nsec / 1000000), buf);
}

static int open_log(const char *file)
{
	/* O_NONBLOCK: somebody's FIFO must not hold a create. */
	return open(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
}

static int make_parent(const char *file, struct hr_error *err)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(file, '/');
	size_t len = slash ? (size_t)(slash - file) : 0;

	if (len == 0 || len >= sizeof(parent))
		return 0;
	memcpy(parent, file, len);
	parent[len] = '\0';
	return file_make_dirs(parent, 0750, err);
}

static bool lacks_end(int fd)
{
	struct stat st;
	char last = '\n';

	return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 &&
	       last != '\n';
}

/*
 * True if the last line has no end: a full disk took the rest of it. A line that another
 * call is writing grows page by page and looks the same, so writers hold the file's lock
 * together, and who has it alone knows that nobody writes. Nobody waits for it.
 */
static bool is_cut(int fd)
{
	bool cut = lacks_end(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 && lacks_end(fd);

	if (!cut)
		flock(fd, LOCK_SH | LOCK_NB);
	return cut;
}

int audit_append(const char *file, const struct json *line, struct hr_error *err)
{
	hr_autoclose int fd = open_log(file);
	hr_autofree char *bytes = NULL;
	text_auto struct text text = {0};
	struct stat st;
	size_t len;

	if (fd < 0 && errno == ENOENT && make_parent(file, err) == 0)
		fd = open_log(file);
	if (fd < 0)
		return hr_fail_errno(err, errno, "audit log %s", file);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return hr_fail(err, HR_SYSTEM, "audit log %s is not a regular file", file);
	if (json_write(line, &bytes, &len, err) < 0)
		return -1;
	if (is_cut(fd))
		text_adds(&text, "\n");
	text_add(&text, bytes, len);
	text_adds(&text, "\n");
	if (text.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	/* One write: with O_APPEND lines of parallel calls do not mix. */
	if (write(fd, text.data, text.len) != (ssize_t)text.len)
		return hr_fail_errno(err, errno ? errno : EIO, "audit log %s: write", file);
	return 0;
}

void audit_syslog(const char *text, bool refused)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	hr_autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char line[1024];
	int len;

	/* syslog(3) itself would wait for a log daemon that hangs. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return;
	len = snprintf(line, sizeof(line), "<%d>hardrun[%d]: %s",
		       LOG_AUTHPRIV | (refused ? LOG_WARNING : LOG_NOTICE), (int)getpid(), text);
	if (len > 0)
		send(fd, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1,
		     MSG_DONTWAIT | MSG_NOSIGNAL);
}
