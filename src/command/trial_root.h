/* SPDX-License-Identifier: Apache-2.0 */
/* Private to trials: root file systems, all of them at BUNDLE/rootfs. */
#ifndef HR_COMMAND_TRIAL_ROOT_H
#define HR_COMMAND_TRIAL_ROOT_H

#include "command/trial_place.h"

/*
 * An overlay over the directory `path`, which the command sees and does not alter. `option` names
 * it in messages. HR_USAGE for what is no directory or a directory of the host's own, HR_SYSTEM.
 */
int trial_root_overlay(const struct trial_place *place, const char *option, const char *path,
		       struct hr_error *err);

/* The host's busybox with all it can be. HR_SPEC where there is none that is static. */
int trial_root_busybox(const struct trial_place *place, struct hr_error *err);

/* An image of an OCI layout, "DIR[:TAG]", and what its configuration says as a document of the
 * runtime-spec. HR_USAGE, HR_SPEC, HR_SYSTEM. */
int trial_root_layout(const struct trial_place *place, const char *layout,
		      struct json_doc **ret_document, struct hr_error *err);

#endif
