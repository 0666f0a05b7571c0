/* SPDX-License-Identifier: Apache-2.0 */
/* Private to seccomp*.c: the profile that a policy names, and what a document's own filter says
 * beside its rules. */
#ifndef HR_CONTROL_SECCOMP_H
#define HR_CONTROL_SECCOMP_H

#include "control/control.h"
#include "seccomp/seccomp.h"

#define SECCOMP_FIELD "linux.seccomp"

/* The profile of that name: built-in, or a file beside the policy. HR_POLICY, HR_SYSTEM. */
int seccomp_profile_load(const struct policy *policy, const char *name,
			 const struct json *capabilities, struct seccomp_filter **ret,
			 struct hr_error *err);

/* The option "profile": is there such a one, and sound? HR_POLICY. */
int seccomp_profile_check(const struct policy *policy, const struct json *rules,
			  struct hr_error *err);

/* True for one that hardrun wrote for a container whose calls it answered (try, learn). */
bool seccomp_asked_ours(const struct json *filter);

/* A listener is refused. */
void seccomp_asked_listener(const struct json *filter, struct change *out);

/* True if the actions of a filter can be met; the others are refused. */
bool seccomp_asked_actions(const struct json *filter, struct change *out);

/* What makes crun load another filter than the document's, or hand it on, is removed. */
void seccomp_asked_annotations(const struct json *document, struct change *out);

#endif
