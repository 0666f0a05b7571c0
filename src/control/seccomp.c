/* SPDX-License-Identifier: Apache-2.0 */
#include "control/seccomp.h"
#include "control/table.h"

#include <stdio.h>

#define FIELD	     SECCOMP_FIELD
#define LOG_FLAG     "SECCOMP_FILTER_FLAG_LOG"
#define MOST_ENTRIES 4096 /* of a filter; longer ones are refused when they are read */
#define MOST_NAMED   4	  /* calls that a warning stands for */

static const struct control_option options[] = {
	{.name = "profile", .type = OPTION_NAME},
	{.name = "open_profiles", .type = OPTION_BOOL},
	{.name = "log", .type = OPTION_BOOL},
	{.name = "learn", .type = OPTION_BOOL},
	{0},
};

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

/* ---- log and learn --------------------------------------------------------------------- */

static bool is_on(const struct control_in *in, const struct change *out, const char *option)
{
	return out->mode == MODE_ENFORCE && json_true(in->rules, option);
}

static bool can(const struct control_in *in, const char *what)
{
	return json_has_string(in->host->runtime_seccomp, what);
}

/* A runtime that does not know the flag would start nothing. Calls that another process answers
 * are not logged as refused. */
static bool is_logged(const struct control_in *in, const struct change *out)
{
	return is_on(in, out, "log") && !is_on(in, out, "learn") && can(in, LOG_FLAG);
}

static void judge_log(const struct control_in *in, struct change *out)
{
	if (is_logged(in, out))
		change_log(out);
	else if (is_on(in, out, "log") && !is_on(in, out, "learn"))
		change_warn(
			out, FIELD ".flags", LOG_FLAG,
			&(struct reason){
				.rule = "seccomp.log",
				.by = json_get(in->rules, "log"),
				.why = "this runtime does not have the flag, so nothing is logged",
				.remedy = "use runc 1.2 or later, or crun 1.6 or later",
			});
}

static void judge_learn(const struct control_in *in, struct change *out)
{
	struct reason reason = {.rule = "seccomp.learn", .by = json_get(in->rules, "learn")};

	if (!is_on(in, out, "learn"))
		return;
	if (in->line == LINE_RESTORE) {
		reason.why = "a checkpoint keeps the filter that it was made with, so nothing can "
			     "be recorded";
		reason.remedy = "create the container anew, or use a profile without learn";
		change_refuse(out, FIELD, NULL, &reason);
	} else if (!can(in, "SCMP_ACT_NOTIFY")) {
		reason.why = "this runtime cannot hand system calls to another process, so nothing "
			     "can be recorded";
		reason.remedy = "use a handler of runc 1.1 or later or of crun 1.6 or later, or a "
				"profile without learn";
		change_refuse(out, FIELD, NULL, &reason);
	} else {
		reason.why = "system calls wait for a process of hardrun that records them, and "
			     "are refused once it is gone";
		reason.remedy =
			"switch learn off when the profile is written (hardrun learn --from ID)";
		change_warn(out, FIELD, NULL, &reason);
		change_learn(out);
	}
}

/* ---- the filter ------------------------------------------------------------------------ */

static void put(const struct control_in *in, struct change *out,
		const struct seccomp_filter *filter, const char *shown, const char *why)
{
	struct json_doc *doc = change_doc(out);
	struct json *value = NULL;

	if (seccomp_write(filter, seccomp_native(), doc, &value, NULL) == 0 && is_logged(in, out) &&
	    !json_append(json_get_mut(value, "flags"), json_new_string(doc, LOG_FLAG)))
		out->failed = true;
	change_set(out, FIELD, value, shown,
		   &(struct reason){.rule = "seccomp.profile",
				    .by = json_get(in->rules, "profile"),
				    .why = why});
}

static void insert(const struct control_in *in, struct change *out,
		   const struct seccomp_filter *ours, const char *why)
{
	char shown[160];

	snprintf(shown, sizeof(shown), "profile %s: %zu system calls of %s", profile_name(in),
		 seccomp_filter_count(ours), seccomp_native());
	put(in, out, ours, shown, why);
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

static void create(const struct control_in *in, struct change *out)
{
	const struct json *filter = json_path(in->document, FIELD);
	const struct json *kept = json_path(in->document, "process.capabilities.bounding");
	const struct json *open = json_get(in->rules, "open_profiles");
	const struct seccomp_host surroundings = {.arch = seccomp_native()};
	seccomp_filter_auto struct seccomp_filter *ours = NULL, *callers = NULL;
	struct hr_error err = {0};

	seccomp_asked_annotations(in->document, out);
	if (seccomp_profile_load(in->policy, profile_name(in), kept, &ours, &err) < 0) {
		refuse_unusable(in, out, &err);
		return;
	}
	judge_log(in, out);
	judge_learn(in, out);
	if (!filter || seccomp_asked_ours(filter)) {
		insert(in, out, ours,
		       filter ? "hardrun wrote this one, for a process that answered its calls "
				"and is gone"
			      : "without a filter every system call of the kernel can be reached");
		return;
	}
	seccomp_asked_listener(filter, out);
	if (json_count(json_get(filter, "syscalls")) <= MOST_ENTRIES &&
	    !seccomp_asked_actions(filter, out))
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
	.check = seccomp_profile_check,
	.create = create,
};
