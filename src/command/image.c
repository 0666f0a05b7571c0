/* SPDX-License-Identifier: Apache-2.0 */
/* image: the store of signatures, which is hardrun-image's, and what is asked of that program. */
#include "command/image.h"

#include "base/child.h"
#include "base/cleanup.h"
#include "command/command.h"
#include "verdict/ask.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: hardrun image add [--json] DIR[:TAG]...\n"
	"       hardrun image add --payload FILE --signature FILE\n"
	"       hardrun image add [--digest DIGEST] --bundle FILE\n"
	"       hardrun image add --manifest FILE\n"
	"       hardrun image show [--json] [DIGEST]\n"
	"       hardrun image verify [OPTION...] IMAGE\n"
	"       hardrun image selftest [--json]\n"
	"\n"
	"  add       put signatures into the store " HR_STOREDIR "\n"
	"  show      what is in it\n"
	"  verify    ask about one image as create does (--help says more)\n"
	"  selftest  prove that an unsigned image is refused\n"
	"\n"
	"Exit status: 0 good, 1 refused, 2 usage, 3 policy, 4 a file cannot be read.\n";

/* --- What an answer says ---------------------------------------------------------------------- */

void image_signer(const struct json *answer, struct text *to)
{
	const struct json *by = json_get(answer, "by");
	const char *how = json_string(by, "how"), *key = json_string(by, "key");
	const char *type = json_string(by, "key_type"), *format = json_string(by, "format");
	const char *scope = json_string(by, "scope");

	if (how && strcmp(how, "digest") == 0)
		text_adds(to, "listed by its digest");
	else
		text_addf(to, "signed by %s (%s, %s)", key ? key : "a key", type ? type : "key",
			  format ? format : "signature");
	if (scope)
		text_addf(to, ", scope %s", scope);
}

static void add_line(struct text *to, const char *label, const char *value)
{
	if (value && value[0])
		text_addf(to, "  %-9s %s\n", label, value);
}

static void add_names(const struct json *answer, struct text *to)
{
	json_each(name, json_get(answer, "names"))
		if (name->type == JSON_STRING)
			add_line(to, "name", name->text);
}

void image_review(const struct json *answer, struct text *to)
{
	const char *of = json_string(json_get(answer, "by"), "of");
	const char *digest = json_string(answer, "digest");
	const char *code = json_string(answer, "code"), *why = json_string(answer, "why");

	if (verdict_accepted(answer)) {
		text_adds(to, "accepted: ");
		image_signer(answer, to);
		text_adds(to, "\n");
	} else {
		text_addf(to, "refused (%s): %s\n", code ? code : "none", why ? why : "not said");
	}
	add_line(to, "image", digest);
	if (verdict_accepted(answer) && of && digest && strcmp(of, digest) != 0)
		add_line(to, "signed", of);
	add_line(to, "config", json_string(answer, "config"));
	add_names(answer, to);
	if (verdict_accepted(answer))
		return;
	add_line(to, "found", json_string(answer, "found"));
	add_line(to, "remedy", json_string(answer, "remedy"));
}

/* --- The command ------------------------------------------------------------------------------ */

/* Its own messages say what it was called by. */
static int become_store(int argc, char *const argv[], struct hr_error *err)
{
	static char name[] = "hardrun image";
	hr_autofree char **args = calloc((size_t)argc, sizeof(*args));
	hr_autoclose int program = -1;

	if (!args)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (verdict_program(&program, err) < 0)
		return hr_context(err, "image %s needs the program that verifies signatures",
				  argv[2]);
	args[0] = name;
	for (int i = 2; i < argc; i++)
		args[i - 1] = argv[i];
	return child_become(program, args, err);
}

int command_image(int argc, char *const argv[], struct hr_error *err)
{
	static const char usage[] = "add | show | verify | selftest [ARGUMENT...]";
	const char *word = argc > 2 ? argv[2] : NULL;

	if (!word || command_wants_help(word))
		return word ? command_help(help) : command_usage("image", NULL, usage, err);
	if (strcmp(word, "verify") == 0)
		return command_image_verify(argc - 2, argv + 2, err);
	if (strcmp(word, "selftest") == 0)
		return command_image_selftest(argc - 2, argv + 2, err);
	if (strcmp(word, "add") == 0 || strcmp(word, "show") == 0)
		return become_store(argc, argv, err) < 0 ? command_exit(err) : EXIT_OK;
	return command_usage("image", word, usage, err);
}
