/* SPDX-License-Identifier: Apache-2.0 */
#include "image/requirement.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "image/limits.h"

#include <stdlib.h>
#include <string.h>

/* The request's own form is an error of HR_SPEC: hardrun wrote it. A key is the administrator's. */

static const char *const members[] = {"scopes", "keys", "formats",	"reference", "annotations",
				      "allow",	"deny", "snapshotters", "sources",   NULL};
static const char *const key_members[] = {"name", "pem", NULL};
static const char *const matches[MATCHES + 1] = {"repository", "exact", "none", NULL};
static const char *const formats[] = {"cosign", "bundle", NULL};

/* What stands for a list that an entry has not. */
static const char *const default_snapshotters[] = {"overlayfs", "native", NULL};
static const char *const default_sources[] = {"containerd", "layout", "descriptor", NULL};

static int malformed(struct hr_error *err, const char *what)
{
	return hr_fail(err, HR_SPEC, "the request's requirement: %s", what);
}

static int check_members(const struct json *object, const char *const *known, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	json_each(member, object)
		if (!text_in(member->key, known))
			return hr_fail(err, HR_SPEC,
				       "the request's requirement: an unknown member %s",
				       text_shown_z(member->key, shown));
	return 0;
}

/* A list of strings that all are as they should be, or none. */
static int check_list(const struct json *json, const char *name, bool (*sound)(const char *text),
		      struct hr_error *err)
{
	const struct json *list = json_get(json, name);

	if (list && list->type != JSON_ARRAY)
		return malformed(err, "a list is none");
	json_each(item, list)
		if (item->type != JSON_STRING || (sound && !sound(item->text)))
			return hr_fail(err, HR_SPEC,
				       "the request's requirement: %s holds what is "
				       "none",
				       name);
	return 0;
}

static bool format_sound(const char *text)
{
	return text_in(text, formats);
}

static int check_annotations(const struct json *annotations, struct hr_error *err)
{
	if (annotations && annotations->type != JSON_OBJECT)
		return malformed(err, "annotations are no object");
	json_each(item, annotations)
		if (item->type != JSON_STRING)
			return malformed(err, "an annotation is no string");
	return 0;
}

static int read_match(const struct json *json, enum requirement_match *ret, struct hr_error *err)
{
	const struct json *value = json_get(json, "reference");

	*ret = MATCH_REPOSITORY;
	if (!value)
		return 0;
	for (size_t i = 0; i < MATCHES; i++)
		if (value->type == JSON_STRING && strcmp(value->text, matches[i]) == 0) {
			*ret = (enum requirement_match)i;
			return 0;
		}
	return malformed(err, "reference is none of repository, exact, none");
}

static int read_keys(const struct json *keys, struct requirement_entry *entry, struct hr_error *err)
{
	if (keys && keys->type != JSON_ARRAY)
		return malformed(err, "keys are no list");
	if (json_count(keys) > hr_count(entry->keys))
		return malformed(err, "more than 32 keys in an entry");
	json_each(key, keys) {
		const char *name = json_string(key, "name"), *pem = json_string(key, "pem");

		if (!name || !pem || check_members(key, key_members, err) < 0)
			return malformed(err, "a key has no name and pem");
		if (image_key_read(name, pem, strlen(pem), &entry->keys[entry->key_count], err) < 0)
			return -1;
		entry->key_count++;
	}
	return 0;
}

static int read_entry(const struct json *json, struct requirement_entry *entry,
		      struct hr_error *err)
{
	const struct json *list = json_get(json, "formats");

	entry->json = json;
	if (json->type != JSON_OBJECT)
		return malformed(err, "an entry is no object");
	if (check_members(json, members, err) < 0 ||
	    check_list(json, "scopes", reference_pattern_sound, err) < 0 ||
	    check_list(json, "formats", format_sound, err) < 0 ||
	    check_list(json, "allow", image_digest_sound, err) < 0 ||
	    check_list(json, "deny", image_digest_sound, err) < 0 ||
	    check_list(json, "snapshotters", NULL, err) < 0 ||
	    check_list(json, "sources", NULL, err) < 0 ||
	    check_annotations(json_get(json, "annotations"), err) < 0 ||
	    read_match(json, &entry->match, err) < 0)
		return -1;
	if (json_count(json_get(json, "scopes")) == 0)
		return malformed(err, "an entry has no scopes");
	entry->cosign = !list || json_has_string(list, "cosign");
	entry->bundle = !list || json_has_string(list, "bundle");
	return read_keys(json_get(json, "keys"), entry, err);
}

static int read_entries(const struct json *list, struct requirement *requirement,
			struct hr_error *err)
{
	if (!list || list->type != JSON_ARRAY)
		return malformed(err, "there are no entries");
	if (json_count(list) > IMAGE_ENTRIES_MAX)
		return malformed(err, "more than 256 entries");
	requirement->entries = calloc(json_count(list) + 1, sizeof(*requirement->entries));
	if (!requirement->entries)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_each(json, list) {
		/* Counted before it is read: what it has so far is freed. */
		struct requirement_entry *entry = &requirement->entries[requirement->count++];

		if (read_entry(json, entry, err) < 0)
			return -1;
	}
	return 0;
}

int requirement_read(const struct json *json, struct requirement **ret, struct hr_error *err)
{
	static const char *const known[] = {"name", "entries", NULL};
	struct requirement *requirement = calloc(1, sizeof(*requirement));

	if (!requirement)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	requirement->name = json_string(json, "name");
	if (!requirement->name || check_members(json, known, err) < 0 ||
	    read_entries(json_get(json, "entries"), requirement, err) < 0) {
		requirement_free(requirement);
		return malformed(err, "it has no name");
	}
	*ret = requirement;
	return 0;
}

void requirement_free(struct requirement *requirement)
{
	if (!requirement)
		return;
	for (size_t i = 0; i < requirement->count; i++)
		for (size_t k = 0; k < requirement->entries[i].key_count; k++)
			image_key_free(requirement->entries[i].keys[k]);
	free(requirement->entries);
	free(requirement);
}

/* How particular the entry is for the name (0 for "*"), and by which scope; false: it is not for
 * it. No name (NULL) is covered by "*" alone. */
static bool covers(const struct requirement_entry *entry, const struct reference *name,
		   size_t *ret_len, const char **ret_scope)
{
	bool found = false;

	json_each(scope, json_get(entry->json, "scopes")) {
		size_t len = 0;

		if (strcmp(scope->text, "*") != 0 &&
		    (!name || !reference_matches(scope->text, name, &len)))
			continue;
		if (found && len <= *ret_len)
			continue;
		found = true;
		*ret_len = len;
		*ret_scope = scope->text;
	}
	return found;
}

const struct requirement_entry *requirement_find(const struct requirement *requirement,
						 const struct reference *name,
						 const char **ret_scope)
{
	const struct requirement_entry *best = NULL;
	size_t best_len = 0;

	for (size_t i = 0; i < requirement->count; i++) {
		const struct requirement_entry *entry = &requirement->entries[i];
		const char *scope = NULL;
		size_t len = 0;

		if (!covers(entry, name, &len, &scope) || (best && len <= best_len))
			continue;
		best = entry;
		best_len = len;
		*ret_scope = scope;
	}
	return best;
}

bool requirement_lists(const struct requirement_entry *entry, const char *list, const char *text)
{
	const struct json *given = json_get(entry->json, list);

	if (given)
		return json_has_string(given, text);
	if (strcmp(list, "snapshotters") == 0)
		return text_in(text, default_snapshotters);
	return strcmp(list, "sources") == 0 && text_in(text, default_sources);
}
