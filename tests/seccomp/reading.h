/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document says, as opposed to what libseccomp makes of it: of the entries whose
 * conditions hold the strictest, and the default where none holds. A repeated argument
 * index is "all" where the entry lets through and "any" where it refuses. Of the two
 * readings of an unclear document this is the strict one.
 */
#ifndef HR_TESTS_SECCOMP_READING_H
#define HR_TESTS_SECCOMP_READING_H

#include "side.h"

#include <linux/seccomp.h>

/* One entry as far as it names one call. */
struct rule {
	const struct entry *entry;
	uint32_t action; /* as the kernel gets it */
};

struct reading {
	uint32_t default_action;
	size_t count;
	struct rule *rules;
};

/* The entries for number `nr` of an ABI. False where an action is none. */
bool reading_of(const struct document *document, const struct abi *abi, uint32_t nr,
		struct reading *ret);
void reading_free(struct reading *reading);

uint32_t reading_answer(const struct reading *reading, const struct seccomp_data *data);

/* Strictness: KILL_PROCESS 5, KILL_THREAD 4, TRAP 3, ERRNO, NOTIFY and TRACE 2, LOG 1,
 * ALLOW 0. */
unsigned reading_rank(uint32_t action);

#endif
