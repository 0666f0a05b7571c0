/* SPDX-License-Identifier: Apache-2.0 */
#include "image/judge.h"

#include "image/judge_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELSEWHERE_MAX	  ((size_t)128) /* keys of other entries that are tried, for a message */
#define MEMORY(condition) ((condition) ? 0 : -1)

/* --- Names ---------------------------------------------------------------------------------- */

/* True if what is signed for one of the names is signed for the other. */
static bool same_question(const struct question *a, const struct question *b)
{
	if (a->entry != b->entry)
		return false;
	if (a->entry->match == MATCH_NONE)
		return true;
	return strcmp(a->name.repository, b->name.repository) == 0 &&
	       (a->entry->match != MATCH_EXACT || strcmp(a->name.tag, b->name.tag) == 0);
}

/* 1: added; 0: refused, and the answer is written; -1: memory. */
static int add_question(struct judging *self, const char *name)
{
	struct question question = {.named = name != NULL};

	if (name && !reference_read(name, &question.name))
		return MEMORY(judging_refuse_scope(self, name, false));
	question.entry =
		requirement_find(self->requirement, name ? &question.name : NULL, &question.scope);
	if (!question.entry)
		return MEMORY(judging_refuse_scope(self, name, true));
	for (size_t i = 0; i < self->question_count; i++)
		if (same_question(&self->questions[i], &question))
			return 1;
	self->questions[self->question_count++] = question;
	return 1;
}

static int add_questions(struct judging *self)
{
	const struct binding *binding = self->binding;
	int result = 1;

	if (binding->name_count == 0)
		return add_question(self, NULL);
	for (size_t i = 0; i < binding->name_count && result == 1; i++)
		result = add_question(self, binding->names[i]);
	return result;
}

/* --- Where it comes from -------------------------------------------------------------------- */

/* As add_question. */
static int check_origin(struct judging *self, const struct question *question)
{
	const struct binding *binding = self->binding;
	const char *source = binding->source ? binding->source : "";
	const char *snapshotter = binding->snapshotter;

	if (!requirement_lists(question->entry, "sources", source))
		return MEMORY(
			judging_refuse_origin(self, question, "sources", "the source", source));
	if (!snapshotter && strcmp(source, "containerd") == 0)
		snapshotter = "";
	if (snapshotter && !requirement_lists(question->entry, "snapshotters", snapshotter))
		return MEMORY(judging_refuse_origin(self, question, "snapshotters",
						    "the snapshotter", snapshotter));
	return 1;
}

/* --- Signatures ----------------------------------------------------------------------------- */

/* True if a signature in the store fulfils the question for this manifest or index. */
static bool blob_signed(struct judging *self, const struct question *question,
			const struct blob *blob, struct proof *ret)
{
	const struct signature_subject subject = {
		.digest = blob->digest,
		.bytes = blob->bytes,
		.len = blob->len,
		.name = question->named ? &question->name : NULL,
	};
	struct store_signatures signatures = {0};
	struct hr_error why = {0};
	bool good = false;

	if (!tally_new(&self->tally, blob->digest))
		return false;
	if (store_signatures(self->store_fd, blob->digest, &signatures, &why) < 0) {
		snprintf(self->tally.unreadable, sizeof(self->tally.unreadable), "%.255s", why.msg);
		return false;
	}
	self->tally.unread += signatures.unread;
	for (size_t i = 0; i < signatures.count && !good; i++) {
		struct signature_verdict verdict;

		signature_of_store(question->entry, &subject, &signatures.list[i], &verdict);
		good = verdict.result == SIGNATURE_GOOD;
		if (good)
			*ret = (struct proof){.of = blob->digest,
					      .format = verdict.format,
					      .key = verdict.key,
					      .scope = question->scope};
		else
			tally_add(&self->tally, self->requirement, question->entry, &subject,
				  &signatures.list[i], &verdict, &self->budget);
	}
	store_signatures_done(&signatures);
	return good;
}

static bool candidate_good(struct judging *self, const struct question *question,
			   const struct candidate *candidate, struct proof *ret)
{
	const char *digest = judging_listed(question->entry, "allow", candidate);
	bool good = digest != NULL;

	if (good)
		*ret = (struct proof){.of = digest, .listed = true, .scope = question->scope};
	else
		good = blob_signed(self, question, &candidate->manifest, ret);
	/* An index that is not at hand lists nothing. */
	for (size_t i = 0; i < candidate->index_count && !good; i++)
		good = candidate->indexes[i].bytes &&
		       blob_signed(self, question, &candidate->indexes[i], ret);
	ret->candidate = candidate;
	return good;
}

/* One of them is enough when they are of one configuration, and so the same container. */
static bool same_group(const struct binding *binding, size_t a, size_t b)
{
	const char *config = binding->candidates[a].config;

	return binding->config_known || a == b ||
	       (config[0] && strcmp(config, binding->candidates[b].config) == 0);
}

/* The candidate is the first of its group. */
static bool leads(const struct binding *binding, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_group(binding, k, i))
			return false;
	return true;
}

/* As add_question. */
static int judge_question(struct judging *self, const struct question *question)
{
	const struct binding *binding = self->binding;

	for (size_t i = 0; i < binding->count; i++) {
		struct proof proof = {0};
		bool good = false;

		if (!leads(binding, i))
			continue;
		self->tally = (struct tally){0};
		for (size_t k = i; k < binding->count && !good; k++)
			good = same_group(binding, i, k) &&
			       candidate_good(self, question, &binding->candidates[k], &proof);
		if (!good)
			return MEMORY(
				judging_refuse_unsigned(self, question, &binding->candidates[i]));
		if (!self->proof.of)
			self->proof = proof;
	}
	return 1;
}

static int judge_all(struct judging *self)
{
	const struct candidate *candidate = NULL;
	const char *denied = judging_denied(self, &candidate);
	int result;

	if (denied)
		return MEMORY(judging_refuse_denied(self, denied, candidate));
	result = add_questions(self);
	for (size_t i = 0; i < self->question_count && result == 1; i++)
		result = check_origin(self, &self->questions[i]);
	for (size_t i = 0; i < self->question_count && result == 1; i++)
		result = judge_question(self, &self->questions[i]);
	return result == 1 ? MEMORY(judging_accept(self)) : result;
}

int judge(const struct requirement *requirement, const struct binding *binding, int store_fd,
	  struct json_doc *doc, struct json *answer, struct hr_error *err)
{
	struct judging *self;
	int result;

	if (binding->count == 0)
		return judge_refuse(doc, answer, "unbound", "no image is known to be what runs",
				    "pull the image again and create the container anew", err);
	self = calloc(1, sizeof(*self));
	if (!self)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	self->requirement = requirement;
	self->binding = binding;
	self->store_fd = store_fd;
	self->doc = doc;
	self->answer = answer;
	self->budget = ELSEWHERE_MAX;
	result = judge_all(self);
	free(self);
	return result < 0 ? hr_fail(err, HR_SYSTEM, "out of memory") : 0;
}
