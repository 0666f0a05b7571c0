/* SPDX-License-Identifier: Apache-2.0 */
/* The form of the section images. */
#include "base/text.h"
#include "policy/policy_private.h"

#include <string.h>

#define KEYS_MAX    32	/* of one entry */
#define ENTRIES_MAX 256 /* of all requirements */
#define NAME_BYTES  64
#define LOWER	    "abcdefghijklmnopqrstuvwxyz"
#define DIGITS	    "0123456789"
#define LETTERS	    LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char *const entry_keys[] = {
	"scopes", "keys", "formats",	  "reference", "annotations",
	"allow",  "deny", "snapshotters", "sources",   NULL,
};
static const char *const formats[] = {"cosign", "bundle", NULL};
static const char *const references[] = {"repository", "exact", "none", NULL};
static const char *const sources[] = {"containerd", "layout", "umoci", "descriptor", NULL};

/* Checks one string of a list. */
typedef int (*item_fn)(const struct json *item, struct hr_error *err);

static int check_list(struct policy *policy, const struct json *list, bool may_be_empty,
		      item_fn check, struct hr_error *err)
{
	if (list->type != JSON_ARRAY)
		return policy_fail(list, err, "%s must be a list of strings", list->key);
	if (!list->first && !may_be_empty)
		return policy_fail(list, err,
				   "an empty list of %s accepts nothing; leave it out for the "
				   "default, or name some",
				   list->key);
	json_each(item, list) {
		if (item->type != JSON_STRING)
			return policy_fail(item, err, "%s holds strings only", list->key);
		if (strlen(item->text) != item->len)
			return policy_fail(item, err, "%s holds a NUL", list->key);
		if (check(item, err) < 0 && policy_mistake(policy, err) < 0)
			return -1;
	}
	return 0;
}

/* One of some words. */
static int check_word(const struct json *word, const char *const *words, const char *what,
		      struct hr_error *err)
{
	text_auto struct text all = {0};
	char shown[TEXT_SHOWN_SIZE];
	const char *near;

	if (text_in(word->text, words))
		return 0;
	near = policy_nearest(word->text, words);
	for (size_t i = 0; words[i]; i++)
		text_addf(&all, "%s\"%s\"", i ? ", " : "", words[i]);
	return policy_fail(word, err, "\"%s\" is none of the %s%s%s%sthere are: %s",
			   text_shown_z(word->text, shown), what, near ? "; did you mean \"" : "",
			   near ? near : "", near ? "\"? " : "; ", all.failed ? "" : all.data);
}

static int check_format(const struct json *item, struct hr_error *err)
{
	return check_word(item, formats, "formats", err);
}

static int check_source(const struct json *item, struct hr_error *err)
{
	return check_word(item, sources, "sources", err);
}

static int check_snapshotter(const struct json *item, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (item->len > 0 && item->len <= NAME_BYTES &&
	    strspn(item->text, LETTERS DIGITS "._-") == item->len)
		return 0;
	return policy_fail(item, err, "\"%s\" is no name of a snapshotter",
			   text_shown_z(item->text, shown));
}

/* --- Digests ---------------------------------------------------------------------------------- */

static const char *digest_problem(const char *text)
{
	const char *hex = text + strlen("sha256:");

	if (strchr(text, '@'))
		return "write the digest alone, as it stands behind the @";
	if (!text_starts(text, "sha256:"))
		return "a digest is sha256: and 64 hexadecimal digits";
	if (strlen(hex) != 64)
		return "a digest has 64 hexadecimal digits behind sha256:";
	return strspn(hex, DIGITS "abcdef") == 64
		       ? NULL
		       : "a digest has lower-case hexadecimal digits behind sha256:";
}

static int check_digest(const struct json *item, struct hr_error *err)
{
	const char *problem = digest_problem(item->text);
	char shown[TEXT_SHOWN_SIZE];

	return problem ? policy_fail(item, err, "\"%s\": %s", text_shown_z(item->text, shown),
				     problem)
		       : 0;
}

