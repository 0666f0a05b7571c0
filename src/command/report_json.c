/* SPDX-License-Identifier: Apache-2.0 */
/* report: for programs. */
#include "command/report.h"

#include "audit/audit.h"
#include "base/cleanup.h"
#include "json/edit.h"

#define JSON_VERSION 1

static const char *const count_names[REPORT_COUNTS] = {
	[COUNT_ACCEPTED] = "accepted",
	[COUNT_REFUSED] = "refused",
	[COUNT_WOULD_REFUSE] = "would_refuse",
	[COUNT_WOULD_CHANGE] = "would_change",
	[COUNT_WARNED] = "warned",
};

static const char *const kind_names[REPORT_KINDS] = {
	[FOUND_REFUSED] = "refused",
	[FOUND_WOULD_REFUSE] = "would_refuse",
	[FOUND_WOULD_CHANGE] = "would_change",
	[FOUND_WARNED] = "warned",
	[FOUND_KERNEL] = "kernel",
};

struct out {
	struct json_doc *doc;
	bool failed;
};

static struct json *object(struct out *out, struct json *list)
{
	struct json *made = json_append(list, json_new_object(out->doc));

	out->failed = out->failed || !made;
	return made;
}

static struct json *list_in(struct out *out, struct json *in, const char *key)
{
	struct json *made = json_put(out->doc, in, key, json_new_array(out->doc));

	out->failed = out->failed || !made;
	return made;
}

static struct json *object_in(struct out *out, struct json *in, const char *key)
{
	struct json *made = json_put(out->doc, in, key, json_new_object(out->doc));

	out->failed = out->failed || !made;
	return made;
}

static void string(struct out *out, struct json *in, const char *key, const char *text)
{
	if (text && text[0] && !json_put_string(out->doc, in, key, text))
		out->failed = true;
}

static void number(struct out *out, struct json *in, const char *key, uint64_t value)
{
	if (!json_put_uint(out->doc, in, key, value))
		out->failed = true;
}

static void moment(struct out *out, struct json *in, const char *key, int64_t time)
{
	char buf[AUDIT_TIME];

	string(out, in, key, audit_time(time < 0 ? 0 : time, 0, buf));
}

static void identity(struct out *out, struct json *in, const struct report_row *row)
{
	if (row->name) {
		string(out, in, "name", row->name);
		return;
	}
	string(out, in, "namespace", row->space);
	string(out, in, "pod", row->pod);
	string(out, in, "container", row->container);
	string(out, in, "id", row->id);
	if (row->sandbox && !json_put(out->doc, in, "sandbox", json_new_bool(out->doc, true)))
		out->failed = true;
}

static void add_rows(struct out *out, struct json *root, const char *key,
		     const struct report_table *table)
{
	struct json *list = list_in(out, root, key);

	for (size_t i = 0; i < table->len; i++) {
		const struct report_row *row = table->all[i];
		struct json *entry = object(out, list);

		identity(out, entry, row);
		for (unsigned j = 0; j < REPORT_COUNTS; j++)
			number(out, entry, count_names[j], row->count[j]);
		if (row->last > 0)
			moment(out, entry, "last", row->last);
		if (row->last_refused > 0)
			moment(out, entry, "last_refused", row->last_refused);
	}
}

static void add_finding(struct out *out, struct json *list, const struct report_finding *finding)
{
	struct json *entry = object(out, list), *who = NULL;

	string(out, entry, "control", finding->control);
	string(out, entry, "rule", finding->rule);
	string(out, entry, "path", finding->path);
	string(out, entry, "why", finding->why);
	string(out, entry, "remedy", finding->remedy);
	string(out, entry, "origin", finding->origin);
	number(out, entry, "count", finding->count);
	moment(out, entry, "first", finding->first);
	moment(out, entry, "last", finding->last);
	who = list_in(out, entry, "who");
	for (size_t i = 0; i < finding->who_len; i++) {
		struct json *one = object(out, who);

		identity(out, one, finding->who[i]);
		number(out, one, "count", finding->who_count[i]);
	}
	number(out, entry, "who_others", finding->who_others);
}

static void add_findings(struct out *out, struct json *in, enum report_kind kind, const char *key,
			 const struct report *report)
{
	size_t len;
	hr_autofree const struct report_finding **sorted = report_sorted(report, kind, &len);
	struct json *list = list_in(out, in, key);

	out->failed = out->failed || !sorted;
	for (size_t i = 0; i < len; i++)
		add_finding(out, list, sorted[i]);
}

