/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/recording.h"

#include "base/cleanup.h"
#include "seccomp/recording_data.h"
#include "seccomp/widths.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAMELESS 64 /* calls without a name that are kept: a program can make any number up */

struct recording *recording_new(const char *base)
{
	struct recording *recording = calloc(1, sizeof(*recording));

	if (!recording)
		return NULL;
	recording->arch = seccomp_native();
	recording->base = strdup(base ? base : "");
	if (recording->base)
		return recording;
	free(recording);
	return NULL;
}

void recording_free(struct recording *recording)
{
	struct recorded_call *next;

	if (!recording)
		return;
	for (struct recorded_call *call = recording->first; call; call = next) {
		next = call->next;
		free(call->values);
		free(call);
	}
	for (size_t i = 0; i < recording->text_count; i++)
		free(recording->texts[i].text);
	free(recording->base);
	free(recording);
}

bool recording_good_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= RECORDING_NAME)
		return false;
	if (text_starts(name, "syscall "))
		name += strlen("syscall ");
	else if (len >= NAMES_SIZE || strchr(name, ' '))
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && *name != '_' && *name != ' ')
			return false;
	return true;
}

struct recorded_call *recording_find(const struct recording *recording, const char *name)
{
	for (struct recorded_call *call = recording->first; call; call = call->next)
		if (strcmp(call->name, name) == 0)
			return call;
	return NULL;
}

static bool has_room(const struct recording *recording, const char *name)
{
	size_t nameless = 0;

	if (recording->count >= RECORDING_CALLS || !recording_good_name(name))
		return false;
	if (!strchr(name, ' '))
		return true;
	for (const struct recorded_call *call = recording->first; call; call = call->next)
		nameless += strchr(call->name, ' ') != NULL;
	return nameless < NAMELESS;
}

struct recorded_call *recording_call(struct recording *recording, const char *name)
{
	struct recorded_call *call = recording_find(recording, name);

	if (call || !has_room(recording, name))
		return call;
	call = calloc(1, sizeof(*call));
	if (!call) {
		recording->failed = true;
		return NULL;
	}
	memcpy(call->name, name, strlen(name) + 1);
	if (recording->last)
		recording->last->next = call;
	else
		recording->first = call;
	recording->last = call;
	recording->count++;
	return call;
}

void recorded_ask(struct recorded_call *call, unsigned asked)
{
	asked &= (1U << SECCOMP_ARGS) - 1;
	if (asked & ~call->asked)
		call->more |= call->values_count > 0 || (call->asked == 0 && call->count > 0);
	call->asked |= asked;
}

void recorded_add_values(struct recording *recording, struct recorded_call *call,
			 const uint64_t args[SECCOMP_ARGS])
{
	struct recorded_values *grown;

	for (size_t i = 0; i < call->values_count; i++)
		if (memcmp(call->values[i].args, args, sizeof(call->values[i].args)) == 0)
			return;
	if (call->values_count == RECORDING_VALUES) {
		call->more = true;
		return;
	}
	if (call->values_count == call->values_room) {
		size_t room = call->values_room ? 2 * call->values_room : 4;

		grown = realloc(call->values, room * sizeof(*grown));
		if (!grown) {
			recording->failed = true;
			return;
		}
		call->values = grown;
		call->values_room = room;
	}
	memcpy(call->values[call->values_count++].args, args, sizeof(call->values[0].args));
}

void recorded_add_by(struct recorded_call *call, const char *by)
{
	char name[RECORDING_NAME];
	size_t len = 0;

	for (; *by != '\0' && len < sizeof(name) - 1; by++)
		name[len++] = *by > ' ' && *by <= '~' && *by != ',' && *by != '"' ? *by : '_';
	name[len] = '\0';
	if (len == 0)
		return;
	for (size_t i = 0; i < call->by_count; i++)
		if (strcmp(call->by[i], name) == 0)
			return;
	if (call->by_count < RECORDING_BY)
		memcpy(call->by[call->by_count++], name, len + 1);
}

