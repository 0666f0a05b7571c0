/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's file, or a drop-in beside it. */
#include "command/setup.h"

#include "base/cleanup.h"
#include "engine/toml.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TYPE "io.containerd.runc.v2"

static int version_to_write(const struct setup *setup)
{
	return engine_major(setup->now) >= 2 ? 3 : 2;
}

static bool is_template(const struct setup *setup)
{
	return text_ends(setup->path, ".tmpl");
}

/* The version of the file's tables. */
static int layout_of(const struct setup *setup)
{
	if (!setup->engine->configured && is_template(setup))
		return strstr(setup->path, "-v3.") ? 3 : 2;
	return setup->engine->configured ? setup->engine->layout : version_to_write(setup);
}

/* A folder whose *.toml the main file imports: the first that is named by an absolute path. */
static bool imported_folder(const struct engine *engine, char ret[PATH_MAX])
{
	static const char tail[] = "/*.toml";

	json_each(import, json_get(engine->config, "imports")) {
		size_t len;

		if (import->type != JSON_STRING || import->text[0] != '/' ||
		    !text_ends(import->text, tail))
			continue;
		len = strlen(import->text) - strlen(tail);
		if (strchr(import->text, '*') < import->text + len)
			continue;
		snprintf(ret, PATH_MAX, "%.*s", (int)len, import->text);
		return true;
	}
	return false;
}

/* Which file: from version 3 on a drop-in where one is imported, else the main file. */
int setup_containerd_choose(struct setup *setup, struct hr_error *err)
{
	const struct engine *now = setup->now;
	char folder[PATH_MAX], whole[PATH_MAX + 16];

	snprintf(setup->path, sizeof(setup->path), "%s", setup->main);
	if (!now->configured && !now->installed && !is_template(setup))
		return hr_fail(err, HR_DENIED,
			       "containerd is not on this machine: there is neither %s nor the "
			       "program; --config FILE names another file",
			       setup->main);
	if (setup->config && !setup->remove && !now->configured && !text_ends(setup->main, ".tmpl"))
		return hr_fail(err, HR_DENIED,
			       "%s is not there; the usual file is /etc/containerd/config.toml",
			       setup->main);
	if (!setup->config && now->configured && now->layout >= 3 && engine_major(now) == 1)
		return hr_fail(err, HR_DENIED,
			       "%s: is of version %d, which containerd %s does not read: it would "
			       "have none of its handlers; make it version 2",
			       setup->main, now->layout, now->version);
	if (now->configured && now->layout == 1)
		return hr_fail(err, HR_DENIED,
			       "%s: is of version 1, which names plugins otherwise; make it "
			       "version 2: containerd config migrate > FILE, look at it, put it in "
			       "place",
			       setup->main);
	if (!now->configured || now->layout < 3 || !imported_folder(now, folder))
		return 0;
	snprintf(whole, sizeof(whole), "%s/hardrun.toml", folder);
	return setup_resolve(whole, setup->path, err);
}

/* [plugins."NAME".containerd.runtimes...] */
static void header(const struct setup *setup, const char *rest, const char *handler,
		   const char *last, struct text *to)
{
	text_addf(to, "[plugins.\"%s\".containerd%s", engine_plugin(layout_of(setup)), rest);
	if (handler) {
		text_adds(to, ".");
		toml_key(to, handler);
	}
	text_addf(to, "%s]\n", last);
}

static void member(const struct json *value, const char *indent, struct text *to)
{
	text_adds(to, indent);
	toml_key(to, value->key);
	text_adds(to, " = ");
	toml_write(to, value);
	text_adds(to, "\n");
}

/* runtime_path that leads to another shim than runc's: BinaryName would mean nothing to it. */
static bool other_shim(const struct json *value)
{
	const char *slash = value->type == JSON_STRING ? strrchr(value->text, '/') : NULL;

	return strcmp(value->key, "runtime_path") == 0 && value->type == JSON_STRING &&
	       value->len > 0 &&
	       strcmp(slash ? slash + 1 : value->text, "containerd-shim-runc-v2") != 0;
}

