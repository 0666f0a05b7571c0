/* SPDX-License-Identifier: Apache-2.0 */
/* Private to image/judge*.c. */
#ifndef HR_IMAGE_JUDGE_PRIVATE_H
#define HR_IMAGE_JUDGE_PRIVATE_H

#include "base/text.h"
#include "image/bind.h"
#include "json/edit.h"
#include "image/signature.h"
#include "image/store.h"

#define TALLY_GROUPS_MAX 6
#define TALLY_SEEN_MAX	 64

/* Signatures that did not do, those of the same kind together. */
struct tally {
	struct tally_group {
		char why[320];
		bool other_key;
		size_t count;
	} groups[TALLY_GROUPS_MAX];
	size_t group_count;
	size_t more;	      /* of which no group is kept */
	size_t total;	      /* signatures */
	size_t unread;	      /* files of the store that are none */
	char unreadable[256]; /* why the store could not be read; "" for it could */
	/* Digests whose signatures are in it. */
	char seen[TALLY_SEEN_MAX][IMAGE_DIGEST_SIZE];
	size_t seen_count;
};

void signature_of_store(const struct requirement_entry *entry,
			const struct signature_subject *subject,
			const struct store_signature *signature, struct signature_verdict *ret);

/* True the first time. */
bool tally_new(struct tally *tally, const char *digest);

/* Add one. A key of another entry that made it is named, as long as *budget lasts (keys). */
void tally_add(struct tally *tally, const struct requirement *requirement,
	       const struct requirement_entry *entry, const struct signature_subject *subject,
	       const struct store_signature *signature, const struct signature_verdict *verdict,
	       size_t *budget);

/* The clause "found" of an answer. */
void tally_text(const struct tally *tally, bool store, struct text *ret);

/* "pay.pub, next.pub": the keys of an entry, the last components of their names. */
void keys_text(const struct requirement_entry *entry, struct text *ret);

/* A name of the image, and what is asked of images of this name. */
struct question {
	struct reference name;
	bool named;
	const struct requirement_entry *entry;
	const char *scope;
};

/* What fulfils an entry. */
struct proof {
	const struct candidate *candidate;
	const char *of; /* the digest that was signed, or is listed */
	bool listed;
	const char *format;
	const struct image_key *key;
	const char *scope;
};

struct judging {
	const struct requirement *requirement;
	const struct binding *binding;
	int store_fd;
	struct json_doc *doc;
	struct json *answer;
	struct question questions[IMAGE_NAMES_MAX];
	size_t question_count;
	struct tally tally;
	size_t budget; /* keys of other entries */
	struct proof proof;
};

/* The first digest of the candidate that is in the list: of its manifest, its indexes, its
 * configuration. */
const char *judging_listed(const struct requirement_entry *entry, const char *list,
			   const struct candidate *candidate);

/* The digest on a list "deny" of any entry that meets one of the candidates (*ret); NULL: none. */
const char *judging_denied(struct judging *self, const struct candidate **ret);

/* Write the answer; false when memory is gone. */
bool judging_accept(struct judging *self);
bool judging_refuse_denied(struct judging *self, const char *digest,
			   const struct candidate *candidate);
/* `name` NULL: there is none; `sound`: it is one of an image. */
bool judging_refuse_scope(struct judging *self, const char *name, bool sound);
/* `value` is not in the entry's `list`; `what` it is. */
bool judging_refuse_origin(struct judging *self, const struct question *question, const char *list,
			   const char *what, const char *value);
bool judging_refuse_unsigned(struct judging *self, const struct question *question,
			     const struct candidate *candidate);

#endif
