/* SPDX-License-Identifier: Apache-2.0 */
/* What try and learn take in common. */
#include "command/trial.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

const char trial_help[] =
	"What is run, and how it is hardened:\n"
	"  --rootfs DIR             a root file system; it is not altered\n"
	"  --layout DIR[:TAG]       an image in an OCI layout (tag latest); needs umoci\n"
	"  --bundle DIR             a bundle; COMMAND takes the place of its own\n"
	"                           (none of these: a root file system of the host's busybox)\n"
	"  --profile NAME           this profile, whatever the policy's rules say\n"
	"  --policy FILE            this policy instead of " HR_CONFDIR "\n"
	"  --handler NAME           as if called by this name (hardrun)\n"
	"  --seccomp NAME|FILE      this seccomp profile instead of the profile's\n"
	"  --user UID[:GID]         who runs it (0:0, or what image or bundle say)\n"
	"  --cwd DIR                where\n"
	"  --env NAME=VALUE         one variable more\n"
	"  -t, --tty                with a terminal\n";

static int add_env(struct trial *trial, const char *value, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	size_t count = 0;

	if (!strchr(value, '=') || value[0] == '=')
		return hr_fail(err, HR_USAGE, "--env: \"%s\" is not NAME=VALUE",
			       text_shown(value, strcspn(value, "="), shown));
	while (trial->env[count])
		count++;
	if (count == TRIAL_ENV)
		return hr_fail(err, HR_USAGE, "--env: more than %d", TRIAL_ENV);
	trial->env[count] = value;
	return 1;
}

int trial_option(struct trial *trial, int argc, char *const argv[], int *at, struct hr_error *err)
{
	const struct {
		const char *name;
		const char **slot;
	} options[] = {
		{"--rootfs", &trial->rootfs},	{"--layout", &trial->layout},
		{"--bundle", &trial->bundle},	{"--profile", &trial->profile},
		{"--policy", &trial->policy},	{"--handler", &trial->handler},
		{"--seccomp", &trial->seccomp}, {"--user", &trial->user},
		{"--cwd", &trial->cwd},		{"--env", NULL},
	};
	const char *word = argv[*at];

	if (strcmp(word, "-t") == 0 || strcmp(word, "--tty") == 0) {
		trial->terminal = true;
		return 1;
	}
	for (size_t i = 0; i < hr_count(options); i++) {
		if (strcmp(options[i].name, word) != 0)
			continue;
		if (*at + 1 >= argc || !argv[*at + 1][0])
			return hr_fail(err, HR_USAGE, "%s wants a value", word);
		(*at)++;
		if (!options[i].slot)
			return add_env(trial, argv[*at], err);
		*options[i].slot = argv[*at];
		return 1;
	}
	return 0;
}
