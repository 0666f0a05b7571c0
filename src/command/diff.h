/* SPDX-License-Identifier: Apache-2.0 */
/* Private to diff: what is compared with what, and what is said of it. */
#ifndef HR_COMMAND_DIFF_H
#define HR_COMMAND_DIFF_H

#include "base/text.h"
#include "json/edit.h"
#include "policy/policy.h"
#include "seccomp/seccomp.h"

/* Text for people, and the same for programs; both are made. */
struct diff {
	struct text text;
	struct json_doc *doc;
	size_t differences;
};

/* Compare two filters: a line for each system call, and one at the end that counts. `ret`: list
 * of {call, difference, from, to}, made in diff->doc. HR_POLICY, HR_SYSTEM. */
int diff_calls(struct diff *diff, const char *const names[2],
	       const struct seccomp_filter *const filters[2], struct json **ret,
	       struct hr_error *err);

/* A policy, and of it one profile or (NULL) all. */
struct diff_side {
	const char *word; /* as it was asked for */
	struct policy *policy;
	const char *profile;
};

/* Compare two policies or profiles. `ret`: the object that `--json` prints. */
int diff_policies(struct diff *diff, const struct diff_side sides[2], struct json **ret,
		  struct hr_error *err);

#endif
