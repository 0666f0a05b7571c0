/* SPDX-License-Identifier: Apache-2.0 */
/* The list of our own commands, and the small ones. */
#include "command/command.h"

#include "base/cleanup.h"
#include "host/lsm.h"
#include "seccomp/seccomp.h"

#include <stdio.h>
#include <string.h>

const struct own_command own_commands[] = {
	{"explain",
	 "[--bundle DIR | - | --id ID | --effective] [--profile NAME] [--policy FILE] "
	 "[--handler NAME] [--json]",
	 "what a bundle asks for, what it would get, and which rule says so", command_explain},
	{"try", "[OPTION...] [--] COMMAND [ARGUMENT...]",
	 "run a command hardened, and say what was refused to it", command_try},
	{"learn",
	 "[--output FILE] [--recording FILE] [OPTION...] [--] COMMAND... | --from FILE... | --list",
	 "the smallest seccomp profile for a command, or of recordings", command_learn},
	{"check", "[--json] [FILE...]", "look for mistakes in policies and seccomp profiles",
	 command_check},
	{"diff", "[--json] [--seccomp] A B",
	 "what a second policy, profile or seccomp profile gives and takes", command_diff},
	{"setup",
	 "containerd | cri-o | docker | podman | policy DIR [--default] [--remove] [--dry-run] "
	 "[--handler NAME]... [--runtime PATH] [--config FILE]",
	 "make hardrun known to an engine, or put a policy in place", command_setup},
	{"image", "add | show | verify | selftest [ARGUMENT...]",
	 "signatures of images: the store, and whether one may run", command_image},
	{"report",
	 "[--file LOG]... [--since TIME|AGE] [--until TIME|AGE] [--json | --html FILE] [--kernel "
	 "FILE]",
	 "what the audit log says, by rule, pod and profile", command_report},
	{"inventory", "[--json]", "the containers that hardrun made and that are alive",
	 command_inventory},
	{"doctor", "[--json]", "what is wrong on this node, and the command that mends it",
	 command_doctor},
	{"version", "", "version, build and built-in profiles", command_version},
	{"commands", "", "this list", command_commands},
	{0},
};

int command_exit(const struct hr_error *err)
{
	switch (err->code) {
	case HR_USAGE:
		return EXIT_USAGE;
	case HR_POLICY:
		return EXIT_POLICY;
	case HR_SYSTEM:
		return EXIT_SYSTEM;
	case HR_OK:
	case HR_SPEC:
	case HR_DENIED:
	case HR_UNTRUSTED:
	case HR_CODES:
		break;
	}
	return EXIT_REFUSED;
}

int command_usage(const char *name, const char *word, const char *usage, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (word && word[0] == '-')
		hr_fail(err, HR_USAGE, "%s: there is no %s; usage: hardrun %s %s", name,
			text_shown_z(word, shown), name, usage);
	else
		hr_fail(err, HR_USAGE, "%s: usage: hardrun %s %s", name, name, usage);
	return EXIT_USAGE;
}

bool command_wants_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int command_help(const char *text)
{
	printf("%s", text);
	return EXIT_OK;
}

static const char *in_build(enum host_lsm state)
{
	return state == HOST_LSM_NOT_BUILT ? "not in this build" : "in this build";
}

int command_version(int argc, char *const argv[], struct hr_error *err)
{
	const char *name;

	(void)argc, (void)argv, (void)err;
	printf("hardrun %s\n", HR_VERSION);
	printf("AppArmor: %s\n", in_build(lsm_apparmor()));
	printf("SELinux: %s\n", in_build(lsm_selinux()));
	for (size_t i = 0; (name = seccomp_builtin_name(i)); i++) {
		seccomp_filter_auto struct seccomp_filter *filter = NULL;
		struct seccomp_source *source = NULL;
		size_t len;
		const char *text = seccomp_builtin(name, &len);

		if (seccomp_parse(name, text, len, &source, NULL) == 0 &&
		    seccomp_lower(source, seccomp_native(), &filter, NULL) == 0)
			printf("seccomp %s: %zu system calls on %s\n", name,
			       seccomp_filter_count(filter), seccomp_native());
		seccomp_source_free(source);
	}
	return EXIT_OK;
}

int command_commands(int argc, char *const argv[], struct hr_error *err)
{
	(void)argc, (void)argv, (void)err;
	for (const struct own_command *command = own_commands; command->name; command++)
		printf("hardrun %s %s\n    %s\n", command->name, command->usage, command->sentence);
	puts("Every other command is the runtime's own (runc, crun, runsc).");
	return EXIT_OK;
}
