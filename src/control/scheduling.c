/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

/* What gives way to everything else. The others can keep a CPU from the host. */
static const char *const modest[] = {"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE", NULL};

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_STRINGS},
	{0},
};

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	json_each(name, json_get(rules, "allow"))
		if (!text_in(name->text, modest))
			return control_policy_error(name, err,
						    "scheduling.allow holds SCHED_OTHER, "
						    "SCHED_BATCH and SCHED_IDLE only, not \"%s\"",
						    text_shown_z(name->text, shown));
	return 0;
}

/* What is there beside the policy's name asks for nothing. */
static bool plain(const struct json *scheduler)
{
	static const char *const zero[] = {"priority", "runtime", "deadline", "period", NULL};
	const struct json *nice = json_get(scheduler, "nice"), *value;
	int64_t number = 0;
	uint64_t amount;

	if (nice && (!json_int(nice, &number) || number < 0))
		return false;
	if (json_count(json_get(scheduler, "flags")) > 0)
		return false;
	for (size_t i = 0; zero[i]; i++) {
		value = json_get(scheduler, zero[i]);
		if (value && (!json_uint(value, &amount) || amount > 0))
			return false;
	}
	return true;
}

static void judge_scheduler(const struct control_in *in, struct change *out,
			    const struct json *process, const char *prefix)
{
	const struct json *scheduler = json_get(process, "scheduler");
	const struct json *allowed = json_get(in->rules, "allow");
	const char *policy = json_string(scheduler, "policy");
	char path[CHANGE_PATH];

	if (!scheduler || (policy && json_has_string(allowed, policy) && plain(scheduler)))
		return;
	change_drop(out, change_key_path(prefix, "scheduler", path), process, scheduler,
		    &(struct reason){
			    .rule = "scheduling.allow",
			    .by = allowed,
			    .why = "the container could take CPU time before the host's own "
				   "processes",
			    .remedy = "leave it out, or allow the kind in a profile: "
				      "\"scheduling\": {\"allow\": [\"SCHED_BATCH\"]}, without "
				      "flags, priorities or a negative nice",
		    });
}

static void judge_io(struct change *out, const struct json *process, const char *prefix)
{
	const struct json *priority = json_get(process, "ioPriority");
	const char *class = json_string(priority, "class");
	char path[CHANGE_PATH], where[CHANGE_PATH];

	if (!priority || (class && (strcmp(class, "IOPRIO_CLASS_BE") == 0 ||
				    strcmp(class, "IOPRIO_CLASS_IDLE") == 0)))
		return;
	change_key_path(prefix, "ioPriority", path);
	if (class && strcmp(class, "IOPRIO_CLASS_RT") == 0)
		change_drop(out, path, process, priority,
			    &(struct reason){
				    .rule = "scheduling",
				    .why = "real-time I/O goes before everyone else's, the host's "
					   "own included",
				    .remedy = "ask for IOPRIO_CLASS_BE",
			    });
	else
		change_refuse(out, change_key_path(path, "class", where), class,
			      &(struct reason){
				      .rule = "scheduling",
				      .why = "not a class of I/O priority",
				      .remedy = "use IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE",
			      });
}

static void create(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	const struct json *process = json_get(in->document, "process");

	judge_scheduler(in, out, process, "process");
	judge_io(out, process, "process");
	change_ceiling(out, in->rules ? json_clone(notes, in->rules) : json_new_object(notes));
}

static void exec(const struct control_in *in, struct change *out)
{
	judge_scheduler(in, out, in->document, "");
	judge_io(out, in->document, "");
}

const struct control control_scheduling = {
	.name = "scheduling",
	.sentence = "Removes schedulers and I/O priorities that go before the host's own "
		    "processes.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
