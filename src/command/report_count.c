/* SPDX-License-Identifier: Apache-2.0 */
/* report: a line of the audit log is counted, and forgotten. */
#include "command/report.h"

#include "base/cleanup.h"
#include "json/edit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MOST_CONTAINERS 4096
#define MOST_NAMESPACES 1024
#define MOST_PROFILES	256
#define MOST_FINDINGS	2048
#define MANY_FINDINGS	1536 /* from here on fields of a rule are no longer told apart */

const char *const report_event_names[REPORT_EVENTS] = {
	[EVENT_CREATE] = "create", [EVENT_RUN] = "run",	      [EVENT_RESTORE] = "restore",
	[EVENT_EXEC] = "exec",	   [EVENT_UPDATE] = "update", [EVENT_START] = "start",
	[EVENT_OTHER] = "other",
};

int report_init(struct report *report, struct hr_error *err)
{
	*report = (struct report){
		.since = INT64_MIN,
		.until = INT64_MAX,
		.now = time(NULL),
		.strings = json_new("report"),
		.findings.most = MOST_FINDINGS,
		.containers.most = MOST_CONTAINERS,
		.namespaces.most = MOST_NAMESPACES,
		.profiles.most = MOST_PROFILES,
	};
	return report->strings ? 0 : hr_fail(err, HR_SYSTEM, "out of memory");
}

void report_free(struct report *report)
{
	json_free(report->strings);
	report_table_free(&report->findings);
	report_table_free(&report->containers);
	report_table_free(&report->namespaces);
	report_table_free(&report->profiles);
}

bool report_failed(const struct report *report)
{
	return report->failed || report->findings.failed || report->containers.failed ||
	       report->namespaces.failed || report->profiles.failed;
}

/* Whole characters of UTF-8. */
static size_t cut(const char *text, size_t most)
{
	size_t len = strnlen(text, most);

	if (text[len] != '\0')
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	return len;
}

const char *report_copy(struct report *report, const char *text)
{
	char part[REPORT_LONGEST + 1];
	const struct json *copy;

	if (!text || text[0] == '\0')
		return "";
	snprintf(part, sizeof(part), "%.*s", (int)cut(text, REPORT_LONGEST), text);
	copy = json_new_string(report->strings, part);
	report->failed = report->failed || !copy;
	return copy ? copy->text : "";
}

/* ---- who ---- */

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

struct report_row *report_container(struct report *report, const char *space, const char *pod,
				    const char *container, const char *id, bool sandbox)
{
	bool named = pod && pod[0];
	char key[4 * 256];
	struct report_row *row;

	if (named)
		snprintf(key, sizeof(key), "p%.255s\n%.255s\n%.255s\n%d", or_nothing(space), pod,
			 or_nothing(container), sandbox);
	else
		snprintf(key, sizeof(key), "i%.512s", or_nothing(id));
	row = report_table_get(&report->containers, key, sizeof(*row));
	if (row && !row->pod) {
		row->space = report_copy(report, space);
		row->pod = report_copy(report, pod);
		row->container = report_copy(report, container);
		row->id = report_copy(report, id);
		row->sandbox = sandbox;
	} else if (row && id && strcmp(row->id, id) != 0 && named) {
		row->id = ""; /* several, one after the other */
	}
	return row;
}

static struct report_row *named(struct report_table *table, const char *name)
{
	char key[256];
	struct report_row *row;

	snprintf(key, sizeof(key), "%.*s", (int)cut(name, sizeof(key) - 1), name);
	row = report_table_get(table, key, sizeof(*row));
	if (row)
		row->name = row->key;
	return row;
}

static struct report_row *container_of(struct report *report, const struct json *line)
{
	const struct json *identity = json_get(line, "identity");
	const char *kind = or_nothing(json_string(identity, "kind"));

	return report_container(report, json_string(identity, "namespace"),
				json_string(identity, "pod"), json_string(identity, "container"),
				json_string(line, "id"), strcmp(kind, "sandbox") == 0);
}

/* ---- what ---- */

