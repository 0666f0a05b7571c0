/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/sources.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "host/userns.h"
#include "stage/net.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

struct staged {
	size_t number;	    /* by which the host knows it */
	const char *source; /* where it is to be attached */
	int tree;	    /* the clone, detached */
	bool directory;
};

struct stage {
	struct staged *sources;
	size_t count;
};

static void stage_done(struct stage *stage)
{
	for (size_t i = 0; i < stage->count; i++)
		close(stage->sources[i].tree);
	free(stage->sources);
}
#define stage_auto __attribute__((cleanup(stage_done)))

/*
 * True for a bind source STAGE/N/..., and its N, that names what the host judged as number N
 * and nothing else: whatever a document spells itself is not attached anywhere.
 */
static bool is_staged(const struct host_real *host, const struct json *mount, size_t *ret)
{
	const struct json *options = json_get(mount, "options");
	const char *source = json_string(mount, "source"), *name;
	char *end;

	if (!source || !text_starts(source, HOST_STAGE "/") ||
	    !(json_has_string(options, "bind") || json_has_string(options, "rbind")))
		return false;
	source += strlen(HOST_STAGE "/");
	*ret = strtoul(source, &end, 10);
	name = host_source_name(host, *ret);
	return source[0] >= '0' && source[0] <= '9' && name && strcmp(end, name) == 0;
}

static bool is_idmapped(const struct stage_plan *plan, size_t number)
{
	uint64_t listed;

	if (plan->userns < 0)
		return false;
	json_each(value, plan->idmapped)
		if (json_uint(value, &listed) && listed == number)
			return true;
	return false;
}

/* The runtime's own flags reach the topmost mount alone; what is mounted below it gets them
 * here. */
