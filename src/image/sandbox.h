/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where what came from outside is parsed: as nobody, without capabilities, with a seccomp filter
 * of the calls that reading, writing and memory need, and landlock where the kernel has it.
 */
#ifndef HR_IMAGE_SANDBOX_H
#define HR_IMAGE_SANDBOX_H

#include "base/error.h"

#include <stddef.h>

/*
 * For good, and before a byte from outside is looked at. Every descriptor is closed but the `count`
 * ones of `keep` (negative ones are none), in a table of our own. Files can be opened, for reading
 * alone, below those of them that are directories (landlock; where the kernel has none, before
 * Linux 5.13, what everybody may read can be opened). Files can be written up to `file_max` bytes.
 * When we run as another user than root that user stays. Killed when the parent dies. Error:
 * HR_SYSTEM, and then nothing is to be parsed.
 */
int sandbox_enter(const int *keep, size_t count, size_t file_max, struct hr_error *err);

/*
 * The same for reading what only root may, such as the files of `cosign save` (0600): in a root
 * directory of its own, `root` (negative: none, as above), and with CAP_DAC_READ_SEARCH. `keep`
 * must hold no other directory.
 */
int sandbox_enter_below(int root, const int *keep, size_t count, size_t file_max,
			struct hr_error *err);

#endif
