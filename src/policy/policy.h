/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's policy: find it, read it, merge profiles, choose one. Files are
 * CONFDIR/policy.d/NAME.json in byte order, then CONFDIR/policy.json: JSON with comments,
 * root's and writable by nobody else along the whole path. Every value keeps its origin
 * (file:line:column) through merging. The syntax is described in hardrun-policy(5).
 */
#ifndef HR_POLICY_POLICY_H
#define HR_POLICY_POLICY_H

#include "base/text.h"
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

/* One file as if it were the whole policy: with what lies beside it, whoever owns it, and
 * policy_thorough is true. */
int policy_load_file(const char *path, policy_check_fn check, struct policy **ret,
		     struct hr_error *err);

/*
 * For `hardrun check`: every mistake, "file:line:column: what is wrong" (the same one may come
 * twice), of the file `path`, or with dirfd >= 0 of the directory, as policy_load reads it, that
 * is called `path` in messages. Files that profiles name are read. *ret is the policy, or NULL
 * where there are mistakes. Error: HR_SYSTEM.
 */
typedef void (*policy_finding_fn)(const char *finding, void *to);
int policy_check(int dirfd, const char *path, policy_check_fn check, policy_finding_fn found,
		 void *to, struct policy **ret, struct hr_error *err);

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
 * What is no mistake and may not be meant: a rule that enforces nothing, one that never matches,
 * a profile that nobody uses, a mode that leaves a control out. `at` is the place.
 */
typedef void (*policy_remark_fn)(const struct json *at, const char *remark, void *to);
void policy_remarks(struct policy *policy, policy_remark_fn found, void *to);

/*
 * The profile `name` with all that it extends and what it requires of images, as a policy of this
 * profile alone: loaded, its
 * effective profile is the same text again (but for the origins). A built-in name is written
 * effective-NAME. `origins`: each option's place in a comment. Error: HR_POLICY, HR_SYSTEM.
 */
int policy_effective(struct policy *policy, const char *name, bool origins, struct text *ret,
		     struct hr_error *err);

/* Name of the profile for what no rule matches; the rules in order; the section audit. */
const char *policy_default(const struct policy *policy);
const struct json *policy_rules(const struct policy *policy);
const struct json *policy_audit_section(const struct policy *policy);

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
 * Seccomp profiles are files below the directory `dirfd`, called `shown` in messages, from now on;
 * the policy owns the descriptor. Error: HR_SYSTEM.
 */
int policy_files_from(struct policy *policy, int dirfd, const char *shown, struct hr_error *err);

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

/* The name of `list` that is nearest to `word`, NULL if none is near: for "did you mean". */
const char *policy_nearest(const char *word, const char *const *list);

/*
 * What the section images asks, as the request's member "require" for hardrun-image
 * (docs/ARCHITECTURE.md, "Verdicts"): name and entries, with the text of each key in place of its
 * path. Made in `doc`; *ret NULL where nothing is required: no name, "", "none", or "*" (all
 * entries of all names) while the policy has no section images. Every file of a key is opened
 * anew. Error: HR_POLICY (an unknown name; at its place: a key that is none, or not root's),
 * HR_SYSTEM.
 */
int policy_images(const struct policy *policy, const char *name, struct json_doc *doc,
		  struct json **ret, struct hr_error *err);

/* True if `name` (may be NULL) asks for something: see policy_images. Reads no file. */
bool policy_images_required(const struct policy *policy, const char *name);

/* The section: an object, name -> list of entries as they were written; NULL without one. */
const struct json *policy_images_section(const struct policy *policy);
static inline bool policy_images_there(const struct policy *policy)
{
	return policy_images_section(policy) != NULL;
}

/* HR_POLICY at `at` (NULL: nowhere) for a name that the section has not, with the nearest; 0 for
 * one that can be required. */
int policy_images_check_name(const struct policy *policy, const struct json *at, const char *name,
			     struct hr_error *err);

/* Names of all profiles, for messages and `check`. */
const struct json *policy_profiles(const struct policy *policy);

#endif
