/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings and what is learned of them: for the tests of seccomp/recording.h. */
#ifndef HR_TESTS_RECORDING_MAKE_H
#define HR_TESTS_RECORDING_MAKE_H

#include "seccomp/filter.h"
#include "seccomp/recording.h"
#include "seccomp_profiles.h"

/* A built-in profile, or a source, as filter of this machine. */
struct seccomp_filter *base_of(const char *name);
struct seccomp_filter *lowered(const char *text);

/* An empty one that is complete, under "default". */
struct recording *new_recording(void);
void add(struct recording *recording, const struct seccomp_filter *base, const char *call,
	 uint64_t a, uint64_t b, uint64_t c);

/* The filter of the learned profile; ret_source and ret_why may be NULL. */
struct seccomp_filter *learned(const struct recording *recording, const struct seccomp_filter *base,
			       bool exact, struct text *ret_source, struct text *ret_why);

bool passes(const struct seccomp_filter *filter, const char *call, uint64_t a, uint64_t b,
	    uint64_t c);
unsigned answer(const struct seccomp_filter *filter, const char *call, uint64_t a, uint64_t b,
		uint64_t c);

/* Fails where `filter` lets through what the base refuses. */
void check_within(const struct seccomp_filter *filter, const struct seccomp_filter *base);

/* The JSON, to be freed. */
char *written(const struct recording *recording);
struct recording *read_back(const char *text);

#define HEAD "{\"version\":1,\"arch\":\"x86_64\",\"base\":\"default\",\"calls\":"

#endif
