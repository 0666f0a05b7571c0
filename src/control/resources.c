/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/cgroup_value.h"
#include "control/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MOST_PIDS 4194304 /* PID_MAX_LIMIT: the kernel takes no larger pids.max */

static const struct control_option options[] = {
	{.name = "pids", .type = OPTION_NUMBER},
	{.name = "pids_max", .type = OPTION_NUMBER},
	{.name = "memory", .type = OPTION_NUMBER},
	{.name = "memory_max", .type = OPTION_NUMBER},
	{.name = "require", .type = OPTION_STRINGS},
	{.name = "unified", .type = OPTION_STRINGS},
	{0},
};

static int check_number(const struct json *rules, const char *option, uint64_t most,
			struct hr_error *err)
{
	const struct json *value = json_get(rules, option);
	uint64_t number;

	if (!json_uint(value, &number) || number <= most)
		return 0;
	return control_policy_error(value, err, "resources.%s is at most %" PRIu64, option, most);
}

/* A path, or a file by which processes move. */
static bool key_never(const char *key)
{
	return strchr(key, '/') || text_starts(key, "cgroup.");
}

static int check_lists(const struct json *rules, struct hr_error *err)
{
	static const char *const known[] = {"memory", "cpu", "pids", NULL};
	char shown[TEXT_SHOWN_SIZE];

	json_each(name, json_get(rules, "require"))
		if (!text_in(name->text, known))
			return control_policy_error(
				name, err,
				"resources.require holds memory, cpu and pids, not \"%s\"",
				text_shown_z(name->text, shown));
	json_each(pattern, json_get(rules, "unified"))
		if (key_never(pattern->text))
			return control_policy_error(
				pattern, err,
				"resources.unified holds patterns of a controller's files such as "
				"\"memory.*\", not \"%s\"",
				text_shown_z(pattern->text, shown));
	return 0;
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	(void)policy;
	if (check_number(rules, "pids", MOST_PIDS, err) < 0 ||
	    check_number(rules, "pids_max", MOST_PIDS, err) < 0 ||
	    check_number(rules, "memory", INT64_MAX, err) < 0 ||
	    check_number(rules, "memory_max", INT64_MAX, err) < 0)
		return -1;
	return check_lists(rules, err);
}

/* One judgement: of linux.resources on create, of an update's body under the ceiling. */
struct turn {
	const struct control_in *in;
	struct change *out;
	const struct json *resources; /* may be NULL */
	const char *prefix;	      /* "linux.resources" or "" */
	bool update;
	bool cri; /* the kubelet sees to limits: no defaults */
};

static const char *path_of(const struct turn *turn, const char *field, char buf[CHANGE_PATH])
{
	snprintf(buf, CHANGE_PATH, "%s%s%.400s", turn->prefix, turn->prefix[0] ? "." : "", field);
	return buf;
}

/* A limit that a number in the document or a file of cgroup v2 sets. */
struct limit {
	const char *name;   /* in `require` */
	const char *field;  /* "pids.limit" */
	const char *file;   /* "pids.max", a key of unified */
	const char *option; /* its default; NULL for none */
	const char *most;   /* option: its maximum */
	enum cgroup_form form;
	const char *why;
	const char *remedy;
};

static const struct limit pids = {
	.name = "pids",
	.field = "pids.limit",
	.file = "pids.max",
	.form = CGROUP_COUNT,
	.option = "pids",
	.most = "pids_max",
	.why = "a fork bomb takes the process numbers of the whole host",
	.remedy = "ask for a limit, or change \"resources\": {\"pids\": N, \"pids_max\": N}",
};
static const struct limit memory = {
	.name = "memory",
	.field = "memory.limit",
	.file = "memory.max",
	.option = "memory",
	.most = "memory_max",
	.form = CGROUP_BYTES,
	.why = "one container can take the memory of the whole host",
	.remedy = "ask for a limit, or change \"resources\": {\"memory\": N, \"memory_max\": N}",
};
static const struct limit cpu = {
	.name = "cpu",
	.field = "cpu.quota",
	.file = "cpu.max",
	.form = CGROUP_QUOTA,
	.why = "one container can take the processors of the whole host",
	.remedy = "ask for a quota, or leave it out of \"resources\": {\"require\": [...]}",
};

/* A number > 0 that the policy's option gives; 0 for none. */
static int64_t option_of(const struct turn *turn, const char *name)
{
	int64_t value = 0;

	return name && json_int(json_get(turn->in->rules, name), &value) ? value : 0;
}

