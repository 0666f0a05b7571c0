/* SPDX-License-Identifier: Apache-2.0 */
/* CRI-O and podman: a file of our own in the folder of drop-ins. */
#include "command/setup.h"

#include "engine/toml.h"

#include <string.h>

/* What podman 4 and 5 have built in (containers.conf(5)). */
static const char *const with_json[] = {"crun", "runc", "kata", "runsc", "youki", "krun", NULL};

static void begin(struct setup *setup)
{
	if (setup->base.there)
		text_add(&setup->new.text, setup->base.text.data, setup->base.text.len);
	setup_begin(&setup->new.text, setup->base.there);
}

static void set_default(const struct setup *setup, const char *key)
{
	struct text *to = (struct text *)(uintptr_t)&setup->new.text;

	if (!setup->default_handler)
		return;
	text_addf(to, "%s = ", key);
	toml_quote(to, setup->default_handler);
	text_adds(to, "\n");
}

static void crio_handler(struct setup *setup, const char *name)
{
	const struct engine_handler *model = setup_model(setup);
	struct text *to = &setup->new.text;

	if (!text_ends(to->data, SETUP_BEGIN "\n"))
		text_adds(to, "\n");
	text_adds(to, "[crio.runtime.runtimes.");
	toml_key(to, name);
	text_adds(to, "]\nruntime_path = ");
	setup_binary(setup, name, to);
	text_adds(to, "\n");
	if (!model || !model->table)
		text_adds(to, "runtime_type = \"oci\"\n");
	json_each(child, model ? model->table : NULL) {
		if (strcmp(child->key, "runtime_path") == 0)
			continue;
		toml_key(to, child->key);
		text_adds(to, " = ");
		toml_write(to, child);
		text_adds(to, "\n");
	}
}

int setup_crio(struct setup *setup, struct hr_error *err)
{
	(void)err;
	begin(setup);
	if (setup->default_handler) {
		text_adds(&setup->new.text, "[crio.runtime]\n");
		set_default(setup, "default_runtime");
	}
	for (size_t i = 0; i < setup->handlers_len; i++)
		crio_handler(setup, setup->handlers[i]);
	setup_end(&setup->new.text);
	return 0;
}

/* The list that is in effect, and ours: a list of a later file replaces the earlier one. */
static void json_list(struct setup *setup)
{
	const struct json *list = json_path(setup->engine->config, "engine.runtime_supports_json");
	struct text *to = &setup->new.text;
	const char *between = "";

	text_adds(to, "runtime_supports_json = [");
	for (size_t i = 0; !list && with_json[i]; i++, between = ", ") {
		text_adds(to, between);
		toml_quote(to, with_json[i]);
	}
	json_each(name, list) {
		if (name->type != JSON_STRING)
			continue;
		text_adds(to, between);
		toml_quote(to, name->text);
		between = ", ";
	}
	for (size_t i = 0; i < setup->handlers_len; i++, between = ", ") {
		if (json_has_string(list, setup->handlers[i]))
			continue;
		text_adds(to, between);
		toml_quote(to, setup->handlers[i]);
	}
	text_adds(to, "]\n");
}

int setup_podman(struct setup *setup, struct hr_error *err)
{
	struct text *to = &setup->new.text;

	(void)err;
	begin(setup);
	text_adds(to, "[engine]\n");
	set_default(setup, "runtime");
	json_list(setup);
	text_adds(to, "\n[engine.runtimes]\n");
	for (size_t i = 0; i < setup->handlers_len; i++) {
		toml_key(to, setup->handlers[i]);
		text_adds(to, " = [");
		setup_binary(setup, setup->handlers[i], to);
		text_adds(to, "]\n");
	}
	setup_end(to);
	return 0;
}