/* --- Scopes and keys ---------------------------------------------------------------------------
 */

static int check_scope(const struct json *item, struct hr_error *err)
{
	const char *problem = policy_scope_problem(item->text);
	char shown[TEXT_SHOWN_SIZE], *star = shown;

	if (!problem)
		return 0;
	/* A star is no secret here. */
	text_shown_z(item->text, shown);
	while ((star = strstr(star, "\\x2A"))) {
		*star = '*';
		memmove(star + 1, star + 4, strlen(star + 4) + 1);
	}
	return policy_fail(item, err, "\"%s\": %s", shown, problem);
}

/* What is wrong with the name of a key, as a clause. */
static const char *key_problem(const struct json *key)
{
	const char *text = key->text;

	if (strstr(text, "-----BEGIN"))
		return "put the key into a file, and its name here";
	if (text[0] == '/')
		return text_goes_up(text) || text_ends(text, "/") || key->len > 1000
			       ? "is no plain path"
			       : NULL;
	return key->len == 0 || text[0] == '.' || key->len > 255 || strchr(text, '/')
		       ? "a key is an absolute path, or the name of a file in the directory keys "
			 "beside the policy"
		       : NULL;
}

bool policy_key_sound(const struct json *key)
{
	return key->type == JSON_STRING && strlen(key->text) == key->len && !key_problem(key);
}

static int check_key(const struct json *item, struct hr_error *err)
{
	const char *problem = key_problem(item);
	char shown[TEXT_SHOWN_SIZE];

	return problem ? policy_fail(item, err, "\"%s\": %s", text_shown_z(item->text, shown),
				     problem)
		       : 0;
}

static int check_keys(struct policy *policy, const struct json *keys, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (check_list(policy, keys, true, check_key, err) < 0)
		return -1;
	if (json_count(keys) > KEYS_MAX)
		return policy_fail(keys, err, "more than %d keys", KEYS_MAX);
	json_each(key, keys)
		for (const struct json *other = key->prev; other; other = other->prev)
			if (strcmp(key->text, other->text) == 0)
				return policy_fail(key, err, "key \"%s\" stands there twice",
						   text_shown_z(key->text, shown));
	return 0;
}

/* --- Entries ---------------------------------------------------------------------------------- */

static int check_reference(const struct json *word, struct hr_error *err)
{
	if (word->type != JSON_STRING)
		return policy_fail(word, err,
				   "reference must be \"repository\", \"exact\" or \"none\"");
	return check_word(word, references, "words for reference", err);
}

static int check_annotations(const struct json *annotations, struct hr_error *err)
{
	if (annotations->type != JSON_OBJECT)
		return policy_fail(annotations, err,
				   "annotations must be an object: name -> string");
	json_each(value, annotations)
		if (value->type != JSON_STRING || strlen(value->text) != value->len)
			return policy_fail(value, err, "annotations holds strings only");
	return 0;
}

static int check_member(struct policy *policy, const struct json *member, struct hr_error *err)
{
	const char *key = member->key;

	if (strcmp(key, "scopes") == 0)
		return check_list(policy, member, false, check_scope, err);
	if (strcmp(key, "keys") == 0)
		return check_keys(policy, member, err);
	if (strcmp(key, "formats") == 0)
		return check_list(policy, member, false, check_format, err);
	if (strcmp(key, "reference") == 0)
		return check_reference(member, err);
	if (strcmp(key, "annotations") == 0)
		return check_annotations(member, err);
	if (strcmp(key, "snapshotters") == 0)
		return check_list(policy, member, false, check_snapshotter, err);
	if (strcmp(key, "sources") == 0)
		return check_list(policy, member, false, check_source, err);
	return check_list(policy, member, true, check_digest, err);
}

