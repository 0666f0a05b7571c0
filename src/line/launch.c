/* SPDX-License-Identifier: Apache-2.0 */
#include "line/launch.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_KEPT_FDS 1000

/*
 * What a runtime or its hooks read, and nothing by which a loader or Go's runtime is
 * steered: containerd gives LD_LIBRARY_PATH=/opt/containerd/lib: whose empty element is
 * the current directory. XDG_RUNTIME_DIR moves crun's default root away from /run/crun,
 * where a later call without it would not find the container.
 */
static const char *const kept_variables[] = {
	"GOMAXPROCS", "HOME",	 "LANG",	  "LISTEN_FDNAMES", "LISTEN_FDS",
	"LISTEN_PID", "LOGNAME", "NOTIFY_SOCKET", "TMPDIR",	    "USER",
};

static char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static bool is_variable(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* systemd's socket activation is for one process; runc looks at LISTEN_PID, crun does not, so
 * for another process its variables are left out. */
static bool is_activated(void)
{
	const char *pid = getenv("LISTEN_PID");

	return !pid || strtol(pid, NULL, 10) == getpid();
}

static bool is_kept(const char *name)
{
	return !text_starts(name, "LISTEN_") || is_activated();
}

static void make_environment(char *ret[hr_count(kept_variables) + 2])
{
	size_t at = 0;

	ret[at++] = path_variable;
	for (size_t i = 0; i < hr_count(kept_variables); i++)
		for (char **entry = is_kept(kept_variables[i]) ? environ : NULL; entry && *entry;
		     entry++)
			if (is_variable(*entry, kept_variables[i])) {
				ret[at++] = *entry;
				break;
			}
	ret[at] = NULL;
}

static int count_args(char *const argv[])
{
	int count = 0;

	while (argv[count])
		count++;
	return count;
}

int launch_runtime(const struct runtime *runtime, char *const argv[], struct hr_error *err)
{
	char *environment[hr_count(kept_variables) + 2];
	hr_autofree char *name = strdup(runtime_kind_name(runtime->kind));
	int count = count_args(argv);
	hr_autofree char **args = calloc((size_t)count + 2, sizeof(*args));
	char shown[TEXT_SHOWN_SIZE];

	if (!name || !args)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	args[0] = name;
	for (int i = 1; i < count; i++)
		args[i] = argv[i];
	make_environment(environment);
	execve(runtime->path, args, environment);
	return hr_fail_errno(err, errno, "runtime %s cannot be started",
			     text_shown_z(runtime->path, shown));
}

static int small_number(const char *text, const char *what, unsigned *ret, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	char *end;
	unsigned long number;

	*ret = 0;
	if (!text || text[0] == '\0')
		return 0;
	number = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > MOST_KEPT_FDS)
		return hr_fail(err, HR_USAGE, "%s \"%s\": must be a number from 0 to %d", what,
			       text_shown_z(text, shown), MOST_KEPT_FDS);
	*ret = (unsigned)number;
	return 0;
}

int launch_kept_fds(const char *preserve, unsigned *ret, struct hr_error *err)
{
	unsigned asked, listening;
	struct stat st;

	if (small_number(preserve, "--preserve-fds", &asked, err) < 0 ||
	    small_number(is_activated() ? getenv("LISTEN_FDS") : NULL, "LISTEN_FDS", &listening,
			 err) < 0)
		return -1;
	/* A directory of the host's there is a way out: cwd /dev/stdin, or through any proc. */
	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			return hr_fail(
				err, HR_USAGE,
				"descriptor %d is a directory, which the container would get", fd);
	/* Where one is closed, the runtime's own next descriptor, of the host's cgroup tree,
	 * takes its number and is handed to the container. */
	for (unsigned fd = 3; fd < 3 + asked + listening; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return hr_fail(
				err, HR_USAGE,
				"--preserve-fds and LISTEN_FDS ask to hand on descriptor %u, "
				"which is not open",
				fd);
	*ret = asked + listening;
	return 0;
}
