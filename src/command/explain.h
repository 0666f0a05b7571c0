/* SPDX-License-Identifier: Apache-2.0 */
/* Private to explain: what was asked of it, and a create without its effects. */
#ifndef HR_COMMAND_EXPLAIN_H
#define HR_COMMAND_EXPLAIN_H

#include "line/call.h"

struct explain {
	const char *bundle, *id, *handler, *profile, *policy;
	bool standard_input, json, effective;
};

/* The policy that was asked for. HR_POLICY, HR_SYSTEM. */
int explain_policy(const struct explain *what, struct policy **ret, struct hr_error *err);

/*
 * Everything up to the decision; the report is in call->change. What create would fail of
 * before any control is asked stands in it as a refusal, so that the rest can be seen as well.
 */
int explain_decide(struct call *call, const struct explain *what, struct hr_error *err);

#endif
