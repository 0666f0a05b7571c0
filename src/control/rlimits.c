/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CORE "RLIMIT_CORE"

static const struct control_option options[] = {
	{.name = "max", .type = OPTION_OTHER},
	{0},
};

static const struct {
	const char *name, *why; /* what more than the policy's most would do */
} limits[] = {
	{CORE, "a core dump writes the process's memory, with the secrets in it, to a file"},
	{"RLIMIT_MEMLOCK", "locked memory cannot be taken back when the host runs short"},
	{"RLIMIT_NICE", "the process could put itself before the host's own"},
	{"RLIMIT_NOFILE", "open files take memory of the kernel that all containers share"},
	{"RLIMIT_NPROC", "one user's processes could fill the host's table of them"},
	{"RLIMIT_RTPRIO", "a real-time process can keep a CPU from everything else"},
	{"RLIMIT_AS", NULL},
	{"RLIMIT_CPU", NULL},
	{"RLIMIT_DATA", NULL},
	{"RLIMIT_FSIZE", NULL},
	{"RLIMIT_LOCKS", NULL},
	{"RLIMIT_MSGQUEUE", NULL},
	{"RLIMIT_RSS", NULL},
	{"RLIMIT_RTTIME", NULL},
	{"RLIMIT_SIGPENDING", NULL},
	{"RLIMIT_STACK", NULL},
};

#define COUNT (sizeof(limits) / sizeof(limits[0]))

/* COUNT for a name that is none. */
static size_t find(const char *name)
{
	size_t i = 0;

	while (i < COUNT && (!name || strcmp(limits[i].name, name) != 0))
		i++;
	return i;
}

static const char *why(size_t type)
{
	return limits[type].why ? limits[type].why : "more than the policy allows";
}

static int check_max(const struct json *max, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	uint64_t number;

	if (max->type != JSON_OBJECT)
		return control_policy_error(
			max, err, "rlimits.max must be an object such as {\"RLIMIT_CORE\": 0}");
	json_each(limit, max) {
		text_shown_z(limit->key, shown);
		if (find(limit->key) == COUNT)
			return control_policy_error(
				limit, err,
				"\"%s\" is no resource limit; names are written like RLIMIT_NOFILE",
				shown);
		if (!json_uint(limit, &number))
			return control_policy_error(
				limit, err, "rlimits.max.%s must be an integer, 0 or more", shown);
	}
	return 0;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	(void)policy;
	json_each(option, rules)
		if (strcmp(option->key, "max") == 0 && check_max(option, err) < 0)
			return -1;
	return 0;
}

static void refuse(struct change *out, const char *path, const char *value, const char *reason,
		   const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){.rule = "rlimits", .why = reason, .remedy = remedy});
}

static void clamp(struct change *out, const char *entry, const char *key, uint64_t asked,
		  size_t type, const struct json *max)
{
	char path[CHANGE_PATH], remedy[200];
	uint64_t most;

	if (!json_uint(max, &most) || asked <= most)
		return;
	snprintf(remedy, sizeof(remedy),
		 "to get more, raise it in a profile: \"rlimits\": {\"max\": {..., \"%s\": "
		 "%" PRIu64 "}}; the object replaces the inherited one",
		 limits[type].name, asked);
	change_set(out, change_key_path(entry, key, path), json_new_uint(change_doc(out), most),
		   NULL,
		   &(struct reason){
			   .rule = "rlimits.max", .by = max, .why = why(type), .remedy = remedy});
}

/* `seen` has a bit for each type. */
static void judge_limit(struct change *out, const char *entry, const struct json *limit,
			const struct json *all_max, unsigned *seen)
{
	const char *name = json_string(limit, "type");
	size_t type = find(name);
	uint64_t hard = 0, soft = 0;
	const struct json *max;

	json_uint(json_get(limit, "hard"), &hard);
	json_uint(json_get(limit, "soft"), &soft);
	if (type == COUNT) {
		refuse(out, entry, name, "not a resource limit of Linux, and runtimes fail on it",
		       "use a name of getrlimit(2), such as RLIMIT_NOFILE");
	} else if (*seen & 1U << type) {
		refuse(out, entry, name, "listed twice; runtimes differ in which one counts",
		       "remove one");
	} else if (soft > hard) {
		refuse(out, entry, name, "the soft limit is above the hard one",
		       "ask for a soft limit within the hard one");
	} else {
		max = json_get(all_max, name);
		clamp(out, entry, "hard", hard, type, max);
		clamp(out, entry, "soft", soft, type, max);
	}
	if (type < COUNT)
		*seen |= 1U << type;
}

