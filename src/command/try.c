/* SPDX-License-Identifier: Apache-2.0 */
/* try: what a profile refuses to a command. */
#include "command/try.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "command/output.h"
#include "command/review.h"
#include "json/edit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALSO_MAX 256 /* calls that are looked at although they are let through */

static const char usage_text[] =
	"usage: hardrun try [OPTION...] [--] [COMMAND [ARGUMENT...]]\n"
	"\n"
	"Run a command in a container of its own, hardened by a profile, and say on standard "
	"error\n"
	"what was refused to it and which line would allow it. Nothing is left behind.\n"
	"\n"
	"  --json FILE              the same as JSON, into a file\n"
	"  --quiet                  no table\n"
	"  --calls-only             look at refused calls alone, not at capabilities and paths\n"
	"\n";

static const char exit_text[] =
	"\n"
	"Exit status: the command's; 128 + N when signal N ended it; 126 or 127 when it cannot be\n"
	"run or is not there; 125 when hardrun failed or a control refused.\n";

struct wish {
	struct trial trial;
	const char *json;
	bool quiet, calls_only;
};

static int parse_word(struct wish *wish, int argc, char *const argv[], int *at,
		      struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];
	int taken = trial_option(&wish->trial, argc, argv, at, err);

	if (taken != 0)
		return taken < 0 ? -1 : 0;
	if (strcmp(argv[*at], "--quiet") == 0) {
		wish->quiet = true;
	} else if (strcmp(argv[*at], "--calls-only") == 0) {
		wish->calls_only = true;
	} else if (strcmp(argv[*at], "--json") == 0 && *at + 1 < argc) {
		wish->json = argv[++*at];
		if (strcmp(wish->json, "-") == 0)
			return hr_fail(
				err, HR_USAGE,
				"try: --json: standard output is the command's; name a file");
	} else {
		return hr_fail(err, HR_USAGE,
			       "try: there is no %s; hardrun try --help lists the options",
			       text_shown_z(argv[*at], shown));
	}
	return 0;
}

static int parse(struct wish *wish, int argc, char *const argv[], struct hr_error *err)
{
	int at = 2;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (parse_word(wish, argc, argv, &at, err) < 0)
			return -1;
	}
	wish->trial.command = argv + at;
	return 0;
}

/* --- What is seen ----------------------------------------------------------------------------- */

static void set(char *to, size_t room, const struct text *from)
{
	snprintf(to, room, "%s", from->data && !from->failed ? from->data : "");
}

static void name_process(struct watch_row *row, const struct supervise_seen *seen)
{
	snprintf(row->process, sizeof(row->process), "%s", seen->process->name);
	row->runtime = seen->process->runtime;
}

static void show_call(const struct supervise_seen *seen, struct watch_row *row)
{
	text_auto struct text shown = {0};

	seccomp_show_call(seen->name, seen->call->args, &shown);
	set(row->what, sizeof(row->what), &shown);
}

/* Which port is not in the registers. Only the report hangs on it. */
static void show_port(const struct supervise_seen *seen, struct watch_row *row)
{
	struct {
		uint16_t family, port;
	} address;

	if (strcmp(seen->name, "bind") == 0 &&
	    watch_bytes(seen->call, seen->call->args[1], &address, sizeof(address)) ==
		    sizeof(address) &&
	    (address.family == AF_INET || address.family == AF_INET6))
		snprintf(row->what, sizeof(row->what), "bind(..., port %u)", ntohs(address.port));
}

static void count(struct tried *tried, struct watch_tally *tally, const struct watch_row *row)
{
	watch_count(tally, row);
	tried->last[tried->last_count].tally = tally;
	tried->last[tried->last_count++].row = *row;
}

static void see_refused(struct tried *tried, const struct supervise_seen *seen)
{
	struct watch_row row = {0};
	text_auto struct text remedy = {0};
	const char *note = NULL;
	const char *answer = strerrorname_np((int)seen->judgement->error);

	show_call(seen, &row);
	if (seen->judgement->kills)
		snprintf(row.answer, sizeof(row.answer), "killed");
	else if (answer)
		snprintf(row.answer, sizeof(row.answer), "%s", answer);
	else
		snprintf(row.answer, sizeof(row.answer), "errno %u", seen->judgement->error);
	seccomp_allow_line(seen->filter, seen->name, seen->call->args, &remedy, &note);
	set(row.remedy, sizeof(row.remedy), &remedy);
	snprintf(row.note, sizeof(row.note), "%s", note ? note : "");
	name_process(&row, seen);
	count(tried, &tried->calls, &row);
}

static void see_capability(struct tried *tried, const struct supervise_seen *seen)
{
	const char *name = watch_capability(seen->name, seen->call, seen->process);
	struct watch_row row = {0};

	if (!name)
		return;
	show_call(seen, &row);
	show_port(seen, &row);
	snprintf(row.answer, sizeof(row.answer), "%s", name);
	snprintf(row.remedy, sizeof(row.remedy), "\"capabilities\": { \"allow\": [..., \"%s\"] }",
		 name);
	name_process(&row, seen);
	count(tried, &tried->capabilities, &row);
}

/* A program whose file has capabilities is not run without them, not even by root. */
static void capability_words(uint64_t missing, struct watch_row *row)
{
	text_auto struct text names = {0};

	for (unsigned i = 0; i < 64; i++)
		if (missing & 1ULL << i && watch_capability_name(i))
			text_addf(&names, ", \"%s\"", watch_capability_name(i));
	snprintf(row->remedy, sizeof(row->remedy), "\"capabilities\": { \"allow\": [...%s] }",
		 names.data && !names.failed ? names.data : "");
	snprintf(row->note, sizeof(row->note),
		 "its file has capabilities that the container has not");
}

