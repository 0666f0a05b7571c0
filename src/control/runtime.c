/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

static const char *const levels[] = {"ignore", "warn", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "kind", .type = OPTION_STRINGS},
	{.name = "floor", .type = OPTION_NAME, .values = levels},
	{.name = "accept", .type = OPTION_STRINGS},
	{0},
};

/* Open to who can make it restore a checkpoint, and to nobody else. */
static const char *const of_restore[] = {"CVE-2026-115520", "CVE-2026-119101", NULL};

static bool is_kind(const char *name)
{
	for (enum runtime_kind kind = 0; kind < RUNTIME_KINDS; kind++)
		if (strcmp(name, runtime_kind_name(kind)) == 0)
			return true;
	return false;
}

/* CVE-YYYY-N with at least four digits of N */
static bool is_cve(const char *name)
{
	const char *digits = "0123456789";

	if (!text_starts(name, "CVE-") || strspn(name + 4, digits) != 4 || name[8] != '-')
		return false;
	return strspn(name + 9, digits) >= 4 && name[9 + strspn(name + 9, digits)] == '\0';
}

static int check(const struct policy *policy, const struct json *rules, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	(void)policy;
	json_each(kind, json_get(rules, "kind"))
		if (!is_kind(kind->text))
			return control_policy_error(
				kind, err, "runtime.kind holds runc, crun and runsc, not \"%s\"",
				text_shown_z(kind->text, shown));
	json_each(cve, json_get(rules, "accept"))
		if (!is_cve(cve->text))
			return control_policy_error(
				cve, err,
				"runtime.accept holds names such as CVE-2025-31133, not \"%s\"",
				text_shown_z(cve->text, shown));
	return 0;
}

static void judge_kind(const struct control_in *in, struct change *out)
{
	const struct json *kinds = json_get(in->rules, "kind");
	const char *name = runtime_kind_name(in->kind);
	char remedy[CONTROL_LIST + 128], all[CONTROL_LIST];

	if (json_count(kinds) == 0 || json_has_string(kinds, name))
		return;
	snprintf(remedy, sizeof(remedy),
		 "use a handler of another runtime, or allow it in a profile: \"runtime\": "
		 "{\"kind\": %s}",
		 control_list_with(kinds, name, all));
	change_refuse(out, "runtime", name,
		      &(struct reason){
			      .rule = "runtime.kind",
			      .by = kinds,
			      .why = "not one of the runtimes that this profile is for",
			      .remedy = remedy,
		      });
}

static void judge_escape(const struct control_in *in, struct change *out, const char *cve,
			 bool refuse)
{
	const struct json *accepted = json_get(in->rules, "accept");
	bool is_accepted = json_has_string(accepted, cve);
	char all[CONTROL_LIST], remedy[CONTROL_LIST + 160];
	struct reason reason = {
		.rule = "runtime.floor",
		.by = json_get(in->rules, "floor"),
		.why = "a known escape from a container that the runtime's version does not rule "
		       "out",
		.remedy = remedy,
	};

	if (is_accepted)
		snprintf(remedy, sizeof(remedy),
			 "install a version with the fix; until then runtime.accept has it");
	else
		snprintf(remedy, sizeof(remedy),
			 "install a version with the fix; where the distribution's has it, say so: "
			 "\"runtime\": {\"accept\": %s}",
			 control_list_with(accepted, cve, all));
	if (refuse && !is_accepted)
		change_refuse(out, "runtime", cve, &reason);
	else
		change_warn(out, "runtime", cve, &reason);
}

static void create(const struct control_in *in, struct change *out)
{
	const char *floor = json_string(in->rules, "floor");

	judge_kind(in, out);
	if (floor && strcmp(floor, "ignore") == 0)
		return;
	json_each(cve, in->host->runtime_cves)
		if (in->line == LINE_RESTORE || !text_in(cve->text, of_restore))
			judge_escape(in, out, cve->text, floor && strcmp(floor, "refuse") == 0);
}

const struct control control_runtime = {
	.name = "runtime",
	.sentence = "Refuses runtimes of another kind than the profile is for, and warns of, or "
		    "refuses, versions with known escapes.",
	.options = options,
	.check = check,
	.create = create,
};
