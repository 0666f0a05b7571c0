/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/seccomp.h"
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define FIELD	     "linux.seccomp"
#define MOST_ENTRIES 4096 /* of a filter; longer ones are refused when they are read */
#define MOST_NAMED   4	  /* calls that a warning stands for */

static const struct control_option options[] = {
	{.name = "profile", .type = OPTION_NAME},
	{.name = "open_profiles", .type = OPTION_BOOL},
	{0},
};

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
static int load(const struct policy *policy, const char *name, const struct json *capabilities,
		struct seccomp_filter **ret, struct hr_error *err)
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

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
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
	if ((policy_thorough(policy) ? load(policy, name->text, NULL, &filter, &why)
				     : policy_seccomp_file(policy, name->text, &file, &why)) == 0)
		return 0;
	return control_policy_error(name, err, "seccomp.profile: %s", why.msg);
}

static const char *profile_name(const struct control_in *in)
{
	const char *name = json_string(in->rules, "profile");

	return name ? name : "default";
}

static void refuse(struct change *out, const char *path, const char *value, const char *why,
		   const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "seccomp", .why = why, .remedy = remedy});
}

/* What a policy names and cannot be used is no reason to go without. */
static void refuse_unusable(const struct control_in *in, struct change *out,
			    const struct hr_error *err)
{
	change_refuse(out, FIELD, NULL,
		      &(struct reason){.rule = "seccomp.profile",
				       .by = json_get(in->rules, "profile"),
				       .why = err->msg,
				       .remedy = "mend the profile, or name another one"});
}

static void put(const struct control_in *in, struct change *out,
		const struct seccomp_filter *filter, const char *shown, const char *why)
{
	struct json *value = NULL;

	seccomp_write(filter, seccomp_native(), change_doc(out), &value, NULL);
	change_set(out, FIELD, value, shown,
		   &(struct reason){.rule = "seccomp.profile",
				    .by = json_get(in->rules, "profile"),
				    .why = why});
}

static void insert(const struct control_in *in, struct change *out,
		   const struct seccomp_filter *ours)
{
	char shown[160];

	snprintf(shown, sizeof(shown), "profile %s: %zu system calls of %s", profile_name(in),
		 seccomp_filter_count(ours), seccomp_native());
	put(in, out, ours, shown,
	    "without a filter every system call of the kernel can be reached");
}

/* Calls whose conditions could not be combined are refused: whoever misses one should find
 * out here. */
static void warn_given_up(const struct control_in *in, struct change *out,
			  const struct seccomp_meeting *meeting)
{
	for (size_t i = 0; i < meeting->given_up_count && i < MOST_NAMED; i++)
		change_warn(out, FIELD, meeting->given_up[i],
			    &(struct reason){.rule = "seccomp.profile",
					     .by = json_get(in->rules, "profile"),
					     .why = "the caller's conditions on it cannot be "
						    "combined with the profile's, so it is refused",
					     .remedy =
						     "write the caller's conditions as "
						     "SCMP_CMP_MASKED_EQ that exclude each other"});
}

static void meet(const struct control_in *in, struct change *out, const struct seccomp_filter *ours,
		 const struct seccomp_filter *callers)
{
	seccomp_filter_auto struct seccomp_filter *both = NULL;
	struct seccomp_meeting meeting;
	char shown[200];

	if (seccomp_meet(ours, callers, &both, &meeting, NULL) < 0) {
		out->failed = true;
		return;
	}
	snprintf(
		shown, sizeof(shown),
		"what profile %s (%zu system calls of %s) and the caller's (%zu%s) both allow: %zu",
		profile_name(in), seccomp_filter_count(ours), seccomp_native(),
		seccomp_filter_count(callers),
		seccomp_filter_open(callers) ? ", and all that it does not list" : "",
		seccomp_filter_count(both));
	warn_given_up(in, out, &meeting);
	put(in, out, both, shown, "the caller's filter allows what the profile does not");
}

static void refuse_listener(const struct json *filter, struct change *out)
{
	static const char *const listener[] = {"listenerPath", "listenerMetadata", NULL};
	char path[CHANGE_PATH];

	for (size_t i = 0; listener[i]; i++)
		if (json_get(filter, listener[i]))
			refuse(out, change_key_path(FIELD, listener[i], path),
			       json_string(filter, listener[i]),
			       "hands a descriptor that answers system calls to a socket",
			       "remove it");
}

