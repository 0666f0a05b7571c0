/* SPDX-License-Identifier: Apache-2.0 */
/* Private to explain: what was asked of it, and a create without its effects. */
#ifndef HR_COMMAND_EXPLAIN_H
#define HR_COMMAND_EXPLAIN_H

#include "line/call.h"

struct explain {
	const char *bundle, *id, *handler, *profile, *policy;
	const char *kernel; /* with id: the kernel's records are in that file; NULL: see kernel.h */
	bool standard_input, json, effective;
};

/* The policy that was asked for. HR_POLICY, HR_SYSTEM. */
int explain_policy(const struct explain *what, struct policy **ret, struct hr_error *err);

/*
 * Everything up to the decision; the report is in call->change. What create would fail of
 * before any control is asked stands in it as a refusal, so that the rest can be seen as well.
 */
int explain_decide(struct call *call, const struct explain *what, struct hr_error *err);

struct explain_kernel;

/* What the kernel refused to the container of that record (hardrun's), by its own records, in
 * `file` or where they usually are. That they cannot be read is part of what is shown. Error:
 * HR_SYSTEM (memory). */
int explain_kernel_read(const struct json *record, const char *file, struct explain_kernel **ret,
			struct hr_error *err);
void explain_kernel_free(struct explain_kernel *kernel);
static inline void explain_kernel_free_p(struct explain_kernel **kernel)
{
	explain_kernel_free(*kernel);
}
#define explain_kernel_auto __attribute__((cleanup(explain_kernel_free_p)))

void explain_kernel_show(const struct explain_kernel *kernel, struct text *to);
/* Members "kernel", "kernel_not_joined" and "kernel_source" or "kernel_why_not". */
bool explain_kernel_put(const struct explain_kernel *kernel, struct json_doc *doc,
			struct json *object);

#endif
