/* SPDX-License-Identifier: Apache-2.0 */
/* Which Debian package a runtime is from. Anything odd gives no package. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/escapes.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST ((size_t)64 * 1024 * 1024)

/* Packages that bring the program with fixes put in; others (Docker's containerd.io) follow
 * upstream's versions, which tell enough. */
static const char *const packages[RUNTIME_KINDS][3] = {
	[RUNTIME_RUNC] = {"runc", "runc-stable"},
	[RUNTIME_CRUN] = {"crun"},
};

static char *read_roots(const char *path)
{
	struct stat st;
	char *text;
	size_t len;

	if (file_read_at(AT_FDCWD, path, path, LONGEST, &text, &len, &st, NULL) < 0)
		return NULL;
	if (file_is_roots(&st))
		return text;
	free(text);
	return NULL;
}

/* Names differ (/sbin is a link to /usr/sbin), the file does not. */
static bool holds(const char *dpkg, const char *package, const struct stat *program)
{
	hr_autofree char *text = NULL;
	char path[PATH_MAX];
	char *rest, *line;
	struct stat st;

	snprintf(path, sizeof(path), "%s/info/%s.list", dpkg, package);
	text = read_roots(path);
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (line[0] == '/' && stat(line, &st) == 0 && S_ISREG(st.st_mode) &&
		    st.st_dev == program->st_dev && st.st_ino == program->st_ino)
			return true;
	return false;
}

/* Behind "NAME: " at the beginning of a line of the stanza; NULL when it has no such field. */
static const char *field(const char *stanza, const char *end, const char *name)
{
	for (const char *line = stanza; line && line < end; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (text_starts(line, name))
			return line + strlen(name);
	}
	return NULL;
}

/* The stanza of the package in dpkg's status file (deb822(5)); NULL when it is not there. */
static const char *find_stanza(const char *status, const char *package)
{
	char wanted[64];
	int len = snprintf(wanted, sizeof(wanted), "Package: %s\n", package);

	if (strncmp(status, wanted, (size_t)len) == 0)
		return status;
	snprintf(wanted, sizeof(wanted), "\n\nPackage: %s\n", package);
	status = strstr(status, wanted);
	return status ? status + 2 : NULL;
}

static void read_installed(const char *dpkg, const char *package, char ret[PACKAGE_VERSION_SIZE])
{
	hr_autofree char *status = NULL;
	char path[PATH_MAX];
	const char *stanza, *end, *state, *version;

	snprintf(path, sizeof(path), "%s/status", dpkg);
	status = read_roots(path);
	stanza = status ? find_stanza(status, package) : NULL;
	if (!stanza)
		return;
	end = strstr(stanza, "\n\n");
	if (!end)
		end = stanza + strlen(stanza);
	state = field(stanza, end, "Status: ");
	version = field(stanza, end, "Version: ");
	if (!version || !state || strncmp(state, "install ok installed\n", 21) != 0 ||
	    strcspn(version, "\n") >= PACKAGE_VERSION_SIZE)
		return;
	snprintf(ret, PACKAGE_VERSION_SIZE, "%.*s", (int)strcspn(version, "\n"), version);
}

void package_version(const char *dpkg, enum runtime_kind kind, const struct stat *program,
		     char ret[PACKAGE_VERSION_SIZE])
{
	ret[0] = '\0';
	for (size_t i = 0; i < hr_count(packages[kind]) && packages[kind][i]; i++)
		if (holds(dpkg, packages[kind][i], program)) {
			read_installed(dpkg, packages[kind][i], ret);
			return;
		}
}
