/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One linux.seccomp document and what every runtime makes of it; the ABIs of the machine.
 */
#ifndef HR_TESTS_SECCOMP_SIDE_H
#define HR_TESTS_SECCOMP_SIDE_H

#include "oci.h"

struct abi {
	const char *name;
	uint32_t token;	 /* libseccomp's; 0 for one that this machine never meets */
	uint32_t audit;	 /* what the kernel says */
	uint32_t offset; /* added to the numbers (x32) */
};

/* The native one first. */
extern const struct abi abis[];
extern const size_t abi_count;

/* The number of a call in an ABI with its offset; -1 where it has none. */
int abi_number(const struct abi *abi, const char *name);
/* The name of a number, or "number N". */
const char *abi_call(const struct abi *abi, uint32_t nr, char buf[64]);

struct side {
	char *file;
	struct json_doc *json;
	struct document document;
	bool starts[OCI_RUNTIMES];
	char why[OCI_RUNTIMES][256]; /* it does not start */
	struct oci_filter filters[OCI_RUNTIMES];
	size_t same_as[OCI_RUNTIMES]; /* the first runtime with the very same program */
};

/* Exits when the file is no JSON; a document that no runtime takes is a side that starts
 * nowhere. The compiling is done by children: the library may never come back. */
struct side *side_load(const char *file);
void side_free(struct side *side);

/* The first runtime that starts; OCI_RUNTIMES for none. */
size_t side_first(const struct side *side);

#endif
