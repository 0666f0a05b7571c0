/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/embed.h"
#include "base/file.h"
#include "base/text.h"
#include "policy/policy_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded policy_embedded[];

int policy_mistake(struct policy *policy, struct hr_error *err)
{
	if (!policy->found || err->code == HR_SYSTEM)
		return -1;
	policy->found(err->msg, policy->found_to);
	policy->mistakes++;
	*err = (struct hr_error){0};
	return 0;
}

static int parse_file(struct policy *policy, const char *name, const char *text, size_t len,
		      bool builtin, struct hr_error *err)
{
	struct json_doc *doc = NULL;

	if (policy->file_count > POLICY_MAX_FILES)
		return hr_fail(err, HR_POLICY, "%s: more than %d policy files", name,
			       POLICY_MAX_FILES);
	if (json_parse(name, text, len, true, &doc, err) < 0) {
		if (err && err->code == HR_SPEC)
			err->code = HR_POLICY;
		return -1;
	}
	return policy_add_file(policy, doc, builtin, err);
}

static struct policy *policy_new(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->dirfd = -1;
	policy->merged = json_new("policy");
	if (policy->merged) {
		policy->profiles = json_new_object(policy->merged);
		policy->resolved = json_new_object(policy->merged);
		policy->rules = json_new_array(policy->merged);
	}
	if (!policy->rules || !policy->profiles || !policy->resolved) {
		policy_free(policy);
		return NULL;
	}
	return policy;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->file_count; i++)
		json_free(policy->files[i]);
	json_free(policy->merged);
	if (policy->dirfd >= 0)
		close(policy->dirfd);
	free(policy->confdir);
	free(policy);
}

static int start(struct policy **ret, struct hr_error *err)
{
	policy_auto struct policy *policy = policy_new();

	if (!policy)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (parse_file(policy, "built-in", policy_embedded[0].bytes, policy_embedded[0].len, true,
		       err) < 0)
		return -1;
	*ret = hr_steal(policy);
	return 0;
}

/* Part of the program, and checked by its tests, not at each start. */
static bool is_builtin(const struct json *profile)
{
	return profile->doc && strcmp(json_name(profile->doc), "built-in") == 0;
}

/* Resolve and check every profile, so that a mistake in one that is rarely used is found
 * when the policy is put in place and not on the day it is needed. */
static int finish(struct policy *policy, policy_check_fn check, struct hr_error *err)
{
	if (policy_check_names(policy, err) < 0)
		return -1;
	if (policy->thorough && policy_check_keys(policy, err) < 0)
		return -1;
	json_each(profile, policy->profiles)
		if ((policy->thorough || !is_builtin(profile)) &&
		    policy_check_profile(policy, profile, check, err) < 0 &&
		    policy_mistake(policy, err) < 0)
			return -1;
	return 0;
}

int policy_builtin(policy_check_fn check, struct policy **ret, struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;

	if (start(&policy, err) < 0 || finish(policy, check, err) < 0)
		return -1;
	*ret = hr_steal(policy);
	return 0;
}

static int read_file(struct policy *policy, int dirfd, const char *name, const char *shown,
		     struct hr_error *err)
{
	hr_autofree char *text = NULL;
	struct stat st;
	size_t len;

	if (file_read_at(dirfd, name, shown, POLICY_MAX_BYTES, &text, &len, &st, err) < 0) {
		if (err && err->code != HR_OK)
			err->code = HR_POLICY;
		return -1;
	}
	if (!file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED,
			       "%s: others than root can change it; chown root: and chmod go-w it",
			       shown);
	return parse_file(policy, shown, text, len, false, err);
}

/* A file that is not read as it should be: what the others say of it would be wrong. */
static int unread(struct policy *policy, struct hr_error *err)
{
	policy->partial = true;
	return policy_mistake(policy, err);
}

