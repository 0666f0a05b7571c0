/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Becoming the runtime: by absolute path, under its own name, with an environment made
 * from an allow-list.
 */
#ifndef HR_LINE_LAUNCH_H
#define HR_LINE_LAUNCH_H

#include "host/runtime.h"

/* Exec. `argv` is NULL-terminated; argv[0] is replaced by the name of the runtime's
 * kind: crun takes what follows a dash in its name for a handler (crun-wasm). Returns
 * only on failure: HR_SYSTEM. */
int launch_runtime(const struct runtime *runtime, char *const argv[], struct hr_error *err);

/*
 * The number of descriptors from 3 on that belong to the container: --preserve-fds (NULL
 * for none) and LISTEN_FDS together, as runc and crun count them. To be asked before
 * anything is opened: all of them must be open. Error: HR_USAGE, also for what is no
 * number from 0 to 1000.
 */
int launch_kept_fds(const char *preserve, unsigned *ret, struct hr_error *err);

#endif
