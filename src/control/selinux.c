/* SPDX-License-Identifier: Apache-2.0 */
#include "control/selinux.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "control/label.h"
#include "control/table.h"
#include "host/lsm.h"
#include "state/level.h"

#include <stdio.h>
#include <string.h>

#define KEY "selinuxLabel"

static const struct control_option options[] = {
	{.name = "label", .type = OPTION_STRINGS},
	{.name = "mount_label", .type = OPTION_STRINGS},
	{.name = "users", .type = OPTION_STRINGS},
	{.name = "roles", .type = OPTION_STRINGS},
	{.name = "types", .type = OPTION_STRINGS},
	{.name = "file_types", .type = OPTION_STRINGS},
	{.name = "shared_levels", .type = OPTION_STRINGS},
	{.name = "missing", .type = OPTION_NAME, .values = label_missing},
	{.name = "verify", .type = OPTION_BOOL},
	{0},
};

bool context_split(const char *label, struct context *ret)
{
	char *role, *type, *level;

	if (strlen(label) >= sizeof(ret->text))
		return false;
	strcpy(ret->text, label);
	role = strchr(ret->text, ':');
	type = role ? strchr(role + 1, ':') : NULL;
	if (!type)
		return false;
	level = strchr(type + 1, ':');
	*role = *type = '\0';
	ret->user = ret->text;
	ret->role = role + 1;
	ret->type = type + 1;
	ret->level = level ? level + 1 : "";
	if (level)
		*level = '\0';
	return ret->user[0] && ret->role[0] && ret->type[0] && (!level || ret->level[0]);
}

bool context_join(const char *context, const char *level, char ret[SELINUX_LABEL])
{
	int len = snprintf(ret, SELINUX_LABEL, "%s%s%s", context, level[0] ? ":" : "", level);

	return len >= 0 && len < SELINUX_LABEL;
}

void selinux_refuse(const struct labels *labels, const char *field, const char *option,
		    const char *value, const char *why, const char *remedy)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "selinux.%s", option);
	change_refuse(labels->out, field, value,
		      &(struct reason){.rule = rule,
				       .by = json_get(labels->in->rules, option),
				       .why = why,
				       .remedy = remedy});
}

/* The first pair of the policy's labels that the kernel's policy knows. */
static bool choose(struct labels *labels)
{
	struct host *host = labels->in->host;
	const struct json *mounts = json_get(labels->in->rules, "mount_label");
	const struct json *mount = mounts ? mounts->first : NULL;

	json_each(label, json_get(labels->in->rules, "label")) {
		if (mount && context_join(label->text, labels->level, labels->label) &&
		    context_join(mount->text, labels->level, labels->mount) &&
		    host->selinux_known(host, labels->label) &&
		    host->selinux_known(host, labels->mount))
			return true;
		mount = mount ? mount->next : NULL;
	}
	labels->label[0] = labels->mount[0] = '\0';
	return false;
}

static void set(const struct labels *labels, const char *field, const char *option,
		const char *value, const char *why)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "selinux.%s", option);
	change_set(labels->out, field, json_new_string(change_doc(labels->out), value), NULL,
		   &(struct reason){
			   .rule = rule, .by = json_get(labels->in->rules, option), .why = why});
}

static void supply(struct labels *labels)
{
	if (choose(labels))
		return;
	selinux_refuse(labels, LABEL_FIELD, "label", NULL,
		       "the loaded SELinux policy knows none of the policy's labels, and without "
		       "one the container would run in the runtime's domain",
		       "install a policy with container types (container-selinux; Debian 13: "
		       "selinux-policy-default; Debian 12: semodule -i " HR_DATADIR
		       "/hardrun/selinux/hardrun.cil)");
}

static void put(const struct labels *labels)
{
	const char *option = labels->asked[0] ? "level" : "label";

	if (labels->label[0])
		set(labels, LABEL_FIELD, option, labels->label,
		    labels->asked[0] ? "without categories it may use the files of other pods"
				     : "every container is confined by a label of its pod's own");
	if (labels->mount[0])
		set(labels, MOUNT_FIELD, labels->narrowed ? "level" : "mount_label", labels->mount,
		    "what is mounted for the container has its level");
}

static void judge(struct labels *labels)
{
	if (labels->asked[0])
		selinux_judge_label(labels);
	else
		supply(labels);
	selinux_judge_mount(labels);
	put(labels);
	if (labels->label[0])
		selinux_judge_fit(labels);
}

