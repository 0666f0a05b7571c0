/* SPDX-License-Identifier: Apache-2.0 */
/* Does what is bound fulfil what is required? */
#ifndef HR_IMAGE_JUDGE_H
#define HR_IMAGE_JUDGE_H

#include "image/bind.h"
#include "image/requirement.h"
#include "json/edit.h"

/*
 * Write the answer (docs/ARCHITECTURE.md, "Verdicts") into the object `answer` of `doc`. store_fd:
 * the store's directory, -1 for none. Error: HR_SYSTEM alone; every doubt is a refusal in the
 * answer.
 */
int judge(const struct requirement *requirement, const struct binding *binding, int store_fd,
	  struct json_doc *doc, struct json *answer, struct hr_error *err);

/* The answer for what could not be bound, or asked: `code` as in the answer. */
int judge_refuse(struct json_doc *doc, struct json *answer, const char *code, const char *why,
		 const char *remedy, struct hr_error *err);

#endif
