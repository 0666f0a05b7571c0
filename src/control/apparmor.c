/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/label.h"
#include "control/table.h"
#include "host/lsm.h"

#include <stdio.h>
#include <string.h>

#define KEY	     "apparmorProfile"
#define FIELD	     "process." KEY
#define LONGEST_NAME 255
#define REMEDY	     (2 * TEXT_SHOWN_SIZE + 128)

static const struct control_option options[] = {
	{.name = "profile", .type = OPTION_OTHER},
	{.name = "allow", .type = OPTION_STRINGS},
	{.name = "replace", .type = OPTION_STRINGS},
	{.name = "missing", .type = OPTION_NAME, .values = label_missing},
	{.name = "verify", .type = OPTION_BOOL},
	{0},
};

/* What profiles/apparmor/hardrun-default lists (tests/lint/controls.sh compares them);
 * hardrun-restricted lists the first alone. */
static const char *const listed[] = {
	"CAP_NET_BIND_SERVICE",
	"CAP_AUDIT_WRITE",
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_KILL",
	"CAP_LEASE",
	"CAP_SETFCAP",
	"CAP_SETGID",
	"CAP_SETPCAP",
	"CAP_SETUID",
	"CAP_SYS_CHROOT",
	"CAP_SYS_NICE",
	"CAP_SYS_PTRACE",
	"CAP_SYS_RESOURCE",
	NULL,
};

static bool names(const struct json *list, const char *profile)
{
	json_each(pattern, list)
		if (text_match(pattern->text, profile))
			return true;
	return false;
}

static void refuse(const struct control_in *in, struct change *out, const char *option,
		   const char *value, const char *why, const char *remedy)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "apparmor.%s", option);
	change_refuse(out, FIELD, value,
		      &(struct reason){.rule = rule,
				       .by = json_get(in->rules, option),
				       .why = why,
				       .remedy = remedy});
}

static void refuse_asked(const struct control_in *in, struct change *out, const char *asked,
			 const char *why)
{
	char list[CONTROL_LIST], remedy[CONTROL_LIST + REMEDY];

	snprintf(remedy, sizeof(remedy),
		 "leave it out to get the policy's own, or write \"apparmor\": {\"allow\": %s}",
		 control_list_with(json_get(in->rules, "allow"), asked, list));
	refuse(in, out, "allow", asked, why, remedy);
}

/* What the kernel has of the profile that the container is to run under. */
static void judge_loaded(const struct control_in *in, struct change *out, const char *profile,
			 const char *option)
{
	char mode[HOST_MODE], why[128], remedy[REMEDY], shown[TEXT_SHOWN_SIZE];

	text_shown_z(profile, shown);
	if (!in->host->apparmor_mode(in->host, profile, mode)) {
		snprintf(remedy, sizeof(remedy), "%s: apparmor_parser -r /etc/apparmor.d/%s",
			 text_starts(profile, "hardrun-") ? "load it"
							  : "install its file, then load it",
			 shown);
		refuse(in, out, option, profile, "is not loaded in the kernel", remedy);
	} else if (!lsm_apparmor_enforces(mode)) {
		snprintf(why, sizeof(why), "is loaded in %s mode, in which nothing is refused",
			 mode);
		snprintf(remedy, sizeof(remedy),
			 "take the mode out of its file (or: aa-enforce %s), and load it: "
			 "apparmor_parser -r /etc/apparmor.d/%s",
			 shown, shown);
		refuse(in, out, option, profile, why, remedy);
	}
}

/* The policy gave a capability, and our own profile refuses what it is for. */
static void judge_capabilities(const struct control_in *in, struct change *out, const char *own)
{
	const struct json *kept = json_path(in->document, "process.capabilities.bounding");
	bool restricted = strcmp(own, "hardrun-restricted") == 0;

	if (!restricted && strcmp(own, "hardrun-default") != 0)
		return;
	json_each(capability, kept)
		if (restricted ? strcmp(capability->text, listed[0]) != 0
			       : !text_in(capability->text, listed))
			change_warn(out, "process.capabilities.bounding", capability->text,
				    &(struct reason){
					    .rule = "apparmor.profile",
					    .by = json_get(in->rules, "profile"),
					    .why = "the AppArmor profile does not list it, and "
						   "refuses what it is for",
					    .remedy = "name a profile that lists it: hardrun(8), "
						      "APPARMOR AND SELINUX"});
}

