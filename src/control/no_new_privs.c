/* SPDX-License-Identifier: Apache-2.0 */
#include "control/table.h"

static void force(struct change *out, const char *path)
{
	change_set(out, path, json_new_bool(change_doc(out), true), NULL,
		   &(struct reason){
			   .rule = "no_new_privs",
			   .why = "a set-user-ID program could gain privileges, and the runtime "
				  "would load the seccomp filter before its own set-up",
		   });
}

static void create(const struct control_in *in, struct change *out)
{
	(void)in;
	force(out, "process.noNewPrivileges");
	change_ceiling(out, json_new_object(change_notes(out)));
}

static void exec(const struct control_in *in, struct change *out)
{
	(void)in;
	force(out, "noNewPrivileges");
}

const struct control control_no_new_privs = {
	.name = "no_new_privs",
	.sentence = "Sets no_new_privs on the container's process and on every exec.",
	.create = create,
	.exec = exec,
};
