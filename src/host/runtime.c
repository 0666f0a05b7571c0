/* SPDX-License-Identifier: Apache-2.0 */
#include "host/runtime.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_RUNTIME "/usr/sbin/runc"

/* First what a distribution's package installs. */
static const char *const usual[RUNTIME_KINDS][4] = {
	[RUNTIME_RUNC] = {DEFAULT_RUNTIME, "/usr/bin/runc", "/usr/local/sbin/runc", NULL},
	[RUNTIME_CRUN] = {"/usr/bin/crun", "/usr/sbin/crun", "/usr/local/bin/crun", NULL},
	[RUNTIME_RUNSC] = {"/usr/bin/runsc", "/usr/sbin/runsc", "/usr/local/bin/runsc", NULL},
};

static bool handler_sound(const char *handler)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return handler[0] != '\0' && handler[0] != '.' &&
	       handler[strspn(handler, letters)] == '\0' && strlen(handler) <= 64;
}

bool runtime_id_sound(const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";

	return id[0] != '\0' && id[strspn(id, letters)] == '\0' && strlen(id) <= 1024 &&
	       strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

int runtime_at(const char *path, struct runtime *ret, struct hr_error *err)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char shown[TEXT_SHOWN_SIZE];

	if (path[0] != '/' || strlen(path) >= sizeof(ret->path))
		return hr_fail(err, HR_POLICY, "runtime \"%s\" is not an absolute path",
			       text_shown_z(path, shown));
	strcpy(ret->path, path);
	ret->link[0] = '\0';
	if (text_starts(base, "runsc"))
		ret->kind = RUNTIME_RUNSC;
	else if (text_starts(base, "crun"))
		ret->kind = RUNTIME_CRUN;
	else if (text_starts(base, "runc"))
		ret->kind = RUNTIME_RUNC;
	else
		return hr_fail(
			err, HR_POLICY,
			"runtime \"%s\": the name must begin with runc, crun or runsc, which "
			"tells its command line",
			text_shown_z(path, shown));
	return 0;
}

bool runtime_is_self(const struct runtime *runtime)
{
	struct stat st, self;

	return stat(runtime->path, &st) == 0 && stat("/proc/self/exe", &self) == 0 &&
	       st.st_dev == self.st_dev && st.st_ino == self.st_ino;
}

bool runtime_usual(enum runtime_kind kind, struct runtime *ret)
{
	for (size_t i = 0; usual[kind][i]; i++)
		if (access(usual[kind][i], X_OK) == 0 &&
		    runtime_at(usual[kind][i], ret, NULL) == 0 && !runtime_is_self(ret))
			return true;
	return false;
}

int runtime_find(const char *confdir, const char *handler, struct runtime *ret,
		 struct hr_error *err)
{
	char link[PATH_MAX], target[PATH_MAX], shown[TEXT_SHOWN_SIZE];
	ssize_t len;

	text_shown_z(handler, shown);
	if (!handler_sound(handler))
		return hr_fail(err, HR_USAGE, "called as \"%s\", which is no name of a handler",
			       shown);
	snprintf(link, sizeof(link), "%s/runtimes/%s", confdir, handler);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0 && errno == ENOENT && strcmp(handler, "hardrun") == 0)
		return runtime_at(DEFAULT_RUNTIME, ret, err);
	if (len < 0)
		return hr_fail(err, HR_POLICY,
			       "handler \"%s\" names no runtime: %s is %s; make it with: ln -s "
			       "%s %s",
			       shown, link, hr_errno_text(errno), DEFAULT_RUNTIME, link);
	target[len] = '\0';
	if (runtime_at(target, ret, err) < 0)
		return hr_context(err, "%s", link);
	snprintf(ret->link, sizeof(ret->link), "%s", link);
	return 0;
}

int runtime_trust(const struct runtime *runtime, struct hr_error *err)
{
	hr_autoclose int fd = -1;
	struct stat st, self;

	/* By the link where there is one: the walk looks at the link and at its target. */
	if (file_open_trusted(runtime->link[0] ? runtime->link : runtime->path, false, &fd, err) <
	    0)
		return hr_context(err, "runtime %s", runtime->path);
	if (fstat(fd, &st) < 0 || stat("/proc/self/exe", &self) < 0)
		return hr_fail_errno(err, errno, "runtime %s", runtime->path);
	if (!S_ISREG(st.st_mode))
		return hr_fail(err, HR_POLICY, "runtime %s is not a program", runtime->path);
	if (st.st_dev == self.st_dev && st.st_ino == self.st_ino)
		return hr_fail(err, HR_POLICY,
			       "runtime %s is hardrun itself; link the handler to runc or crun",
			       runtime->path);
	return 0;
}
