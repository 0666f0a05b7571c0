/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct hr_error *err, enum hr_code code, const char *fmt, va_list ap)
{
	err->code = code;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
}

int hr_fail(struct hr_error *err, enum hr_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->code != HR_OK)
		return -1;
	va_start(ap, fmt);
	fill(err, code, fmt, ap);
	va_end(ap);
	return -1;
}

int hr_fail_errno(struct hr_error *err, int errno_value, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	if (!err || err->code != HR_OK)
		return -1;
	va_start(ap, fmt);
	fill(err, HR_SYSTEM, fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", hr_errno_text(errno_value));
	return -1;
}

int hr_context(struct hr_error *err, const char *fmt, ...)
{
	char old[HR_ERROR_MSG];
	va_list ap;
	size_t used;

	if (!err)
		return -1;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	used = strlen(err->msg);
	snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", old);
	return -1;
}

/*
 * docker and podman turn "no such file or directory" into exit 127 and "permission
 * denied" into 126, containerd turns "no such process" and "does not exist" into
 * "already gone" (moby daemon/errors.go, libpod/oci_util.go, containerd's
 * checkKillError): none of these words may stand in a message of ours.
 */
const char *hr_errno_text(int errno_value)
{
	switch (errno_value) {
	case ENOENT:
		return "missing (ENOENT)";
	case EACCES:
		return "access refused (EACCES)";
	case EPERM:
		return "refused by the kernel (EPERM)";
	case ESRCH:
		return "process gone (ESRCH)";
	case ENOEXEC:
		return "not a program (ENOEXEC)";
	default:
		return strerror(errno_value);
	}
}
