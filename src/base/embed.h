/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are part of the program: base/embed.sh turns them into a table at build time.
 */
#ifndef HR_BASE_EMBED_H
#define HR_BASE_EMBED_H

#include <stddef.h>

struct embedded {
	const char *name;  /* file name without its extension; NULL ends the table */
	const char *bytes; /* NUL-terminated */
	size_t len;	   /* without the NUL */
};

#endif