bool setup_containerd_fits(const struct engine_handler *handler)
{
	const struct json *path = json_get(handler->table, "runtime_path");

	return (!handler->type || strcmp(handler->type, TYPE) == 0) && !(path && other_shim(path));
}

static void add_handler(const struct setup *setup, const char *name, struct text *to)
{
	static const char *const own[] = {"runtime_type", "options", NULL};
	const struct engine_handler *model = setup_model(setup);

	header(setup, ".runtimes", name, "", to);
	text_adds(to, "  runtime_type = \"" TYPE "\"\n");
	json_each(child, model ? model->table : NULL)
		if (!text_in(child->key, own) && !other_shim(child))
			member(child, "  ", to);
	text_adds(to, "  ");
	header(setup, ".runtimes", name, ".options", to);
	text_adds(to, "    BinaryName = ");
	setup_binary(setup, name, to);
	text_adds(to, "\n");
	json_each(child, model ? model->options : NULL)
		if (strcasecmp(child->key, "BinaryName") != 0)
			member(child, "    ", to);
}

/* The file's own table around the handlers, or NULL. */
static const struct json *own_table(const struct json *root, int layout)
{
	return json_get(json_get(json_get(root, "plugins"), engine_plugin(layout)), "containerd");
}

static const char *line_end(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

/* Replace the line that names the default handler; false when it has not a line of its own. */
static bool replace_default(const struct setup *setup, const struct json *value, struct text *to)
{
	const char *text = setup->base.text.data, *key = text + value->offset, *line = key;
	const char *end = line_end(key), *equals = memchr(key, '=', (size_t)(end - key));

	while (line > text && line[-1] != '\n')
		line--;
	if (!equals || strspn(line, " \t") != (size_t)(key - line))
		return false;
	text_add(to, text, (size_t)(line - text));
	setup_begin(to, true);
	setup_keep(to, line, (size_t)(end - line));
	text_add(to, line, (size_t)(equals - line));
	text_adds(to, "= ");
	toml_quote(to, setup->default_handler);
	text_adds(to, "\n");
	setup_end(to);
	text_adds(to, end);
	return true;
}

static void insert_default(const struct setup *setup, const struct json *table, struct text *to)
{
	const char *text = setup->base.text.data, *end = line_end(text + table->offset);

	text_add(to, text, (size_t)(end - text));
	setup_begin(to, true);
	text_adds(to, "default_runtime_name = ");
	toml_quote(to, setup->default_handler);
	text_adds(to, "\n");
	setup_end(to);
	text_adds(to, end);
}

/* The base, with the default handler set where the file has a place for it; otherwise
 * ret_left is true: the table is to be added. */
static int set_default(struct setup *setup, struct text *to, bool *ret_left, struct hr_error *err)
{
	json_auto struct json_doc *doc = NULL;
	const struct json *table, *value;

	*ret_left = false;
	if (!setup->default_handler || !setup->base.there) {
		text_add(to, setup->base.text.data, setup->base.text.len);
		*ret_left = setup->default_handler != NULL;
		return 0;
	}
	if (toml_parse(setup->path, setup->base.text.data, setup->base.text.len, &doc, err) < 0)
		return -1;
	table = own_table(json_root(doc), setup->engine->layout);
	value = json_get(table, "default_runtime_name");
	if (value && !replace_default(setup, value, to))
		return hr_fail(err, HR_DENIED,
			       "%s:%u: default_runtime_name has no line of its own; set it to "
			       "\"%s\" by hand, and leave --default out",
			       setup->path,
			       toml_line(setup->base.text.data, setup->base.text.len,
					 value->offset),
			       setup->default_handler);
	if (value)
		return 0;
	if (toml_has_header(table)) {
		insert_default(setup, table, to);
		return 0;
	}
	text_add(to, setup->base.text.data, setup->base.text.len);
	*ret_left = true;
	return 0;
}

/* Up to containerd 1.7 a table of runtimes replaces the one that is built in. */
static void add_built_in(const struct setup *setup, struct text *to)
{
	const struct engine *engine = setup->engine;
	const struct json *runtimes =
		json_get(own_table(engine->config, engine->layout), "runtimes");

	if (runtimes || is_template(setup) || layout_of(setup) >= 3)
		return;
	header(setup, ".runtimes", "runc", "", to);
	text_adds(to, "  runtime_type = \"" TYPE "\"\n");
}

/* The file that k3s or rke2 made of the template: options are copied from it. */
static int read_rendered(struct setup *setup, struct hr_error *err)
{
	char path[PATH_MAX];

	if (setup->default_handler)
		return hr_fail(err, HR_DENIED,
			       "%s: the default handler of k3s and rke2 is set by their option "
			       "--default-runtime, not in the template; leave --default out",
			       setup->path);
	snprintf(path, sizeof(path), "%.*s/config.toml",
		 (int)(strrchr(setup->path, '/') - setup->path), setup->path);
	if (engine_read_as(ENGINE_CONTAINERD, path, NULL, setup->now->version, &setup->rendered,
			   err) < 0)
		return -1;
	if (!setup->rendered->configured)
		return hr_fail(err, HR_DENIED,
			       "%s: is missing; start k3s or rke2 once, so that the options of its "
			       "default handler can be copied",
			       path);
	return 0;
}

/* The deprecated table of the default handler, which up to 1.7 wins over its name. */
static int check_deprecated(const struct setup *setup, struct hr_error *err)
{
	const struct engine *engine = setup->engine;
	const struct engine_handler *handler = engine_handler(engine, engine->default_handler);

	if (!setup->default_handler || !handler || !handler->table ||
	    strcmp(handler->table->key, "default_runtime") != 0)
		return 0;
	return hr_fail(err, HR_DENIED,
		       "%s:%u: the table default_runtime (deprecated) wins over "
		       "default_runtime_name; take it out, name its runtime in runtimes and "
		       "default_runtime_name instead, then run setup again",
		       handler->file ? handler->file : setup->path, handler->line);
}

/* Without its CRI plugin containerd reads none of this. */
static void note_disabled(struct setup *setup)
{
	const struct json *disabled = json_get(setup->engine->config, "disabled_plugins");
	const char *file = NULL;
	unsigned line = 0;

	if (!json_has_string(disabled, "cri") &&
	    !json_has_string(disabled, engine_plugin(layout_of(setup))))
		return;
	engine_where(setup->engine, disabled, &file, &line);
	text_addf(&setup->notes,
		  "%s:%u: disabled_plugins holds the CRI plugin, which alone reads these lines; "
		  "take it out of that list, or the kubelet cannot use containerd at all.\n",
		  file ? file : setup->path, line);
}

int setup_containerd(struct setup *setup, struct hr_error *err)
{
	struct text *to = &setup->new.text;
	bool left;

	if (check_deprecated(setup, err) < 0 ||
	    (is_template(setup) && read_rendered(setup, err) < 0))
		return -1;
	note_disabled(setup);
	if (set_default(setup, to, &left, err) < 0)
		return -1;
	setup_begin(to, setup->base.there);
	if (!setup->base.there && is_template(setup))
		text_adds(to, "{{ template \"base\" . }}\n");
	else if (!setup->base.there)
		text_addf(to, "version = %d\n", layout_of(setup));
	if (left) {
		header(setup, "", NULL, "", to);
		text_adds(to, "  default_runtime_name = ");
		toml_quote(to, setup->default_handler);
		text_adds(to, "\n");
	}
	add_built_in(setup, to);
	for (size_t i = 0; i < setup->handlers_len; i++)
		add_handler(setup, setup->handlers[i], to);
	setup_end(to);
	return 0;
}
