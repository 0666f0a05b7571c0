/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

static const struct control_option options[] = {
	{.name = "intel_rdt", .type = OPTION_BOOL},
	{.name = "memory_policy", .type = OPTION_BOOL},
	{.name = "net_devices", .type = OPTION_STRINGS},
	{.name = "personality", .type = OPTION_BOOL},
	{.name = "time_offsets", .type = OPTION_BOOL},
	{0},
};

static void refuse_rdt(const struct control_in *in, struct change *out, const char *path,
		       const char *value, const char *why, const char *remedy)
{
	change_refuse(out, path, value,
		      &(struct reason){
			      .rule = "extras.intel_rdt",
			      .by = json_get(in->rules, "intel_rdt"),
			      .why = why,
			      .remedy = remedy,
		      });
}

/* One line of a file of the kernel's, whose lines are commands. */
static void judge_line(const struct control_in *in, struct change *out, const char *path,
		       const struct json *line)
{
	if (line && (strchr(line->text, '\n') || strlen(line->text) != line->len))
		refuse_rdt(in, out, path, line->text,
			   "more than one line: the further ones would be commands of their own to "
			   "the kernel",
			   "write one schema without a line break");
}

/* The name of a directory below /sys/fs/resctrl. */
static void judge_group(const struct control_in *in, struct change *out, const struct json *id)
{
	if (!id || (!strpbrk(id->text, "/\n") && strcmp(id->text, ".") != 0 &&
		    strcmp(id->text, "..") != 0 && strlen(id->text) == id->len))
		return;
	refuse_rdt(in, out, "linux.intelRdt.closID", id->text,
		   "not the plain name of a resctrl group: it leads elsewhere in the host's "
		   "/sys/fs/resctrl",
		   "use a name without \"/\"");
}

static void judge_rdt(const struct control_in *in, struct change *out, const struct json *rdt)
{
	char path[CHANGE_PATH];
	size_t index = 0;

	if (!rdt)
		return;
	if (!json_true(in->rules, "intel_rdt")) {
		refuse_rdt(in, out, "linux.intelRdt", NULL,
			   "takes cache and memory bandwidth from everything else on the host",
			   "remove it, or allow it in a profile: \"extras\": {\"intel_rdt\": "
			   "true}");
		return;
	}
	judge_group(in, out, json_get(rdt, "closID"));
	judge_line(in, out, "linux.intelRdt.l3CacheSchema", json_get(rdt, "l3CacheSchema"));
	judge_line(in, out, "linux.intelRdt.memBwSchema", json_get(rdt, "memBwSchema"));
	json_each(line, json_get(rdt, "schemata"))
		judge_line(in, out, change_index_path("linux.intelRdt.schemata", index++, path),
			   line);
}

static void judge_devices(const struct control_in *in, struct change *out,
			  const struct json *devices)
{
	const struct json *allowed = json_get(in->rules, "net_devices");
	char path[CHANGE_PATH], all[CONTROL_LIST], remedy[CONTROL_LIST + 128];

	json_each(device, devices) {
		if (json_has_string(allowed, device->key))
			continue;
		snprintf(remedy, sizeof(remedy),
			 "remove it, or allow it in a profile: \"extras\": {\"net_devices\": %s}",
			 control_list_with(allowed, device->key, all));
		change_refuse(out, change_key_path("linux.netDevices", device->key, path), NULL,
			      &(struct reason){
				      .rule = "extras.net_devices",
				      .by = allowed,
				      .why = "takes a network interface away from the host",
				      .remedy = remedy,
			      });
	}
}

struct extra {
	const char *key; /* of linux */
	const char *option;
	const char *rule;
	const char *why;
	const char *remedy;
};

#define ALLOW(option) "allow it in a profile: \"extras\": {\"" option "\": true}"

static const struct extra memory_policy = {
	"memoryPolicy",		"memory_policy",
	"extras.memory_policy", "places memory on nodes of the host that others share",
	ALLOW("memory_policy"),
};
static const struct extra personality = {
	"personality",
	"personality",
	"extras.personality",
	"another personality than plain LINUX turns off protections such as the random layout of "
	"memory, or opens old system calls",
	"ask for the domain LINUX without flags, and " ALLOW("personality"),
};
static const struct extra time_offsets = {
	"timeOffsets",	       "time_offsets",
	"extras.time_offsets", "shifts the clocks by which the container is judged from outside",
	ALLOW("time_offsets"),
};

static void judge_extra(const struct control_in *in, struct change *out, const struct extra *extra,
			bool fine)
{
	const struct json *linux_ = json_get(in->document, "linux");
	const struct json *value = json_get(linux_, extra->key);
	char path[CHANGE_PATH];

	if (!value || (fine && json_true(in->rules, extra->option)))
		return;
	change_drop(out, change_key_path("linux", extra->key, path), linux_, value,
		    &(struct reason){
			    .rule = extra->rule,
			    .by = json_get(in->rules, extra->option),
			    .why = extra->why,
			    .remedy = extra->remedy,
		    });
}

static bool is_plain(const struct json *asked)
{
	const char *domain = json_string(asked, "domain");

	return domain && strcmp(domain, "LINUX") == 0 && json_count(json_get(asked, "flags")) == 0;
}

static void create(const struct control_in *in, struct change *out)
{
	const struct json *linux_ = json_get(in->document, "linux");
	struct json *ceiling = json_new_object(change_notes(out));

	judge_rdt(in, out, json_get(linux_, "intelRdt"));
	judge_devices(in, out, json_get(linux_, "netDevices"));
	judge_extra(in, out, &memory_policy, true);
	judge_extra(in, out, &personality, is_plain(json_get(linux_, "personality")));
	judge_extra(in, out, &time_offsets, true);
	/* update has flags for it, see line/resources.c. */
	json_put(change_notes(out), ceiling, "intel_rdt",
		 json_new_bool(change_notes(out), json_true(in->rules, "intel_rdt")));
	change_ceiling(out, ceiling);
}

const struct control control_extras = {
	.name = "extras",
	.sentence = "Refuses Intel RDT and host network interfaces, and removes memory policy, "
		    "personality and time offsets, unless allowed.",
	.options = options,
	.create = create,
};
