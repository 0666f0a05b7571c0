/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/selinux.h"
#include "state/level.h"

#include <stdio.h>
#include <string.h>

#define REMEDY (CONTROL_LIST + 256)

static void refuse_part(const struct labels *labels, const char *field, const char *option,
			const char *value, const char *why)
{
	char list[CONTROL_LIST], remedy[REMEDY];

	snprintf(remedy, sizeof(remedy),
		 "leave the label to the engine or to hardrun, or write \"selinux\": {\"%s\": %s}",
		 option, control_list_with(json_get(labels->in->rules, option), value, list));
	selinux_refuse(labels, field, option, value, why, remedy);
}

/* True for a context that the policy sets itself. */
static bool is_own(const struct labels *labels, const char *option, const struct context *asked)
{
	char context[SELINUX_LABEL];

	snprintf(context, sizeof(context), "%s:%s:%s", asked->user, asked->role, asked->type);
	return json_has_string(json_get(labels->in->rules, option), context);
}

/* True if the policy lists the part of a context; refuses otherwise. */
static bool listed(const struct labels *labels, const char *field, const char *option,
		   const char *value, const char *why)
{
	if (json_has_string(json_get(labels->in->rules, option), value))
		return true;
	refuse_part(labels, field, option, value, why);
	return false;
}

/* Both the policy's levels and this one are known to be sound, and are shown as they are. */
static void refuse_taken(const struct labels *labels, const char *level)
{
	char remedy[REMEDY] = "leave the level out, or write \"selinux\": {\"shared_levels\": [";
	size_t len = strlen(remedy);

	json_each(shared, json_get(labels->in->rules, "shared_levels"))
		if (len + shared->len + LEVEL_SIZE + 16 < sizeof(remedy))
			len += (size_t)snprintf(remedy + len, sizeof(remedy) - len, "\"%s\", ",
						shared->text);
	snprintf(remedy + len, sizeof(remedy) - len, "\"%s\"]}", level);
	selinux_refuse(labels, LABEL_FIELD, "shared_levels", labels->asked,
		       "another pod of this node has this level, and either could use the files of "
		       "the other (for the pause container the profile of sandboxes decides)",
		       remedy);
}

static bool has_levels(const struct labels *labels)
{
	return labels->in->host->selinux_levels(labels->in->host);
}

static bool is_plain(const char *level)
{
	return level[0] == '\0' || strcmp(level, "s0") == 0;
}

/* The level that the container gets; NULL when it was refused. */
static const char *judge_level(struct labels *labels, const struct context *asked)
{
	const struct control_in *in = labels->in;

	if (!has_levels(labels))
		return asked->level;
	if (is_plain(asked->level)) {
		labels->narrowed = true;
		return labels->level;
	}
	if (!level_sound(asked->level)) {
		selinux_refuse(labels, LABEL_FIELD, "level", labels->asked,
			       "a container has the two categories of its pod, such as s0:c1,c2; "
			       "with others it may use the files of other pods",
			       "leave the level out, or give two different categories of c0 to "
			       "c1023, the lower one first");
		return NULL;
	}
	if (in->level_taken &&
	    !json_has_string(json_get(in->rules, "shared_levels"), asked->level)) {
		refuse_taken(labels, asked->level);
		return NULL;
	}
	return asked->level;
}

static bool judge_known(const struct labels *labels, const char *field, const char *option,
			const char *context)
{
	struct host *host = labels->in->host;

	if (host->selinux_known(host, context))
		return true;
	selinux_refuse(labels, field, option, context,
		       "the loaded SELinux policy has no such context",
		       "name a type of the loaded policy (seinfo -t), or install the policy that "
		       "has it");
	return false;
}

/* All of them, so that all are reported. */
static bool judge_parts(const struct labels *labels, const struct context *asked)
{
	bool user =
		listed(labels, LABEL_FIELD, "users", asked->user, "the policy allows no such user");
	bool role =
		listed(labels, LABEL_FIELD, "roles", asked->role, "the policy allows no such role");
	bool type = listed(labels, LABEL_FIELD, "types", asked->type,
			   "the policy allows no such domain");

	return user && role && type;
}

