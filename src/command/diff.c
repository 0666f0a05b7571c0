/* SPDX-License-Identifier: Apache-2.0 */
/* diff: what a second policy, profile or seccomp profile lets a container have that the first
 * one does not, and the other way round. */
#include "command/diff.h"
#include "command/explain.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "command/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1024 * 1024) /* bytes */

static const char usage[] =
	"[--json] [--seccomp] A B; each a policy, a profile (NAME or FILE:NAME), or a seccomp "
	"profile (NAME or FILE)";

static const char help[] =
	"usage: hardrun diff [--json] [--seccomp] A B\n"
	"\n"
	"What a container loses (-) and gains (+) from A to B, and what is otherwise (~).\n"
	"A and B are both\n"
	"  policies            files; each profile by its name\n"
	"  profiles            default, restricted, sandbox or another of the policy in\n"
	"                      " HR_CONFDIR ", or FILE:NAME\n"
	"  seccomp profiles    names of built-in ones, or files\n"
	"A name that is both a profile's and a seccomp profile's is taken for the profile's where\n"
	"both words can be; --seccomp takes it for the other.\n"
	"\n"
	"Exit status: 0 no difference, 1 differences, 2 usage, 3 a policy or seccomp profile\n"
	"cannot be used, 4 a file cannot be read.\n";

enum kind {
	KIND_SECCOMP = 1,
	KIND_POLICY = 2,  /* a file */
	KIND_PROFILE = 4, /* of a policy */
};

/* A word of the command line. */
struct operand {
	const char *word;
	unsigned kinds; /* what it can be */
	char *file;	/* of the policy; NULL: the machine's */
	const char *profile;
};

/* What a file is: anything that is no seccomp profile is a policy, whose reader says more. */
static unsigned kind_of_file(const char *path)
{
	hr_autofree char *text = NULL;
	json_auto struct json_doc *doc = NULL;
	size_t len;

	if (text_ends(path, ".seccomp") ||
	    file_read_at(AT_FDCWD, path, path, FILE_MAX, &text, &len, NULL, NULL) < 0 ||
	    !command_is_policy(text, len))
		return KIND_SECCOMP;
	return KIND_POLICY;
}

static bool names_builtin(const char *word)
{
	return strcmp(word, "default") == 0 || strcmp(word, "restricted") == 0 ||
	       strcmp(word, "sandbox") == 0;
}

/* FILE:NAME, where FILE is there. */
static bool split(const char *word, struct operand *ret)
{
	const char *colon = strrchr(word, ':');
	hr_autofree char *file = colon ? strndup(word, (size_t)(colon - word)) : NULL;

	if (!file || access(file, F_OK) < 0)
		return false;
	ret->kinds = KIND_PROFILE;
	ret->file = hr_steal(file);
	ret->profile = colon + 1;
	return true;
}

static void classify(const char *word, struct operand *ret)
{
	size_t len;

	*ret = (struct operand){.word = word, .profile = word};
	if (access(word, F_OK) == 0 && !seccomp_builtin(word, &len)) {
		ret->kinds = kind_of_file(word);
		ret->file = strdup(word);
		ret->profile = NULL;
		return;
	}
	if (split(word, ret))
		return;
	if (seccomp_builtin(word, &len))
		ret->kinds |= KIND_SECCOMP;
	if (names_builtin(word))
		ret->kinds |= KIND_PROFILE;
}

/* A name that is none of the program's: of the policy in HR_CONFDIR, if that has it. */
static int find_profile(struct operand *operand, struct policy **ret, struct hr_error *err)
{
	if (operand->kinds != 0)
		return 0;
	operand->kinds = KIND_SECCOMP;
	if (explain_policy(&(struct explain){0}, ret, err) < 0)
		return -1;
	if (json_get(policy_profiles(*ret), operand->word))
		operand->kinds = KIND_PROFILE;
	return 0;
}

