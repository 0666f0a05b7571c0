/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to try and learn: the place in which a trial happens, and its bundle. The place is a
 * tmpfs in a mount namespace of this process's own, so it ends with the last process in it.
 */
#ifndef HR_COMMAND_TRIAL_PLACE_H
#define HR_COMMAND_TRIAL_PLACE_H

#include "command/trial.h"

#include <limits.h>

#define TRIAL_DIR "/run/hardrun/try"

struct trial_place {
	char id[64];	       /* of the container: try-PID-RANDOM */
	char dir[PATH_MAX];    /* TRIAL_DIR/ID; root's, 0700: everything below is the trial's */
	char bundle[PATH_MAX]; /* DIR/bundle */
	char state[PATH_MAX];  /* DIR/state: the runtime's --root */
	char socket[PATH_MAX]; /* DIR/s: the runtime's listenerPath (at most 107 bytes) */
	char filter[PATH_MAX]; /* DIR/filter.json: linux.seccomp as it would be without watching */
	char cgroup[128]; /* linux.cgroupsPath, "/hardrun-ID"; "" where the bundle says its own */
	bool image_said;  /* command, user or environment came from an image's configuration */
};

/* A private mount namespace and the tmpfs. Error: HR_SYSTEM. */
int trial_place_make(struct trial_place *ret, struct hr_error *err);

/*
 * The bundle: root file system (never the caller's own directory to write into: an overlay) and
 * config.json as an engine would have written it. Error: HR_USAGE, HR_SPEC, HR_SYSTEM, naming the
 * option, the path and what to install or change.
 */
int trial_place_bundle(const struct trial *trial, struct trial_place *place, struct hr_error *err);

/* Remove what a trial of this id could have left on the host: called by the guard, also after the
 * supervisor was killed. Never fails; what cannot be removed is left. */
void trial_place_clean(const struct trial_place *place);

#endif
