/* SPDX-License-Identifier: Apache-2.0 */
/* explain: field by field, what was asked, what is given, and which rule said so. */
#include "command/command.h"
#include "command/explain.h"
#include "command/image.h"
#include "command/review.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "state/record.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define JSON_VERSION 1 /* of --json */

static const char help[] =
	"usage: hardrun explain [--bundle DIR | - | --id ID] [OPTION...]\n"
	"       hardrun explain --effective [OPTION...]\n"
	"\n"
	"Without --effective: what a bundle's config.json asks for, what it would get, and which\n"
	"rule says so. Nothing is started or changed.\n"
	"\n"
	"  --bundle DIR    the bundle (the current directory)\n"
	"  -               the document is on standard input\n"
	"  --id ID         the report of a container that hardrun made, and what the kernel "
	"refused\n"
	"                  to it\n"
	"  --kernel FILE   with --id: the kernel's records are in FILE: a log of auditd, or "
	"output\n"
	"                  of dmesg or journalctl\n"
	"  --effective     a profile with all that it extends, as a policy, each option with the\n"
	"                  place that decided it\n"
	"  --profile NAME  this profile, whatever the rules say\n"
	"  --policy FILE   this policy instead of " HR_CONFDIR "\n"
	"  --handler NAME  as if called by this name (hardrun)\n"
	"  --json          for programs; with --effective: without comments\n"
	"\n"
	"Exit status: 0 accepted, 1 refused, 2 usage, 3 policy, 4 a file cannot be read.\n";

static int usage(const char *word, struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	hr_fail(err, HR_USAGE,
		"explain: \"%s\"; usage: hardrun explain [--bundle DIR | - | --id ID | "
		"--effective] "
		"[--profile NAME] [--policy FILE] [--handler NAME] [--kernel FILE] [--json]",
		text_shown_z(word, shown));
	return -1;
}

static int parse_flag(int argc, char *const argv[], int *at, struct explain *ret,
		      struct hr_error *err)
{
	const struct {
		const char *name;
		const char **slot;
	} flags[] = {{"--bundle", &ret->bundle}, {"--id", &ret->id},
		     {"--kernel", &ret->kernel}, {"--handler", &ret->handler},
		     {"--policy", &ret->policy}, {"--profile", &ret->profile}};
	const struct {
		const char *name;
		bool *slot;
	} switches[] = {{"--json", &ret->json},
			{"--effective", &ret->effective},
			{"-", &ret->standard_input}};

	for (size_t i = 0; i < hr_count(switches); i++)
		if (strcmp(switches[i].name, argv[*at]) == 0) {
			*switches[i].slot = true;
			return 0;
		}
	for (size_t i = 0; i < hr_count(flags); i++)
		if (strcmp(flags[i].name, argv[*at]) == 0 && *at + 1 < argc) {
			*flags[i].slot = argv[++*at];
			return 0;
		}
	return usage(argv[*at], err);
}

static int parse(int argc, char *const argv[], struct explain *ret, struct hr_error *err)
{
	for (int i = 2; i < argc; i++)
		if (parse_flag(argc, argv, &i, ret, err) < 0)
			return -1;
	if (!!ret->bundle + !!ret->id + ret->standard_input + ret->effective > 1)
		return usage("more than one of --bundle, --id, --effective and -", err);
	if (ret->kernel && !ret->id)
		return usage("--kernel without --id", err);
	return 0;
}

/* ---- output ---- */

static int print_json(const struct review *review, const struct explain_kernel *kernel,
		      struct hr_error *err)
{
	static const char *const names[REVIEW_PARTS] = {"refused", "changed", "warned", "audited"};
	json_auto struct json_doc *doc = json_new("explain");
	struct json *root = doc ? json_root(doc) : NULL, *counts;
	hr_autofree char *text = NULL;
	size_t len, count[REVIEW_PARTS];
	bool good;

	review_count(review->report, count);
	good = json_put_int(doc, root, "version", JSON_VERSION) &&
	       (!review->profile || json_put_string(doc, root, "profile", review->profile)) &&
	       (!review->chosen_by || json_put_string(doc, root, "chosen_by", review->chosen_by)) &&
	       json_put_string(doc, root, "verdict", count[REVIEW_REFUSED] ? "refuse" : "accept");
	counts = good ? json_put(doc, root, "counts", json_new_object(doc)) : NULL;
	for (size_t i = 0; counts && i < REVIEW_PARTS; i++)
		good = good && json_put_uint(doc, counts, names[i], count[i]);
	if (!counts || !good || !json_put_uint(doc, counts, "unlisted", review->unwritten) ||
	    !json_put(doc, root, "report", json_clone(doc, review->report)) ||
	    (review->image && !call_put_image(doc, review->image)) ||
	    (kernel && !explain_kernel_put(kernel, doc, root)))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	puts(text);
	return 0;
}

