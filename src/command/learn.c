/* SPDX-License-Identifier: Apache-2.0 */
/* learn: the smallest seccomp profile for a command, or of recordings. */
#include "command/learn.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

static const char usage_text[] =
	"usage: hardrun learn [--output FILE] [--recording FILE] [OPTION...] [--] COMMAND...\n"
	"       hardrun learn --from FILE|ID... [--output FILE] [--exact] [--explain]\n"
	"                     [--seccomp BASE]\n"
	"       hardrun learn --list [--json]\n"
	"\n"
	"Make the smallest seccomp profile for what was called: by a command that is run now in a\n"
	"container of its own, or in recordings. Nothing is in it that the profile refuses under\n"
	"which it was recorded.\n"
	"\n"
	"  --output FILE            the profile (hardrun-seccomp(5)); with --from and without\n"
	"                           this, it goes to standard output\n"
	"  --recording FILE         what was called, to be merged later\n"
	"  --exact                  no calls that a C library may take instead of those seen\n"
	"  --explain                each call and why it is in the profile\n"
	"  --from FILE|ID...        merge recordings: files, or containers by their id\n"
	"  --list                   the recordings of containers on this node\n"
	"  --json                   the list as JSON\n"
	"\n";

static const char exit_text[] =
	"\n"
	"Exit status: the command's; 128 + N when signal N ended it; 125 when hardrun failed or a\n"
	"control refused. With --from and --list: 0, or 2 usage, 3 policy or recording, 4 "
	"system.\n";

static int take_from(struct learn *learn, int argc, char *const argv[], int *at,
		     struct hr_error *err)
{
	if (learn->from_count > 0)
		return hr_fail(err, HR_USAGE,
			       "learn: --from twice; name all recordings behind one");
	learn->from = argv + *at + 1;
	while (*at + 1 < argc && argv[*at + 1][0] != '-') {
		learn->from_count++;
		(*at)++;
	}
	if (learn->from_count == 0)
		return hr_fail(err, HR_USAGE,
			       "learn: --from wants files, or ids of containers (hardrun learn "
			       "--list)");
	return 0;
}

static int take_file(const char **slot, int argc, char *const argv[], int *at, struct hr_error *err)
{
	if (*at + 1 >= argc || !argv[*at + 1][0])
		return hr_fail(err, HR_USAGE, "learn: %s wants a file", argv[*at]);
	*slot = argv[++*at];
	if (strcmp(*slot, "-") == 0)
		return hr_fail(err, HR_USAGE, "learn: %s: name a file, - is none", argv[*at - 1]);
	return 0;
}

static bool take_flag(struct learn *learn, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"--exact", &learn->exact},
		{"--explain", &learn->explain},
		{"--list", &learn->list},
		{"--json", &learn->json},
	};

	for (size_t i = 0; i < hr_count(flags); i++)
		if (strcmp(word, flags[i].name) == 0)
			return *flags[i].flag = true;
	return false;
}

static int take_word(struct learn *learn, int argc, char *const argv[], int *at,
		     struct hr_error *err)
{
	const char *word = argv[*at];
	char shown[TEXT_SHOWN_SIZE];
	int taken;

	if (take_flag(learn, word))
		return 0;
	if (strcmp(word, "--from") == 0)
		return take_from(learn, argc, argv, at, err);
	if (strcmp(word, "--output") == 0)
		return take_file(&learn->output, argc, argv, at, err);
	if (strcmp(word, "--recording") == 0)
		return take_file(&learn->recording, argc, argv, at, err);
	taken = trial_option(&learn->trial, argc, argv, at, err);
	if (taken != 0)
		return taken < 0 ? hr_context(err, "learn") : 0;
	return hr_fail(err, HR_USAGE,
		       "learn: there is no %s; hardrun learn --help lists the options",
		       text_shown_z(word, shown));
}

static int parse(struct learn *learn, int argc, char *const argv[], struct hr_error *err)
{
	int at = 2;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (take_word(learn, argc, argv, &at, err) < 0)
			return -1;
	}
	learn->trial.command = argv + at;
	return 0;
}

/* An option that only says how a command is run. */
static bool runs_something(const struct trial *trial)
{
	return trial->rootfs || trial->layout || trial->bundle || trial->profile || trial->policy ||
	       trial->handler || trial->user || trial->cwd || trial->env[0] || trial->terminal ||
	       trial->command[0];
}

/* Options that do not go together. */
static int judge(const struct learn *learn, struct hr_error *err)
{
	bool apart = learn->list || learn->from_count > 0;

	if (apart && runs_something(&learn->trial))
		return hr_fail(err, HR_USAGE,
			       "learn: %s runs nothing; leave the command and its options out",
			       learn->list ? "--list" : "--from");
	if (learn->list && (learn->from_count > 0 || learn->output || learn->recording ||
			    learn->exact || learn->explain || learn->trial.seccomp))
		return hr_fail(err, HR_USAGE, "learn: --list takes --json and nothing else");
	if (learn->json && !learn->list)
		return hr_fail(err, HR_USAGE, "learn: --json is for --list");
	if (!apart && !learn->output && !learn->recording)
		return hr_fail(err, HR_USAGE,
			       "learn: say where to: --output FILE for the profile, --recording "
			       "FILE to merge it later");
	if (learn->output && learn->recording && strcmp(learn->output, learn->recording) == 0)
		return hr_fail(err, HR_USAGE, "learn: --output and --recording are one file");
	return 0;
}

int command_learn(int argc, char *const argv[], struct hr_error *err)
{
	struct learn learn = {0};
	int rc;

	if (argc > 2 && command_wants_help(argv[2])) {
		printf("%s%s%s", usage_text, trial_help, exit_text);
		return EXIT_OK;
	}
	rc = parse(&learn, argc, argv, err);
	if (rc == 0)
		rc = judge(&learn, err);
	if (rc < 0)
		return learn.list || learn.from_count > 0 ? EXIT_USAGE : TRIAL_FAILED;
	if (learn.list)
		return learn_list(learn.json, err);
	return learn.from_count > 0 ? learn_from(&learn, err) : learn_run(&learn, err);
}
