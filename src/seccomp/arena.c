/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)32 * 1024) /* the default profile fits into one or two */

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	_Alignas(max_align_t) char bytes[];
};

static struct arena_block *block_add(struct arena *arena, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block = malloc(sizeof(*block) + room);

	if (!block)
		return NULL;
	block->next = arena->blocks;
	block->used = 0;
	block->room = room;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	const size_t unit = _Alignof(max_align_t);
	char *start;

	if (size > ARENA_MAX || arena->total > ARENA_MAX - size)
		return NULL;
	size = (size + unit - 1) / unit * unit;
	if (!block || block->room - block->used < size)
		block = block_add(arena, size);
	if (!block)
		return NULL;
	start = block->bytes + block->used;
	block->used += size;
	arena->total += size;
	return memset(start, 0, size);
}

const char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	return copy ? memcpy(copy, text, len) : NULL;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	arena->total = 0;
}
