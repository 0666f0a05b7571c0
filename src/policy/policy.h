/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's policy: find it, read it, merge profiles, choose one. Files are
 * CONFDIR/policy.d/NAME.json in byte order, then CONFDIR/policy.json: JSON with comments,
 * root's and writable by nobody else along the whole path. Every value keeps its origin
 * (file:line:column) through merging. The syntax is described in hardrun-policy(5).
 */
#ifndef HR_POLICY_POLICY_H
#define HR_POLICY_POLICY_H

#include "json/json.h"
#include "oci/identity.h"

struct policy;

/* Checks one control's options in a profile; given by whoever knows the controls. Returns
 * 0, or -1 with HR_POLICY. */
typedef int (*policy_check_fn)(const struct policy *policy, const char *control,
			       const struct json *options, struct hr_error *err);

/*
 * Load from an open, trusted directory. `confdir` names it in messages. A missing
 * policy.json is an error: a policy that is being replaced must not turn into the
 * default. Error: HR_POLICY with file:line:column.
 */
int policy_load(int dirfd, const char *confdir, policy_check_fn check, struct policy **ret,
		struct hr_error *err);

/* The built-in profiles alone. */
int policy_builtin(policy_check_fn check, struct policy **ret, struct hr_error *err);

/* One file as if it were the whole policy, for `hardrun check`: with what lies beside it, and
 * policy_thorough is true. */
int policy_load_file(const char *path, policy_check_fn check, struct policy **ret,
		     struct hr_error *err);

void policy_free(struct policy *policy);
static inline void policy_free_p(struct policy **policy)
{
	policy_free(*policy);
}
#define policy_auto __attribute__((cleanup(policy_free_p)))

/*
 * The profile `name` with what it extends merged in: an object control -> options, and
 * "mode" where the profile has one. Borrowed from the policy. Error: HR_POLICY for a
 * name that is none (with the nearest one).
 */
int policy_profile(struct policy *policy, const char *name, const struct json **ret,
		   struct hr_error *err);

struct selection {
	const char *profile;	 /* borrowed */
	const struct json *rule; /* the rule that chose it; NULL: by default */
	const char *why;	 /* "rule", "handler", "sandbox", "default" */
};

/*
 * Choose by rules in two passes: rules with a condition on something believed (sandbox,
 * namespace, pod, container, image) first, the first match wins; rules on handler or
 * annotation alone are looked at where none matched, or among a matching rule's
 * may_choose. A sandbox is matched only by rules that say so, and gets the profile
 * `sandbox` otherwise. `handler` is the name we were called by: hardrun-NAME chooses
 * profile NAME in the second pass. Error: HR_POLICY for a handler that names nothing.
 */
int policy_select(const struct policy *policy, const struct identity *identity, const char *handler,
		  const struct json *annotations, struct selection *ret, struct hr_error *err);

struct policy_audit {
	const char *file; /* NULL: none */
	bool syslog;
	bool required;			/* a line that cannot be written stops create and exec */
	const struct json *annotations; /* list of names copied as claims, or NULL */
};

void policy_audit(const struct policy *policy, struct policy_audit *ret);

/*
 * Calls `found` for each rule that has no condition on anything believed: any pod author
 * may name any handler and bring any annotation, so such a rule enforces nothing.
 */
typedef void (*policy_rule_fn)(const struct json *rule, void *to);
void policy_each_wish(const struct policy *policy, policy_rule_fn found, void *to);

/* True if files that profiles name are to be read when the policy is checked; otherwise they
 * are read when they are used. */
bool policy_thorough(const struct policy *policy);

/* A file that a profile names. The caller frees it with policy_file_done. */
struct policy_file {
	char *shown; /* its path, for messages */
	char *text;
	size_t len; /* bytes */
	bool json;
};

/*
 * CONFDIR/seccomp/NAME.seccomp, or NAME.json. The directory and the file must be root's and
 * writable by nobody else. Error: HR_POLICY (there is none, or both), HR_UNTRUSTED, HR_SYSTEM.
 */
int policy_seccomp_file(const struct policy *policy, const char *name, struct policy_file *ret,
			struct hr_error *err);
/* True if there is a file of that name in either form. */
bool policy_seccomp_there(const struct policy *policy, const char *name);

void policy_file_done(struct policy_file *file);
#define policy_file_auto __attribute__((cleanup(policy_file_done)))

/* Names of all profiles, for messages and `check`. */
const struct json *policy_profiles(const struct policy *policy);

#endif
