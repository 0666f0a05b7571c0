/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled profiles, and what they say: for the tests of seccomp/. */
#ifndef HR_TESTS_SECCOMP_PROFILES_H
#define HR_TESTS_SECCOMP_PROFILES_H

#include "base/cleanup.h"
#include "base/text.h"
#include "json/edit.h"
#include "filter.h"

#include <criterion/criterion.h>

extern const char *const arches[5];
extern const char *const profiles[2];

#define each_built_in(profile, arch)                                                          \
	for (size_t p_ = 0; p_ < hr_count(profiles); p_++)                                    \
		for (size_t a_ = 0; a_ < hr_count(arches); a_++)                              \
			for (const char *profile = profiles[p_], *arch = arches[a_]; profile; \
			     profile = NULL)

/* Sources that must be sound: the test fails otherwise. `t` is their name. */
struct seccomp_source *parsed(const char *text);
struct seccomp_source *builtin_source(const char *profile);
const struct json *compiled(struct json_doc *doc, const char *text, const char *arch);
const struct json *builtin(struct json_doc *doc, const char *profile, const char *arch);

/* A file of tests/seccomp. */
struct json_doc *lists_file(const char *name);

/* What a call is answered, as the text of the JSON says: 0 when it goes through, an errno,
 * or -1 when rules contradict one another. */
int verdict(const struct json *object, const char *call, const uint64_t args[6]);

/* How many entries name the call; whether one of them lets it through. */
size_t rules_for(const struct json *object, const char *call);
bool reachable(const struct json *object, const char *call);

/* What is not in the form that all runtimes read alike goes into ret_wrong. */
void check_shape(const struct json *object, const char *arch, struct text *ret_wrong);

#endif
