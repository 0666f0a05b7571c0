/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder of a container whose profile says seccomp.learn: a process of its own that lives
 * as long as a process of the container has the filter, answers its calls, and leaves a recording
 * in HR_LEARNDIR. When it dies, so does what the container can do (ENOSYS to each call), and the
 * recording says that it is not complete.
 */
#ifndef HR_LINE_RECORDER_H
#define HR_LINE_RECORDER_H

#include "line/call.h"

#define HR_LEARNDIR "/var/lib/hardrun/learn" /* 0700 root; ID.json, of containers */

/*
 * For a create whose decision says change.learn: start the recorder, and rewrite linux.seccomp of
 * the decided document to hand its listener to it. The recorder holds no descriptor of ours or of
 * the engine, is in a session of its own, and ends by itself when `creator` (this process, which
 * becomes the runtime) is gone and no listener came, or when all listeners are over. Error:
 * HR_SYSTEM, HR_SPEC (the runtime cannot).
 */
int recorder_start(struct call *call, struct hr_error *err);

/* Undo it, for a create that fails afterwards: nobody finds the socket any more, and the recorder
 * ends with us. */
void recorder_stop(struct call *call);

/* True while a recorder of a container with this id runs; false for a recording that is not
 * complete means: it was cut short. `statedir`: HR_STATEDIR. */
bool recorder_runs(const char *statedir, const char *id);

#endif