/* One that was refused is in the report; of one that was accepted there is nothing there. */
static void show_image(const struct json *image, struct text *to)
{
	const char *digest = json_string(image, "digest");

	if (!json_true(image, "accepted"))
		return;
	text_addf(to, "\nThe image %s is ", digest ? digest : "");
	image_signer(image, to);
	text_adds(to, ".\n");
}

/* `kernel` may be NULL. Returns the exit status, or -1. */
static int show(const struct explain *what, const struct review *review,
		const struct explain_kernel *kernel, struct hr_error *err)
{
	text_auto struct text text = {0};
	size_t counts[REVIEW_PARTS];

	if (what->json) {
		if (print_json(review, kernel, err) < 0)
			return -1;
	} else {
		review_write(review, &text);
		show_image(review->image, &text);
		if (kernel)
			explain_kernel_show(kernel, &text);
		if (text.failed)
			return hr_fail(err, HR_SYSTEM, "out of memory");
		printf("%s", text.data);
	}
	review_count(review->report, counts);
	return counts[REVIEW_REFUSED] ? EXIT_REFUSED : EXIT_OK;
}

static int explain_effective(const struct explain *what, struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;
	text_auto struct text text = {0};
	const struct identity nobody = {0};
	struct selection chosen = {.profile = what->profile};

	if (explain_policy(what, &policy, err) < 0)
		return -1;
	if (!what->profile && policy_select(policy, &nobody, what->handler, NULL, &chosen, err) < 0)
		return -1;
	if (policy_effective(policy, chosen.profile, !what->json, &text, err) < 0)
		return -1;
	if (!what->json)
		printf("// Profile %s with all that it extends; behind each option the place that "
		       "decided it.\n",
		       chosen.profile);
	printf("%s", text.data);
	return EXIT_OK;
}

static bool built_in(const struct call *call, const char *name)
{
	const struct json *profile =
		call->policy ? json_get(policy_profiles(call->policy), name) : NULL;

	return profile && strcmp(json_name(profile->doc), "built-in") == 0;
}

static int explain_document(struct call *call, const struct explain *what, struct hr_error *err)
{
	const struct selection *chosen = &call->selection;
	char origin[CHANGE_ORIGIN];

	if (explain_decide(call, what, err) < 0)
		return -1;
	return show(what,
		    &(struct review){
			    .profile = chosen->profile,
			    .chosen_by = chosen->rule ? change_origin(chosen->rule, origin)
						      : chosen->why,
			    .built_in = chosen->profile && built_in(call, chosen->profile),
			    .report = call->change.report,
			    .unwritten = call->change.unwritten,
			    .image = call->image.answer,
		    },
		    NULL, err);
}

static int show_record(const struct explain *what, const struct json *record, struct hr_error *err)
{
	explain_kernel_auto struct explain_kernel *kernel = NULL;

	if (explain_kernel_read(record, what->kernel, &kernel, err) < 0)
		return -1;
	return show(what,
		    &(struct review){.profile = json_string(record, "profile"),
				     .chosen_by = json_string(record, "chosen_by"),
				     .report = json_get(record, "report"),
				     .image = json_get(record, "image")},
		    kernel, err);
}

/* Show the records of this id, whatever their runtime root. Returns how many there were. */
static int explain_record(const struct explain *what, struct hr_error *err)
{
	int dirfd = record_open(HR_STATEDIR), found = 0;
	DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	char shown[TEXT_SHOWN_SIZE];

	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		json_auto struct json_doc *doc = NULL;
		hr_autofree char *text = NULL;
		const char *id;
		size_t len;

		if (!text_ends(entry->d_name, ".json") ||
		    file_read_at(dirfd, entry->d_name, "record", JSON_MAX_BYTES, &text, &len, NULL,
				 NULL) < 0 ||
		    json_parse("record", text, len, false, &doc, NULL) < 0)
			continue;
		id = json_string(json_root(doc), "id");
		if (!id || strcmp(id, what->id) != 0)
			continue;
		found++;
		if (show_record(what, json_root(doc), err) < 0)
			break;
	}
	if (dir)
		closedir(dir);
	if (found > 0)
		return EXIT_OK;
	hr_fail(err, HR_DENIED,
		"no record of container \"%s\" in " HR_STATEDIR
		"/records; one that was refused has none, but a line in the audit log",
		text_shown_z(what->id, shown));
	return -1;
}

int command_explain(int argc, char *const argv[], struct hr_error *err)
{
	struct explain what = {.handler = "hardrun"};
	struct call call;
	int status;

	if (argc > 2 && command_wants_help(argv[2]))
		return command_help(help);
	if (parse(argc, argv, &what, err) < 0)
		return command_exit(err);
	if (what.id) {
		status = explain_record(&what, err);
	} else if (what.effective) {
		status = explain_effective(&what, err);
	} else {
		call_init(&call, what.handler, argc, argv);
		status = explain_document(&call, &what, err);
		call_done(&call);
	}
	return status < 0 ? command_exit(err) : status;
}
