/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"
#include "oci/schema.h"

#include <stdio.h>
#include <string.h>

static const char *const drop_or_refuse[] = {"drop", "refuse", NULL};

static const struct control_option options[] = {
	{.name = "accept_unknown", .type = OPTION_STRINGS},
	{.name = "other_platforms", .type = OPTION_NAME, .values = drop_or_refuse},
	{0},
};

static const char *const platforms[] = {"windows", "solaris", "zos", "freebsd", NULL};

struct unknown {
	const struct control_in *in;
	const char *prefix; /* where the document stands in a config.json: "process." for exec */
	struct change *out;
};

static void refuse_unknown(void *data, const char *path, const struct json *value)
{
	struct unknown *unknown = data;
	const struct json *accepted = json_get(unknown->in->rules, "accept_unknown");
	char whole[CHANGE_PATH * 2];

	(void)value;
	snprintf(whole, sizeof(whole), "%s%s", unknown->prefix, path);
	json_each(pattern, accepted)
		if (text_match(pattern->text, whole))
			return;
	change_refuse(
		unknown->out, path, NULL,
		&(struct reason){
			.rule = "document.accept_unknown",
			.by = accepted,
			.why = "no field of runtime-spec 1.3; it may be a restriction or a new "
			       "power, and the runtime might read it",
			.remedy = "remove it, or list this path in \"document\": "
				  "{\"accept_unknown\": [...]}",
		});
}

/* A virtual machine's paths are programs and memory of the host. */
static void judge_vm(const struct control_in *in, struct change *out)
{
	if (json_get(in->document, "vm"))
		change_refuse(
			out, "vm", NULL,
			&(struct reason){
				.rule = "document",
				.why = "names a hypervisor, kernel or device memory of the host",
				.remedy = "remove it; runc, crun and runsc start no machine",
			});
}

/* Other platforms' fields: Linux runtimes ignore them, so leaving them out loses nothing. */
static void other_platform(const struct control_in *in, struct change *out, const char *path,
			   const struct json *parent, const char *key)
{
	const struct json *value = json_get(parent, key);
	const struct json *by = json_get(in->rules, "other_platforms");
	struct reason reason = {
		.rule = "document.other_platforms",
		.by = by,
		.why = "belongs to another platform than Linux",
		.remedy = "remove it",
	};

	if (!value)
		return;
	if (by && strcmp(by->text, "refuse") == 0)
		change_refuse(out, path, NULL, &reason);
	else
		change_drop(out, path, parent, value, &reason);
}

static void process_platforms(const struct control_in *in, struct change *out,
			      const struct json *process, const char *prefix)
{
	char user[CHANGE_PATH], path[CHANGE_PATH];

	change_key_path(change_key_path(prefix, "user", user), "username", path);
	other_platform(in, out, path, json_get(process, "user"), "username");
	other_platform(in, out, change_key_path(prefix, "commandLine", path), process,
		       "commandLine");
}

/* 1.MINOR.PATCH with MINOR <= 3, and a semver suffix ("1.0.2-dev"): a later version may hold
 * fields that are not in our table. */
static bool version_known(const char *version)
{
	size_t digits;

	if (!version || !text_starts(version, "1.") || version[2] < '0' || version[2] > '3' ||
	    version[3] != '.')
		return false;
	version += 4;
	digits = strspn(version, "0123456789");
	return digits > 0 &&
	       (version[digits] == '\0' || version[digits] == '-' || version[digits] == '+');
}

static void judge_version(const struct control_in *in, struct change *out)
{
	const char *version = json_string(in->document, "ociVersion");

	if (version_known(version) ||
	    json_has_string(json_get(in->rules, "accept_unknown"), "ociVersion"))
		return;
	change_refuse(out, "ociVersion", version,
		      &(struct reason){
			      .rule = "document",
			      .why = "not a version of the runtime-spec from 1.0 to 1.3",
			      .remedy =
				      "use an engine that writes one of these, or a newer hardrun",
		      });
}

/* The schema was checked before (types, folded keys), so only unknown keys are left. */
static void judge_unknown(const struct control_in *in, struct change *out,
			  const struct schema_field *schema, const char *prefix)
{
	struct unknown unknown = {in, prefix, out};

	schema_check(schema, in->document, refuse_unknown, &unknown, NULL);
}

static void create(const struct control_in *in, struct change *out)
{
	struct json *ceiling = json_new_object(change_notes(out));
	char path[CHANGE_PATH];

	judge_version(in, out);
	judge_unknown(in, out, &schema_spec, "");
	judge_vm(in, out);
	for (size_t i = 0; platforms[i]; i++)
		other_platform(in, out, change_key_path("", platforms[i], path), in->document,
			       platforms[i]);
	process_platforms(in, out, json_get(in->document, "process"), "process");
	for (const struct control_option *option = options; option->name; option++)
		if (json_get(in->rules, option->name))
			json_put(change_notes(out), ceiling, option->name,
				 json_clone(change_notes(out), json_get(in->rules, option->name)));
	change_ceiling(out, ceiling);
}

static void exec(const struct control_in *in, struct change *out)
{
	judge_unknown(in, out, &schema_process, "process.");
	process_platforms(in, out, in->document, "");
}

static void update(const struct control_in *in, struct change *out)
{
	judge_unknown(in, out, &schema_resources, "linux.resources.");
}

const struct control control_document = {
	.name = "document",
	.sentence = "Refuses what is no field of runtime-spec 1.3, and removes or refuses other "
		    "platforms' fields.",
	.options = options,
	.create = create,
	.exec = exec,
	.update = update,
};