/* mounts[3].source and mounts[4].source are the same field of two elements. */
static void general_path(const char *path, char *ret, size_t room)
{
	size_t len = 0;
	char *set;

	while (*path && len + 1 < room) {
		size_t number = *path == '[' ? strspn(path + 1, "0123456789") : 0;

		ret[len++] = *path++;
		if (number > 0 && path[number] == ']')
			path += number;
	}
	ret[len] = '\0';
	ret[cut(ret, len)] = '\0';
	/* The five sets are asked and judged together. */
	set = strstr(ret, "capabilities.");
	if (set && !strchr(set, '['))
		set[strlen("capabilities")] = '\0';
}

static void count_who(struct report_finding *finding, const struct report_row *who)
{
	if (!who) {
		finding->who_others++;
		return;
	}
	for (size_t i = 0; i < finding->who_len; i++)
		if (finding->who[i] == who) {
			finding->who_count[i]++;
			return;
		}
	if (finding->who_len == REPORT_WHO) {
		finding->who_others++;
		return;
	}
	finding->who[finding->who_len] = who;
	finding->who_count[finding->who_len++] = 1;
}

struct report_finding *report_find(struct report *report, const struct report_finding *what,
				   int64_t time, const struct report_row *who)
{
	bool many = report->findings.len >= MANY_FINDINGS;
	struct report_finding *found;
	char key[1024], path[257];

	general_path(or_nothing(what->path), path, sizeof(path));
	if (many)
		snprintf(path, sizeof(path), "(any field)");
	snprintf(key, sizeof(key), "%u\n%.100s\n%.200s\n%s\n%.300s", what->kind,
		 or_nothing(what->control), or_nothing(what->rule), path,
		 many || what->control ? "" : or_nothing(what->why));
	found = report_table_get(&report->findings, key, sizeof(*found));
	if (!found)
		return NULL;
	if (!found->path) {
		found->kind = what->kind;
		found->control = report_copy(report, what->control);
		found->rule = report_copy(report, what->rule);
		found->path = report_copy(report, path);
		found->why = report_copy(report, what->why);
		found->remedy = report_copy(report, what->remedy);
		found->origin = report_copy(report, what->origin);
		found->first = time;
	}
	if (found->count > 0 && found->line == what->line && what->line > 0)
		return found; /* two elements of a list, one call */
	if (time > found->last)
		found->last = time;
	if (time < found->first)
		found->first = time;
	found->line = what->line;
	found->count++;
	count_who(found, who);
	return found;
}

static bool says(const struct json *entry, const char *key, const char *word)
{
	const char *text = json_string(entry, key);

	return text && strcmp(text, word) == 0;
}

static enum report_kind kind_of(const struct json *entry)
{
	bool audit = says(entry, "mode", "audit"), refuse = says(entry, "action", "refuse");

	if (says(entry, "action", "warn"))
		return FOUND_WARNED;
	if (refuse)
		return audit ? FOUND_WOULD_REFUSE : FOUND_REFUSED;
	return audit ? FOUND_WOULD_CHANGE : REPORT_KINDS; /* was changed: that is the daily work */
}

/* Which kinds of entries the line has, and each counted. */
static void count_entries(struct report *report, const struct json *line, int64_t time,
			  const struct report_row *who, bool ret_has[REPORT_KINDS])
{
	json_each(entry, json_get(line, "report")) {
		struct report_finding what = {
			.kind = kind_of(entry),
			.control = json_string(entry, "control"),
			.rule = json_string(entry, "rule"),
			.path = json_string(entry, "path"),
			.why = json_string(entry, "why"),
			.remedy = json_string(entry, "remedy"),
			.origin = json_string(entry, "origin"),
			.line = report->lines,
		};

		if (what.kind == REPORT_KINDS)
			continue;
		ret_has[what.kind] = true;
		report_find(report, &what, time, who);
	}
}