static int set_flags(const struct json *mount, const struct staged *staged, struct hr_error *err)
{
	static const struct {
		const char *option;
		uint64_t attribute;
	} flags[] = {
		{"ro", MOUNT_ATTR_RDONLY},
		{"nosuid", MOUNT_ATTR_NOSUID},
		{"nodev", MOUNT_ATTR_NODEV},
		{"noexec", MOUNT_ATTR_NOEXEC},
	};
	const struct json *options = json_get(mount, "options");
	struct mount_attr attr = {0};

	for (size_t i = 0; i < hr_count(flags); i++)
		if (json_has_string(options, flags[i].option))
			attr.attr_set |= flags[i].attribute;
	if (mount_setattr(staged->tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return hr_fail_errno(err, errno, "the flags of %s", staged->source);
	return 0;
}

static int clone_one(const struct host_real *host, const struct json *mount,
		     const struct stage_plan *plan, struct staged *staged, struct hr_error *err)
{
	int fd = host_source_fd(host, staged->number);
	bool recursive = json_has_string(json_get(mount, "options"), "rbind");
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	char shown[TEXT_SHOWN_SIZE];
	const char *why = NULL;
	struct stat st;

	text_shown_z(staged->source, shown);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail(err, HR_SYSTEM, "mounts: %s was not opened", shown);
	staged->directory = S_ISDIR(st.st_mode);
	if (is_idmapped(plan, staged->number)) {
		staged->tree = userns_clone(fd, recursive, plan->userns, &why);
		return staged->tree < 0 ? hr_fail(err, HR_SYSTEM, "mounts: %s %s", shown, why) : 0;
	}
	staged->tree = open_tree(fd, "", flags | (recursive ? (unsigned)AT_RECURSIVE : 0));
	if (staged->tree < 0)
		return hr_fail_errno(err, errno, "mounts: %s cannot be cloned", shown);
	return 0;
}

/* All clones are taken before the namespace is left that the descriptors belong to. */
static int clone_all(const struct host_real *host, const struct json *mounts,
		     const struct stage_plan *plan, struct stage *stage, struct hr_error *err)
{
	json_each(mount, mounts) {
		struct staged *staged = &stage->sources[stage->count];

		*staged = (struct staged){.source = json_string(mount, "source")};
		if (!is_staged(host, mount, &staged->number))
			continue;
		if (clone_one(host, mount, plan, staged, err) < 0)
			return -1;
		stage->count++;
		if (set_flags(mount, staged, err) < 0)
			return -1;
	}
	return 0;
}

/* Root of the container, who is nobody here, must get through all directories above. */
static int open_way(struct hr_error *err)
{
	struct stat st;

	if (stat(HR_STATEDIR, &st) == 0 && (st.st_mode & S_IXOTH) == 0 &&
	    chmod(HR_STATEDIR, (st.st_mode & 07777) | S_IXOTH) < 0)
		return hr_fail_errno(err, errno, HR_STATEDIR);
	return 0;
}

/* A mount namespace of our own, with an empty file system at HOST_STAGE. On the host there stays
 * an empty directory for what is the root of those that are mapped. */
static int enter(bool mapped, struct hr_error *err)
{
	if (file_make_dirs(mapped ? HOST_STAGE_ROOT : HOST_STAGE, 0711, err) < 0 ||
	    (mapped && open_way(err) < 0))
		return -1;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return hr_fail_errno(err, errno, "a mount namespace for the bind sources");
	if (mount("hardrun", HOST_STAGE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=0711,size=16m") < 0)
		return hr_fail_errno(err, errno, HOST_STAGE);
	return 0;
}

/* The path is below our own tmpfs: nobody else can change it. */
static int make_point(const struct staged *staged, struct hr_error *err)
{
	char parent[PATH_MAX];
	int fd;

	if (staged->directory)
		return file_make_dirs(staged->source, 0711, err);
	snprintf(parent, sizeof(parent), "%.*s",
		 (int)(strrchr(staged->source, '/') - staged->source), staged->source);
	if (file_make_dirs(parent, 0711, err) < 0)
		return -1;
	fd = open(staged->source, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", staged->source);
	close(fd);
	return 0;
}

static int attach(const struct staged *staged, struct hr_error *err)
{
	if (make_point(staged, err) < 0)
		return -1;
	if (move_mount(staged->tree, "", AT_FDCWD, staged->source, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return hr_fail_errno(err, errno, "%s cannot be staged", staged->source);
	return 0;
}

static int attach_sysfs(int netns, struct hr_error *err)
{
	struct staged sysfs = {.source = HOST_STAGE_SYSFS, .directory = true};
	int result;

	if (stage_sysfs(netns, &sysfs.tree, err) < 0)
		return -1;
	result = attach(&sysfs, err);
	close(sysfs.tree);
	return result;
}

static int attach_all(const struct stage *stage, const struct stage_plan *plan,
		      struct hr_error *err)
{
	const struct staged root = {
		.source = HOST_STAGE_ROOT, .tree = plan->root, .directory = true};

	for (size_t i = 0; i < stage->count; i++)
		if (attach(&stage->sources[i], err) < 0)
			return hr_context(err, "mounts");
	if (plan->root >= 0 && attach(&root, err) < 0)
		return hr_context(err, "root.path");
	return plan->netns >= 0 ? attach_sysfs(plan->netns, err) : 0;
}

int stage_sources(const struct host_real *host, const struct json *mounts,
		  const struct stage_plan *plan, struct hr_error *err)
{
	static const struct stage_plan nothing = STAGE_PLAN_NONE;
	stage_auto struct stage stage = {
		.sources = calloc(json_count(mounts) + 1, sizeof(*stage.sources)),
	};
	mode_t mask;
	int result;

	if (!plan)
		plan = &nothing;
	if (!stage.sources)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (clone_all(host, mounts, plan, &stage, err) < 0)
		return -1;
	if (stage.count == 0 && plan->userns < 0 && plan->root < 0 && plan->netns < 0)
		return 0;
	mask = umask(0022);
	result = enter(plan->root >= 0, err) < 0 ? -1 : attach_all(&stage, plan, err);
	umask(mask);
	return result;
}
