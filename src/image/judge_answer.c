/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, and the texts of refusals: what was wrong, and what to do. */
#include "image/judge.h"

#include "image/judge_private.h"

#include <string.h>

#define ALL "*"

/* The texts are made of clauses; what grew too long is cut. */
static bool put_text(struct json_doc *doc, struct json *answer, const char *key, const char *text)
{
	return !text || json_put_string(doc, answer, key, text);
}

int judge_refuse(struct json_doc *doc, struct json *answer, const char *code, const char *why,
		 const char *remedy, struct hr_error *err)
{
	if (json_put(doc, answer, "accepted", json_new_bool(doc, false)) &&
	    json_put_string(doc, answer, "code", code) && put_text(doc, answer, "why", why) &&
	    put_text(doc, answer, "remedy", remedy))
		return 0;
	return hr_fail(err, HR_SYSTEM, "out of memory");
}

static bool refuse(struct judging *self, const char *code, const struct text *why,
		   const struct text *remedy)
{
	return !why->failed && !remedy->failed &&
	       judge_refuse(self->doc, self->answer, code, why->data, remedy->data, NULL) == 0;
}

static bool put_candidate(struct judging *self, const struct candidate *candidate, const char *of)
{
	const char *index = candidate->index_count > 0 ? candidate->indexes[0].digest : NULL;

	for (size_t i = 0; of && i < candidate->index_count; i++)
		if (strcmp(candidate->indexes[i].digest, of) == 0)
			index = candidate->indexes[i].digest;
	return put_text(self->doc, self->answer, "digest", candidate->manifest.digest) &&
	       put_text(self->doc, self->answer, "index", index) &&
	       put_text(self->doc, self->answer, "config",
			candidate->config[0] ? candidate->config : NULL);
}

bool judging_accept(struct judging *self)
{
	const struct proof *proof = &self->proof;
	struct json_doc *doc = self->doc;
	struct json *by;

	if (!json_put(doc, self->answer, "accepted", json_new_bool(doc, true)) ||
	    !json_put_string(doc, self->answer, "code", "accepted") ||
	    !put_candidate(self, proof->candidate, proof->of))
		return false;
	by = json_put(doc, self->answer, "by", json_new_object(doc));
	if (!json_put_string(doc, by, "how", proof->listed ? "digest" : "signature") ||
	    !put_text(doc, by, "format", proof->format) ||
	    (proof->key && (!json_put_string(doc, by, "key", image_key_name(proof->key)) ||
			    !json_put_string(doc, by, "key_id", image_key_id(proof->key)) ||
			    !json_put_string(doc, by, "key_type", image_key_type(proof->key)))))
		return false;
	return json_put_string(doc, by, "of", proof->of) &&
	       json_put_string(doc, by, "scope", proof->scope);
}

/* Where the administrator finds the entry: images.NAME, or by its scope, which is sound and so of
 * plain characters. */
static void entry_text(const struct judging *self, const struct question *question,
		       struct text *ret)
{
	char shown[TEXT_SHOWN_SIZE];

	if (strcmp(self->requirement->name, ALL) != 0)
		text_addf(ret, "images.%s", text_shown_z(self->requirement->name, shown));
	else
		text_addf(ret, "the entry of images with the scope %s", question->scope);
}

bool judging_refuse_denied(struct judging *self, const char *digest,
			   const struct candidate *candidate)
{
	text_auto struct text why = {0}, remedy = {0};

	text_addf(&why, "%s is on a list \"deny\" of the policy's section images", digest);
	text_adds(&remedy, "run another image; what is denied is so whoever signed it");
	return put_candidate(self, candidate, digest) && refuse(self, "denied", &why, &remedy);
}

bool judging_refuse_scope(struct judging *self, const char *name, bool sound)
{
	text_auto struct text why = {0}, remedy = {0};
	char shown[TEXT_SHOWN_SIZE], of[TEXT_SHOWN_SIZE];
	bool all = strcmp(self->requirement->name, ALL) == 0;

	text_shown_z(all ? "images" : self->requirement->name, of);
	if (name && !sound)
		text_addf(&why, "%s is no name of an image", text_shown_z(name, shown));
	else if (name)
		text_addf(&why, "no scope of %s covers %s", of, text_shown_z(name, shown));
	else
		text_addf(&why, "the image has no name, and no scope of %s is *", of);
	text_addf(&remedy,
		  "add its repository to the scopes of an entry of images%s%s, or run an "
		  "image that one of them covers; or, where the pod asked for another name, remove "
		  "this one from the node (ctr images rm)",
		  all ? "" : ".", all ? "" : of);
	return put_candidate(self, &self->binding->candidates[0], NULL) &&
	       refuse(self, "scope", &why, &remedy);
}

bool judging_refuse_origin(struct judging *self, const struct question *question, const char *list,
			   const char *what, const char *value)
{
	text_auto struct text why = {0}, remedy = {0};
	char shown[TEXT_SHOWN_SIZE];

	text_shown_z(value, shown);
	text_addf(&why, "%s %s is not one that ", what, shown);
	entry_text(self, question, &why);
	text_adds(&why, " takes");
	text_addf(&remedy, "add it to \"%s\" of ", list);
	entry_text(self, question, &remedy);
	text_addf(&remedy, " if it ties what runs to the image as well as the others do");
	return put_candidate(self, &self->binding->candidates[0], NULL) &&
	       refuse(self, "unbound", &why, &remedy);
}

bool judging_refuse_unsigned(struct judging *self, const struct question *question,
			     const struct candidate *candidate)
{
	text_auto struct text why = {0}, found = {0}, remedy = {0};
	char shown[TEXT_SHOWN_SIZE];
	const char *name = self->requirement->name;

	if (question->entry->key_count == 0)
		text_addf(&why, "there are no keys for the scope %s, and its digest is not allowed",
			  question->scope);
	else if (strcmp(name, ALL) != 0)
		text_addf(&why, "not signed by any key of %s (", text_shown_z(name, shown));
	else
		text_addf(&why, "not signed by any key for the scope %s (", question->scope);
	if (question->entry->key_count > 0) {
		keys_text(question->entry, &why);
		text_adds(&why, ")");
	}
	tally_text(&self->tally, self->store_fd >= 0, &found);
	text_adds(&remedy,
		  "bring its signature to this node: hardrun image add DIR (with the index, "
		  "if that is what is signed); if it has none by these keys, sign it; or list ");
	text_addf(&remedy, "%s in ", candidate->manifest.digest);
	if (strcmp(name, ALL) == 0)
		text_adds(&remedy, "\"allow\" of ");
	entry_text(self, question, &remedy);
	if (strcmp(name, ALL) != 0)
		text_adds(&remedy, ".allow");
	return !found.failed && put_candidate(self, candidate, NULL) &&
	       put_text(self->doc, self->answer, "found", found.data) &&
	       refuse(self, "unsigned", &why, &remedy);
}
