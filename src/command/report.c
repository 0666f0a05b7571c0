/* SPDX-License-Identifier: Apache-2.0 */
/* report: what the audit log says, in sum. */
#include "command/report.h"

#include "audit/read.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "command/command.h"
#include "command/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char usage[] = "[--file LOG]... [--since TIME|AGE] [--until TIME|AGE] "
			    "[--json | --html FILE] [--kernel FILE]";

static const char help[] =
	"usage: hardrun report [OPTION...]\n"
	"\n"
	"What the audit log says: what was refused, by which rule, to whom and what to change;\n"
	"what mode audit let pass that mode enforce would not; warnings; calls by time, profile\n"
	"and namespace; and what the kernel refused to running containers.\n"
	"\n"
	"  --file LOG      this log, \"-\" for standard input; may be given more than once (the\n"
	"                  policy's audit.file, without rotated ones)\n"
	"  --since TIME    not before: 2026-11-22, 2026-11-22T03:00, with Z or +01:00 behind it\n"
	"                  (UTC without), or an age: 90m, 12h, 7d, 2w\n"
	"  --until TIME    before this time or age\n"
	"  --kernel FILE   the kernel's records are here: auditd's log, or what\n"
	"                  `journalctl -k -o export` gives (without --file:\n"
	"                  /var/log/audit/audit.log, or the kernel's own buffer)\n"
	"  --html FILE     a page without script or anything to load; \"-\" for standard output\n"
	"  --json          for programs\n"
	"\n"
	"Exit status: 0, 2 usage, 3 policy, 4 a file cannot be read or written.\n";

struct wanted {
	const char *files[REPORT_LOGS];
	size_t files_len;
	const char *since, *until, *kernel, *html;
	bool json;
};

static int add_file(struct wanted *ret, const char *file, struct hr_error *err)
{
	if (ret->files_len == REPORT_LOGS)
		return hr_fail(err, HR_USAGE, "report: at most %d times --file", REPORT_LOGS);
	ret->files[ret->files_len++] = file;
	return 0;
}

static int parse(int argc, char *const argv[], struct wanted *ret, struct hr_error *err)
{
	const struct {
		const char *name;
		const char **slot;
	} flags[] = {{"--since", &ret->since},
		     {"--until", &ret->until},
		     {"--kernel", &ret->kernel},
		     {"--html", &ret->html}};

	for (int i = 2; i < argc; i++) {
		size_t flag = 0;

		if (strcmp(argv[i], "--json") == 0) {
			ret->json = true;
			continue;
		}
		while (flag < hr_count(flags) && strcmp(flags[flag].name, argv[i]) != 0)
			flag++;
		if (i + 1 == argc || (flag == hr_count(flags) && strcmp(argv[i], "--file") != 0)) {
			command_usage("report", argv[i], usage, err);
			return -1;
		}
		i++;
		if (flag < hr_count(flags))
			*flags[flag].slot = argv[i];
		else if (add_file(ret, argv[i], err) < 0)
			return -1;
	}
	if (ret->json && ret->html)
		return hr_fail(err, HR_USAGE, "report: either --json or --html");
	return 0;
}

static int set_time(const char *flag, const char *word, int64_t now, int64_t *ret,
		    struct hr_error *err)
{
	char shown[TEXT_SHOWN_SIZE];

	if (!word || report_time_or_age(word, now, ret))
		return 0;
	return hr_fail(err, HR_USAGE,
		       "report: %s %s is no time (2026-11-22, 2026-11-22T03:00Z) and no age (90m, "
		       "12h, 7d, 2w)",
		       flag, text_shown_z(word, shown));
}

/* Where the policy has its log. The name lives in `policy`. */
static int usual_log(struct policy **policy, const char **ret, struct hr_error *err)
{
	struct policy_audit audit;

	if (explain_policy(&(struct explain){0}, policy, err) < 0)
		return hr_context(err, "report: where the audit log is (--file says it too)");
	policy_audit(*policy, &audit);
	if (!audit.file)
		return hr_fail(err, HR_SYSTEM,
			       "report: the policy says that no audit log is written (audit.file); "
			       "name one with --file");
	*ret = audit.file;
	return 0;
}

static int read_logs(struct report *report, const struct wanted *wanted, struct hr_error *err)
{
	for (size_t i = 0; i < wanted->files_len; i++) {
		struct report_log *log = &report->logs[report->logs_len++];
		struct audit_read counts;

		log->file = wanted->files[i];
		if (audit_read(log->file, report_line, report, &counts, err) < 0)
			return hr_context(err, "report");
		log->lines = counts.lines;
		log->others = counts.others;
	}
	return 0;
}

/* ---- out ---- */

/* Whole, or as it was before. */
static int write_page(const char *file, const struct text *text, struct hr_error *err)
{
	const char *slash = strrchr(file, '/');
	hr_autofree char *directory =
		slash ? strndup(file, (size_t)(slash - file) + 1) : strdup(".");
	hr_autoclose int dirfd = -1;
	char shown[TEXT_SHOWN_SIZE];

	if (!directory)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return hr_fail_errno(err, errno, "report: %s", text_shown_z(directory, shown));
	if (file_replace_at(dirfd, slash ? slash + 1 : file, text->data, text->len, 0640, geteuid(),
			    getegid(), err) < 0)
		return hr_context(err, "report: %s", text_shown_z(file, shown));
	return 0;
}

static int show(const struct report *report, const struct wanted *wanted, struct hr_error *err)
{
	text_auto struct text text = {0};

	if (wanted->json && report_json(report, &text, err) < 0)
		return -1;
	if (wanted->html)
		report_html(report, &text);
	else if (!wanted->json)
		report_text(report, &text);
	if (text.failed || report_failed(report))
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (wanted->html && strcmp(wanted->html, "-") != 0)
		return write_page(wanted->html, &text, err);
	return file_write_fd(STDOUT_FILENO, "standard output", text.data, text.len, err);
}

static int make_report(struct report *report, struct wanted *wanted, struct hr_error *err)
{
	policy_auto struct policy *policy = NULL;
	bool usual = wanted->files_len == 0;

	if (set_time("--since", wanted->since, report->now, &report->since, err) < 0 ||
	    set_time("--until", wanted->until, report->now, &report->until, err) < 0)
		return -1;
	if (usual) {
		if (usual_log(&policy, &wanted->files[0], err) < 0)
			return -1;
		wanted->files_len = 1;
	}
	if (read_logs(report, wanted, err) < 0)
		return -1;
	/* A log that was brought from elsewhere has nothing to do with the kernel here. */
	if (wanted->kernel || usual)
		report_kernel(report, wanted->kernel);
	return show(report, wanted, err);
}

int command_report(int argc, char *const argv[], struct hr_error *err)
{
	struct wanted wanted = {0};
	struct report report;
	int rc;

	if (argc > 2 && command_wants_help(argv[2]))
		return command_help(help);
	if (parse(argc, argv, &wanted, err) < 0 || report_init(&report, err) < 0)
		return command_exit(err);
	rc = make_report(&report, &wanted, err);
	report_free(&report);
	return rc < 0 ? command_exit(err) : EXIT_OK;
}
