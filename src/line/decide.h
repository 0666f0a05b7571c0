/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision, without side effects: a document and what it may be go in, the changed
 * document and the report come out. Used alike by create, run, restore, exec, update and
 * explain.
 */
#ifndef HR_LINE_DECIDE_H
#define HR_LINE_DECIDE_H

#include "control/control.h"

/* The mode of a control in a profile, as policy_profile gives it. */
enum change_mode decide_mode(const struct json *profile, const char *control);

/*
 * Apply every control of `profile` (an object control -> options, as of policy_profile) to
 * a config.json. `in` gives line, kind, root, identity and host; document and rules are
 * filled in here. Error: HR_SPEC when the document is not understood (types, folded keys),
 * HR_SYSTEM. Refusals are in `out` (change_verdict).
 */
int decide_create(const struct control_in *in, struct json_doc *document,
		  const struct json *profile, struct change *out, struct hr_error *err);

/*
 * Apply the controls' exec or update side to a process document or resources, with the
 * ceilings (an object control -> ceiling) that create left.
 */
int decide_ceiling(const struct control_in *in, struct json_doc *document,
		   const struct json *ceilings, struct change *out, struct hr_error *err);

#endif