/* True if it can be met. What hands the decision to another process becomes a refusal then:
 * as the default it would refuse all that is not listed, and the container could not even
 * start. */
static bool judge_action(struct change *out, const char *path, const char *action, bool whole)
{
	static const char *const plain[] = {
		"SCMP_ACT_KILL",  "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
		"SCMP_ACT_ERRNO", "SCMP_ACT_LOG",	   "SCMP_ACT_ALLOW",	   NULL,
	};
	static const char *const handing[] = {"SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", NULL};

	if (action && text_in(action, plain))
		return true;
	if (!action || !text_in(action, handing)) {
		refuse(out, path, action, "not an action of the runtime-spec",
		       "use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW");
		return false;
	}
	if (whole) {
		refuse(out, path, action, "hands every decision to another process",
		       "use SCMP_ACT_ERRNO");
		return false;
	}
	change_warn(out, path, action,
		    &(struct reason){.rule = "seccomp",
				     .why = "hands the decision on a system call to another "
					    "process, so these are answered ENOSYS",
				     .remedy = "use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW"});
	return true;
}

static bool judge_actions(const struct json *filter, struct change *out)
{
	char path[CHANGE_PATH], entry[CHANGE_PATH];
	bool good = judge_action(out, FIELD ".defaultAction", json_string(filter, "defaultAction"),
				 true);
	size_t index = 0;

	json_each(rule, json_get(filter, "syscalls")) {
		change_index_path(FIELD ".syscalls", index++, entry);
		good &= judge_action(out, change_key_path(entry, "action", path),
				     json_string(rule, "action"), false);
	}
	return good;
}

/* What makes crun load another filter than the document's, or hand it on. An administrator
 * may have allowed run.oci.* for something else. */
static void drop_annotations(const struct control_in *in, struct change *out)
{
	static const char *const steering[] = {"run.oci.seccomp_bpf_data",
					       "run.oci.seccomp.receiver",
					       "run.oci.seccomp.plugins", NULL};
	const struct json *annotations = json_get(in->document, "annotations");
	char path[CHANGE_PATH];

	for (size_t i = 0; steering[i]; i++) {
		const struct json *found = json_get(annotations, steering[i]);

		if (found)
			change_drop(out, change_key_path("annotations", steering[i], path),
				    annotations, found,
				    &(struct reason){.rule = "seccomp",
						     .why = "replaces the filter, or hands it to "
							    "another process"});
	}
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *filter = json_path(in->document, FIELD);
	const struct json *kept = json_path(in->document, "process.capabilities.bounding");
	const struct json *open = json_get(in->rules, "open_profiles");
	const struct seccomp_host surroundings = {.arch = seccomp_native()};
	seccomp_filter_auto struct seccomp_filter *ours = NULL, *callers = NULL;
	struct hr_error err = {0};

	drop_annotations(in, out);
	if (load(in->policy, profile_name(in), kept, &ours, &err) < 0) {
		refuse_unusable(in, out, &err);
		return;
	}
	if (!filter) {
		insert(in, out, ours);
		return;
	}
	refuse_listener(filter, out);
	if (json_count(json_get(filter, "syscalls")) <= MOST_ENTRIES && !judge_actions(filter, out))
		return;
	if (seccomp_read(filter, &surroundings, &callers, &err) < 0)
		refuse(out, FIELD, NULL, err.msg, "correct the filter, or leave it out");
	else if (seccomp_filter_open(callers) && open && !open->boolean)
		change_refuse(out, FIELD ".defaultAction", json_string(filter, "defaultAction"),
			      &(struct reason){.rule = "seccomp.open_profiles",
					       .by = open,
					       .why = "lets through what the filter does not list",
					       .remedy = "use SCMP_ACT_ERRNO"});
	else
		meet(in, out, ours, callers);
}

const struct control control_seccomp = {
	.name = "seccomp",
	.sentence =
		"Gives every container a default-deny system call filter, met with the one that "
		"it brings.",
	.options = options,
	.check = check,
	.create = create,
};