/* Which option of a profile has it otherwise; hardrun-controls(7) has them all. */
static void path_words(const struct watch_path *path, struct watch_row *row)
{
	static const char *const words[WATCH_PATH_KINDS] = {
		[WATCH_PATH_FINE] = "",		[WATCH_PATH_READ_ONLY] = "read-only",
		[WATCH_PATH_MASKED] = "masked", [WATCH_PATH_NOEXEC] = "noexec",
		[WATCH_PATH_NODEV] = "nodev",	[WATCH_PATH_CAPABILITIES] = "EPERM",
	};
	char shown[TEXT_SHOWN_SIZE];

	snprintf(row->answer, sizeof(row->answer), "%s", words[path->kind]);
	text_shown_z(path->path, shown);
	snprintf(row->what, sizeof(row->what), "%s", shown);
	if (path->kind == WATCH_PATH_CAPABILITIES)
		capability_words(path->capabilities, row);
	else if (path->kind == WATCH_PATH_READ_ONLY && strcmp(path->mount, "/") == 0)
		snprintf(row->remedy, sizeof(row->remedy),
			 "a volume there, or \"rootfs\": { \"readonly\": false }");
	else if (path->kind == WATCH_PATH_READ_ONLY || path->kind == WATCH_PATH_MASKED)
		snprintf(row->note, sizeof(row->note), "by %s", text_shown_z(path->mount, shown));
	else
		snprintf(row->remedy, sizeof(row->remedy), "put it elsewhere than on %s",
			 text_shown_z(path->mount, shown));
}

static void see_path(struct tried *tried, const struct supervise_seen *seen)
{
	static struct watch_path path;
	struct watch_row row = {0};

	if (watch_path(seen->name, seen->call, &path) == WATCH_PATH_FINE)
		return;
	path_words(&path, &row);
	name_process(&row, seen);
	count(tried, &tried->paths, &row);
}

static void seen(const struct supervise_seen *seen, void *data)
{
	struct tried *tried = data;

	tried->last_count = 0;
	if (!seen->judgement->passes)
		see_refused(tried, seen);
	else if (!tried->calls_only)
		see_path(tried, seen);
	if (!tried->calls_only)
		see_capability(tried, seen);
}

static void undone(void *data)
{
	struct tried *tried = data;

	while (tried->last_count > 0) {
		tried->last_count--;
		watch_uncount(tried->last[tried->last_count].tally,
			      &tried->last[tried->last_count].row);
	}
}

static size_t add(const char **to, size_t count, const char *const *names)
{
	for (; *names && count + 1 < ALSO_MAX; names++)
		to[count++] = *names;
	return count;
}

/* --- The command ------------------------------------------------------------------------------ */

static int put_json(const struct wish *wish, const struct tried *tried,
		    const struct trial_result *result, struct hr_error *err)
{
	text_auto struct text text = {0};

	if (!wish->json)
		return 0;
	if (try_json(tried, result, &text, err) < 0)
		return -1;
	return command_output(wish->json, text.data, text.len, err);
}

static void print_table(const struct wish *wish, const struct tried *tried,
			const struct trial_result *result)
{
	text_auto struct text text = {0};

	if (wish->quiet)
		return;
	try_table(tried, result, &text);
	if (!text.failed && text.data)
		fprintf(stderr, "%s", text.data);
}

/* What controls refused may be more than the one that the error names. */
static void print_refusals(const struct trial_result *result)
{
	json_auto struct json_doc *doc = json_new("refusals");
	struct json *report = doc ? json_new_array(doc) : NULL;
	text_auto struct text text = {0};

	json_each(entry, result->report ? json_get(json_root(result->report), "report") : NULL)
		if (json_string(entry, "action") &&
		    strcmp(json_string(entry, "action"), "refuse") == 0)
			json_append(report, json_clone(doc, entry));
	if (json_count(report) == 0)
		return;
	review_write(
		&(struct review){.profile = result->profile, .chosen_by = "try", .report = report},
		&text);
	if (!text.failed && text.data)
		fprintf(stderr, "%s\n", text.data);
}

static int run(struct wish *wish, struct hr_error *err)
{
	const char *also[ALSO_MAX] = {NULL};
	struct tried tried = {.calls_only = wish->calls_only};
	struct trial_result result;
	int status;

	if (!wish->calls_only)
		(void)add(also, add(also, 0, watch_privileged), watch_pathed);
	wish->trial.watch = SECCOMP_WATCH_REFUSED;
	wish->trial.also = also;
	wish->trial.seen = seen;
	wish->trial.undone = undone;
	wish->trial.data = &tried;
	status = trial_run(&wish->trial, &result, err);
	watch_sort(&tried.calls);
	watch_sort(&tried.capabilities);
	watch_sort(&tried.paths);
	if (status == 0)
		print_table(wish, &tried, &result);
	else if (err->code == HR_DENIED && !wish->quiet)
		print_refusals(&result);
	if (status == 0)
		status = put_json(wish, &tried, &result, err);
	watch_tally_free(&tried.calls);
	watch_tally_free(&tried.capabilities);
	watch_tally_free(&tried.paths);
	json_free(result.report);
	return status < 0 ? TRIAL_FAILED : result.status;
}

int command_try(int argc, char *const argv[], struct hr_error *err)
{
	struct wish wish = {0};

	if (argc > 2 && command_wants_help(argv[2])) {
		printf("%s%s%s", usage_text, trial_help, exit_text);
		return EXIT_OK;
	}
	if (parse(&wish, argc, argv, err) < 0)
		return TRIAL_FAILED;
	return run(&wish, err);
}