static struct reason no_core(const struct json *max)
{
	return (struct reason){
		.rule = "rlimits.max",
		.by = json_get(max, CORE),
		.why = "without it the engine's own limit counts, and a core dump can hold secrets",
		.remedy = "to get core dumps, ask for RLIMIT_CORE and allow it in a profile: "
			  "\"rlimits\": {\"max\": {..., \"RLIMIT_CORE\": 1073741824}}",
	};
}

static struct json *core_limit(struct json_doc *doc)
{
	struct json *limit = json_new_object(doc);

	json_put_string(doc, limit, "type", CORE);
	json_put_uint(doc, limit, "hard", 0);
	json_put_uint(doc, limit, "soft", 0);
	return limit;
}

static bool lists_core(const struct json *list)
{
	json_each(limit, list) {
		const char *name = json_string(limit, "type");

		if (name && strcmp(name, CORE) == 0)
			return true;
	}
	return false;
}

static void judge(const struct json *max, struct change *out, const struct json *list,
		  const char *path)
{
	const struct reason reason = no_core(max);
	char entry[CHANGE_PATH];
	unsigned seen = 0;
	size_t index = 0;

	json_each(limit, list)
		judge_limit(out, change_index_path(path, index++, entry), limit, max, &seen);
	if (json_get(max, CORE) && !lists_core(list))
		change_append(out, path, core_limit(change_doc(out)), &reason);
}

static void create(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	struct json *ceiling = in->rules ? json_clone(notes, in->rules) : json_new_object(notes);
	const struct json *left;

	judge(json_get(in->rules, "max"), out, json_path(in->document, "process.rlimits"),
	      "process.rlimits");
	left = json_path(in->document, "process.rlimits");
	json_put(notes, ceiling, "left", left ? json_clone(notes, left) : json_new_array(notes));
	change_ceiling(out, ceiling);
}

static bool lists(const struct json *list, const char *type)
{
	json_each(limit, list) {
		const char *name = json_string(limit, "type");

		if (name && strcmp(name, type) == 0)
			return true;
	}
	return false;
}

/* What the container has and the exec does not name would be the engine's own. */
static void add_missing(struct change *out, const struct json *left)
{
	json_each(limit, left) {
		const char *type = json_string(limit, "type");

		if (!type || lists(json_get(json_root(change_doc(out)), "rlimits"), type))
			continue;
		change_append(out, "rlimits", json_clone(change_doc(out), limit),
			      &(struct reason){
				      .rule = "rlimits",
				      .why = "the container has this limit, and the process would "
					     "not",
			      });
	}
}

/*
 * runc gives a process without limits the container's, and one with any limit its own alone:
 * to add one to none would take the container's away.
 */
static void exec(const struct control_in *in, struct change *out)
{
	const struct json *max = json_get(in->rules, "max"), *left = json_get(in->rules, "left");
	const struct json *asked = json_get(in->document, "rlimits");
	const struct reason reason = no_core(max);

	if (json_get(max, CORE) && json_count(asked) == 0 && lists_core(left))
		change_set(out, "rlimits", json_clone(change_doc(out), left), NULL, &reason);
	else
		judge(max, out, asked, "rlimits");
	if (json_count(asked) > 0)
		add_missing(out, left);
}

const struct control control_rlimits = {
	.name = "rlimits",
	.sentence =
		"Keeps resource limits within the policy's most, and core dumps off; refuses what "
		"runtimes read differently.",
	.options = options,
	.check = check,
	.create = create,
	.exec = exec,
};
