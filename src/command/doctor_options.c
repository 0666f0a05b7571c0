/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: a handler inherits nothing: what the default handler has and ours lacks. */
#include "base/cleanup.h"
#include "command/doctor.h"

#include <string.h>

static const char *const ids[ENGINE_KINDS] = {
	[ENGINE_CONTAINERD] = "containerd.handler.options",
	[ENGINE_CRIO] = "cri-o.handler.options",
};

/* The program and its type, which differ on purpose, and what has a check of its own. */
static const char *const apart[] = {
	"BinaryName",	  "SystemdCgroup",	    "runtime_path", "runtime_type", "runtime_root",
	"runtime_engine", "platform_runtime_paths", "options",	    NULL,
};

bool doctor_is_zero(const struct json *value)
{
	if (!value)
		return true;
	switch (value->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return !value->boolean;
	case JSON_NUMBER:
		return strcmp(value->text, "0") == 0;
	case JSON_STRING:
		/* containerd's own default for a handler's sandboxer. */
		return value->len == 0 || (value->key && strcmp(value->key, "sandboxer") == 0 &&
					   strcmp(value->text, "podsandbox") == 0);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return value->len == 0;
	case JSON_TYPES:
		break;
	}
	return true;
}

static void add_lost(const struct json *wanted, const struct json *own, struct text *lost)
{
	json_each(value, wanted) {
		if (text_in(value->key, apart) || doctor_is_zero(value) ||
		    !doctor_is_zero(json_get(own, value->key)))
			continue;
		if (lost->len)
			text_adds(lost, ", ");
		doctor_show(lost, value->key);
	}
}

static void judge_options(const struct engine *engine, const struct engine_handler *handler,
			  const struct engine_handler *base, struct findings *to)
{
	text_auto struct text lost = {0};
	struct finding *finding;

	add_lost(base->table, handler->table, &lost);
	add_lost(base->options, handler->options, &lost);
	if (!lost.len || lost.failed || json_true(handler->table, "inherit_default_runtime"))
		return;
	finding = doctor_find_handler(to, ids[engine->kind], SEVERITY_WARNING, engine, handler);
	text_addf(&finding->evidence, "lacks %s, which the default handler ", lost.data);
	doctor_show(&finding->evidence, base->name);
	text_addf(&finding->evidence, " has (%s:%u): a handler inherits nothing", base->file,
		  base->line);
	doctor_edit(&finding->remedy, engine, handler);
	text_addf(&finding->remedy, "copy %s from line %u of %s%s", lost.data, base->line,
		  base->file, doctor_restart(engine->kind));
}

void check_engine_options(const struct node *node, struct findings *to)
{
	static const enum engine_kind kinds[] = {ENGINE_CONTAINERD, ENGINE_CRIO};

	for (size_t k = 0; k < hr_count(kinds); k++) {
		const struct engine *engine = node->engines[kinds[k]];
		const struct engine_handler *base = engine ? doctor_default(engine) : NULL;

		if (!base || !base->table || !base->file)
			continue;
		for (size_t i = 0; i < engine->handlers_len; i++)
			if (engine->handlers[i].is_hardrun && &engine->handlers[i] != base)
				judge_options(engine, &engine->handlers[i], base, to);
	}
}
