/* SPDX-License-Identifier: Apache-2.0 */
/* The profile that the policy names. */
#include "control/seccomp.h"

#include <sys/utsname.h>

/* A file in the form of the runtime-spec or of Docker. */
static int read_json(const struct policy_file *file, const struct json *capabilities,
		     struct seccomp_filter **ret, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	struct utsname host = {0};
	const struct seccomp_host surroundings = {.arch = seccomp_native(),
						  .docker = true,
						  .capabilities = capabilities,
						  .kernel = host.release};

	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	struct seccomp_meeting meeting;

	uname(&host);
	if (json_parse(file->shown, file->text, file->len, false, &doc, err) < 0 ||
	    seccomp_read(json_root(doc), &surroundings, &filter, err) < 0)
		return -1;
	if (seccomp_filter_open(filter))
		return control_policy_error(json_get(json_root(doc), "defaultAction"), err,
					    "defaultAction lets through what is not listed; write "
					    "SCMP_ACT_ERRNO, and list what is allowed");
	if (seccomp_settle(filter, ret, &meeting, err) < 0)
		return -1;
	if (meeting.given_up_count == 0)
		return 0;
	hr_fail(err, HR_POLICY,
		"%s: the conditions of %s cannot be written in rules that every "
		"runtime reads alike; use SCMP_CMP_MASKED_EQ",
		file->shown, meeting.given_up[0]);
	seccomp_filter_free(*ret);
	*ret = NULL;
	return -1;
}

static int read_source(const char *name, const char *text, size_t len, struct seccomp_filter **ret,
		       struct hr_error *err)
{
	struct seccomp_source *source = NULL;
	int rc;

	if (seccomp_parse(name, text, len, &source, err) < 0)
		return -1;
	rc = seccomp_lower(source, seccomp_native(), ret, err);
	seccomp_source_free(source);
	return rc;
}

/* The profile that the policy names: built-in, or a file beside the policy. */
int seccomp_profile_load(const struct policy *policy, const char *name,
			 const struct json *capabilities, struct seccomp_filter **ret,
			 struct hr_error *err)
{
	policy_file_auto struct policy_file file = {0};
	size_t len;
	const char *text = seccomp_builtin(name, &len);

	if (text)
		return read_source(name, text, len, ret, err);
	if (policy_seccomp_file(policy, name, &file, err) < 0)
		return -1;
	return file.json ? read_json(&file, capabilities, ret, err)
			 : read_source(file.shown, file.text, file.len, ret, err);
}

int seccomp_profile_check(const struct policy *policy, const struct json *rules,
			  struct hr_error *err)
{
	const struct json *name = json_get(rules, "profile");
	seccomp_filter_auto struct seccomp_filter *filter = NULL;
	policy_file_auto struct policy_file file = {0};
	struct hr_error why = {0};
	size_t len;

	if (!name)
		return 0;
	if (seccomp_builtin(name->text, &len)) {
		if (!policy_seccomp_there(policy, name->text))
			return 0;
		return control_policy_error(
			name, err,
			"seccomp.profile: %s is built in, and there is a file of "
			"that name as well, which is not read; give the file "
			"another name",
			name->text);
	}
	if ((policy_thorough(policy) ? seccomp_profile_load(policy, name->text, NULL, &filter, &why)
				     : policy_seccomp_file(policy, name->text, &file, &why)) == 0)
		return 0;
	return control_policy_error(name, err, "seccomp.profile: %s", why.msg);
}