/* The engine's own, that every container gets unasked, gives way to the policy's. */
static bool gives_way(const struct control_in *in, const char *asked)
{
	return asked[0] == '\0' || names(json_get(in->rules, "replace"), asked);
}

static void judge(const struct control_in *in, struct change *out, const char *asked)
{
	const struct json *option = json_get(in->rules, "profile");
	const char *own = option ? option->text : NULL;
	struct reason reason = {.rule = "apparmor.profile",
				.by = option,
				.why = "every container is confined by a profile"};

	if (own && strcmp(asked, own) == 0) {
		judge_loaded(in, out, own, "profile");
		judge_capabilities(in, out, own);
	} else if (asked[0] && names(json_get(in->rules, "allow"), asked)) {
		judge_loaded(in, out, asked, "allow");
	} else if (own && gives_way(in, asked)) {
		change_set(out, FIELD, json_new_string(change_doc(out), own), NULL, &reason);
		judge_loaded(in, out, own, "profile");
		judge_capabilities(in, out, own);
	} else {
		refuse_asked(in, out, asked, "the policy does not allow this profile");
	}
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *process = json_get(in->document, "process");
	const char *asked = json_string(process, KEY);
	enum host_lsm state = label_state(in, in->host->apparmor(in->host));

	if (!asked)
		asked = "";
	if (strcmp(asked, "unconfined") == 0 &&
	    !json_has_string(json_get(in->rules, "allow"), asked))
		refuse_asked(in, out, asked, "nothing would be refused to the container");
	else if (state == HOST_LSM_HIDDEN)
		refuse(in, out, "profile", asked[0] ? asked : NULL,
		       "AppArmor is on, and its list of profiles cannot be read",
		       "mount securityfs on /sys/kernel/security, also where hardrun runs");
	else if (state != HOST_LSM_ON && label_required(in, in->host->selinux(in->host)))
		refuse(in, out, "missing", asked[0] ? asked : NULL,
		       label_why_not(state, "AppArmor is not switched on in this kernel"),
		       state == HOST_LSM_NOT_BUILT
			       ? "build it with libapparmor (hardrun version), or write "
				 "\"apparmor\": {\"missing\": \"skip\"}"
			       : "boot with AppArmor (security=apparmor), or write \"apparmor\": "
				 "{\"missing\": \"skip\"}");
	else if (state == HOST_LSM_ON && process && strcmp(asked, "unconfined") != 0)
		judge(in, out, asked);
	label_remember(in, out, KEY, state, "on", json_new_object(change_notes(out)));
}

static void exec(const struct control_in *in, struct change *out)
{
	label_repeat(in, out, KEY);
}

/* Stacks (a//&b) and names in other namespaces (:ns:a) are in no list of loaded profiles. */
static bool is_profile(const struct json *value)
{
	return value->type == JSON_STRING && value->len > 0 && value->len <= LONGEST_NAME &&
	       strcmp(value->text, "unconfined") != 0 && !strpbrk(value->text, " \t\n\"*") &&
	       !strstr(value->text, "//&") && value->text[0] != ':' &&
	       !text_starts(value->text, "localhost/");
}

static int check_patterns(const struct json *rules, const char *option, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(pattern, json_get(rules, option))
		if (pattern->len == 0 || strcspn(pattern->text, "*") + 1 < pattern->len ||
		    text_starts(pattern->text, "localhost/"))
			return control_policy_error(pattern, err,
						    "apparmor.%s holds names of profiles (without "
						    "localhost/), and beginnings with a * behind "
						    "them, not \"%s\"",
						    option, text_shown_z(pattern->text, shown));
	return 0;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	const char *when = json_string(rules, "missing");

	(void)policy;
	json_each(option, rules)
		if (strcmp(option->key, "profile") == 0 && !is_profile(option))
			return control_policy_error(
				option, err,
				"apparmor.profile must be the name of a profile, such as "
				"\"hardrun-default\"; to have none, write \"apparmor\": "
				"{\"mode\": \"off\"}");
	if (check_patterns(rules, "allow", err) < 0 || check_patterns(rules, "replace", err) < 0)
		return -1;
	if (when && strcmp(when, "fail") == 0 && lsm_apparmor() == HOST_LSM_NOT_BUILT)
		return control_policy_error(json_get(rules, "missing"), err,
					    "apparmor.missing is \"fail\", and this hardrun was "
					    "built without libapparmor: it could create nothing");
	return 0;
}

const struct control control_apparmor = {
	.name = "apparmor",
	.sentence = "Puts the container under an AppArmor profile that is loaded and enforces, and "
		    "every exec under the same.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