/* What stands in for no limit: the default, and never more than the maximum. */
static int64_t replacement(const struct turn *turn, const struct limit *limit)
{
	int64_t usual = turn->cri ? 0 : option_of(turn, limit->option);
	int64_t most = option_of(turn, limit->most);

	return usual == 0 || (most > 0 && most < usual) ? most : usual;
}

static void set_limit(const struct turn *turn, const struct limit *limit, const char *field,
		      struct json *value, bool above)
{
	const char *option =
		above || option_of(turn, limit->option) == 0 ? limit->most : limit->option;
	char path[CHANGE_PATH], rule[64];

	snprintf(rule, sizeof(rule), "resources.%s", option);
	change_set(turn->out, path_of(turn, field, path), value, NULL,
		   &(struct reason){
			   .rule = rule,
			   .by = json_get(turn->in->rules, option),
			   .why = limit->why,
			   .remedy = limit->remedy,
		   });
}

static void refuse_number(const struct turn *turn, const char *field, const char *text)
{
	char path[CHANGE_PATH];

	change_refuse(turn->out, path_of(turn, field, path), text,
		      &(struct reason){
			      .rule = "resources.unified",
			      .why = "neither max nor a plain decimal number; the kernel may read "
				     "another one than we do",
			      .remedy = "write it in decimal digits",
		      });
}

/* True if unified has the file and, after this, it limits. */
static bool judge_file(const struct turn *turn, const struct limit *limit, int64_t instead)
{
	const struct json *unified = json_get(turn->resources, "unified");
	const char *text = json_string(unified, limit->file);
	struct json_doc *doc = change_doc(turn->out);
	int64_t most = option_of(turn, limit->most), asked;
	char number[24], field[CHANGE_PATH];

	if (!text)
		return false;
	asked = cgroup_value(limit->form, text);
	change_key_path("unified", limit->file, field);
	if (asked == CGROUP_NO_NUMBER) {
		refuse_number(turn, field, text);
		return true;
	}
	if (asked >= 0 && (most == 0 || asked <= most))
		return true;
	if (asked >= 0)
		instead = most;
	if (instead == 0)
		return false;
	snprintf(number, sizeof(number), "%" PRId64, instead);
	set_limit(turn, limit, field, json_new_string(doc, number), asked >= 0);
	return true;
}

/* True if after this the container has such a limit. */
static bool judge_limit(const struct turn *turn, const struct limit *limit)
{
	struct json_doc *doc = change_doc(turn->out);
	int64_t instead = replacement(turn, limit), most = option_of(turn, limit->most);
	const struct json *value = json_path(turn->resources, limit->field);
	bool file = judge_file(turn, limit, instead);
	int64_t asked = 0;

	json_int(value, &asked);
	if (asked > 0 && most > 0 && asked > most)
		set_limit(turn, limit, limit->field, json_new_int(doc, most), true);
	if (asked > 0)
		return true;
	/* An update's 0 means that the limit stays (runc's update.go, crun's
	 * write_pids_resources). */
	if (!value && (file || turn->update))
		return file;
	if (instead == 0 || (turn->update && asked == 0))
		return file;
	set_limit(turn, limit, limit->field, json_new_int(doc, instead), false);
	return true;
}

/* An update leaves alone what it does not name: it only must not lift the limit. */
static bool lifts(const struct turn *turn, const struct limit *limit)
{
	const char *file = json_string(json_get(turn->resources, "unified"), limit->file);
	int64_t asked = 0;

	json_int(json_path(turn->resources, limit->field), &asked);
	return asked < 0 || (file && cgroup_value(limit->form, file) < 0);
}

static void require(const struct turn *turn, const struct limit *limit, bool has)
{
	const struct json *required = json_get(turn->in->rules, "require");
	char path[CHANGE_PATH], remedy[160];

	if (has || !json_has_string(required, limit->name) || (turn->update && !lifts(turn, limit)))
		return;
	snprintf(remedy, sizeof(remedy),
		 "ask for a limit, or write \"resources\": {\"require\": [...]} without \"%s\" "
		 "in a profile",
		 limit->name);
	change_refuse(turn->out, path_of(turn, limit->field, path), NULL,
		      &(struct reason){
			      .rule = "resources.require",
			      .by = required,
			      .why = limit->why,
			      .remedy = remedy,
		      });
}

