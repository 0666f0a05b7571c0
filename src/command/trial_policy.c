/* SPDX-License-Identifier: Apache-2.0 */
/* Which profile a trial runs under. */
#include "base/cleanup.h"
#include "base/file.h"
#include "command/explain.h"
#include "command/trial_child.h"
#include "json/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "trial" /* of --seccomp's file, in DIR/policy/seccomp */
#define FILE_MAX  ((size_t)1024 * 1024)

static bool built_in(const char *word)
{
	size_t len;

	return seccomp_builtin(word, &len);
}

static int copy_file(const char *from, const char *to, struct hr_error *err)
{
	hr_autoclose int source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	hr_autoclose int dir = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hr_autofree char *text = NULL;
	size_t len;

	if (source < 0 || dir < 0)
		return hr_fail_errno(err, errno, "--seccomp");
	if (file_read_fd(source, from, FILE_MAX, &text, &len, err) < 0)
		return -1;
	return file_make_at(dir, command_is_json(text) ? FILE_NAME ".json" : FILE_NAME ".seccomp",
			    text, len, 0600, err);
}

int trial_policy_prepare(const struct trial *trial, const struct trial_place *place,
			 struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	char policy[PATH_MAX + 16], seccomp[PATH_MAX + 32];

	if (!trial->seccomp)
		return 0;
	if (command_profile(trial->seccomp, seccomp_native(), NULL, &filter, err) < 0)
		return hr_context(err, "--seccomp");
	if (built_in(trial->seccomp))
		return 0;
	snprintf(policy, sizeof(policy), "%s/policy", place->dir);
	snprintf(seccomp, sizeof(seccomp), "%s/seccomp", policy);
	if (mkdir(policy, 0700) < 0 || mkdir(seccomp, 0700) < 0)
		return hr_fail_errno(err, errno, "%s", seccomp);
	return copy_file(trial->seccomp, seccomp, err);
}

static int use_seccomp(struct call *call, const struct trial_child *child, struct json_doc *doc,
		       struct json *profile, struct hr_error *err)
{
	const char *word = child->trial->seccomp;
	struct json *rules = json_get_mut(profile, "seccomp");
	char path[PATH_MAX + 16];
	int fd;

	if (!word)
		return 0;
	if (!rules)
		rules = json_put(doc, profile, "seccomp", json_new_object(doc));
	if (!json_put_string(doc, rules, "profile", built_in(word) ? word : FILE_NAME))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (built_in(word))
		return 0;
	snprintf(path, sizeof(path), "%s/policy", child->place->dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hr_fail_errno(err, errno, "%s", path);
	return policy_files_from(call->policy, fd, path, err);
}

/* Learning is what the trial does itself, and nobody signed a directory. */
static int adjust(struct json_doc *doc, struct json *profile, struct hr_error *err)
{
	struct json *image = json_put(doc, profile, "image", json_new_object(doc));
	struct json *rules = json_get_mut(profile, "seccomp");

	if (!json_put_string(doc, image, "mode", "off") ||
	    (json_get(rules, "learn") && !json_put(doc, rules, "learn", json_new_bool(doc, false))))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}

int trial_policy_select(struct call *call, void *data, struct hr_error *err)
{
	const struct trial_child *child = data;
	const struct trial *trial = child->trial;
	const struct explain what = {.policy = trial->policy};
	const struct json *profile;
	struct json_doc *doc;

	if (explain_policy(&what, &call->policy, err) < 0)
		return -1;
	if (trial->profile)
		call->selection = (struct selection){trial->profile, NULL, "--profile"};
	else if (policy_select(call->policy, &call->identity, call->handler, NULL, &call->selection,
			       err) < 0)
		return -1;
	if (policy_profile(call->policy, call->selection.profile, &profile, err) < 0)
		return -1;
	/* Lives as long as this process, which is about to become another program. */
	doc = json_new("profile");
	if (!doc || !json_put(doc, json_root(doc), "profile", json_clone(doc, profile)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	call->profile = json_get(json_root(doc), "profile");
	if (use_seccomp(call, child, doc, json_get_mut(json_root(doc), "profile"), err) < 0)
		return -1;
	return adjust(doc, json_get_mut(json_root(doc), "profile"), err);
}
