/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "control/table.h"

#include <stdio.h>
#include <string.h>

static const struct control_option options[] = {
	{.name = "warn", .type = OPTION_STRINGS},
	{0},
};

static void refuse_empty(struct change *out, const char *path)
{
	change_refuse(out, path, NULL,
		      &(struct reason){
			      .rule = "args",
			      .why = "no program is named, and runtimes differ in what they start",
			      .remedy = "name the program, and its arguments",
		      });
}

static void judge_program(const struct json *rules, struct change *out, const char *path,
			  const char *program)
{
	const struct json *listed = json_get(rules, "warn");
	const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;
	char why[TEXT_SHOWN_SIZE + 96], shown[TEXT_SHOWN_SIZE];

	if (!json_has_string(listed, name))
		return;
	snprintf(why, sizeof(why),
		 "%s in a container is a way in that the engine neither sees nor logs",
		 text_shown_z(name, shown));
	change_warn(out, path, name,
		    &(struct reason){
			    .rule = "args.warn",
			    .by = listed,
			    .why = why,
			    .remedy = "use the engine's exec instead, or leave the name out of "
				      "\"args\": {\"warn\": [...]}",
		    });
}

static void judge(const struct control_in *in, struct change *out, const struct json *args,
		  const char *path)
{
	if (json_count(args) > 0)
		judge_program(in->rules, out, path, args->first->text);
	else if (in->line == LINE_RUN || in->line == LINE_EXEC)
		refuse_empty(out, path);
}

static void create(const struct control_in *in, struct change *out)
{
	struct json_doc *notes = change_notes(out);

	judge(in, out, json_path(in->document, "process.args"), "process.args");
	change_ceiling(out, in->rules ? json_clone(notes, in->rules) : json_new_object(notes));
}

static void exec(const struct control_in *in, struct change *out)
{
	judge(in, out, json_get(in->document, "args"), "args");
}

const struct control control_args = {
	.name = "args",
	.sentence = "Refuses to run nothing, and points out programs that have no place in a "
		    "container.",
	.options = options,
	.create = create,
	.exec = exec,
};
