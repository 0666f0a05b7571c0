/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles. A profile is a readable source (profiles/seccomp, described in
 * hardrun-seccomp(5)) or a file in the form of the runtime-spec or of Docker; the built-in
 * sources are part of the program. Both become a filter for one architecture; a filter is
 * met with the one that a caller brings, and becomes the linux.seccomp object. What is
 * written always: the native ABI alone, flags [], and nothing that runc and crun or two
 * versions of libseccomp would read differently.
 */
#ifndef HR_SECCOMP_SECCOMP_H
#define HR_SECCOMP_SECCOMP_H

#include "base/text.h"
#include "json/json.h"

struct seccomp_source;
struct seccomp_filter;

/* The text of a built-in profile ("default", "restricted", "nginx", ...); NULL for other
 * names. ret_len: bytes. */
const char *seccomp_builtin(const char *name, size_t *ret_len);

/* The name of the built-in profile number `at` (from 0) in the order of names; NULL behind
 * the last one. */
const char *seccomp_builtin_name(size_t at);

/* Parse a source. `name` stands in messages. `include NAME` finds built-in sources only.
 * Error: HR_POLICY with name:line:column, the word, and what to change. */
int seccomp_parse(const char *name, const char *text, size_t len, struct seccomp_source **ret,
		  struct hr_error *err);
void seccomp_source_free(struct seccomp_source *source);

/* The architecture that the program was built for: "x86_64", "aarch64", ... */
const char *seccomp_native(void);

/* What a profile's conditions on its surroundings are judged by. */
struct seccomp_host {
	const char *arch;		 /* as of seccomp_native */
	bool docker;			 /* a file in Docker's form: archMap, includes, excludes */
	const struct json *capabilities; /* list of names that the container keeps, or NULL */
	const char *kernel;		 /* release, as of uname(2) */
};

/*
 * The filter of a source on `arch`. HR_POLICY for an architecture that is not known. Names
 * that the library does not know are left out of allow rules, and are an error in others.
 */
int seccomp_lower(const struct seccomp_source *source, const char *arch,
		  struct seccomp_filter **ret, struct hr_error *err);

/*
 * The filter of a linux.seccomp object, or of a file in Docker's form. Error: HR_POLICY with
 * file:line:column for actions, operators and numbers that are none, and for a list of
 * architectures without host->arch.
 */
int seccomp_read(const struct json *object, const struct seccomp_host *host,
		 struct seccomp_filter **ret, struct hr_error *err);

#define SECCOMP_GIVEN_UP 64 /* calls that are named */

struct seccomp_meeting {
	/* Calls that ours lets through, in part or whole, and the result refuses, because the
	 * caller's conditions could not be combined with ours. The names live as long as the
	 * result. */
	size_t given_up_count;
	const char *given_up[SECCOMP_GIVEN_UP];
};

/*
 * What both let through. Where ours refuses, ours answers; elsewhere the caller's answer, the
 * strictest of its rules that hold. Meeting the result with ours again gives the same.
 */
int seccomp_meet(const struct seccomp_filter *ours, const struct seccomp_filter *callers,
		 struct seccomp_filter **ret, struct seccomp_meeting *ret_meeting,
		 struct hr_error *err);

/*
 * What a file says and does not mean, "file:line:column: what is wrong; what to write" each.
 * `filter` is what seccomp_read made of it.
 */
typedef void (*seccomp_finding_fn)(const char *finding, void *to);
void seccomp_lint(const struct json *object, const struct seccomp_filter *filter,
		  const struct seccomp_host *host, seccomp_finding_fn found, void *to);

/* How two filters differ about a system call. */
enum seccomp_difference {
	SECCOMP_GAINED,	  /* let through by b alone */
	SECCOMP_LOST,	  /* by a alone */
	SECCOMP_WIDER,	  /* by both, with arguments that a refuses and none that b does */
	SECCOMP_NARROWER, /* the other way round */
	SECCOMP_OTHER,	  /* by both, each with arguments that the other refuses */
	SECCOMP_ANSWER,	  /* by both for the same arguments, or none, but answered differently */
	SECCOMP_DIFFERENCES
};

/* Calls `found` for each difference, in the order in which a and then b list the calls.
 * HR_SYSTEM (memory). */
typedef void (*seccomp_difference_fn)(enum seccomp_difference difference, const char *call,
				      void *to);
int seccomp_diff(const struct seccomp_filter *a, const struct seccomp_filter *b,
		 seccomp_difference_fn found, void *to, struct hr_error *err);

/* A text for people: what a filter does with a call, "allowed", "EPERM", "allowed where arg0
 * is 1; EPERM where arg0 is 2", without the rules that `other` (may be NULL) has as well. */
void seccomp_describe(const struct seccomp_filter *filter, const char *call,
		      const struct seccomp_filter *other, struct text *ret);

/* The same filter in rules that every runtime reads as written, and with ENOSYS where its
 * default is another errno; for one that was read. */
int seccomp_settle(const struct seccomp_filter *filter, struct seccomp_filter **ret,
		   struct seccomp_meeting *ret_meeting, struct hr_error *err);

/* The value for linux.seccomp, made in `doc`. HR_SYSTEM (memory). */
int seccomp_write(const struct seccomp_filter *filter, const char *arch, struct json_doc *doc,
		  struct json **ret, struct hr_error *err);

/* How many system calls a filter lets through, with or without a condition. */
size_t seccomp_filter_count(const struct seccomp_filter *filter);

/* True if what it does not list is let through. */
bool seccomp_filter_open(const struct seccomp_filter *filter);

void seccomp_filter_free(struct seccomp_filter *filter);
static inline void seccomp_filter_free_p(struct seccomp_filter **filter)
{
	seccomp_filter_free(*filter);
}
#define seccomp_filter_auto __attribute__((cleanup(seccomp_filter_free_p)))

#endif
