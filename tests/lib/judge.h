/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decision over documents and a described machine: what the golden cases and the
 * recorded calls share.
 */
#ifndef HR_TESTS_JUDGE_H
#define HR_TESTS_JUDGE_H

#include "control/control.h"
#include "policy/policy.h"

struct judge {
	struct json_doc *document; /* what came out */
	struct change change;
	struct hr_error err; /* the refusal or the error */
	bool refused;
	char profile[64]; /* that was selected (create only) */
};

struct judge_create {
	const struct policy *policy;
	const char *profile;	  /* NULL: selected by the policy's rules */
	const struct json *rules; /* the profile itself; NULL: `profile`, or by the rules */
	const char *root, *bundle, *id, *handler;
	enum control_line line;
	const struct json *facts; /* of the machine, may be NULL */
	/* What hardrun-image said: {"require", "answer", "problem"}; NULL: it was not asked. It
	 * is not asked either where the profile requires nothing. */
	const struct json *image;
};

/* Decide about a config.json; `document` is taken over. */
void judge_create(struct judge *ret, const struct judge_create *with, struct json_doc *document);

/* Decide about an exec's process or an update's resources under ceilings. */
void judge_ceiling(struct judge *ret, enum control_line line, const struct json *ceilings,
		   const struct json *facts, struct json_doc *document);

void judge_done(struct judge *judge);

/* The report as sorted, comma-separated "action path" (or, for refusals, "control path"),
 * each once; "-" for nothing. The caller frees it. */
char *judge_entries(const struct judge *judge);

/* True if the report sets or drops anything; what audit mode would have done is no change. */
bool judge_changed(const struct judge *judge);

#endif
