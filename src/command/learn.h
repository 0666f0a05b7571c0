/* SPDX-License-Identifier: Apache-2.0 */
/* Private to learn: what was asked for, and its three ways: run, merge, list. */
#ifndef HR_COMMAND_LEARN_H
#define HR_COMMAND_LEARN_H

#include "command/trial.h"
#include "seccomp/recording.h"

#define LEARN_FILE_MAX ((size_t)16 * 1024 * 1024) /* bytes of a recording */

struct learn {
	struct trial trial;
	const char *output, *recording; /* files to write; NULL for none */
	bool exact, explain, list, json;
	char *const *from; /* the words behind --from */
	size_t from_count; /* 0: no --from */
};

/* Run the command. Returns the exit status. */
int learn_run(struct learn *learn, struct hr_error *err);

/* Merge recordings. */
int learn_from(const struct learn *learn, struct hr_error *err);

/* The recordings of this node. */
int learn_list(bool as_json, struct hr_error *err);

/*
 * Write what the options ask for: profile and recording to their files, the profile to standard
 * output where no file is named and `to_stdout` says so, the reasons to the stream that is left.
 * Nothing is written unless everything could be made.
 */
int learn_write(const struct learn *learn, const struct recording *recording,
		const struct seccomp_filter *base, const char *title, bool to_stdout,
		struct hr_error *err);

#endif
