/* SPDX-License-Identifier: Apache-2.0 */
/* report: times, and calls by time. */
#include "command/report.h"

#include "audit/audit.h"
#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

#define HOUR ((int64_t)3600)
#define DAY  (24 * HOUR)

/* ---- reading ---- */

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; the year is taken to begin
 * in March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t shifted = month > 2 ? month - 3 : month + 9;

	year -= month <= 2;
	return year * 365 + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 + day - 1 -
	       719468;
}

static bool digits(const char **at, int count, int64_t low, int64_t high, int64_t *ret)
{
	int64_t value = 0;

	for (int i = 0; i < count; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	*ret = value;
	return value >= low && value <= high;
}

static bool take(const char **at, const char *any)
{
	if (**at == '\0' || !strchr(any, **at))
		return false;
	(*at)++;
	return true;
}

static bool date(const char **at, int64_t *ret_days)
{
	static const int64_t longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day;

	if (!digits(at, 4, 1970, 9999, &year) || !take(at, "-") || !digits(at, 2, 1, 12, &month) ||
	    !take(at, "-") || !digits(at, 2, 1, longest[month - 1], &day))
		return false;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

static bool clock_time(const char **at, int64_t *ret)
{
	int64_t hour, minute, second = 0;

	if (!digits(at, 2, 0, 23, &hour) || !take(at, ":") || !digits(at, 2, 0, 59, &minute))
		return false;
	if (take(at, ":") && !digits(at, 2, 0, 60, &second))
		return false;
	if (take(at, "."))
		*at += strspn(*at, "0123456789");
	*ret = hour * HOUR + minute * 60 + second;
	return true;
}

/* Seconds east of UTC. */
static bool zone(const char **at, int64_t *ret)
{
	int64_t hour, minute, sign = **at == '-' ? -1 : 1;

	*ret = 0;
	if (**at == '\0' || take(at, "Zz"))
		return true;
	if (!take(at, "+-") || !digits(at, 2, 0, 23, &hour))
		return false;
	take(at, ":");
	if (!digits(at, 2, 0, 59, &minute))
		return false;
	*ret = sign * (hour * HOUR + minute * 60);
	return true;
}

bool report_time(const char *text, int64_t *ret)
{
	int64_t days, seconds = 0, east = 0;

	if (!date(&text, &days))
		return false;
	if (take(&text, "Tt ") && (!clock_time(&text, &seconds) || !zone(&text, &east)))
		return false;
	*ret = days * DAY + seconds - east;
	return *text == '\0';
}

bool report_time_or_age(const char *text, int64_t now, int64_t *ret)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', HOUR}, {'d', DAY}, {'w', 7 * DAY}};
	size_t len = strspn(text, "0123456789");
	int64_t value;
	const char *at = text;

	if (report_time(text, ret))
		return true;
	if (len == 0 || len > 6 || text[len] == '\0' || text[len + 1] != '\0' ||
	    !digits(&at, (int)len, 0, INT64_MAX, &value))
		return false;
	for (size_t i = 0; i < hr_count(units); i++)
		if (units[i].letter == text[len]) {
			*ret = now - value * units[i].seconds;
			return true;
		}
	return false;
}

const char *report_minute(int64_t time, char buf[REPORT_TIME])
{
	char full[AUDIT_TIME];

	audit_time(time < 0 ? 0 : time, 0, full);
	full[10] = ' ';
	snprintf(buf, REPORT_TIME, "%.16s", full);
	return buf;
}

/* ---- counting ---- */

static int64_t wider(int64_t width)
{
	static const int64_t steps[] = {HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY};

	for (size_t i = 0; i + 1 < hr_count(steps); i++)
		if (width == steps[i])
			return steps[i + 1];
	return 2 * width;
}

static int64_t bucket_of(int64_t time, int64_t width)
{
	return time >= 0 ? time / width : -((width - 1 - time) / width);
}

static void widen(struct report_trend *trend)
{
	struct report_trend new = {.width = wider(trend->width)};

	new.first = bucket_of(trend->first * trend->width, new.width);
	for (size_t i = 0; i < trend->len; i++) {
		int64_t time = (trend->first + (int64_t)i) * trend->width;
		size_t at = (size_t)(bucket_of(time, new.width) - new.first);

		new.accepted[at] += trend->accepted[i];
		new.refused[at] += trend->refused[i];
		new.len = at + 1;
	}
	*trend = new;
}

static void shift(struct report_trend *trend, size_t by)
{
	memmove(trend->accepted + by, trend->accepted, trend->len * sizeof(trend->accepted[0]));
	memmove(trend->refused + by, trend->refused, trend->len * sizeof(trend->refused[0]));
	memset(trend->accepted, 0, by * sizeof(trend->accepted[0]));
	memset(trend->refused, 0, by * sizeof(trend->refused[0]));
	trend->first -= (int64_t)by;
	trend->len += by;
}

/* Room for that time: true when its bucket is at *ret. */
static bool reach(struct report_trend *trend, int64_t time, size_t *ret)
{
	int64_t bucket = bucket_of(time, trend->width);

	if (trend->len == 0) {
		trend->first = bucket;
		trend->len = 1;
	}
	if (bucket < trend->first) {
		if (trend->first + (int64_t)trend->len - bucket > TREND_MOST)
			return false;
		shift(trend, (size_t)(trend->first - bucket));
	}
	if (bucket - trend->first >= TREND_MOST)
		return false;
	*ret = (size_t)(bucket - trend->first);
	if (*ret >= trend->len)
		trend->len = *ret + 1;
	return true;
}

void report_trend_add(struct report_trend *trend, int64_t time, bool refused)
{
	size_t at;

	if (trend->width == 0)
		trend->width = HOUR;
	while (!reach(trend, time, &at))
		widen(trend);
	(refused ? trend->refused : trend->accepted)[at]++;
}

void report_trend_width(const struct report_trend *trend, struct text *to)
{
	bool days = trend->width % DAY == 0;
	int64_t number = trend->width / (days ? DAY : HOUR);

	if (number > 1)
		text_addf(to, "%d ", (int)number);
	text_addf(to, "%s%s", days ? "day" : "hour", number > 1 ? "s" : "");
}
