/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given back all at once: what a source and a filter are made of.
 */
#ifndef HR_SECCOMP_ARENA_H
#define HR_SECCOMP_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t total; /* bytes in use */
};

/* Zeroed memory, aligned for anything; NULL when memory is gone or the arena holds
 * ARENA_MAX bytes. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of bytes. */
const char *arena_copy(struct arena *arena, const char *text, size_t len);

void arena_free(struct arena *arena);

#define ARENA_MAX ((size_t)32 * 1024 * 1024) /* a profile takes less than a hundredth */

#endif
