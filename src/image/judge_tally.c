/* SPDX-License-Identifier: Apache-2.0 */
#include "image/judge_private.h"

#include <stdio.h>
#include <string.h>

#define KEYS_SHOWN 6

void signature_of_store(const struct requirement_entry *entry,
			const struct signature_subject *subject,
			const struct store_signature *signature, struct signature_verdict *ret)
{
	if (signature->kind == STORE_COSIGN)
		signature_simple(entry, subject, signature->payload, signature->payload_len,
				 signature->signature, signature->signature_len, ret);
	else
		signature_bundle(entry, subject, signature->bundle, signature->bundle_len, ret);
}

bool tally_new(struct tally *tally, const char *digest)
{
	for (size_t i = 0; i < tally->seen_count; i++)
		if (strcmp(tally->seen[i], digest) == 0)
			return false;
	if (tally->seen_count < TALLY_SEEN_MAX)
		memcpy(tally->seen[tally->seen_count++], digest, IMAGE_DIGEST_SIZE);
	return true;
}

static void add_group(struct tally *tally, bool other_key, const char *why)
{
	struct tally_group *group;

	tally->total++;
	for (size_t i = 0; i < tally->group_count; i++)
		if (strcmp(tally->groups[i].why, why) == 0) {
			tally->groups[i].count++;
			return;
		}
	if (tally->group_count == TALLY_GROUPS_MAX) {
		tally->more++;
		return;
	}
	group = &tally->groups[tally->group_count++];
	group->other_key = other_key;
	group->count = 1;
	snprintf(group->why, sizeof(group->why), "%s", why);
}

/* The last component of a key's name. */
static const char *short_name(const struct image_key *key, char buf[TEXT_SHOWN_SIZE])
{
	const char *name = image_key_name(key), *slash = strrchr(name, '/');

	return text_shown_z(slash && slash[1] ? slash + 1 : name, buf);
}

/* A key of another entry made it: the image may be meant for another scope. */
static bool add_elsewhere(struct tally *tally, const struct requirement *requirement,
			  const struct requirement_entry *entry,
			  const struct signature_subject *subject,
			  const struct store_signature *signature, size_t *budget)
{
	char name[TEXT_SHOWN_SIZE], why[sizeof(tally->groups[0].why)];

	for (size_t i = 0; i < requirement->count; i++) {
		const struct requirement_entry *other = &requirement->entries[i];
		struct signature_verdict verdict;

		if (other == entry || other->key_count > *budget)
			continue;
		*budget -= other->key_count;
		signature_of_store(other, subject, signature, &verdict);
		if (!verdict.key)
			continue;
		snprintf(why, sizeof(why), "by %s, a key for the scope %.64s",
			 short_name(verdict.key, name),
			 json_get(other->json, "scopes")->first->text);
		add_group(tally, false, why);
		return true;
	}
	return false;
}

void tally_add(struct tally *tally, const struct requirement *requirement,
	       const struct requirement_entry *entry, const struct signature_subject *subject,
	       const struct store_signature *signature, const struct signature_verdict *verdict,
	       size_t *budget)
{
	bool other_key = verdict->result == SIGNATURE_OTHER_KEY;

	if (other_key && add_elsewhere(tally, requirement, entry, subject, signature, budget))
		return;
	add_group(tally, other_key, verdict->why);
}

static void group_text(const struct tally_group *group, bool first, struct text *ret)
{
	text_addf(ret, "%s%zu %s", first ? "" : ", ", group->count,
		  !first	     ? ""
		  : group->count > 1 ? "signatures "
				     : "signature ");
	text_adds(ret, group->other_key && group->count > 1 ? "by other keys" : group->why);
}

void tally_text(const struct tally *tally, bool store, struct text *ret)
{
	bool first = true;

	if (tally->unreadable[0])
		text_addf(ret, "the store cannot be read: %s", tally->unreadable);
	else if (tally->total == 0)
		text_adds(ret, store ? "no signature in the store"
				     : "no signature in the store, for there is no store");
	/* Those of strangers first: the others say more, and are read last. */
	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < tally->group_count; i++) {
			if (tally->groups[i].other_key != (turn == 0))
				continue;
			group_text(&tally->groups[i], first, ret);
			first = false;
		}
	if (tally->more > 0)
		text_addf(ret, ", and %zu more", tally->more);
	if (tally->unread > 0)
		text_addf(ret, ", %zu files there that are no signatures", tally->unread);
}

void keys_text(const struct requirement_entry *entry, struct text *ret)
{
	char shown[TEXT_SHOWN_SIZE];

	for (size_t i = 0; i < entry->key_count && i < KEYS_SHOWN; i++)
		text_addf(ret, "%s%s", i > 0 ? ", " : "", short_name(entry->keys[i], shown));
	if (entry->key_count > KEYS_SHOWN)
		text_addf(ret, " and %zu more", entry->key_count - KEYS_SHOWN);
}
