/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A side's filters, set on one call: the ABI and the number are run once, points are quick.
 */
#ifndef HR_TESTS_SECCOMP_LENS_H
#define HR_TESTS_SECCOMP_LENS_H

#include "bpf.h"
#include "side.h"

struct lens {
	const struct side *side;
	struct bpf_state states[OCI_RUNTIMES];
	bool fixed; /* no filter looks at the arguments */
};

void lens_set(struct lens *lens, const struct side *side, const struct abi *abi, uint32_t nr);

/* The kernel's action for each runtime that starts. */
void lens_answers(const struct lens *lens, const struct seccomp_data *data,
		  uint32_t ret[OCI_RUNTIMES]);

/* "ERRNO(38)"; "-" for none. */
const char *lens_action(uint32_t action, char buf[32]);

/* "socket(0x2, 0x1, 0)" with its ABI. */
const char *lens_point(const struct abi *abi, const struct seccomp_data *data, char buf[256]);

#endif
