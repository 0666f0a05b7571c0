/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hardrun-image said of the container's image. It is asked before the decision, where the
 * profile requires something; the control makes a refusal of it, or a ceiling for exec.
 */
#ifndef HR_CONTROL_IMAGE_H
#define HR_CONTROL_IMAGE_H

#include "control/control.h"

/* Neither answer nor problem: there is nothing to be looked at, as for a document on standard
 * input. That is remarked; facts that are missing altogether are a refusal. */
struct image_facts {
	const char *require;	   /* name in the policy's section images, or "*" */
	const struct json *answer; /* docs/ARCHITECTURE.md, "Verdicts"; NULL: none */
	const char *problem;	   /* why there is none, one clause; the answer counts before it */
};

/*
 * What the options of the control ask for: a name, or "*"; NULL where nothing is required (no
 * option, "", "none", or "*" while the policy has no section images). Whoever asks the verifier
 * asks where this is not NULL and the control's mode is not off.
 */
const char *image_required(const struct policy *policy, const struct json *options);

/* Options for whoever asks: containerd's socket, NULL for the usual ones; milliseconds. */
const char *image_socket(const struct json *options);
unsigned image_timeout_ms(const struct json *options);

#endif
