/* SPDX-License-Identifier: Apache-2.0 */
/* A report as people read it: what is refused first, then what is changed, then what is only
 * remarked; entries that say the same of several fields as one. */
#ifndef HR_COMMAND_REVIEW_H
#define HR_COMMAND_REVIEW_H

#include "base/text.h"
#include "json/json.h"

/* What became of an entry: the mode counts. */
enum review_part {
	REVIEW_REFUSED,
	REVIEW_CHANGED,
	REVIEW_REMARKED, /* warnings */
	REVIEW_AUDITED,	 /* what would be refused or changed in mode enforce */
	REVIEW_PARTS
};

struct review {
	const char *profile;   /* NULL: none could be chosen */
	const char *chosen_by; /* rule's place, or "handler", "sandbox", "default", "--profile" */
	bool built_in;	       /* the profile is one of the program's own */
	const struct json *report;
	size_t unwritten;	  /* further entries that were only counted */
	const struct json *image; /* the verdict on the image; NULL: nobody asked for one */
};

/* How many entries of the report are in each part. */
void review_count(const struct json *report, size_t ret[REVIEW_PARTS]);

void review_write(const struct review *review, struct text *to);

#endif
