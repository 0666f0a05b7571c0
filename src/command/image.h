/* SPDX-License-Identifier: Apache-2.0 */
/* Private to `hardrun image`. */
#ifndef HR_COMMAND_IMAGE_H
#define HR_COMMAND_IMAGE_H

#include "base/text.h"
#include "json/json.h"

/* argv[0] is the word after "image"; exit status. */
int command_image_verify(int argc, char *const argv[], struct hr_error *err);
int command_image_selftest(int argc, char *const argv[], struct hr_error *err);

/* An answer as people read it. */
void image_review(const struct json *answer, struct text *to);

/* "signed by KEY (ECDSA P-256, cosign), scope SCOPE", or that it is listed: of one that was
 * accepted, in one line without its end. */
void image_signer(const struct json *answer, struct text *to);

#endif
