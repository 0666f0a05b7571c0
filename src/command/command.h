/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands: the ones that stand in for the runtime's (they end in exec, and return only
 * on failure), and hardrun's own.
 */
#ifndef HR_COMMAND_COMMAND_H
#define HR_COMMAND_COMMAND_H

#include "base/text.h"
#include "line/call.h"
#include "seccomp/seccomp.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_REFUSED = 1, /* refused, or a finding */
	EXIT_USAGE = 2,
	EXIT_POLICY = 3,
	EXIT_SYSTEM = 4,
	EXIT_EXEC = 255, /* a refused exec, as runc's */
};

/* The exit status of hardrun's own commands for an error. */
int command_exit(const struct hr_error *err);

/* --- in the runtime's place; call->request is parsed, call->runtime is the container's --- */
int command_create(struct call *call, struct hr_error *err);
int command_exec(struct call *call, struct hr_error *err);
int command_update(struct call *call, struct hr_error *err);
int command_start(struct call *call, struct hr_error *err);
int command_pass(struct call *call, struct hr_error *err);

/*
 * Find runtime and command, and run it. Returns only on failure, with the exit status; the
 * error is in `err`, and where it must be reported in ret_log (NULL for none).
 */
int command_runtime(const char *handler, int argc, char *const argv[], const char **ret_log,
		    struct hr_error *err);

/* Ceilings of a container of which there is no record: the default profile's, met with the
 * bundle's own. `bundle` NULL: of nothing. The object lives in ret_doc. */
int command_default_ceilings(const struct call *call, const char *bundle, struct json_doc **ret_doc,
			     const struct json **ret, struct hr_error *err);

/*
 * A seccomp profile by the name of a built-in one or by a file: a source, or JSON in the form
 * of the runtime-spec or of Docker. `findings` gets what the lint finds in the
 * latter, one line each; NULL for no lint. Error: HR_POLICY, HR_SYSTEM.
 */
int command_profile(const char *word, const char *arch, struct text *findings,
		    struct seccomp_filter **ret, struct hr_error *err);

/* The filter of a file's text for this machine: a source, or (json) a JSON profile. */
int command_filter(const char *name, const char *text, size_t len, bool json,
		   struct seccomp_filter **ret, struct hr_error *err);

/*
 * The mistakes of the policy in an open directory that is called `path` in messages, one line
 * each; nothing in ret when it is good. Error: HR_SYSTEM.
 */
int command_policy_mistakes(int dirfd, const char *path, struct text *ret, struct hr_error *err);

/* True for a text that is no JSON seccomp profile and is, or looks like, a policy. */
bool command_is_policy(const char *text, size_t len);

/* True for a text that begins as a JSON object does. */
bool command_is_json(const char *text);

/* --- our own --- */
struct own_command {
	const char *name; /* NULL ends the list */
	const char *usage;
	const char *sentence;
	int (*run)(int argc, char *const argv[], struct hr_error *err); /* exit status */
};

extern const struct own_command own_commands[];

/* HR_USAGE: "hardrun NAME": what is wrong (a word that is not known, or that some are
 * missing) and how it is called. Returns EXIT_USAGE. */
int command_usage(const char *name, const char *word, const char *usage, struct hr_error *err);

/* True for --help and -h. */
bool command_wants_help(const char *word);
/* Prints it. Returns EXIT_OK. */
int command_help(const char *text);

int command_explain(int argc, char *const argv[], struct hr_error *err);
int command_check(int argc, char *const argv[], struct hr_error *err);
int command_diff(int argc, char *const argv[], struct hr_error *err);
int command_image(int argc, char *const argv[], struct hr_error *err);
int command_try(int argc, char *const argv[], struct hr_error *err);
int command_learn(int argc, char *const argv[], struct hr_error *err);
int command_report(int argc, char *const argv[], struct hr_error *err);
int command_inventory(int argc, char *const argv[], struct hr_error *err);
int command_setup(int argc, char *const argv[], struct hr_error *err);
/* "setup policy DIR": argv[0] is "policy". */
int command_setup_policy(int argc, char *const argv[], struct hr_error *err);
int command_doctor(int argc, char *const argv[], struct hr_error *err);
/* By the name of containerd's image verifier; exit status. */
#define COMMAND_VERIFIER "hardrun-image-verifier"
int command_verifier_plugin(int argc, char *const argv[]);
int command_version(int argc, char *const argv[], struct hr_error *err);
int command_commands(int argc, char *const argv[], struct hr_error *err);

#endif
