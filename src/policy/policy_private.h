/* SPDX-License-Identifier: Apache-2.0 */
/* Private to policy/. */
#ifndef HR_POLICY_PRIVATE_H
#define HR_POLICY_PRIVATE_H

#include "json/edit.h"
#include "policy/policy.h"

#define POLICY_MAX_FILES   64
#define POLICY_MAX_BYTES   ((size_t)1024 * 1024)
#define POLICY_MAX_EXTENDS 8
#define POLICY_KEYS_DIR	   "keys" /* beside policy.json: public keys */

struct policy {
	struct json_doc *files[POLICY_MAX_FILES + 1]; /* the built-in one first */
	size_t file_count;
	struct json_doc *merged;   /* owns what follows */
	struct json *profiles;	   /* name -> profile as it was written */
	struct json *resolved;	   /* name -> profile with what it extends */
	struct json *rules;	   /* in order of files */
	struct json *default_name; /* string, or NULL */
	struct json *audit;	   /* object, or NULL */
	struct json *images;	   /* name -> list of entries, or NULL */
	int dirfd;		   /* of the directory of the policy; -1: built-in profiles alone */
	char *confdir;		   /* its name, for messages */
	bool thorough;		   /* files that profiles name are read */
	bool loose;		   /* they may be anybody's */
	bool partial;		   /* a file could not be read */
	policy_finding_fn found;   /* collects mistakes; NULL: the first one stops */
	void *found_to;
	size_t mistakes; /* that were collected */
};

/* Where mistakes are collected: note this one and go on (0). Otherwise, and for what is no
 * mistake of the policy (HR_SYSTEM), -1. */
int policy_mistake(struct policy *policy, struct hr_error *err);

/* HR_POLICY at file:line:column of `value`. */
int policy_fail(const struct json *value, struct hr_error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Refuse members of `object` that are not in `known`, with the nearest known name. */
int policy_known_keys(struct policy *policy, const struct json *object, const char *const *known,
		      const char *what, struct hr_error *err);

/* Check the form of one rule of a policy (its names of profiles apart). */
int policy_check_rule(struct policy *policy, const struct json *rule, struct hr_error *err);

/* Take in what a file holds; the policy owns `doc` then. */
int policy_add_file(struct policy *policy, struct json_doc *doc, bool builtin,
		    struct hr_error *err);

/* Check a profile, as it is written and as it is in the end. */
int policy_check_profile(struct policy *policy, const struct json *profile, policy_check_fn check,
			 struct hr_error *err);

/* Check the value of a "mode". */
int policy_check_mode(const struct json *mode, struct hr_error *err);

/* Take in the section images of a file, where it has one. */
int policy_add_images(struct policy *policy, const struct json *root, struct hr_error *err);

/* True if a key of the section can be the name of a file. */
bool policy_key_sound(const struct json *key);

/* Read every key that the section names. */
int policy_check_keys(struct policy *policy, struct hr_error *err);

/* The block of a key that the section names, from BEGIN to END. ret_path: of its file. The caller
 * frees both. Error: HR_POLICY at the key's place in the policy. */
int policy_key_read(const struct policy *policy, const struct json *key, char **ret_path,
		    char **ret_pem, struct hr_error *err);

/* What is wrong with a scope, as a clause; NULL: nothing. */
const char *policy_scope_problem(const char *scope);

/* True if both stand for the same repositories. */
bool policy_scope_same(const char *a, const char *b);

/* True if this condition of a rule holds whenever `when` of another does. */
bool policy_condition_follows(const struct json *condition, const struct json *when);

/* Remarks about images. used: object with a member for each profile that is used, true where it
 * is given to containers and not only extended. */
void policy_remark_images(struct policy *policy, const struct json *used, policy_remark_fn found,
			  void *to);

/* True if the rule has a condition on what is believed. */
bool policy_rule_believes(const struct json *rule);

/* Check that rules, default and extends name profiles that exist. */
int policy_check_names(struct policy *policy, struct hr_error *err);

#endif
