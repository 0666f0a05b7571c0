/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's ids that pods are mapped to: one line of user hardrun in subuid(5) and the same in
 * subgid(5), in slots of 65,536. What those files and passwd(5) and group(5) say of others must
 * not overlap it; a line of them that cannot be understood is an error, as it may.
 */
#ifndef HR_HOST_SUBID_H
#define HR_HOST_SUBID_H

#include "base/error.h"
#include "base/text.h"

#include <limits.h>
#include <stdint.h>

#define SUBID_USER "hardrun"
#define SUBID_SLOT 65536U
/* Slot 0 is the host's own; the last one has the id -1, which names none. */
#define SUBID_LAST (UINT32_MAX - 65535U)
/* Between what systemd gives containers and 2^31, where programs begin to fail; without what
 * systemd keeps for foreign ids (systemd's UIDS-GIDS). */
#define SUBID_FIRST 1879048192U
#define SUBID_COUNT 268304384U

struct subid_pool {
	uint32_t first; /* a multiple of SUBID_SLOT */
	uint32_t slots;
};

/* `etc`: the directory of the four files, absolute. Error: HR_POLICY (file, line, what is wrong,
 * and the command that mends it), HR_UNTRUSTED (others than root can change a file), HR_SYSTEM. */
int subid_pool(const char *etc, struct subid_pool *ret, struct hr_error *err);

/* What is wrong, where, and what mends it: a command, or words with a capital letter. */
struct subid_wrong {
	char file[PATH_MAX]; /* "": none */
	unsigned line;	     /* from 1; 0: none */
	struct text remedy;
};

/* The same; the error does not have the command. ret_wrong is to be freed whatever happens. */
int subid_judge(const char *etc, struct subid_pool *ret, struct subid_wrong *ret_wrong,
		struct hr_error *err);
void subid_wrong_free(struct subid_wrong *wrong);

/* True if passwd has the user, and both files a line for him, by name or number. ret_free is where
 * so many more slots would be nobody's; 0: nowhere, or a file cannot be understood. */
bool subid_has(const char *etc, const char *user, uint32_t slots, uint32_t *ret_free);

#endif
