/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines of runc, crun and runsc, by table, parsed by position and never scanned:
 * a container id may be the word "create". What is understood of create, run, restore,
 * exec and update is written again from the parsed form (grammar_write); every other
 * command goes on with the caller's own argv.
 */
#ifndef HR_OCI_GRAMMAR_H
#define HR_OCI_GRAMMAR_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum runtime_kind { RUNTIME_RUNC, RUNTIME_CRUN, RUNTIME_RUNSC, RUNTIME_KINDS };

/* "runc", "crun", "runsc". */
const char *runtime_kind_name(enum runtime_kind kind);

enum grammar_class {
	GRAMMAR_CREATE, /* create, run, restore: a bundle becomes a container */
	GRAMMAR_EXEC,
	GRAMMAR_UPDATE,
	GRAMMAR_PASS, /* start, kill, delete, state, ...: policy is never asked */
	GRAMMAR_CLASSES
};

enum flag_type {
	FLAG_BOOL,     /* present or absent; runc and runsc also --flag=true|false */
	FLAG_OPTIONAL, /* a boolean with a value only when attached: crun exec --tty[=no], -tno */
	FLAG_STRING,
	FLAG_LIST, /* may be repeated, all values count */
	FLAG_TYPES
};

struct grammar_flag {
	const char *name;  /* long name without dashes */
	const char *alias; /* second name without dashes (one letter or long), or NULL */
	enum flag_type type;
	const char *refuse; /* not NULL: never forwarded with a document we wrote; why. With
			       GRAMMAR_PASS commands: the first argument is then no plain id */
	const char *safe;   /* values that `refuse` does not mean, separated by '|', or NULL */
};

struct grammar_command {
	const char *name;
	enum grammar_class class;
	bool has_id;			  /* the first argument is a container id */
	const struct grammar_flag *flags; /* ends with name NULL; NULL for commands whose
					     flags are not read (GRAMMAR_PASS without id) */
};

struct grammar {
	const struct grammar_flag *global;	/* ends with name NULL */
	const struct grammar_command *commands; /* ends with name NULL */
	bool go_flags; /* Go's flag package (runc, runsc): -x and --x alike, -x=v;
			  otherwise getopt_long (crun): -xV, -x V, --long=V, --long V */
};

extern const struct grammar grammar_runc;
extern const struct grammar grammar_crun;
extern const struct grammar grammar_runsc;

#define GRAMMAR_MAX_FLAGS 512  /* flags on one command line; more are refused */
#define GRAMMAR_MAX_FDS	  1000 /* the greatest --preserve-fds */

struct grammar_option {
	const struct grammar_flag *flag;
	const char *value; /* borrowed from argv; booleans: "true" or "false" */
};

/* A parsed command line. Borrows argv. */
struct request {
	enum runtime_kind kind;
	const struct grammar_command *command; /* NULL: only --help, --version or nothing */
	bool help; /* of create, run, restore, exec, update: the line ends in `COMMAND --help`;
		      it starts nothing and goes on as it came, like GRAMMAR_PASS */
	struct grammar_option *global; /* in order of appearance */
	size_t globals;
	struct grammar_option *options; /* of the command, in order of appearance */
	size_t option_count;
	const char *id;	   /* container id, or NULL */
	char *const *args; /* exec: the command after the id, NULL-terminated; or NULL */
	size_t arg_count;
};

/*
 * Parse argv (argv[0] is ours, argv[argc] is NULL) by the tables of `kind`.
 * - create, run, restore, exec, update: every global and command flag must be in the
 *   table, spelled out (getopt's abbreviations are refused), with a sound value; the last
 *   occurrence of all but a FLAG_LIST wins, as in the runtimes. Nothing may follow the id
 *   but exec's command; the id does not begin with '-'. --root, --bundle, --process and
 *   --resources are not empty, --preserve-fds is a plain decimal of at most
 *   GRAMMAR_MAX_FDS. Flags with `refuse` are errors. HR_USAGE otherwise.
 * - the same with --help (exactly that one word behind the command): request->help.
 * - commands of GRAMMAR_PASS: flags up to the id are read leniently, only to find the id
 *   (left NULL when that is in doubt); never an error. Options may be incomplete.
 * - an unknown global flag: both readings (with and without a value) are tried; if either
 *   is a command of the first group: HR_USAGE; if one is a GRAMMAR_PASS command that is
 *   the result; otherwise HR_USAGE.
 * - a command in no table: HR_USAGE. No command at all (nothing, --help, --version): a
 *   request without command.
 */
int grammar_parse(enum runtime_kind kind, int argc, char *const argv[], struct request **ret,
		  struct hr_error *err);
void request_free(struct request *request);
static inline void request_free_p(struct request **request)
{
	request_free(*request);
}
#define request_auto __attribute__((cleanup(request_free_p)))

/*
 * --log and whether --log-format is json, for the report of an error of grammar_parse:
 * reads the leading global flags as far as they are known. NULL when there is no --log,
 * when it is empty, or (crun) when it is no file; crun's "file:" is taken off.
 */
void grammar_log(enum runtime_kind kind, int argc, char *const argv[], const char **ret_log,
		 bool *ret_json);

/* The effective value of a flag by long name (last one wins); NULL when absent or when a
 * boolean is false. Global flags and command flags are separate. */
const char *request_global(const struct request *request, const char *name);
const char *request_option(const struct request *request, const char *name);

/* The i-th value of a FLAG_LIST, NULL past the end. */
const char *request_option_at(const struct request *request, const char *name, size_t i);

/*
 * The canonical argv for the runtime: argv0, global flags, command, options, id, and
 * exec's command; each flag once (lists: each value) as `--name value`, booleans as
 * `--name` when true, with Go flags `--name=false` when false (some are true by default).
 * The one value `-` is written `--name=-`: runc 1.1 (urfave/cli 1.22.1) takes a lone `-`
 * for an argument and moves it behind all flags. Options named in `without`
 * (NULL-terminated, may be NULL) are left out, `extra` (NULL-terminated words, may be
 * NULL; the same care with `-`) is put before the id; exec's command is written only with
 * `with_args`. Returns a NULL-terminated array that borrows its words from the request
 * and from the arguments; the caller frees the array. NULL when memory is gone.
 */
char **grammar_write(const struct request *request, const char *argv0, const char *const *without,
		     const char *const *extra, bool with_args);

#endif