void recording_add(struct recording *recording, const char *name, const uint64_t args[6],
		   const struct seccomp_judgement *judgement, const char *by, bool runtime)
{
	struct recorded_call *call = recording_call(recording, name);
	uint64_t kept[SECCOMP_ARGS] = {0};
	unsigned ints;

	if (!call)
		return;
	recorded_ask(call, judgement->asked);
	ints = widths_ints(name);
	for (unsigned i = 0; i < SECCOMP_ARGS; i++)
		if (call->asked & (1U << i))
			kept[i] = ints & (1U << i) ? (uint32_t)args[i] : args[i];
	if (call->asked)
		recorded_add_values(recording, call, kept);
	if (runtime)
		call->runtime++;
	else
		call->count++;
	call->refused += !judgement->passes;
	if (by)
		recorded_add_by(call, by);
}

static char **said(struct recording *recording, const char *key)
{
	for (size_t i = 0; i < recording->text_count; i++)
		if (strcmp(recording->texts[i].key, key) == 0)
			return &recording->texts[i].text;
	if (recording->text_count == RECORDING_KEYS || strlen(key) >= RECORDING_NAME)
		return NULL;
	memcpy(recording->texts[recording->text_count].key, key, strlen(key) + 1);
	return &recording->texts[recording->text_count++].text;
}

void recording_say(struct recording *recording, const char *key, const char *text)
{
	char *copy = strndup(text ? text : "", RECORDING_TEXT - 1);
	char **to;

	if (!copy) {
		recording->failed = true;
		return;
	}
	to = said(recording, key);
	if (!to) {
		free(copy);
		return;
	}
	free(*to);
	*to = copy;
}

const char *recording_said(const struct recording *recording, const char *key)
{
	if (strcmp(key, "base") == 0)
		return recording->base;
	if (strcmp(key, "arch") == 0)
		return recording->arch;
	for (size_t i = 0; i < recording->text_count; i++)
		if (strcmp(recording->texts[i].key, key) == 0)
			return recording->texts[i].text;
	return NULL;
}

size_t recording_count(const struct recording *recording)
{
	return recording->count;
}

size_t recording_count_own(const struct recording *recording)
{
	size_t count = 0;

	for (const struct recorded_call *call = recording->first; call; call = call->next)
		count += call->count > 0;
	return count;
}

void recording_complete(struct recording *recording, bool complete)
{
	recording->complete = complete;
}

bool recording_is_complete(const struct recording *recording)
{
	return recording->complete;
}

static void merge_call(struct recording *recording, const struct recorded_call *from)
{
	struct recorded_call *to = recording_call(recording, from->name);

	if (!to)
		return;
	/* What one of them did not keep of an argument that the other did is not known. */
	if (to->asked != from->asked) {
		to->more |= (to->count + to->runtime > 0) && (from->asked & ~to->asked);
		to->more |= to->asked & ~from->asked ? true : false;
	}
	to->asked |= from->asked;
	for (size_t i = 0; i < from->values_count; i++)
		recorded_add_values(recording, to, from->values[i].args);
	to->more |= from->more;
	to->count += from->count;
	to->runtime += from->runtime;
	to->refused += from->refused;
	for (size_t i = 0; i < from->by_count; i++)
		recorded_add_by(to, from->by[i]);
}

int recording_merge(struct recording *recording, const struct recording *other,
		    struct hr_error *err)
{
	if (strcmp(recording->arch, other->arch) != 0)
		return hr_fail(err, HR_POLICY,
			       "one recording was made on %s and another on %s; merge those of one "
			       "architecture",
			       recording->arch, other->arch);
	for (const struct recorded_call *call = other->first; call; call = call->next)
		merge_call(recording, call);
	recording->failed |= other->failed;
	recording->complete &= other->complete;
	if (recording->failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	return 0;
}
