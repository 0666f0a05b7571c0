/* SPDX-License-Identifier: Apache-2.0 */
#include "command/report.h"

#include "unit.h"

#include <time.h>

/* As timegm(3) says. */
static const struct {
	const char *text;
	int64_t time; /* -1: none */
} times[] = {
	{"1970-01-01", 0},
	{"1970-01-01T00:00:01Z", 1},
	{"2000-02-29", 951782400},
	{"2000-03-01", 951868800},
	{"2024-02-29T12:34:56.789Z", 1709210096},
	{"2026-11-23T03:10", 1795403400},
	{"2026-11-23 03:10", 1795403400},
	{"2026-11-23T03:10:00+01:00", 1795399800},
	{"2026-11-23T03:10:00-0130", 1795408800},
	{"2026-11-23t03:10:00z", 1795403400},
	{"9999-12-31T23:59:60Z", 253402300800},
	{"2026-02-29", -1},
	{"1900-02-28", -1},
	{"2100-02-29", -1},
	{"2026-13-01", -1},
	{"2026-00-01", -1},
	{"2026-01-32", -1},
	{"2026-04-31", -1},
	{"2026-01-01T24:00", -1},
	{"2026-01-01T23:60", -1},
	{"2026-01-01T23:00x", -1},
	{"2026-01-01Z", -1},
	{"2026-01-01T", -1},
	{"2026-1-1", -1},
	{"12026-01-01", -1},
	{"", -1},
	{"now", -1},
	{"2026-01-01T00:00+1", -1},
};

static void check_times(__typeof__(&times[0]) row, size_t at)
{
	int64_t time = -1;
	bool good = report_time(row->text, &time);

	cr_expect_eq(good, row->time != -1, "row %zu: %s", at, row->text);
	if (good)
		cr_expect_eq(time, row->time, "%s: %lld", row->text, (long long)time);
}

ROWS(report, times)

static const struct {
	const char *text;
	int64_t time; /* -1: none */
} ages[] = {
	{"0s", 1000000}, {"90s", 999910},	{"90m", 994600},  {"2h", 992800}, {"7d", 395200},
	{"1w", 395200},	 {"1970-01-02", 86400}, {"h", -1},	  {"1", -1},	  {"1x", -1},
	{"1hh", -1},	 {"-1h", -1},		{"9999999d", -1}, {" 1h", -1},	  {"1 h", -1},
};

static void check_ages(__typeof__(&ages[0]) row, size_t at)
{
	int64_t time = -1;
	bool good = report_time_or_age(row->text, 1000000, &time);

	cr_expect_eq(good, row->time != -1, "row %zu: %s", at, row->text);
	if (good)
		cr_expect_eq(time, row->time, "%s: %lld", row->text, (long long)time);
}

ROWS(report, ages)

/* Every day of four centuries. */
Test(report, days)
{
	for (int64_t day = 0; day < 146097; day++) {
		time_t seconds = day * 86400;
		struct tm tm;
		char text[32];
		int64_t time;

		gmtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
		cr_assert(report_time(text, &time) && time == seconds, "%s", text);
	}
}

/* Whatever the order, nothing is lost and nothing is counted in another place. */
Test(report, trend)
{
	struct report_trend trend = {0};
	int64_t moments[500];
	uint64_t state = 7;

	for (size_t i = 0; i < hr_count(moments); i++) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		/* The span grows as there are more. */
		moments[i] = 1795403400 + (int64_t)((state >> 33) % (3600 + i * i * 1000)) -
			     (int64_t)(i * i * 500);
		report_trend_add(&trend, moments[i], i % 3 == 0);
		cr_assert(trend.len <= TREND_MOST && trend.width % 3600 == 0);
	}
	for (size_t bucket = 0; bucket < trend.len; bucket++) {
		int64_t begin = (trend.first + (int64_t)bucket) * trend.width;
		uint64_t accepted = 0, refused = 0;

		for (size_t i = 0; i < hr_count(moments); i++)
			if (moments[i] >= begin && moments[i] < begin + trend.width)
				*(i % 3 == 0 ? &refused : &accepted) += 1;
		cr_expect_eq(trend.accepted[bucket], accepted, "bucket %zu", bucket);
		cr_expect_eq(trend.refused[bucket], refused, "bucket %zu", bucket);
	}
}

/* The years 1970 to 9999, and back. */
Test(report, trend_extremes)
{
	struct report_trend trend = {0};
	uint64_t sum = 0;

	report_trend_add(&trend, 253402300800, false);
	report_trend_add(&trend, 0, true);
	report_trend_add(&trend, -86400, true);
	report_trend_add(&trend, 1795403400, false);
	for (size_t i = 0; i < trend.len; i++)
		sum += trend.accepted[i] + trend.refused[i];
	cr_expect_eq(sum, 4);
	cr_expect_eq(trend.refused[0] + trend.refused[1], 2, "one ends where 1970 begins");
}

static void line(struct report *report, const char *text)
{
	json_auto struct json_doc *doc = NULL;
	struct hr_error err = {0};

	cr_assert_ok(json_parse("line", text, strlen(text), false, &doc, &err), err);
	cr_assert(report_line(json_root(doc), report));
}

/* However many pods, rules and messages there are, what has no room is counted. */
Test(report, bounded)
{
	struct hr_error err = {0};
	struct report report;
	uint64_t containers = 0, findings = 0;

	cr_assert_ok(report_init(&report, &err), err);
	for (int i = 0; i < 20000; i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "{\"time\":\"2026-11-23T03:10:00.000Z\",\"event\":\"create\",\"verdict\":"
			 "\"refuse\",\"id\":\"id-%d\",\"profile\":\"p-%d\",\"message\":\"m-%d\","
			 "\"identity\":{\"namespace\":\"n-%d\",\"pod\":\"pod-%d\"},\"report\":[{"
			 "\"action\":\"refuse\",\"mode\":\"enforce\",\"control\":\"c\",\"rule\":"
			 "\"c.r\",\"path\":\"annotations[\\\"a-%d\\\"]\",\"why\":\"w-%d\"}]}",
			 i, i, i, i, i, i, i);
		line(&report, text);
	}
	for (size_t i = 0; i < report.containers.len; i++)
		containers +=
			((const struct report_row *)report.containers.all[i])->count[COUNT_REFUSED];
	for (size_t i = 0; i < report.findings.len; i++)
		findings += ((const struct report_finding *)report.findings.all[i])->count;
	cr_expect_eq(report.lines, 20000);
	cr_expect_eq(containers + report.containers.others, 20000);
	cr_expect_eq(findings + report.findings.others, 20000);
	cr_expect_eq(report.findings.others, 0, "a rule's fields are one when there are many");
	cr_expect_leq(report.containers.len, 4096);
	cr_expect_leq(report.findings.len, 2048);
	report_free(&report);
}
