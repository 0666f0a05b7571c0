/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy asks of an image, as the request brings it. Owns all that it holds. Described in
 * hardrun-policy(5), section images.
 */
#ifndef HR_IMAGE_REQUIREMENT_H
#define HR_IMAGE_REQUIREMENT_H

#include "image/key.h"
#include "image/reference.h"
#include "json/json.h"

enum requirement_match {
	MATCH_REPOSITORY, /* the signature names the image's repository */
	MATCH_EXACT,	  /* and its tag, where either has one */
	MATCH_NONE,	  /* it may name none or another */
	MATCHES
};

struct requirement_entry {
	const struct json *json; /* as it stands in the request: scopes, annotations, allow, deny,
				    snapshotters, sources */
	struct image_key *keys[32];
	size_t key_count;
	bool cosign, bundle; /* formats */
	enum requirement_match match;
};

struct requirement {
	const char *name; /* of the requirement in the policy */
	struct requirement_entry *entries;
	size_t count;
};

/* `json` is the request's member "require"; it has to outlive *ret. Error: HR_POLICY (a key),
 * HR_SPEC (the request's form), HR_SYSTEM. */
int requirement_read(const struct json *json, struct requirement **ret, struct hr_error *err);
void requirement_free(struct requirement *requirement);

/* The entry with the most particular scope that covers the name; NULL when none does.
 * ret_scope: that scope. Of two that are equal the first one. */
const struct requirement_entry *requirement_find(const struct requirement *requirement,
						 const struct reference *name,
						 const char **ret_scope);

/* True if a list of the entry ("allow", "deny", "snapshotters", "sources") holds the text. */
bool requirement_lists(const struct requirement_entry *entry, const char *list, const char *text);

#endif
