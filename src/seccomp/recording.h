/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings: which system calls one or several runs made, and the profile that is made of them.
 * As a file a recording is JSON (hardrun-seccomp(5), RECORDINGS).
 */
#ifndef HR_SECCOMP_RECORDING_H
#define HR_SECCOMP_RECORDING_H

#include "seccomp/watched.h"

#define RECORDING_VERSION 1
#define RECORDING_VALUES  256 /* different argument tuples kept of one call */

struct recording;

/* An empty one, of this machine's architecture and a filter of that name. NULL: memory. */
struct recording *recording_new(const char *base);
void recording_free(struct recording *recording);
static inline void recording_free_p(struct recording **recording)
{
	recording_free(*recording);
}
#define recording_auto __attribute__((cleanup(recording_free_p)))

/* A call was made. `judgement`: what the filter says; the arguments that it asks about are kept.
 * `by`: name of the process; `runtime`: it was the runtime's. */
void recording_add(struct recording *recording, const char *call, const uint64_t args[6],
		   const struct seccomp_judgement *judgement, const char *by, bool runtime);

/* What else is in the file: texts, kept as they are ("id", "image", "namespace", "pod",
 * "container", "profile", "runtime", "started", "ended"); `complete`: nothing was missed. */
void recording_say(struct recording *recording, const char *key, const char *text);
const char *recording_said(const struct recording *recording, const char *key);
void recording_complete(struct recording *recording, bool complete);
bool recording_is_complete(const struct recording *recording);

/* How many different calls; how many of them somebody but the runtime made. */
size_t recording_count(const struct recording *recording);
size_t recording_count_own(const struct recording *recording);

/* A filter of one's own; NULL when memory is gone. */
struct seccomp_filter *recording_copy_filter(const struct seccomp_filter *filter);

/* JSON, one line. / Read it. Error: HR_POLICY with file:line:column, HR_SYSTEM. */
int recording_write(const struct recording *recording, struct text *ret, struct hr_error *err);
int recording_read(const char *name, const char *text, size_t len, struct recording **ret,
		   struct hr_error *err);

/* Add what `other` has. The result is complete if both are. HR_POLICY when the architectures
 * differ. */
int recording_merge(struct recording *recording, const struct recording *other,
		    struct hr_error *err);

struct recording_options {
	bool exact;	   /* no families (calls that a C library may take instead) */
	const char *title; /* for the comment at the top; may be NULL */
};

/*
 * The source of the smallest profile for what was recorded, and nothing that `base` (the filter
 * that was there while it was recorded) refuses: what was seen, with the argument values that were
 * seen where base asks about them; what runc and crun themselves need behind the filter; families;
 * and base's answers for what is refused. Statements are grouped under comments as in the built-in
 * sources. ret_why (may be NULL): a line for each call, "NAME<TAB>measured|runtime|family of
 * X|floor<TAB>count<TAB>by whom". HR_SYSTEM, HR_POLICY.
 */
int recording_profile(const struct recording *recording, const struct seccomp_filter *base,
		      const struct recording_options *options, struct text *ret,
		      struct text *ret_why, struct hr_error *err);

/* Calls that every program makes all the time, and that are therefore in every learned profile and
 * not asked about: read, write, futex, ... NULL ends the list. */
extern const char *const seccomp_floor[];

#endif