static void count_row(struct report_row *row, const bool what[REPORT_COUNTS], int64_t time)
{
	if (!row)
		return;
	for (unsigned i = 0; i < REPORT_COUNTS; i++)
		row->count[i] += what[i];
	if (time > row->last)
		row->last = time;
	if (what[COUNT_REFUSED] && time > row->last_refused)
		row->last_refused = time;
}

static enum report_event event_of(const struct json *line)
{
	for (unsigned i = 0; i < REPORT_EVENTS; i++)
		if (says(line, "event", report_event_names[i]))
			return i;
	return EVENT_OTHER;
}

static void copy(char *ret, size_t room, const char *text)
{
	snprintf(ret, room, "%.*s", (int)cut(or_nothing(text), room - 1), or_nothing(text));
}

/* Sorted, whatever the order of the logs. */
static void keep_latest(struct report *report, const struct json *line, int64_t time,
			const struct report_row *who)
{
	struct report_latest *list = report->latest;
	size_t at = 0;

	while (at < report->latest_len && list[at].time > time)
		at++;
	if (at == REPORT_LATEST)
		return;
	if (report->latest_len < REPORT_LATEST)
		report->latest_len++;
	memmove(list + at + 1, list + at, (report->latest_len - 1 - at) * sizeof(*list));
	list[at] = (struct report_latest){.time = time, .event = event_of(line), .who = who};
	copy(list[at].message, sizeof(list[at].message), json_string(line, "message"));
	copy(list[at].profile, sizeof(list[at].profile), json_string(line, "profile"));
	copy(list[at].image, sizeof(list[at].image),
	     json_string(json_get(line, "identity"), "image"));
}

/* A call that failed before any control was asked: the message is all there is. */
static void count_early(struct report *report, const struct json *line, int64_t time,
			const struct report_row *who)
{
	report_find(report,
		    &(struct report_finding){
			    .kind = FOUND_REFUSED,
			    .rule = report_event_names[event_of(line)],
			    .why = json_string(line, "message"),
			    .line = report->lines,
		    },
		    time, who);
}

static void count_call(struct report *report, const struct json *line, int64_t time, bool refused)
{
	const char *space = json_string(json_get(line, "identity"), "namespace");
	const char *profile = json_string(line, "profile");
	bool has[REPORT_KINDS] = {false}, what[REPORT_COUNTS];
	struct report_row *who = container_of(report, line);

	report->events[event_of(line)][refused]++;
	report_trend_add(&report->trend, time, refused);
	count_entries(report, line, time, who, has);
	if (refused && !has[FOUND_REFUSED])
		count_early(report, line, time, who);
	if (refused)
		keep_latest(report, line, time, who);
	what[COUNT_ACCEPTED] = !refused;
	what[COUNT_REFUSED] = refused;
	what[COUNT_WOULD_REFUSE] = !refused && has[FOUND_WOULD_REFUSE];
	what[COUNT_WOULD_CHANGE] = has[FOUND_WOULD_CHANGE];
	what[COUNT_WARNED] = has[FOUND_WARNED];
	count_row(who, what, time);
	count_row(named(&report->namespaces, or_nothing(space)), what, time);
	count_row(named(&report->profiles, or_nothing(profile)), what, time);
}

bool report_line(const struct json *line, void *data)
{
	struct report *report = data;
	int64_t time, repeats;

	if (!report_time(or_nothing(json_string(line, "time")), &time)) {
		report->undated++;
		return true;
	}
	if (time < report->since || time >= report->until) {
		report->outside++;
		return true;
	}
	if (report->lines == 0 || time < report->first)
		report->first = time;
	if (report->lines == 0 || time > report->last)
		report->last = time;
	report->lines++;
	if (json_int(json_path(line, "repeats.count"), &repeats) && repeats > 0)
		report->repeats += (uint64_t)repeats;
	if (json_string(line, "verdict"))
		count_call(report, line, time, says(line, "verdict", "refuse"));
	return !report_failed(report);
}

uint64_t report_total(const struct report *report, bool refused)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < REPORT_EVENTS; i++)
		sum += report->events[i][refused];
	return sum;
}
