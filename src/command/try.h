/* SPDX-License-Identifier: Apache-2.0 */
/* Private to try: what was seen, and its two forms. */
#ifndef HR_COMMAND_TRY_H
#define HR_COMMAND_TRY_H

#include "command/trial.h"
#include "watch/tally.h"

struct tried {
	struct watch_tally calls;	 /* that the filter refuses */
	struct watch_tally capabilities; /* that the kernel will have asked for */
	struct watch_tally paths;	 /* that mounts refuse */
	struct {
		struct watch_tally *tally;
		struct watch_row row;
	} last[3]; /* what the last call that was seen was counted as */
	size_t last_count;
	bool calls_only;
};

/* For people. */
void try_table(const struct tried *tried, const struct trial_result *result, struct text *ret);

/* One JSON object. HR_SYSTEM. */
int try_json(const struct tried *tried, const struct trial_result *result, struct text *ret,
	     struct hr_error *err);

#endif
