/* SPDX-License-Identifier: Apache-2.0 */
/* report --html: the page. */
#include "command/report_page.h"

#include "base/cleanup.h"

#define MOST_FINDINGS 60
#define MOST_ROWS     200
#define MOST_RULES    24

static void number(struct text *to, uint64_t value)
{
	report_number(to, value);
}

static void section(struct text *to, const char *title)
{
	text_adds(to, "<h2>");
	page_say(to, title);
	text_adds(to, "</h2>\n");
}

static void paragraph(struct text *to, const char *sentence)
{
	text_adds(to, "<p class=\"quiet\">");
	page_say(to, sentence);
	text_adds(to, "</p>\n");
}

static void more(struct text *to, size_t len, size_t most)
{
	if (len <= most)
		return;
	text_adds(to, "<p class=\"quiet\">and ");
	number(to, len - most);
	text_adds(to, " more: hardrun report --json lists them</p>\n");
}

/* ---- the head ------------------------------------------------------------------------------ */

static void head(struct text *to, const struct report *report)
{
	char from[REPORT_TIME], until[REPORT_TIME], made[REPORT_TIME];

	text_adds(to, "<header>\n<h1>hardrun report</h1>\n");
	if (report->lines > 0)
		text_addf(to, "<p>%s to %s UTC</p>\n", report_minute(report->first, from),
			  report_minute(report->last, until));
	for (size_t i = 0; i < report->logs_len; i++) {
		text_adds(to, "<p class=\"quiet\"><code>");
		page_show(to, report->logs[i].file);
		text_adds(to, "</code>: ");
		number(to, report->logs[i].lines);
		text_adds(to, " lines");
		if (report->logs[i].others > 0) {
			text_adds(to, ", and ");
			number(to, report->logs[i].others);
			text_adds(to, " that are none of hardrun's");
		}
		text_adds(to, "</p>\n");
	}
	text_addf(to, "<p class=\"quiet\">made %s UTC</p>\n</header>\n<main>\n",
		  report_minute(report->now, made));
}

static uint64_t rows_with(const struct report_table *table, enum report_count what)
{
	size_t len;
	hr_autofree const struct report_row **list = report_rows(table, what, &len);

	return len;
}

static void tile(struct text *to, const char *colour, uint64_t value, const char *words)
{
	text_addf(to, "<li><b class=\"%s\">", value > 0 ? colour : "quiet");
	number(to, value);
	text_addf(to, "</b> %s</li>\n", words);
}

static void tiles(struct text *to, const struct report *report)
{
	text_adds(to, "<ul class=\"tiles\">\n");
	tile(to, "bad", report_total(report, true), "calls refused");
	tile(to, "good", report_total(report, false), "calls accepted");
	tile(to, "maybe", rows_with(&report->containers, COUNT_WOULD_REFUSE),
	     "would break under enforce (containers)");
	if (report->kernel_source)
		tile(to, "bad", report->kernel_records, "refused in production (kernel records)");
	text_adds(to, "</ul>\n");
}

/* ---- findings ------------------------------------------------------------------------------ */

static void said(struct text *to, const char *label, const char *sentence)
{
	if (sentence[0] == '\0')
		return;
	text_addf(to, "<dt>%s</dt><dd>", label);
	page_say(to, sentence);
	text_adds(to, "</dd>\n");
}

static void who(struct text *to, const struct report_finding *finding)
{
	text_adds(to, "<dt>who</dt><dd>");
	for (size_t i = 0; i < finding->who_len; i++) {
		text_adds(to, i > 0 ? ", <code>" : "<code>");
		page_row(to, finding->who[i]);
		text_adds(to, "</code>");
		if (finding->who_count[i] > 1) {
			text_adds(to, " (");
			number(to, finding->who_count[i]);
			text_adds(to, ")");
		}
	}
	if (finding->who_others > 0) {
		text_adds(to, finding->who_len > 0 ? ", others (" : "others (");
		number(to, finding->who_others);
		text_adds(to, ")");
	}
	text_adds(to, "</dd>\n");
}

/* "rule at field"; of what failed before any rule was asked, the event. */
static void rule(struct text *to, const struct report_finding *finding)
{
	text_adds(to, "<code>");
	page_say(to, finding->rule);
	text_adds(to, "</code>");
	if (finding->control[0] == '\0')
		text_adds(to, ", before any rule");
	if (finding->path[0]) {
		text_adds(to, " at <code>");
		page_say(to, finding->path);
		text_adds(to, "</code>");
	}
}

