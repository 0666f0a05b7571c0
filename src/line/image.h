/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of hardrun-image: by create of the container's image, by `hardrun image` of any.
 */
#ifndef HR_LINE_IMAGE_H
#define HR_LINE_IMAGE_H

#include "policy/policy.h"
#include "verdict/ask.h"

/* The directory of containerd's running containers: STATE/io.containerd.runtime.v2.task/NS/ID. */
#define IMAGE_TASKS "/io.containerd.runtime.v2.task/"

/*
 * Ask what the requirement `name` of the policy says of what the question is about; its member
 * `require` is filled in here. A policy whose keys cannot be read is an answer, too. Error:
 * HR_SYSTEM, when memory is gone.
 */
int image_ask(const struct policy *policy, const char *name,
	      const struct verdict_question *question, struct json_doc **ret, struct hr_error *err);

/*
 * Of a container of containerd that was accepted: is it its snapshot that is mounted on `root`
 * (absolute, without links)? If not, the answer becomes a refusal. Error: HR_SYSTEM.
 */
int image_check_mounted(struct json_doc *answer, const char *root, struct hr_error *err);

#endif
