/* SPDX-License-Identifier: Apache-2.0 */
/* report: for a terminal. What was refused comes first. */
#include "command/report.h"

#include "base/cleanup.h"

#include <string.h>

#define COLUMNS	 98
#define MOST	 20 /* of a list; --json has all of them */
#define NUMBER	 12 /* columns of a number */
#define LABEL	 10
#define LONGEST	 480 /* of a sentence; --json has all of it */
#define WHO_SHOW 6

/* A sentence from `column` on, and further lines behind `indent` blanks. */
static void wrap(struct text *to, const char *sentence, size_t column, size_t indent)
{
	const char *at = sentence + strspn(sentence, " ");
	bool first = true;

	while (*at) {
		size_t len = strcspn(at, " ");

		if (!first && column + 1 + len > COLUMNS) {
			text_addf(to, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			text_adds(to, " ");
			column++;
		}
		text_add(to, at, len);
		column += len;
		at += len;
		at += strspn(at, " ");
		first = false;
	}
	text_adds(to, "\n");
}

/* "    why       ...", at most LONGEST bytes of it. */
static void labelled(struct text *to, const char *label, const char *sentence)
{
	text_auto struct text said = {0};

	report_say(&said, sentence);
	if (!said.data)
		return;
	if (said.len > LONGEST && !said.failed) {
		said.len = LONGEST;
		text_adds(&said, "...");
	}
	text_addf(to, "    %-*s", LABEL, label);
	wrap(to, said.data, 4 + LABEL, 4 + LABEL);
}

static void right(struct text *to, uint64_t number)
{
	text_auto struct text digits = {0};

	report_number(&digits, number);
	text_addf(to, "%*s", NUMBER, digits.data ? digits.data : "");
}

static void more(struct text *to, size_t len, const char *what)
{
	if (len > MOST)
		text_addf(to, "  and %zu more %s (--json lists them)\n", len - MOST, what);
}

/* ---- the head ---- */

static void show_logs(const struct report *report, struct text *to)
{
	char minute[REPORT_TIME];

	for (size_t i = 0; i < report->logs_len; i++) {
		const struct report_log *log = &report->logs[i];

		text_adds(to, i == 0 ? "log       " : "          ");
		report_show(to, log->file);
		text_adds(to, ": ");
		report_number(to, log->lines);
		text_adds(to, " lines");
		if (log->others > 0) {
			text_adds(to, ", and ");
			report_number(to, log->others);
			text_adds(to, " that are none of hardrun's");
		}
		text_adds(to, "\n");
	}
	if (report->lines > 0) {
		text_addf(to, "time      %s", report_minute(report->first, minute));
		text_addf(to, " to %s UTC", report_minute(report->last, minute));
		if (report->outside > 0) {
			text_adds(to, "; ");
			report_number(to, report->outside);
			text_adds(to, " lines are from outside of what was asked");
		}
		text_adds(to, "\n");
	}
}

static void show_totals(const struct report *report, struct text *to)
{
	text_addf(to, "\n%-10s%*s%*s\n", "call", NUMBER, "accepted", NUMBER, "refused");
	for (unsigned i = 0; i < REPORT_EVENTS; i++) {
		if (report->events[i][false] + report->events[i][true] == 0)
			continue;
		text_addf(to, "%-10s", report_event_names[i]);
		right(to, report->events[i][false]);
		right(to, report->events[i][true]);
		text_adds(to, "\n");
	}
	if (report->repeats > 0) {
		text_adds(to, "repeated  ");
		right(to, report->repeats);
		text_adds(to, "            execs of probes, the same each time\n");
	}
}

/* ---- findings ---- */

static void show_who(const struct report_finding *finding, struct text *to)
{
	text_auto struct text list = {0};
	uint64_t others = finding->who_others;

	if (finding->who_len == 0)
		return; /* the kernel's, of what is no container */
	for (size_t i = 0; i < finding->who_len; i++) {
		if (i >= WHO_SHOW) {
			others += finding->who_count[i];
			continue;
		}
		text_adds(&list, i > 0 ? ", " : "");
		report_show_row(&list, finding->who[i]);
		if (finding->who_count[i] > 1) {
			text_adds(&list, " (");
			report_number(&list, finding->who_count[i]);
			text_adds(&list, ")");
		}
	}
	if (others > 0) {
		text_adds(&list, ", others (");
		report_number(&list, others);
		text_adds(&list, ")");
	}
	if (list.data)
		labelled(to, "who", list.data);
}

static void show_finding(const struct report_finding *finding, bool whole, struct text *to)
{
	char minute[REPORT_TIME];

	text_adds(to, whole ? "\n  " : "  ");
	report_number(to, finding->count);
	text_adds(to, " x  ");
	report_say(to, finding->rule);
	if (finding->control[0] == '\0')
		text_adds(to, ", before any rule");
	if (finding->path[0]) {
		text_adds(to, " at ");
		report_say(to, finding->path);
	}
	text_adds(to, "\n");
	if (whole) {
		text_addf(to, "    %-*s%s", LABEL, "when", report_minute(finding->first, minute));
		if (finding->last != finding->first)
			text_addf(to, " to %s", report_minute(finding->last, minute));
		text_adds(to, "\n");
	}
	show_who(finding, to);
	if (!whole)
		return;
	labelled(to, "why", finding->why);
	if (finding->origin[0])
		labelled(to, "rule from", finding->origin);
	if (finding->remedy[0])
		labelled(to, "to allow", finding->remedy);
}

static void show_findings(const struct report *report, enum report_kind kind, const char *title,
			  struct text *to)
{
	bool whole = kind != FOUND_WOULD_CHANGE; /* of these there are many, and none of them stops
						    anything */
	size_t len;
	hr_autofree const struct report_finding **list = report_sorted(report, kind, &len);

	if (len == 0)
		return;
	text_addf(to, whole ? "\n%s\n" : "\n%s\n\n", title);
	for (size_t i = 0; i < len && i < MOST; i++)
		show_finding(list[i], whole, to);
	more(to, len, "rules");
}

static void show_latest(const struct report *report, struct text *to)
{
	char minute[REPORT_TIME];

	if (report->latest_len == 0)
		return;
	text_adds(to, "\nlast refusals\n");
	for (size_t i = 0; i < report->latest_len; i++) {
		const struct report_latest *latest = &report->latest[i];

		text_addf(to, "\n  %s  %s  ", report_minute(latest->time, minute),
			  report_event_names[latest->event]);
		if (latest->who)
			report_show_row(to, latest->who);
		text_adds(to, "\n");
		if (latest->profile[0])
			labelled(to, "profile", latest->profile);
		if (latest->image[0])
			labelled(to, "image", latest->image);
		labelled(to, "message", latest->message);
	}
}

/* ---- tables ---- */

static void show_rows(const struct report_table *table, enum report_count what, const char *title,
		      const char *kind, struct text *to)
{
	static const struct {
		enum report_count count;
		const char *title;
	} columns[] = {{COUNT_ACCEPTED, "accepted"},
		       {COUNT_REFUSED, "refused"},
		       {COUNT_WOULD_REFUSE, "would break"},
		       {COUNT_WARNED, "warned"}};
	size_t len;
	hr_autofree const struct report_row **list = report_rows(table, what, &len);

	if (len == 0)
		return;
	text_addf(to, "\n%s\n\n", title);
	for (size_t i = 0; i < hr_count(columns); i++)
		text_addf(to, "%*s", NUMBER, columns[i].title);
	text_addf(to, "  %s\n", kind);
	for (size_t i = 0; i < len && i < MOST; i++) {
		for (size_t j = 0; j < hr_count(columns); j++)
			right(to, list[i]->count[columns[j].count]);
		text_adds(to, "  ");
		report_show_row(to, list[i]);
		text_adds(to, "\n");
	}
	more(to, len, kind);
}

static void show_kernel(const struct report *report, struct text *to)
{
	if (report->kernel_why[0]) {
		text_adds(to, "\nkernel: ");
		report_say(to, report->kernel_why);
		text_adds(to, "\n");
	} else if (report->kernel_source) {
		text_adds(to, "\nkernel: ");
		report_number(to, report->kernel_records);
		text_adds(to, " records in ");
		report_show(to, report->kernel_source);
		text_adds(to, ", ");
		report_number(to, report->kernel_joined);
		text_adds(to, " of them of containers that hardrun knows\n");
	}
}

static void show_others(const struct report *report, struct text *to)
{
	if (report->containers.others > 0) {
		text_adds(to, "\nThere are more containers in the log than are told apart: ");
		report_number(to, report->containers.others);
		text_adds(to, " calls are in the totals only. Ask for less with --since.\n");
	}
	if (report->undated > 0) {
		text_adds(to, "\n");
		report_number(to, report->undated);
		text_adds(to, " lines have no time that can be read and are not counted.\n");
	}
}

void report_text(const struct report *report, struct text *to)
{
	show_logs(report, to);
	if (report->lines > 0)
		show_totals(report, to);
	else
		text_adds(to, "\nnothing was logged in this time\n");
	if (report->lines > 0 && report_total(report, true) == 0)
		text_adds(to, "\nnothing was refused\n");
	show_findings(report, FOUND_REFUSED, "refused, by rule", to);
	show_latest(report, to);
	show_findings(report, FOUND_KERNEL, "refused in production, by the kernel", to);
	show_kernel(report, to);
	show_rows(&report->containers, COUNT_WOULD_REFUSE,
		  "would break under enforce, containers that mode audit lets start", "container",
		  to);
	show_findings(report, FOUND_WOULD_REFUSE, "would be refused under enforce, by rule", to);
	show_findings(report, FOUND_WOULD_CHANGE, "would be changed under enforce, by rule", to);
	show_findings(report, FOUND_WARNED, "warnings, by rule", to);
	show_rows(&report->containers, COUNT_REFUSED, "containers with refusals", "container", to);
	show_rows(&report->namespaces, COUNT_ACCEPTED, "namespaces", "namespace", to);
	show_rows(&report->profiles, COUNT_ACCEPTED, "profiles", "profile", to);
	show_others(report, to);
}
