/* SPDX-License-Identifier: Apache-2.0 */
/* Private to trials: the document of one, before anything is decided. */
#ifndef HR_COMMAND_TRIAL_DOCUMENT_H
#define HR_COMMAND_TRIAL_DOCUMENT_H

#include "command/trial_place.h"

/*
 * What an engine would ask for: fourteen capabilities, the usual mounts, every namespace new.
 * `image` (may be NULL): a document that says what is run, by whom, where, with which environment.
 * `ret` owns it. HR_USAGE, HR_SYSTEM.
 */
int trial_document_new(const struct trial *trial, const struct trial_place *place,
		       const struct json *image, struct json_doc **ret, struct hr_error *err);

/* The document of a bundle, with the trial's words and its own place. HR_USAGE, HR_SPEC, HR_SYSTEM.
 */
int trial_document_change(const struct trial *trial, const struct trial_place *place,
			  struct json_doc *doc, struct hr_error *err);

#endif
