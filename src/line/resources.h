/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update's flag form turned into the resources document that the runtimes make of it, so that
 * both forms go through the same controls; and what is left turned into flags again.
 */
#ifndef HR_LINE_RESOURCES_H
#define HR_LINE_RESOURCES_H

#include "change/change.h"
#include "oci/grammar.h"

/*
 * The resources that the request's flags stand for, as far as controls look at them. Every
 * number is looked at: crun pastes its flags into JSON as they are, and a flag could bring
 * other members in. Error: HR_USAGE for a value that is no number, HR_SYSTEM.
 */
int resources_from_flags(const struct request *request, struct json_doc **ret,
			 struct hr_error *err);

/* The flags of Intel RDT, which are no part of a resources document, under the ceiling of the
 * control extras (NULL: it was off). They count beside a body too. */
void resources_judge_rdt(const struct request *request, const struct json *ceiling,
			 struct change *out);

#define RESOURCES_WORDS 16
#define RESOURCES_WORD	64

/* How the judged document is written as flags. */
struct resources_flags {
	const char *without[RESOURCES_WORDS]; /* flags to leave out; NULL-terminated */
	const char *extra[RESOURCES_WORDS];   /* words to put in; NULL-terminated */
	char words[RESOURCES_WORDS][RESOURCES_WORD];
};

/* A flag whose value was kept stays as it was written. */
void resources_to_flags(const struct request *request, const struct json *resources,
			struct resources_flags *ret);

#endif