static void absent(const struct labels *labels, enum host_lsm state)
{
	selinux_refuse(labels, LABEL_FIELD, "missing", labels->asked[0] ? labels->asked : NULL,
		       state == HOST_LSM_PERMISSIVE
			       ? "SELinux is permissive: it logs, and refuses nothing"
			       : label_why_not(state, "SELinux is not switched on in this kernel"),
		       state == HOST_LSM_PERMISSIVE
			       ? "setenforce 1, or write \"selinux\": {\"missing\": \"skip\"}"
			       : "boot with SELinux (security=selinux), or write \"selinux\": "
				 "{\"missing\": \"skip\"}");
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *process = json_get(in->document, "process");
	struct json *ceiling = json_new_object(change_notes(out));
	enum host_lsm state = label_state(in, in->host->selinux(in->host));
	bool on = state == HOST_LSM_ON || state == HOST_LSM_PERMISSIVE;
	struct labels labels = {
		.in = in,
		.out = out,
		.asked = or_empty(json_string(process, KEY)),
		.asked_mount = or_empty(json_string(json_get(in->document, "linux"), "mountLabel")),
		.level = on && in->host->selinux_levels(in->host) ? or_empty(in->level) : "",
	};

	if (state == HOST_LSM_HIDDEN)
		selinux_refuse(&labels, LABEL_FIELD, "label", labels.asked[0] ? labels.asked : NULL,
			       "SELinux is on, and its policy cannot be asked",
			       "mount selinuxfs on /sys/fs/selinux, writable, also where hardrun "
			       "runs; /etc/selinux/config must be there");
	else if (state != HOST_LSM_ON && label_required(in, in->host->apparmor(in->host)))
		absent(&labels, state);
	else if (on && process)
		judge(&labels);
	if (labels.level[0])
		json_put_string(change_notes(out), ceiling, "level", labels.level);
	if (out->context)
		json_put_string(change_notes(out), ceiling, "context", out->context);
	label_remember(in, out, KEY, state, "enforcing", ceiling);
}

static void exec(const struct control_in *in, struct change *out)
{
	label_repeat(in, out, KEY);
}

/* What a part of a context is made of. */
static bool is_part(const char *text)
{
	return text[0] && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
					    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static bool is_plain_context(const char *text)
{
	struct context context;

	return context_split(text, &context) && !context.level[0] && is_part(context.user) &&
	       is_part(context.role) && is_part(context.type);
}

static int check_labels(const struct json *list, const char *option, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (list && json_count(list) == 0)
		return control_policy_error(list, err,
					    "selinux.%s names no label; to have none, write "
					    "\"selinux\": {\"mode\": \"off\"}",
					    option);
	json_each(label, list)
		if (!is_plain_context(label->text))
			return control_policy_error(label, err,
						    "selinux.%s holds contexts without a level, "
						    "USER:ROLE:TYPE, not \"%s\"",
						    option, text_shown_z(label->text, shown));
	return 0;
}

/* A part of a context; with a star, or more than a part, it could never match. */
static int check_parts(const struct json *rules, const char *option, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(part, json_get(rules, option))
		if (!is_part(part->text))
			return control_policy_error(part, err,
						    "selinux.%s holds single names such as "
						    "\"container_t\", not \"%s\"",
						    option, text_shown_z(part->text, shown));
	return 0;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	static const char *const parts[] = {"users", "roles", "types", "file_types"};
	const char *when = json_string(rules, "missing");
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	for (size_t i = 0; i < hr_count(parts); i++)
		if (check_parts(rules, parts[i], err) < 0)
			return -1;
	if (check_labels(json_get(rules, "label"), "label", err) < 0 ||
	    check_labels(json_get(rules, "mount_label"), "mount_label", err) < 0)
		return -1;
	json_each(level, json_get(rules, "shared_levels"))
		if (!level_sound(level->text))
			return control_policy_error(level, err,
						    "selinux.shared_levels holds levels such as "
						    "\"s0:c1,c2\", not \"%s\"",
						    text_shown_z(level->text, shown));
	if (when && strcmp(when, "fail") == 0 && lsm_selinux() == HOST_LSM_NOT_BUILT)
		return control_policy_error(json_get(rules, "missing"), err,
					    "selinux.missing is \"fail\", and this hardrun was "
					    "built without libselinux: it could create nothing");
	return 0;
}

const struct control control_selinux = {
	.name = "selinux",
	.sentence = "Puts the container under an SELinux label with a level of its pod's own, and "
		    "every exec under the same.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