static void add_head(struct out *out, struct json *root, const struct report *report)
{
	struct json *logs;

	number(out, root, "version", JSON_VERSION);
	logs = list_in(out, root, "logs");
	for (size_t i = 0; i < report->logs_len; i++) {
		struct json *log = object(out, logs);

		string(out, log, "file", report->logs[i].file);
		number(out, log, "lines", report->logs[i].lines);
		number(out, log, "others", report->logs[i].others);
	}
	number(out, root, "lines", report->lines);
	number(out, root, "outside", report->outside);
	number(out, root, "undated", report->undated);
	if (report->since != INT64_MIN)
		moment(out, root, "since", report->since);
	if (report->until != INT64_MAX)
		moment(out, root, "until", report->until);
	if (report->lines > 0) {
		moment(out, root, "first", report->first);
		moment(out, root, "last", report->last);
	}
}

static void add_totals(struct out *out, struct json *root, const struct report *report)
{
	struct json *totals = object_in(out, root, "totals"), *not_told;

	for (unsigned i = 0; i < REPORT_EVENTS; i++) {
		struct json *event = object_in(out, totals, report_event_names[i]);

		number(out, event, "accepted", report->events[i][false]);
		number(out, event, "refused", report->events[i][true]);
	}
	number(out, root, "repeats", report->repeats);
	not_told = object_in(out, root, "no_room");
	number(out, not_told, "containers", report->containers.others);
	number(out, not_told, "namespaces", report->namespaces.others);
	number(out, not_told, "profiles", report->profiles.others);
	number(out, not_told, "findings", report->findings.others);
}

static void add_latest(struct out *out, struct json *root, const struct report *report)
{
	struct json *list = list_in(out, root, "latest");

	for (size_t i = 0; i < report->latest_len; i++) {
		const struct report_latest *latest = &report->latest[i];
		struct json *entry = object(out, list);

		moment(out, entry, "time", latest->time);
		string(out, entry, "event", report_event_names[latest->event]);
		if (latest->who)
			identity(out, entry, latest->who);
		string(out, entry, "profile", latest->profile);
		string(out, entry, "image", latest->image);
		string(out, entry, "message", latest->message);
	}
}

static void add_trend(struct out *out, struct json *root, const struct report_trend *trend)
{
	struct json *object_of = object_in(out, root, "trend"), *list;

	number(out, object_of, "seconds", (uint64_t)trend->width);
	list = list_in(out, object_of, "buckets");
	for (size_t i = 0; i < trend->len; i++) {
		struct json *bucket = object(out, list);

		moment(out, bucket, "time", (trend->first + (int64_t)i) * trend->width);
		number(out, bucket, "accepted", trend->accepted[i]);
		number(out, bucket, "refused", trend->refused[i]);
	}
}

static void add_kernel(struct out *out, struct json *root, const struct report *report)
{
	struct json *kernel = object_in(out, root, "kernel");

	string(out, kernel, "source", report->kernel_source);
	string(out, kernel, "why_not", report->kernel_why);
	number(out, kernel, "records", report->kernel_records);
	number(out, kernel, "joined", report->kernel_joined);
	add_findings(out, kernel, FOUND_KERNEL, "refused", report);
}

int report_json(const struct report *report, struct text *to, struct hr_error *err)
{
	json_auto struct json_doc *doc = json_new("report");
	struct out out = {doc, !doc};
	hr_autofree char *text = NULL;
	struct json *root;
	size_t len;

	if (!doc)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	root = json_root(doc);
	add_head(&out, root, report);
	add_totals(&out, root, report);
	for (unsigned kind = 0; kind < FOUND_KERNEL; kind++)
		add_findings(&out, root, kind, kind_names[kind], report);
	add_kernel(&out, root, report);
	add_latest(&out, root, report);
	add_rows(&out, root, "containers", &report->containers);
	add_rows(&out, root, "namespaces", &report->namespaces);
	add_rows(&out, root, "profiles", &report->profiles);
	add_trend(&out, root, &report->trend);
	if (out.failed)
		return hr_fail(err, HR_SYSTEM, "out of memory");
	if (json_write(root, &text, &len, err) < 0)
		return -1;
	text_add(to, text, len);
	text_adds(to, "\n");
	return 0;
}
