/* SPDX-License-Identifier: Apache-2.0 */
/* An image becomes a root file system by umoci, which knows the formats of layers. */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "command/trial_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX 4096 /* bytes of umoci's last words that are read */

static const char *const places[] = {"/usr/bin/umoci", "/usr/local/bin/umoci"};

struct unpack {
	const char *program, *image, *bundle;
	int said; /* becomes its standard output and error */
};

static void become(void *data)
{
	const struct unpack *what = data;
	const char *const argv[] = {"umoci", "unpack", "--image", what->image, what->bundle, NULL};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int program = open(what->program, O_PATH | O_CLOEXEC);
	struct hr_error ignored = {0};

	if (null >= 0 && program >= 0 && dup2(null, 0) >= 0 && dup2(what->said, 1) >= 0 &&
	    dup2(what->said, 2) >= 0)
		(void)child_become(program, (char *const *)(uintptr_t)argv, &ignored);
}

/* The last line of what it said. */
static void last_words(int fd, char *ret, size_t room)
{
	char bytes[SAID_MAX + 1];
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t got = pread(fd, bytes, SAID_MAX, size > SAID_MAX ? size - SAID_MAX : 0);
	char *line;

	bytes[got > 0 ? got : 0] = '\0';
	while (got > 0 && bytes[got - 1] == '\n')
		bytes[--got] = '\0';
	line = strrchr(bytes, '\n');
	line = line ? line + 1 : bytes;
	for (size_t i = 0; line[i]; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	snprintf(ret, room, "%.*s", (int)room - 1, line);
}

static int run(struct unpack *what, const char *layout, struct hr_error *err)
{
	char words[256], shown[TEXT_SHOWN_SIZE];
	int status = 0;
	pid_t pid;

	if (child_start(become, what, &pid, err) < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	last_words(what->said, words, sizeof(words));
	return hr_fail(err, HR_SPEC, "--layout %s: umoci could not unpack it: %s",
		       text_shown_z(layout, shown), words[0] ? words : "it was killed");
}

/* umoci wants a tag. */
static int image_name(const char *layout, char ret[PATH_MAX + 16], struct hr_error *err)
{
	const char *slash = strrchr(layout, '/');
	const char *tag = strrchr(slash ? slash : layout, ':');
	char dir[PATH_MAX], real[PATH_MAX], shown[TEXT_SHOWN_SIZE];

	if (snprintf(dir, sizeof(dir), "%.*s", tag ? (int)(tag - layout) : PATH_MAX, layout) >=
	    PATH_MAX)
		return hr_fail(err, HR_USAGE, "--layout: the path is too long");
	if (!realpath(dir, real))
		return hr_fail(err, HR_USAGE, "--layout %s: there is no directory of that name",
			       text_shown_z(dir, shown));
	snprintf(ret, PATH_MAX + 16, "%s:%s", real, tag && tag[1] ? tag + 1 : "latest");
	return 0;
}

static int read_document(const char *bundle, struct json_doc **ret, struct hr_error *err)
{
	hr_autoclose int fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hr_autofree char *text = NULL;
	size_t len;

	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", bundle);
	if (file_read_at(fd, "config.json", "umoci's config.json", JSON_MAX_BYTES, &text, &len,
			 NULL, err) < 0)
		return -1;
	return json_parse("umoci's config.json", text, len, false, ret, err);
}

int trial_root_layout(const struct trial_place *place, const char *layout,
		      struct json_doc **ret_document, struct hr_error *err)
{
	char image[PATH_MAX + 16], bundle[PATH_MAX + 16], from[PATH_MAX + 32], to[PATH_MAX + 16];
	struct unpack what = {.image = image, .bundle = bundle};
	hr_autoclose int said = open(place->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	for (size_t i = 0; i < hr_count(places) && !what.program; i++)
		if (access(places[i], X_OK) == 0)
			what.program = places[i];
	if (!what.program)
		return hr_fail(err, HR_SPEC, "--layout needs umoci; install the package umoci");
	if (said < 0)
		return hr_fail_errno(err, errno, "%s", place->dir);
	what.said = said;
	snprintf(bundle, sizeof(bundle), "%s/image", place->dir);
	snprintf(from, sizeof(from), "%s/rootfs", bundle);
	snprintf(to, sizeof(to), "%s/rootfs", place->bundle);
	if (image_name(layout, image, err) < 0 || run(&what, layout, err) < 0 ||
	    read_document(bundle, ret_document, err) < 0)
		return -1;
	return rename(from, to) < 0 ? hr_fail_errno(err, errno, "%s", to) : 0;
}
