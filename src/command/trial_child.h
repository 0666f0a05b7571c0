/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to trials: the child that becomes the runtime by the way of every create, what it leaves
 * behind for its parent (DIR/said.json), and the guard that cleans up after both.
 */
#ifndef HR_COMMAND_TRIAL_CHILD_H
#define HR_COMMAND_TRIAL_CHILD_H

#include "command/trial_place.h"
#include "host/runtime.h"

#include <signal.h>

struct trial_child {
	const struct trial *trial;
	const struct trial_place *place;
	struct runtime runtime;
	sigset_t mask; /* of signals, for the command */
};

/* Start it. Error: HR_SYSTEM. */
int trial_child_start(struct trial_child *child, pid_t *ret, struct hr_error *err);

/*
 * What the child said: fills ret but for status and milliseconds. Error: that with which it ended
 * before it became the runtime (its code and message), HR_SYSTEM when it said nothing.
 */
int trial_child_said(const struct trial_place *place, struct trial_result *ret,
		     struct hr_error *err);

/* The path of the runtime's own log, below DIR. */
void trial_child_log(const struct trial_place *place, char ret[PATH_MAX]);

/* End what is left of the container, and forget it. Never fails. */
void trial_end(const struct trial_place *place, const struct runtime *runtime);

/*
 * A process that does that when we die. ret_fd: closed on our death; trial_guard_dismiss says that
 * there is nothing left to do. Error: HR_SYSTEM.
 */
int trial_guard_start(const struct trial_place *place, const struct runtime *runtime, int *ret_fd,
		      struct hr_error *err);
void trial_guard_dismiss(int fd);

/* The policy's profile as the trial wants it: --policy, --profile, --seccomp, no image asked for.
 * A hook of struct call_trial; data: struct trial_child. */
int trial_policy_select(struct call *call, void *data, struct hr_error *err);

/* Before there is a child: --seccomp's file is good, and where the child finds it. HR_POLICY,
 * HR_SYSTEM. */
int trial_policy_prepare(const struct trial *trial, const struct trial_place *place,
			 struct hr_error *err);

#endif
