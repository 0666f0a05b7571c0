/* SPDX-License-Identifier: Apache-2.0 */
/* Private to prove.c, equal.c and meet.c: the proofs and what they are asked for. */
#ifndef HR_TESTS_SECCOMP_PROVE_H
#define HR_TESTS_SECCOMP_PROVE_H

#include "reading.h"

struct prove_options {
	size_t points; /* a call */
	uint64_t seed;
	bool stub;		  /* equal: runc's ENOSYS beside crun's default is no difference */
	const char *may_lose[64]; /* calls; "*" for every one */
	size_t may_lose_count;
};

/* The numbers that are tried: NUMBER_COUNT in any ABI, its offset added by the caller of
 * the first NUMBER_PLAIN. */
#define NUMBER_PLAIN 1101
#define NUMBER_COUNT (NUMBER_PLAIN + 64)
uint32_t prove_number(const struct abi *abi, size_t n, uint64_t seed);

/* Do all runtimes come to the same? Counts the points; notes say where not. */
bool prove_equal(const struct side *side, const struct prove_options *options, size_t *ret_points);

/* One case of TAP for RESULT = OURS met with CALLER. */
bool prove_meet(const struct side *ours, const struct side *caller, const struct side *result,
		const struct prove_options *options);

/* The sums over all meets so far, as notes. */
void prove_meet_totals(void);

/* What is wrong with RESULT's form, NULL for nothing. */
const char *prove_form(const struct side *ours, const struct side *result, char buf[256]);

/* Rules of one call that libseccomp does not compile as they read. */
bool prove_is_misread(const struct reading *reading);

#endif