static int load(const struct operand *operand, struct diff_side *ret, struct hr_error *err)
{
	*ret = (struct diff_side){operand->word, ret->policy, operand->profile};
	if (ret->policy)
		return 0;
	/* The program's own profiles are the same with every policy, a broken one too. */
	if (!operand->file)
		return policy_builtin(control_check_options, &ret->policy, err);
	return policy_load_file(operand->file, control_check_options, &ret->policy, err);
}

/* ---- the three comparisons ---- */

static int compare_filters(struct diff *diff, const struct operand operands[2], struct json **ret,
			   struct hr_error *err)
{
	seccomp_filter_auto struct seccomp_filter *a = NULL, *b = NULL;
	const char *const names[2] = {operands[0].word, operands[1].word};

	if (command_profile(names[0], seccomp_native(), NULL, &a, err) < 0 ||
	    command_profile(names[1], seccomp_native(), NULL, &b, err) < 0)
		return -1;
	return diff_calls(diff, names, (const struct seccomp_filter *const[]){a, b}, ret, err);
}

static int compare_policies(struct diff *diff, const struct operand operands[2],
			    struct diff_side sides[2], struct json **ret, struct hr_error *err)
{
	for (size_t i = 0; i < 2; i++)
		if (load(&operands[i], &sides[i], err) < 0)
			return -1;
	return diff_policies(diff, sides, ret, err);
}

static int mixed(const struct operand operands[2], struct hr_error *err)
{
	char shown[2][TEXT_SHOWN_SIZE];

	return hr_fail(err, HR_USAGE,
		       "diff: %s and %s are not of one kind: compare two policies, two profiles "
		       "(FILE:NAME for one of a policy), or two seccomp profiles",
		       text_shown_z(operands[0].word, shown[0]),
		       text_shown_z(operands[1].word, shown[1]));
}

static int compare(struct diff *diff, const struct operand operands[2], struct diff_side sides[2],
		   struct json **ret, struct hr_error *err)
{
	const unsigned both = operands[0].kinds & operands[1].kinds;

	if (both & (KIND_POLICY | KIND_PROFILE))
		return compare_policies(diff, operands, sides, ret, err);
	if (both & KIND_SECCOMP)
		return compare_filters(diff, operands, ret, err);
	return mixed(operands, err);
}

/* ---- the command ---- */

static int print(struct diff *diff, bool json, const struct json *value, struct hr_error *err)
{
	hr_autofree char *text = NULL;
	size_t len;

	if (diff->text.failed || !value)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (!json) {
		printf("%s", diff->text.data ? diff->text.data : "");
		return 0;
	}
	if (json_write(value, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

static int run(char *const words[2], bool json, bool seccomp, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("diff");
	struct diff diff = {.doc = doc};
	struct operand operands[2];
	struct diff_side sides[2] = {0};
	struct json *value = NULL;
	int rc = doc ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");

	for (size_t i = 0; i < 2; i++) {
		classify(words[i], &operands[i]);
		if (seccomp)
			operands[i].kinds = KIND_SECCOMP;
		if (rc == 0)
			rc = find_profile(&operands[i], &sides[i].policy, err);
	}
	if (rc == 0)
		rc = compare(&diff, operands, sides, &value, err);
	if (rc == 0)
		rc = print(&diff, json, value, err);
	for (size_t i = 0; i < 2; i++) {
		policy_free(sides[i].policy);
		free(operands[i].file);
	}
	text_free(&diff.text);
	return rc < 0 ? -1 : diff.differences > 0;
}

int command_diff(int argc, char *const argv[], struct hr_error *err)
{
	bool json = false, seccomp = false;
	int at = 2, rc;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (command_wants_help(argv[at]))
			return command_help(help);
		if (strcmp(argv[at], "--json") == 0)
			json = true;
		else if (strcmp(argv[at], "--seccomp") == 0)
			seccomp = true;
		else
			return command_usage("diff", argv[at], usage, err);
	}
	if (argc - at != 2)
		return command_usage("diff", NULL, usage, err);
	rc = run(argv + at, json, seccomp, err);
	if (rc >= 0)
		return rc ? EXIT_REFUSED : EXIT_OK;
	if (err->code == HR_UNTRUSTED)
		return EXIT_POLICY;
	return command_exit(err);
}