static int is_json(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends(entry->d_name, ".json");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_in(struct policy *policy, int dirfd, const char *confdir, const char *name,
			struct hr_error *err)
{
	text_auto struct text shown = {0};

	text_addf(&shown, "%s/policy.d/%s", confdir, name);
	if (shown.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return read_file(policy, dirfd, name, shown.data, err);
}

static int check_directory(int fd, const char *confdir, struct hr_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hr_fail_errno(err, errno, "%s/policy.d", confdir);
	if (!file_is_roots(&st))
		return hr_fail(err, HR_UNTRUSTED,
			       "%s/policy.d: others than root can change it; chown root: and "
			       "chmod go-w it",
			       confdir);
	return 0;
}

static int read_drop_ins(struct policy *policy, int dirfd, const char *confdir,
			 struct hr_error *err)
{
	hr_autoclose int fd =
		openat(dirfd, "policy.d", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent **entries = NULL;
	int count, result = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s/policy.d", confdir);
	if (check_directory(fd, confdir, err) < 0 && policy_mistake(policy, err) < 0)
		return -1;
	count = scandirat(fd, ".", &entries, is_json, by_bytes);
	if (count < 0)
		return hr_fail_errno(err, errno, "%s/policy.d", confdir);
	for (int i = 0; i < count; i++) {
		if (result == 0 && read_drop_in(policy, fd, confdir, entries[i]->d_name, err) < 0)
			result = unread(policy, err);
		free(entries[i]);
	}
	free(entries);
	return result;
}

/* Remember the directory, so that files which profiles name are read from the same one. */
static int keep_directory(struct policy *policy, int dirfd, const char *confdir,
			  struct hr_error *err)
{
	policy->confdir = strdup(confdir);
	policy->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	if (!policy->confdir || policy->dirfd < 0)
		return hr_fail_errno(err, errno, "%s", confdir);
	return 0;
}

static int load_directory(struct policy *policy, int dirfd, const char *confdir,
			  policy_check_fn check, struct hr_error *err)
{
	text_auto struct text shown = {0};

	text_addf(&shown, "%s/policy.json", confdir);
	if (shown.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	/* A policy that is being replaced must not turn into the default. */
	if (faccessat(dirfd, "policy.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return hr_fail(err, HR_POLICY,
			       "%s is %s: a directory without it refuses every container; put one "
			       "there ({\"version\": 1} for the defaults), or remove %s",
			       shown.data, hr_errno_text(errno), confdir);
	if (keep_directory(policy, dirfd, confdir, err) < 0 ||
	    read_drop_ins(policy, dirfd, confdir, err) < 0)
		return -1;
	if (read_file(policy, dirfd, "policy.json", shown.data, err) < 0 && unread(policy, err) < 0)
		return -1;
	return policy->partial ? 0 : finish(policy, check, err);
}

int policy_load(int dirfd, const char *confdir, policy_check_fn check, struct policy **ret,
		struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;

	if (start(&policy, err) < 0 || load_directory(policy, dirfd, confdir, check, err) < 0)
		return -1;
	*ret = hr_steal(policy);
	return 0;
}

/* The directory of a file; NULL when memory is gone. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int load_file(struct policy *policy, const char *path, policy_check_fn check,
		     struct hr_error *err)
{
	hr_autofree char *text = NULL, *above = directory_of(path);
	hr_autoclose int fd = -1;
	size_t len;

	if (!above)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (file_read_at(AT_FDCWD, path, path, POLICY_MAX_BYTES, &text, &len, NULL, err) < 0)
		return -1;
	fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || keep_directory(policy, fd, above, err) < 0)
		return hr_fail_errno(err, errno, "%s", path);
	policy->thorough = policy->loose = true;
	if (parse_file(policy, path, text, len, false, err) < 0)
		return -1;
	return finish(policy, check, err);
}

int policy_load_file(const char *path, policy_check_fn check, struct policy **ret,
		     struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;

	if (start(&policy, err) < 0 || load_file(policy, path, check, err) < 0)
		return -1;
	*ret = hr_steal(policy);
	return 0;
}

int policy_check(int dirfd, const char *path, policy_check_fn check, policy_finding_fn found,
		 void *to, struct policy **ret, struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;
	int rc;

	if (start(&policy, err) < 0)
		return -1;
	policy->found = found;
	policy->found_to = to;
	policy->thorough = true;
	rc = dirfd < 0 ? load_file(policy, path, check, err)
		       : load_directory(policy, dirfd, path, check, err);
	if (rc < 0 && policy_mistake(policy, err) < 0)
		return -1;
	*ret = policy->mistakes == 0 ? hr_steal(policy) : NULL;
	return 0;
}

bool policy_thorough(const struct policy *policy)
{
	return policy->thorough;
}

void policy_audit(const struct policy *policy, struct policy_audit *ret)
{
	*ret = (struct policy_audit){
		.file = json_string(policy->audit, "file"),
		.syslog = json_true(policy->audit, "syslog"),
		.required = json_true(policy->audit, "required"),
		.annotations = json_get(policy->audit, "annotations"),
	};
}

const struct json *policy_profiles(const struct policy *policy)
{
	return policy->profiles;
}

const char *policy_default(const struct policy *policy)
{
	return policy->default_name->text;
}

const struct json *policy_rules(const struct policy *policy)
{
	return policy->rules;
}

const struct json *policy_audit_section(const struct policy *policy)
{
	return policy->audit;
}