static void card(struct text *to, const struct report_finding *finding, const char *colour)
{
	char minute[REPORT_TIME];

	text_addf(to, "<article class=\"%s\"><h3>", colour);
	number(to, finding->count);
	text_adds(to, " &times; ");
	rule(to, finding);
	text_addf(to, "</h3>\n<dl><dt>when</dt><dd>%s", report_minute(finding->first, minute));
	if (finding->last != finding->first)
		text_addf(to, " to %s", report_minute(finding->last, minute));
	text_adds(to, " UTC</dd>\n");
	who(to, finding);
	said(to, "why", finding->why);
	said(to, "rule from", finding->origin);
	said(to, "to allow", finding->remedy);
	text_adds(to, "</dl></article>\n");
}

static void cards(struct text *to, const struct report *report, enum report_kind kind,
		  const char *title, const char *colour)
{
	size_t len;
	hr_autofree const struct report_finding **list = report_sorted(report, kind, &len);

	if (len == 0)
		return;
	section(to, title);
	for (size_t i = 0; i < len && i < MOST_FINDINGS; i++)
		card(to, list[i], colour);
	more(to, len, MOST_FINDINGS);
}

/* Rules in short: one line each, with a bar. */
static void by_rule(struct text *to, const struct report *report, enum report_kind kind,
		    const char *caption, const char *colour)
{
	size_t len;
	hr_autofree const struct report_finding **list = report_sorted(report, kind, &len);

	if (len == 0)
		return;
	text_addf(to,
		  "<table><caption>%s</caption>\n<thead><tr><th scope=\"col\">rule</th>"
		  "<th scope=\"col\" class=\"n\">calls</th></tr></thead>\n<tbody>\n",
		  caption);
	for (size_t i = 0; i < len && i < MOST_RULES; i++) {
		text_adds(to, "<tr><th scope=\"row\">");
		rule(to, list[i]);
		if (list[i]->control[0] == '\0') {
			text_adds(to, ": ");
			page_say(to, list[i]->why);
		}
		page_bar(to, list[i]->count, list[0]->count, colour);
		text_adds(to, "</th><td class=\"n\">");
		number(to, list[i]->count);
		text_adds(to, "</td></tr>\n");
	}
	text_adds(to, "</tbody></table>\n");
	more(to, len, MOST_RULES);
}

static void latest(struct text *to, const struct report *report)
{
	char minute[REPORT_TIME];

	if (report->latest_len == 0)
		return;
	section(to, "Last refusals");
	for (size_t i = 0; i < report->latest_len; i++) {
		const struct report_latest *one = &report->latest[i];

		text_addf(to, "<article class=\"refused\"><h3>%s UTC, %s</h3>\n<dl>",
			  report_minute(one->time, minute), report_event_names[one->event]);
		if (one->who) {
			text_adds(to, "<dt>who</dt><dd><code>");
			page_row(to, one->who);
			text_adds(to, "</code></dd>\n");
		}
		said(to, "profile", one->profile);
		said(to, "image", one->image);
		said(to, "message", one->message);
		text_adds(to, "</dl></article>\n");
	}
}

/* ---- tables -------------------------------------------------------------------------------- */

struct column {
	enum report_count count;
	const char *title, *class;
};

static void cell(struct text *to, const struct column *column, const struct report_row *row)
{
	text_addf(to, "<td class=\"%s\">", column->class);
	number(to, row->count[column->count]);
	text_adds(to, "</td>");
}

static void table(struct text *to, const struct report_table *from, enum report_count by,
		  const char *caption, const char *kind)
{
	static const struct column columns[] = {{COUNT_ACCEPTED, "accepted", "n"},
						{COUNT_REFUSED, "refused", "n"},
						{COUNT_WOULD_REFUSE, "would be refused", "n"},
						{COUNT_WARNED, "warned", "n wide"}};
	size_t len;
	hr_autofree const struct report_row **list = report_rows(from, by, &len);

	if (len == 0)
		return;
	text_addf(to, "<table><caption>%s</caption>\n<thead><tr><th scope=\"col\">%s</th>", caption,
		  kind);
	for (size_t i = 0; i < hr_count(columns); i++)
		text_addf(to, "<th scope=\"col\" class=\"%s\">%s</th>", columns[i].class,
			  columns[i].title);
	text_adds(to, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < len && i < MOST_ROWS; i++) {
		text_adds(to, "<tr><th scope=\"row\"><code>");
		page_row(to, list[i]);
		text_adds(to, "</code>");
		page_bar(to, list[i]->count[by], list[0]->count[by],
			 by == COUNT_ACCEPTED	    ? "f-good"
			 : by == COUNT_WOULD_REFUSE ? "f-maybe"
						    : "f-bad");
		text_adds(to, "</th>");
		for (size_t j = 0; j < hr_count(columns); j++)
			cell(to, &columns[j], list[i]);
		text_adds(to, "</tr>\n");
	}
	text_adds(to, "</tbody></table>\n");
	more(to, len, MOST_ROWS);
}

