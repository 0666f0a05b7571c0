/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/source.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)32 * 1024) /* the default profile fits into one or two */

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	_Alignas(max_align_t) char bytes[];
};

static struct arena_block *block_add(struct seccomp_source *source, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct arena_block *block = malloc(sizeof(*block) + room);

	if (!block)
		return NULL;
	block->next = source->blocks;
	block->used = 0;
	block->room = room;
	source->blocks = block;
	return block;
}

void *source_alloc(struct seccomp_source *source, size_t size)
{
	struct arena_block *block = source->blocks;
	const size_t unit = _Alignof(max_align_t);
	char *start;

	if (size > SECCOMP_SOURCE_MAX)
		return NULL;
	size = (size + unit - 1) / unit * unit;
	if (!block || block->room - block->used < size)
		block = block_add(source, size);
	if (!block)
		return NULL;
	start = block->bytes + block->used;
	block->used += size;
	return memset(start, 0, size);
}

const char *source_copy(struct seccomp_source *source, const char *text, size_t len)
{
	char *copy = source_alloc(source, len + 1);

	return copy ? memcpy(copy, text, len) : NULL;
}

static size_t slot_of(const struct seccomp_source *source, const char *name)
{
	size_t hash = 5381;

	for (const char *at = name; *at != '\0'; at++)
		hash = hash * 33 + (unsigned char)*at;
	hash %= SECCOMP_SLOTS;
	while (source->slots[hash] && strcmp(source->slots[hash]->name, name) != 0)
		hash = (hash + 1) % SECCOMP_SLOTS;
	return hash;
}

struct call *source_call(const struct seccomp_source *source, const char *name)
{
	return source->slots[slot_of(source, name)];
}

struct call *source_name(struct seccomp_source *source, const char *name)
{
	size_t slot = slot_of(source, name);
	struct call *call = source->slots[slot];

	if (call)
		return call;
	call = source_alloc(source, sizeof(*call));
	if (!call)
		return NULL;
	call->name = source_copy(source, name, strlen(name));
	if (!call->name)
		return NULL;
	source->slots[slot] = call;
	if (source->last)
		source->last->next = call;
	else
		source->first = call;
	source->last = call;
	return call;
}

const struct group *source_group(const struct seccomp_source *source, const char *name)
{
	const struct group *group = source->groups;

	while (group && strcmp(group->name, name) != 0)
		group = group->next;
	return group;
}

void seccomp_source_free(struct seccomp_source *source)
{
	if (!source)
		return;
	while (source->blocks) {
		struct arena_block *next = source->blocks->next;

		free(source->blocks);
		source->blocks = next;
	}
	free(source);
}

const char *seccomp_builtin(const char *name, size_t *ret_len)
{
	for (const struct embedded *file = seccomp_embedded; file->name; file++) {
		if (strcmp(file->name, name) == 0) {
			*ret_len = file->len;
			return file->bytes;
		}
	}
	return NULL;
}
