/* SPDX-License-Identifier: Apache-2.0 */
/* A root file system of nothing but the host's busybox. */
#include "base/child.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "command/trial_root.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_APPLETS 2048
#define LIST_MS	     5000
#define LIST_MAX     65536

static const char *const places[] = {"/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox"};

static const struct {
	const char *name;
	mode_t mode;
} directories[] = {
	{"", 0755},	    {"bin", 0755},	{"sbin", 0755}, {"usr", 0755},	{"usr/bin", 0755},
	{"usr/sbin", 0755}, {"dev", 0755},	{"etc", 0755},	{"home", 0755}, {"mnt", 0755},
	{"proc", 0555},	    {"root", 0700},	{"run", 0755},	{"sys", 0555},	{"tmp", 01777},
	{"var", 0755},	    {"var/tmp", 01777},
};

static const struct {
	const char *name, *text;
} files[] = {
	{"etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"},
	{"etc/group", "root:x:0:\nnogroup:x:65534:\n"},
	{"etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n"},
	{"etc/resolv.conf", ""},
	{"etc/nsswitch.conf", "hosts: files dns\n"},
};

/* Without a program interpreter in its headers it needs nothing of the host. */
static bool is_static(int fd)
{
	Elf64_Ehdr head;
	Elf64_Phdr part;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + (Elf64_Off)i * head.e_phentsize);

		if (pread(fd, &part, sizeof(part), at) != sizeof(part) || part.p_type == PT_INTERP)
			return false;
	}
	return true;
}

static int find(const char **ret_path, int *ret_fd, struct hr_error *err)
{
	const char *dynamic = NULL;

	for (size_t i = 0; i < hr_count(places); i++) {
		hr_autoclose int fd = open(places[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (is_static(fd)) {
			*ret_path = places[i];
			*ret_fd = hr_steal_fd(&fd);
			return 0;
		}
		dynamic = places[i];
	}
	return hr_fail(err, HR_SPEC,
		       "%s%s; install the package busybox-static, or name a root file system by "
		       "--rootfs, --layout or --bundle",
		       dynamic ? dynamic : "there is no busybox on this machine",
		       dynamic ? " is not a static program" : "");
}

static int make_tree(int root, struct hr_error *err)
{
	for (size_t i = 1; i < hr_count(directories); i++)
		if (mkdirat(root, directories[i].name, 0700) < 0 ||
		    fchmodat(root, directories[i].name, directories[i].mode, 0) < 0)
			return hr_fail_errno(err, errno, "%s", directories[i].name);
	for (size_t i = 0; i < hr_count(files); i++) {
		hr_autoclose int fd =
			openat(root, files[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

		if (fd < 0 || fchmod(fd, 0644) < 0)
			return hr_fail_errno(err, errno, "%s", files[i].name);
		if (file_write_fd(fd, files[i].name, files[i].text, strlen(files[i].text), err) < 0)
			return -1;
	}
	return 0;
}

static int copy(int from, int root, struct hr_error *err)
{
	hr_autoclose int to =
		openat(root, "bin/busybox", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t got;

	if (to < 0 || fchmod(to, 0755) < 0)
		return hr_fail_errno(err, errno, "bin/busybox");
	while ((got = sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	return got < 0 ? hr_fail_errno(err, errno, "copying busybox") : 0;
}

/* A link for each name that it goes by. */
static int link_applets(const char *path, int root, struct hr_error *err)
{
	char *argv[] = {(char[]){"busybox"}, (char[]){"--list"}, NULL}, *envp[] = {NULL};
	hr_autofree char *list = NULL;
	char *rest, *name, entry[NAME_MAX + 8];
	int status, count = 0;
	size_t len;

	if (child_capture(path, argv, envp, LIST_MS, LIST_MAX, &list, &len, &status, err) < 0)
		return hr_context(err, "busybox --list");
	for (name = strtok_r(list, "\n", &rest); name && count < MOST_APPLETS;
	     name = strtok_r(NULL, "\n", &rest), count++) {
		if (strchr(name, '/') || strcmp(name, "busybox") == 0)
			continue;
		snprintf(entry, sizeof(entry), "bin/%s", name);
		if (symlinkat("busybox", root, entry) < 0 && errno != EEXIST)
			return hr_fail_errno(err, errno, "%s", entry);
	}
	return 0;
}

int trial_root_busybox(const struct trial_place *place, struct hr_error *err)
{
	char path[PATH_MAX + 16];
	hr_autoclose int busybox = -1, root = -1;
	const char *found;

	snprintf(path, sizeof(path), "%s/rootfs", place->bundle);
	if (find(&found, &busybox, err) < 0)
		return -1;
	if (mkdir(path, 0700) < 0 || chmod(path, 0755) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return hr_fail_errno(err, errno, "%s", path);
	if (make_tree(root, err) < 0 || copy(busybox, root, err) < 0)
		return -1;
	return link_applets(found, root, err);
}
