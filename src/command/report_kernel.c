/* SPDX-License-Identifier: Apache-2.0 */
/* report: what the kernel refused to running containers, by its own audit records. */
#include "command/report.h"

#include "command/kernel_join.h"

#include <stdio.h>
#include <string.h>

#define MOST_FILTERS 256 /* that are read, from the bundles of living containers */

struct kernel_log {
	struct report *report;
	struct kernel_join *join;      /* NULL: no container is known */
	const struct json *of;	       /* the container that the last record was of */
	struct seccomp_filter *filter; /* its filter, or NULL */
	unsigned filters;
};

static const char *const controls[KERNEL_RECORD_KINDS] = {
	[KERNEL_SECCOMP] = "seccomp",
	[KERNEL_APPARMOR] = "apparmor",
	[KERNEL_SELINUX] = "selinux",
};

static struct report_row *container_of(struct report *report, const struct json *of)
{
	const struct json *identity = json_get(of, "identity");
	const char *kind = json_string(identity, "kind");

	return report_container(report, json_string(identity, "namespace"),
				json_string(identity, "pod"), json_string(identity, "container"),
				json_string(of, "id"), kind && strcmp(kind, "sandbox") == 0);
}

/* The filter of a container; most records are of the same one as the record before. */
static const struct seccomp_filter *filter_of(struct kernel_log *log, const struct json *of)
{
	if (log->of == of || !of)
		return of ? log->filter : NULL;
	seccomp_filter_free(log->filter);
	log->of = of;
	log->filter = log->filters++ < MOST_FILTERS ? kernel_join_filter(of) : NULL;
	return log->filter;
}

/* What it is that was refused; a process stands with it where there is no container. */
static void describe(const struct kernel_record *record, bool joined, struct text *to)
{
	char call[KERNEL_JOIN_CALL];

	text_adds(to,
		  record->kind == KERNEL_SECCOMP ? kernel_join_call(record, call) : record->what);
	if (!joined)
		text_addf(to, ", process %s", record->comm);
}

static void add(struct kernel_log *log, const struct kernel_record *record, const struct json *of)
{
	const struct seccomp_filter *filter = filter_of(log, of);
	text_auto struct text what = {0}, why = {0}, remedy = {0};
	char answer[KERNEL_JOIN_CALL];

	describe(record, of != NULL, &what);
	text_addf(&why, "%s, process %s, %s", kernel_join_errno(record, filter, answer),
		  record->comm, record->exe);
	kernel_join_remedy(record, filter, &remedy);
	log->report->failed = log->report->failed || what.failed || why.failed || remedy.failed;
	report_find(log->report,
		    &(struct report_finding){
			    .kind = FOUND_KERNEL,
			    .control = controls[record->kind],
			    .rule = controls[record->kind],
			    .path = what.data,
			    .why = why.data,
			    .remedy = remedy.data,
		    },
		    record->seconds, of ? container_of(log->report, of) : NULL);
}

static bool count(const struct kernel_record *record, void *data)
{
	struct kernel_log *log = data;
	struct report *report = log->report;
	const struct json *of;

	if (record->seconds < report->since || record->seconds >= report->until)
		return true;
	of = log->join ? kernel_join_find(log->join, record, NULL, NULL) : NULL;
	report->kernel_records++;
	report->kernel_joined += of != NULL;
	add(log, record, of);
	return !report_failed(report);
}

void report_kernel(struct report *report, const char *file)
{
	kernel_join_auto struct kernel_join *join = NULL;
	struct kernel_log log = {.report = report};
	struct hr_error err = {0};

	if (kernel_join_open(HR_STATEDIR, &join, &err) == 0)
		log.join = join;
	err = (struct hr_error){0};
	if (kernel_records(file, count, &log, &report->kernel_source, &err) < 0)
		snprintf(report->kernel_why, sizeof(report->kernel_why), "%s", err.msg);
	seccomp_filter_free(log.filter);
}
