/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/source.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS "groups" /* the file of profiles/seccomp that is no profile */

void *source_alloc(struct seccomp_source *source, size_t size)
{
	return size <= SECCOMP_SOURCE_MAX ? arena_alloc(&source->arena, size) : NULL;
}

const char *source_copy(struct seccomp_source *source, const char *text, size_t len)
{
	return arena_copy(&source->arena, text, len);
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

const struct group *source_group(const struct seccomp_source *source, const char *name,
				 const struct group *from)
{
	const struct group *group = from ? from->next : source->groups;

	while (group && strcmp(group->name, name) != 0)
		group = group->next;
	return group;
}

void seccomp_source_free(struct seccomp_source *source)
{
	if (!source)
		return;
	arena_free(&source->arena);
	free(source);
}

static const char *embedded(const char *name, size_t *ret_len)
{
	for (const struct embedded *file = seccomp_embedded; file->name; file++) {
		if (strcmp(file->name, name) == 0) {
			*ret_len = file->len;
			return file->bytes;
		}
	}
	return NULL;
}

const char *seccomp_builtin(const char *name, size_t *ret_len)
{
	return strcmp(name, GROUPS) == 0 ? NULL : embedded(name, ret_len);
}

const char *source_groups_text(size_t *ret_len)
{
	return embedded(GROUPS, ret_len);
}

const char *seccomp_builtin_name(size_t at)
{
	for (const struct embedded *file = seccomp_embedded; file->name; file++)
		if (strcmp(file->name, GROUPS) != 0 && at-- == 0)
			return file->name;
	return NULL;
}