void selinux_judge_label(struct labels *labels)
{
	char context[SELINUX_LABEL];
	struct context asked;
	const char *level;
	bool sound;

	if (!context_split(labels->asked, &asked)) {
		selinux_refuse(labels, LABEL_FIELD, "label", labels->asked,
			       "is no context of the form USER:ROLE:TYPE:LEVEL",
			       "leave the label to the engine or to hardrun");
		return;
	}
	sound = is_own(labels, "label", &asked) || judge_parts(labels, &asked);
	level = judge_level(labels, &asked);
	if (!sound || !level)
		return;
	snprintf(context, sizeof(context), "%s:%s:%s", asked.user, asked.role, asked.type);
	if (context_join(context, level, labels->label) &&
	    judge_known(labels, LABEL_FIELD, "label", labels->label))
		return;
	labels->label[0] = '\0';
}

/* The label's level, "" for none or when the label was refused. */
static const char *level_of(const struct labels *labels, struct context *context)
{
	return context_split(labels->label, context) ? context->level : "";
}

static void supply(struct labels *labels)
{
	struct host *host = labels->in->host;
	struct context context;
	const char *level = level_of(labels, &context);

	if (!labels->label[0])
		return;
	json_each(mount, json_get(labels->in->rules, "mount_label"))
		if (context_join(mount->text, level, labels->mount) &&
		    host->selinux_known(host, labels->mount))
			return;
	labels->mount[0] = '\0';
	selinux_refuse(labels, MOUNT_FIELD, "mount_label", NULL,
		       "the loaded SELinux policy knows none of the policy's labels for files",
		       "name a file type of the loaded policy in \"selinux\": {\"mount_label\": "
		       "[...]}");
}

static bool judge_mount_level(const struct labels *labels, const struct context *asked)
{
	struct context label;
	const char *level = level_of(labels, &label);

	if (!has_levels(labels) && asked->level[0]) {
		selinux_refuse(labels, MOUNT_FIELD, "level", labels->asked_mount,
			       "contexts of the loaded SELinux policy have no level",
			       "leave the level out");
		return false;
	}
	/* Without categories it is narrowed with the label. */
	if (!labels->label[0] || strcmp(asked->level, level) == 0 ||
	    ((labels->narrowed || !labels->asked[0]) && is_plain(asked->level)))
		return true;
	selinux_refuse(labels, MOUNT_FIELD, "level", labels->asked_mount,
		       "the files of the container have another level than its processes",
		       "give both the same level, or none");
	return false;
}

static bool judge_mount_parts(const struct labels *labels, const struct context *asked)
{
	bool own = is_own(labels, "mount_label", asked);
	bool role = strcmp(asked->role, "object_r") == 0;
	bool user = own || listed(labels, MOUNT_FIELD, "users", asked->user,
				  "the policy allows no such user");
	bool type = own || listed(labels, MOUNT_FIELD, "file_types", asked->type,
				  "the policy allows no such type of files");

	if (!role)
		selinux_refuse(labels, MOUNT_FIELD, "roles", labels->asked_mount,
			       "files have the role object_r", "write object_r for the role");
	return judge_mount_level(labels, asked) && role && user && type;
}

void selinux_judge_mount(struct labels *labels)
{
	char context[SELINUX_LABEL];
	struct context asked, label;

	if (!labels->asked_mount[0]) {
		if (labels->asked[0])
			supply(labels);
		return;
	}
	if (!context_split(labels->asked_mount, &asked)) {
		selinux_refuse(labels, MOUNT_FIELD, "mount_label", labels->asked_mount,
			       "is no context of files, USER:object_r:TYPE:LEVEL",
			       "leave the label to the engine or to hardrun");
		return;
	}
	if (!judge_mount_parts(labels, &asked) || !labels->label[0] || !labels->asked[0])
		return;
	snprintf(context, sizeof(context), "%s:object_r:%s", asked.user, asked.type);
	if (!context_join(context, level_of(labels, &label), labels->mount) ||
	    !judge_known(labels, MOUNT_FIELD, "mount_label", labels->mount))
		labels->mount[0] = '\0';
}
