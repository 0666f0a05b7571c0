/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to try and learn: a command in a container of its own, hardened as create would do it,
 * with its calls watched. Everything is made in a private mount namespace; nothing stays behind,
 * whoever dies.
 */
#ifndef HR_COMMAND_TRIAL_H
#define HR_COMMAND_TRIAL_H

#include "command/command.h"
#include "line/supervise.h"

#define TRIAL_ENV    64
#define TRIAL_FAILED 125 /* exit status for our own failure, as env(1), docker run */

struct trial {
	/* what to run; at most one of the first three, none: a root file system of the host's
	 * busybox */
	const char *rootfs, *layout, *bundle;
	char *const *command; /* NULL-terminated; empty: what layout or bundle say themselves */
	const char *profile, *policy, *handler;
	const char *seccomp; /* a seccomp profile by name or file in place of the profile's; NULL:
				that one */
	const char *user, *cwd;		/* UID[:GID]; NULL: 0:0, or what layout or bundle say */
	const char *env[TRIAL_ENV + 1]; /* NAME=VALUE, on top */
	bool terminal;
	enum seccomp_watch watch;
	const char *const *also; /* see seccomp_write_watched */
	void (*seen)(const struct supervise_seen *seen, void *data);
	void (*undone)(void *data); /* as of struct supervise; may be NULL */
	void *data;
};

struct trial_result {
	int status;   /* exit status of the command; 128 + N when signal N ended it */
	bool started; /* false: the runtime failed before the command began */
	bool watched; /* false: why_not says why its calls could not be watched */
	char why_not[HR_ERROR_MSG];
	char profile[128];     /* that was applied */
	char seccomp[128];     /* name of the seccomp profile */
	char runtime[128];     /* "runc 1.1.5" */
	uint64_t milliseconds; /* of the run */
	struct json_doc
		*report; /* the report of the decision (array), as explain's; the caller frees it */
};

/* The options of try and learn that say what to run: consumes argv[*at] (and its value) and returns
 * 1, 0 for a word that is none of them, -1 on error (HR_USAGE). */
int trial_option(struct trial *trial, int argc, char *const argv[], int *at, struct hr_error *err);
/* Their part of --help. */
extern const char trial_help[];

/*
 * Run it. Error: everything that kept the command from being started; a refusal by a control is
 * HR_DENIED with ret->report filled.
 */
int trial_run(const struct trial *trial, struct trial_result *ret, struct hr_error *err);

#endif