static void totals(struct text *to, const struct report *report)
{
	text_adds(to, "<table><caption>Calls by what was asked</caption>\n<thead><tr><th "
		      "scope=\"col\">call</th><th scope=\"col\" class=\"n\">accepted</th><th "
		      "scope=\"col\" class=\"n\">refused</th></tr></thead>\n<tbody>\n");
	for (unsigned i = 0; i < REPORT_EVENTS; i++) {
		if (report->events[i][false] + report->events[i][true] == 0)
			continue;
		text_addf(to, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
			  report_event_names[i]);
		number(to, report->events[i][false]);
		text_adds(to, "</td><td class=\"n\">");
		number(to, report->events[i][true]);
		text_adds(to, "</td></tr>\n");
	}
	text_adds(to, "</tbody></table>\n");
	if (report->repeats > 0) {
		text_adds(to, "<p class=\"quiet\">and ");
		number(to, report->repeats);
		text_adds(to, " execs of probes, the same each time</p>\n");
	}
}

static void kernel(struct text *to, const struct report *report)
{
	text_auto struct text text = {0};

	cards(to, report, FOUND_KERNEL, "Refused in production, by the kernel", "refused");
	if (report->kernel_why[0]) {
		section(to, "The kernel's records");
		paragraph(to, report->kernel_why);
	} else if (report->kernel_source) {
		report_number(&text, report->kernel_records);
		text_adds(&text, " records in ");
		report_show(&text, report->kernel_source);
		text_adds(&text, ", ");
		report_number(&text, report->kernel_joined);
		text_adds(&text, " of them of containers that hardrun knows");
		if (report->kernel_records == 0)
			section(to, "The kernel's records");
		paragraph(to, text.data ? text.data : "");
	}
}

static void rest(struct text *to, const struct report *report)
{
	section(to, "All calls");
	totals(to, report);
	table(to, &report->profiles, COUNT_ACCEPTED, "Calls by profile; the bar is of the accepted",
	      "profile");
	table(to, &report->namespaces, COUNT_ACCEPTED,
	      "Calls by namespace; - is what is in none; the bar is of the accepted", "namespace");
	if (report->containers.others > 0) {
		text_adds(to, "<p>There are more containers in the log than are told apart: ");
		number(to, report->containers.others);
		text_adds(to, " calls are in the totals only.</p>\n");
	}
}

void report_html(const struct report *report, struct text *to)
{
	page_begin(to, "hardrun report");
	head(to, report);
	tiles(to, report);
	if (report->lines == 0)
		paragraph(to, "Nothing was logged in this time.");
	if (report->trend.len > 0)
		section(to, "Over time");
	page_trend(to, &report->trend);
	by_rule(to, report, FOUND_REFUSED, "Refusals by rule and field", "f-bad");
	cards(to, report, FOUND_REFUSED, "Refused, by rule", "refused");
	table(to, &report->containers, COUNT_REFUSED, "Containers with refusals", "container");
	latest(to, report);
	kernel(to, report);
	if (rows_with(&report->containers, COUNT_WOULD_REFUSE) +
		    rows_with(&report->containers, COUNT_WOULD_CHANGE) >
	    0)
		section(to, "Mode audit: what enforce would do");
	table(to, &report->containers, COUNT_WOULD_REFUSE,
	      "Containers that mode audit lets start and mode enforce would not", "container");
	cards(to, report, FOUND_WOULD_REFUSE, "Would be refused under enforce, by rule", "would");
	by_rule(to, report, FOUND_WOULD_CHANGE,
		"What mode audit left as it was asked, and mode enforce would change; this stops "
		"nothing from starting",
		"f-maybe");
	cards(to, report, FOUND_WARNED, "Warnings, by rule", "warned");
	if (report->lines > 0)
		rest(to, report);
	text_adds(to, "</main>\n");
	page_end(to);
}
