/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static const struct control_option options[] = {
	{.name = "allow", .type = OPTION_BOOL},
	{0},
};

static void create(const struct control_in *in, struct change *out)
{
	if (in->line != LINE_RESTORE || json_true(in->rules, "allow"))
		return;
	change_refuse(out, "restore", NULL,
		      &(struct reason){
			      .rule = "restore.allow",
			      .by = json_get(in->rules, "allow"),
			      .why = "CRIU brings back credentials and filter as they were "
				     "checkpointed, whatever the document says",
			      .remedy = "create the container anew, or allow it in a profile: "
					"\"restore\": {\"allow\": true}",
		      });
}

const struct control control_restore = {
	.name = "restore",
	.sentence = "Refuses to restore a checkpointed container, which no document can harden.",
	.options = options,
	.create = create,
};
