/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the runtimes behind hardrun, and what engines see of them. */
#include "base/cleanup.h"
#include "command/doctor.h"

#include <string.h>

/* ---- the program ----------------------------------------------------------------------- */

/* Of use to who can make the runtime restore a checkpoint, and to nobody else. */
static const char *const of_restore[] = {"CVE-2026-115520", "CVE-2026-119101", NULL};

/* What becomes of a container because of the escape, by the profiles that the handlers of this
 * runtime choose: refused, warned about, or (what the built-in profiles accept) known. */
static enum severity escape_severity(const struct node *node, const struct node_runtime *runtime,
				     const char *cve)
{
	enum severity worst = SEVERITY_NOTE;
	const struct json *profile, *known = NULL;

	if (text_in(cve, of_restore))
		return SEVERITY_NOTE;
	if (node->policy && policy_profile(node->policy, "restricted", &profile, NULL) == 0)
		known = json_path(profile, "runtime.accept");
	for (size_t i = 0; i < node->handlers_len; i++) {
		const struct json *rules = node->handlers[i].rules;
		const char *floor = json_string(rules, "floor");

		if (node->handlers[i].real != runtime || (floor && strcmp(floor, "ignore") == 0) ||
		    json_has_string(json_get(rules, "accept"), cve))
			continue;
		if (floor && strcmp(floor, "refuse") == 0)
			return SEVERITY_ERROR;
		if (!json_has_string(known, cve))
			worst = SEVERITY_WARNING;
	}
	return worst;
}

static void find_escapes(const struct node *node, const struct node_runtime *runtime,
			 enum severity severity, struct findings *to)
{
	static const char *const effects[SEVERITIES] = {
		[SEVERITY_ERROR] = "a handler's profile refuses containers for it",
		[SEVERITY_WARNING] = "no profile accepts it",
		[SEVERITY_NOTE] = "the policy accepts it, or it takes a restore",
	};
	text_auto struct text names = {0};
	struct finding *finding;

	json_each(cve, json_get(json_root(runtime->cves), "cves"))
		if (escape_severity(node, runtime, cve->text) == severity)
			text_addf(&names, "%s%s", names.len ? ", " : "", cve->text);
	if (!names.len || names.failed)
		return;
	finding = doctor_find(
		to, severity == SEVERITY_NOTE ? "runtime.escape.accepted" : "runtime.escape",
		severity, runtime->runtime.path, 0);
	text_adds(&finding->subject, "runtime ");
	doctor_show(&finding->subject, runtime->runtime.path);
	text_addf(&finding->evidence, "%s%s%s: its version does not rule out %s; %s",
		  runtime->version, runtime->package[0] ? ", package " : "", runtime->package,
		  names.data, effects[severity]);
	text_addf(&finding->remedy,
		  "Install a version of %s with the fix; where the distribution's has it, write in "
		  "the policy: \"runtime\": {\"accept\": [...]}",
		  runtime_kind_name(runtime->runtime.kind));
}

static void check_runtime(const struct node *node, const struct node_runtime *runtime,
			  struct findings *to)
{
	struct finding *finding;

	if (runtime->failed.code != HR_OK) {
		finding =
			doctor_find(to, "runtime.answer", SEVERITY_ERROR, runtime->runtime.path, 0);
		text_adds(&finding->subject, "runtime ");
		doctor_show(&finding->subject, runtime->runtime.path);
		text_addf(&finding->evidence, "does not say what it is: %s", runtime->failed.msg);
		text_addf(&finding->remedy,
			  "Install %s again; then try: ", runtime_kind_name(runtime->runtime.kind));
		doctor_word(&finding->remedy, runtime->runtime.path);
		text_adds(&finding->remedy, " --version");
		return;
	}
	for (enum severity severity = 0; runtime->cves && severity < SEVERITIES; severity++)
		find_escapes(node, runtime, severity, to);
}

void check_runtimes(const struct node *node, struct findings *to)
{
	for (size_t i = 0; i < node->runtimes_len; i++)
		check_runtime(node, &node->runtimes[i], to);
}

/* ---- what engines see through hardrun ----------------------------------------------------- */

static bool same_features(const struct node_handler *handler)
{
	const struct node_runtime *real = handler->real;

	if (handler->failed.code != HR_OK)
		return false;
	if (!handler->features || !real->features)
		return handler->features == real->features;
	return handler->features_len == real->features_len &&
	       memcmp(handler->features, real->features, real->features_len) == 0;
}

