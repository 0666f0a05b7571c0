/* SPDX-License-Identifier: Apache-2.0 */
/* Files beside the policy that its profiles name. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/policy_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define SECCOMP_DIR "seccomp"

static const struct {
	const char *suffix;
	bool json;
} suffixes[] = {{".seccomp", false}, {".json", true}};

static int open_directory(const struct policy *policy, int *ret, struct hr_error *err)
{
	hr_autoclose int fd =
		openat(policy->dirfd, SECCOMP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hr_fail(err, HR_POLICY,
			       "%s/" SECCOMP_DIR " is %s; make it, and put the "
			       "profile there",
			       policy->confdir, hr_errno_text(errno));
	if (!policy->loose && !file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED,
			       "%s/" SECCOMP_DIR ": others than root can change it; chown root: "
			       "and chmod go-w it",
			       policy->confdir);
	*ret = hr_steal_fd(&fd);
	return 0;
}

/* 1 if it was read, 0 if there is none of that name. */
static int read_file(const struct policy *policy, int fd, const char *name, struct policy_file *ret,
		     struct hr_error *err)
{
	text_auto struct text path = {0};
	struct stat st;

	text_addf(&path, "%s/" SECCOMP_DIR "/%s", policy->confdir, name);
	if (path.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (file_read_at(fd, name, path.data, POLICY_MAX_BYTES, &ret->text, &ret->len, &st, err) <
	    0)
		return -1;
	if (!policy->loose && !file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED,
			       "%s: others than root can change it; chown root: and chmod go-w it",
			       path.data);
	ret->shown = hr_steal(path.data);
	return 1;
}

/* How many of the two forms there are; -1 with an error. */
static int count_forms(int fd, const char *name, struct hr_error *err)
{
	int count = 0;

	for (size_t i = 0; i < hr_count(suffixes); i++) {
		text_auto struct text entry = {0};

		text_addf(&entry, "%s%s", name, suffixes[i].suffix);
		if (entry.failed)
			return hr_fail(err, HR_SYSTEM, "out of memory");
		count += faccessat(fd, entry.data, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	}
	return count;
}

bool policy_seccomp_there(const struct policy *policy, const char *name)
{
	hr_autoclose int fd = -1;

	if (!policy || policy->dirfd < 0)
		return false;
	fd = openat(policy->dirfd, SECCOMP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && count_forms(fd, name, NULL) > 0;
}

int policy_files_from(struct policy *policy, int dirfd, const char *shown, struct hr_error *err)
{
	char *name = strdup(shown);

	if (!name)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (policy->dirfd >= 0)
		close(policy->dirfd);
	free(policy->confdir);
	policy->dirfd = dirfd;
	policy->confdir = name;
	return 0;
}

int policy_seccomp_file(const struct policy *policy, const char *name, struct policy_file *ret,
			struct hr_error *err)
{
	policy_file_auto struct policy_file file = {0};
	hr_autoclose int fd = -1;
	char shown[TEXT_SHOWN_SIZE];

	text_shown_z(name, shown);
	if (!policy || policy->dirfd < 0)
		return hr_fail(err, HR_POLICY, "no built-in seccomp profile is called %s", shown);
	if (open_directory(policy, &fd, err) < 0)
		return -1;
	if (count_forms(fd, name, err) > 1)
		return hr_fail(err, HR_POLICY,
			       "there are %s/" SECCOMP_DIR "/%s.seccomp and %s.json; keep one",
			       policy->confdir, shown, shown);
	for (size_t i = 0; i < hr_count(suffixes); i++) {
		text_auto struct text entry = {0};
		int found;

		text_addf(&entry, "%s%s", name, suffixes[i].suffix);
		found = entry.failed ? -1 : read_file(policy, fd, entry.data, &file, err);
		if (found < 0)
			return -1;
		file.json = suffixes[i].json;
		if (found > 0) {
			*ret = file;
			file = (struct policy_file){0};
			return 0;
		}
	}
	return hr_fail(err, HR_POLICY,
		       "no built-in seccomp profile is called %s, and there is neither "
		       "%s/" SECCOMP_DIR "/%s.seccomp nor %s.json",
		       shown, policy->confdir, shown, shown);
}

void policy_file_done(struct policy_file *file)
{
	free(file->shown);
	free(file->text);
}