static bool has_quota(const struct turn *turn)
{
	const char *file = json_string(json_get(turn->resources, "unified"), cpu.file);
	int64_t quota = 0;

	json_int(json_path(turn->resources, cpu.field), &quota);
	return quota > 0 || (file && cgroup_value(cpu.form, file) > 0);
}

static bool key_fits(const struct json *patterns, const char *key)
{
	const struct json *list = key_never(key) ? NULL : patterns;

	json_each(pattern, list)
		if (text_match(pattern->text, key))
			return true;
	return false;
}

static void judge_unified(const struct turn *turn)
{
	const struct json *patterns = json_get(turn->in->rules, "unified");
	char parent[CHANGE_PATH], path[CHANGE_PATH], all[CONTROL_LIST];
	char remedy[CONTROL_LIST + 128];

	path_of(turn, "unified", parent);
	json_each(value, json_get(turn->resources, "unified")) {
		bool never = key_never(value->key);

		if (key_fits(patterns, value->key))
			continue;
		snprintf(
			remedy, sizeof(remedy),
			never ? "remove it; it cannot be allowed"
			      : "remove it, or allow it in a profile: \"resources\": {\"unified\": "
				"%s}",
			control_list_with(patterns, value->key, all));
		change_refuse(turn->out, change_key_path(parent, value->key, path), NULL,
			      &(struct reason){
				      .rule = "resources.unified",
				      .by = never ? NULL : patterns,
				      .why = "the runtime writes it into any file of the cgroup, "
					     "which may move processes or lift limits",
				      .remedy = remedy,
			      });
	}
}

/* Set for the whole host, or for other containers' cost. */
static bool is_set(const struct json *value)
{
	int64_t number;

	if (!value || value->type == JSON_ARRAY)
		return json_count(value) > 0;
	if (value->type == JSON_BOOL)
		return value->boolean;
	return !json_int(value, &number) || number != 0;
}

static void judge_removed(const struct turn *turn)
{
	static const struct {
		const char *object, *key, *why;
	} removed[] = {
		{"memory", "kernel", "a limit that kernels ignore, or crash with"},
		{"memory", "kernelTCP", "a limit that kernels ignore, or crash with"},
		{"memory", "disableOOMKiller", "a container without memory hangs the host's tasks"},
		{"cpu", "realtimeRuntime", "real-time tasks keep the host's own from running"},
		{"cpu", "realtimePeriod", "real-time tasks keep the host's own from running"},
		{"network", "priorities", "sets the host's interfaces over other containers"},
	};
	char field[64], path[CHANGE_PATH];

	for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++) {
		const struct json *object = json_get(turn->resources, removed[i].object);
		const struct json *value = json_get(object, removed[i].key);

		if (!is_set(value))
			continue;
		snprintf(field, sizeof(field), "%s.%s", removed[i].object, removed[i].key);
		change_drop(turn->out, path_of(turn, field, path), object, value,
			    &(struct reason){
				    .rule = "resources",
				    .why = removed[i].why,
				    .remedy = "leave it out of the request; no option allows it",
			    });
	}
}

static void judge(const struct turn *turn)
{
	judge_unified(turn);
	require(turn, &pids, judge_limit(turn, &pids));
	require(turn, &memory, judge_limit(turn, &memory));
	require(turn, &cpu, has_quota(turn));
	judge_removed(turn);
}

static void create(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);
	struct json *ceiling = json_new_object(notes);

	for (const struct control_option *option = options; option->name; option++)
		if (json_get(in->rules, option->name))
			json_put(notes, ceiling, option->name,
				 json_clone(notes, json_get(in->rules, option->name)));
	json_put(notes, ceiling, "cri", json_new_bool(notes, in->identity->cri));
	change_ceiling(out, ceiling);
	judge(&(struct turn){
		.in = in,
		.out = out,
		.resources = json_path(in->document, "linux.resources"),
		.prefix = "linux.resources",
		.cri = in->identity->cri,
	});
}

static void update(const struct control_in *in, struct change *out)
{
	judge(&(struct turn){
		.in = in,
		.out = out,
		.resources = in->document,
		.prefix = "",
		.update = true,
		.cri = json_true(in->rules, "cri"),
	});
}

const struct control control_resources = {
	.name = "resources",
	.sentence = "Gives containers a limit of processes, keeps limits within the policy's "
		    "maximum, and removes settings at the cost of the host.",
	.options = options,
	.check = check,
	.create = create,
	.update = update,
};