static const char *length_of(const char *features, size_t len, char ret[32])
{
	snprintf(ret, 32, "%zu bytes", len);
	return features ? ret : "an error";
}

void check_features(const struct node *node, struct findings *to)
{
	for (size_t i = 0; i < node->handlers_len; i++) {
		const struct node_handler *handler = &node->handlers[i];
		char through[32], own[32];
		struct finding *finding;

		if (!handler->asked || same_features(handler))
			continue;
		finding = doctor_find(to, "handler.features", SEVERITY_ERROR, handler->program, 0);
		text_adds(&finding->subject, "handler ");
		doctor_show(&finding->subject, handler->name);
		text_adds(&finding->evidence, "\"features\" gives ");
		text_adds(&finding->evidence,
			  handler->failed.code != HR_OK
				  ? handler->failed.msg
				  : length_of(handler->features, handler->features_len, through));
		text_addf(&finding->evidence, ", the runtime itself %s: engines decide by it",
			  length_of(handler->real->features, handler->real->features_len, own));
		text_adds(&finding->remedy, "ln -sfn ");
		doctor_word(&finding->remedy, node->self);
		text_adds(&finding->remedy, " ");
		doctor_word(&finding->remedy, handler->program);
	}
}

/* ---- handlers -------------------------------------------------------------------------- */

void check_profiles(const struct node *node, struct findings *to)
{
	for (size_t i = 0; node->policy && i < node->handlers_len; i++) {
		const struct node_handler *handler = &node->handlers[i];
		struct finding *finding;

		if (handler->profile)
			continue;
		finding = doctor_find(to, "handler.unknown", doctor_severity(handler),
				      handler->by ? handler->by->file : NULL,
				      handler->by ? handler->by->line : 0);
		text_adds(&finding->subject, "handler ");
		doctor_show(&finding->subject, handler->name);
		text_adds(&finding->evidence,
			  "its name chooses no profile of the policy and no rule names it: every "
			  "create is refused");
		text_adds(&finding->remedy,
			  "Edit " HR_CONFDIR "/policy.json: add the profile, or a rule with "
			  "\"handler\"; or name the handler hardrun-PROFILE after one that is "
			  "there: ");
		json_each(profile, policy_profiles(node->policy))
			text_addf(&finding->remedy, "%s%s", profile->prev ? ", " : "",
				  profile->key);
	}
}

/* A wrapper in front of hardrun has a configuration of its own that says so. */
static bool has_wrapper(const struct engine *engine)
{
	for (size_t i = 0; i < engine->handlers_len; i++)
		if (engine->handlers[i].binary && doctor_is_wrapper(engine->handlers[i].binary))
			return true;
	return false;
}

static const char *setup_word(const struct node *node, enum severity *ret)
{
	const char *first = NULL;

	*ret = SEVERITY_NOTE;
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++) {
		const struct engine *engine = node->engines[kind];

		if (!engine || !engine->installed)
			continue;
		*ret = has_wrapper(engine) && first == NULL ? SEVERITY_NOTE : SEVERITY_WARNING;
		if (!first)
			first = engine_name(engine->kind);
	}
	return first;
}

void check_used(const struct node *node, struct findings *to)
{
	struct finding *finding;
	enum severity severity;
	const char *engine;

	for (size_t i = 0; i < node->handlers_len; i++)
		if (node->handlers[i].by)
			return;
	/* An engine that cannot be read may well use it. */
	for (unsigned kind = 0; kind < ENGINE_KINDS; kind++)
		if (!node->engines[kind])
			return;
	engine = setup_word(node, &severity);
	finding = doctor_find(to, "hardrun.unused", severity, NULL, 0);
	text_adds(&finding->subject, "hardrun");
	text_adds(&finding->evidence,
		  engine ? "is installed, and no handler of any engine calls it: containers run "
			   "unhardened"
			 : "is installed, and none of containerd, CRI-O, Docker and podman is");
	if (node->engines[ENGINE_DOCKER]->installed)
		text_adds(&finding->evidence,
			  " (options on dockerd's command line are not seen here)");
	if (engine)
		text_addf(&finding->remedy, "hardrun setup %s", engine);
	else
		text_adds(&finding->remedy, "Install an engine, then: hardrun setup ENGINE");
}