static int check_whole(const struct json *entry, struct hr_error *err)
{
	if (!json_get(entry, "scopes"))
		return policy_fail(entry, err,
				   "an entry needs \"scopes\": the repositories that it is for, "
				   "such as [\"registry.example/pay/*\"], or [\"*\"] for all");
	if (json_count(json_get(entry, "keys")) + json_count(json_get(entry, "allow")) == 0)
		return policy_fail(entry, err,
				   "this entry accepts no image: add \"keys\" (files of public "
				   "keys) or \"allow\" (digests)");
	return 0;
}

static int check_entry(struct policy *policy, const struct json *entry, struct hr_error *err)
{
	if (entry->type != JSON_OBJECT) {
		policy_fail(entry, err, "must be an entry (an object), or a list of entries");
		return policy_mistake(policy, err);
	}
	if (policy_known_keys(policy, entry, entry_keys, "an entry of images", err) < 0)
		return -1;
	json_each(member, entry)
		if (text_in(member->key, entry_keys) && check_member(policy, member, err) < 0 &&
		    policy_mistake(policy, err) < 0)
			return -1;
	return check_whole(entry, err) < 0 ? policy_mistake(policy, err) : 0;
}

static int check_name(const struct policy *policy, const struct json *named, struct hr_error *err)
{
	const struct json *old = json_get(policy->images, named->key);
	char shown[TEXT_SHOWN_SIZE];
	unsigned line, column;

	text_shown_z(named->key, shown);
	if (named->key_len == 0 || named->key_len > NAME_BYTES || named->key[0] == '.' ||
	    strspn(named->key, LETTERS DIGITS "._-") != named->key_len ||
	    strcmp(named->key, "none") == 0)
		return policy_fail(named, err,
				   "\"%s\" cannot be required: a name has up to %d letters, "
				   "digits, '.', '_' and '-', and is not \"none\"",
				   shown, NAME_BYTES);
	if (!old)
		return 0;
	json_where(old, &line, &column);
	return policy_fail(named, err,
			   "images has \"%s\" already (%s:%u:%u); put all its entries there", shown,
			   json_name(old->doc), line, column);
}

static size_t count_entries(const struct policy *policy)
{
	size_t count = 0;

	json_each(named, policy->images)
		count += json_count(named);
	return count;
}

/* Take in the entries of a name, one or a list of them. */
static int add_named(struct policy *policy, const struct json *named, struct hr_error *err)
{
	bool several = named->type == JSON_ARRAY;
	const struct json *entry = several ? named->first : named;
	struct json *list;

	if (check_name(policy, named, err) < 0)
		return policy_mistake(policy, err);
	list = json_put(policy->merged, policy->images, named->key, json_new_array(policy->merged));
	if (!list)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	list->doc = named->doc;
	list->offset = named->offset;
	if (!entry) {
		policy_fail(named, err, "an empty list accepts no image; add an entry");
		return policy_mistake(policy, err);
	}
	for (; entry; entry = several ? entry->next : NULL) {
		if (check_entry(policy, entry, err) < 0)
			return -1;
		if (!json_append(list, json_clone(policy->merged, entry)))
			return hr_fail(err, HR_SYSTEM, "out of memory");
	}
	return 0;
}

/* The section, null too: that must not stand for nothing required. */
static const struct json *section_of(const struct json *root)
{
	json_each(section, root)
		if (strcmp(section->key, "images") == 0)
			return section;
	return NULL;
}

int policy_add_images(struct policy *policy, const struct json *root, struct hr_error *err)
{
	const struct json *images = section_of(root);

	if (!images)
		return 0;
	if (images->type != JSON_OBJECT || !images->first) {
		policy_fail(images, err,
			    "images must be an object: name -> entry or list of entries");
		return policy_mistake(policy, err);
	}
	if (!policy->images)
		policy->images = json_new_object(policy->merged);
	if (!policy->images)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	json_each(named, images)
		if (add_named(policy, named, err) < 0)
			return -1;
	if (count_entries(policy) <= ENTRIES_MAX)
		return 0;
	policy_fail(images, err, "images has more than %d entries", ENTRIES_MAX);
	return policy_mistake(policy, err);
}
